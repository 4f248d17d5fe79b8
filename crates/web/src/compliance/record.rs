//! The record of processing activities: on screen, for a spreadsheet, for a program.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use sigilo_features::App;
use sigilo_features::compliance::{self, Activity, MEASURES, Record};

use crate::download::attachment;
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::sheet;
use crate::visitor::Member;

const NO_OFFICER: &str = "Contato ainda não configurado";
const NOBODY: &str = "Ninguém fora da clínica";

#[derive(Template)]
#[template(path = "compliance/record.html")]
struct Page {
    frame: Frame,
    record: Record,
}

impl Page {
    fn officer(&self) -> &str {
        self.record.officer.as_deref().unwrap_or(NO_OFFICER)
    }

    fn measures(&self) -> &'static [&'static str] {
        &MEASURES
    }

    fn bases(&self, activity: &Activity) -> String {
        bases(activity)
    }

    fn protections(&self, activity: &Activity) -> String {
        protections(activity)
    }

    fn recipients(&self, activity: &Activity) -> String {
        recipients(&self.record, activity)
    }
}

pub(super) async fn show(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    let record = compliance::record(&app, &who.session, false).await?;
    let frame = Frame::inside("Registro das operações de tratamento", Section::Compliance, &who.viewer);
    Ok(layout::html(Page { frame, record }))
}

pub(super) async fn csv(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    let record = compliance::record(&app, &who.session, true).await?;
    Ok(file("csv", "text/csv; charset=utf-8", sheet::csv(lines(&record))?))
}

pub(super) async fn json(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    let record = compliance::record(&app, &who.session, true).await?;
    let body = serde_json::to_vec_pretty(&document(&record)).map_err(|_| sigilo_features::Error::Internal)?;
    Ok(file("json", "application/json", body))
}

fn file(ending: &str, mime: &str, body: Vec<u8>) -> Response {
    attachment(&format!("registro-das-operacoes.{ending}"), mime, body)
}

fn bases(activity: &Activity) -> String {
    let bases: Vec<String> = activity
        .legal_bases
        .iter()
        .map(|basis| match basis.code.as_str() {
            "none" => basis.about.clone(),
            code => format!("{code}: {}", basis.about),
        })
        .collect();
    bases.join(" ")
}

fn protections(activity: &Activity) -> String {
    let mut all = vec!["acesso por linha e por perfil"];
    all.extend(&activity.protections);
    all.join(", ")
}

fn recipients(record: &Record, activity: &Activity) -> String {
    let names: Vec<&str> = record.recipients_of(activity.table).map(|one| one.name.as_str()).collect();
    if names.is_empty() { NOBODY.to_owned() } else { names.join("; ") }
}

/// A line an activity, each complete by itself: a spreadsheet is sorted and filtered.
fn lines(record: &Record) -> Vec<Vec<String>> {
    let head = [
        "Controlador",
        "Encarregado",
        "Atividade",
        "Tabela",
        "Finalidade",
        "Base legal",
        "Titulares",
        "Categorias de dados",
        "Dados",
        "Guarda",
        "Fundamento do prazo",
        "Ao fim do prazo",
        "Proteção",
        "Destinatários",
        "Medidas de segurança",
        "Gerado em",
    ];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    for activity in &record.activities {
        let columns: Vec<String> =
            activity.columns.iter().map(|column| format!("{}: {}", column.name, column.about)).collect();
        let line = [
            record.controller.clone(),
            record.officer.clone().unwrap_or_else(|| NO_OFFICER.to_owned()),
            activity.table.title.clone(),
            activity.table.name.clone(),
            activity.purpose.to_owned(),
            bases(activity),
            activity.subjects.join(" "),
            activity.categories.join(", "),
            columns.join(" "),
            format!("{}. {}", activity.retention.title, activity.retention.about),
            activity.retention.source.clone(),
            activity.retention.at_end.clone(),
            protections(activity),
            recipients(record, activity),
            MEASURES.join(" "),
            format::moment(&record.at),
        ];
        lines.push(line.iter().map(|cell| sheet::harmless(cell)).collect());
    }
    lines
}

