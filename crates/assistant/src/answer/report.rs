//! What had to be done to an answer before it could be shown.

use serde::Serialize;

use sigilo_deid::{Detection, Kind};

use super::strip::Unwanted;

/// What had to be done to an answer before it could be shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// The answer was not the document asked for; its text stands as the reasoning.
    pub malformed: bool,
    /// The document broke off, or parts of it could not be read and were left out.
    pub incomplete: bool,
    /// Identifiers of articles (PMID, PMCID, DOI) that were taken out of prose.
    pub unauthorised_identifiers: u32,
    /// Links and web addresses that were taken out.
    pub links_removed: u32,
    /// HTML tags that were taken out.
    pub markup_removed: u32,
    /// CID-10 codes that do not exist.
    pub invalid_cid10: u32,
    /// DOIs in their own field that have not the shape of one and were dropped.
    pub invalid_doi: u32,
    /// Texts or items beyond our limits that were cut or left out.
    pub capped: u32,
    /// Personal data that was taken out, by kind, evidence and confidence.
    pub detections: Vec<Detected>,
}

/// Personal data of one kind that was taken out of an answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Detected {
    /// The kind's code, as `cpf`.
    pub kind: &'static str,
    /// The code of the evidence, as `forma`.
    pub method: &'static str,
    /// Confidence, 0 to 1.
    pub confidence: f32,
    /// How many.
    pub count: u32,
}

impl Report {
    pub(super) fn unwanted(&mut self, what: Unwanted) {
        match what {
            Unwanted::Identifier => self.unauthorised_identifiers += 1,
            Unwanted::Link => self.links_removed += 1,
            Unwanted::IdentifyingLink => {
                self.unauthorised_identifiers += 1;
                self.links_removed += 1;
            }
            Unwanted::Markup => self.markup_removed += 1,
        }
    }

    pub(super) fn detected(&mut self, found: &Detection) {
        // Nobody marks anything by hand in an answer: those are names that were found in it before.
        let (kind, method, confidence) = match found.kind {
            Kind::Adicionado => (Kind::Nome.code(), sigilo_deid::Method::Repeticao.code(), 0.85),
            kind => (kind.code(), found.method.code(), found.confidence),
        };
        let same = |one: &&mut Detected| one.kind == kind && one.method == method && one.confidence == confidence;
        match self.detections.iter_mut().find(same) {
            Some(known) => known.count += 1,
            None => self.detections.push(Detected { kind, method, confidence, count: 1 }),
        }
    }
}
