//! Checks and cleans clinical images without decoding them; the bytes are wiped when dropped.
//!
//! The container is walked, never decompressed: no picture, however hostile, can exhaust this process. What is kept
//! is an allow-list, so that metadata nobody thought of goes too. Two things are out of reach of a walk: what is
//! written in the pixels, and text inside a colour profile (kept only when small).

mod build;
mod exif;
mod jpeg;
mod png;
mod refusal;
mod removed;
mod webp;

use std::fmt;

use zeroize::Zeroizing;

pub use refusal::Refusal;

/// Largest accepted file, in bytes (audit manual, step 4).
pub const MAX_BYTES: usize = 5 * 1024 * 1024;
/// Most images in one message (audit manual, step 4).
pub const MAX_IMAGES: usize = 3;
/// Longest accepted side, in pixels: what the vision models take.
pub const MAX_SIDE: u32 = 8000;
/// Most pixels in all.
pub const MAX_PIXELS: u64 = 50_000_000;
/// Largest colour profile that is kept, in bytes. Those of screens and cameras have less than 4 KiB.
const MAX_PROFILE: usize = 64 * 1024;

/// The accepted containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    WebP,
}

impl Format {
    /// The media type, as `image/jpeg`.
    pub fn mime(self) -> &'static str {
        match self {
            Format::Jpeg => "image/jpeg",
            Format::Png => "image/png",
            Format::WebP => "image/webp",
        }
    }

    /// The name that people know, as `JPEG`.
    pub fn name(self) -> &'static str {
        match self {
            Format::Jpeg => "JPEG",
            Format::Png => "PNG",
            Format::WebP => "WebP",
        }
    }

    /// What the first bytes say.
    ///
    /// # Errors
    /// [`Refusal::UnknownFormat`], or [`Refusal::OtherFormat`] for a kind of file that people often try.
    pub fn sniff(bytes: &[u8]) -> Result<Format, Refusal> {
        if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            return Ok(Format::Jpeg);
        }
        if bytes.starts_with(png::SIGNATURE) {
            return Ok(Format::Png);
        }
        if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            return Ok(Format::WebP);
        }
        Err(match other_format(bytes) {
            Some(name) => Refusal::OtherFormat(name),
            None => Refusal::UnknownFormat,
        })
    }
}

fn other_format(bytes: &[u8]) -> Option<&'static str> {
    let brand = bytes.get(4..12).unwrap_or_default();
    if brand.starts_with(b"ftyp") {
        return Some(match &brand[4..] {
            b"avif" | b"avis" => "AVIF",
            b"heic" | b"heix" | b"hevc" | b"heim" | b"heis" | b"mif1" | b"msf1" => "HEIC",
            _ => "de vídeo",
        });
    }
    if bytes.get(128..132) == Some(b"DICM") {
        return Some("DICOM");
    }
    let known: [(&[u8], &str); 7] = [
        (b"%PDF", "PDF"),
        (b"GIF8", "GIF"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"BM", "BMP"),
        (b"<svg", "SVG"),
        (b"PK\x03\x04", "ZIP"),
    ];
    known.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, name)| *name)
}

/// A checked image without metadata. Wiped when dropped.
pub struct Image {
    bytes: Zeroizing<Vec<u8>>,
    format: Format,
    width: u32,
    height: u32,
    removed: Vec<&'static str>,
    on_discard: Option<Box<dyn FnOnce() + Send + Sync>>,
}

/// What a walk makes of a file.
struct Cleaned {
    bytes: Zeroizing<Vec<u8>>,
    width: u32,
    height: u32,
    removed: removed::Removed,
}

impl Image {
    /// Walks the container, refuses what does not belong, and keeps only what shows the picture. The bytes given are
    /// wiped in any case.
    ///
    /// # Errors
    /// [`Refusal`], by reason.
    pub fn read(bytes: Zeroizing<Vec<u8>>) -> Result<Image, Refusal> {
        if bytes.is_empty() {
            return Err(Refusal::Empty);
        }
        if bytes.len() > MAX_BYTES {
            return Err(Refusal::TooLarge);
        }
        let format = Format::sniff(&bytes)?;
        let cleaned = match format {
            Format::Jpeg => jpeg::clean(&bytes)?,
            Format::Png => png::clean(&bytes)?,
            Format::WebP => webp::clean(&bytes)?,
        };
        let Cleaned { bytes, width, height, removed } = cleaned;
        Ok(Image { bytes, format, width, height, removed: removed.into_names(), on_discard: None })
    }

    /// The cleaned file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The container.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Width in pixels, as stored: a photograph that is to be turned has its sides exchanged.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels, as stored.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Names of the metadata that were there and are gone, as `EXIF com localização (GPS)`; each once.
    pub fn removed(&self) -> &[&'static str] {
        &self.removed
    }

    /// Calls `done` right after the bytes were wiped.
    pub fn on_discard(&mut self, done: impl FnOnce() + Send + Sync + 'static) {
        self.on_discard = Some(Box::new(done));
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // Dropping the taken buffer wipes and frees it, so that `done` tells the moment after.
        drop(std::mem::take(&mut self.bytes));
        if let Some(done) = self.on_discard.take() {
            done();
        }
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Image({}, {}×{})", self.format.mime(), self.width, self.height)
    }
}

/// Refuses pictures without pixels and pictures with too many.
fn check_size(width: u32, height: u32) -> Result<(), Refusal> {
    if width == 0 || height == 0 {
        return Err(Refusal::NoPixels);
    }
    if width > MAX_SIDE || height > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(Refusal::TooManyPixels { width, height });
    }
    Ok(())
}
