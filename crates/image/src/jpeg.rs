//! JPEG by its segments (ITU-T T.81, annex B).

use std::ops::Range;

use crate::build::{Piece, is_profile, join};
use crate::removed::{self, Removed};
use crate::{Cleaned, Format, MAX_PROFILE, Refusal, check_size, exif};

const DAMAGED: Refusal = Refusal::Damaged(Format::Jpeg);
const TRUNCATED: Refusal = Refusal::Truncated(Format::Jpeg);
const UNSUPPORTED: Refusal = Refusal::Unsupported(Format::Jpeg);

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const DQT: u8 = 0xdb;
const DHT: u8 = 0xc4;
const DRI: u8 = 0xdd;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP11: u8 = 0xeb;
const APP13: u8 = 0xed;
const APP14: u8 = 0xee;
const COM: u8 = 0xfe;

const PROFILE: &[u8] = b"ICC_PROFILE\0";
const EXIF: &[u8] = b"Exif\0\0";
/// JFIF 1.01 without density and thumbnail: it says that the colours are YCbCr, which readers rely on.
const JFIF: &[u8] = b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0";

struct Frame {
    width: u32,
    height: u32,
    /// Identifiers of the components.
    components: Vec<u8>,
}

#[derive(Default)]
struct Walk {
    frame: Option<Frame>,
    scans: usize,
    /// Tables, frame and scans, in their order.
    picture: Vec<Range<usize>>,
    jfif: bool,
    /// Adobe's word on the colours: 0, 1 or 2.
    transform: Option<u8>,
    profile: Vec<Range<usize>>,
    orientation: Option<u8>,
    more_pictures: bool,
    removed: Removed,
}

pub(crate) fn clean(bytes: &[u8]) -> Result<Cleaned, Refusal> {
    let mut walk = Walk::default();
    let mut at = 2;
    loop {
        // Any number of 0xff may stand before a marker.
        let mut code = 0xff;
        let marker = at;
        while code == 0xff {
            code = *bytes.get(at).ok_or(TRUNCATED)?;
            if at == marker && code != 0xff {
                return Err(DAMAGED);
            }
            at += 1;
        }
        if code == EOI {
            break;
        }
        if matches!(code, 0 | 1 | SOI | 0xd0..=0xd7) {
            return Err(DAMAGED);
        }
        let head = bytes.get(at..at + 2).ok_or(TRUNCATED)?;
        let length = usize::from(u16::from_be_bytes([head[0], head[1]]));
        if length < 2 {
            return Err(DAMAGED);
        }
        let data = bytes.get(at + 2..at + length).ok_or(TRUNCATED)?;
        // The marker's own two bytes belong to the segment.
        let mut segment = at - 2..at + length;
        at += length;
        if code == SOS {
            walk.scan(data)?;
            at = end_of_scan(bytes, at)?;
            segment.end = at;
            walk.picture.push(segment);
        } else {
            walk.segment(code, data, segment)?;
        }
    }
    let rest = &bytes[at..];
    // Phones put further pictures behind the first and announce them; they are cut off.
    if walk.more_pictures && rest.starts_with(&[0xff, SOI, 0xff]) {
        walk.removed.add(removed::MORE_PICTURES);
    } else if !rest.is_empty() {
        return Err(Refusal::TrailingData(Format::Jpeg));
    }
    walk.finish(bytes)
}

/// Where the entropy-coded data ends: at the first marker that is neither a stuffed byte nor a restart.
fn end_of_scan(bytes: &[u8], mut at: usize) -> Result<usize, Refusal> {
    let start = at;
    loop {
        match *bytes.get(at..at + 2).ok_or(TRUNCATED)? {
            [0xff, 0x00 | 0xd0..=0xd7] => at += 2,
            [0xff, 0xff] => at += 1,
            [0xff, _] if at == start => return Err(DAMAGED),
            [0xff, _] => return Ok(at),
            _ => at += 1,
        }
    }
}

impl Walk {
    fn segment(&mut self, code: u8, data: &[u8], segment: Range<usize>) -> Result<(), Refusal> {
        match code {
            0xc0..=0xc2 => self.frame(code, data)?,
            DQT if tables(data, quantisation) => {}
            DHT if tables(data, huffman) => {}
            DRI if data.len() == 2 => {}
            DQT | DHT | DRI => return Err(DAMAGED),
            // Lossless, hierarchical and arithmetic coding, and a height that comes later.
            0xc3..=0xcf | 0xdc | 0xde | 0xdf => return Err(UNSUPPORTED),
            0xe0..=0xef | COM => {
                self.application(code, data, segment);
                return Ok(());
            }
            _ => return Err(DAMAGED),
        }
        self.picture.push(segment);
        Ok(())
    }

    fn frame(&mut self, code: u8, data: &[u8]) -> Result<(), Refusal> {
        let [precision, h1, h0, w1, w0, count, components @ ..] = data else { return Err(DAMAGED) };
        if self.frame.is_some() || components.len() != usize::from(*count) * 3 {
            return Err(DAMAGED);
        }
        // Baseline has 8 bits; what has more, browsers and models do not show.
        if *precision != 8 {
            return Err(if code == 0xc0 { DAMAGED } else { UNSUPPORTED });
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(UNSUPPORTED);
        }
        let (width, height) = (u32::from(u16::from_be_bytes([*w1, *w0])), u32::from(u16::from_be_bytes([*h1, *h0])));
        check_size(width, height)?;
        let sampled = |one: &[u8]| (1..=4).contains(&(one[1] >> 4)) && (1..=4).contains(&(one[1] & 15)) && one[2] < 4;
        if !components.chunks_exact(3).all(sampled) {
            return Err(DAMAGED);
        }
        let components = components.chunks_exact(3).map(|one| one[0]).collect();
        self.frame = Some(Frame { width, height, components });
        Ok(())
    }

