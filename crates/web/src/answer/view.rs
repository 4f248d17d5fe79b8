//! An answer as it is shown: while it is written, and as it stays.

use sigilo_features::answer::{
    Answer, Article, Check, Cited, Hypothesis, LOCAL, ModelCard, Reason, Reference, Shown, SuggestedSearch, Verdict,
    article_link, search_link, search_link_for_terms,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::words::{self, Badge};
use crate::format;
use crate::message::{Piece, pieces};

/// Authors named before the rest becomes “et al.”.
const AUTHORS: usize = 3;

/// An answer in a conversation.
pub(crate) struct View {
    pub(crate) id: Uuid,
    pub(crate) conversation: Uuid,
    /// The message that it answers.
    pub(crate) question: Uuid,
    pub(crate) model: String,
    /// Answered by the rules that come along, not by a language model.
    pub(crate) local: bool,
    /// When it was stored; none while it is being written.
    pub(crate) at: Option<OffsetDateTime>,
    pub(crate) interrupted: bool,
    /// A browser has not yet confirmed that the disclaimer was seen.
    pub(crate) disclaimer_pending: bool,
    pub(crate) reasoning: Vec<Piece>,
    pub(crate) abstention: Option<String>,
    pub(crate) hypotheses: Vec<HypothesisView>,
    pub(crate) alarms: Vec<String>,
    pub(crate) missing: Vec<String>,
    pub(crate) image_text: Option<String>,
    pub(crate) searches: Vec<Link>,
    pub(crate) references: Vec<ReferenceView>,
    pub(crate) explanation: Vec<String>,
    pub(crate) reasoning_review: Option<Review>,
    pub(crate) review: Option<Review>,
    pub(crate) outcome: Option<Outcome>,
}

/// A link out of the site.
pub(crate) struct Link {
    pub(crate) label: String,
    pub(crate) address: String,
}

pub(crate) struct HypothesisView {
    pub(crate) position: usize,
    pub(crate) hypothesis: Hypothesis,
    pub(crate) likelihood: Badge,
    /// `62 %`, where it was calculated.
    pub(crate) percent: Option<String>,
    pub(crate) review: Option<Review>,
}

/// A reference, with its verdict when there is one.
pub(crate) struct ReferenceView {
    pub(crate) answer: Uuid,
    pub(crate) conversation: Uuid,
    /// From 1.
    pub(crate) position: usize,
    /// The article's own title where it was found, as cited where not.
    pub(crate) title: String,
    /// Authors, journal and year in one line.
    pub(crate) line: String,
    pub(crate) checked: Option<Checked>,
}

/// What became of a reference.
pub(crate) struct Checked {
    pub(crate) verdict: Badge,
    pub(crate) reason: Option<&'static str>,
    /// Cited fields that agree with the article.
    pub(crate) agreeing: Vec<&'static str>,
    /// Cited fields that do not: name, as cited, as found.
    pub(crate) differing: Vec<(String, String, String)>,
    /// `98 %`.
    pub(crate) score: Option<String>,
    pub(crate) source: String,
    pub(crate) at: OffsetDateTime,
    /// The article, or a search for it.
    pub(crate) link: Link,
    /// That it was retracted, with the notice.
    pub(crate) retraction: Option<(String, Option<Link>)>,
    /// Errata and expressions of concern.
    pub(crate) notes: Vec<&'static str>,
    pub(crate) may_retry: bool,
}

/// What the doctor thinks of a part, with the means to say it.
#[derive(Clone)]
pub(crate) struct Review {
    pub(crate) answer: Uuid,
    pub(crate) conversation: Uuid,
    pub(crate) section: String,
    /// What is decided on.
    pub(crate) what: &'static str,
    /// What stands in the field for other words.
    pub(crate) text: String,
    pub(crate) decided: Option<Decided>,
}

#[derive(Clone)]
pub(crate) struct Decided {
    pub(crate) badge: Badge,
    pub(crate) at: OffsetDateTime,
    pub(crate) reason: Option<String>,
    pub(crate) edited: Option<String>,
}

/// Which hypothesis turned out to be right.
pub(crate) struct Outcome {
    pub(crate) answer: Uuid,
    pub(crate) conversation: Uuid,
    pub(crate) names: Vec<String>,
    /// 0 for none of them.
    pub(crate) chosen: Option<usize>,
}

impl View {
    /// The place of an answer that is about to be written.
    pub(crate) fn running(id: Uuid, conversation: Uuid, question: Uuid, card: &ModelCard) -> Self {
        View {
            id,
            conversation,
            question,
            model: card.model.clone(),
            local: card.provider == LOCAL,
            at: None,
            interrupted: false,
            disclaimer_pending: true,
            reasoning: Vec::new(),
            abstention: None,
            hypotheses: Vec::new(),
            alarms: Vec::new(),
            missing: Vec::new(),
            image_text: None,
            searches: Vec::new(),
            references: Vec::new(),
            explanation: Vec::new(),
            reasoning_review: None,
            review: None,
            outcome: None,
        }
    }

    /// A stored answer.
    pub(crate) fn stored(shown: Shown, conversation: Uuid) -> Self {
        let reasoning_review =
            (!shown.answer.raciocinio.is_empty()).then(|| Review::new(&shown, conversation, "raciocinio"));
        let hypotheses = (0..shown.answer.hipoteses.len())
            .map(|at| HypothesisView {
                review: Some(Review::new(&shown, conversation, &format!("hipotese-{}", at + 1))),
                ..HypothesisView::new(at, shown.answer.hipoteses[at].clone())
            })
            .collect();
        let review = Some(Review::new(&shown, conversation, "resposta"));
        let outcome = Outcome::new(&shown, conversation);
        let id = shown.id;
        let references = shown.references.into_iter().enumerate();
        View {
            id,
            conversation,
            question: shown.question,
            model: shown.model,
            local: shown.provider == LOCAL,
            at: Some(shown.created_at),
            interrupted: !shown.complete,
            disclaimer_pending: !shown.disclaimer_shown,
            reasoning: pieces(&shown.answer.raciocinio),
            abstention: shown.answer.abstencao,
            hypotheses,
            alarms: shown.answer.sinais_de_alarme,
            missing: shown.answer.dados_faltantes,
            image_text: shown.answer.texto_na_imagem,
            searches: shown.answer.buscas_sugeridas.iter().map(search).collect(),
            references: references.map(|(at, one)| ReferenceView::checked(id, conversation, at + 1, &one)).collect(),
            explanation: shown.explanation.lines().map(str::to_owned).collect(),
            reasoning_review,
            review,
            outcome,
        }
    }

    /// Whether it is still being written.
    pub(crate) fn live(&self) -> bool {
        self.at.is_none()
    }

    /// What a screen reader hears when it is there.
    pub(crate) fn announcement(&self) -> String {
        let count = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        let state = if self.interrupted { "Resposta interrompida" } else { "Resposta completa" };
        format!(
            "{state}: {}, {}.",
            count(self.hypotheses.len(), "hipótese", "hipóteses"),
            count(self.references.len(), "referência", "referências")
        )
    }
}

/// A suggested search as a link.
pub(super) fn search(search: &SuggestedSearch) -> Link {
    Link { label: search.rotulo.clone(), address: search_link_for_terms(&search.termos).to_string() }
}

impl HypothesisView {
    /// One of the answer's hypotheses; `at` counts from 0.
    pub(crate) fn new(at: usize, hypothesis: Hypothesis) -> Self {
        HypothesisView {
            position: at + 1,
            likelihood: words::likelihood(hypothesis.probabilidade),
            percent: hypothesis.probabilidade_calculada.map(format::percent),
            hypothesis,
            review: None,
        }
    }
}

impl ReferenceView {
    /// One that is being verified.
    pub(crate) fn pending(answer: Uuid, conversation: Uuid, position: usize, cited: &Cited) -> Self {
        let title = if cited.title.is_empty() { cited.keywords.join(" ") } else { cited.title.clone() };
        let line = line(&cited.authors, &cited.journal, cited.year);
        ReferenceView { answer, conversation, position, title, line, checked: None }
    }

    /// One with its verdict.
    pub(crate) fn checked(answer: Uuid, conversation: Uuid, position: usize, reference: &Reference) -> Self {
        let Reference { cited, check, checked_at } = reference;
        let mut view = Self::pending(answer, conversation, position, cited);
        if let Some(article) = found(check) {
            view.title = article.title.trim_end_matches('.').to_owned();
            let authors: Vec<String> = article
                .authors
                .iter()
                .map(|one| format!("{} {}", one.family, one.initials).trim().to_owned())
                .collect();
            let journal =
                if article.journal_abbreviation.is_empty() { &article.journal } else { &article.journal_abbreviation };
            view.line = line(&authors, journal, article.year);
        }
        view.checked = Some(Checked::new(cited, check, *checked_at));
        view
    }
}

/// The article that a reference is, when there is no doubt that it is the one.
fn found(check: &Check) -> Option<&Article> {
    let is = matches!(check.verdict, Verdict::Verified | Verdict::VerifiedWithCorrection);
    check.record.as_ref().filter(|_| is)
}

impl Checked {
    fn new(cited: &Cited, check: &Check, at: OffsetDateTime) -> Self {
        let record = check.record.as_ref();
        let differs = |code: &str| check.corrections.iter().any(|one| one.field == code);
        let cited_fields = [
            ("titulo", "Título", !cited.title.is_empty()),
            ("autores", "Autores", !cited.authors.is_empty()),
            ("revista", "Revista", !cited.journal.is_empty()),
            ("ano", "Ano", cited.year.is_some()),
            ("doi", "DOI", cited.doi.is_some()),
        ];
        let agreeing = if found(check).is_some() {
            cited_fields.iter().filter(|(code, _, is)| *is && !differs(code)).map(|(_, name, _)| *name).collect()
        } else {
            Vec::new()
        };
        let link = match record {
            Some(article) => {
                Link { label: format!("PMID {}", article.pmid), address: article_link(article.pmid).to_string() }
            }
            None => Link { label: "Procurar no PubMed".to_owned(), address: search_link(cited).to_string() },
        };
        Checked {
            verdict: words::verdict(check),
            reason: words::reason(check),
            agreeing,
            differing: check
                .corrections
                .iter()
                .map(|one| (words::field(&one.field).to_owned(), one.cited.clone(), one.found.clone()))
                .collect(),
            score: record.map(|_| format::percent(check.score)),
            source: words::source(check),
            at,
            link,
            retraction: record.filter(|article| article.flags.retracted).map(retraction),
            notes: record.map(notes).unwrap_or_default(),
            may_retry: check.verdict == Verdict::Unverified && check.reason != Some(Reason::Guideline),
        }
    }
}

fn retraction(article: &Article) -> (String, Option<Link>) {
    let when = article.flags.retraction_year.map_or_else(String::new, |year| format!(" em {year}"));
    let notice = article
        .flags
        .retraction_pmid
        .map(|pmid| Link { label: "Ver a nota de retratação".to_owned(), address: article_link(pmid).to_string() });
    (format!("RETRATADO{when}. Não use como fundamento."), notice)
}

fn notes(article: &Article) -> Vec<&'static str> {
    let flags = &article.flags;
    [
        (flags.concern, "Os editores publicaram uma expressão de preocupação sobre este artigo."),
        (flags.erratum, "Tem errata publicada."),
        (flags.notice, "É uma nota de retratação, não um artigo."),
    ]
    .into_iter()
    .filter_map(|(is, note)| is.then_some(note))
    .collect()
}

