//! Local servers for tests that speak the wire formats of language models and of PubMed, with their faults.

pub mod llm;
pub mod pubmed;
