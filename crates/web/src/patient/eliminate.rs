//! The end of a patient's registration: asked from the record or by its number, decided at the compliance desk.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use sigilo_features::patient::{self, Decision, Elimination, FATES, REASONS};
use sigilo_features::{App, Error};
use uuid::Uuid;

use crate::body::Fields;
use crate::download::attachment;
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

const DESK: &str = "/conformidade/eliminacoes";

/// What was typed.
#[derive(Default)]
pub(crate) struct Typed {
    pub(crate) number: String,
    pub(crate) reason: String,
    pub(crate) note: String,
}

impl Typed {
    fn of(fields: &Fields) -> Typed {
        let text = |name: &str| fields.text(name).to_owned();
        Typed { number: text("numero"), reason: text("motivo"), note: text("fundamento") }
    }
}

/// What goes, what stays, and why, before somebody asks.
#[derive(Template)]
#[template(path = "patient/eliminate.html")]
pub(crate) struct EliminatePage {
    pub(crate) frame: Frame,
    pub(crate) id: Uuid,
    pub(crate) number: i64,
    pub(crate) called: String,
    pub(crate) typed: Typed,
    pub(crate) error: Option<String>,
}

impl EliminatePage {
    fn fates(&self) -> &'static [(&'static str, &'static str, &'static str)] {
        &FATES
    }

    fn reasons(&self) -> &'static [(&'static str, &'static str)] {
        &REASONS
    }
}

/// An elimination in words.
pub(crate) struct EliminationView {
    id: Uuid,
    patient: Uuid,
    number: i64,
    reason: &'static str,
    note: String,
    standing: (&'static str, &'static str),
    story: Vec<String>,
    decision_note: Option<String>,
    /// What the reader may do about it.
    decidable: bool,
    refusable: bool,
    withdrawable: bool,
    receipt: bool,
    done: bool,
}

impl EliminationView {
    pub(crate) fn new(row: Elimination, reader: Uuid) -> EliminationView {
        let by = |name: &Option<String>| name.clone().unwrap_or_else(|| "–".to_owned());
        let mut story = vec![format!("Pedida em {}, por {}", format::moment(&row.asked_at), by(&row.asked_name))];
        if let Some(at) = &row.decided_at {
            let said = match row.status.as_str() {
                "refused" => "Recusada",
                "withdrawn" => "Retirada",
                _ => "Aprovada",
            };
            story.push(format!("{said} em {}, por {}", format::moment(at), by(&row.decided_name)));
        }
        if let Some(at) = &row.executed_at {
            story.push(format!("Executada em {}", format::moment(at)));
        }
        let own = row.asked_by == reader;
        let (asked, approved) = (row.status == "asked", row.status == "approved");
        EliminationView {
            id: row.id,
            patient: row.patient_id,
            number: row.medical_record_number,
            reason: REASONS.iter().find(|(code, _)| *code == row.reason).map_or("", |(_, label)| *label),
            standing: match row.status.as_str() {
                "asked" => ("tag-warn", "Espera aprovação"),
                "approved" => ("tag-soft", "Aprovada, espera a execução"),
                "executed" if !row.has_receipt => ("tag-soft", "Falta destruir a chave"),
                "executed" => ("tag-ok", "Eliminado"),
                "refused" => ("tag-off", "Recusada"),
                _ => ("tag-off", "Retirada"),
            },
            story,
            decidable: asked && !own,
            refusable: (asked || approved) && !own,
            withdrawable: (asked || approved) && own,
            receipt: row.has_receipt,
            done: row.status == "executed",
            note: row.basis_note,
            decision_note: row.decision_note,
        }
    }
}

#[derive(Template)]
#[template(path = "patient/eliminations.html")]
pub(crate) struct EliminationsPage {
    pub(crate) frame: Frame,
    pub(crate) eliminations: Vec<EliminationView>,
    /// Whether the reader may open records.
    pub(crate) sees_patients: bool,
    pub(crate) typed: Typed,
    pub(crate) error: Option<String>,
}

