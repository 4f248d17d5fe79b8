//! A person's key, and the cells it seals.

use uuid::Uuid;
use zeroize::Zeroizing;

use super::KeyBytes;
use crate::{SealError, aead};

const VERSION: u8 = 1;
const HEAD: usize = 1 + 4;
/// The longest text of a cell, in bytes. Cells hold identifiers and contacts, not files.
pub const LONGEST_CELL: usize = 1 << 20;

/// Which column a cell is in. Clinic, person and key version follow from the key.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Schema and table, as `identity.patients`.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
}

/// One version of one person's key. Neither printable nor serialisable; wiped when dropped.
pub struct SubjectKey {
    clinic: Uuid,
    subject: Uuid,
    version: u32,
    bytes: KeyBytes,
}

impl SubjectKey {
    /// A new random key.
    pub fn random(clinic: Uuid, subject: Uuid, version: u32) -> SubjectKey {
        SubjectKey { clinic, subject, version, bytes: KeyBytes::random() }
    }

    pub(super) fn new(clinic: Uuid, subject: Uuid, version: u32, bytes: KeyBytes) -> SubjectKey {
        SubjectKey { clinic, subject, version, bytes }
    }

    pub(super) fn bytes(&self) -> &KeyBytes {
        &self.bytes
    }

    /// The clinic.
    pub fn clinic(&self) -> Uuid {
        self.clinic
    }

    /// The person.
    pub fn subject(&self) -> Uuid {
        self.subject
    }

    /// The version, which each cell repeats.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Seals `plain` for one column: `0x01 ‖ key version, 4 bytes big-endian ‖ nonce 12 ‖ ciphertext ‖ tag 16`. Clinic,
    /// person, table, column and version are authenticated with it.
    ///
    /// # Errors
    /// [`SealError`] above [`LONGEST_CELL`].
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        if plain.len() > LONGEST_CELL {
            return Err(SealError);
        }
        let mut head = [VERSION; HEAD];
        head[1..].copy_from_slice(&self.version.to_be_bytes());
        aead::seal(self.bytes.expose(), &self.aad(place), &head, plain)
    }

    /// Opens what [`SubjectKey::seal`] sealed for the same person and column.
    ///
    /// # Errors
    /// [`SealError`] when the bytes, the key, its version or the place differ.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        if key_version(sealed)? != self.version {
            return Err(SealError);
        }
        aead::open(self.bytes.expose(), &self.aad(place), &sealed[HEAD..])
    }

    /// Lengths stand before names, so that no two places read alike.
    fn aad(&self, place: Place<'_>) -> Vec<u8> {
        let mut aad = Vec::with_capacity(52 + place.table.len() + place.column.len());
        aad.extend_from_slice(self.clinic.as_bytes());
        aad.extend_from_slice(self.subject.as_bytes());
        for name in [place.table, place.column] {
            aad.extend_from_slice(&(name.len() as u64).to_be_bytes());
            aad.extend_from_slice(name.as_bytes());
        }
        aad.extend_from_slice(&self.version.to_be_bytes());
        aad
    }
}

