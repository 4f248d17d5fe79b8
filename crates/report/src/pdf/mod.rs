//! The report as PDF/A-2a and PDF/UA-1, set by Typst. The data goes in as a file that exists only in memory; the template
//! reads nothing else, and no value becomes part of it.

mod world;

use typst::{diag::SourceDiagnostic, foundations::Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use crate::{Error, Report, view::View};

pub(crate) fn draw(report: &Report, hash: &str) -> Result<Vec<u8>, Error> {
    let view = View::new(report, hash, &world::shows);
    let drawn = set(&view, hash);
    // What Typst remembers of one report is of no use for the next, and would only grow.
    typst::comemo::evict(0);
    drawn
}

fn set(view: &View, hash: &str) -> Result<Vec<u8>, Error> {
    let world = world::Desk::new(serde_json::to_vec(view)?);
    let document = typst::compile::<PagedDocument>(&world).output.map_err(|all| refused(&all))?;
    let standards = PdfStandards::new(&[PdfStandard::A_2a, PdfStandard::Ua_1])
        .map_err(|error| Error::Pdf(error.message().to_string()))?;
    let options = PdfOptions {
        // The same data has the same identifier.
        ident: Smart::Custom(hash.to_owned()),
        creator: Smart::Custom(Some("Sigilo".to_owned())),
        standards,
        ..PdfOptions::default()
    };
    typst_pdf::pdf(&document, &options).map_err(|all| refused(&all))
}

/// What went wrong, without what Typst quotes of the text.
fn refused(all: &[SourceDiagnostic]) -> Error {
    let first = all.first().map(|one| one.message.as_str()).unwrap_or_default();
    Error::Pdf(first.split('`').step_by(2).collect::<Vec<_>>().join("…"))
}
