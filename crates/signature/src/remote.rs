//! A key elsewhere, such as a certificate in the cloud.

use sigilo_proof::x509::Certificate;

use crate::{
    message::ToBeSigned,
    sign::{SignError, Signer},
};

/// A signer whose signature comes by another way.
///
/// The first call, [`crate::begin`], gives what is to be signed; somebody takes it to the provider; the second,
/// [`crate::Prepared::finish`], brings the signature back.
#[derive(Debug, Clone)]
pub struct Remote {
    certificate: Certificate,
    chain: Vec<Certificate>,
}

impl Remote {
    /// The holder of a certificate, with the authorities above it.
    pub fn new(certificate: Certificate, chain: Vec<Certificate>) -> Remote {
        Remote { certificate, chain }
    }
}

impl Signer for Remote {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn sign(&self, _what: &ToBeSigned) -> Result<Option<Vec<u8>>, SignError> {
        Ok(None)
    }
}