/// The version of the person's key that a cell needs.
///
/// # Errors
/// [`SealError`] when the bytes are no cell.
pub fn key_version(sealed: &[u8]) -> Result<u32, SealError> {
    let (head, rest) = sealed.split_first_chunk::<HEAD>().ok_or(SealError)?;
    let [VERSION, version @ ..] = *head else { return Err(SealError) };
    if rest.len() < aead::OVERHEAD || rest.len() > aead::OVERHEAD + LONGEST_CELL {
        return Err(SealError);
    }
    Ok(u32::from_be_bytes(version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::ClinicKey;

    const CLINIC: Uuid = Uuid::from_u128(1);
    const SUBJECT: Uuid = Uuid::from_u128(2);
    const NAME: Place<'_> = Place { table: "identity.patients", column: "name" };

    /// The same secret bytes under another name, as an attacker who swaps rows would have them.
    fn renamed(key: &SubjectKey, clinic: Uuid, subject: Uuid, version: u32) -> SubjectKey {
        SubjectKey::new(clinic, subject, version, KeyBytes::copy(key.bytes().expose()).unwrap())
    }

    #[test]
    fn a_cell_opens_only_where_it_was_sealed() {
        let key = SubjectKey::random(CLINIC, SUBJECT, 3);
        let sealed = key.seal(NAME, b"Ana").unwrap();
        assert_eq!(key.open(NAME, &sealed).unwrap().as_slice(), b"Ana");
        assert_eq!(key_version(&sealed), Ok(3));
        assert_eq!(sealed.len(), 33 + 3);

        for place in [
            Place { column: "cpf", ..NAME },
            Place { table: "identity.contacts", ..NAME },
            Place { table: "identity.patient", column: "sname" },
            Place { table: "", column: "" },
        ] {
            assert_eq!(key.open(place, &sealed).err(), Some(SealError));
        }
        let other = Uuid::from_u128(9);
        for elsewhere in [
            renamed(&key, other, SUBJECT, 3),
            renamed(&key, CLINIC, other, 3),
            renamed(&key, SUBJECT, CLINIC, 3),
            renamed(&key, CLINIC, SUBJECT, 4),
            SubjectKey::random(CLINIC, SUBJECT, 3),
        ] {
            assert_eq!(elsewhere.open(NAME, &sealed).err(), Some(SealError));
        }
        // A version written over does not help: it is authenticated.
        let mut relabelled = sealed.clone();
        relabelled[4] = 4;
        assert_eq!(renamed(&key, CLINIC, SUBJECT, 4).open(NAME, &relabelled).err(), Some(SealError));
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_refused() {
        let key = SubjectKey::random(CLINIC, SUBJECT, 1);
        let sealed = key.seal(NAME, b"text").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(NAME, &changed).is_err());
            assert!(key.open(NAME, &sealed[..at]).is_err());
        }
        assert_eq!(key.seal(NAME, &vec![0; LONGEST_CELL + 1]), Err(SealError));
    }

    #[test]
    fn a_wrapped_key_opens_only_for_its_person_and_version() {
        let clinic = ClinicKey::new(CLINIC, 1, KeyBytes::random());
        let key = SubjectKey::random(CLINIC, SUBJECT, 2);
        let wrapped = clinic.wrap(&key).unwrap();
        let back = clinic.unwrap(SUBJECT, 2, &wrapped).unwrap();
        let sealed = key.seal(NAME, b"Ana").unwrap();
        assert_eq!(back.open(NAME, &sealed).unwrap().as_slice(), b"Ana");

        assert!(clinic.unwrap(Uuid::from_u128(9), 2, &wrapped).is_err());
        assert!(clinic.unwrap(SUBJECT, 1, &wrapped).is_err());
        assert!(ClinicKey::new(CLINIC, 1, KeyBytes::random()).unwrap(SUBJECT, 2, &wrapped).is_err());
        // A key of another clinic is never wrapped here.
        assert!(clinic.wrap(&SubjectKey::random(SUBJECT, SUBJECT, 2)).is_err());

        let next = ClinicKey::new(CLINIC, 2, KeyBytes::random());
        let moved = clinic.rewrap(&next, SUBJECT, 2, &wrapped).unwrap();
        assert_eq!(next.unwrap(SUBJECT, 2, &moved).unwrap().open(NAME, &sealed).unwrap().as_slice(), b"Ana");
        assert!(clinic.unwrap(SUBJECT, 2, &moved).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_text_comes_back_and_any_bytes_are_only_refused(text: Vec<u8>, noise: Vec<u8>) {
            let key = SubjectKey::random(CLINIC, SUBJECT, 1);
            let sealed = key.seal(NAME, &text).unwrap();
            let opened = key.open(NAME, &sealed).unwrap();
            proptest::prop_assert_eq!(opened.as_slice(), text.as_slice());
            proptest::prop_assert!(key.open(NAME, &noise).is_err());
        }
    }
}
