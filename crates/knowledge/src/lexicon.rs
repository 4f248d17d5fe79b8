//! The lexicon: what the data files say, compiled once.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::table::{self, CONDITIONS, rows};
use crate::text::{folded, stem, tokens};

const LEXICON: &str = include_str!("../../../data/ddxplus/lexico.tsv");
const REGIONS: &str = include_str!("../../../data/ddxplus/regioes.tsv");
const ABBREVIATIONS: &str = include_str!("../../../data/ddxplus/abreviaturas.tsv");
const NEUTRAL: &str = include_str!("../../../data/ddxplus/neutras.txt");
const OUTSIDE: &str = include_str!("../../../data/ddxplus/fora.txt");

/// What sort of thing a concept is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Symptom,
    Antecedent,
    /// Counts only when said of a relative.
    Family,
}

/// One thing a note can say: one or several evidences that ask the same.
#[derive(Debug)]
pub(crate) struct Concept {
    /// The first of its evidences, with `_@_` and the value where it has one.
    pub code: String,
    /// All its evidences, without values.
    pub evidences: Vec<&'static str>,
    pub kind: Kind,
    pub label: String,
    /// What to ask; empty for values of a question already asked.
    pub question: String,
    /// Concepts that it says as well.
    pub implies: Vec<usize>,
    /// By condition: does it belong there?
    pub fits: Vec<bool>,
    /// Belongs nowhere in particular: read and shown, but never weighed.
    pub neutral: bool,
}

/// A word of a form.
#[derive(Debug, Clone)]
pub(crate) enum Word {
    Stem(String),
    Prefix(String),
}

/// A surface form.
#[derive(Debug)]
pub(crate) struct Form {
    pub concept: usize,
    /// It says that the thing is not there.
    pub negated: bool,
    /// Words in any order near each other, rather than one after the other.
    pub window: bool,
    pub words: Vec<Vec<Word>>,
}

/// A region of the body and the concepts that name it.
#[derive(Debug)]
pub(crate) struct Region {
    pub pain: usize,
    pub radiation: usize,
    pub swelling: usize,
    pub lesion: usize,
}

/// What heads a phrase that a region completes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Head {
    /// Pain by itself, as `dor`.
    Pain,
    /// Pain only beside a region, as `aperto`.
    Feeling,
    Radiation,
    Swelling,
    Lesion,
}

#[derive(Debug)]
pub(crate) struct Lexicon {
    pub concepts: Vec<Concept>,
    pub forms: Vec<Form>,
    first_stem: HashMap<String, Vec<usize>>,
    first_prefix: HashMap<[u8; 2], Vec<(String, usize)>>,
    pub regions: Vec<Region>,
    /// Region forms: first stem → (stems, region), longest first.
    pub places: HashMap<String, Vec<(Vec<String>, usize)>>,
    abbreviations: HashMap<String, Vec<String>>,
    /// Stems of the lexicon's own words, for near misses.
    own: Vec<String>,
    known: HashSet<String>,
    neutral: HashSet<String>,
    clinical: HashSet<String>,
    outside: HashSet<String>,
    decisive: HashSet<String>,
    outside_prefixes: Vec<String>,
    /// The pain concept without place.
    pub pain: usize,
    pub swelling: usize,
    pub skin: usize,
    pub fever: usize,
    pub dyspnoea: usize,
    pub obesity: usize,
    pub underweight: usize,
    /// Heart disease of a relative, which counts only before the age of 50.
    pub early_heart: usize,
}

/// Evidences read and shown but never weighed: the table lists them with every condition that has pain or skin
/// lesions without saying which value, and "vaccinations up to date" does not say in which direction it points.
const UNWEIGHED: [&str; 8] = ["E_54", "E_56", "E_58", "E_59", "E_130", "E_135", "E_204", "E_209"];

