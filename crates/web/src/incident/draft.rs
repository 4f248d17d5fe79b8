//! Suspicions on the page of incidents: shown, confirmed, dismissed.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use sigilo_domain::suspicion::Suspicion;
use sigilo_features::suspicion::{self, Draft};
use sigilo_features::{App, Error};

use super::act::{instant, refused};
use crate::body::Fields;
use crate::errors::Answer;
use crate::format;
use crate::visitor::Member;

/// A draft in words.
pub(crate) struct DraftView {
    pub(crate) draft: Draft,
    pub(crate) label: &'static str,
    pub(crate) about: &'static str,
    /// How often and when.
    pub(crate) seen: String,
    /// The rule that it met.
    pub(crate) rule: String,
    /// Whom it is about.
    pub(crate) who: String,
}

impl DraftView {
    pub(crate) fn new(draft: Draft) -> DraftView {
        let suspicion = Suspicion::of(&draft.rule);
        let (first, last) = (&draft.first_seen_at, &draft.last_seen_at);
        let period = match (format::moment(first) == format::moment(last), format::day(first) == format::day(last)) {
            (true, _) => format!("em {}", format::moment(first)),
            (false, true) => format!("de {} até {}", format::moment(first), format::hour(last)),
            (false, false) => format!("de {} até {}", format::moment(first), format::moment(last)),
        };
        let count = draft.event_count;
        let times = match draft.rule.as_str() {
            "failed_sign_ins" => format!("{count} entradas recusadas"),
            "mass_reading" => format!("{count} registros abertos ou exportados"),
            "refusals" => format!("{count} acessos recusados"),
            "trail_altered" if count == 1 => "1 diferença".to_owned(),
            "trail_altered" => format!("{count} diferenças"),
            _ if count == 1 => "1 vez".to_owned(),
            _ => format!("{count} vezes"),
        };
        let rule = match draft.rule.as_str() {
            "canary" | "trail_altered" => "Uma vez já basta.".to_owned(),
            _ => format!("O limite é de {} em {} minutos.", draft.threshold, draft.window_minutes),
        };
        let name = draft.member_name.as_deref().unwrap_or("membro da clínica");
        let who = match (draft.subject_kind.as_str(), draft.actor_id) {
            ("member", _) => format!("Conta de {name} ({})", draft.subject_id),
            ("canary", Some(actor)) => format!("Dentro da clínica, pela conta de {name} ({actor})"),
            ("trail", _) => format!(
                "O banco de dados desta instalação; exame {}",
                draft.evidence.first().copied().unwrap_or_default()
            ),
            ("canary", None) => "Fora da clínica, em outra clínica desta instalação".to_owned(),
            _ => "Várias contas, a partir de um mesmo endereço de rede".to_owned(),
        };
        DraftView {
            label: suspicion.map_or("Suspeita", |one| one.label),
            about: suspicion.map_or("", |one| one.about),
            seen: format!("{times}, {period}"),
            rule,
            who,
            draft,
        }
    }
}

pub(super) async fn confirm(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let known = fields.text("soube");
    let done = match (known, instant(known)) {
        ("", _) => suspicion::confirm(&app, &who.session, id, None).await,
        (_, Some(at)) => suspicion::confirm(&app, &who.session, id, Some(at)).await,
        (_, None) => Err(Error::Conflict("A data em que se soube não pôde ser lida. Confira o dia e a hora.")),
    };
    match done {
        Ok(incident) => Ok(Redirect::to(&format!("{}/{incident}", super::PATH)).into_response()),
        Err(error) => refused(&app, &who, error).await,
    }
}

pub(super) async fn dismiss(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    match suspicion::dismiss(&app, &who.session, id, fields.text("motivo")).await {
        Ok(()) => Ok(Redirect::to(super::PATH).into_response()),
        Err(error) => refused(&app, &who, error).await,
    }
}
