//! A reference as somebody cites it.

use serde::{Deserialize, Serialize};

/// A reference as somebody cites it; nothing of it is believed yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cited {
    /// Title of the article; may be empty when only keywords are known.
    #[serde(default, rename = "titulo")]
    pub title: String,
    /// Authors as cited, such as `Silva JA` or `João A. Silva`; the first one first.
    #[serde(default, rename = "autores")]
    pub authors: Vec<String>,
    /// Journal, full or abbreviated.
    #[serde(default, rename = "revista")]
    pub journal: String,
    /// Year of publication.
    #[serde(default, rename = "ano")]
    pub year: Option<u16>,
    /// Words that must be in title or abstract.
    #[serde(default, rename = "palavras_chave")]
    pub keywords: Vec<String>,
    /// DOI, without resolver.
    #[serde(default)]
    pub doi: Option<String>,
}
