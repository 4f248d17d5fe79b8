//! ICP-Brasil: whose certificate it is, and whether it may be used for what it was used for.
//!
//! A certificate is judged at one time, which a time stamp proves, never "now": a signature made while the certificate
//! was good stays good. The chain is RFC 5280's; policies and the holder's data are DOC-ICP-04's.

mod cnpj;
mod cpf;
mod holder;
mod policy;
mod verify;

pub use cnpj::Cnpj;
pub use cpf::Cpf;
pub use holder::{Company, HolderError, Person};
pub use policy::{DOCUMENT, Kind, Policy, PolicyError, SEAL, TIME_STAMP};
pub use verify::{IcpError, Verified, check_time_authority, claimed_person, verify_person, verify_seal};
