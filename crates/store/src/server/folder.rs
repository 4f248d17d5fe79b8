//! The data folder on disk: who may use it, the files in it, the folder of the socket.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown, fchown};
use std::path::{Path, PathBuf};

use super::account::{Account, is_root};
use super::error::ServerError;

/// `sockaddr_un` holds 108 bytes with the closing zero.
const LONGEST_SOCKET: usize = 107;
/// Root must not write through a link that the folder's owner laid.
const NO_LINKS: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
const SOCKET_FILE: &str = "/.s.PGSQL.5432";

/// The data folder, known by its real path.
#[derive(Clone, Debug)]
pub(super) struct DataFolder {
    path: PathBuf,
    /// Set when root works in a folder that belongs to someone: what we create is theirs too.
    owner: Option<(u32, u32)>,
}

impl DataFolder {
    /// Opens the folder, making it when `create` is set.
    pub(super) fn open(path: &Path, create: bool) -> Result<Self, ServerError> {
        if create && !path.exists() {
            // Root's folder must let the unprivileged account pass; what is secret in it is 0700.
            let mode = if is_root() { 0o711 } else { 0o700 };
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(ServerError::file("criar", parent))?;
            }
            // Then once more, whatever the umask took away.
            DirBuilder::new()
                .mode(mode)
                .create(path)
                .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(mode)))
                .map_err(ServerError::file("criar", path))?;
        }
        let path = path.canonicalize().map_err(ServerError::file("abrir", path))?;
        let found = fs::metadata(&path).map_err(ServerError::file("ler", &path))?;
        let owner = (is_root() && found.uid() != 0).then(|| (found.uid(), found.gid()));
        Ok(Self { path, owner })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn secrets_file(&self) -> PathBuf {
        self.path.join("segredos/banco.json")
    }

    pub(super) fn start_log(&self) -> PathBuf {
        self.path.join("postgres-partida.log")
    }

    pub(super) fn cluster(&self, major: u32) -> PathBuf {
        self.path.join(format!("postgres-{major}"))
    }

    /// The newest cluster here and the version its files say they have.
    pub(super) fn newest_cluster(&self) -> Result<Option<(PathBuf, u32)>, ServerError> {
        let mut newest = None;
        let entries = fs::read_dir(&self.path).map_err(ServerError::file("ler", &self.path))?;
        for entry in entries.flatten() {
            let name = entry.file_name();
            let named: Option<u32> =
                name.to_str().and_then(|name| name.strip_prefix("postgres-")).and_then(|major| major.parse().ok());
            let file = entry.path().join("PG_VERSION");
            let Some(named) = named.filter(|_| file.is_file()) else {
                continue;
            };
            let text = fs::read_to_string(&file).map_err(ServerError::file("ler", &file))?;
            let major = text.trim().parse().unwrap_or(named);
            if newest.as_ref().is_none_or(|(_, known)| major > *known) {
                newest = Some((entry.path(), major));
            }
        }
        Ok(newest)
    }

    /// Takes the folder for this process until the file is dropped.
    pub(super) fn lock(&self) -> Result<File, ServerError> {
        let path = self.path.join("sigilo.lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(NO_LINKS)
            .open(&path)
            .map_err(ServerError::file("criar", &path))?;
        self.give(&file, &path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = file.read_to_string(&mut text);
                return Err(ServerError::InUse { folder: self.path.clone(), pid: text.trim().parse().ok() });
            }
            Err(TryLockError::Error(source)) => {
                return Err(ServerError::file("travar", &path)(source));
            }
        }
        // Only for the sentence another process shows; the lock is what counts.
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(ServerError::file("escrever", &path))?;
        Ok(file)
    }

    /// The file that takes what PostgreSQL says before its own log is open; emptied at each start.
    pub(super) fn open_start_log(&self) -> Result<File, ServerError> {
        let path = self.start_log();
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .custom_flags(NO_LINKS)
            .open(&path)
            .map_err(ServerError::file("criar", &path))?;
        self.give(&file, &path)?;
        Ok(file)
    }

    /// A folder only its owner enters; the owner is that of the data folder.
    pub(super) fn private_folder(&self, path: &Path) -> Result<(), ServerError> {
        make_private(path)?;
        if let Some((uid, gid)) = self.owner {
            chown(path, Some(uid), Some(gid)).map_err(ServerError::file("mudar o dono de", path))?;
        }
        Ok(())
    }

    /// Writes a file of ours that only its owner reads, whole or not at all.
    pub(super) fn write_private(&self, path: &Path, bytes: &[u8]) -> Result<(), ServerError> {
        write_whole(path, bytes, self.owner)
    }

    fn give(&self, file: &File, path: &Path) -> Result<(), ServerError> {
        if let Some((uid, gid)) = self.owner {
            fchown(file, Some(uid), Some(gid)).map_err(ServerError::file("mudar o dono de", path))?;
        }
        Ok(())
    }

    /// A private folder for the socket, short enough for the kernel: in the data folder, else in
    /// the user's runtime folder, else in the temporary one. `known` is where it was last time.
    pub(super) fn socket_folder(&self, account: &Account, known: Option<&Path>) -> Result<PathBuf, ServerError> {
        let inside = self.path.join("socket");
        if fits(&inside) {
            make_private(&inside)?;
            account.own(&inside)?;
            return Ok(inside);
        }
        if let Some(folder) = known.filter(|folder| is_ours(folder, account) && fits(folder)) {
            return Ok(folder.to_owned());
        }
        let runtime = std::env::var_os("XDG_RUNTIME_DIR")
            .map(PathBuf::from)
            .filter(|folder| folder.is_absolute() && is_ours(folder, account));
        let roots = runtime.into_iter().chain([PathBuf::from("/tmp")]);
        let mut last = None;
        for root in roots {
            // Random, so that nobody can take the name before us; made, never reused.
            let name = uuid::Uuid::new_v4().simple().to_string();
            let folder = root.join(format!("sigilo-{}", &name[..12]));
            let made = DirBuilder::new().mode(0o700).create(&folder);
            match made.map_err(ServerError::file("criar", &folder)) {
                Ok(()) if fits(&folder) => {
                    account.own(&folder)?;
                    return Ok(folder);
                }
                Ok(()) => {
                    let _ = fs::remove_dir(&folder);
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| ServerError::file("usar", &inside)(std::io::ErrorKind::InvalidFilename.into())))
    }
}

