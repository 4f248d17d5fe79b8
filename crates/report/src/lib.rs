//! The audit report: one structure of data, drawn as a page and as PDF/A; and the receipt of a consent. No input, no
//! output.
//!
//! The data itself is the first of three files: its SHA-256 stands on the cover of the other two, and both are made from
//! it alone, so that the same data gives the same bytes wherever and whenever it is drawn.
//!
//! Drawing a PDF keeps a processor busy for a second or so: run [`render`] where blocking is allowed, one at a time.

mod consent;
mod data;
mod html;
mod pdf;
mod text;
mod view;

use data_encoding::HEXLOWER;
use sigilo_proof::sha256;
use thiserror::Error;

pub use consent::{ConsentReceipt, draw as consent_receipt};
pub use data::{
    Answered, Clock, Demonstration, Evidence, Fact, Finding, Incident, Outcome, Period, Report, Request, Retention,
    SCHEMA, Stage,
};
pub use view::{MAX_RECORDS, MAX_ROWS};

/// Why a report could not be drawn.
#[derive(Debug, Error)]
pub enum Error {
    /// The data cannot be written as JSON.
    #[error("data: {0}")]
    Data(#[from] serde_json::Error),
    /// The page's template failed.
    #[error("page: {0}")]
    Page(#[from] askama::Error),
    /// The PDF's template failed, or the result would not be the kind of PDF that was asked for. Quotes no data.
    #[error("pdf: {0}")]
    Pdf(String),
}

/// A report in its three forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Everything, for programs, whole.
    pub json: Vec<u8>,
    /// For the screen and the printer; one file, without script.
    pub html: Vec<u8>,
    /// PDF/A-2a and PDF/UA-1.
    pub pdf: Vec<u8>,
}

/// SHA-256 in hexadecimal, as it is shown and stored.
pub fn digest(bytes: &[u8]) -> String {
    HEXLOWER.encode(&sha256(bytes))
}

/// Draws a report. The same data always gives the same bytes.
///
/// # Errors
/// See [`Error`]; no text in the data causes one.
pub fn render(report: &Report) -> Result<Files, Error> {
    let mut json = serde_json::to_vec_pretty(report)?;
    json.push(b'\n');
    let hash = digest(&json);
    Ok(Files { html: html::draw(report, &hash)?, pdf: pdf::draw(report, &hash)?, json })
}
