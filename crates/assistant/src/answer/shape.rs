//! From the elements of a model's document to ours, however they are written.

use serde_json::{Map, Value};

use sigilo_citations::Cited;
use sigilo_knowledge::cid10;

use super::report::Report;
use super::{Hypothesis, Likelihood, SuggestedSearch, clean};

/// Most texts in a list of a hypothesis, and most authors or keywords.
const MAX_LIST: usize = 20;

/// What cleaning an element needs to know.
pub(super) struct Shaper<'a> {
    /// Names found in the reasoning.
    pub(super) names: &'a [String],
    /// Whether the document is our own engine's.
    pub(super) trusted: bool,
    pub(super) report: &'a mut Report,
}

impl Shaper<'_> {
    /// Cleaned text; none for what is no text or empty.
    pub(super) fn text(&mut self, value: &Value) -> Option<String> {
        let text = clean::text(value.as_str()?, self.names, self.report);
        (!text.is_empty()).then_some(text)
    }

    fn texts(&mut self, value: Option<&Value>) -> Vec<String> {
        let values = match value {
            Some(Value::Array(values)) => values.as_slice(),
            Some(value) => std::slice::from_ref(value),
            None => &[],
        };
        if values.len() > MAX_LIST {
            self.report.capped += 1;
        }
        values.iter().take(MAX_LIST).filter_map(|value| self.text(value)).collect()
    }

    /// None without a name.
    pub(super) fn hypothesis(&mut self, value: &Value) -> Option<Hypothesis> {
        let empty = Map::new();
        let map = value.as_object().unwrap_or(&empty);
        // A small model may list names alone.
        let nome = self.text(map.get("nome").unwrap_or(value))?;
        let (cid10, cid10_texto) = self.cid10(map.get("cid10"));
        let calculated = map.get("probabilidade_calculada").and_then(Value::as_f64).filter(|_| self.trusted);
        Some(Hypothesis {
            nome,
            cid10,
            cid10_texto,
            probabilidade: likelihood(map.get("probabilidade")),
            probabilidade_calculada: calculated.map(|probability| probability.clamp(0.0, 1.0) as f32),
            a_favor: self.texts(map.get("a_favor")),
            contra: self.texts(map.get("contra")),
            nao_perder: map.get("nao_perder").and_then(Value::as_bool).unwrap_or(false),
            proximos_passos: self.texts(map.get("proximos_passos")),
        })
    }

    /// A code that exists, and the table's text of it.
    fn cid10(&mut self, value: Option<&Value>) -> (Option<String>, Option<String>) {
        let Some(raw) = value.and_then(Value::as_str).map(str::trim).filter(|raw| !raw.is_empty()) else {
            return (None, None);
        };
        let found = cid10::normalise(raw).and_then(|code| cid10::lookup(&code).map(|text| (code, text.to_owned())));
        match found {
            Some((code, text)) => (Some(code), Some(text)),
            None => {
                self.report.invalid_cid10 += 1;
                (None, None)
            }
        }
    }

    /// None without anything to look for.
    pub(super) fn reference(&mut self, value: &Value) -> Option<Cited> {
        let map = value.as_object()?;
        let doi = map.get("doi").and_then(Value::as_str).map(str::trim).filter(|raw| !raw.is_empty());
        let cited = Cited {
            title: self.field(map.get("titulo")),
            authors: self.fields(map.get("autores"), &[';']),
            journal: self.field(map.get("revista")),
            year: year(map.get("ano")),
            keywords: self.fields(map.get("palavras_chave"), &[';', ',']),
            doi: doi.and_then(clean::doi),
        };
        if doi.is_some() && cited.doi.is_none() {
            self.report.invalid_doi += 1;
        }
        (!cited.title.is_empty() || !cited.keywords.is_empty() || cited.doi.is_some()).then_some(cited)
    }

    fn field(&mut self, value: Option<&Value>) -> String {
        value.and_then(Value::as_str).map(|raw| clean::cited(raw, self.report)).unwrap_or_default()
    }

    /// A list of fields, or one text with separators.
    fn fields(&mut self, value: Option<&Value>, separators: &[char]) -> Vec<String> {
        let raw: Vec<&str> = match value {
            Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) => text.split(separators).collect(),
            _ => Vec::new(),
        };
        if raw.len() > MAX_LIST {
            self.report.capped += 1;
        }
        let cleaned = raw.into_iter().take(MAX_LIST).map(|raw| clean::cited(raw, self.report));
        cleaned.filter(|text| !text.is_empty()).collect()
    }

    /// None unless both its parts are there.
    pub(super) fn search(&mut self, value: &Value) -> Option<SuggestedSearch> {
        let termos = clean::cited(value.get("termos")?.as_str()?, self.report);
        Some(SuggestedSearch { rotulo: self.text(value.get("rotulo")?)?, termos })
            .filter(|search| !search.termos.is_empty())
    }
}

/// Unreadable counts as low: a hypothesis is never raised by a fault.
fn likelihood(value: Option<&Value>) -> Likelihood {
    let word = value.and_then(Value::as_str).unwrap_or_default().trim().to_lowercase();
    match word.as_str() {
        "alta" | "alto" => Likelihood::Alta,
        "media" | "média" | "moderada" | "médio" => Likelihood::Media,
        _ => Likelihood::Baixa,
    }
}

fn year(value: Option<&Value>) -> Option<u16> {
    let year = match value? {
        Value::Number(number) => number.as_u64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    u16::try_from(year).ok().filter(|year| (1800..=2100).contains(year))
}
