//! Security incidents: registered, judged, told in time, closed (LGPD art. 48; Resolução CD/ANPD nº 15/2024).

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use sigilo_domain::incident::{CONTENTS, KINDS, SEVERITIES, missing};
use sigilo_store::{
    Action, Error as StoreError, Event, ReadTx, Risk, Session, WriteTx,
    incident::{self as rows, Judged, New},
};

pub use sigilo_store::incident::Incident;

use crate::{App, Error, FieldError, Result, session::answers_for_clinic};

/// Longest text of one content, in characters.
pub const MAX_CONTENT: usize = 4000;

/// What is typed of a new incident.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Its kind's code.
    pub kind: String,
    /// Its severity's code.
    pub severity: String,
    /// What happened.
    pub description: String,
    /// How many people; what cannot be read counts as missing.
    pub affected: Option<i32>,
    /// When it happened, if that is known.
    pub occurred_at: Option<OffsetDateTime>,
    /// When it became known that personal data were affected, if they were.
    pub knowledge_at: Option<OffsetDateTime>,
    /// Whether it is a drill.
    pub drill: bool,
}

/// What is typed of an incident that is being looked into.
#[derive(Debug, Clone, Default)]
pub struct Assessment {
    /// Its severity's code.
    pub severity: String,
    /// What happened.
    pub description: String,
    /// How many people.
    pub affected: Option<i32>,
    /// Whether it must be told; none: not judged yet.
    pub notifiable: Option<bool>,
    /// Why not.
    pub reason: String,
    /// Whether it may harm people's physical or moral integrity.
    pub integrity_risk: bool,
    /// The contents of the notice, by their code.
    pub contents: Vec<(String, String)>,
}

/// What is done about an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The ANPD was told.
    Anpd,
    /// What was missing followed.
    Supplement,
    /// The people were told.
    Subjects,
    /// It is over.
    Close,
}

impl Step {
    fn code(self) -> &'static str {
        match self {
            Step::Anpd => "anpd",
            Step::Supplement => "supplement",
            Step::Subjects => "subjects",
            Step::Close => "close",
        }
    }
}

/// The contents of the notice that are not written yet, by name.
pub fn missing_contents(incident: &Incident) -> Vec<&'static str> {
    missing(|code| incident.contents[code].as_str().is_some_and(|text| !text.trim().is_empty()))
}

pub(crate) fn manages(tx: &ReadTx) -> Result<()> {
    if answers_for_clinic(tx) {
        Ok(())
    } else {
        Err(Error::Forbidden("Os incidentes são de quem responde pela clínica ou pelos dados."))
    }
}

/// The clinic's incidents, open ones and those that end first in front.
///
/// # Errors
/// [`Error::Forbidden`] for who answers for nothing.
pub async fn list(app: &App, session: &Session) -> Result<Vec<Incident>> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            manages(tx)?;
            Ok(rows::all(tx).await?)
        })
        .await
}

/// One incident.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Forbidden`] for who answers for nothing.
pub async fn open(app: &App, session: &Session, id: Uuid) -> Result<Incident> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            manages(tx)?;
            Ok(rows::one(tx, id).await?)
        })
        .await
}

/// Registers an incident. What the product knows already is written into the contents of its notice.
///
/// # Errors
/// [`Error::Invalid`] with a sentence a field.
pub async fn register(app: &App, session: &Session, report: &Report) -> Result<Uuid> {
    let mut wrong = common(&report.severity, &report.description, report.affected);
    if !KINDS.iter().any(|(code, _)| *code == report.kind) {
        wrong.push(FieldError::new("tipo", "Escolha o tipo do incidente."));
    }
    let now = app.now();
    for (field, at) in [("ocorreu", report.occurred_at), ("soube", report.knowledge_at)] {
        if at.is_some_and(|at| at > now) {
            wrong.push(FieldError::new(field, "A data está no futuro."));
        }
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            let id = write_down(app, tx, report).await?;
            let details = json!({ "kind": report.kind, "severity": report.severity, "simulation": report.drill });
            Ok((id, event("incident_registered", Action::Create, id, details)))
        })
        .await
}

/// A new row of the register, with what the product knows already of its notice.
pub(crate) async fn write_down(app: &App, tx: &WriteTx, report: &Report) -> Result<Uuid> {
    let new = New {
        kind: &report.kind,
        severity: &report.severity,
        description: report.description.trim(),
        affected: report.affected.unwrap_or(0),
        occurred_at: report.occurred_at,
        knowledge_at: report.knowledge_at,
        drill: report.drill,
    };
    let id = rows::create(tx, &new).await?;
    let small = rows::small_agent(tx).await?.is_some_and(|word| word.small_agent);
    let contents = known(&tx.entered().clinic_name, small, app.settings().dpo_contact.as_deref(), report);
    let judged = Judged {
        severity: new.severity,
        description: new.description,
        affected: new.affected,
        notifiable: None,
        reason: None,
        contents: &contents,
        integrity_risk: false,
    };
    rows::judge(tx, id, 1, &judged).await?;
    Ok(id)
}

