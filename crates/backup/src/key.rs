//! Who a copy is encrypted for: an identity that is kept offline, and its public half.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    str::FromStr,
};

use age::{secrecy::ExposeSecret, x25519};
use zeroize::Zeroizing;

use crate::{Problem, Result};

/// An identity file is a few lines.
const LONGEST: u64 = 16 * 1024;

/// The secret half, which opens every copy made for it. It belongs on paper or on a stick, never on the server.
#[derive(Clone)]
pub struct Identity(pub(crate) x25519::Identity);

/// The public half (`age1…`), which only encrypts.
#[derive(Clone)]
pub struct Recipient(pub(crate) x25519::Recipient);

impl Identity {
    /// A new one.
    pub fn generate() -> Identity {
        Identity(x25519::Identity::generate())
    }

    /// Its public half.
    pub fn recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }

    /// Writes a new file that only its owner reads, as `age-keygen` does. An older file is never replaced.
    ///
    /// # Errors
    /// [`Problem::File`].
    pub fn write(&self, path: &Path) -> Result<()> {
        let secret = self.0.to_string();
        let text = Zeroizing::new(format!(
            "# Abre as cópias de segurança do Sigilo. Guarde fora do servidor.\n# public key: {}\n{}\n",
            self.recipient(),
            secret.expose_secret()
        ));
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create_new(true).mode(0o600).open(path).map_err(Problem::file("criar", path))?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(Problem::file("escrever", path))
    }

    /// Reads the first identity of a file as [`Identity::write`] and `age-keygen` write it.
    ///
    /// # Errors
    /// [`Problem::File`], [`Problem::NoKey`].
    pub fn read(path: &Path) -> Result<Identity> {
        let length = fs::metadata(path).map_err(Problem::file("ler", path))?.len();
        if length > LONGEST {
            return Err(Problem::NoKey("a identidade"));
        }
        let text = Zeroizing::new(fs::read(path).map_err(Problem::file("ler", path))?);
        let text = std::str::from_utf8(&text).map_err(|_| Problem::NoKey("a identidade"))?;
        let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
        let identity = line.and_then(|line| x25519::Identity::from_str(line).ok());
        identity.map(Identity).ok_or(Problem::NoKey("a identidade"))
    }
}

impl FromStr for Recipient {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Recipient> {
        x25519::Recipient::from_str(text.trim()).map(Recipient).map_err(|_| Problem::NoKey("o destinatário"))
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
