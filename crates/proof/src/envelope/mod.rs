//! Envelope encryption of what identifies a person, and the keyed indexes it is found by.
//!
//! The root key ([`RootKey`]) wraps a clinic's keys; the clinic's [`ClinicKey`] wraps one [`SubjectKey`] a person;
//! that one seals cells. Destroying a person's wrapped key makes every copy of their cells unreadable, in backups too.
//! Each layer authenticates where it belongs, so that nothing opens in another's place. The clinic's [`IndexKey`]
//! stands apart: whoever has it can test guesses, and can open nothing.
//!
//! AES-256-GCM (NIST SP 800-38D) with random 96-bit nonces throughout; a key seals far fewer than the 2^32 values
//! that this allows.

mod bytes;
mod cell;
mod clinic;
mod index;
mod normalise;
mod root;
mod shares;

pub use bytes::KeyBytes;
pub use cell::{LONGEST_CELL, Place, SubjectKey, key_version};
pub use clinic::ClinicKey;
pub use index::{Identifier, IndexKey};
pub use normalise::{birth_date, cns, cpf, email, name, phone};
pub use root::{ClinicPlace, LocalRoot, Purpose, RootAnswer, RootError, RootKey, WrappedKey};
pub use shares::{Share, ShareError, describe_shared, open_shared, share};
