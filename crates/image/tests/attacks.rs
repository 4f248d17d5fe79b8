//! Files that only pretend, and files that hide something.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use sigilo_image::{Format, MAX_BYTES, Refusal};
use support::{
    contains, fixture, jpeg_segment, png, png_chunk, png_header, read, stored, webp, webp_chunk, webp_chunks,
    with_segments,
};

const PHP: &[u8] = b"<?php system($_GET['c']); ?>";
const ZIP: &[u8] = b"PK\x03\x04\x14\0\0\0\0\0payloadPK\x05\x06\0\0\0\0\0\0\0\0";

fn refusal(bytes: &[u8]) -> Refusal {
    read(bytes).unwrap_err()
}

#[test]
fn other_kinds_of_files_are_told_by_their_bytes() {
    assert_eq!(refusal(b""), Refusal::Empty);
    for bytes in
        [&b"\xff"[..], b"\xff\xd8", b"\x89PNG", b"RIFF", b"RIFF\x04\0\0\0WAVE", b"hello", b"\0\0\0\0", b"<html>"]
    {
        assert_eq!(refusal(bytes), Refusal::UnknownFormat, "{bytes:?}");
    }
    let mut dicom = vec![0; 128];
    dicom.extend_from_slice(b"DICM\x02\0");
    for (bytes, name) in [
        (&dicom[..], "DICOM"),
        (b"%PDF-1.7\n\xff\xd8\xff", "PDF"),
        (b"GIF89a\x01\0\x01\0", "GIF"),
        (b"II*\0\x08\0\0\0", "TIFF"),
        (b"\0\0\0\x20ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x20ftypavif\0\0\0\0", "AVIF"),
        (b"<svg xmlns=", "SVG"),
        (ZIP, "ZIP"),
    ] {
        let refusal = refusal(bytes);
        assert_eq!(refusal, Refusal::OtherFormat(name));
        assert!(refusal.sentence().contains(name));
    }
}

#[test]
fn what_follows_the_picture_is_refused() {
    for name in ["grey.jpg", "camera.jpg", "notes.png", "plain.webp", "camera.webp"] {
        for tail in [&b"\0"[..], b"\n", PHP, ZIP, &fixture("grey.jpg")] {
            let joined = [&fixture(name)[..], tail].concat();
            assert!(matches!(refusal(&joined), Refusal::TrailingData(_)), "{name}");
        }
    }
    // Announced second pictures are cut off, but nothing else rides along behind the announcement.
    let announced = with_segments(&fixture("grey.jpg"), &[jpeg_segment(0xe2, b"MPF\0MM\0*")]);
    assert!(matches!(refusal(&[&announced[..], PHP].concat()), Refusal::TrailingData(_)));
    let image = read(&[&announced[..], &fixture("grey.jpg"), PHP].concat()).unwrap();
    assert_eq!(image.bytes(), read(&fixture("grey.jpg")).unwrap().bytes());
}

#[test]
fn what_hides_inside_goes() {
    let jpeg = fixture("grey.jpg");
    let hidden: Vec<_> = (0xe0..=0xef).chain([0xfe]).map(|code| jpeg_segment(code, PHP)).collect();
    let image = read(&with_segments(&jpeg, &hidden)).unwrap();
    assert_eq!(image.bytes(), read(&jpeg).unwrap().bytes());
    assert_eq!(image.removed(), ["dados de aplicativo", "dados de procedência (C2PA)", "IPTC", "comentário"]);

    // Kinds that are kept, with something more in them.
    let grown = [
        jpeg_segment(0xe0, &[&b"JFIF\0\x01\x01\x01\0\x48\0\x48\0\0"[..], PHP].concat()),
        jpeg_segment(0xee, &[&b"Adobe\0\x64\x80\0\0\0\x01"[..], PHP].concat()),
        jpeg_segment(0xe2, &[&b"ICC_PROFILE\0\x01\x01"[..], PHP].concat()),
        jpeg_segment(0xe1, &[&b"Exif\0\0"[..], PHP].concat()),
    ];
    let image = read(&with_segments(&fixture("camera.jpg"), &grown)).unwrap();
    assert!(!contains(image.bytes(), b"<?php"));

    let kinds: [&[u8; 4]; 12] =
        [b"tEXt", b"zTXt", b"iTXt", b"tIME", b"pHYs", b"eXIf", b"caBX", b"sPLT", b"bKGD", b"prVt", b"gAMA", b"iCCP"];
    let hidden: Vec<_> = kinds.iter().map(|kind| png_chunk(kind, PHP)).collect();
    let image = read(&png(4, 4, &hidden)).unwrap();
    assert_eq!(image.bytes(), png(4, 4, &[]));

    let mut chunks: Vec<_> =
        webp_chunks(&fixture("camera.webp")).iter().map(|(kind, data)| webp_chunk(kind, data)).collect();
    chunks.push(webp_chunk(b"ICCP", PHP));
    chunks.push(webp_chunk(b"evil", PHP));
    let image = read(&webp(&chunks)).unwrap();
    assert_eq!(image.bytes(), read(&fixture("camera.webp")).unwrap().bytes());
}