/// `Silva JA, Souza B, Lima C et al. N Engl J Med 2016`.
fn line(authors: &[String], journal: &str, year: Option<u16>) -> String {
    let mut names = authors.iter().take(AUTHORS).map(String::as_str).collect::<Vec<_>>().join(", ");
    if authors.len() > AUTHORS {
        names.push_str(" et al");
    }
    let published = [Some(journal.to_owned()), year.map(|year| year.to_string())]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty());
    let published = published.collect::<Vec<_>>().join(" ");
    [names, published].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(". ")
}

impl Review {
    /// The part of a stored answer by its stored name.
    pub(crate) fn new(shown: &Shown, conversation: Uuid, section: &str) -> Self {
        let decided = shown.decision(section).map(|event| Decided {
            badge: words::decision(&event.kind),
            at: event.created_at,
            reason: event.reason.clone(),
            edited: event.edited_text.clone(),
        });
        let hypothesis = section
            .strip_prefix("hipotese-")
            .and_then(|number| number.parse::<usize>().ok()?.checked_sub(1))
            .and_then(|at| shown.answer.hipoteses.get(at));
        let (what, text) = match (section, hypothesis) {
            (_, Some(hypothesis)) => ("esta hipótese", hypothesis_text(hypothesis)),
            ("raciocinio", _) => ("o raciocínio", shown.answer.raciocinio.clone()),
            _ => ("a resposta", whole(&shown.answer)),
        };
        let text = decided.as_ref().and_then(|decided| decided.edited.clone()).unwrap_or(text);
        Review { answer: shown.id, conversation, section: section.to_owned(), what, text, decided }
    }
}

