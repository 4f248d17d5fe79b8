//! A witness's keys: one seed in a file that only its owner reads, and both signature types from it.

use std::{
    fs::{self, File},
    io::{ErrorKind, Read},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use data_encoding::BASE64;
use sigilo_proof::{
    base64,
    checkpoint::Checkpoint,
    cosignature::WitnessKey,
    note::{KeyError, VerifierKey},
    random_bytes,
};
use zeroize::Zeroizing;

use super::folder::{Folder, FolderError, write};

const NAME: &str = "testemunha.chave";
/// A name, a seed in Base64 and two ends of line are shorter.
const LONGEST: u64 = 512;

/// A witness's keys. Neither printable nor serialisable.
pub struct Keys {
    ed25519: WitnessKey,
    ml_dsa_44: WitnessKey,
}

impl Keys {
    /// Makes the keys of a new witness and keeps them in `folder`, which is made when it is not there.
    ///
    /// # Errors
    /// [`FolderError::Name`], [`FolderError::KeyExists`], or why the file cannot be written.
    pub fn create(folder: &Path, name: &str) -> Result<Keys, FolderError> {
        let seed = Zeroizing::new(random_bytes());
        let keys = Keys::from_seed(name, &seed).map_err(|_| FolderError::Name)?;
        let folder = Folder::new(folder);
        folder.make()?;
        let path = folder.join(NAME);
        let draft = folder.join(&format!("{NAME}.{}", std::process::id()));
        let text = Zeroizing::new(format!("{name}\n{}\n", BASE64.encode(seed.as_slice())));
        let written = write(&draft, text.as_bytes())
            // A link fails when the name exists, so that of two first starts only one key lives.
            .and_then(|()| fs::hard_link(&draft, &path))
            .and_then(|()| folder.sync());
        fs::remove_file(&draft).ok();
        match written {
            Ok(()) => Ok(keys),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(FolderError::KeyExists(path)),
            Err(error) => Err(FolderError::file(&path)(error)),
        }
    }

    /// Reads the keys that `folder` keeps.
    ///
    /// # Errors
    /// [`FolderError::NoKey`], [`FolderError::Exposed`], [`FolderError::BadKey`], or why the file cannot be read.
    pub fn open(folder: &Path) -> Result<Keys, FolderError> {
        let path = folder.join(NAME);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(FolderError::NoKey(folder.to_owned())),
            Err(error) => return Err(FolderError::file(&path)(error)),
        };
        let meta = file.metadata().map_err(FolderError::file(&path))?;
        if meta.permissions().mode() & 0o077 != 0 {
            return Err(FolderError::Exposed(path));
        }
        let mut text = Zeroizing::new(String::with_capacity(LONGEST as usize));
        match file.take(LONGEST).read_to_string(&mut text) {
            Ok(_) => read(&text).ok_or(FolderError::BadKey(path)),
            Err(error) if error.kind() == ErrorKind::InvalidData => Err(FolderError::BadKey(path)),
            Err(error) => Err(FolderError::file(&path)(error)),
        }
    }

    /// The keys that follow from a seed of 32 random bytes and the witness's name.
    ///
    /// # Errors
    /// [`KeyError::Name`] when the name cannot stand in a note.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Keys, KeyError> {
        let ed25519 = WitnessKey::from_seed(name, seed)?;
        Ok(Keys { ed25519, ml_dsa_44: WitnessKey::ml_dsa_from_seed(name, seed)? })
    }

    /// The public halves: Ed25519 (type 0x04), then ML-DSA-44 (type 0x06).
    pub fn verifier_keys(&self) -> [&VerifierKey; 2] {
        [self.ed25519.verifier_key(), self.ml_dsa_44.verifier_key()]
    }

    /// The two signature lines over a checkpoint, each with its newline. See [`WitnessKey::cosign`].
    pub(super) fn cosign(&self, checkpoint: &Checkpoint, time: u64) -> Result<String, KeyError> {
        Ok(self.ed25519.cosign(checkpoint, time)? + &self.ml_dsa_44.cosign(checkpoint, time)?)
    }
}

fn read(text: &str) -> Option<Keys> {
    let (name, seed) = text.strip_suffix('\n')?.split_once('\n')?;
    let seed = Zeroizing::new(base64::decode(seed)?);
    Keys::from_seed(name, seed.as_slice().try_into().ok()?).ok()
}
