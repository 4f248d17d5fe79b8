//! The authenticator's QR code as inline SVG. It draws by presentation attributes, which the
//! content policy allows, and never leaves the page as an image address.

use std::fmt::{self, Write as _};

use askama::filters::HtmlSafe;
use qrcode::{Color, QrCode};

/// Light modules around the code, as ISO/IEC 18004 asks.
const QUIET: usize = 4;

/// Markup made of numbers and constants only.
pub(crate) struct Svg(String);

impl HtmlSafe for Svg {}

impl fmt::Display for Svg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Draws the text; nothing when it is too long for a code.
pub(crate) fn code(text: &str) -> Option<Svg> {
    let code = QrCode::new(text).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (row, modules) in code.to_colors().chunks(width).enumerate() {
        let mut column = 0;
        while column < width {
            let run = modules[column..].iter().take_while(|color| **color == Color::Dark).count();
            if run > 0 {
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", column + QUIET, row + QUIET);
            }
            column += run.max(1);
        }
    }
    let side = width + 2 * QUIET;
    Some(Svg(format!(
        r##"<svg class="qr" role="img" aria-label="QR code para o aplicativo autenticador" width="184" height="184" viewBox="0 0 {side} {side}" shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/><path fill="#0b2a30" d="{path}"/></svg>"##
    )))
}

/// A secret in groups of four, easier to type.
pub(crate) fn grouped(secret: &str) -> Vec<String> {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_drawn_inside_its_quiet_zone() {
        let svg = code("otpauth://totp/Sigilo:ana?secret=JBSWY3DPEHPK3PXP").unwrap().to_string();
        assert!(svg.contains("M4 4h7v1h-7z"), "the finder pattern starts in the corner");
        assert!(!svg.contains("style="));
    }

    #[test]
    fn secrets_are_grouped() {
        assert_eq!(grouped("ABCDEFGHIJ"), ["ABCD", "EFGH", "IJ"]);
    }
}
