//! What a report says, asked through the console: each question stands in its record like anybody's.

use sigilo_domain::{AuditQuery, audit_query::Parameter};
use sigilo_report::{Answered, Demonstration, Fact, Finding, Outcome, Period, Report, Retention, SCHEMA};
use sigilo_store::Session;
use uuid::Uuid;

use super::clocks;
use crate::{
    App, Error, Result, answer,
    console::{self, Kind, Question, Shown},
    manual, session,
};

pub(super) async fn gather(
    app: &App,
    session: &Session,
    period: Period,
    demonstrations: Vec<Demonstration>,
) -> Result<Report> {
    let viewer = session::viewer(app, session).await?;
    let roles: Vec<&str> = viewer.roles.iter().map(|role| role.label()).collect();
    Ok(Report {
        schema: SCHEMA,
        id: Uuid::now_v7().to_string(),
        clinic: viewer.clinic_name,
        issued_by: format!("{} ({})", viewer.display_name, roles.join(", ")),
        issued_at: app.now(),
        period,
        demo: viewer.demo,
        versions: versions(app),
        figures: figures(app, session, period).await?,
        queries: queries(app, session).await?,
        demonstrations,
        requests: Some(
            rows(app, session, clocks::requests_sql(period))
                .await?
                .iter()
                .filter_map(|row| clocks::request(row))
                .collect(),
        ),
        incidents: Some(
            rows(app, session, clocks::incidents_sql(period))
                .await?
                .iter()
                .filter_map(|row| clocks::incident(row))
                .collect(),
        ),
        retention: retention(),
    })
}

fn versions(app: &App) -> Vec<Fact> {
    let card = answer::card(app);
    vec![
        Fact::new("Sigilo", app.settings().version),
        Fact::new("Modelo de IA", format!("{} ({})", card.model, card.provider)),
        Fact::new("O texto sai desta instalação", if card.text_leaves { "Sim, já desidentificado" } else { "Não" }),
        Fact::new("Instruções ao modelo", format!("{}, SHA-256 {}", card.prompt_version, card.prompt_hash)),
        Fact::new("Conferência de referências", card.verification),
        Fact::new("Contato do encarregado", app.settings().dpo_contact.as_deref().unwrap_or("não informado")),
    ]
}

fn retention() -> Vec<Retention> {
    manual::tables()
        .into_iter()
        .map(|(name, table, period)| Retention {
            table: name.into(),
            about: table.about.clone(),
            basis: table.legal_basis().into(),
            period: period.into(),
        })
        .collect()
}

async fn ask(
    app: &App,
    session: &Session,
    kind: Kind,
    sql: String,
) -> Result<(Uuid, std::result::Result<Shown, String>)> {
    let asked = console::ask(app, session, &Question { kind, sql, unmask: None }).await?;
    Ok((asked.run, asked.result))
}

/// The rows of a statement that must have an answer.
async fn rows(app: &App, session: &Session, sql: String) -> Result<Vec<Vec<Option<String>>>> {
    match ask(app, session, Kind::Json, sql).await?.1 {
        Ok(shown) => Ok(shown.rows),
        Err(why) => {
            tracing::error!(why, "a statement of the report has no answer");
            Err(Error::Unavailable("o banco não respondeu a uma das consultas do relatório"))
        }
    }
}

async fn figures(app: &App, session: &Session, period: Period) -> Result<Vec<Fact>> {
    const COUNTED: [(&str, &str, &str, &str); 8] = [
        ("Entradas", "access_logs", "created_at", "action = 'login' AND success"),
        ("Tentativas sem sucesso", "access_logs", "created_at", "NOT success"),
        ("Mensagens de médicos", "messages", "created_at", "role = 'user'"),
        ("Respostas da IA", "messages", "created_at", "role = 'assistant'"),
        ("Dados pessoais removidos", "sensitive_data_detection_logs", "created_at", "action_taken <> 'kept'"),
        ("Imagens descartadas", "image_processing_logs", "created_at", "discarded_at IS NOT NULL"),
        ("Pedidos de titulares", "data_subject_requests", "requested_at", "true"),
        ("Incidentes, sem simulados", "security_incident_logs", "detected_at", "NOT is_simulation"),
    ];
    let counts: Vec<String> = COUNTED
        .iter()
        .map(|(_, table, at, condition)| {
            format!("(SELECT count(*) FROM {table} WHERE {condition} AND {})", clocks::within(at, period))
        })
        .collect();
    let counts = rows(app, session, format!("SELECT {}", counts.join(",\n       "))).await?;
    let counts = counts.into_iter().next().unwrap_or_default();
    Ok(COUNTED.iter().zip(counts).map(|((name, ..), count)| Fact::new(*name, count.unwrap_or_default())).collect())
}

/// The manual's queries in their order, each placeholder filled with what is latest.
async fn queries(app: &App, session: &Session) -> Result<Vec<Answered>> {
    let mut latest = Vec::new();
    for parameter in Parameter::ALL {
        latest.push((parameter, console::choices(app, session, parameter).await?.into_iter().next()));
    }
    let mut all = Vec::new();
    for query in AuditQuery::all() {
        all.push(answered(app, session, query, &latest).await?);
    }
    Ok(all)
}

async fn answered(
    app: &App,
    session: &Session,
    query: &'static AuditQuery,
    latest: &[(Parameter, Option<(String, String)>)],
) -> Result<Answered> {
    let mut sql = query.sql().to_owned();
    let mut parameters = Vec::new();
    let mut lacking = None;
    for (parameter, value) in latest {
        if !sql.contains(parameter.placeholder()) {
            continue;
        }
        match value {
            Some((id, words)) => {
                sql = sql.replace(parameter.placeholder(), id);
                parameters.push(Fact::new(parameter.label(), words));
            }
            None => lacking = Some(*parameter),
        }
    }
    let outcome = match lacking {
        Some(Parameter::Doctor) => Outcome::NotAsked { why: "Nenhum médico se cadastrou ainda.".into() },
        Some(Parameter::Conversation) => Outcome::NotAsked { why: "Nenhuma conversa foi feita ainda.".into() },
        Some(Parameter::Message) => Outcome::NotAsked { why: "A IA ainda não respondeu a ninguém.".into() },
        None => outcome(ask(app, session, Kind::Manual(query.number), sql.clone()).await?),
    };
    Ok(Answered {
        code: query.code(),
        step: query.step.label().into(),
        title: query.title.into(),
        question: query.question.into(),
        expected: query.expected.into(),
        article: query.article.into(),
        parameters,
        sql,
        outcome,
    })
}

fn outcome((run, result): (Uuid, std::result::Result<Shown, String>)) -> Outcome {
    let run = run.to_string();
    match result {
        Err(why) => Outcome::Failed { why, run },
        Ok(Shown { verdict: None, .. }) => Outcome::Failed { why: "A resposta não pôde ser julgada.".into(), run },
        Ok(Shown { verdict: Some(verdict), columns, rows, truncated, masked, hash, .. }) => Outcome::Rows {
            finding: Finding { level: verdict.level, sentence: verdict.sentence },
            columns: columns.into_iter().map(|column| column.name).collect(),
            rows,
            truncated,
            masked,
            hash,
            run,
        },
    }
}
