//! Whatever the bytes are: no panic, and what is accepted is clean.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use proptest::prelude::*;
use sigilo_image::{Format, Image};
use support::{contains, fixture, read, webp_chunks};

const SEEDS: &[&str] = &[
    "camera.jpg",
    "progressive.jpg",
    "restarts.jpg",
    "cmyk.jpg",
    "two-pictures.jpg",
    "notes.png",
    "palette.png",
    "camera.webp",
    "alpha.webp",
    "lossless-notes.webp",
];

/// One change, as fuzzers make them.
#[derive(Debug, Clone)]
enum Change {
    Set(usize, u8),
    Flip(usize, u8),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize),
    Move(usize, usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<usize>();
    let telling = prop_oneof![Just(0x00), Just(0xff), Just(0xd8), Just(0xd9), Just(0xda), Just(0xe1), any::<u8>()];
    prop_oneof![
        (place, telling).prop_map(|(at, byte)| Change::Set(at, byte)),
        (place, 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (place, prop::collection::vec(any::<u8>(), 1..12)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (place, 1..40_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (place, 1..60_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
        (place, 1..60_usize, place).prop_map(|(from, length, to)| Change::Move(from, length, to)),
    ]
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let size = bytes.len();
        let stretch = |at: usize, length: usize| at % size..(at % size + length).min(size);
        match self {
            Change::Set(at, byte) => bytes[at % size] = *byte,
            Change::Flip(at, bit) => bytes[at % size] ^= 1 << bit,
            Change::Insert(at, more) => drop(bytes.splice(at % size..at % size, more.iter().copied())),
            Change::Remove(at, length) => drop(bytes.drain(stretch(*at, *length))),
            Change::Repeat(at, length) => {
                let copy = bytes[stretch(*at, *length)].to_vec();
                bytes.splice(at % size..at % size, copy);
            }
            Change::Move(from, length, to) => {
                let moved: Vec<u8> = bytes.drain(stretch(*from, *length)).collect();
                let to = to % (bytes.len() + 1);
                bytes.splice(to..to, moved);
            }
        }
    }
}

/// Puts right the sums and sizes that a change broke, so that the walk goes deeper.
fn repair(bytes: &mut [u8]) {
    if bytes.starts_with(b"RIFF") && bytes.len() >= 12 {
        let size = u32::try_from(bytes.len() - 8).unwrap();
        bytes[4..8].copy_from_slice(&size.to_le_bytes());
    }
    if bytes.starts_with(b"\x89PNG") {
        let mut at = 8;
        while let Some(head) = bytes.get(at..at + 8) {
            let length = u32::from_be_bytes(head[..4].try_into().unwrap()) as usize;
            let Some(end) = at.checked_add(length + 12).filter(|end| *end <= bytes.len()) else { return };
            let sum = crc32fast::hash(&bytes[at + 4..end - 4]).to_be_bytes();
            bytes[end - 4..end].copy_from_slice(&sum);
            at = end;
        }
    }
}

fn is_clean(image: &Image) -> Result<(), TestCaseError> {
    let bytes = image.bytes();
    match image.format() {
        Format::Png => {
            let mut at = 8;
            while at < bytes.len() {
                let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
                let kind = &bytes[at + 4..at + 8];
                let allowed: [&[u8]; 10] =
                    [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"eXIf"];
                prop_assert!(allowed.contains(&kind), "{:?}", kind);
                prop_assert!(kind != b"eXIf" || length == 26);
                at += length + 12;
            }
        }
        Format::WebP => {
            for (kind, data) in webp_chunks(bytes) {
                let allowed = [*b"VP8X", *b"VP8 ", *b"VP8L", *b"ALPH", *b"ICCP", *b"EXIF"];
                prop_assert!(allowed.contains(&kind), "{:?}", kind);
                prop_assert!(kind != *b"EXIF" || data.len() == 26);
            }
        }
        Format::Jpeg => {
            let mut at = 2;
            while bytes[at + 1] != 0xda {
                let (code, length) = (bytes[at + 1], usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]])));
                let data = &bytes[at + 4..at + 2 + length];
                let allowed = match code {
                    0xe0 => data == b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0",
                    0xe1 => data.starts_with(b"Exif\0\0MM\0*") && data.len() == 32,
                    0xe2 => data.starts_with(b"ICC_PROFILE\0"),
                    0xee => data.starts_with(b"Adobe\0\x64") && data.len() == 12,
                    0xc0..=0xc2 | 0xc4 | 0xdb | 0xdd => true,
                    _ => false,
                };
                prop_assert!(allowed, "{:#x}", code);
                at += 2 + length;
            }
            prop_assert!(bytes.ends_with(&[0xff, 0xd9]));
        }
    }
    let again = read(bytes);
    prop_assert!(again.is_ok(), "cleaned, it is refused: {:?}", again.err());
    let again = again.unwrap();
    prop_assert_eq!(again.bytes(), bytes);
    prop_assert!(again.removed().is_empty(), "{:?}", again.removed());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_pictures_are_refused_or_clean(
        seed in prop::sample::select(SEEDS),
        changes in prop::collection::vec(change(), 1..4),
        repaired in any::<bool>(),
    ) {
        let mut bytes = fixture(seed);
        for one in &changes {
            one.apply(&mut bytes);
        }
        if repaired {
            repair(&mut bytes);
        }
        match read(&bytes) {
            Ok(image) => is_clean(&image)?,
            Err(refusal) => prop_assert!(!refusal.sentence().is_empty() && !refusal.code().is_empty()),
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused_or_clean(
        head in prop::sample::select(vec![&b"\xff\xd8\xff"[..], b"\x89PNG\r\n\x1a\n", b"RIFF\x20\0\0\0WEBP", b""]),
        rest in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let mut bytes = [head, &rest].concat();
        repair(&mut bytes);
        if let Ok(image) = read(&bytes) {
            is_clean(&image)?;
        }
    }
}

/// The seeds pass, so that the changes above start from something that does.
#[test]
fn the_seeds_are_accepted() {
    for name in SEEDS {
        assert!(read(&fixture(name)).is_ok(), "{name}");
    }
    assert!(contains(&fixture("camera.jpg"), support::SECRET.as_bytes()));
}
