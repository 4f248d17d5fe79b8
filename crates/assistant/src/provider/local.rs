//! The local knowledge engine as a provider: no language model, no network, the same document.

use std::sync::LazyLock;

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream, stream::BoxStream};
use serde::Serialize;

use sigilo_knowledge::{Abstention, Assessment, Hypothesis, Presence, VERSION, assess};

use super::{Capabilities, Checked, Failure, Piece, Provider, Request, Stop, Usage, models};
use crate::answer::{Likelihood, SuggestedSearch};

/// Bytes of a piece, so that the local answer goes the same way as a streamed one.
const PIECE: usize = 160;
/// Posterior probabilities from which a hypothesis counts as likely or fairly likely.
const HIGH: f32 = 0.5;
const MEDIUM: f32 = 0.2;
/// Searches are suggested for the first hypotheses only.
const SEARCHES: usize = 3;

static CAPABILITIES: LazyLock<Capabilities> = LazyLock::new(models::local);

/// The local knowledge engine.
#[derive(Debug, Default)]
pub struct Local;

impl Local {
    /// The engine; its data is part of the program.
    pub fn new() -> Local {
        Local
    }
}

impl Provider for Local {
    fn name(&self) -> &'static str {
        super::LOCAL
    }

    fn model(&self) -> &str {
        VERSION
    }

    fn api_version(&self) -> Option<&'static str> {
        None
    }

    fn recipient(&self) -> Option<&str> {
        None
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn check(&self) -> BoxFuture<'_, Result<Checked, Failure>> {
        async { Ok(Checked { model: VERSION.to_owned() }) }.boxed()
    }

    fn answer(&self, request: Request) -> BoxStream<'static, Result<Piece, Failure>> {
        let Request { turns, images, .. } = request;
        let with_images = !images.is_empty();
        drop(images);
        let notes: Vec<&str> = turns.iter().filter(|turn| turn.from_doctor).map(|turn| turn.text.as_str()).collect();
        let Some(document) = document(&assess(&notes), with_images) else {
            return stream::iter([Err(Failure::Malformed)]).boxed();
        };
        let mut pieces = vec![Ok(Piece::Started { request_id: None, model: Some(VERSION.to_owned()) })];
        let mut rest = document.as_str();
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(rest.ceil_char_boundary(PIECE));
            pieces.push(Ok(Piece::Text(piece.to_owned())));
            rest = more;
        }
        pieces.push(Ok(Piece::Usage(Usage::default())));
        pieces.push(Ok(Piece::Stopped(Stop::Complete)));
        stream::iter(pieces).boxed()
    }
}

/// The answer's document, in the order in which a model would write it.
#[derive(Serialize)]
struct Document<'a> {
    raciocinio: String,
    abstencao: Option<&'static str>,
    hipoteses: Vec<Stated<'a>>,
    sinais_de_alarme: Vec<String>,
    dados_faltantes: &'a [String],
    confianca: Option<f32>,
    buscas_sugeridas: Vec<SuggestedSearch>,
    referencias: [&'static str; 0],
}

#[derive(Serialize)]
struct Stated<'a> {
    nome: &'a str,
    cid10: &'a str,
    probabilidade: Likelihood,
    probabilidade_calculada: f32,
    a_favor: &'a [String],
    contra: &'a [String],
    nao_perder: bool,
}

fn document(assessment: &Assessment, with_images: bool) -> Option<String> {
    let hipoteses = assessment.hypotheses.iter().map(stated).collect();
    serde_json::to_string(&Document {
        raciocinio: reasoning(assessment, with_images),
        abstencao: assessment.abstained.map(abstention),
        hipoteses,
        sinais_de_alarme: assessment.not_excluded.iter().map(not_excluded).collect(),
        dados_faltantes: &assessment.missing,
        confianca: assessment.confidence,
        buscas_sugeridas: assessment.hypotheses.iter().take(SEARCHES).map(search).collect(),
        referencias: [],
    })
    .ok()
}

