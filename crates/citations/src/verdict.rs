//! What can be said of a cited article.

use serde::{Deserialize, Serialize};

/// What can be said of a cited article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// It exists and every shown field agrees.
    #[serde(rename = "verificada")]
    Verified,
    /// It exists; at least one cited field differed.
    #[serde(rename = "verificada_com_correcao")]
    VerifiedWithCorrection,
    /// Several articles fit about equally.
    #[serde(rename = "ambigua")]
    Ambiguous,
    /// No such article.
    #[serde(rename = "nao_encontrada")]
    NotFound,
    /// Nobody could be asked. Says nothing about the article.
    #[serde(rename = "nao_verificada")]
    Unverified,
}

impl Verdict {
    /// As stored and counted, such as `verificada_com_correcao`.
    pub fn code(self) -> &'static str {
        match self {
            Verdict::Verified => "verificada",
            Verdict::VerifiedWithCorrection => "verificada_com_correcao",
            Verdict::Ambiguous => "ambigua",
            Verdict::NotFound => "nao_encontrada",
            Verdict::Unverified => "nao_verificada",
        }
    }
}

/// What a verdict other than [`Verdict::Verified`] rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The title exists, the authorship does not agree.
    AuthorshipMismatch,
    /// No title comes near.
    NoSimilarTitle,
    /// Cited with too little to look for.
    TooLittle,
    /// A Brazilian guideline, ordinance or protocol, which PubMed does not hold.
    Guideline,
    /// The service did not answer in time, or with an error.
    Unavailable,
    /// The policy forbids asking.
    Policy,
    /// The local index holds only a part of PubMed and not this article. Says nothing about it.
    PartialIndex,
}

/// A field that was cited differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// `titulo`, `autores`, `revista`, `ano` or `doi`.
    pub field: String,
    /// As cited.
    pub cited: String,
    /// As PubMed has it.
    pub found: String,
}

/// What the candidates say of a cited article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The verdict; never [`Verdict::Unverified`] from the matcher itself.
    pub verdict: Verdict,
    /// What it rests on.
    pub reason: Option<Reason>,
    /// Position of the article among the candidates; none without one worth showing.
    pub best: Option<usize>,
    /// Title similarity of each candidate, 0 to 1, in their order.
    pub scores: Vec<f32>,
    /// Fields that were cited differently, when `best` is the article.
    pub corrections: Vec<Correction>,
}
