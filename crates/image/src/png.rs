//! PNG by its chunks (W3C PNG, third edition).

use crate::build::{Piece, join};
use crate::removed::{self, Removed};
use crate::{Cleaned, Format, MAX_PROFILE, Refusal, check_size, exif};

pub(crate) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

const DAMAGED: Refusal = Refusal::Damaged(Format::Png);
const TRUNCATED: Refusal = Refusal::Truncated(Format::Png);
/// Length, type and checksum.
const FRAME: usize = 12;
/// Deflate gives at most 258 bytes for 2 bits.
const MOST_INFLATED: u64 = 1032;

struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
    /// Where it lies with its frame.
    start: usize,
    end: usize,
}

struct Chunks<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Chunks<'a> {
    fn next(&mut self) -> Result<Chunk<'a>, Refusal> {
        let start = self.at;
        let head = self.bytes.get(start..start + 8).ok_or(TRUNCATED)?;
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let kind = [head[4], head[5], head[6], head[7]];
        if !kind.iter().all(u8::is_ascii_alphabetic) || length > i32::MAX.unsigned_abs() {
            return Err(DAMAGED);
        }
        let end = usize::try_from(length).ok().and_then(|length| (start + FRAME).checked_add(length)).ok_or(DAMAGED)?;
        if end > self.bytes.len() {
            return Err(TRUNCATED);
        }
        self.at = end;
        Ok(Chunk { kind, data: &self.bytes[start + 8..end - 4], start, end })
    }
}

impl Chunk<'_> {
    fn check(&self, bytes: &[u8]) -> Result<(), Refusal> {
        let sum = crc32fast::hash(&bytes[self.start + 4..self.end - 4]);
        if bytes[self.end - 4..self.end] == sum.to_be_bytes() { Ok(()) } else { Err(DAMAGED) }
    }
}

/// A chunk of ours.
fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + FRAME);
    out.extend_from_slice(&u32::try_from(data.len()).unwrap_or_default().to_be_bytes());
    out.extend_from_slice(&kind);
    out.extend_from_slice(data);
    let sum = crc32fast::hash(&out[4..]);
    out.extend_from_slice(&sum.to_be_bytes());
    out
}

struct Header {
    width: u32,
    height: u32,
    colour: u8,
    /// Least bytes of the unpacked picture.
    unpacked: u64,
}

fn header(data: &[u8]) -> Result<Header, Refusal> {
    let data: &[u8; 13] = data.try_into().map_err(|_| DAMAGED)?;
    let width = u32::from_be_bytes([data[0], data[1], data[2], data[3]]);
    let height = u32::from_be_bytes([data[4], data[5], data[6], data[7]]);
    let [depth, colour, compression, filter, interlace] = [data[8], data[9], data[10], data[11], data[12]];
    let (depths, samples): (&[u8], u64) = match colour {
        0 => (&[1, 2, 4, 8, 16], 1),
        2 => (&[8, 16], 3),
        3 => (&[1, 2, 4, 8], 1),
        4 => (&[8, 16], 2),
        6 => (&[8, 16], 4),
        _ => return Err(DAMAGED),
    };
    if !depths.contains(&depth) || compression != 0 || filter != 0 || interlace > 1 {
        return Err(DAMAGED);
    }
    check_size(width, height)?;
    let row = (u64::from(width) * samples * u64::from(depth)).div_ceil(8) + 1;
    Ok(Header { width, height, colour, unpacked: row * u64::from(height) })
}

/// The stages of a file, in order.
#[derive(PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum Stage {
    Start,
    Palette,
    Data,
    After,
}

struct Walk {
    header: Header,
    stage: Stage,
    pieces: Vec<Piece>,
    /// Where a block with the orientation goes: just before the picture.
    before_data: usize,
    kept: Vec<[u8; 4]>,
    palette: usize,
    packed: u64,
    /// The first two bytes of the packed picture, which may lie in two chunks.
    zlib: Vec<u8>,
    orientation: Option<u8>,
    removed: Removed,
}

pub(crate) fn clean(bytes: &[u8]) -> Result<Cleaned, Refusal> {
    let mut chunks = Chunks { bytes, at: SIGNATURE.len() };
    let first = chunks.next()?;
    if first.kind != *b"IHDR" {
        return Err(DAMAGED);
    }
    first.check(bytes)?;
    let mut walk = Walk {
        header: header(first.data)?,
        stage: Stage::Start,
        pieces: vec![Piece::Kept(0..first.end)],
        before_data: 0,
        kept: Vec::new(),
        palette: 0,
        packed: 0,
        zlib: Vec::new(),
        orientation: None,
        removed: Removed::default(),
    };
    loop {
        let one = chunks.next()?;
        if one.kind == *b"IEND" {
            one.check(bytes)?;
            if !one.data.is_empty() {
                return Err(DAMAGED);
            }
            walk.pieces.push(Piece::Kept(one.start..one.end));
            break;
        }
        walk.take(&one, bytes)?;
    }
    if chunks.at != bytes.len() {
        return Err(Refusal::TrailingData(Format::Png));
    }
    walk.finish(bytes)
}