/// Words that join and never carry a finding.
pub(crate) fn joins(word: &str) -> bool {
    matches!(
        word,
        "a" | "o"
            | "as"
            | "os"
            | "um"
            | "uma"
            | "de"
            | "do"
            | "da"
            | "dos"
            | "das"
            | "em"
            | "no"
            | "na"
            | "nos"
            | "nas"
            | "ao"
            | "aos"
            | "e"
            | "com"
            | "que"
            | "se"
            | "por"
            | "pelo"
            | "pela"
            | "pelos"
            | "pelas"
            | "para"
            | "pra"
            | "pro"
            | "num"
            | "numa"
            | "seu"
            | "sua"
            | "seus"
            | "suas"
            | "este"
            | "esta"
            | "lhe"
            | "muito"
            | "muita"
            | "bastante"
            | "bem"
    )
}

/// The one lexicon.
pub(crate) static LEXICON_DATA: LazyLock<Lexicon> = LazyLock::new(Lexicon::load);

impl Lexicon {
    fn load() -> Self {
        let mut concepts = Vec::new();
        let mut sources: Vec<(Vec<&'static str>, &'static str)> = Vec::new();
        for row in rows(LEXICON) {
            let [codes, kind, label, question, forms] = row[..] else { continue };
            let (codes, implied) = codes.split_once(" > ").unwrap_or((codes, ""));
            let codes: Vec<&'static str> = codes.split(',').collect();
            let evidences: Vec<&'static str> =
                codes.iter().map(|code| code.split('@').next().unwrap_or(code)).collect();
            let neutral = evidences.iter().any(|code| UNWEIGHED.contains(code)) && codes[0] != "E_204@V_1";
            let fits = CONDITIONS
                .iter()
                .map(|condition| match codes[0] {
                    // The table lists travel everywhere; where it matters is common knowledge.
                    "E_204@V_1" => condition.id == "ebola",
                    _ => !neutral && evidences.iter().any(|code| condition.evidences.contains(code)),
                })
                .collect();
            concepts.push(Concept {
                code: codes[0].replace('@', "_@_"),
                evidences,
                kind: match kind {
                    "S" => Kind::Symptom,
                    "F" => Kind::Family,
                    _ => Kind::Antecedent,
                },
                label: label.to_owned(),
                question: if codes[0].contains('@') { String::new() } else { question.to_owned() },
                implies: Vec::new(),
                fits,
                neutral,
            });
            sources.push((if implied.is_empty() { Vec::new() } else { implied.split(',').collect() }, forms));
        }
        let mut lexicon = Self {
            concepts,
            forms: Vec::new(),
            first_stem: HashMap::new(),
            first_prefix: HashMap::new(),
            regions: Vec::new(),
            places: HashMap::new(),
            abbreviations: HashMap::new(),
            own: Vec::new(),
            known: HashSet::new(),
            neutral: HashSet::new(),
            clinical: HashSet::new(),
            outside: HashSet::new(),
            decisive: HashSet::new(),
            outside_prefixes: Vec::new(),
            pain: 0,
            swelling: 0,
            skin: 0,
            fever: 0,
            dyspnoea: 0,
            obesity: 0,
            underweight: 0,
            early_heart: 0,
        };
        lexicon.pain = lexicon.by_code("E_53");
        lexicon.swelling = lexicon.by_code("E_151");
        lexicon.skin = lexicon.by_code("E_129");
        lexicon.fever = lexicon.by_code("E_91");
        lexicon.dyspnoea = lexicon.by_code("E_66");
        lexicon.obesity = lexicon.by_code("E_70");
        lexicon.underweight = lexicon.by_code("E_208");
        lexicon.early_heart = lexicon.concepts.iter().position(|concept| concept.code == "E_225").unwrap_or_default();
        lexicon.load_regions();
        for (concept, (implied, forms)) in sources.into_iter().enumerate() {
            lexicon.concepts[concept].implies =
                implied.iter().map(|code| lexicon.by_code(&code.replace('@', "_@_"))).collect();
            for form in forms.split('|') {
                lexicon.add_form(concept, form);
            }
        }
        lexicon.load_words();
        lexicon
    }

