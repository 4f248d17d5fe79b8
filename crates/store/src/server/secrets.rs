//! The passwords of the managed server, kept beside it and readable by its owner alone.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::error::ServerError;
use super::folder::DataFolder;
use super::urls::{DatabaseUrl, DatabaseUrls, Role};

/// The database of the product.
pub(super) const DATABASE: &str = "sigilo";
/// Runs the bootstrap and nothing else.
pub(super) const SUPERUSER: &str = "postgres";

/// What `segredos/banco.json` holds.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(super) struct Secrets {
    #[zeroize(skip)]
    socket: PathBuf,
    postgres: String,
    sigilo_owner: String,
    sigilo_app: String,
    sigilo_auth: String,
    sigilo_jobs: String,
    sigilo_auditor: String,
    /// Empty in a file from before there was a console.
    #[serde(default)]
    sigilo_console: String,
    /// Empty in a file from before the trail was sealed.
    #[serde(default)]
    sigilo_sealer: String,
}

impl Secrets {
    /// New random passwords.
    pub(super) fn fresh() -> Self {
        Self {
            socket: PathBuf::new(),
            postgres: password(),
            sigilo_owner: password(),
            sigilo_app: password(),
            sigilo_auth: password(),
            sigilo_jobs: password(),
            sigilo_auditor: password(),
            sigilo_console: password(),
            sigilo_sealer: password(),
        }
    }

    /// Reads the file; `None` when there is none.
    pub(super) fn read(data: &DataFolder) -> Result<Option<Self>, ServerError> {
        let path = data.secrets_file();
        let text = match fs::read(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ServerError::file("ler", &path)(error)),
        };
        let secrets = serde_json::from_slice(&text).map_err(|_| ServerError::Secrets(path))?;
        Ok(Some(secrets))
    }

    /// Writes the file, mode 0600 in a folder of mode 0700.
    pub(super) fn write(&self, data: &DataFolder) -> Result<(), ServerError> {
        let path = data.secrets_file();
        if let Some(folder) = path.parent() {
            data.private_folder(folder)?;
        }
        let text = serde_json::to_vec_pretty(self).map(Zeroizing::new);
        let text = text.map_err(|_| ServerError::Secrets(path.clone()))?;
        data.write_private(&path, &text)
    }

    /// The folder of the socket, when it is known.
    pub(super) fn socket(&self) -> Option<&Path> {
        Some(self.socket.as_path()).filter(|path| path.is_absolute())
    }

    /// Notes where the socket is; says whether that is new.
    pub(super) fn set_socket(&mut self, folder: &Path) -> bool {
        let new = self.socket != folder;
        self.socket = folder.to_owned();
        new
    }

    /// Gives a role that is newer than the file its password; says whether there was one.
    pub(super) fn complete(&mut self) -> bool {
        let mut missing = false;
        for newer in [&mut self.sigilo_console, &mut self.sigilo_sealer] {
            if newer.is_empty() {
                *newer = password();
                missing = true;
            }
        }
        missing
    }

    /// The password of a login role.
    pub(super) fn of(&self, role: Role) -> &str {
        match role {
            Role::Owner => &self.sigilo_owner,
            Role::App => &self.sigilo_app,
            Role::Auth => &self.sigilo_auth,
            Role::Jobs => &self.sigilo_jobs,
            Role::Auditor => &self.sigilo_auditor,
            Role::Console => &self.sigilo_console,
            Role::Sealer => &self.sigilo_sealer,
        }
    }

    /// The password of the bootstrap superuser.
    pub(super) fn superuser(&self) -> &str {
        &self.postgres
    }

    /// The superuser's connection to `database`.
    pub(super) fn superuser_url(&self, database: &str) -> DatabaseUrl {
        DatabaseUrl::over_socket(SUPERUSER, &self.postgres, &self.socket, database)
    }

    /// The login roles' connections to `database`.
    pub(super) fn urls(&self, database: &str) -> DatabaseUrls {
        let of = |role: Role| DatabaseUrl::over_socket(role.name(), self.of(role), &self.socket, database);
        DatabaseUrls {
            owner: of(Role::Owner),
            app: of(Role::App),
            auth: of(Role::Auth),
            jobs: of(Role::Jobs),
            auditor: of(Role::Auditor),
            console: of(Role::Console),
            sealer: of(Role::Sealer),
        }
    }
}

/// 244 random bits from the operating system, as letters and digits.
pub(super) fn password() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}
