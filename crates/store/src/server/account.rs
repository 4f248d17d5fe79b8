//! The operating-system account PostgreSQL runs under: ours, or an ordinary one when we are root.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::ServerError;

/// Who runs PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    name: String,
    uid: u32,
    gid: u32,
    /// Whether processes must be switched to it, which only root can.
    switch: bool,
}

/// Whether this process is root.
pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

impl Account {
    /// Picks the account for the data folder `data` and, where one exists, its cluster.
    ///
    /// As root: the cluster's owner, else the data folder's, else `postgres`, else `nobody`.
    pub(super) fn choose(data: &Path, cluster: Option<&Path>) -> Result<Self, ServerError> {
        if !is_root() {
            let uid = rustix::process::geteuid().as_raw();
            if let Some(folder) = cluster {
                let owner = metadata(folder)?.uid();
                if owner != uid {
                    return Err(ServerError::ForeignFolder { folder: folder.to_owned(), owner });
                }
            }
            return Ok(Self {
                name: format!("uid {uid}"),
                uid,
                gid: rustix::process::getegid().as_raw(),
                switch: false,
            });
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        for folder in cluster.into_iter().chain([data]) {
            let found = metadata(folder)?;
            if found.uid() != 0 {
                return Ok(Self {
                    name: name_of(&users, found.uid()),
                    uid: found.uid(),
                    gid: found.gid(),
                    switch: true,
                });
            }
        }
        ["postgres", "nobody"].iter().find_map(|name| named(&users, name)).ok_or(ServerError::NoAccount)
    }

    /// A command that will run under this account. The standard library drops root's supplementary
    /// groups whenever it switches the user.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // Locale, PGDATA and the like of whoever starts us must not reach the server.
        command.env_clear().env("LC_ALL", "C").env("TZ", "UTC");
        command.current_dir("/");
        if self.switch {
            command.gid(self.gid).uid(self.uid);
        }
        command
    }

    /// The uid and gid that files must be given, when they are not ours already.
    pub(super) fn switched(&self) -> Option<(u32, u32)> {
        self.switch.then_some((self.uid, self.gid))
    }

    /// Gives `path` itself, never what a link points to, to this account.
    pub(super) fn own(&self, path: &Path) -> Result<(), ServerError> {
        if self.switch {
            lchown(path, Some(self.uid), Some(self.gid)).map_err(ServerError::file("mudar o dono de", path))?;
        }
        Ok(())
    }

    /// Gives a whole cluster to this account when it is root's, as after root restored a backup.
    pub(super) fn own_if_roots(&self, cluster: &Path) -> Result<(), ServerError> {
        if self.switch && metadata(cluster)?.uid() == 0 {
            self.own_tree(cluster)?;
        }
        Ok(())
    }

    fn own_tree(&self, path: &Path) -> Result<(), ServerError> {
        self.own(path)?;
        if path.is_symlink() || !path.is_dir() {
            return Ok(());
        }
        for entry in fs::read_dir(path).map_err(ServerError::file("ler", path))? {
            self.own_tree(&entry.map_err(ServerError::file("ler", path))?.path())?;
        }
        Ok(())
    }

    /// Whether this account owns what `found` describes.
    pub(super) fn owns(&self, found: &Metadata) -> bool {
        found.uid() == self.uid
    }

    /// Fails with the first folder on the way to `path` that this account cannot pass.
    pub(super) fn check_reach(&self, path: &Path) -> Result<(), ServerError> {
        match self.blocked_at(path) {
            Some(blocked) if self.switch => Err(ServerError::Unreachable { account: self.name.clone(), blocked }),
            _ => Ok(()),
        }
    }

    /// The first folder on the way to `path` (itself included, when a folder) without passage.
    fn blocked_at(&self, path: &Path) -> Option<PathBuf> {
        let real = path.canonicalize().ok()?;
        let mut ways: Vec<_> = real.ancestors().collect();
        ways.reverse();
        ways.into_iter()
            .find(|way| fs::metadata(way).is_ok_and(|found| found.is_dir() && !self.may_pass(&found)))
            .map(Path::to_owned)
    }

    fn may_pass(&self, found: &Metadata) -> bool {
        let mode = found.permissions().mode();
        let bit = match found {
            f if f.uid() == self.uid => 0o100,
            f if f.gid() == self.gid => 0o010,
            _ => 0o001,
        };
        mode & bit != 0
    }
}

fn metadata(path: &Path) -> Result<Metadata, ServerError> {
    fs::metadata(path).map_err(ServerError::file("ler", path))
}

/// `name:password:uid:gid:…` of passwd(5).
fn named(users: &str, wanted: &str) -> Option<Account> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| *name == wanted)?;
        let uid = fields.nth(1)?.parse().ok().filter(|uid| *uid != 0)?;
        let gid = fields.next()?.parse().ok()?;
        Some(Account { name: name.to_owned(), uid, gid, switch: true })
    })
}

fn name_of(users: &str, uid: u32) -> String {
    users
        .lines()
        .find(|line| line.split(':').nth(2).and_then(|u| u.parse().ok()) == Some(uid))
        .and_then(|line| line.split(':').next())
        .map_or_else(|| format!("uid {uid}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0::/:/bin/sh\n\
                         postgres:x:101:104::/var/lib/postgresql:/bin/bash\n";

    #[test]
    fn accounts_are_read_from_passwd() {
        let found = named(USERS, "postgres").unwrap();
        assert_eq!((found.uid, found.gid), (101, 104));
        assert_eq!(named(USERS, "root"), None, "root never runs a server");
        assert_eq!(name_of(USERS, 101), "postgres");
        assert_eq!(name_of(USERS, 7), "uid 7");
    }
}