impl Outcome {
    /// None for an answer without hypotheses.
    pub(crate) fn new(shown: &Shown, conversation: Uuid) -> Option<Self> {
        let names: Vec<String> = shown.answer.hipoteses.iter().map(|one| one.nome.clone()).collect();
        let chosen = shown.outcome().and_then(|position| usize::try_from(position).ok());
        (!names.is_empty()).then_some(Outcome { answer: shown.id, conversation, names, chosen })
    }

    /// Whether this is what was recorded.
    pub(crate) fn is(&self, position: &usize) -> bool {
        self.chosen.as_ref() == Some(position)
    }

    /// Whether it was none of the hypotheses.
    pub(crate) fn is_none_of_them(&self) -> bool {
        self.chosen == Some(0)
    }

    /// The recorded outcome in words.
    pub(crate) fn recorded(&self) -> Option<&str> {
        match self.chosen? {
            0 => Some("Nenhuma das hipóteses"),
            position => self.names.get(position - 1).map(String::as_str),
        }
    }
}

fn hypothesis_text(hypothesis: &Hypothesis) -> String {
    let mut lines = vec![match &hypothesis.cid10 {
        Some(code) => format!("{} ({code})", hypothesis.nome),
        None => hypothesis.nome.clone(),
    }];
    for (name, list) in [
        ("A favor", &hypothesis.a_favor),
        ("Contra", &hypothesis.contra),
        ("Próximos passos", &hypothesis.proximos_passos),
    ] {
        if !list.is_empty() {
            lines.push(format!("{name}: {}", list.join("; ")));
        }
    }
    lines.join("\n")
}

