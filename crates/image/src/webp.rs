//! WebP by its chunks (RFC 9649).

use std::ops::Range;

use crate::build::{Piece, is_profile, join};
use crate::removed::{self, Removed};
use crate::{Cleaned, Format, Refusal, check_size, exif};

const DAMAGED: Refusal = Refusal::Damaged(Format::WebP);
const TRUNCATED: Refusal = Refusal::Truncated(Format::WebP);
const ANIMATED: Refusal = Refusal::Animated(Format::WebP);

/// "RIFF", size, "WEBP".
const HEAD: usize = 12;
const FLAG_ANIMATION: u8 = 0x02;
const FLAG_EXIF: u8 = 0x08;
const FLAG_ALPHA: u8 = 0x10;
const FLAG_PROFILE: u8 = 0x20;

/// A chunk's type and where its data lies.
type Chunk = ([u8; 4], Range<usize>);

/// The picture itself.
struct Picture {
    kind: [u8; 4],
    data: Range<usize>,
    width: u32,
    height: u32,
    /// Lossless pictures carry their transparency themselves.
    alpha: bool,
}

#[derive(Default)]
struct Walk {
    canvas: Option<(u32, u32)>,
    profile: Option<Range<usize>>,
    alpha: Option<Range<usize>>,
    picture: Option<Picture>,
    orientation: Option<u8>,
    removed: Removed,
}

pub(crate) fn clean(bytes: &[u8]) -> Result<Cleaned, Refusal> {
    let mut walk = Walk::default();
    for (number, (kind, data)) in chunks(bytes)?.into_iter().enumerate() {
        walk.take(number, kind, data, bytes)?;
    }
    walk.finish(bytes)
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn chunks(bytes: &[u8]) -> Result<Vec<Chunk>, Refusal> {
    let size = usize::try_from(long(bytes, 4).ok_or(TRUNCATED)?).map_err(|_| DAMAGED)?;
    match size.checked_add(8) {
        Some(end) if end == bytes.len() => {}
        Some(end) if end < bytes.len() => return Err(Refusal::TrailingData(Format::WebP)),
        _ => return Err(TRUNCATED),
    }
    let mut found = Vec::new();
    let mut at = HEAD;
    while at < bytes.len() {
        let kind = bytes.get(at..at + 4).and_then(|kind| <[u8; 4]>::try_from(kind).ok()).ok_or(DAMAGED)?;
        let length = usize::try_from(long(bytes, at + 4).ok_or(DAMAGED)?).map_err(|_| DAMAGED)?;
        let start = at + 8;
        let end = start.checked_add(length).filter(|end| *end <= bytes.len()).ok_or(DAMAGED)?;
        found.push((kind, start..end));
        // Odd lengths are padded by a byte.
        at = end + length % 2;
    }
    // The last one's padding lies in the file too.
    if at == bytes.len() { Ok(found) } else { Err(DAMAGED) }
}

impl Walk {
    fn take(&mut self, number: usize, kind: [u8; 4], data: Range<usize>, bytes: &[u8]) -> Result<(), Refusal> {
        let content = &bytes[data.clone()];
        match &kind {
            b"VP8X" if number == 0 => self.extended(content),
            b"VP8 " | b"VP8L" if self.picture.is_none() => {
                // Without the extended header the picture is all there is.
                if number > 0 && self.canvas.is_none() {
                    return Err(DAMAGED);
                }
                let picture = if kind == *b"VP8 " { lossy(content, data) } else { lossless(content, data) };
                self.picture = Some(picture?);
                Ok(())
            }
            b"VP8X" | b"VP8 " | b"VP8L" => Err(DAMAGED),
            b"ANIM" | b"ANMF" => Err(ANIMATED),
            _ if number == 0 => Err(DAMAGED),
            b"ALPH" if self.canvas.is_some() && self.alpha.is_none() && self.picture.is_none() => {
                self.alpha = Some(data);
                Ok(())
            }
            b"ALPH" => Err(DAMAGED),
            b"ICCP" => {
                let early = self.canvas.is_some() && self.profile.is_none() && self.picture.is_none();
                if early && is_profile(content) {
                    self.profile = Some(data);
                } else {
                    self.removed.add(removed::PROFILE);
                }
                Ok(())
            }
            b"EXIF" => {
                let found = exif::look(content.strip_prefix(b"Exif\0\0").unwrap_or(content));
                if self.canvas.is_some() {
                    self.orientation = self.orientation.or(found.orientation);
                }
                if !found.minimal {
                    self.removed.add_exif(&found);
                }
                Ok(())
            }
            b"XMP " => {
                self.removed.add(removed::XMP);
                Ok(())
            }
            b"C2PA" => {
                self.removed.add(removed::PROVENANCE);
                Ok(())
            }
            _ => {
                self.removed.add(removed::AUXILIARY);
                Ok(())
            }
        }
    }

    fn extended(&mut self, content: &[u8]) -> Result<(), Refusal> {
        let [flags, _, _, _, w0, w1, w2, h0, h1, h2] = *content else { return Err(DAMAGED) };
        if flags & FLAG_ANIMATION != 0 {
            return Err(ANIMATED);
        }
        let side = |bytes: [u8; 3]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]) + 1;
        self.canvas = Some((side([w0, w1, w2]), side([h0, h1, h2])));
        Ok(())
    }

    fn finish(self, bytes: &[u8]) -> Result<Cleaned, Refusal> {
        let picture = self.picture.ok_or(DAMAGED)?;
        let Picture { width, height, .. } = picture;
        check_size(width, height)?;
        if self.canvas.is_some_and(|canvas| canvas != (width, height)) {
            return Err(DAMAGED);
        }
        let lossless = picture.kind == *b"VP8L";
        if lossless && self.alpha.is_some() {
            return Err(DAMAGED);
        }
        let exif = self.orientation.map(exif::minimal);
        let mut pieces = Vec::new();
        if self.profile.is_some() || self.alpha.is_some() || exif.is_some() {
            let mut flags = 0;
            for (flag, set) in [
                (FLAG_PROFILE, self.profile.is_some()),
                (FLAG_ALPHA, self.alpha.is_some() || picture.alpha),
                (FLAG_EXIF, exif.is_some()),
            ] {
                flags |= if set { flag } else { 0 };
            }
            let mut head = [0; 10];
            head[0] = flags;
            head[4..7].copy_from_slice(&(width - 1).to_le_bytes()[..3]);
            head[7..].copy_from_slice(&(height - 1).to_le_bytes()[..3]);
            own(&mut pieces, *b"VP8X", &head);
        }
        if let Some(profile) = self.profile {
            kept(&mut pieces, *b"ICCP", profile);
        }
        if let Some(alpha) = self.alpha {
            kept(&mut pieces, *b"ALPH", alpha);
        }
        kept(&mut pieces, picture.kind, picture.data);
        if let Some(exif) = exif {
            own(&mut pieces, *b"EXIF", &exif);
        }
        let length: usize = pieces.iter().map(Piece::len).sum();
        let size = u32::try_from(length + 4).map_err(|_| DAMAGED)?.to_le_bytes();
        pieces.insert(0, Piece::Own([&b"RIFF"[..], &size, b"WEBP"].concat()));
        Ok(Cleaned { bytes: join(bytes, &pieces), width, height, removed: self.removed })
    }
}

