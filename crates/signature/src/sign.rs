//! Signing in three phases: prepare, sign, finish.

use sigilo_proof::{
    cms::{self, CmsError},
    x509::Certificate,
};
use thiserror::Error;
use time::OffsetDateTime;

use crate::{
    message::{self, SignaturePolicy, ToBeSigned},
    pdf::{self, ByteRange, PdfError, Placeholder},
};

/// The bytes left for a signature: the message with its chain takes 6 to 10 thousand, a time stamp as many.
const ROOM: usize = 32 * 1024;

/// Why a document was not signed.
#[derive(Debug, Error)]
pub enum SignError {
    /// The document.
    #[error(transparent)]
    Pdf(#[from] PdfError),
    /// The certificate's key is of a kind that does not sign here.
    #[error("keys of this kind do not sign documents here")]
    Algorithm,
    /// Something could not be encoded, such as a certificate or a time stamp that is none.
    #[error("the signed message cannot be encoded")]
    Encoding,
    /// The signature that came back is not that of the document under the certificate's key.
    #[error("the finished signature does not verify: {0}")]
    Verification(#[from] CmsError),
    /// The document that was kept between the phases is not the one that the attributes are of.
    #[error("the document and the prepared signature do not belong together")]
    Mismatch,
    /// The key refused.
    #[error("the key did not sign")]
    Key,
}

/// What a signature says of itself, apart from who made it.
#[derive(Debug, Clone)]
pub struct Details {
    /// When it is made. Nobody vouches for it: a time stamp does.
    pub time: OffsetDateTime,
    /// The signer's name, as readers show it.
    pub name: Option<String>,
    /// Why it is made.
    pub reason: Option<String>,
    /// Where it is made.
    pub location: Option<String>,
    /// The policy it follows.
    pub policy: Option<SignaturePolicy>,
    /// What is drawn on a page; without it nothing is.
    pub appearance: Option<Appearance>,
}

impl Details {
    /// A signature of that time that says nothing else and shows nothing.
    pub fn at(time: OffsetDateTime) -> Details {
        Details { time, name: None, reason: None, location: None, policy: None, appearance: None }
    }
}

/// A box with lines of text.
///
/// Its font is not embedded, which PDF/A does not allow. Documents that are to stay PDF/A draw the box themselves, as
/// reports do, and are signed without an appearance.
#[derive(Debug, Clone)]
pub struct Appearance {
    /// The page, from 1.
    pub page: u32,
    /// Left, bottom, right and top, in points from the page's lower left corner.
    pub rectangle: [f32; 4],
    /// The lines. Characters outside of Latin-1 become `?`.
    pub lines: Vec<String>,
}

/// Somebody who signs: a key at hand, or one elsewhere.
pub trait Signer {
    /// The signer's certificate.
    fn certificate(&self) -> &Certificate;

    /// The certificates of the authorities above, as far as they are known.
    fn chain(&self) -> &[Certificate];

    /// Signs at once, or says with None that the signature will come by another way.
    ///
    /// # Errors
    /// [`SignError::Key`] when the key refuses.
    fn sign(&self, what: &ToBeSigned) -> Result<Option<Vec<u8>>, SignError>;
}

/// How far signing came.
#[derive(Debug, Clone)]
pub enum Progress {
    /// Signed.
    Complete(Completed),
    /// The signature will come; [`Prepared::finish`] puts it in.
    Waiting(Prepared),
}

/// Prepares `pdf` and asks `signer` to sign it.
///
/// # Errors
/// [`SignError`].
pub fn begin(signer: &dyn Signer, pdf: &[u8], details: &Details) -> Result<Progress, SignError> {
    let prepared = Prepared::new(pdf, signer.certificate(), details)?;
    match signer.sign(prepared.to_be_signed())? {
        Some(signature) => Ok(Progress::Complete(prepared.finish(&signature, signer.chain())?)),
        None => Ok(Progress::Waiting(prepared)),
    }
}

/// A document with room for a signature, and what is to be signed.
///
/// Between two requests keep [`Prepared::document`], [`ToBeSigned::bytes`] and the certificate; [`Prepared::restore`]
/// makes the same again. None of them is secret, and none can be swapped for another unnoticed.
#[derive(Debug, Clone)]
pub struct Prepared {
    placeholder: Placeholder,
    certificate: Certificate,
    to_be_signed: ToBeSigned,
}

impl Prepared {
    /// The first phase, for the holder of `certificate`.
    ///
    /// # Errors
    /// [`SignError`] when the document cannot be added to or the certificate's key is of another kind.
    pub fn new(pdf: &[u8], certificate: &Certificate, details: &Details) -> Result<Prepared, SignError> {
        let placeholder = pdf::append_signature(pdf, details, ROOM)?;
        let data = placeholder.range.covered(&placeholder.pdf);
        let to_be_signed = message::to_be_signed(&data, certificate, details.policy.as_ref())?;
        Ok(Prepared { placeholder, certificate: certificate.clone(), to_be_signed })
    }

    /// What was kept between the phases.
    ///
    /// # Errors
    /// [`SignError::Mismatch`] when `document` has no empty signature at its end. That the parts belong together shows
    /// in [`Prepared::finish`].
    pub fn restore(document: Vec<u8>, certificate: &Certificate, attributes: Vec<u8>) -> Result<Prepared, SignError> {
        let range = pdf::signature_fields(&pdf::load(&document)?)
            .into_iter()
            .filter_map(|field| ByteRange::of(&field.value, document.len()))
            .find(|range| range.end == document.len())
            .ok_or(SignError::Mismatch)?;
        let empty = range.contents(&document).is_some_and(|contents| contents.iter().all(|byte| *byte == 0));
        if !empty {
            return Err(SignError::Mismatch);
        }
        let algorithm = message::algorithm(certificate)?;
        Ok(Prepared {
            placeholder: Placeholder { pdf: document, range },
            certificate: certificate.clone(),
            to_be_signed: ToBeSigned { bytes: attributes, algorithm },
        })
    }

    /// The document with an empty signature, as it will be but for what fills the hole: what the signer is shown.
    pub fn document(&self) -> &[u8] {
        &self.placeholder.pdf
    }

    /// What is to be signed.
    pub fn to_be_signed(&self) -> &ToBeSigned {
        &self.to_be_signed
    }

    /// The last phase: the signature's value, and the certificates of the authorities above.
    ///
    /// # Errors
    /// [`SignError::Verification`] when the signature is not that of this document under the certificate's key.
    pub fn finish(self, signature: &[u8], chain: &[Certificate]) -> Result<Completed, SignError> {
        let completed = Completed { prepared: self, chain: chain.to_vec(), signature: signature.to_vec(), token: None };
        let Placeholder { pdf, range } = &completed.prepared.placeholder;
        cms::verify_detached(&completed.message()?, &range.covered(pdf))?;
        Ok(completed)
    }
}

/// A signed document of level B-B, or B-T once it is stamped.
#[derive(Debug, Clone)]
pub struct Completed {
    prepared: Prepared,
    chain: Vec<Certificate>,
    signature: Vec<u8>,
    token: Option<Vec<u8>>,
}

impl Completed {
    /// The signature's value: what a time stamp is asked for (ETSI EN 319 122-1, § 5.3).
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Adds a time stamp token of [`Completed::signature`], which the caller has verified.
    #[must_use]
    pub fn stamp(self, token: Vec<u8>) -> Completed {
        Completed { token: Some(token), ..self }
    }

    /// The signed document.
    ///
    /// # Errors
    /// [`SignError`] when the time stamp is no DER or the whole does not fit in the room left.
    pub fn into_pdf(self) -> Result<Vec<u8>, SignError> {
        let message = self.message()?;
        let Placeholder { mut pdf, range } = self.prepared.placeholder;
        pdf::fill(&mut pdf, range, &message)?;
        Ok(pdf)
    }

    fn message(&self) -> Result<Vec<u8>, SignError> {
        let Prepared { certificate, to_be_signed, .. } = &self.prepared;
        message::signed_data(to_be_signed, certificate, &self.chain, &self.signature, self.token.as_deref())
    }
}
