//! Words for what is stored as codes: verdicts, reasons, probabilities, decisions.

use sigilo_features::answer::{Check, Likelihood, Phase, Reason, Source, Verdict};

/// A short word with the colour it is shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Badge {
    pub(crate) word: &'static str,
    /// The class of the tag.
    pub(crate) tone: &'static str,
    pub(crate) icon: &'static str,
}

const fn badge(word: &'static str, tone: &'static str, icon: &'static str) -> Badge {
    Badge { word, tone, icon }
}

/// The verdict on a reference. A retraction outweighs that the article exists; guidelines are no articles.
pub(super) fn verdict(check: &Check) -> Badge {
    if check.reason == Some(Reason::Guideline) {
        return badge("Não verificável no PubMed", "tag", "building");
    }
    if check.record.as_ref().is_some_and(|record| record.flags.retracted) {
        return badge("Artigo retratado", "tag tag-bad", "alert");
    }
    match check.verdict {
        Verdict::Verified => badge("Verificada", "tag tag-ok", "check"),
        Verdict::VerifiedWithCorrection => badge("Verificada com correção", "tag tag-ok", "check"),
        Verdict::Ambiguous => badge("Ambígua", "tag tag-warn", "alert"),
        Verdict::NotFound => badge("Não encontrada", "tag tag-bad", "x"),
        Verdict::Unverified => badge("Não verificada", "tag tag-warn", "clock"),
    }
}

/// What the verdict rests on, as a sentence; none where the verdict says it all.
pub(super) fn reason(check: &Check) -> Option<&'static str> {
    Some(match (check.verdict, check.reason) {
        (_, Some(Reason::Guideline)) => {
            "Diretriz, portaria ou protocolo: o PubMed não indexa este tipo de documento. Confira no órgão que o publicou."
        }
        (_, Some(Reason::AuthorshipMismatch)) => "O título existe, a autoria não confere.",
        (Verdict::NotFound, Some(Reason::NoSimilarTitle) | None) => {
            "Nenhum artigo com título parecido foi encontrado. Pode não existir."
        }
        (_, Some(Reason::TooLittle)) => "Citada com dados de menos para ser procurada.",
        (Verdict::Unverified, Some(Reason::Unavailable)) => "O PubMed não respondeu. Isto não diz nada sobre o artigo.",
        (Verdict::Unverified, Some(Reason::Policy)) => "Esta instalação está configurada para não consultar o PubMed.",
        (_, Some(Reason::PartialIndex)) => {
            "O índice local é parcial e não tem este artigo. Isto não diz nada sobre ele."
        }
        (Verdict::Unverified, _) => "Ninguém pôde ser consultado. Isto não diz nada sobre o artigo.",
        (Verdict::Ambiguous, _) => "Mais de um artigo combina com a citação. Confira qual é.",
        (Verdict::VerifiedWithCorrection, _) => "O artigo existe; algum dado foi citado diferente.",
        _ => return None,
    })
}

/// Who gave the verdict.
pub(super) fn source(check: &Check) -> String {
    match check.source {
        Source::Eutils => "PubMed E-utilities".to_owned(),
        Source::IndiceLocal => match check.index_date.as_deref().and_then(day) {
            Some(day) => format!("índice local de {day}"),
            None => "índice local".to_owned(),
        },
        Source::Nenhuma => "ninguém foi consultado".to_owned(),
    }
}

/// `2026-11-20` as `20/11/2026`.
fn day(iso: &str) -> Option<String> {
    let mut parts = iso.get(..10)?.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    Some(format!("{day}/{month}/{year}"))
}

/// A field of a citation.
pub(super) fn field(code: &str) -> &str {
    match code {
        "titulo" => "Título",
        "autores" => "Autores",
        "revista" => "Revista",
        "ano" => "Ano",
        "doi" => "DOI",
        other => other,
    }
}

/// How likely a hypothesis is called.
pub(super) fn likelihood(value: Likelihood) -> Badge {
    match value {
        Likelihood::Alta => badge("Probabilidade alta", "tag tag-strong", ""),
        Likelihood::Media => badge("Probabilidade média", "tag tag-soft", ""),
        Likelihood::Baixa => badge("Probabilidade baixa", "tag", ""),
    }
}

/// What is going on with an answer that is being written.
pub(super) fn phase(phase: Phase) -> String {
    match phase {
        Phase::Asked => "Enviando a pergunta…".to_owned(),
        Phase::Retrying(attempt) => format!("Tentando de novo ({attempt})…"),
        Phase::Writing => "Escrevendo…".to_owned(),
        Phase::Verifying => "Conferindo referências…".to_owned(),
    }
}

/// A decision, by its stored code.
pub(super) fn decision(kind: &str) -> Badge {
    match kind {
        "accepted" => badge("Aceita", "tag tag-ok", "check"),
        "edited" => badge("Editada", "tag tag-soft", "pencil"),
        _ => badge("Rejeitada", "tag tag-bad", "x"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::sample;

    #[test]
    fn every_verdict_has_its_word() {
        let word = |verdict| verdict_of(sample::check(verdict, None)).word;
        assert_eq!(word(Verdict::Verified), "Verificada");
        assert_eq!(word(Verdict::VerifiedWithCorrection), "Verificada com correção");
        assert_eq!(word(Verdict::Ambiguous), "Ambígua");
        assert_eq!(word(Verdict::NotFound), "Não encontrada");
        assert_eq!(word(Verdict::Unverified), "Não verificada");
    }

    fn verdict_of(check: Check) -> Badge {
        verdict(&check)
    }

    #[test]
    fn a_retracted_article_is_never_called_verified() {
        let mut check = sample::check(Verdict::Verified, None);
        check.record.as_mut().unwrap().flags.retracted = true;
        assert_eq!(verdict(&check).word, "Artigo retratado");
    }

    #[test]
    fn a_guideline_is_neither_found_nor_missing() {
        for code in [Verdict::NotFound, Verdict::Unverified] {
            assert_eq!(verdict(&sample::check(code, Some(Reason::Guideline))).word, "Não verificável no PubMed");
        }
    }

    #[test]
    fn nobody_asked_says_nothing_about_the_article() {
        for why in [Some(Reason::Unavailable), None] {
            assert!(reason(&sample::check(Verdict::Unverified, why)).unwrap().contains("não diz nada"));
        }
        let mismatch = sample::check(Verdict::NotFound, Some(Reason::AuthorshipMismatch));
        assert_eq!(reason(&mismatch), Some("O título existe, a autoria não confere."));
    }

    #[test]
    fn the_source_is_named_only_where_it_was_asked() {
        let mut check = sample::check(Verdict::Verified, None);
        check.source = Source::IndiceLocal;
        check.index_date = Some("2026-11-20".to_owned());
        assert_eq!(source(&check), "índice local de 20/11/2026");
        assert!(!source(&check).contains("E-utilities"));
    }
}
