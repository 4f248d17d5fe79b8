//! Making pictures byte by byte.
#![allow(dead_code)]

use std::path::PathBuf;

use sigilo_image::{Image, Refusal};
use zeroize::Zeroizing;

/// The words that stand in the metadata of the pictures with metadata.
pub const SECRET: &str = "Zuleimara";

pub fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn read(bytes: &[u8]) -> Result<Image, Refusal> {
    Image::read(Zeroizing::new(bytes.to_vec()))
}

pub fn png_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = u32::try_from(data.len()).unwrap().to_be_bytes().to_vec();
    out.extend_from_slice(kind);
    out.extend_from_slice(data);
    out.extend_from_slice(&crc32fast::hash(&out[4..]).to_be_bytes());
    out
}

pub fn png_header(width: u32, height: u32, depth: u8, colour: u8) -> Vec<u8> {
    let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
    png_chunk(b"IHDR", &[&sides[..], &[depth, colour, 0, 0, 0]].concat())
}

pub fn adler32(bytes: &[u8]) -> u32 {
    let (a, b) = bytes.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    b << 16 | a
}

/// A zlib stream that stores what it is given.
pub fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut parts = bytes.chunks(65_535).peekable();
    while let Some(part) = parts.next() {
        let length = u16::try_from(part.len()).unwrap();
        out.push(u8::from(parts.peek().is_none()));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(part);
    }
    out.extend_from_slice(&adler32(bytes).to_be_bytes());
    out
}

/// A grey picture; `extra` chunks stand before the picture's data.
pub fn png(width: u32, height: u32, extra: &[Vec<u8>]) -> Vec<u8> {
    let row = [&[0][..], &vec![0x55; width as usize]].concat();
    let data = stored(&row.repeat(height as usize));
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    out.extend(png_header(width, height, 8, 0));
    extra.iter().for_each(|chunk| out.extend_from_slice(chunk));
    out.extend(png_chunk(b"IDAT", &data));
    out.extend(png_chunk(b"IEND", b""));
    out
}

pub fn jpeg_segment(code: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
    [&[0xff, code][..], &length, data].concat()
}

/// Puts segments right behind the start of a JPEG.
pub fn with_segments(jpeg: &[u8], segments: &[Vec<u8>]) -> Vec<u8> {
    [&jpeg[..2], &segments.concat(), &jpeg[2..]].concat()
}

pub fn webp_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = kind.to_vec();
    out.extend_from_slice(&u32::try_from(data.len()).unwrap().to_le_bytes());
    out.extend_from_slice(data);
    if data.len() % 2 == 1 {
        out.push(0);
    }
    out
}

pub fn webp(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    let size = u32::try_from(body.len() + 4).unwrap().to_le_bytes();
    [&b"RIFF"[..], &size, b"WEBP", &body].concat()
}

/// The chunks of a WebP.
pub fn webp_chunks(bytes: &[u8]) -> Vec<([u8; 4], Vec<u8>)> {
    let mut found = Vec::new();
    let mut at = 12;
    while at < bytes.len() {
        let length = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        found.push((bytes[at..at + 4].try_into().unwrap(), bytes[at + 8..at + 8 + length].to_vec()));
        at += 8 + length + length % 2;
    }
    found
}

pub fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}