fn fits(folder: &Path) -> bool {
    folder.as_os_str().as_bytes().len() + SOCKET_FILE.len() <= LONGEST_SOCKET
}

/// A real folder of the account that nobody else enters.
fn is_ours(folder: &Path, account: &Account) -> bool {
    fs::symlink_metadata(folder)
        .is_ok_and(|found| found.is_dir() && account.owns(&found) && found.permissions().mode() & 0o077 == 0)
}

/// Makes a folder only its owner enters, or closes one that stands open.
pub(super) fn make_private(path: &Path) -> Result<(), ServerError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(ServerError::file("fechar", path))
        }
        made => made.map_err(ServerError::file("criar", path)),
    }
}

/// Writes `bytes` beside `path`, on disk, then puts them in its place. The new file is never opened
/// through a link, so that root can write into a folder that is another account's.
pub(super) fn write_whole(path: &Path, bytes: &[u8], owner: Option<(u32, u32)>) -> Result<(), ServerError> {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".novo");
    let fresh = PathBuf::from(fresh);
    let _ = fs::remove_file(&fresh);
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        if let Some((uid, gid)) = owner {
            fchown(&file, Some(uid), Some(gid))?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        sync_folder(path)
    };
    write().map_err(ServerError::file("escrever", path))
}

/// Makes a rename in the folder of `path` survive a power cut.
pub(super) fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
