//! The keys derived from the installation's root key, and what is done with them.

use aws_lc_rs::{hkdf, hmac};
use thiserror::Error;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::aead;

/// The name stored beside a keyed hash of an original text.
pub const KEYED_HASH_ALGORITHM: &str = "HMAC-SHA-256, chave da clínica";

const VERSION: u8 = 1;

/// Where a sealed value lives. A cell copied to another row or column does not open.
#[derive(Debug, Clone, Copy)]
pub struct Cell<'a> {
    /// Schema and table, as `auth.users`.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
    /// The row's (or its owner's) identifier.
    pub row: Uuid,
}

/// A sealed cell did not open: wrong key, wrong place, or changed bytes. Which one is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the sealed value does not open here")]
pub struct SealError;

/// The installation's derived keys. Neither printable nor serialisable.
pub struct Keyring {
    root: hkdf::Prk,
}

impl Keyring {
    /// Derives the keyring from a root key of 32 random bytes.
    pub fn new(root: &[u8; 32]) -> Keyring {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"sigilo root v1");
        Keyring { root: salt.extract(root) }
    }

    #[allow(clippy::expect_used, reason = "32 bytes are within every HKDF limit")]
    fn derive(&self, purpose: &str, scope: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        self.root
            .expand(&[purpose.as_bytes(), &[0], scope], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(key.as_mut_slice()))
            .expect("HKDF output length");
        key
    }

    fn cell_key(&self) -> Zeroizing<[u8; 32]> {
        self.derive("cells", b"")
    }

    /// Seals `plain` for one cell: version, 12-byte random nonce, AES-256-GCM ciphertext and tag, with the
    /// cell's place as associated data.
    #[allow(clippy::expect_used, reason = "sealing fails only for texts of gigabytes")]
    pub fn seal(&self, cell: Cell<'_>, plain: &[u8]) -> Vec<u8> {
        aead::seal(&self.cell_key(), &place(cell), &[VERSION], plain).expect("the text is within the cipher's limit")
    }

    /// Opens what [`Keyring::seal`] sealed for the same cell.
    ///
    /// # Errors
    /// [`SealError`] when the bytes, the key or the place differ.
    pub fn open(&self, cell: Cell<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        match sealed.split_first() {
            Some((&VERSION, rest)) => aead::open(&self.cell_key(), &place(cell), rest),
            _ => Err(SealError),
        }
    }

    /// A keyed fingerprint of a normalised identifier, for exact look-ups: HMAC-SHA-256 cut to 16 bytes.
    pub fn blind_index(&self, field: &str, normalised: &str) -> [u8; 16] {
        let key = self.derive("blind index", field.as_bytes());
        let mut out = [0; 16];
        out.copy_from_slice(&mac(&key, &[normalised.as_bytes()])[..16]);
        out
    }

    /// The keyed hash of a text before de-identification, under the clinic's own key.
    ///
    /// A plain hash of a short text could be reversed by trying texts, so it would still be personal data.
    pub fn original_text_mac(&self, clinic: Uuid, text: &[u8]) -> [u8; 32] {
        mac(&self.derive("original text", clinic.as_bytes()), &[text])
    }

    /// The key that signs receipts. None when the library refuses the seed.
    pub fn signer(&self) -> Option<crate::Signer> {
        crate::Signer::new(&self.derive("receipt-signature", b""))
    }

    /// A value that tells one root key from another and reveals nothing of it: kept in the database, it lets a
    /// start with the wrong key be refused before anything is sealed with it.
    pub fn check_value(&self) -> [u8; 32] {
        mac(&self.derive("check value", b""), &[])
    }

    /// The keyed hash under which a recovery code is stored.
    pub fn recovery_code_mac(&self, user: Uuid, code: &str) -> [u8; 32] {
        mac(&self.derive("recovery code", user.as_bytes()), &[code.as_bytes()])
    }
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    out
}

fn place(cell: Cell<'_>) -> Vec<u8> {
    [cell.table.as_bytes(), &[0], cell.column.as_bytes(), &[0], cell.row.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Uuid = Uuid::from_u128(7);
    const CELL: Cell<'_> = Cell { table: "auth.users", column: "email_sealed", row: ROW };

    #[test]
    fn a_cell_opens_only_where_it_was_sealed() {
        let keys = Keyring::new(&[1; 32]);
        let sealed = keys.seal(CELL, b"ana@clinica.example");
        assert_eq!(keys.open(CELL, &sealed).unwrap().as_slice(), b"ana@clinica.example");

        for elsewhere in [
            Cell { row: Uuid::from_u128(8), ..CELL },
            Cell { column: "other", ..CELL },
            Cell { table: "auth.totp", ..CELL },
        ] {
            assert_eq!(keys.open(elsewhere, &sealed), Err(SealError));
        }
        assert_eq!(Keyring::new(&[2; 32]).open(CELL, &sealed), Err(SealError));
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_refused() {
        let keys = Keyring::new(&[1; 32]);
        let sealed = keys.seal(CELL, b"text");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(keys.open(CELL, &changed), Err(SealError));
            assert_eq!(keys.open(CELL, &sealed[..at]), Err(SealError));
        }
    }

    #[test]
    fn the_same_text_seals_differently_and_indexes_alike() {
        let keys = Keyring::new(&[1; 32]);
        assert_ne!(keys.seal(CELL, b"text"), keys.seal(CELL, b"text"));
        assert_eq!(keys.blind_index("email", "a@b.c"), keys.blind_index("email", "a@b.c"));
        assert_ne!(keys.blind_index("email", "a@b.c"), keys.blind_index("cpf", "a@b.c"));
    }

    #[test]
    fn hashes_differ_by_clinic_and_are_the_published_ones() {
        let keys = Keyring::new(&[1; 32]);
        assert_ne!(keys.original_text_mac(ROW, b"x"), keys.original_text_mac(Uuid::from_u128(8), b"x"));
        assert_eq!(crate::sha256(b"abc")[..4], [0xba, 0x78, 0x16, 0xbf]);
    }
}