    fn scan(&mut self, data: &[u8]) -> Result<(), Refusal> {
        let frame = self.frame.as_ref().ok_or(DAMAGED)?;
        let [count, rest @ ..] = data else { return Err(DAMAGED) };
        let count = usize::from(*count);
        if !(1..=frame.components.len()).contains(&count) || rest.len() != count * 2 + 3 {
            return Err(DAMAGED);
        }
        if !rest[..count * 2].chunks_exact(2).all(|one| frame.components.contains(&one[0])) {
            return Err(DAMAGED);
        }
        self.scans += 1;
        Ok(())
    }

    fn application(&mut self, code: u8, data: &[u8], segment: Range<usize>) {
        match code {
            APP0 if data.starts_with(b"JFIF\0") => {
                self.jfif = true;
                if data.get(12..14).is_some_and(|thumbnail| thumbnail != [0, 0]) {
                    self.removed.add(removed::JFIF_THUMBNAIL);
                } else if data.len() > JFIF.len() {
                    self.removed.add(removed::APPLICATION);
                }
            }
            APP0 if data.starts_with(b"JFXX\0") => self.removed.add(removed::JFIF_THUMBNAIL),
            APP1 if data.starts_with(EXIF) => {
                let found = exif::look(&data[EXIF.len()..]);
                self.orientation = self.orientation.or(found.orientation);
                if !found.minimal {
                    self.removed.add_exif(&found);
                }
            }
            APP1 if data.starts_with(b"http://ns.adobe.com/x") => self.removed.add(removed::XMP),
            APP2 if data.starts_with(PROFILE) => self.profile.push(segment),
            APP2 if data.starts_with(b"MPF\0") => {
                self.more_pictures = true;
                self.removed.add(removed::MORE_PICTURES);
            }
            APP11 => self.removed.add(removed::PROVENANCE),
            APP13 => self.removed.add(removed::IPTC),
            APP14 if data.starts_with(b"Adobe") && data.get(11).is_some_and(|transform| *transform < 3) => {
                self.transform = self.transform.or(data.get(11).copied());
                if data.len() > 12 {
                    self.removed.add(removed::APPLICATION);
                }
            }
            COM => self.removed.add(removed::COMMENT),
            _ => self.removed.add(removed::APPLICATION),
        }
    }

    /// The parts of a colour profile, when they are whole, in order, and small.
    fn profile_is_whole(&self, bytes: &[u8]) -> bool {
        let head = 4 + PROFILE.len();
        let mut profile = Vec::new();
        for (number, range) in self.profile.iter().enumerate() {
            let segment = &bytes[range.clone()];
            let order = [number + 1, self.profile.len()].map(|n| u8::try_from(n).unwrap_or(0));
            if segment.get(head..head + 2) != Some(&order) || profile.len() > MAX_PROFILE {
                return false;
            }
            profile.extend_from_slice(&segment[head + 2..]);
        }
        is_profile(&profile)
    }

    fn finish(mut self, bytes: &[u8]) -> Result<Cleaned, Refusal> {
        let frame = self.frame.take().ok_or(DAMAGED)?;
        if self.scans == 0 {
            return Err(DAMAGED);
        }
        let mut pieces = vec![Piece::Own(vec![0xff, SOI])];
        if self.jfif {
            pieces.push(Piece::Own(own_segment(APP0, JFIF)));
        }
        if let Some(orientation) = self.orientation {
            pieces.push(Piece::Own(own_segment(APP1, &[EXIF, &exif::minimal(orientation)].concat())));
        }
        if let Some(transform) = self.transform {
            pieces.push(Piece::Own(own_segment(APP14, &[b"Adobe\0\x64\0\0\0\0", &[transform][..]].concat())));
        }
        if self.profile_is_whole(bytes) {
            pieces.extend(self.profile.iter().cloned().map(Piece::Kept));
        } else if !self.profile.is_empty() {
            self.removed.add(removed::PROFILE);
        }
        pieces.extend(std::mem::take(&mut self.picture).into_iter().map(Piece::Kept));
        pieces.push(Piece::Own(vec![0xff, EOI]));
        let Frame { width, height, .. } = frame;
        Ok(Cleaned { bytes: join(bytes, &pieces), width, height, removed: self.removed })
    }
}

/// Whether a segment is nothing but whole tables; `next` gives the length of the first.
fn tables(mut data: &[u8], next: impl Fn(&[u8]) -> Option<usize>) -> bool {
    let some = !data.is_empty();
    while !data.is_empty() {
        match next(data).and_then(|length| data.get(length..)) {
            Some(rest) => data = rest,
            None => return false,
        }
    }
    some
}

fn quantisation(data: &[u8]) -> Option<usize> {
    let head = *data.first()?;
    let wide = head >> 4;
    (wide < 2 && head & 15 < 4).then_some(1 + 64 * (1 + usize::from(wide)))
}

fn huffman(data: &[u8]) -> Option<usize> {
    let head = *data.first()?;
    let symbols: usize = data.get(1..17)?.iter().map(|count| usize::from(*count)).sum();
    (head >> 4 < 2 && head & 15 < 4 && symbols <= 256).then_some(17 + symbols)
}

fn own_segment(code: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap_or_default().to_be_bytes();
    [&[0xff, code][..], &length, data].concat()
}
