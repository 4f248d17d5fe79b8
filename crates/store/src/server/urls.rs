//! Connection strings, one a role, that never show their password by accident.

use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use zeroize::Zeroizing;

/// The login roles of the database. `sigilo_trail` and `sigilo_gate` own functions and never sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// `sigilo_owner`: migrations.
    Owner,
    /// `sigilo_app`: the application.
    App,
    /// `sigilo_auth`: sign-in only.
    Auth,
    /// `sigilo_jobs`: the scheduler.
    Jobs,
    /// `sigilo_auditor`: reads only.
    Auditor,
    /// `sigilo_console`: the audit console's queries, for one clinic and under a live grant.
    Console,
    /// `sigilo_sealer`: reads the ledger, writes its proofs.
    Sealer,
}

impl Role {
    /// Every login role.
    pub const ALL: &[Self] =
        &[Self::Owner, Self::App, Self::Auth, Self::Jobs, Self::Auditor, Self::Console, Self::Sealer];

    /// The role's name in PostgreSQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "sigilo_owner",
            Self::App => "sigilo_app",
            Self::Auth => "sigilo_auth",
            Self::Jobs => "sigilo_jobs",
            Self::Auditor => "sigilo_auditor",
            Self::Console => "sigilo_console",
            Self::Sealer => "sigilo_sealer",
        }
    }
}

/// A connection string for `tokio_postgres`, `sqlx` and `psql` alike. It holds a password: `Debug`
/// hides it and memory is wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(Zeroizing<String>);

impl DatabaseUrl {
    /// Takes a connection string as an operator wrote it.
    pub fn new(url: String) -> Self {
        Self(Zeroizing::new(url))
    }

    /// The connection string itself, password and all.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The string for a server reached over the socket in the folder `socket`.
    ///
    /// The folder stands percent-encoded in the host's place, the one form that libpq,
    /// `tokio_postgres` and the `url` crate behind `sqlx` all read: an empty host after a password
    /// is no URL to the last one.
    pub(super) fn over_socket(user: &str, password: &str, socket: &Path, database: &str) -> Self {
        let mut url = Zeroizing::new(String::with_capacity(160));
        url.push_str("postgresql://");
        encode(user.as_bytes(), &mut url);
        url.push(':');
        encode(password.as_bytes(), &mut url);
        url.push('@');
        encode(socket.as_os_str().as_bytes(), &mut url);
        url.push_str(":5432/");
        encode(database.as_bytes(), &mut url);
        Self(url)
    }
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
fn encode(bytes: &[u8], out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push('%');
            out.push(HEX[usize::from(byte >> 4)] as char);
            out.push(HEX[usize::from(byte & 15)] as char);
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}

/// One connection string a login role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseUrls {
    /// `sigilo_owner`: migrations.
    pub owner: DatabaseUrl,
    /// `sigilo_app`: the application.
    pub app: DatabaseUrl,
    /// `sigilo_auth`: sign-in only.
    pub auth: DatabaseUrl,
    /// `sigilo_jobs`: the scheduler.
    pub jobs: DatabaseUrl,
    /// `sigilo_auditor`: reads only.
    pub auditor: DatabaseUrl,
    /// `sigilo_console`: the audit console's queries.
    pub console: DatabaseUrl,
    /// `sigilo_sealer`: the sealing of the trail.
    pub sealer: DatabaseUrl,
}

impl DatabaseUrls {
    /// The connection string of one role.
    pub fn of(&self, role: Role) -> &DatabaseUrl {
        match role {
            Role::Owner => &self.owner,
            Role::App => &self.app,
            Role::Auth => &self.auth,
            Role::Jobs => &self.jobs,
            Role::Auditor => &self.auditor,
            Role::Console => &self.console,
            Role::Sealer => &self.sealer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;

    fn sample() -> DatabaseUrl {
        DatabaseUrl::over_socket("sigilo_app", "a/b@c:%", Path::new("/srv/Área de dados/s"), "sigilo")
    }

    #[test]
    fn tokio_postgres_reads_it() {
        let config = tokio_postgres::Config::from_str(sample().expose()).unwrap();
        assert_eq!(config.get_user(), Some("sigilo_app"));
        assert_eq!(config.get_password(), Some(&b"a/b@c:%"[..]));
        assert_eq!(config.get_dbname(), Some("sigilo"));
        assert_eq!(config.get_hosts(), [tokio_postgres::config::Host::Unix("/srv/Área de dados/s".into())]);
    }

    #[test]
    fn sqlx_reads_it() {
        let options = sqlx::postgres::PgConnectOptions::from_str(sample().expose()).unwrap();
        assert_eq!(options.get_username(), "sigilo_app");
        assert_eq!(options.get_database(), Some("sigilo"));
        assert_eq!(options.get_socket().map(|p| p.as_path()), Some(Path::new("/srv/Área de dados/s")));
    }

    #[test]
    fn debug_hides_the_password() {
        assert!(!format!("{:?}", sample()).contains("a%2Fb"));
    }
}