/// The whole answer as text that can be rewritten.
fn whole(answer: &Answer) -> String {
    let mut parts = Vec::new();
    if !answer.raciocinio.is_empty() {
        parts.push(answer.raciocinio.clone());
    }
    parts.extend(answer.abstencao.clone());
    parts.extend(answer.hipoteses.iter().enumerate().map(|(at, one)| format!("{}. {}", at + 1, hypothesis_text(one))));
    for (name, list) in [("Sinais de alarme", &answer.sinais_de_alarme), ("A esclarecer", &answer.dados_faltantes)] {
        if !list.is_empty() {
            parts.push(format!("{name}: {}", list.join("; ")));
        }
    }
    parts.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::sample;

    #[test]
    fn a_found_article_is_shown_as_it_is_and_a_missing_one_as_cited() {
        let reference = sample::reference(Verdict::VerifiedWithCorrection, None);
        let view = ReferenceView::checked(Uuid::nil(), Uuid::nil(), 1, &reference);
        assert_eq!(view.title, reference.check.record.as_ref().unwrap().title.trim_end_matches('.'));
        let checked = view.checked.unwrap();
        assert_eq!(checked.differing.len(), 1);
        assert!(checked.agreeing.contains(&"Título") && !checked.agreeing.contains(&"Ano"));
        assert!(checked.link.address.starts_with("https://pubmed.ncbi.nlm.nih.gov/"));

        let reference = sample::reference(Verdict::NotFound, Some(Reason::NoSimilarTitle));
        let view = ReferenceView::checked(Uuid::nil(), Uuid::nil(), 1, &reference);
        assert_eq!(view.title, reference.cited.title);
        let checked = view.checked.unwrap();
        assert!(checked.agreeing.is_empty());
        assert!(checked.link.label.starts_with("Procurar"));
    }

    #[test]
    fn another_persons_article_does_not_lend_its_ticks() {
        let mut reference = sample::reference(Verdict::NotFound, Some(Reason::AuthorshipMismatch));
        reference.check.record = sample::check(Verdict::Verified, None).record;
        let checked = ReferenceView::checked(Uuid::nil(), Uuid::nil(), 1, &reference).checked.unwrap();
        assert!(checked.agreeing.is_empty());
        assert_eq!(checked.verdict.word, "Não encontrada");
    }

    #[test]
    fn only_what_nobody_answered_can_be_asked_again() {
        let may = |verdict, why| Checked::new(&Cited::default(), &sample::check(verdict, why), sample::AT).may_retry;
        assert!(may(Verdict::Unverified, Some(Reason::Unavailable)));
        assert!(!may(Verdict::Unverified, Some(Reason::Guideline)));
        assert!(!may(Verdict::NotFound, Some(Reason::NoSimilarTitle)));
    }

    #[test]
    fn a_long_list_of_authors_is_cut() {
        let names: Vec<String> = ["A", "B", "C", "D"].map(str::to_owned).to_vec();
        assert_eq!(line(&names, "N Engl J Med", Some(2016)), "A, B, C et al. N Engl J Med 2016");
        assert_eq!(line(&[], "", None), "");
        assert_eq!(line(&names[..1], "", None), "A");
    }

    #[test]
    fn the_edited_text_comes_back_for_the_next_edit() {
        let shown = sample::shown();
        assert!(Review::new(&shown, Uuid::nil(), "hipotese-1").text.starts_with("Síndrome coronariana"));
        assert_eq!(Review::new(&shown, Uuid::nil(), "hipotese-2").text, "Refluxo, com prova terapêutica.");
    }
}
