//! What a signature covers, and what was done to the document after it.

use std::collections::BTreeSet;

use super::{Reason, Subject, Verdict, contents, words};
use crate::pdf::{self, ByteRange, Change, SignatureField};

/// A signature that covers a whole revision.
pub(super) struct Coverage {
    /// The length of the revision.
    pub(super) revision: usize,
    /// The signed bytes.
    pub(super) data: Vec<u8>,
    /// The message in the hole.
    pub(super) message: Vec<u8>,
    /// What came later.
    pub(super) changes: BTreeSet<Change>,
}

fn invalid(text: &str) -> Reason {
    Reason { verdict: Verdict::Invalid, text: text.to_owned() }
}

impl Subject<'_> {
    /// The rules of the byte range (ISO 32000-2, § 12.8.1): all of one revision but the hole, and in the hole nothing
    /// but the message.
    pub(super) fn coverage(&self, field: &SignatureField) -> Result<Coverage, Reason> {
        let range = ByteRange::of(&field.value, self.pdf.len())
            .ok_or_else(|| invalid("a assinatura não cobre o arquivo desde o começo e em ordem"))?;
        let contents = range.contents(self.pdf);
        let own = field.value.get(b"Contents").and_then(lopdf::Object::as_str).ok();
        let contents = contents.filter(|contents| Some(contents.as_slice()) == own);
        let contents = contents.ok_or_else(|| invalid("o que a assinatura não cobre não é só a própria assinatura"))?;
        let message = contents::message(&contents)
            .ok_or_else(|| invalid("há outros dados no lugar reservado à assinatura"))?
            .to_vec();
        let changes = self.later(field, range)?;
        Ok(Coverage { revision: range.end, data: range.covered(self.pdf), message, changes })
    }

    /// The signed revision must be a document by itself, which holds this signature; what comes behind it must be
    /// revisions too.
    fn later(&self, field: &SignatureField, range: ByteRange) -> Result<BTreeSet<Change>, Reason> {
        let whole = range.end == self.pdf.len();
        let signed = self.pdf.get(..range.end).unwrap_or_default();
        if !signed.trim_ascii_end().ends_with(b"%%EOF") {
            return Err(invalid("a assinatura não cobre uma versão inteira do documento"));
        }
        if whole {
            return Ok(BTreeSet::new());
        }
        let old = pdf::load(signed).map_err(|error| {
            let text = format!("a versão assinada não pode ser lida: {}", words::pdf(error));
            Reason { verdict: Verdict::Indeterminate, text }
        })?;
        let here = pdf::signature_fields(&old).into_iter().any(|other| other.value == field.value);
        if !here {
            return Err(invalid("a versão assinada não contém esta assinatura"));
        }
        let rest = self.pdf.get(range.end..).unwrap_or_default().trim_ascii();
        if rest.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut changes = pdf::changes(&old, self.document, self.pdf);
        // Bytes that no table lists may mean something to a reader that repairs documents.
        if self.document.xref_start < range.end || !rest.ends_with(b"%%EOF") {
            changes.insert(Change::Unclear("há bytes depois da assinatura que não formam uma versão".to_owned()));
        }
        Ok(changes)
    }
}
