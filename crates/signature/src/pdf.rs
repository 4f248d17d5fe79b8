//! What is read of a PDF (ISO 32000-2) and appended to it. Lopdf reads and writes objects.

mod append;
mod changes;

mod evidence;
mod field;
mod hole;

pub(crate) use append::{Placeholder, append_signature};

pub(crate) use changes::{Change, changes};
pub(crate) use evidence::{Evidence, evidence};
pub(crate) use field::{SignatureField, signature_fields};
pub(crate) use hole::{ByteRange, fill};

pub use evidence::keep_evidence;

use lopdf::{Document, LoadOptions};
use thiserror::Error;

/// The longest document that is read, in bytes; also the most that one of its streams may unfold to.
pub const MAX_PDF: usize = 64 * 1024 * 1024;

/// Why a document is not signed or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PdfError {
    /// More bytes than [`MAX_PDF`].
    #[error("the document is too long")]
    TooLong,
    /// Not a PDF.
    #[error("the bytes are not a PDF document")]
    Malformed,
    /// The table of objects is damaged. Readers repair such documents each in its own way, so that nobody can tell what
    /// was signed.
    #[error("the document's table of objects is damaged")]
    Damaged,
    /// Signatures of encrypted documents are not supported.
    #[error("the document is encrypted")]
    Encrypted,
    /// The document has no pages, or not the wanted one.
    #[error("the document has no such page")]
    NoPage,
    /// The signature is longer than the room that was left for it.
    #[error("the signature does not fit in the room left for it")]
    NoRoom,
    /// Something of the document could not be written again.
    #[error("the document cannot be added to")]
    Write,
}

/// Reads a document as its table of objects says, or not at all.
pub(crate) fn load(bytes: &[u8]) -> Result<Document, PdfError> {
    if bytes.len() > MAX_PDF {
        return Err(PdfError::TooLong);
    }
    if !bytes.starts_with(b"%PDF-") {
        return Err(PdfError::Malformed);
    }
    let options = LoadOptions::with_max_decompressed_size(MAX_PDF);
    let document = Document::load_mem_with_options(bytes, options).map_err(|_| PdfError::Malformed)?;
    if document.is_encrypted() || document.was_encrypted() {
        return Err(PdfError::Encrypted);
    }
    if document.xref_recovery.is_some() || document.xref_start == 0 {
        return Err(PdfError::Damaged);
    }
    Ok(document)
}