#[test]
fn a_profile_stays_only_when_it_is_one_and_small() {
    let profile = |length: usize| {
        let mut profile = vec![7; length];
        profile[..4].copy_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
        profile[36..40].copy_from_slice(b"acsp");
        profile
    };
    let parts = |profile: &[u8]| -> Vec<Vec<u8>> {
        let parts: Vec<_> = profile.chunks(60_000).collect();
        let count = u8::try_from(parts.len()).unwrap();
        let part = |(number, part): (usize, &&[u8])| {
            let head = [b"ICC_PROFILE\0", &[u8::try_from(number + 1).unwrap(), count][..]].concat();
            jpeg_segment(0xe2, &[&head[..], part].concat())
        };
        parts.iter().enumerate().map(part).collect()
    };
    let jpeg = fixture("grey.jpg");
    for (length, kept) in [(128, true), (64 * 1024, true), (64 * 1024 + 1, false), (200_000, false)] {
        let image = read(&with_segments(&jpeg, &parts(&profile(length)))).unwrap();
        assert_eq!(contains(image.bytes(), b"acsp"), kept, "{length}");
        assert_eq!(image.removed().contains(&"perfil de cor (ICC)"), !kept, "{length}");
        assert_eq!(read(image.bytes()).unwrap().bytes(), image.bytes());
    }
    // Out of order, or one part missing.
    let mut swapped = parts(&profile(64 * 1024));
    swapped.reverse();
    assert!(!contains(read(&with_segments(&jpeg, &swapped)).unwrap().bytes(), b"acsp"));
    assert!(!contains(read(&with_segments(&jpeg, &swapped[..1])).unwrap().bytes(), b"ICC_PROFILE"));
}

#[test]
fn pictures_without_measure_are_refused() {
    let head = |width, height| {
        let parts = [png_header(width, height, 8, 0), png_chunk(b"IDAT", &stored(&[0; 9])), png_chunk(b"IEND", b"")];
        [&b"\x89PNG\r\n\x1a\n"[..], &parts.concat()].concat()
    };
    for (width, height) in [(0, 4), (4, 0), (0, 0)] {
        assert_eq!(refusal(&head(width, height)), Refusal::NoPixels);
    }
    for (width, height) in [(8001, 1), (1, 8001), (8000, 8000), (u32::MAX, 1), (7072, 7072)] {
        assert_eq!(refusal(&head(width, height)), Refusal::TooManyPixels { width, height });
    }
    // Sides that the data could never fill.
    assert_eq!(refusal(&head(8000, 6000)), Refusal::Damaged(Format::Png));

    let jpeg = fixture("grey.jpg");
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    let sized = |height: u16, width: u16| {
        let mut jpeg = jpeg.clone();
        jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
        jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
        jpeg
    };
    assert_eq!(refusal(&sized(0, 16)), Refusal::NoPixels);
    assert!(matches!(refusal(&sized(8001, 16)), Refusal::TooManyPixels { .. }));
    assert!(matches!(refusal(&sized(65_535, 65_535)), Refusal::TooManyPixels { width: 65_535, .. }));

    let (_, data) = webp_chunks(&fixture("plain.webp")).remove(0);
    let sized = |width: u16, height: u16| {
        let mut data = data.clone();
        data[6..8].copy_from_slice(&width.to_le_bytes());
        data[8..10].copy_from_slice(&height.to_le_bytes());
        webp(&[webp_chunk(b"VP8 ", &data)])
    };
    assert_eq!(refusal(&sized(0, 16)), Refusal::NoPixels);
    assert!(matches!(refusal(&sized(16_383, 16)), Refusal::TooManyPixels { .. }));
    // The canvas says something else than the picture.
    let canvas = webp_chunk(b"VP8X", &[0, 0, 0, 0, 9, 0, 0, 9, 0, 0]);
    assert_eq!(refusal(&webp(&[canvas, webp_chunk(b"VP8 ", &data)])), Refusal::Damaged(Format::WebP));
}