impl EliminationsPage {
    fn fates(&self) -> &'static [(&'static str, &'static str, &'static str)] {
        &FATES
    }

    fn reasons(&self) -> &'static [(&'static str, &'static str)] {
        &REASONS
    }
}

async fn confirmation(app: &App, who: &Member, id: Uuid) -> Result<EliminatePage, Answer> {
    if !who.viewer.answers_for_clinic() {
        return Err(Error::Forbidden(
            "O cadastro de um paciente só é eliminado por quem responde pela clínica ou pelos dados.",
        )
        .into());
    }
    let record = patient::open(app, &who.session, id).await?;
    if record.gone.is_some() {
        return Err(Error::Conflict("O cadastro deste paciente já foi eliminado.").into());
    }
    Ok(EliminatePage {
        frame: Frame::inside("Eliminar cadastro", Section::Patients, &who.viewer),
        id,
        number: record.number,
        called: record.document.called().to_owned(),
        typed: Typed::default(),
        error: None,
    })
}

pub(super) async fn show(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    Ok(layout::html(confirmation(&app, &who, Answer::identifier(&id)?).await?))
}

pub(super) async fn ask(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let (id, typed) = (Answer::identifier(&id)?, Typed::of(&fields));
    let asked = patient::ask_elimination(&app, &who.session, Some(id), &typed.number, &typed.reason, &typed.note).await;
    let Err(error) = asked else { return Ok(Redirect::to(DESK).into_response()) };
    let (status, sentence) = Answer::on_page(error)?;
    let page = EliminatePage { typed, error: Some(sentence), ..confirmation(&app, &who, id).await? };
    Ok((status, layout::html(page)).into_response())
}

async fn desk(app: &App, who: &Member) -> Result<EliminationsPage, Answer> {
    let eliminations = patient::eliminations(app, &who.session).await?;
    let reader = who.viewer.user_id;
    Ok(EliminationsPage {
        frame: Frame::inside("Eliminação de pacientes", Section::Compliance, &who.viewer),
        eliminations: eliminations.into_iter().map(|row| EliminationView::new(row, reader)).collect(),
        sees_patients: who.viewer.sees_patients(),
        typed: Typed::default(),
        error: None,
    })
}

pub(super) async fn list(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    Ok(layout::html(desk(&app, &who).await?))
}

pub(super) async fn ask_by_number(State(app): State<App>, who: Member, fields: Fields) -> Result<Response, Answer> {
    let typed = Typed::of(&fields);
    let asked = patient::ask_elimination(&app, &who.session, None, &typed.number, &typed.reason, &typed.note).await;
    back(&app, &who, asked, typed).await
}

pub(super) async fn decide(
    State(app): State<App>,
    who: Member,
    Path((id, step)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Answer> {
    let decision = match step.as_str() {
        "aprovar" => Decision::Approved,
        "recusar" => Decision::Refused,
        "retirar" => Decision::Withdrawn,
        _ => return Err(Answer::not_found()),
    };
    let id = Answer::identifier(&id)?;
    let decided = patient::decide_elimination(&app, &who.session, id, decision, fields.text("nota")).await;
    back(&app, &who, decided, Typed::default()).await
}

pub(super) async fn receipt(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    let receipt = patient::elimination_receipt(&app, &who.session, Answer::identifier(&id)?).await?;
    let body = serde_json::to_vec_pretty(&receipt.document()).map_err(|_| Answer::from(Error::Internal))?;
    Ok(attachment("recibo-de-eliminacao.json", "application/json", body))
}

async fn back(app: &App, who: &Member, done: sigilo_features::Result<()>, typed: Typed) -> Result<Response, Answer> {
    let Err(error) = done else { return Ok(Redirect::to(DESK).into_response()) };
    let (status, sentence) = Answer::on_page(error)?;
    let page = EliminationsPage { typed, error: Some(sentence), ..desk(app, who).await? };
    Ok((status, layout::html(page)).into_response())
}
