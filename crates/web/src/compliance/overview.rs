//! "Visão geral": how the clinic stands, computed at the moment of looking.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sigilo_domain::audit_query::Level;
use sigilo_features::App;
use sigilo_features::compliance::{
    self, CONSENT_DAYS, Check, ConsentStanding, Evidence, Overview, RETENTION_DAYS, RetentionStanding,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::errors::Answer;
use crate::format;
use crate::incident::View;
use crate::layout::{self, Frame, Section};
use crate::rights::words;
use crate::visitor::Member;

/// A request that waits; whose it is stands on its own page.
struct Row {
    id: Uuid,
    right: String,
    until: String,
    left: Option<(&'static str, String)>,
}

/// One number of the summary, with where it is told.
struct Figure {
    label: &'static str,
    count: String,
    anchor: &'static str,
    level: Level,
}

#[derive(Template)]
#[template(path = "compliance/overview.html")]
struct Page {
    frame: Frame,
    overview: Overview,
    /// For whom it was computed.
    who: String,
}

impl Page {
    fn status(&self) -> Level {
        self.overview.status()
    }

    /// What the gravest level means for the reader.
    fn meaning(&self) -> &'static str {
        match self.status() {
            Level::Problem => "Há pelo menos um problema que precisa de ação agora.",
            Level::Attention => "Nada está vencido ou desligado, mas há pontos que pedem uma decisão.",
            _ => "Nenhum prazo vencido e nenhuma proteção desligada.",
        }
    }

    fn figures(&self) -> Vec<Figure> {
        let Overview { requests, incidents, consents, retention, checks, .. } = &self.overview;
        let consents_due: i64 = consents.iter().map(|one| one.expiring + one.outdated).sum();
        let rows_due: i64 = retention.iter().map(|one| one.ended() + one.ending()).sum();
        let passed = checks.iter().filter(|check| !matches!(check.verdict.level, Level::Attention | Level::Problem));
        let figure = |label, count: String, anchor, level| Figure { label, count, anchor, level };
        vec![
            figure("Pedidos em aberto", requests.open.to_string(), "pedidos", requests.level),
            figure("Incidentes abertos", incidents.open.to_string(), "incidentes", incidents.level),
            figure(
                "Verificações sem pendência",
                format!("{} de {}", passed.count(), checks.len()),
                "verificacoes",
                Level::worst(checks.iter().map(|check| check.verdict.level)),
            ),
            figure(
                "Consentimentos a rever",
                consents_due.to_string(),
                "consentimentos",
                Level::worst(consents.iter().map(ConsentStanding::level)),
            ),
            figure(
                "Registros no fim do prazo",
                rows_due.to_string(),
                "prazos",
                Level::worst(retention.iter().map(RetentionStanding::level)),
            ),
        ]
    }

    fn rows(&self) -> Vec<Row> {
        let row = |request: &sigilo_features::rights::Request| Row {
            id: request.id,
            right: words::noun(&request.right_code).to_owned(),
            until: format::day(&request.alert_at),
            left: words::left(request, self.overview.at),
        };
        self.overview.requests.nearest.iter().map(row).collect()
    }

    fn incidents(&self) -> Vec<View> {
        let view = |incident: &sigilo_features::incident::Incident| View::new(incident.clone(), self.overview.at);
        self.overview.incidents.nearest.iter().map(view).collect()
    }

    /// The rules with rows to be looked at, those past their end in front.
    fn due(&self) -> Vec<&RetentionStanding> {
        let mut due: Vec<_> = self.overview.retention.iter().filter(|one| !one.tables.is_empty()).collect();
        due.sort_by_key(|one| std::cmp::Reverse(one.ended()));
        due
    }

    fn due_consents(&self) -> impl Iterator<Item = &ConsentStanding> {
        self.overview.consents.iter().filter(|one| one.level() == Level::Attention)
    }

    fn consent_days(&self) -> i32 {
        CONSENT_DAYS
    }

    fn retention_days(&self) -> i32 {
        RETENTION_DAYS
    }

    /// The day on which the first of some consents ends, said as past or to come.
    fn first(&self, at: &OffsetDateTime) -> String {
        let tense = if *at < self.overview.at { "o primeiro venceu em" } else { "o primeiro vence em" };
        format!("{tense} {}", format::day(at))
    }

    /// Address and words of a check's evidence.
    fn evidence(&self, check: &Check) -> Option<(String, String)> {
        let link = |href: &str, words: &str| Some((href.to_owned(), words.to_owned()));
        match check.evidence {
            Evidence::Query(number) => {
                link(&format!("/auditoria/consultas/{number}"), &format!("Conferir: SQL-{number:02}"))
            }
            Evidence::Requests => link(crate::rights::DESK, "Ver os pedidos"),
            Evidence::Grants => link("/auditoria/acessos", "Ver os acessos"),
            Evidence::Officer => link("/encarregado", "Ver a página pública"),
            Evidence::Proofs => link("/auditoria/provas", "Ver as provas"),
            Evidence::Copies => link(crate::copies::PATH, "Ver as cópias"),
            Evidence::Here => None,
        }
    }
}

pub(super) async fn show(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    let overview = compliance::overview(&app, &who.session).await?;
    Ok(layout::html(Page {
        frame: Frame::inside("Conformidade", Section::Compliance, &who.viewer),
        overview,
        who: who.viewer.display_name.clone(),
    }))
}
