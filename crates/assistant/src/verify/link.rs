//! The only links an answer may have: to PubMed, built here from checked parts.

use std::sync::LazyLock;

use url::Url;

use sigilo_citations::Cited;

use crate::pubmed::terms::words;

#[allow(clippy::expect_used, reason = "a constant that every test parses")]
static PUBMED: LazyLock<Url> = LazyLock::new(|| Url::parse("https://pubmed.ncbi.nlm.nih.gov/").expect("a constant"));

/// Words of a reference in a link: enough to find it, few enough that a wrong one does not hide it.
const MOST_WORDS: usize = 12;
const LONGEST_TERMS: usize = 500;

/// An article's page.
pub fn article_link(pmid: u32) -> Url {
    let mut url = PUBMED.clone();
    url.set_path(&format!("/{pmid}/"));
    url
}

/// A search for what was cited, for a person to look through. Plain words: nothing cited becomes an operator.
pub fn search_link(cited: &Cited) -> Url {
    let mut terms = words(&cited.title);
    if terms.is_empty() {
        terms = cited.keywords.iter().flat_map(|keyword| words(keyword)).collect();
    }
    terms.truncate(MOST_WORDS);
    terms.extend(cited.authors.first().and_then(|author| crate::pubmed::terms::family(author)));
    terms.extend(cited.year.map(|year| year.to_string()));
    link(&terms.join(" "))
}

/// A search for terms that the server chose.
pub fn search_link_for_terms(terms: &str) -> Url {
    link(terms)
}

fn link(terms: &str) -> Url {
    let terms: String = terms.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST_TERMS).collect();
    let mut url = PUBMED.clone();
    url.query_pairs_mut().append_pair("term", &terms);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_pubmed_only() {
        assert_eq!(article_link(31_978_945).as_str(), "https://pubmed.ncbi.nlm.nih.gov/31978945/");
        let cited = Cited {
            title: "Sepsis \" OR all[sb] & x=1 #y <script> ../../ ação".into(),
            authors: vec!["Silva JA".into()],
            year: Some(2001),
            doi: Some("10.1000/evil".into()),
            ..Cited::default()
        };
        let url = search_link(&cited);
        assert_eq!(url.host_str(), Some("pubmed.ncbi.nlm.nih.gov"));
        assert_eq!((url.path(), url.fragment()), ("/", None));
        let pairs: Vec<_> = url.query_pairs().collect();
        assert_eq!(pairs.len(), 1);
        assert_eq!(pairs[0].1, "sepsis sb script acao silva 2001");
        let url = search_link_for_terms("heart failure & \"x\"#\n[ti] é");
        assert_eq!(url.as_str(), "https://pubmed.ncbi.nlm.nih.gov/?term=heart+failure+%26+%22x%22%23+%5Bti%5D+%C3%A9");
    }

    #[test]
    fn a_patient_in_a_title_is_not_in_the_link() {
        let cited = Cited { title: "Sepsis do paciente CPF 529.982.247-25".into(), ..Cited::default() };
        assert!(!search_link(&cited).as_str().contains("529"));
    }
}
