//! Finds what a model must not write into prose: identifiers of articles, links and markup.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What stands in prose in place of an identifier.
pub(super) const IDENTIFIER: &str = "[identificador removido]";
/// What stands in prose in place of a link.
pub(super) const LINK: &str = "[link removido]";

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unwanted {
    /// PMID, PMCID or DOI.
    Identifier,
    /// A web address, or the target of a Markdown link or image.
    Link,
    /// A web address that names an article.
    IdentifyingLink,
    /// An HTML tag or Markdown's brackets.
    Markup,
}

impl Unwanted {
    /// What takes its place in prose.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Unwanted::Identifier => IDENTIFIER,
            Unwanted::Link | Unwanted::IdentifyingLink => LINK,
            Unwanted::Markup => "",
        }
    }
}

/// A place in a text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) what: Unwanted,
}

/// Characters that show nothing, turn the direction of writing or hide text from readers. They could hide an
/// identifier from the rules below.
pub(super) fn invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
        || (c.is_control() && !matches!(c, '\n' | '\t'))
}

/// Letters of an address until a space, quote or bracket.
const ADDRESS: &str = r#"[^\s<>"'`\[\]“”«»]"#;

static URL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(&format!(
        r"(?x)
        (?P<sure> \b(?:[a-z][a-z0-9+.-]{{1,15}}://|www\.){ADDRESS}+
          | \b(?:javascript|vbscript|mailto)\s?:{ADDRESS}+
          | \bdata:[a-z]+/[a-z0-9.+-]+[;,]{ADDRESS}*
          | \b(?:[a-z0-9-]+\.)+(?:com|org|net|gov|edu|med|jus|leg|mil)\.br\b(?:[:/?\#]{ADDRESS}*)?
          | \b(?:[a-z0-9-]+\.)+(?:org|net|gov|edu|info|io|app|dev|nih|int/|eu/|uk/|br/)\b(?:[:/?\#]{ADDRESS}*)?
          | \b(?:[a-z0-9-]+\.)+com[:/?\#]{ADDRESS}*
          | \b(?:[a-z0-9-]+\.){{2,}}com\b )
        | (?P<perhaps> \b[a-z0-9-]+\.com\b )"
    ))
});

static IDENTIFIERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(
        r#"(?x)
        \b(?:PMIDs?|PMCIDs?|PubMed[\s-]{0,2}(?:IDs?|n[úu]mero|n[ºo°.]))
            [\s:\#=ºo°.()\[\]*_-]{0,8} (?:n[úu]mero\s|n[ºo°.]{1,2}\s?)? (?:PMC)?\d{1,9}
            (?:[\s*_\]\)]*(?:,|;|/|\be\b|\band\b)[\s*_\[\(]*(?:PMC)?\d{5,9}\b)*
        | \bPubMed\b[\s:/\#(-]{1,3}\d{5,9}\b
        | \bPMC\d{4,9}\b
        | (?:\bdoi\b[\s:=.]{0,3})?\b10\.\d{4,9}/[^\s"<>\[\]“”]+"#,
    )
});

static MARKUP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(
        r"(?x)
        (?P<comment> <!--(?s:.{0,2000}?)--> )
        | </?(?:a|abbr|article|aside|audio|b|base|blockquote|body|br|button|canvas|center|code|details|div|em|embed
            |font|footer|form|frame|frameset|h[1-6]|head|header|hr|html|i|iframe|img|input|label|li|link|main|math|meta
            |nav|object|ol|option|p|picture|pre|q|s|script|section|select|small|source|span|strike|strong|style|sub
            |summary|sup|svg|table|tbody|td|template|textarea|th|thead|title|tr|u|ul|video)
          (?:\s*/?> | \s+[a-z-]+\s*=[^<>]{0,2000}> | \s+/?> )
        | <[a-z][a-z0-9-]*(?:\s[^<>]{0,200})?\s[a-z-]+\s*=[^<>]{0,2000}>
        | </?(?:script|iframe|img|svg|object|embed|style|link|meta|form|input|button|video|audio|math|base|body|html|div
            |span|template)\b[^<>]{0,2000}>
        | </?(?:script|iframe|img|svg|object|embed|style|link|meta|form|input|button|video|audio|math|base|body|html
            |template)\b
        | <a\s+[a-z-]+\s*=",
    )
});

static MARKDOWN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(r#"(?P<open>!?\[)(?P<text>[^\[\]]{0,400})(?P<rest>\]\(\s{0,3}[^()\s]{1,2000}(?:\s+"[^"]{0,300}")?\s{0,3}\))"#)
});

static NAMES_ARTICLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| regex(r"10\.\d{4,9}/|PMC\d{3,}|(?:pubmed|pmc|term)\D{0,40}\d{5,9}"));

/// Every pattern here is a constant that the tests compile.
fn regex(pattern: &str) -> Option<Regex> {
    regex::RegexBuilder::new(pattern).case_insensitive(true).build().ok()
}

/// What does not belong into prose, in order and without overlaps.
pub(super) fn find(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    if !text.contains(['<', '[', '.', ':', '/']) && !mentions_index(text) {
        return found;
    }
    urls(text, &mut found);
    if let Some(pattern) = &*IDENTIFIERS {
        for one in pattern.find_iter(text) {
            let end = one.start() + trimmed(one.as_str());
            found.push(Span { start: one.start(), end, what: Unwanted::Identifier });
        }
    }
    if text.contains('<')
        && let Some(pattern) = &*MARKUP
    {
        let span = |one: regex::Match| Span { start: one.start(), end: one.end(), what: Unwanted::Markup };
        found.extend(pattern.find_iter(text).map(span));
    }
    if text.contains("](")
        && let Some(pattern) = &*MARKDOWN
    {
        for one in pattern.captures_iter(text) {
            markdown(&one, &mut found);
        }
    }
    merge(found)
}

fn mentions_index(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(3).any(|three| three.eq_ignore_ascii_case(b"pmi") || three.eq_ignore_ascii_case(b"pmc"))
        || bytes.windows(6).any(|six| six.eq_ignore_ascii_case(b"pubmed"))
}

fn urls(text: &str, found: &mut Vec<Span>) {
    let Some(pattern) = &*URL else { return };
    for one in pattern.captures_iter(text) {
        let Some(whole) = one.get(0) else { continue };
        // An e-mail address is the de-identifier's.
        if text.get(..whole.start()).is_some_and(|before| before.ends_with('@')) {
            continue;
        }
        let end = whole.start() + trimmed(whole.as_str());
        if one.name("perhaps").is_some() {
            // "dor.com febre" is a forgotten space, and "com" a word.
            let after = text.get(end..).unwrap_or_default();
            if after.trim_start().len() < after.len() && after.trim_start().starts_with(char::is_alphabetic) {
                continue;
            }
        }
        let names_article = NAMES_ARTICLE.as_ref().is_some_and(|pattern| pattern.is_match(whole.as_str()));
        let what = if names_article { Unwanted::IdentifyingLink } else { Unwanted::Link };
        found.push(Span { start: whole.start(), end, what });
    }
}

fn markdown(one: &Captures, found: &mut Vec<Span>) {
    let (Some(open), Some(rest)) = (one.name("open"), one.name("rest")) else { return };
    let names_article = NAMES_ARTICLE.as_ref().is_some_and(|pattern| pattern.is_match(rest.as_str()));
    let what = if names_article { Unwanted::IdentifyingLink } else { Unwanted::Link };
    if open.as_str().starts_with('!') {
        found.push(Span { start: open.start(), end: rest.end(), what });
    } else {
        found.push(Span { start: open.start(), end: open.end(), what: Unwanted::Markup });
        found.push(Span { start: rest.start(), end: rest.end(), what });
    }
}

/// Length without the punctuation of the sentence, and without a bracket that was opened outside.
fn trimmed(text: &str) -> usize {
    let mut text = text;
    loop {
        let shorter = text.trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_', '\'']);
        let closes_outside = shorter.ends_with(')') && shorter.matches(')').count() > shorter.matches('(').count();
        let shorter = if closes_outside { &shorter[..shorter.len() - 1] } else { shorter };
        if shorter.len() == text.len() {
            return text.len();
        }
        text = shorter;
    }
}