fn stated(hypothesis: &Hypothesis) -> Stated<'_> {
    Stated {
        nome: &hypothesis.name,
        cid10: &hypothesis.cid10,
        probabilidade: match hypothesis.probability {
            HIGH.. => Likelihood::Alta,
            MEDIUM.. => Likelihood::Media,
            _ => Likelihood::Baixa,
        },
        probabilidade_calculada: hypothesis.probability,
        a_favor: &hypothesis.supporting,
        contra: &hypothesis.opposing,
        nao_perder: hypothesis.must_not_miss,
    }
}

/// A grave condition that the engine cannot set aside although it states no hypothesis.
fn not_excluded(hypothesis: &Hypothesis) -> String {
    format!("Não foi possível afastar {}, pelo que consta: {}.", hypothesis.name, hypothesis.supporting.join(", "))
}

fn search(hypothesis: &Hypothesis) -> SuggestedSearch {
    SuggestedSearch { rotulo: hypothesis.name.clone(), termos: hypothesis.english.to_owned() }
}

/// Why there are no hypotheses.
fn abstention(reason: Abstention) -> &'static str {
    match reason {
        Abstention::TooFewFindings => {
            "Há achados de menos para sugerir hipóteses. Descreva ao menos dois sintomas ou sinais presentes, com idade \
             e sexo."
        }
        Abstention::OutsideCoverage => {
            "O motor local não reconhece grande parte deste relato: o caso está provavelmente fora das condições que \
             ele cobre."
        }
        Abstention::Undecided => {
            "Nenhuma das condições cobertas se destaca com os dados informados. Veja os dados que mais ajudariam a \
             distinguir."
        }
    }
}

/// What was understood, so that the doctor sees it when it was not.
fn reasoning(assessment: &Assessment, with_images: bool) -> String {
    let labels = |presence: Presence| {
        let found = assessment.findings.iter().filter(|finding| finding.presence == presence);
        let mut labels: Vec<&str> = found.map(|finding| finding.label.as_str()).collect();
        let mut seen = std::collections::BTreeSet::new();
        labels.retain(|label| seen.insert(*label));
        labels.join(", ")
    };
    let mut understood = Vec::new();
    let patient = match (assessment.patient.female, assessment.patient.age) {
        (None, None) => None,
        (female, age) => {
            let sex = match female {
                Some(true) => "sexo feminino",
                Some(false) => "sexo masculino",
                None => "sexo não informado",
            };
            Some(age.map_or(sex.to_owned(), |age| format!("{sex}, {age} {}", if age == 1 { "ano" } else { "anos" })))
        }
    };
    let present = labels(Presence::Present);
    let known: Vec<String> = patient.into_iter().chain((!present.is_empty()).then_some(present)).collect();
    understood.push(match known.is_empty() {
        true => "Entendi: nenhum achado que o motor conheça".to_owned(),
        false => format!("Entendi: {}", known.join("; ")),
    });
    for (what, presence) in [("negados", Presence::Absent), ("na família", Presence::Family)] {
        let labels = labels(presence);
        if !labels.is_empty() {
            understood.push(format!("{what}: {labels}"));
        }
    }
    let mut text = format!("{}.", understood.join("; "));
    if let Some(first) = assessment.hypotheses.first() {
        let ranked = match assessment.hypotheses.len() {
            1 => format!(" Entre as condições cobertas, a que mais combina é {}.", first.name),
            count => format!(" Entre as condições cobertas, {count} combinam; a que mais combina é {}.", first.name),
        };
        text.push_str(&ranked);
    }
    text.push_str(" Esta resposta vem de um motor de regras sobre uma tabela de condições, sem IA generativa.");
    if with_images {
        text.push_str(" Este modo não analisa imagens; a imagem foi descartada.");
    }
    text
}
