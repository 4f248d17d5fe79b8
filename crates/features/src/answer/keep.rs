//! Storing an answer with everything that explains it, in one transaction.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use sigilo_assistant::{
    answer::{Answer, Report, prompt, render, schema},
    provider::{Stop, Usage},
    verify::{Check, merge},
};
use sigilo_citations::Cited;
use sigilo_deid::deidentify;
use sigilo_domain::ConsentType;
use sigilo_store::{
    Action, Error as StoreError, Event, Risk, Session, WriteTx,
    answer::{self as rows, Explanation, New, NewReview},
    conversation,
};

use super::{
    card,
    desk::Running,
    explain, review, shown,
    shown::Shown,
    verification::{self, new_check},
    work::End,
};
use crate::{App, Error, Result};

/// An answer that has been written, well or badly.
pub(super) struct Made {
    pub(super) end: End,
    pub(super) answer: Answer,
    pub(super) report: Report,
    /// In the order cited; without a verdict when its verification broke down.
    pub(super) references: Vec<(Cited, Option<Check>)>,
    pub(super) usage: Usage,
    pub(super) model: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) retries: u32,
    pub(super) first_token: Option<Duration>,
    /// Until the text was whole.
    pub(super) written: Duration,
    /// From then until the last verdict.
    pub(super) verified: Duration,
    /// Turns that did not fit.
    pub(super) dropped: usize,
    pub(super) shown: bool,
}

impl Made {
    /// What a doctor has seen is stored; what the provider took back is not.
    pub(super) fn worth_keeping(&self) -> bool {
        self.shown && !matches!(self.end, End::Stop(Stop::Refused(_)))
    }

    pub(super) fn complete(&self) -> bool {
        matches!(self.end, End::Stop(Stop::Complete | Stop::Other(_)))
    }

    pub(super) fn stop_reason(&self) -> String {
        match &self.end {
            End::Stop(Stop::Other(word)) => format!("other: {}", word.chars().take(40).collect::<String>()),
            End::Stop(stop) => stop.code().into(),
            End::Failure(failure) => failure.code().into(),
            End::Stopped => "stopped".into(),
        }
    }

    /// References with their verdicts, each article once, at its first mention.
    pub(super) fn checked(&self) -> Vec<(Cited, Check)> {
        let checks: Vec<Check> =
            self.references.iter().map(|(_, check)| check.clone().unwrap_or_else(Check::unavailable)).collect();
        let firsts = merge(&checks).into_iter().filter_map(|group| group.first().copied());
        firsts.map(|at| (self.references[at].0.clone(), checks[at].clone())).collect()
    }
}

/// How many references came to each verdict.
pub(super) fn verdicts(checked: &[(Cited, Check)]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for (_, check) in checked {
        *counts.entry(check.verdict.code()).or_default() += 1;
    }
    counts
}

/// Stores an answer. The whole text passes the de-identifier once more on its way in.
///
/// # Errors
/// [`Error::ConsentRequired`] when consent was withdrawn meanwhile; else those of the database.
pub(super) async fn store(app: &App, session: &Session, running: &Running, made: &Made) -> Result<Shown> {
    let checked = made.checked();
    let mut parts = made.answer.clone();
    parts.referencias = checked.iter().map(|(cited, _)| cited.clone()).collect();
    let verdicts: Vec<_> = checked.iter().map(|(_, check)| Some(verification::line(check))).collect();
    let (text, found) = deidentify(&render::text(&parts, &verdicts), &[]);
    let mut detections: Vec<(String, String, f32)> = Vec::new();
    for found in &made.report.detections {
        let one = (found.kind.to_owned(), found.method.to_owned(), found.confidence);
        detections.extend(std::iter::repeat_n(one, found.count as usize));
    }
    detections.extend(found.iter().map(|d| (d.kind.code().to_owned(), d.method.code().to_owned(), d.confidence)));
    let explanation = explanation(app, made, &checked);
    let structure = json!(parts);
    let id = running.id();
    app.db()
        .write(session, async |tx: &WriteTx| {
            let new = New {
                id,
                conversation: running.conversation(),
                question: running.question(),
                text: &text,
                structure: &structure,
                complete: made.complete(),
                detections: &detections,
                explanation: &explanation,
            };
            let stored = match rows::insert(tx, &new).await {
                Err(StoreError::Denied) => return Err(Error::ConsentRequired(ConsentType::AiProcessing)),
                other => other?,
            };
            let new_checks: Vec<_> =
                checked.iter().enumerate().map(|(at, (cited, check))| new_check(at + 1, cited, check)).collect();
            rows::add_checks(tx, id, &new_checks).await?;
            if running.disclaimer_was_rendered() {
                rows::review(tx, &NewReview::of(id, review::DISCLAIMER_RENDERED)).await?;
            }
            conversation::touch(tx, running.conversation(), conversation::UNNAMED).await?;
            let details = details(made, &checked, &explanation, &stored.content_hash, detections.len());
            let event = Event {
                name: "message_received",
                action: Action::Create,
                resource_type: "messages",
                resource_id: Some(id.to_string()),
                details,
                risk: Risk::Low,
            };
            Ok((shown::load(tx, id).await?, event))
        })
        .await
}