fn own(pieces: &mut Vec<Piece>, kind: [u8; 4], data: &[u8]) {
    pieces.push(head(kind, data.len()));
    pieces.push(Piece::Own(data.to_vec()));
}

fn kept(pieces: &mut Vec<Piece>, kind: [u8; 4], data: Range<usize>) {
    let length = data.len();
    pieces.push(head(kind, length));
    pieces.push(Piece::Kept(data));
    if length % 2 == 1 {
        pieces.push(Piece::Own(vec![0]));
    }
}

fn head(kind: [u8; 4], length: usize) -> Piece {
    Piece::Own([kind, u32::try_from(length).unwrap_or_default().to_le_bytes()].concat())
}

/// The frame header of a lossy picture (RFC 6386, 9.1).
fn lossy(content: &[u8], data: Range<usize>) -> Result<Picture, Refusal> {
    let [t0, t1, t2, 0x9d, 0x01, 0x2a, w0, w1, h0, h1, rest @ ..] = content else { return Err(DAMAGED) };
    let tag = u32::from_le_bytes([*t0, *t1, *t2, 0]);
    let (inter, version, shown, first_part) = (tag & 1, (tag >> 1) & 7, (tag >> 4) & 1, tag >> 5);
    let first_part = usize::try_from(first_part).unwrap_or(usize::MAX);
    if inter != 0 || version > 3 || shown == 0 || first_part == 0 || first_part > rest.len() {
        return Err(DAMAGED);
    }
    // The upper two bits are a scale that shows nothing.
    let side = |low: u8, high: u8| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    Ok(Picture { kind: *b"VP8 ", data, width: side(*w0, *w1), height: side(*h0, *h1), alpha: false })
}

/// The header of a lossless picture (RFC 9649, 3.4).
fn lossless(content: &[u8], data: Range<usize>) -> Result<Picture, Refusal> {
    let [0x2f, b0, b1, b2, b3, _, ..] = content else { return Err(DAMAGED) };
    let bits = u32::from_le_bytes([*b0, *b1, *b2, *b3]);
    if bits >> 29 != 0 {
        return Err(DAMAGED);
    }
    let (width, height) = ((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1);
    Ok(Picture { kind: *b"VP8L", data, width, height, alpha: bits & (1 << 28) != 0 })
}
