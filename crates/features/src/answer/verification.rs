//! Verifying a reference again, on the doctor's wish.

use serde_json::json;
use uuid::Uuid;

use sigilo_assistant::verify::Check;
use sigilo_citations::{Cited, Reason, Verdict};
use sigilo_store::{
    ReadTx, Session, WriteTx,
    answer::{self as rows, NewCheck},
};

use super::{
    review::event,
    shown::{self, Reference},
};
use crate::{App, Error, Result};

/// Verifies one reference of a stored answer again; `position` counts from 1. The earlier verification stays.
///
/// # Errors
/// [`Error::NotFound`] when the doctor has no such answer, or it no such reference.
pub async fn verify_again(app: &App, session: &Session, answer: Uuid, position: usize) -> Result<Reference> {
    let stored = app.db().read(session, async |tx: &ReadTx| shown::load(tx, answer).await).await?;
    let cited = position.checked_sub(1).and_then(|at| stored.references.get(at)).ok_or(Error::NotFound)?.cited.clone();
    let check = app.assistant().verifier.verify_fresh(&cited).await;
    let row = new_check(position, &cited, &check);
    app.db()
        .write(session, async |tx: &WriteTx| {
            rows::add_checks(tx, answer, std::slice::from_ref(&row)).await?;
            let details = json!({ "position": position, "verdict": row.verdict, "source": row.source });
            Ok::<_, Error>(((), event("reference_verified", answer, details)))
        })
        .await?;
    Ok(Reference { cited, check, checked_at: app.now() })
}

/// A verification as a row.
pub(super) fn new_check(position: usize, cited: &Cited, check: &Check) -> NewCheck {
    NewCheck {
        ordinal: i32::try_from(position).unwrap_or(i32::MAX),
        cited: json!(cited),
        verdict: check.verdict.code(),
        reason: check.reason.and_then(|reason| json!(reason).as_str().map(str::to_owned)),
        pmid: check.record.as_ref().and_then(|record| i32::try_from(record.pmid).ok()),
        findings: json!(check),
        retracted: check.record.as_ref().is_some_and(|record| record.flags.retracted),
        source: check.source.code(),
        latency_ms: i32::try_from(check.latency_ms).unwrap_or(i32::MAX),
    }
}

/// A verdict in the stored text.
pub(super) fn line(check: &Check) -> String {
    let article = check.record.as_ref().filter(|_| check.exists());
    let retracted = article.is_some_and(|article| article.flags.retracted);
    let pmid = article.map_or_else(String::new, |article| format!(", PMID {}", article.pmid));
    let word = match (check.verdict, check.reason) {
        (_, Some(Reason::Guideline)) => "não verificável no PubMed",
        (Verdict::Verified, _) => "verificada",
        (Verdict::VerifiedWithCorrection, _) => "verificada com correção",
        (Verdict::Ambiguous, _) => "ambígua",
        (Verdict::NotFound, Some(Reason::AuthorshipMismatch)) => {
            "não encontrada: o título existe, a autoria não confere"
        }
        (Verdict::NotFound, _) => "não encontrada",
        (Verdict::Unverified, _) => "não verificada",
    };
    format!("{word}{pmid}{}", if retracted { ", ARTIGO RETRATADO" } else { "" })
}
