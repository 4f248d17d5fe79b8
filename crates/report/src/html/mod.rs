//! The report as one page that needs nothing else: no script, no address, a style sheet for screen and paper.

use askama::Template;

use crate::{Error, Report, view::View};

#[derive(Template)]
#[template(path = "html/report.html")]
struct Page<'a> {
    view: &'a View,
    style: &'static str,
}

pub(crate) fn draw(report: &Report, hash: &str) -> Result<Vec<u8>, Error> {
    // A browser has fonts for whatever there is.
    let view = View::new(report, hash, &|_| true);
    Ok(Page { view: &view, style: include_str!("report.css") }.render()?.into_bytes())
}
