//! Reads an answer while it arrives and gives out its parts as soon as they are safe to show.

use serde_json::Value;

use sigilo_citations::Cited;
use sigilo_deid::Deidentified;

use super::document::{Bit, Document, End, Field};
use super::prose::Prose;
use super::report::Report;
use super::shape::Shaper;
use super::{Answer, Hypothesis, SuggestedSearch};

/// Longest document that is read, in bytes.
const MAX_DOCUMENT: usize = 1024 * 1024;
const MAX_HYPOTHESES: usize = 10;
const MAX_REFERENCES: usize = 20;
const MAX_TEXTS: usize = 20;

/// A part of an answer that is complete, clean and de-identified.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// The next stretch of the reasoning.
    Reasoning(Deidentified<String>),
    /// A hypothesis and its position, from 0.
    Hypothesis(usize, Hypothesis),
    /// A sign that needs action at once.
    Alarm(String),
    /// What to ask or examine next.
    Missing(String),
    /// Text that was read in an image.
    ImageText(String),
    /// A search that the doctor may make.
    Search(SuggestedSearch),
    /// Why there are no hypotheses.
    Abstention(String),
    /// A reference and its position, from 0.
    Reference(usize, Cited),
}

/// What is there at the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// The parts that came out last.
    pub parts: Vec<Part>,
    /// The whole answer.
    pub answer: Answer,
    /// What had to be done to it.
    pub report: Report,
}

/// Reads an answer's JSON document in pieces of any size. Which parts come out, and their contents, do not depend on
/// how the document was cut into pieces.
pub struct Reader {
    document: Document,
    prose: Prose,
    /// Names that were found, so that they stay out of later fields.
    names: Vec<String>,
    answer: Answer,
    report: Report,
    trusted: bool,
    read: usize,
}

impl Default for Reader {
    fn default() -> Reader {
        Reader::new()
    }
}

impl Reader {
    /// For an answer of a language model, of which nothing is believed.
    pub fn new() -> Reader {
        Reader {
            document: Document::new(),
            prose: Prose::default(),
            names: Vec::new(),
            answer: Answer::default(),
            report: Report::default(),
            trusted: false,
            read: 0,
        }
    }

    /// For an answer of our own engine, which may also state calculated probabilities and suggest searches.
    pub fn trusted() -> Reader {
        Reader { trusted: true, ..Reader::new() }
    }

    /// Takes the next piece and gives out the parts it completes.
    pub fn push(&mut self, piece: &str) -> Vec<Part> {
        let room = MAX_DOCUMENT - self.read;
        let fitting = piece.get(..piece.floor_char_boundary(room)).unwrap_or_default();
        if fitting.len() < piece.len() && room > 0 {
            self.report.capped += 1;
            self.report.incomplete = true;
        }
        self.read = if fitting.len() < piece.len() { MAX_DOCUMENT } else { self.read + piece.len() };
        let bits = self.document.push(fitting);
        let mut parts = Vec::new();
        for bit in bits {
            self.take(bit, &mut parts);
        }
        parts
    }

    /// The end of the stream. `whole`: the provider said that the answer was complete.
    pub fn finish(mut self, whole: bool) -> Finished {
        let document = std::mem::replace(&mut self.document, Document::new());
        let (bits, end) = document.finish();
        let mut parts = Vec::new();
        for bit in bits {
            self.take(bit, &mut parts);
        }
        self.report.malformed = end == End::NoDocument;
        self.report.incomplete |= !whole || end != End::Closed;
        self.answer.raciocinio = self.prose.into_released();
        Finished { parts, answer: self.answer, report: self.report }
    }

    fn take(&mut self, bit: Bit, parts: &mut Vec<Part>) {
        match bit {
            Bit::Text(text) => {
                let released = self.prose.push(&text, &mut self.names, &mut self.report);
                parts.extend(released.into_iter().map(Part::Reasoning));
            }
            Bit::TextEnd => {
                let last = self.prose.finish(&mut self.names, &mut self.report);
                parts.extend(last.map(Part::Reasoning));
            }
            Bit::Value(field, json) => match serde_json::from_str(&json) {
                Ok(value) => parts.extend(self.value(field, &value)),
                Err(_) => self.report.incomplete = true,
            },
            Bit::TooLong => {
                self.report.capped += 1;
                self.report.incomplete = true;
            }
        }
    }

    fn value(&mut self, field: Field, value: &Value) -> Option<Part> {
        if value.is_null() {
            return None;
        }
        let mut shaper = Shaper { names: &self.names, trusted: self.trusted, report: &mut self.report };
        match field {
            Field::Hypotheses => {
                let hypothesis = shaper.hypothesis(value);
                let at = add(&mut self.answer.hipoteses, hypothesis, MAX_HYPOTHESES, &mut self.report)?;
                Some(Part::Hypothesis(at, self.answer.hipoteses.get(at)?.clone()))
            }
            Field::References => {
                let reference = shaper.reference(value);
                let at = add(&mut self.answer.referencias, reference, MAX_REFERENCES, &mut self.report)?;
                Some(Part::Reference(at, self.answer.referencias.get(at)?.clone()))
            }
            Field::Alarms => {
                let text = shaper.text(value);
                let at = add(&mut self.answer.sinais_de_alarme, text, MAX_TEXTS, &mut self.report)?;
                self.answer.sinais_de_alarme.get(at).cloned().map(Part::Alarm)
            }
            Field::Missing => {
                let text = shaper.text(value);
                let at = add(&mut self.answer.dados_faltantes, text, MAX_TEXTS, &mut self.report)?;
                self.answer.dados_faltantes.get(at).cloned().map(Part::Missing)
            }
            Field::ImageText => {
                self.answer.texto_na_imagem = shaper.text(value);
                self.answer.texto_na_imagem.clone().map(Part::ImageText)
            }
            Field::Abstention => {
                self.answer.abstencao = shaper.text(value);
                self.answer.abstencao.clone().map(Part::Abstention)
            }
            Field::Searches if self.trusted => {
                let search = shaper.search(value);
                let at = add(&mut self.answer.buscas_sugeridas, search, MAX_TEXTS, &mut self.report)?;
                self.answer.buscas_sugeridas.get(at).cloned().map(Part::Search)
            }
            Field::Confidence if self.trusted => {
                self.answer.confianca = value.as_f64().map(|confidence| confidence.clamp(0.0, 1.0) as f32);
                None
            }
            Field::Searches | Field::Confidence | Field::Reasoning | Field::Other => None,
        }
    }
}

/// Adds an element and gives its position; what could not be read or is one too many is noted.
fn add<T>(list: &mut Vec<T>, element: Option<T>, most: usize, report: &mut Report) -> Option<usize> {
    let Some(element) = element else {
        report.incomplete = true;
        return None;
    };
    if list.len() >= most {
        report.capped += 1;
        return None;
    }
    list.push(element);
    Some(list.len() - 1)
}