#[test]
fn the_size_limit_is_exact() {
    // The comment goes, so the limit is on what came in.
    let filled = |length: usize| {
        let base = png(4, 4, &[png_chunk(b"tEXt", b"")]).len();
        png(4, 4, &[png_chunk(b"tEXt", &vec![b'a'; length - base])])
    };
    let image = read(&filled(MAX_BYTES)).unwrap();
    assert_eq!(image.bytes(), png(4, 4, &[]));
    assert_eq!(refusal(&filled(MAX_BYTES + 1)), Refusal::TooLarge);
}

#[test]
fn a_png_in_disorder_is_refused() {
    let start = || b"\x89PNG\r\n\x1a\n".to_vec();
    let build = |chunks: &[Vec<u8>]| [start(), chunks.concat()].concat();
    let (head, data, end) = (png_header(4, 4, 8, 0), png_chunk(b"IDAT", &stored(&[0; 20])), png_chunk(b"IEND", b""));
    let other = || png_chunk(b"tEXt", b"a");
    let palette = || png_chunk(b"PLTE", &[0; 6]);
    let damaged = Refusal::Damaged(Format::Png);
    assert!(read(&build(&[head.clone(), data.clone(), data.clone(), other(), end.clone()])).is_ok());
    for chunks in [
        vec![data.clone(), head.clone(), end.clone()],
        vec![other(), head.clone(), data.clone(), end.clone()],
        vec![head.clone(), end.clone()],
        vec![head.clone(), data.clone(), other(), data.clone(), end.clone()],
        vec![head.clone(), data.clone(), palette(), end.clone()],
        vec![head.clone(), palette(), data.clone(), end.clone()],
        vec![png_header(4, 4, 8, 3), data.clone(), end.clone()],
        vec![png_header(4, 4, 8, 3), palette(), palette(), data.clone(), end.clone()],
        vec![png_header(4, 4, 3, 0), data.clone(), end.clone()],
        vec![png_header(4, 4, 8, 5), data.clone(), end.clone()],
        vec![head.clone(), png_chunk(b"IDAT", b"PK\x03\x04"), end.clone()],
        vec![head.clone(), png_chunk(b"IDAT", b""), end.clone()],
        vec![head.clone(), data.clone(), png_chunk(b"IEND", b"more")],
        vec![head.clone(), png_chunk(b"I\0AT", b""), data.clone(), end.clone()],
    ] {
        assert_eq!(refusal(&build(&chunks)), damaged);
    }
    assert_eq!(
        refusal(&build(&[head.clone(), head.clone(), data.clone(), end.clone()])),
        Refusal::Unsupported(Format::Png)
    );
    assert_eq!(
        refusal(&build(&[head.clone(), png_chunk(b"CgBI", b""), data.clone(), end.clone()])),
        Refusal::Unsupported(Format::Png)
    );
    // A flipped bit in a chunk that is kept.
    let whole = build(&[head, data, end]);
    for at in 16..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        assert!(read(&flipped).is_err(), "byte {at}");
    }
}

