//! Brazilian norms and guidelines, which PubMed does not hold.

use crate::{Cited, fold::words};

/// Two words next to each other, or one alone.
const SIGNS: &[&[&str]] = &[
    &["portaria"],
    &["pcdt"],
    &["pcdts"],
    &["protocolo", "clinico"],
    &["protocolos", "clinicos"],
    &["diretriz"],
    &["diretrizes"],
    &["resolucao"],
    &["rdc"],
    &["nota", "tecnica"],
    &["nota", "informativa"],
    &["ministerio", "da", "saude"],
    &["secretaria", "de", "vigilancia"],
    &["conitec"],
    &["anvisa"],
    &["caderno", "de", "atencao"],
    &["cadernos", "de", "atencao"],
    &["guia", "de", "vigilancia"],
    &["instrucao", "normativa"],
    &["linha", "de", "cuidado"],
    &["conselho", "federal"],
    &["lei", "n"],
    &["rename"],
    &["febrasgo"],
    &["manual", "tecnico"],
];

/// Whether it is cited as a Brazilian norm, protocol or guideline.
pub fn is_guideline(cited: &Cited) -> bool {
    let fields = [cited.title.as_str(), cited.journal.as_str()];
    let authors = cited.authors.iter().map(String::as_str);
    fields.into_iter().chain(authors).any(|field| {
        let words = words(field);
        SIGNS.iter().any(|sign| words.windows(sign.len()).any(|window| window.iter().eq(sign.iter())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_are_told_from_articles() {
        let titled = |title: &str| Cited { title: title.into(), ..Cited::default() };
        for yes in [
            "Portaria SCTIE/MS nº 12, de 2019",
            "Protocolo Clínico e Diretrizes Terapêuticas da Asma",
            "Resolução CFM nº 2.454/2026",
            "Diretriz Brasileira de Hipertensão Arterial",
            "Nota Técnica 5/2021",
        ] {
            assert!(is_guideline(&titled(yes)), "{yes}");
        }
        assert!(is_guideline(&Cited { authors: vec!["Brasil. Ministério da Saúde".into()], ..Cited::default() }));
        for no in ["Resolution of pneumonia on chest radiographs", "Guidelines for the management of asthma", ""] {
            assert!(!is_guideline(&titled(no)), "{no}");
        }
    }
}
