//! The only crate that talks to language models and to PubMed.

pub mod answer;
pub mod provider;
pub mod pubmed;
pub mod verify;
