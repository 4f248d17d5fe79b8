//! What an answer is: its schema, its instructions, and reading it while it arrives.

mod clean;
mod document;
mod known;
pub mod prompt;
mod prose;
pub mod reader;
pub mod render;
mod report;
pub mod schema;
mod shape;
mod strip;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

use sigilo_citations::Cited;

pub use report::{Detected, Report};

/// SHA-256 in hexadecimal.
fn sha256_hex(bytes: &[u8]) -> String {
    digest::digest(&digest::SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How likely the model calls a hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Likelihood {
    /// High.
    Alta,
    /// Medium.
    Media,
    /// Low.
    Baixa,
}

/// One diagnostic hypothesis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hypothesis {
    /// The condition.
    pub nome: String,
    /// CID-10 code that exists, in its usual form.
    #[serde(default)]
    pub cid10: Option<String>,
    /// The table's text of that code; ours, never the model's.
    #[serde(default)]
    pub cid10_texto: Option<String>,
    /// How likely.
    pub probabilidade: Likelihood,
    /// The engine's calibrated probability, 0 to 1; only from the local engine.
    #[serde(default)]
    pub probabilidade_calculada: Option<f32>,
    /// What speaks for it.
    #[serde(default)]
    pub a_favor: Vec<String>,
    /// What speaks against it.
    #[serde(default)]
    pub contra: Vec<String>,
    /// Not to be missed, likely or not.
    #[serde(default)]
    pub nao_perder: bool,
    /// What to do next.
    #[serde(default)]
    pub proximos_passos: Vec<String>,
}

/// An answer, cleaned and de-identified.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The reasoning.
    #[serde(default)]
    pub raciocinio: String,
    /// Ranked hypotheses; empty when abstaining.
    #[serde(default)]
    pub hipoteses: Vec<Hypothesis>,
    /// Signs that need action at once.
    #[serde(default)]
    pub sinais_de_alarme: Vec<String>,
    /// What to ask or examine next.
    #[serde(default)]
    pub dados_faltantes: Vec<String>,
    /// Text the model read in an image, shown so that hidden instructions become visible.
    #[serde(default)]
    pub texto_na_imagem: Option<String>,
    /// What is cited; verified elsewhere.
    #[serde(default)]
    pub referencias: Vec<Cited>,
    /// Why there are no hypotheses, in Portuguese.
    #[serde(default)]
    pub abstencao: Option<String>,
    /// Links to PubMed searches that the server built; nobody claims they were read.
    #[serde(default)]
    pub buscas_sugeridas: Vec<SuggestedSearch>,
    /// The first hypothesis's probability, when the provider gives a calibrated one.
    #[serde(default)]
    pub confianca: Option<f32>,
}

/// A search that the doctor may make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestedSearch {
    /// What it is about, in Portuguese.
    pub rotulo: String,
    /// Its terms in English, as PubMed takes them.
    pub termos: String,
}
