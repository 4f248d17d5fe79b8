//! Pictures of real encoders, with everything that cameras and programs write into them.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sigilo_image::{Format, Refusal};
use support::{SECRET, contains, fixture, jpeg_segment, read, with_segments};

const GPS: &str = "EXIF com localização (GPS)";
const THUMBNAIL: &str = "miniatura EXIF";

/// Name, sides, what was removed.
const PICTURES: &[(&str, (u32, u32), &[&str])] = &[
    ("camera.jpg", (24, 16), &["IPTC", "dados de procedência (C2PA)", GPS, THUMBNAIL, "XMP", "comentário"]),
    ("progressive.jpg", (24, 16), &[]),
    ("restarts.jpg", (64, 48), &[]),
    ("grey.jpg", (24, 16), &[]),
    ("cmyk.jpg", (24, 16), &[]),
    ("two-pictures.jpg", (24, 16), &["imagens secundárias (MPF)"]),
    ("notes.png", (24, 16), &["texto PNG", "XMP", "resolução", GPS]),
    ("palette.png", (24, 16), &[]),
    ("grey16.png", (24, 16), &[]),
    ("camera.webp", (24, 16), &[GPS, THUMBNAIL, "XMP"]),
    ("alpha.webp", (24, 16), &[]),
    ("lossless.webp", (24, 16), &[]),
    ("lossless-notes.webp", (24, 16), &[GPS, THUMBNAIL, "XMP"]),
    ("plain.webp", (24, 16), &[]),
];

fn format(name: &str) -> Format {
    match name.rsplit('.').next() {
        Some("jpg") => Format::Jpeg,
        Some("png") => Format::Png,
        _ => Format::WebP,
    }
}

#[test]
fn what_shows_the_picture_stays_and_the_rest_goes() {
    let cleaned = std::env::var_os("SIGILO_CLEANED").map(std::path::PathBuf::from);
    for (name, sides, removed) in PICTURES {
        let image = read(&fixture(name)).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
        assert_eq!(image.format(), format(name), "{name}");
        assert_eq!((image.width(), image.height()), *sides, "{name}");
        assert_eq!(image.removed(), *removed, "{name}");
        for trace in [SECRET, "Aparelho", "xmpmeta", "8BIM", "c2pa", "GPS"] {
            assert!(!contains(image.bytes(), trace.as_bytes()), "{name}: {trace}");
        }
        let again = read(image.bytes()).unwrap_or_else(|refusal| panic!("{name}, cleaned: {refusal:?}"));
        assert_eq!(again.bytes(), image.bytes(), "{name}: cleaning twice changes nothing");
        assert!(again.removed().is_empty(), "{name}: {:?}", again.removed());
        if let Some(folder) = &cleaned {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(folder.join(name), image.bytes()).unwrap();
        }
    }
}

#[test]
fn a_photograph_stays_upright_and_in_its_colours() {
    for (name, orientation) in [("camera.jpg", 6), ("notes.png", 8), ("camera.webp", 3), ("lossless-notes.webp", 3)] {
        let image = read(&fixture(name)).unwrap();
        let smallest = [b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", &[orientation][..], &[0; 6]].concat();
        assert!(contains(image.bytes(), &smallest), "{name}");
        // A PNG holds its profile packed.
        let profile: &[u8] = if name.ends_with("png") { b"iCCPICC\0\0" } else { b"acsp" };
        assert!(contains(image.bytes(), profile), "{name}");
    }
    // One that stands as it is gets no block at all.
    let upright = [b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x01", &[0; 6][..]].concat();
    let image = read(&with_segments(&fixture("grey.jpg"), &[jpeg_segment(0xe1, &upright)])).unwrap();
    assert_eq!(image.removed(), ["EXIF"]);
    assert!(!contains(image.bytes(), b"Exif"));
    // Progressive pictures and those with restart markers come through unchanged.
    for name in ["progressive.jpg", "restarts.jpg", "grey16.png", "palette.png", "plain.webp", "alpha.webp"] {
        let (before, after) = (fixture(name), read(&fixture(name)).unwrap());
        assert!(before.len() >= after.bytes().len() && after.bytes().len() + 8 > before.len(), "{name}");
    }
}

#[test]
fn motion_is_refused() {
    for (name, format) in [("animated.png", Format::Png), ("animated.webp", Format::WebP)] {
        assert_eq!(read(&fixture(name)).unwrap_err(), Refusal::Animated(format), "{name}");
    }
}

/// Whatever is cut off, the file is refused; only the whole one passes.
#[test]
fn a_file_cut_anywhere_is_refused() {
    for (name, _, _) in PICTURES {
        let whole = fixture(name);
        for end in 0..whole.len() {
            match read(&whole[..end]) {
                Err(refusal) => assert!(!refusal.sentence().is_empty()),
                // The second picture of a pair is cut off by us as well.
                Ok(image) => {
                    assert_eq!(*name, "two-pictures.jpg", "{name} cut at {end} passes");
                    assert_eq!(image.bytes(), read(&whole).unwrap().bytes());
                }
            }
        }
    }
}

#[test]
fn the_end_is_told_right_after_the_bytes_are_wiped() {
    let told = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&told);
    let mut image = read(&fixture("grey.jpg")).unwrap();
    image.on_discard(move || flag.store(true, Ordering::SeqCst));
    assert!(!told.load(Ordering::SeqCst));
    let printed = format!("{image:?}");
    assert_eq!(printed, "Image(image/jpeg, 24×16)");
    drop(image);
    assert!(told.load(Ordering::SeqCst));
}
