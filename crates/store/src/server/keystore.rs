//! The keystore: a second database with roles and passwords of its own, which no login of the product's database enters.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::error::ServerError;
use super::folder::DataFolder;
use super::roles;
use super::secrets::{DATABASE, Secrets, password};
use super::urls::DatabaseUrl;

/// Roles and database of the keystore, for `psql` and for us.
pub const KEYSTORE_SQL: &str = include_str!("keystore.sql");

const FILE: &str = "segredos/chaves.json";

/// The connection strings of the keystore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeystoreUrls {
    /// `sigilo_keys_owner`: migrations.
    pub owner: DatabaseUrl,
    /// `sigilo_keys`: wrapped keys.
    pub keys: DatabaseUrl,
}

/// What `segredos/chaves.json` holds: apart from the other passwords, so that it can be given to fewer.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Passwords {
    sigilo_keys_owner: String,
    sigilo_keys: String,
}

impl Passwords {
    fn read(data: &DataFolder) -> Result<Option<Self>, ServerError> {
        let path = data.path().join(FILE);
        match fs::read(&path) {
            Ok(text) => {
                let text = Zeroizing::new(text);
                serde_json::from_slice(&text).map(Some).map_err(|_| ServerError::Secrets(path))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ServerError::file("ler", &path)(error)),
        }
    }

    /// The saved ones, or new ones that are saved now.
    fn settle(data: &DataFolder) -> Result<Self, ServerError> {
        if let Some(saved) = Self::read(data)? {
            return Ok(saved);
        }
        let fresh = Self { sigilo_keys_owner: password(), sigilo_keys: password() };
        let path = data.path().join(FILE);
        if let Some(folder) = path.parent() {
            data.private_folder(folder)?;
        }
        let text = serde_json::to_vec_pretty(&fresh).map(Zeroizing::new);
        data.write_private(&path, &text.map_err(|_| ServerError::Secrets(path.clone()))?)?;
        Ok(fresh)
    }

    fn urls(&self, secrets: &Secrets, database: &str) -> Option<KeystoreUrls> {
        let socket = secrets.socket()?;
        let of = |role, password: &str| DatabaseUrl::over_socket(role, password, socket, database);
        Some(KeystoreUrls {
            owner: of("sigilo_keys_owner", &self.sigilo_keys_owner),
            keys: of("sigilo_keys", &self.sigilo_keys),
        })
    }

    /// The script with the passwords in it, which are hexadecimal and cannot end a literal.
    fn script(&self) -> Zeroizing<String> {
        let quoted = |password: &str| Zeroizing::new(format!("'{password}'"));
        let half = Zeroizing::new(KEYSTORE_SQL.replace(":'senha_keys_owner'", &quoted(&self.sigilo_keys_owner)));
        Zeroizing::new(half.replace(":'senha_keys'", &quoted(&self.sigilo_keys)))
    }
}

/// The keystore's database beside `database`.
pub(super) fn beside(database: &str) -> String {
    format!("{database}_chaves")
}

/// Brings roles and database of the keystore beside `database` to what `keystore.sql` says.
pub(super) async fn bootstrap(
    data: &DataFolder,
    secrets: &Secrets,
    database: &str,
) -> Result<KeystoreUrls, ServerError> {
    let passwords = Passwords::settle(data)?;
    let script = passwords.script();
    let maintenance = roles::connect(secrets.superuser_url("postgres").expose()).await?;
    roles::run(&maintenance, roles::parts(&script).0, secrets, DATABASE).await?;
    prepare(&passwords, data, secrets, database).await
}

/// The database itself, where the roles are there.
async fn prepare(
    passwords: &Passwords,
    data: &DataFolder,
    secrets: &Secrets,
    database: &str,
) -> Result<KeystoreUrls, ServerError> {
    let name = beside(database);
    let (_, outside, inside) = roles::parts(KEYSTORE_SQL);
    let maintenance = roles::connect(secrets.superuser_url("postgres").expose()).await?;
    roles::run(&maintenance, outside, secrets, &name).await?;
    let client = roles::connect(secrets.superuser_url(&name).expose()).await?;
    roles::run(&client, inside, secrets, &name).await?;
    passwords.urls(secrets, &name).ok_or_else(|| ServerError::NoDatabase(data.path().to_owned()))
}

/// Makes a keystore beside `database` on the running server of `data`, for tests. [`super::drop_database`] removes it.
///
/// # Errors
///
/// What PostgreSQL refuses; [`ServerError::NoDatabase`] when `data` has no server, or one without a keystore.
pub async fn create_keystore(data: &Path, database: &str) -> Result<KeystoreUrls, ServerError> {
    let folder = DataFolder::open(data, false)?;
    let passwords = Passwords::read(&folder)?.ok_or_else(|| ServerError::NoDatabase(data.to_owned()))?;
    prepare(&passwords, &folder, &super::saved(data)?, database).await
}

/// The keystore's connection strings saved in a data folder, whether or not its server runs now.
///
/// # Errors
///
/// [`ServerError::NoDatabase`] before the first start with a keystore, and what keeps the files from being read.
pub fn saved_keystore(data: &Path) -> Result<KeystoreUrls, ServerError> {
    saved_beside(data, DATABASE)
}

/// As [`saved_keystore`], beside another database of the same server.
pub(super) fn saved_beside(data: &Path, database: &str) -> Result<KeystoreUrls, ServerError> {
    let secrets = super::saved(data)?;
    let absent = || ServerError::NoDatabase(data.to_owned());
    let passwords = Passwords::read(&DataFolder::open(data, false)?)?.ok_or_else(absent)?;
    passwords.urls(&secrets, &beside(database)).ok_or_else(absent)
}
