//! An article as PubMed knows it.

use serde::{Deserialize, Serialize};

/// An author of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Family name, or the whole name of a group.
    pub family: String,
    /// Initials without dots; empty for a group.
    #[serde(default)]
    pub initials: String,
}

/// What happened to an article after it appeared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flags {
    /// It was retracted.
    #[serde(default)]
    pub retracted: bool,
    /// The notice of retraction, if PubMed knows it.
    #[serde(default)]
    pub retraction_pmid: Option<u32>,
    /// Year of that notice, if known.
    #[serde(default)]
    pub retraction_year: Option<u16>,
    /// It has an erratum.
    #[serde(default)]
    pub erratum: bool,
    /// An expression of concern was published.
    #[serde(default)]
    pub concern: bool,
    /// It *is* a notice of retraction, not an article.
    #[serde(default)]
    pub notice: bool,
}

/// An article as PubMed knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// PubMed identifier.
    pub pmid: u32,
    /// Title, in English or in brackets when translated.
    pub title: String,
    /// Title in the article's own language.
    #[serde(default)]
    pub vernacular_title: Option<String>,
    /// Authors in order.
    #[serde(default)]
    pub authors: Vec<Author>,
    /// How many authors it has; 0 when `authors` lists them all, 65535 when nobody knows how many more there are.
    #[serde(default)]
    pub author_count: u16,
    /// A byte of each author after those in `authors`, in order, where only that was kept; a stranger passes for one of
    /// them once in 256 times.
    #[serde(default)]
    pub further_authors: Vec<u8>,
    /// Journal's name.
    #[serde(default)]
    pub journal: String,
    /// Journal's abbreviation, as `N Engl J Med`.
    #[serde(default)]
    pub journal_abbreviation: String,
    /// Year of publication.
    #[serde(default)]
    pub year: Option<u16>,
    /// Other years it may be cited by (electronic and print publication differ).
    #[serde(default)]
    pub other_years: Vec<u16>,
    /// DOI, lower case.
    #[serde(default)]
    pub doi: Option<String>,
    /// 24 bits of the DOI's digest, where only that was kept.
    #[serde(default)]
    pub doi_digest: Option<u32>,
    /// What happened to it later.
    #[serde(default)]
    pub flags: Flags,
}