    /// Place of the concept that an evidence names first; the first one when there is none, which a test excludes.
    pub(crate) fn by_code(&self, code: &str) -> usize {
        self.concepts
            .iter()
            .position(|concept| concept.code == code && concept.kind != Kind::Family)
            .unwrap_or_default()
    }

    fn load_regions(&mut self) {
        for row in rows(REGIONS) {
            let [value, label, places, pains, pain, radiation, swelling, lesion] = row[..] else { continue };
            let bare = label.split_once(' ').map_or(label, |(_, bare)| bare);
            let index = self.regions.len();
            let region = Region {
                pain: self.add_place("E_55", value, format!("dor {label}"), pain, self.pain),
                radiation: self.add_place("E_57", value, format!("irradiação da dor: {bare}"), radiation, self.pain),
                swelling: self.add_place("E_152", value, format!("inchaço {label}"), swelling, self.swelling),
                lesion: self.add_place("E_133", value, format!("lesão de pele {label}"), lesion, self.skin),
            };
            for place in places.split('|').filter(|place| !place.is_empty()) {
                let stems: Vec<String> =
                    tokens(place).into_iter().filter(|token| !joins(&token.text)).map(|token| token.stem).collect();
                if let Some(first) = stems.first().cloned() {
                    self.places.entry(first).or_default().push((stems, index));
                }
            }
            for form in pains.split('|').filter(|form| !form.is_empty()) {
                self.add_form(region.pain, form);
            }
            self.regions.push(region);
        }
        for list in self.places.values_mut() {
            list.sort_by_key(|(stems, region)| (std::cmp::Reverse(stems.len()), *region));
        }
    }

    fn add_place(&mut self, evidence: &'static str, value: &str, label: String, typical: &str, whole: usize) -> usize {
        let typical: Vec<usize> = typical.split(',').filter_map(table::place).collect();
        self.concepts.push(Concept {
            code: format!("{evidence}_@_{value}"),
            evidences: vec![evidence],
            kind: Kind::Symptom,
            label,
            question: String::new(),
            implies: vec![whole],
            fits: (0..CONDITIONS.len()).map(|condition| typical.contains(&condition)).collect(),
            neutral: typical.is_empty(),
        });
        self.concepts.len() - 1
    }

    fn add_form(&mut self, concept: usize, form: &str) {
        let (negated, form) = form.strip_prefix('!').map_or((false, form), |form| (true, form));
        let window = form.contains(" + ");
        let words: Vec<Vec<Word>> = if window {
            form.split(" + ").map(|word| word.split('/').map(compile).collect()).collect()
        } else if form.contains('*') {
            form.split(' ').map(|word| vec![compile(word)]).collect()
        } else {
            let all = tokens(form);
            let told = all.iter().filter(|token| !joins(&token.text));
            told.map(|token| vec![Word::Stem(token.stem.clone())]).collect()
        };
        let index = self.forms.len();
        for first in words.first().into_iter().flatten() {
            match first {
                Word::Stem(stem) => self.first_stem.entry(stem.clone()).or_default().push(index),
                Word::Prefix(prefix) => {
                    if let [a, b, ..] = prefix.as_bytes() {
                        self.first_prefix.entry([*a, *b]).or_default().push((prefix.clone(), index));
                    }
                }
            }
        }
        for word in words.iter().flatten() {
            if let Word::Stem(stem) = word {
                self.own.push(stem.clone());
            }
        }
        self.forms.push(Form { concept, negated, window, words });
    }