/// Records that no answer came.
///
/// # Errors
/// Those of the database.
pub(super) async fn failed(app: &App, session: &Session, running: &Running, made: &Made, code: &str) -> Result<()> {
    let provider = &app.assistant().provider;
    let event = Event {
        name: "ai_answer_failed",
        action: Action::Create,
        resource_type: "messages",
        resource_id: Some(running.question().to_string()),
        details: json!({
            "model": provider.model(),
            "provider": provider.name(),
            "reason": code,
            "provider_request_id": made.request_id,
            "retries": made.retries,
            "processing_time_ms": millis(made.written),
        }),
        risk: Risk::Low,
    };
    app.db().write(session, async |_: &WriteTx| Ok::<_, Error>(((), event))).await
}

/// The browser may confirm the disclaimer between the storing of an answer and its end.
pub(super) async fn late_disclaimer(app: &App, session: &Session, running: Running) {
    running.end();
    if !running.disclaimer_was_rendered() {
        return;
    }
    // Whether it was stored with the answer, only the stored row tells.
    let noted = review::disclaimer_rendered(app, session, running.id()).await;
    if let Err(error) = noted {
        tracing::warn!(%error, "a rendered disclaimer was not recorded");
    }
}

fn explanation(app: &App, made: &Made, checked: &[(Cited, Check)]) -> Explanation {
    let provider = &app.assistant().provider;
    let capabilities = provider.capabilities();
    let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let valid = made.answer.hipoteses.iter().filter(|one| one.cid10.is_some()).count();
    Explanation {
        model: provider.model().to_owned(),
        content: explain::text(app, made, checked),
        confidence: made.answer.confianca,
        provider: provider.name().to_owned(),
        sent_to: provider.recipient().map(str::to_owned),
        model_reported: made.model.clone(),
        api_version: provider.api_version().map(str::to_owned),
        prompt_hash: Some(prompt::hash()),
        schema_hash: Some(schema::hash()),
        provider_request_id: made.request_id.clone(),
        stop_reason: made.stop_reason(),
        temperature: capabilities.temperature,
        temperature_reason: capabilities.temperature.is_none().then(|| capabilities.temperature_reason.to_owned()),
        tokens_input: i64::try_from(made.usage.input).unwrap_or(i64::MAX),
        tokens_output: i64::try_from(made.usage.output).unwrap_or(i64::MAX),
        tokens_cached: i64::try_from(made.usage.cache_read).unwrap_or(i64::MAX),
        retries: count(made.retries),
        first_token_ms: made.first_token.map(millis),
        processing_time_ms: millis(made.written + made.verified),
        verification_time_ms: millis(made.verified),
        abstained: made.answer.hipoteses.is_empty(),
        unauthorised_identifiers: count(made.report.unauthorised_identifiers),
        removed_links: count(made.report.links_removed),
        cid10_codes: i32::try_from(valid).unwrap_or(i32::MAX).saturating_add(count(made.report.invalid_cid10)),
        invalid_cid10: count(made.report.invalid_cid10),
        risk_class: card::RISK_CLASS.to_owned(),
    }
}

/// What the trail says of an answer (audit manual, SQL-16): names, counts and hashes.
fn details(made: &Made, checked: &[(Cited, Check)], explanation: &Explanation, hash: &str, detections: usize) -> Value {
    json!({
        "model": explanation.model,
        "model_reported": explanation.model_reported,
        "provider": explanation.provider,
        "api_version": explanation.api_version,
        "temperature": explanation.temperature,
        "temperature_reason": explanation.temperature_reason,
        "tokens": {
            "input": explanation.tokens_input,
            "output": explanation.tokens_output,
            "cached": explanation.tokens_cached,
        },
        "references": { "total": checked.len(), "verdicts": verdicts(checked) },
        "verification_summary": explain::verification(checked),
        "content_hash": hash,
        "prompt_hash": explanation.prompt_hash,
        "schema_hash": explanation.schema_hash,
        "stop_reason": explanation.stop_reason,
        "state": if made.complete() { "complete" } else { "interrupted" },
        "retries": explanation.retries,
        "provider_request_id": explanation.provider_request_id,
        "processing_time_ms": explanation.processing_time_ms,
        "timings_ms": {
            "first_token": explanation.first_token_ms,
            "written": millis(made.written),
            "verification": explanation.verification_time_ms,
        },
        "abstained": explanation.abstained,
        "unauthorised_identifiers": explanation.unauthorised_identifiers,
        "removed_links": explanation.removed_links,
        "invalid_cid10": explanation.invalid_cid10,
        "detections_in_answer": detections,
    })
}

fn millis(time: Duration) -> i32 {
    i32::try_from(time.as_millis()).unwrap_or(i32::MAX)
}