fn merge(mut found: Vec<Span>) -> Vec<Span> {
    found.retain(|span| span.start < span.end);
    found.sort_by(|a, b| a.start.cmp(&b.start).then(b.end.cmp(&a.end)));
    let mut merged: Vec<Span> = Vec::with_capacity(found.len());
    for next in found {
        match merged.last_mut() {
            Some(last) if next.start < last.end => {
                last.end = last.end.max(next.end);
                last.what = stronger(last.what, next.what);
            }
            _ => merged.push(next),
        }
    }
    merged
}

fn stronger(a: Unwanted, b: Unwanted) -> Unwanted {
    use Unwanted::{Identifier, IdentifyingLink, Link, Markup};
    match (a, b) {
        (IdentifyingLink, _) | (_, IdentifyingLink) | (Identifier, Link) | (Link, Identifier) => IdentifyingLink,
        (Markup, other) | (other, Markup) => other,
        (same, _) => same,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str) -> String {
        let mut out = String::new();
        let mut done = 0;
        for span in find(text) {
            out.push_str(&text[done..span.start]);
            out.push_str(span.what.mark());
            done = span.end;
        }
        out + &text[done..]
    }

    #[test]
    fn patterns_compile() {
        for pattern in [&URL, &IDENTIFIERS, &MARKUP, &MARKDOWN, &NAMES_ARTICLE] {
            assert!(pattern.is_some());
        }
    }

    #[test]
    fn identifiers_go() {
        for (text, clean_text) in [
            ("Ver PMID: 31978945.", "Ver [identificador removido]."),
            ("(PMID 31978945)", "([identificador removido])"),
            ("pmid nº 31978945 e outros", "[identificador removido] e outros"),
            ("PMIDs 31978945, 31978946 e 31978947.", "[identificador removido]."),
            ("PubMed ID 31978945", "[identificador removido]"),
            ("PubMed: 31978945", "[identificador removido]"),
            ("PMCID: PMC7092803;", "[identificador removido];"),
            ("em PMC7092803, lê-se", "em [identificador removido], lê-se"),
            ("doi:10.1016/S0140-6736(20)30183-5.", "[identificador removido]."),
            ("DOI 10.1056/NEJMoa2001017, de 2020", "[identificador removido], de 2020"),
            ("(10.1056/NEJMoa2001017)", "([identificador removido])"),
            ("PMID: **31978945**", "[identificador removido]**"),
            ("PMID\n31978945", "[identificador removido]"),
        ] {
            assert_eq!(clean(text), clean_text);
        }
    }

    #[test]
    fn links_go() {
        for (text, clean_text) in [
            ("Veja https://pubmed.ncbi.nlm.nih.gov/31978945/.", "Veja [link removido]."),
            ("em www.exemplo.com.br/a?b=c, e", "em [link removido], e"),
            ("pubmed.ncbi.nlm.nih.gov/?term=sepse", "[link removido]"),
            ("no saude.gov.br há", "no [link removido] há"),
            ("em uptodate.com.", "em [link removido]."),
            ("exemplo.org", "[link removido]"),
            ("JAVASCRIPT:alert(1)", "[link removido]"),
            ("data:text/html;base64,AAAA fim", "[link removido] fim"),
            ("ftp://a.b/c", "[link removido]"),
            ("[o artigo](https://x.example/y) diz", "o artigo[link removido] diz"),
            ("![ecg](http://x.example/y.png)", "[link removido]"),
            ("<https://x.example>", "<[link removido]>"),
            ("<a href=\"https://x.example\">aqui</a>", "[link removido]aqui"),
            ("https://doi.org/10.1056/NEJMoa2001017", "[link removido]"),
        ] {
            assert_eq!(clean(text), clean_text, "{text}");
        }
        let named = |text: &str| find(text)[0].what;
        assert_eq!(named("https://doi.org/10.1056/NEJMoa2001017"), Unwanted::IdentifyingLink);
        assert_eq!(named("https://pubmed.ncbi.nlm.nih.gov/31978945"), Unwanted::IdentifyingLink);
        assert_eq!(named("https://pubmed.ncbi.nlm.nih.gov/?term=sepsis"), Unwanted::Link);
    }

    #[test]
    fn markup_goes_and_words_stay() {
        assert_eq!(clean("<b>grave</b> e <i>raro</i><br/>"), "grave e raro");
        assert_eq!(clean("<img src=x onerror=alert(1)>oi<script>alert(1)</script>"), "oialert(1)");
        assert_eq!(clean("fim <img src=x onerror=alert(1)"), "fim  src=x onerror=alert(1)");
        assert_eq!(clean("a<!-- oculto -->b"), "ab");
    }

    #[test]
    fn prose_stays() {
        for text in [
            "PA < 90 x 60 e FC > 120",
            "se Hb <7 g/dL, transfundir; se p<0,05 e n>30",
            "idade <a que se espera> não existe",
            "leucócitos 10.500/mm³ e plaquetas 150.000/mm³",
            "NEJM 2020;382(8):727-733",
            "data: 12/03/2024, às 14:30",
            "ácido acetilsalicílico.com dor",
            "Escala [0-10](ver texto abaixo) conforme",
            "sem PMID conhecido; buscar no PubMed",
            "relação CA-125/HE4 e razão 10:1/ml",
            "E.coli, S.aureus, K.pneumoniae",
            "e.g. isto, i.e. aquilo, p.ex. outro",
        ] {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn hidden_characters_are_known() {
        assert!("\u{200b}\u{202e}\u{feff}\u{e0041}\u{7}\u{ad}".chars().all(invisible));
        assert!(!"aé\n\t😀ç–“”".chars().any(invisible));
    }
}
