use qrcode::{QrCode, render::svg};
use serde::Serialize;

use crate::{Error, pdf, text::readable};

/// The printed form of a consent's receipt.
#[derive(Debug, Clone)]
pub struct ConsentReceipt {
    /// The text's heading, its sentence, its paragraphs.
    pub title: String,
    /// See `title`.
    pub summary: String,
    /// See `title`.
    pub body: String,
    /// Who, for what, when: names and values.
    pub facts: Vec<(String, String)>,
    /// What happened afterwards, in words: withdrawn, expired, signed.
    pub state: String,
    /// Hashes and signatures: names and values.
    pub proofs: Vec<(String, String)>,
    /// A drawing of the subject's signature, as PNG.
    pub drawing: Option<Vec<u8>>,
    /// The public page's address.
    pub address: String,
    /// The proof, which is attached whole.
    pub document: Vec<u8>,
    /// SHA-256 of what is attached, in hexadecimal.
    pub hash: String,
    /// Year, month and day of the act.
    pub date: (i32, u8, u8),
}

#[derive(Serialize)]
struct View<'a> {
    title: String,
    summary: String,
    body: Vec<String>,
    facts: Vec<(String, String)>,
    state: String,
    proofs: Vec<(String, String)>,
    drawing: bool,
    address: &'a str,
    qr: String,
    hash: &'a str,
    date: (i32, u8, u8),
}

/// Draws the receipt as PDF/A-3a and PDF/UA-1, with the proof attached. The same receipt always gives the same bytes.
///
/// # Errors
/// See [`Error`]; nothing in the receipt causes one.
pub fn draw(receipt: &ConsentReceipt) -> Result<Vec<u8>, Error> {
    let plain = |text: &str| readable(text, false, pdf::shows);
    let pairs = |list: &[(String, String)]| list.iter().map(|(name, value)| (plain(name), plain(value))).collect();
    let code = QrCode::new(&receipt.address).map_err(|error| Error::Pdf(error.to_string()))?;
    let view = View {
        title: plain(&receipt.title),
        summary: plain(&receipt.summary),
        body: receipt.body.split("\n\n").map(plain).collect(),
        facts: pairs(&receipt.facts),
        state: plain(&receipt.state),
        proofs: pairs(&receipt.proofs),
        drawing: receipt.drawing.is_some(),
        address: &receipt.address,
        qr: code.render::<svg::Color<'_>>().min_dimensions(160, 160).build(),
        hash: &receipt.hash,
        date: receipt.date,
    };
    let data = serde_json::to_vec(&view)?;
    match pdf::consent(data, &receipt.document, receipt.drawing.as_deref(), &receipt.hash) {
        // A drawing that no program can show stays in the proof alone.
        Err(_) if receipt.drawing.is_some() => draw(&ConsentReceipt { drawing: None, ..receipt.clone() }),
        drawn => drawn,
    }
}
