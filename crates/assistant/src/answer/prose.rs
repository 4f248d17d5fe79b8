//! Releases the reasoning sentence by sentence, cleaned and de-identified.
//!
//! A stretch is released only once some text beyond its end is known, and only where nothing found in it or across
//! its end could continue. Which stretches come out depends on the text alone, never on how it arrived in pieces.

use zeroize::Zeroizing;

use sigilo_deid::{Deidentified, Kind, deidentify_outside, scan_with};

use super::known;
use super::report::Report;
use super::strip::{self, Span};

/// Bytes beyond a sentence's end that must be known before it is released.
const BEYOND: usize = 32;
/// A run-on without a safe end is released at a word's end after this many bytes.
const MAX_HELD: usize = 4096;
/// Longest reasoning that is kept, in bytes.
const MAX_LENGTH: usize = 32 * 1024;
/// Released text that the de-identifier still sees, so that a name stays known and a label counts over a line break.
const CONTEXT: usize = 8 * 1024;
/// Released text in which the beginning of an identifier is looked for.
const NEAR: usize = 160;
/// A name found with less is taken out where it stands, and not looked for in the rest of the answer.
const CERTAIN: f32 = 0.75;
/// Stands for a stretch that could not be read safely.
const UNREADABLE: &str = "[trecho removido]";

/// The reasoning while it arrives.
#[derive(Default)]
pub(super) struct Prose {
    /// What was released, as it came.
    before: Zeroizing<String>,
    /// What was not released yet.
    held: Zeroizing<String>,
    /// Where in `held` the next end of a sentence is looked for.
    from: usize,
    /// What was released, clean.
    released: String,
    /// Inside a word longer than everything we hold.
    skipping: bool,
    full: bool,
}

impl Prose {
    pub(super) fn push(
        &mut self,
        text: &str,
        names: &mut Vec<String>,
        report: &mut Report,
    ) -> Vec<Deidentified<String>> {
        if self.full {
            return Vec::new();
        }
        for c in text.chars().filter(|c| !strip::invisible(*c)) {
            self.skipping &= !c.is_whitespace();
            if !self.skipping {
                self.held.push(c);
            }
        }
        let mut out = Vec::new();
        while self.advance(names, report, &mut out) {}
        out
    }

    /// The reasoning is complete: what is held comes out.
    pub(super) fn finish(&mut self, names: &mut Vec<String>, report: &mut Report) -> Option<Deidentified<String>> {
        let end = self.held.len();
        let spans = self.spans(end, names);
        self.release(end, &spans, names, report)
    }

    /// Everything that was released.
    pub(super) fn into_released(self) -> String {
        self.released
    }

    /// Looks at the next end of a sentence; `false` when more text is needed.
    fn advance(&mut self, names: &mut Vec<String>, report: &mut Report, out: &mut Vec<Deidentified<String>>) -> bool {
        match self.sentence_end() {
            Some(end) if end <= MAX_HELD => {
                if self.held.len() < end + BEYOND {
                    return false;
                }
                self.from = end;
                if let Some(spans) = self.safe(end, names) {
                    out.extend(self.release(end, &spans, names, report));
                }
                true
            }
            _ if self.held.len() >= MAX_HELD + BEYOND => {
                self.force(names, report, out);
                true
            }
            _ => false,
        }
    }

    /// Where the first sentence at or after `from` ends, its white space included.
    fn sentence_end(&mut self) -> Option<usize> {
        let mut stopped = false;
        for (at, c) in self.held.get(self.from..)?.char_indices() {
            let at = self.from + at;
            if c == '\n' || (stopped && c.is_whitespace()) {
                let end = at + c.len_utf8();
                // The last white space belongs to the sentence.
                let more = self.held.get(end..).unwrap_or_default();
                let space = more.len() - more.trim_start().len();
                return Some(end + space);
            }
            stopped = ends_sentence(c) || (stopped && closes(c));
        }
        // What was looked through need not be again, but for a stop whose white space is still to come.
        let looked = self.held.trim_end_matches(|c| ends_sentence(c) || closes(c)).len();
        self.from = self.from.max(looked);
        None
    }

    /// What is to be taken out of `held`, when nothing of it could reach over `end`.
    fn safe(&self, end: usize, names: &[String]) -> Option<Vec<(usize, usize, Taken)>> {
        let view = self.held.floor_char_boundary(end + BEYOND);
        let before = self.held.get(..end)?.trim_end();
        let after = self.held.get(end..view)?.trim_start();
        let digits_meet =
            before.trim_end_matches(['.', '-', '/', ',', ':', '(', ')']).ends_with(|c: char| c.is_numeric())
                && after.starts_with(|c: char| c.is_numeric() || matches!(c, '-' | '/' | '(' | '.'));
        if digits_meet || opens_tag(before) || announces(before) {
            return None;
        }
        let spans = self.spans(view, names);
        spans.iter().all(|&(start, stop, _)| stop <= end || start >= end).then_some(spans)
    }

