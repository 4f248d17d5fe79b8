//! Cleans the short texts of an answer.

use sigilo_deid::{Detection, Kind, scan, scan_with};

use super::known;
use super::report::Report;
use super::strip::{self, Unwanted};

/// Longest text of a field, in bytes.
const MAX_TEXT: usize = 4096;

/// Kinds that a reference cannot contain. Names, places and numbers of journals belong to it.
const NEVER_CITED: &[Kind] = &[Kind::Cpf, Kind::Telefone, Kind::Email, Kind::Cns, Kind::Pix, Kind::Ip];
/// Below this a run of digits in a reference is more likely its pages or its years.
const SURE: f32 = 0.75;

/// One line of prose: without identifiers, links, markup and personal data. Empty when nothing is left.
pub(super) fn text(raw: &str, names: &[String], report: &mut Report) -> String {
    let raw = visible(raw, report);
    let stripped = take_out(&raw, &strip::find(&raw), Unwanted::mark, report);
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut clean = stripped;
    // Twice: what a first removal leaves side by side may be a name only then.
    for names in [names.as_slice(), &[]] {
        let found = scan_with(&clean, names).outside(&known::spans(&clean));
        found.iter().for_each(|found| report.detected(found));
        clean = sigilo_deid::redact(&clean, &found);
    }
    clean.trim().to_owned()
}

/// A field of a reference. What goes leaves no mark, since a mark would be looked for as part of the title.
pub(super) fn cited(raw: &str, report: &mut Report) -> String {
    let raw = visible(raw, report);
    let stripped = take_out(&raw, &strip::find(&raw), |_| "", report);
    let found = scan(&stripped);
    let mut clean = String::with_capacity(stripped.len());
    let mut done = 0;
    for one in found.iter().filter(|one| never_cited(one)) {
        report.detected(one);
        clean.push_str(stripped.get(done..one.start).unwrap_or_default());
        done = one.end;
    }
    clean.push_str(stripped.get(done..).unwrap_or_default());
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn never_cited(found: &Detection) -> bool {
    NEVER_CITED.contains(&found.kind) && found.confidence >= SURE
}

/// Lower case, without resolver; none when it has not the shape of a DOI.
pub(super) fn doi(raw: &str) -> Option<String> {
    let raw: String = raw.chars().filter(|c| !strip::invisible(*c)).collect::<String>().trim().to_ascii_lowercase();
    let doi = raw.get(raw.find("10.")?..)?;
    let lead = raw.strip_suffix(doi)?;
    let known_lead = lead.is_empty()
        || lead.trim_end_matches([':', ' ', '=']) == "doi"
        || (lead.ends_with('/') && lead.trim_end_matches('/').ends_with("doi.org"));
    let (prefix, suffix) = doi.split_once('/')?;
    let registrant = prefix.strip_prefix("10.")?;
    let shape = (4..=9).contains(&registrant.len())
        && registrant.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && !suffix.is_empty()
        && doi.len() <= 200
        && doi.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"' | b'\\' | b'{' | b'}'));
    (known_lead && shape).then(|| doi.trim_end_matches(['.', ',', ';']).to_owned())
}

fn visible(raw: &str, report: &mut Report) -> String {
    let mut text: String = raw.chars().filter(|c| !strip::invisible(*c)).collect();
    if text.len() > MAX_TEXT {
        report.capped += 1;
        text.truncate(text.floor_char_boundary(MAX_TEXT));
        // A word, and so an identifier, is not cut in two.
        text.truncate(text.rfind(char::is_whitespace).unwrap_or(0));
    }
    text
}

fn take_out(text: &str, spans: &[strip::Span], mark: impl Fn(Unwanted) -> &'static str, report: &mut Report) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    for span in spans {
        report.unwanted(span.what);
        clean.push_str(text.get(done..span.start).unwrap_or_default());
        clean.push_str(mark(span.what));
        done = span.end;
    }
    clean.push_str(text.get(done..).unwrap_or_default());
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doi_is_normalised_or_dropped() {
        for raw in [
            "10.1056/NEJMoa2001017",
            " doi: 10.1056/NEJMoa2001017.",
            "https://doi.org/10.1056/NEJMoa2001017",
            "http://dx.doi.org/10.1056/nejmoa2001017",
        ] {
            assert_eq!(doi(raw).as_deref(), Some("10.1056/nejmoa2001017"), "{raw}");
        }
        for raw in
            ["", "desconhecido", "10.1056", "10.12/x", "10.1056/", "http://mal.example/10.1056/x", "10.1056/<b>", "n/a"]
        {
            assert_eq!(doi(raw), None, "{raw}");
        }
    }

    #[test]
    fn a_text_that_is_too_long_ends_at_a_word() {
        let mut report = Report::default();
        let long = format!("{} 123.456.789-09", "a".repeat(MAX_TEXT - 8));
        assert_eq!(text(&long, &[], &mut report).len(), MAX_TEXT - 8);
        assert_eq!(report.capped, 1);
    }
}