impl Walk {
    fn take(&mut self, one: &Chunk<'_>, bytes: &[u8]) -> Result<(), Refusal> {
        if self.stage == Stage::Data && one.kind != *b"IDAT" {
            self.stage = Stage::After;
        }
        match &one.kind {
            b"PLTE" => self.palette(one, bytes),
            b"IDAT" => self.data(one, bytes),
            b"tRNS" | b"gAMA" | b"cHRM" | b"sRGB" | b"iCCP" => self.colour(one, bytes),
            b"acTL" | b"fcTL" | b"fdAT" => Err(Refusal::Animated(Format::Png)),
            b"eXIf" => {
                let found = exif::look(one.data);
                self.orientation = self.orientation.or(found.orientation);
                if !found.minimal {
                    self.removed.add_exif(&found);
                }
                Ok(())
            }
            // A capital first letter marks what a reader must understand.
            kind if kind[0].is_ascii_uppercase() => Err(Refusal::Unsupported(Format::Png)),
            _ => {
                self.removed.add(name(one));
                Ok(())
            }
        }
    }

    fn keep(&mut self, one: &Chunk<'_>) {
        self.kept.push(one.kind);
        self.pieces.push(Piece::Kept(one.start..one.end));
    }

    fn palette(&mut self, one: &Chunk<'_>, bytes: &[u8]) -> Result<(), Refusal> {
        one.check(bytes)?;
        let colours = one.data.len() / 3;
        let whole = one.data.len().is_multiple_of(3) && (1..=256).contains(&colours);
        if self.stage != Stage::Start || !whole || matches!(self.header.colour, 0 | 4) {
            return Err(DAMAGED);
        }
        self.stage = Stage::Palette;
        self.palette = colours;
        self.keep(one);
        Ok(())
    }

    fn data(&mut self, one: &Chunk<'_>, bytes: &[u8]) -> Result<(), Refusal> {
        one.check(bytes)?;
        if self.stage == Stage::After || (self.header.colour == 3 && self.palette == 0) {
            return Err(DAMAGED);
        }
        if self.stage < Stage::Data {
            self.before_data = self.pieces.len();
            self.stage = Stage::Data;
        }
        let wanted = 2 - self.zlib.len().min(2);
        self.zlib.extend(one.data.iter().take(wanted));
        self.packed += one.data.len() as u64;
        self.keep(one);
        Ok(())
    }

    /// What changes how the colours look. Whatever is out of place, readers ignore; here it goes.
    fn colour(&mut self, one: &Chunk<'_>, bytes: &[u8]) -> Result<(), Refusal> {
        let length = one.data.len();
        let in_place = match &one.kind {
            b"tRNS" => {
                let right = match self.header.colour {
                    0 => length == 2,
                    2 => length == 6,
                    3 => (1..=self.palette).contains(&length),
                    _ => false,
                };
                right && self.stage < Stage::Data
            }
            b"gAMA" => length == 4 && self.stage == Stage::Start,
            b"cHRM" => length == 32 && self.stage == Stage::Start,
            b"sRGB" => length == 1 && one.data[0] < 4 && self.stage == Stage::Start,
            _ => self.stage == Stage::Start,
        };
        if !in_place || self.kept.contains(&one.kind) {
            self.removed.add(if one.kind == *b"iCCP" { removed::PROFILE } else { removed::AUXILIARY });
            return Ok(());
        }
        one.check(bytes)?;
        if one.kind == *b"iCCP" {
            self.profile(one.data);
        } else {
            self.keep(one);
        }
        Ok(())
    }

    /// The profile's name is text of whoever made it, so a name of ours takes its place.
    fn profile(&mut self, data: &[u8]) {
        let packed = data.iter().position(|byte| *byte == 0).and_then(|end| data.get(end + 1..));
        match packed {
            Some([0, packed @ ..]) if !packed.is_empty() && packed.len() <= MAX_PROFILE => {
                self.kept.push(*b"iCCP");
                self.pieces.push(Piece::Own(chunk(*b"iCCP", &[b"ICC\0\0", packed].concat())));
            }
            _ => self.removed.add(removed::PROFILE),
        }
    }

    fn finish(mut self, bytes: &[u8]) -> Result<Cleaned, Refusal> {
        let [method, flags] = self.zlib[..] else { return Err(DAMAGED) };
        let deflate = method & 15 == 8 && flags & 32 == 0 && (u16::from(method) * 256 + u16::from(flags)) % 31 == 0;
        if !deflate || self.packed.saturating_mul(MOST_INFLATED) < self.header.unpacked {
            return Err(DAMAGED);
        }
        if let Some(orientation) = self.orientation {
            self.pieces.insert(self.before_data, Piece::Own(chunk(*b"eXIf", &exif::minimal(orientation))));
        }
        let Header { width, height, .. } = self.header;
        Ok(Cleaned { bytes: join(bytes, &self.pieces), width, height, removed: self.removed })
    }
}

fn name(one: &Chunk<'_>) -> &'static str {
    match &one.kind {
        b"tEXt" | b"zTXt" | b"iTXt" => {
            let raw = [&b"Raw profile type "[..], b"XML:com.adobe.xmp\0"];
            if one.data.starts_with(raw[1]) {
                return removed::XMP;
            }
            match one.data.strip_prefix(raw[0]) {
                Some(rest) if rest.starts_with(b"exif") || rest.starts_with(b"APP1") => removed::EXIF,
                Some(rest) if rest.starts_with(b"iptc") => removed::IPTC,
                Some(rest) if rest.starts_with(b"xmp") => removed::XMP,
                _ => removed::PNG_TEXT,
            }
        }
        b"tIME" => removed::PNG_TIME,
        b"pHYs" => removed::RESOLUTION,
        b"caBX" => removed::PROVENANCE,
        _ => removed::AUXILIARY,
    }
}