    /// What is to be taken out of the first `view` bytes of `held`, seen after what was released.
    fn spans(&self, view: usize, names: &[String]) -> Vec<(usize, usize, Taken)> {
        let view = self.held.get(..view).unwrap_or(&self.held);
        let near = tail(&self.before, NEAR);
        let text = Zeroizing::new([near, view].concat());
        let stripped = strip::find(&text);
        let mut spans: Vec<_> = stripped
            .iter()
            .filter(|span| span.end > near.len())
            .map(|&Span { start, end, what }| {
                (start.saturating_sub(near.len()), end - near.len(), Taken::Unwanted(what))
            })
            .collect();

        let context = tail(&self.before, CONTEXT);
        let text = Zeroizing::new([context, view].concat());
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        for found in
            scan_with(&text, &names).outside(&known::spans(&text)).iter().filter(|found| found.end > context.len())
        {
            let (start, end) = (found.start.saturating_sub(context.len()), found.end - context.len());
            // An address of the web or an article's number is ours, whatever the de-identifier takes its digits for.
            let ours = |&(from, to, what): &(usize, usize, Taken)| {
                matches!(what, Taken::Unwanted(what) if what != strip::Unwanted::Markup) && from < end && start < to
            };
            if !spans.iter().any(ours) {
                spans.push((start, end, Taken::Personal(*found)));
            }
        }
        spans.sort_by_key(|&(start, end, _)| (start, end));
        spans
    }

    fn release(
        &mut self,
        end: usize,
        spans: &[(usize, usize, Taken)],
        names: &mut Vec<String>,
        report: &mut Report,
    ) -> Option<Deidentified<String>> {
        let stretch = self.held.get(..end)?;
        if stretch.is_empty() {
            return None;
        }
        let mut clean = String::with_capacity(stretch.len());
        let mut done = 0;
        for &(start, stop, what) in spans.iter().filter(|span| span.0 < end) {
            if start < done {
                continue;
            }
            clean.push_str(stretch.get(done..start).unwrap_or_default());
            match what {
                Taken::Unwanted(what) => {
                    clean.push_str(what.mark());
                    report.unwanted(what);
                }
                Taken::Personal(found) => {
                    clean.push_str(found.kind.tag());
                    report.detected(&found);
                    if found.kind == Kind::Nome
                        && found.confidence >= CERTAIN
                        && let Some(name) = stretch.get(start..stop)
                        && !names.iter().any(|known| known == name)
                        && names.len() < 50
                    {
                        names.push(name.to_owned());
                    }
                }
            }
            done = stop;
        }
        clean.push_str(stretch.get(done..).unwrap_or_default());
        self.before.push_str(stretch);
        let surplus = self.before.len() - tail(&self.before, CONTEXT).len();
        self.before.drain(..surplus);
        self.held.drain(..end);
        self.from = 0;
        self.publish(&clean, report)
    }

    /// The one way out.
    fn publish(&mut self, clean: &str, report: &mut Report) -> Option<Deidentified<String>> {
        if self.full {
            return None;
        }
        let room = MAX_LENGTH - self.released.len().min(MAX_LENGTH);
        if clean.len() > room {
            self.full = true;
            self.held.clear();
            report.capped += 1;
        }
        let clean = clean.get(..clean.floor_char_boundary(room)).unwrap_or_default();
        let (clean, more) = deidentify_outside(clean, &[], &known::spans(clean));
        more.iter().for_each(|found| report.detected(found));
        self.released.push_str(&clean);
        (!clean.is_empty()).then_some(clean)
    }

    /// Releases a run-on at the last safe end of a word, or gives it up when it has none.
    fn force(&mut self, names: &mut Vec<String>, report: &mut Report, out: &mut Vec<Deidentified<String>>) {
        let limit = self.held.floor_char_boundary(MAX_HELD);
        let ends: Vec<_> = self
            .held
            .get(..limit)
            .unwrap_or_default()
            .char_indices()
            .filter(|(_, c)| c.is_whitespace())
            .map(|(at, c)| at + c.len_utf8())
            .collect();
        for &end in ends.iter().rev().take(40) {
            if let Some(spans) = self.safe(end, names) {
                out.extend(self.release(end, &spans, names, report));
                return;
            }
        }
        report.capped += 1;
        let rest = self.held.get(limit..).unwrap_or_default();
        let word = rest.find(char::is_whitespace);
        self.skipping = word.is_none();
        let end = limit + word.unwrap_or(rest.len());
        self.held.drain(..end);
        self.from = 0;
        out.extend(self.publish(UNREADABLE, report));
    }
}

#[derive(Clone, Copy)]
enum Taken {
    Unwanted(strip::Unwanted),
    Personal(sigilo_deid::Detection),
}

fn ends_sentence(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…')
}

fn closes(c: char) -> bool {
    matches!(c, ')' | ']' | '"' | '”' | '\'' | '»')
}

fn tail(text: &str, bytes: usize) -> &str {
    text.get(text.ceil_char_boundary(text.len().saturating_sub(bytes))..).unwrap_or_default()
}

/// Whether a tag was opened and not closed near the end.
fn opens_tag(before: &str) -> bool {
    let near = tail(before, 512);
    near.rfind('<').is_some_and(|at| {
        let rest = &near[at + 1..];
        !rest.contains('>') && rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!'))
    })
}

/// Whether the last word announces a number.
fn announces(before: &str) -> bool {
    const WORDS: &[&str] = &[
        "pmid",
        "pmids",
        "pmcid",
        "pmcids",
        "doi",
        "cpf",
        "rg",
        "cns",
        "cnpj",
        "cep",
        "crm",
        "coren",
        "tel",
        "telefone",
        "celular",
        "whatsapp",
        "prontuário",
        "prontuario",
        "fone",
        "e-mail",
        "email",
        "pix",
    ];
    let before = before.trim_end_matches(|c: char| !c.is_alphanumeric());
    let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '-').map_or(0, |at| at + 1);
    // The separator may be a wide character.
    let word = before.get(before.ceil_char_boundary(start)..).unwrap_or_default().to_lowercase();
    WORDS.contains(&word.as_str())
}