fn document(record: &Record) -> Value {
    let activities: Vec<Value> = record
        .activities
        .iter()
        .map(|activity| {
            let columns: Vec<Value> = activity
                .columns
                .iter()
                .map(|column| json!({ "coluna": column.name, "conteudo": column.about, "vai_na_exportacao_do_titular": column.exported }))
                .collect();
            let bases: Vec<Value> = activity
                .legal_bases
                .iter()
                .map(|basis| json!({ "artigo": (basis.code != "none").then_some(&basis.code), "texto": basis.about }))
                .collect();
            json!({
                "atividade": activity.table.title,
                "tabela": activity.table.name,
                "finalidade": activity.purpose,
                "bases_legais": bases,
                "titulares": activity.subjects,
                "categorias_de_dados": activity.categories,
                "dados": columns,
                "guarda": {
                    "prazo": activity.retention.title,
                    "contado": activity.retention.about,
                    "fundamento": activity.retention.source,
                    "ao_fim": activity.retention.at_end,
                    "como": activity.retention.how,
                },
                "protecao": protections(activity),
                "destinatarios": record.recipients_of(activity.table).map(|one| one.name.as_str()).collect::<Vec<_>>(),
            })
        })
        .collect();
    let recipients: Vec<Value> = record
        .recipients
        .iter()
        .map(
            |one| json!({ "nome": one.name, "finalidade": one.purpose, "dados": one.data, "lugar": one.place_in_words() }),
        )
        .collect();
    json!({
        "documento": "Registro das operações de tratamento de dados pessoais (LGPD, art. 37)",
        "sigilo": record.version,
        "gerado_em": format::iso(&record.at),
        "controlador": record.controller,
        "encarregado": record.officer,
        "atividades": activities,
        "destinatarios": recipients,
        "medidas_de_seguranca": MEASURES,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use sigilo_features::compliance::{Place, Recipient};
    use sigilo_store::classification::Classification;
    use time::macros::datetime;

    fn record() -> Record {
        Record {
            at: datetime!(2026-11-23 17:05 UTC),
            version: "0.1.0",
            controller: "=Clínica Jardim das Acácias".to_owned(),
            officer: None,
            activities: compliance::activities(),
            recipients: vec![Recipient {
                name: "Provedor do modelo de linguagem: api.anthropic.com, modelo claude-opus-4-6".to_owned(),
                purpose: "Responder ao médico.",
                data: "Texto sem dados pessoais.",
                place: Place::Abroad("Estados Unidos"),
                personal: true,
                tables: &["public.messages"],
            }],
        }
    }

    #[test]
    fn every_table_and_every_column_is_in_every_form() {
        let viewer = sigilo_features::session::Viewer {
            user_id: uuid::Uuid::nil(),
            clinic_id: uuid::Uuid::nil(),
            session_id: uuid::Uuid::nil(),
            clinic_name: String::new(),
            display_name: "Breno Dias".to_owned(),
            roles: vec![sigilo_domain::Role::Dpo],
            onboarded: true,
            consents: Vec::new(),
            demo: false,
            idle_timeout_seconds: 900,
        };
        let page =
            Page { frame: Frame::inside("Registro", Section::Compliance, &viewer), record: record() }.render().unwrap();
        let table = lines(&record());
        let document = document(&record());
        for wanted in &Classification::of_the_product().tables {
            let own_lines: Vec<_> = table.iter().filter(|line| line[3] == wanted.name).collect();
            let own: Vec<_> =
                document["atividades"].as_array().unwrap().iter().filter(|one| one["tabela"] == *wanted.name).collect();
            assert!(!own.is_empty() && own.len() == own_lines.len(), "{}", wanted.name);
            for column in &wanted.columns {
                let cell = format!("{}: ", column.name);
                assert!(own_lines.iter().any(|line| line[8].contains(&cell)), "{}.{}", wanted.name, column.name);
                let mut held = own.iter().flat_map(|one| one["dados"].as_array().unwrap());
                assert!(held.any(|one| one["coluna"] == *column.name), "{}.{}", wanted.name, column.name);
                let shown = format!("<code>{}</code>", column.name);
                let shown = page
                    .split(&format!("<code>{}</code>", wanted.name))
                    .skip(1)
                    .any(|part| part.split("<dt>Tabela</dt>").next().unwrap_or_default().contains(&shown));
                assert!(shown, "{}.{} on the page", wanted.name, column.name);
            }
        }
    }

    #[test]
    fn whoever_receives_data_stands_beside_what_they_get() {
        let table = lines(&record());
        for line in &table[1..] {
            assert_eq!(line.len(), table[0].len());
            assert_eq!(line[13].contains("api.anthropic.com"), line[3] == "public.messages", "{}", line[3]);
            assert_eq!(line[0], "'=Clínica Jardim das Acácias", "no cell is a formula");
        }
        let file = String::from_utf8(sheet::csv(table).unwrap()).unwrap();
        assert!(file.starts_with("\u{feff}\"Controlador\";\"Encarregado\";"));
        assert!(document(&record())["destinatarios"][0]["lugar"].as_str().unwrap().contains("Fora do Brasil"));
    }
}
