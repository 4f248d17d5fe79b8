//! Making the proof of an act, and reading it again.

use data_encoding::HEXLOWER;
use time::OffsetDateTime;
use time::UtcOffset;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use sigilo_proof::{
    consent::{
        Document, Parts, Seal, Signature, SignatureKind, Stamp, Statement, Subject, SubjectSignature, Text, Withdrawal,
    },
    random_bytes,
};
use sigilo_store::{WriteTx, consent};

use super::{cells::Cells, refused};
use crate::{App, Error, Result};

/// An instant as it is hashed: RFC 3339 in UTC, to the microsecond that the database keeps.
pub(super) fn instant(at: OffsetDateTime) -> Result<String> {
    at.to_offset(UtcOffset::UTC).format(&Rfc3339).map_err(|_| Error::Internal)
}

/// The installation's signature of a message.
pub(super) fn signature(app: &App, message: &[u8]) -> Result<Signature> {
    let signer = app.keys().signer().ok_or(Error::Internal)?;
    Ok(Signature { key: signer.public_key().to_vec(), value: signer.sign(message) })
}

/// Records one act with its proof, all in the caller's transaction. None when it is live already.
pub(super) async fn give(
    app: &App,
    tx: &WriteTx,
    act: &consent::New<'_>,
    subject: Subject,
    evidence: Option<&[u8]>,
) -> Result<Option<Uuid>> {
    let at = consent::now(tx).await?;
    let Some(id) = consent::grant(tx, act).await.map_err(refused)? else { return Ok(None) };
    let text = act.text;
    let statement = Statement {
        text: Text {
            kind: text.consent_type.clone(),
            version: text.version.clone(),
            language: text.language.clone(),
            title: text.title.clone(),
            summary: text.summary.clone(),
            body: text.body.clone(),
        },
        text_hash: text.text_hash.clone(),
        subject,
        purposes: act.purposes.to_vec(),
        given_at: instant(at)?,
        salt: random_bytes(),
    };
    let seal = statement.seal();
    let signature = signature(app, &seal.bytes())?;
    let code: [u8; 16] = random_bytes();
    let who = tx.entered();
    let cells = Cells::new(app, who.clinic_id, act.patient.unwrap_or(who.user_id), id);
    cells.prepare().await?;
    let evidence = match evidence {
        Some(bytes) => Some(cells.seal("representative_evidence_sealed", bytes).await?),
        None => None,
    };
    let proof = consent::NewProof {
        subject_sealed: &cells.seal("subject_sealed", statement.subject.json().as_bytes()).await?,
        salt_sealed: &cells.seal("salt_sealed", &statement.salt).await?,
        has_representative: statement.subject.representative.is_some(),
        evidence_sealed: evidence.as_deref(),
        consent_hash: &seal.consent_hash,
        parts: &seal.parts.json(),
        signature: &signature.value,
        key: &signature.key,
        code: &code,
        code_sealed: &cells.seal("code_sealed", &code).await?,
    };
    consent::prove(tx, id, text.id, &proof).await?;
    Ok(Some(id))
}

/// The proof as its holder keeps it. It is put together from the rows, never checked: that is for whoever reads it.
pub(super) async fn document(cells: &Cells<'_>, row: &consent::Proof) -> Result<Document> {
    let salt = cells.open("salt_sealed", &row.salt_sealed).await?;
    let signed = |value: &[u8]| Signature { key: row.signature_key.clone(), value: value.to_vec() };
    let subject_signature = match (
        row.subject_signature_kind.as_deref().and_then(SignatureKind::from_code),
        &row.subject_signature_sealed,
        &row.subject_signature_binding,
        row.subject_signed_at,
    ) {
        (Some(kind), Some(sealed), Some(binding), Some(at)) => Some(SubjectSignature {
            kind,
            content: cells.open("subject_signature_sealed", sealed).await?.to_vec(),
            signed_at: instant(at)?,
            signature: signed(binding),
        }),
        _ => None,
    };
    let withdrawal = match (row.withdrawn_at, &row.withdrawal_signature) {
        (Some(at), Some(value)) => Some(Withdrawal {
            at: instant(at)?,
            method: row.withdrawal_method.clone().unwrap_or_default(),
            reason: row.withdrawal_reason.clone(),
            signature: signed(value),
        }),
        _ => None,
    };
    Ok(Document {
        statement: Statement {
            text: Text {
                kind: row.consent_type.clone(),
                version: row.consent_version.clone(),
                language: row.consent_language.clone(),
                title: row.title.clone(),
                summary: row.summary.clone(),
                body: row.body.clone(),
            },
            text_hash: row.consent_text_hash.clone(),
            subject: Subject::parse(&cells.open("subject_sealed", &row.subject_sealed).await?)
                .map_err(|_| Error::Internal)?,
            purposes: row.purposes.clone(),
            given_at: instant(row.given_at)?,
            salt: salt.as_slice().try_into().map_err(|_| Error::Internal)?,
        },
        seal: Seal {
            consent_hash: row.consent_hash.clone(),
            parts: Parts::parse(row.parts.as_bytes()).map_err(|_| Error::Internal)?,
        },
        signature: signed(&row.digital_signature),
        subject_signature,
        stamp: row.timestamp_token.clone().map_or(Stamp::Pending, Stamp::Granted),
        withdrawal,
    })
}

/// The public page's code, in hexadecimal.
pub(super) async fn code(cells: &Cells<'_>, row: &consent::Proof) -> Result<String> {
    Ok(HEXLOWER.encode(&cells.open("code_sealed", &row.code_sealed).await?))
}

/// The cells of an act that was recorded.
pub(super) fn cells<'a>(app: &'a App, tx: &WriteTx, row: &consent::Proof) -> Result<Cells<'a>> {
    let person = row.user_id.or(row.patient_id).ok_or(Error::Internal)?;
    Ok(Cells::new(app, tx.entered().clinic_id, person, row.consent_id))
}
