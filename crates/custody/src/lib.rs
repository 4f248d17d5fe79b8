//! Root keys that never enter this process: it sends a clinic's key to be wrapped or unwrapped and sees no more.
//!
//! The third keeper, the key in a file, needs no input or output of its own: [`sigilo_proof::envelope::LocalRoot`].

mod pkcs11;
mod transit;

pub use pkcs11::{Pkcs11Root, Pkcs11Settings};
pub use transit::{TransitRoot, TransitSettings};