    fn load_words(&mut self) {
        for row in rows(ABBREVIATIONS) {
            let [short, long] = row[..] else { continue };
            let long = tokens(long).into_iter().map(|token| token.text).collect();
            self.abbreviations.insert(folded(short.trim_end_matches('/')), long);
        }
        for stems in self.places.values().flatten().map(|(stems, _)| stems) {
            self.own.extend(stems.iter().cloned());
        }
        self.own.sort();
        self.own.dedup();
        let words =
            |text: &'static str| text.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace);
        self.neutral = words(NEUTRAL).map(|word| stem(&folded(word))).collect();
        for word in words(OUTSIDE) {
            let word = folded(word);
            match word.strip_suffix('*') {
                Some(prefix) => self.outside_prefixes.push(prefix.to_owned()),
                None if word.ends_with('!') => {
                    let word = stem(word.trim_end_matches('!').rsplit('-').next().unwrap_or_default());
                    self.outside.insert(word.clone());
                    self.decisive.insert(word);
                }
                None => {
                    for part in word.split('-') {
                        self.outside.insert(stem(part));
                    }
                }
            }
        }
        // The chapters on diseases and symptoms; those on accidents and services speak of houses and roads.
        for (_, text) in crate::cid10::rows().filter(|(code, _)| code.as_bytes()[0] < b'S') {
            for token in tokens(text) {
                if token.text.len() > 3 && !self.neutral.contains(&token.stem) {
                    self.clinical.insert(token.stem);
                }
            }
        }
        self.known.extend(self.clinical.iter().cloned());
        self.known.extend(self.outside.iter().cloned());
        self.known.extend(self.neutral.iter().cloned());
        self.known.extend(self.own.iter().cloned());
    }

    /// Forms that may start with the token.
    pub(crate) fn starting(&self, text: &str, stem: &str) -> Vec<usize> {
        let mut found = self.first_stem.get(stem).cloned().unwrap_or_default();
        if let [a, b, ..] = text.as_bytes() {
            let near = self.first_prefix.get(&[*a, *b]).into_iter().flatten();
            found.extend(near.filter(|(prefix, _)| text.starts_with(prefix.as_str())).map(|(_, form)| *form));
        }
        found
    }

    /// What an abbreviation or a common misspelling stands for.
    pub(crate) fn expansion(&self, text: &str) -> Option<&[String]> {
        self.abbreviations.get(text).map(Vec::as_slice)
    }

    /// The one word of the lexicon that a long unknown word misses by a single letter.
    pub(crate) fn near_miss(&self, text: &str, own: &str) -> Option<&str> {
        if text.len() < 7 || !text.is_ascii() || self.known.contains(own) {
            return None;
        }
        let first = text.as_bytes()[0];
        let mut near = self.own.iter().filter(|word| {
            word.as_bytes().first() == Some(&first)
                && word.len() >= 6
                && word.is_ascii()
                && one_apart(word.as_bytes(), own.as_bytes())
        });
        match (near.next(), near.next()) {
            (Some(word), None) => Some(word),
            _ => None,
        }
    }

    /// Whether the word alone tells that the note is about a disease outside the coverage.
    pub(crate) fn decides(&self, stem: &str) -> bool {
        self.decisive.contains(stem)
    }

    /// How much a word counts as clinical and not understood: 0, 1, or 2 where it belongs to other diseases.
    pub(crate) fn foreign(&self, text: &str, stem: &str) -> u32 {
        if text.len() < 3 || text.starts_with(|c: char| c.is_ascii_digit()) {
            return 0;
        }
        if self.outside.contains(stem) || self.outside_prefixes.iter().any(|prefix| text.starts_with(prefix.as_str())) {
            return 2;
        }
        if self.neutral.contains(stem) {
            return 0;
        }
        const ENDINGS: [&str; 12] =
            ["ite", "emia", "algia", "uria", "oma", "patia", "penia", "ectomia", "plegia", "megalia", "rragia", "iase"];
        let looks = text.len() > 6 && ENDINGS.iter().any(|ending| text.ends_with(ending));
        u32::from(self.clinical.contains(stem) || looks)
    }
}

