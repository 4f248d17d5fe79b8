//! PDF/A and PDF/UA-1, set by Typst. The data goes in as files that exist only in memory; a template reads nothing else, and
//! no value becomes part of it.

mod world;

pub(crate) use world::shows;

use typst::{diag::SourceDiagnostic, foundations::Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use crate::{Error, Report, view::View};

pub(crate) fn draw(report: &Report, hash: &str) -> Result<Vec<u8>, Error> {
    let view = View::new(report, hash, &world::shows);
    set(&world::Desk::report(serde_json::to_vec(&view)?), PdfStandard::A_2a, hash)
}

/// A consent's receipt, with the proof attached: PDF/A-3a is the first that takes attachments of any kind.
pub(crate) fn consent(data: Vec<u8>, proof: &[u8], drawing: Option<&[u8]>, hash: &str) -> Result<Vec<u8>, Error> {
    set(&world::Desk::consent(data, proof.to_vec(), drawing.map(<[u8]>::to_vec)), PdfStandard::A_3a, hash)
}

fn set(world: &world::Desk, archive: PdfStandard, hash: &str) -> Result<Vec<u8>, Error> {
    let drawn = compile(world, archive, hash);
    // What Typst remembers of one document is of no use for the next, and would only grow.
    typst::comemo::evict(0);
    drawn
}

fn compile(world: &world::Desk, archive: PdfStandard, hash: &str) -> Result<Vec<u8>, Error> {
    let document = typst::compile::<PagedDocument>(world).output.map_err(|all| refused(&all))?;
    let standards =
        PdfStandards::new(&[archive, PdfStandard::Ua_1]).map_err(|error| Error::Pdf(error.message().to_string()))?;
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