#[test]
fn rare_and_broken_jpegs_are_refused() {
    let jpeg = fixture("grey.jpg");
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    for code in [0xc3, 0xc5, 0xc9, 0xca, 0xcc, 0xcf] {
        let mut other = jpeg.clone();
        other[frame + 1] = code;
        assert_eq!(refusal(&other), Refusal::Unsupported(Format::Jpeg), "{code:#x}");
    }
    let mut deep = jpeg.clone();
    deep[frame + 1] = 0xc1;
    deep[frame + 4] = 12;
    assert_eq!(refusal(&deep), Refusal::Unsupported(Format::Jpeg));
    let broken = Refusal::Damaged(Format::Jpeg);
    let frame_segment = jpeg[frame..frame + 13].to_vec();
    for segment in [
        frame_segment,
        jpeg_segment(0xdb, b""),
        jpeg_segment(0xdb, PHP),
        jpeg_segment(0xc4, &[0xff; 40]),
        jpeg_segment(0xdd, PHP),
        jpeg_segment(0xf0, PHP),
        vec![0xff, 0xd8],
        vec![0xff, 0xd0],
        vec![0xff, 0xe1, 0, 1],
        [&jpeg_segment(0xfe, b"")[..], b"PK"].concat(),
    ] {
        assert_eq!(refusal(&with_segments(&jpeg, std::slice::from_ref(&segment))), broken, "{segment:x?}");
    }
    // Neither frame nor scan, or a scan before its frame.
    assert_eq!(refusal(b"\xff\xd8\xff\xd9"), broken);
    let scan = jpeg.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
    assert_eq!(refusal(&[&jpeg[..scan], &[0xff, 0xd9]].concat()), broken);
    assert_eq!(refusal(&[&jpeg[..2], &jpeg[scan..]].concat()), broken);
}

#[test]
fn a_webp_in_disorder_is_refused() {
    let (_, lossy) = webp_chunks(&fixture("plain.webp")).remove(0);
    let picture = || webp_chunk(b"VP8 ", &lossy);
    let canvas = |flags: u8| webp_chunk(b"VP8X", &[flags, 0, 0, 0, 23, 0, 0, 15, 0, 0]);
    let broken = Refusal::Damaged(Format::WebP);
    assert!(read(&webp(&[canvas(0), picture()])).is_ok());
    for chunks in [
        vec![],
        vec![canvas(0)],
        vec![webp_chunk(b"evil", b""), picture()],
        vec![picture(), picture()],
        vec![picture(), canvas(0)],
        vec![canvas(0), canvas(0), picture()],
        vec![picture(), webp_chunk(b"ALPH", b"\0\0")],
        vec![canvas(0), picture(), webp_chunk(b"ALPH", b"\0\0")],
        vec![webp_chunk(b"VP8X", b"\0\0"), picture()],
        vec![webp_chunk(b"VP8 ", b"")],
        vec![webp_chunk(b"VP8L", b"\x2f\0\0\0")],
        vec![webp_chunk(b"VP8L", b"\x2f\0\0\0\xff\0")],
    ] {
        assert_eq!(refusal(&webp(&chunks)), broken, "{chunks:x?}");
    }
    assert_eq!(refusal(&webp(&[canvas(2), picture()])), Refusal::Animated(Format::WebP));
    assert_eq!(refusal(&webp(&[canvas(0), webp_chunk(b"ANMF", b"\0\0"), picture()])), Refusal::Animated(Format::WebP));
    // A frame between others, one that is not shown, and one without its mark.
    for (at, bits) in [(0, 0x01), (0, 0x10), (3, 0xff)] {
        let mut other = lossy.clone();
        other[at] ^= bits;
        assert_eq!(refusal(&webp(&[webp_chunk(b"VP8 ", &other)])), broken);
    }
    // Flags that lie about what is there are put right.
    let image = read(&webp(&[canvas(0xfd), picture(), webp_chunk(b"XMP ", b"a")])).unwrap();
    assert_eq!(image.bytes(), webp(&[picture()]));
}

#[test]
fn every_refusal_says_what_to_do() {
    let mut codes = std::collections::HashSet::new();
    for refusal in [
        Refusal::Empty,
        Refusal::TooLarge,
        Refusal::UnknownFormat,
        Refusal::OtherFormat("DICOM"),
        Refusal::Truncated(Format::Jpeg),
        Refusal::Damaged(Format::Png),
        Refusal::TrailingData(Format::WebP),
        Refusal::Animated(Format::Png),
        Refusal::Unsupported(Format::Jpeg),
        Refusal::NoPixels,
        Refusal::TooManyPixels { width: 9000, height: 10 },
    ] {
        assert!(codes.insert(refusal.code()), "{refusal:?}");
        let sentence = refusal.sentence();
        assert!(sentence.ends_with('.') && sentence.len() > 30, "{sentence}");
        let acts = ["Escolha", "envie", "Copie", "Envie", "reduza", "Reduza"];
        assert!(acts.iter().any(|act| sentence.contains(act)), "{sentence}");
    }
}