/// Forms that can be written as they stand, by concept; what evaluation notes are made of.
pub(crate) fn surfaces() -> &'static [(usize, Vec<&'static str>)] {
    static SURFACES: LazyLock<Vec<(usize, Vec<&'static str>)>> = LazyLock::new(|| {
        let lexicon = &*LEXICON_DATA;
        let plain =
            |form: &&str| !form.starts_with('!') && !form.contains('*') && !form.contains(" + ") && !form.is_empty();
        let forms =
            rows(LEXICON).enumerate().map(|(concept, row)| (concept, row[4].split('|').filter(plain).collect()));
        let places = rows(REGIONS).enumerate().map(|(region, row)| {
            (lexicon.regions[region].pain, row[3].split('|').filter(|form| !form.is_empty()).collect::<Vec<_>>())
        });
        forms.chain(places).filter(|(_, forms): &(usize, Vec<&str>)| !forms.is_empty()).collect()
    });
    &SURFACES
}

fn compile(word: &str) -> Word {
    let word = folded(word);
    match word.strip_suffix('*') {
        Some(prefix) => Word::Prefix(prefix.to_owned()),
        None => Word::Stem(stem(&word)),
    }
}

/// Whether two words differ by one letter put in, left out, changed or swapped with its neighbour.
fn one_apart(a: &[u8], b: &[u8]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if long.len() - short.len() > 1 || a == b {
        return false;
    }
    let same = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    if short.len() < long.len() {
        return short[same..] == long[same + 1..];
    }
    let (x, y) = (&short[same..], &long[same..]);
    x[1..] == y[1..] || (x.len() > 1 && x[0] == y[1] && x[1] == y[0] && x[2..] == y[2..])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_evidence_of_the_table_can_be_read() {
        let mut readable: BTreeSet<String> = BTreeSet::from(["E_204".into()]);
        for row in rows(LEXICON) {
            assert_eq!(row.len(), 5, "{row:?}");
            for code in row[0].replace(" > ", ",").split(',') {
                readable.insert(code.split('@').next().unwrap().to_owned());
            }
            assert!(!row[2].is_empty() && row[3].ends_with('?') && row[4].contains('|'), "{row:?}");
        }
        for code in ["E_55", "E_57", "E_152", "E_133"] {
            readable.insert(code.to_owned());
        }
        for condition in CONDITIONS.iter() {
            for evidence in &condition.evidences {
                assert!(readable.contains(*evidence), "{} {evidence}", condition.id);
            }
        }
        assert_eq!(readable.len(), 223);
    }

    #[test]
    fn references_between_the_files_hold() {
        let lexicon = &*LEXICON_DATA;
        assert_eq!(lexicon.concepts[lexicon.pain].code, "E_53");
        for row in rows(LEXICON) {
            for code in row[0].split_once(" > ").map_or("", |(_, implied)| implied).split(',').filter(|c| !c.is_empty())
            {
                let code = code.replace('@', "_@_");
                assert_eq!(lexicon.concepts[lexicon.by_code(&code)].code, code);
            }
        }
        for row in rows(REGIONS) {
            assert_eq!(row.len(), 8, "{row:?}");
            for id in row[4..].iter().flat_map(|list| list.split(',')).filter(|id| !id.is_empty()) {
                assert!(table::place(id).is_some(), "{id}");
            }
        }
        let mut codes = BTreeSet::new();
        for concept in &lexicon.concepts {
            assert!(codes.insert((&concept.code, concept.kind == Kind::Family)), "{} twice", concept.code);
        }
    }

    #[test]
    fn one_letter_wrong() {
        for (a, b, near) in [
            ("palpitacao", "palpitcao", true),
            ("palpitacao", "paplitacao", true),
            ("palpitacao", "palpitasao", true),
            ("palpitacao", "palpitacao", false),
            ("hipotensao", "hipertensao", false),
        ] {
            assert_eq!(one_apart(a.as_bytes(), b.as_bytes()), near, "{a} {b}");
        }
    }
}