/// What the product knows of a notice by itself.
fn known(clinic: &str, small: bool, contact: Option<&str>, report: &Report) -> Value {
    let mut contents = Map::new();
    contents.insert("descricao".into(), report.description.trim().into());
    let size = if small { ". Declara-se agente de tratamento de pequeno porte." } else { "" };
    contents.insert("controlador".into(), format!("{clinic}{size}").into());
    contents.insert(
        "medidas".into(),
        "Antes: acesso por linha no banco, dois fatores na entrada, e-mails cifrados, texto clínico sem identificadores e trilha que só cresce.".into(),
    );
    if let Some(contact) = contact {
        contents.insert("encarregado".into(), contact.into());
    }
    Value::Object(contents)
}

/// Writes down what is known of an incident, and whether it must be told.
///
/// # Errors
/// [`Error::Invalid`] with a sentence a field; [`Error::Conflict`] when somebody else has written meanwhile, or it is
/// closed.
pub async fn assess(app: &App, session: &Session, id: Uuid, version: i32, form: &Assessment) -> Result<()> {
    let mut wrong = common(&form.severity, &form.description, form.affected);
    let reason = form.reason.trim();
    if form.notifiable == Some(false) && !(10..=4000).contains(&reason.chars().count()) {
        wrong.push(FieldError::new("motivo", "Diga por que não precisa ser comunicado, em 10 a 4.000 caracteres."));
    }
    let mut contents = Map::new();
    for (code, text) in &form.contents {
        if !CONTENTS.iter().any(|(known, _, _)| known == code) {
            continue;
        }
        if text.chars().count() > MAX_CONTENT {
            wrong.push(FieldError::new("conteudo", "Um dos textos passa de 4.000 caracteres."));
        }
        if !text.trim().is_empty() {
            contents.insert(code.clone(), text.trim().into());
        }
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let contents = Value::Object(contents);
    let judged = Judged {
        severity: &form.severity,
        description: form.description.trim(),
        affected: form.affected.unwrap_or(0),
        notifiable: form.notifiable,
        reason: (form.notifiable == Some(false)).then_some(reason),
        contents: &contents,
        integrity_risk: form.integrity_risk,
    };
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            rows::one(tx, id).await?;
            changed(rows::judge(tx, id, version, &judged).await)?;
            let details = json!({ "notifiable": form.notifiable, "severity": form.severity,
                                  "integrity_risk": form.integrity_risk });
            Ok(((), event("incident_assessed", Action::Update, id, details)))
        })
        .await
}

/// Notes that something was done. Telling the ANPD needs every content; closing needs that all was told that must be.
///
/// # Errors
/// [`Error::Conflict`] with what is missing.
pub async fn step(app: &App, session: &Session, id: Uuid, version: i32, step: Step) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            let incident = rows::one(tx, id).await?;
            match step {
                Step::Close if incident.notifiable.is_none() => {
                    return Err(Error::Conflict("Avalie primeiro se o incidente precisa ser comunicado."));
                }
                Step::Close
                    if incident.notifiable == Some(true)
                        && (incident.anpd_reported_at.is_none() || incident.subjects_notified_at.is_none()) =>
                {
                    return Err(Error::Conflict("Falta comunicar a ANPD ou os titulares."));
                }
                Step::Anpd if incident.notifiable != Some(true) => {
                    return Err(Error::Conflict(
                        "Avalie o incidente como comunicável antes de registrar a comunicação.",
                    ));
                }
                Step::Anpd if !missing_contents(&incident).is_empty() => {
                    return Err(Error::Conflict("Ainda faltam conteúdos da comunicação; veja a lista."));
                }
                Step::Supplement if incident.anpd_reported_at.is_none() => {
                    return Err(Error::Conflict("Não há comunicação à ANPD para complementar."));
                }
                _ => {}
            }
            changed(rows::step(tx, id, version, step.code()).await)?;
            Ok(((), event("incident_step", Action::Update, id, json!({ "step": step.code() }))))
        })
        .await
}

fn changed(result: sigilo_store::Result<()>) -> Result<()> {
    match result {
        Err(StoreError::NotFound) => {
            Err(Error::Conflict("Outra pessoa mudou este incidente enquanto você o via. Recarregue a página."))
        }
        Err(StoreError::Rule(_)) => Err(Error::Conflict("Este incidente está encerrado e fica como está.")),
        other => Ok(other?),
    }
}

fn common(severity: &str, description: &str, affected: Option<i32>) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    if !SEVERITIES.iter().any(|(code, _)| *code == severity) {
        wrong.push(FieldError::new("gravidade", "Escolha a gravidade."));
    }
    if !(10..=8000).contains(&description.trim().chars().count()) {
        wrong.push(FieldError::new(
            "descricao",
            "Descreva o que houve, em 10 a 8.000 caracteres, sem nomes de pessoas.",
        ));
    }
    if affected.is_none_or(|affected| affected < 0) {
        wrong.push(FieldError::new("afetados", "Informe quantas pessoas foram afetadas; zero, se nenhuma."));
    }
    wrong
}

fn event(name: &'static str, action: Action, id: Uuid, details: Value) -> Event {
    Event {
        name,
        action,
        resource_type: "security_incident_logs",
        resource_id: Some(id.to_string()),
        details,
        risk: Risk::High,
    }
}
