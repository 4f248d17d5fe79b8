//! Notes, verifier keys, checkpoints and cosignatures, and attacks on each.

#![allow(clippy::unwrap_used, reason = "tests")]

use data_encoding::BASE64;
use ml_dsa::{EncodedVerifyingKey, MlDsa44, VerifyingKey};
use sigilo_proof::{
    checkpoint::{Checkpoint, CheckpointError, LogKey},
    cosignature::WitnessKey,
    merkle::empty_root,
    note::{KeyError, MAX_NOTE, MAX_SIGNATURES, Note, NoteError, Signature, SignatureType, VerifierKey},
    verify_signature,
};

const ORIGIN: &str = "clinica.example/registro";
const TIME: u64 = 1_790_000_000;

fn log() -> LogKey {
    LogKey::from_seed(ORIGIN, &[1; 32]).unwrap()
}

fn signed() -> String {
    log().sign(&log().checkpoint(20_852_163, [7; 32]), TIME, true).unwrap()
}

fn line<'a>(note: &'a Note, key: &VerifierKey) -> &'a Signature {
    note.signatures.iter().find(|signature| key.claims(signature)).unwrap()
}

#[test]
fn a_checkpoint_is_signed_in_the_published_format() {
    let note = signed();
    let mut lines = note.lines();
    assert_eq!(lines.next(), Some(ORIGIN));
    assert_eq!(lines.next(), Some("20852163"));
    assert_eq!(lines.next(), Some("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="));
    assert_eq!(lines.next(), Some(""));
    assert!(lines.next().unwrap().starts_with("— clinica.example/registro "));
    assert!(lines.next().unwrap().starts_with("— clinica.example/registro "));
    assert_eq!((lines.next(), note.ends_with('\n')), (None, true));

    let read = Note::parse(&note).unwrap();
    assert_eq!(read.to_string(), note);
    assert_eq!(Checkpoint::parse(&read.text), Ok(log().checkpoint(20_852_163, [7; 32])));
    let key = log();
    let [ed25519, ml_dsa] = key.verifier_keys();
    assert_eq!((ed25519.kind(), ml_dsa.kind()), (SignatureType::Ed25519, SignatureType::MlDsa44));
    assert_eq!(read.verify(ed25519), Ok(None));
    assert_eq!(read.verify(ml_dsa), Ok(Some(TIME)));
    let bytes: Vec<usize> = read.signatures.iter().map(|signature| signature.bytes.len()).collect();
    assert_eq!(bytes, [64, 8 + 2420]);

    let short = log().sign(&log().checkpoint(0, empty_root()), TIME, false).unwrap();
    let short = Note::parse(&short).unwrap();
    assert_eq!((short.verify(ed25519), short.signatures.len()), (Ok(None), 1));
    assert_eq!(short.verify(ml_dsa), Err(NoteError::Missing(ORIGIN.into())));
}

#[test]
fn what_is_signed_is_what_the_specifications_say() {
    let note = Note::parse(&signed()).unwrap();
    let key = log();
    let [ed25519, ml_dsa] = key.verifier_keys();
    // The Ed25519 line covers the text.
    let signature = line(&note, ed25519);
    assert!(verify_signature(ed25519.public_key(), note.text.as_bytes(), &signature.bytes));
    // The ML-DSA-44 line covers a structure of its own; another implementation of FIPS 204 accepts it.
    let mut message = b"subtree/v1\n\0\x18clinica.example/registro".to_vec();
    message.extend(TIME.to_be_bytes());
    message.extend(b"\x18clinica.example/registro");
    message.extend([0; 8]);
    message.extend(20_852_163_u64.to_be_bytes());
    message.extend([7; 32]);
    let signature = line(&note, ml_dsa);
    assert_eq!(signature.bytes[..8], TIME.to_be_bytes());
    let public =
        VerifyingKey::<MlDsa44>::decode(&EncodedVerifyingKey::<MlDsa44>::try_from(ml_dsa.public_key()).unwrap());
    let decoded = ml_dsa::Signature::<MlDsa44>::try_from(&signature.bytes[8..]).unwrap();
    assert!(public.verify_with_context(&message, b"", &decoded));
    assert!(!public.verify_with_context(&message, b"other", &decoded));
    message[40] ^= 1;
    assert!(!public.verify_with_context(&message, b"", &decoded));
}

#[test]
fn a_cosignature_covers_time_and_checkpoint() {
    let checkpoint = log().checkpoint(5, [3; 32]);
    let note = log().sign(&checkpoint, TIME, false).unwrap();
    let ed25519 = WitnessKey::from_seed("testemunha.example/w1", &[2; 32]).unwrap();
    let ml_dsa = WitnessKey::ml_dsa_from_seed("testemunha.example/w1", &[2; 32]).unwrap();
    let lines = [ed25519.cosign(&checkpoint, TIME + 1).unwrap(), ml_dsa.cosign(&checkpoint, TIME + 2).unwrap()];
    let note = Note::parse(&(note + &lines.concat())).unwrap();
    assert_eq!(note.verify(ed25519.verifier_key()), Ok(Some(TIME + 1)));
    assert_eq!(note.verify(ml_dsa.verifier_key()), Ok(Some(TIME + 2)));

    let signature = line(&note, ed25519.verifier_key());
    let message = format!("cosignature/v1\ntime {}\n{}", TIME + 1, checkpoint.text());
    assert_eq!(signature.bytes.len(), 72);
    assert!(verify_signature(ed25519.verifier_key().public_key(), message.as_bytes(), &signature.bytes[8..]));

    for key in [ed25519.verifier_key(), ml_dsa.verifier_key()] {
        let bad = Err(NoteError::Signature("testemunha.example/w1".into()));
        let signature = line(&note, key);
        // Another time, another checkpoint, a text that is none, lines added, bytes missing.
        for at in [7, 8, signature.bytes.len() - 1] {
            let mut other = signature.clone();
            other.bytes[at] ^= 1;
            assert_eq!(key.verify(&note.text, &other), bad);
        }
        for text in [
            note.text.replace("\n5\n", "\n6\n"),
            note.text.replace(ORIGIN, "outra.example/registro"),
            note.text.clone() + "extensão\n",
            "nota\n".to_owned(),
        ] {
            assert_eq!(key.verify(&text, signature), bad);
        }
        for length in [0, 1, 7, 8, signature.bytes.len() - 1] {
            let mut cut = signature.clone();
            cut.bytes.truncate(length);
            assert_eq!(key.verify(&note.text, &cut), bad);
        }
    }
    // A time above 2⁶³ − 1 is neither signed nor accepted.
    assert_eq!(ed25519.cosign(&checkpoint, 1 << 63), Err(KeyError::Refused));
    let broken = Checkpoint { origin: "a\n9\nb".into(), ..checkpoint };
    assert_eq!(ed25519.cosign(&broken, TIME), Err(KeyError::Refused));
    assert_eq!(ml_dsa.cosign(&broken, TIME), Err(KeyError::Refused));
}

#[test]
fn a_signature_of_one_type_is_none_of_another() {
    // The same key under another type has another identifier; with the identifier forged it still does not hold.
    let note = Note::parse(&signed()).unwrap();
    let key = log();
    let [ed25519, _] = key.verifier_keys();
    let as_witness = VerifierKey::new(ORIGIN, SignatureType::CosignatureV1, ed25519.public_key()).unwrap();
    assert_eq!(note.verify(&as_witness), Err(NoteError::Missing(ORIGIN.into())));
    let forged = Signature { id: as_witness.id(), ..line(&note, ed25519).clone() };
    assert_eq!(as_witness.verify(&note.text, &forged), Err(NoteError::Signature(ORIGIN.into())));
    // Nor does a name move: a witness's ML-DSA-44 signature under another name is not its.
    let witness = WitnessKey::ml_dsa_from_seed("w.example", &[2; 32]).unwrap();
    let line = witness.cosign(&log().checkpoint(5, [3; 32]), TIME).unwrap();
    let stolen = VerifierKey::new("x.example", SignatureType::MlDsa44, witness.verifier_key().public_key()).unwrap();
    let line = Signature::parse(line.trim_end()).unwrap();
    let stolen_line = Signature { name: "x.example".into(), id: stolen.id(), ..line };
    let text = log().checkpoint(5, [3; 32]).text();
    assert_eq!(stolen.verify(&text, &stolen_line), Err(NoteError::Signature("x.example".into())));
}

#[test]
fn keys_follow_from_seed_purpose_and_name() {
    let keys = |origin: &str, seed| LogKey::from_seed(origin, &[seed; 32]).unwrap().verifier_keys().clone();
    assert_eq!(keys(ORIGIN, 1), keys(ORIGIN, 1));
    let witness = WitnessKey::from_seed(ORIGIN, &[1; 32]).unwrap();
    let mut all: Vec<Vec<u8>> = [keys(ORIGIN, 1), keys(ORIGIN, 2), keys("outra.example", 1)]
        .iter()
        .flatten()
        .chain([witness.verifier_key()])
        .map(|key| key.public_key().to_vec())
        .collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 7);
    for name in ["", "a b", "a+b", "a\nb", "a\u{a0}b", "a\tb", &"a".repeat(256)] {
        assert_eq!(LogKey::from_seed(name, &[1; 32]).err(), Some(KeyError::Name), "{name:?}");
        assert_eq!(WitnessKey::from_seed(name, &[1; 32]).err(), Some(KeyError::Name));
        assert_eq!(VerifierKey::new(name, SignatureType::Ed25519, &[1; 32]).err(), Some(KeyError::Name));
    }
    let foreign = Checkpoint { origin: "outra.example".into(), size: 1, root: [0; 32] };
    assert_eq!(log().sign(&foreign, TIME, false), Err(KeyError::Name));
    let longest = "a".repeat(255);
    let key = LogKey::from_seed(&longest, &[1; 32]).unwrap();
    let note = key.sign(&key.checkpoint(1, [0; 32]), TIME, true).unwrap();
    assert_eq!(Note::parse(&note).unwrap().verify(&key.verifier_keys()[1]), Ok(Some(TIME)));
}

#[test]
fn verifier_keys_are_read_as_the_specification_writes_them() {
    let example = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    let key = VerifierKey::parse(example).unwrap();
    assert_eq!(
        (key.name(), key.id(), key.kind()),
        ("example.com/foo", [0x53, 0x0d, 0x90, 0x3a], SignatureType::Ed25519)
    );
    assert_eq!(key.to_string(), example);
    for key in log().verifier_keys() {
        assert_eq!(key.to_string().parse(), Ok(key.clone()));
    }
    for (text, error) in [
        ("", KeyError::Malformed),
        ("example.com/foo", KeyError::Malformed),
        ("example.com/foo+530d903a", KeyError::Malformed),
        ("example.com/foo+530d903a+", KeyError::Malformed),
        ("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2", KeyError::Malformed),
        ("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n", KeyError::Malformed),
        ("example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", KeyError::Id),
        ("example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", KeyError::Id),
        ("example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", KeyError::Id),
        ("+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", KeyError::Name),
        ("a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", KeyError::Name),
        ("example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", KeyError::Type(2)),
        ("example.com/foo+530d903a+BukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", KeyError::Length),
        ("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv", KeyError::Length),
    ] {
        assert_eq!(VerifierKey::parse(text), Err(error), "{text:?}");
    }
    assert_eq!(VerifierKey::parse(&format!("a+00000000+{}", "A".repeat(1 << 20))), Err(KeyError::Length));
}

#[test]
fn a_note_by_others_is_nobodys() {
    let note = Note::parse(&signed()).unwrap();
    let other = LogKey::from_seed(ORIGIN, &[9; 32]).unwrap();
    for key in other.verifier_keys() {
        // Same name, another key: an unknown signature.
        assert_eq!(note.verify(key), Err(NoteError::Missing(ORIGIN.into())));
        // The identifier forged to collide: a signature that does not hold.
        let mut forged = note.clone();
        forged.signatures[0].id = key.id();
        assert_eq!(forged.verify(key), Err(NoteError::Signature(ORIGIN.into())));
    }
}

#[test]
fn repeated_signatures_must_all_hold() {
    let note = Note::parse(&signed()).unwrap();
    let key = &log().verifier_keys()[0].clone();
    let mut twice = note.clone();
    twice.signatures.push(note.signatures[0].clone());
    assert_eq!(Note::parse(&twice.to_string()).unwrap().verify(key), Ok(None));
    twice.signatures[2].bytes[0] ^= 1;
    assert_eq!(Note::parse(&twice.to_string()).unwrap().verify(key), Err(NoteError::Signature(ORIGIN.into())));
    // The latest of several times counts.
    let witness = WitnessKey::from_seed("w.example", &[2; 32]).unwrap();
    let checkpoint = log().checkpoint(5, [3; 32]);
    let text = log().sign(&checkpoint, TIME, false).unwrap();
    let lines: String = [4, 9, 6].iter().map(|time| witness.cosign(&checkpoint, *time).unwrap()).collect();
    assert_eq!(Note::parse(&(text + &lines)).unwrap().verify(witness.verifier_key()), Ok(Some(9)));
}

#[test]
fn malformed_notes_are_refused() {
    let good = signed();
    let (text, lines) = good.split_once("\n\n").unwrap();
    let line = lines.lines().next().unwrap();
    for note in [
        String::new(),
        "\n".into(),
        "\n\n".into(),
        "texto\n".into(),
        "texto\n\n".into(),
        format!("{text}\n{line}\n"),
        format!("{text}\n\n{line}"),
        good.replace('\n', "\r\n"),
        good.replacen('\n', "\r\n", 1),
        good.replacen("clinica", "clinica\t", 1),
        good.replacen("clinica", "clinica\0", 1),
        good.replacen("clinica", "clinica\u{1b}", 1),
        format!("{good}\n"),
        format!("{good}\n\n"),
        format!("{good} \n"),
        format!("{good}texto\n"),
    ] {
        assert!(Note::parse(&note).is_err(), "{note:?}");
    }
    // The text may have empty lines: the last one counts.
    let note = format!("um\n\ndois\n\n{line}\n");
    assert_eq!(Note::parse(&note).unwrap().text, "um\n\ndois\n");

    let encoded = line.rsplit_once(' ').unwrap().1;
    for line in [
        "— ".to_owned(),
        "—".into(),
        "— a".into(),
        "— a ".into(),
        format!("- a {encoded}"),
        format!("—  a {encoded}"),
        format!("—\u{a0}a {encoded}"),
        format!("— a  {encoded}"),
        format!("— a b {encoded}"),
        format!("— a+b {encoded}"),
        format!("— a\u{2003}b {encoded}"),
        format!("—  {encoded}"),
        format!("— {} {encoded}", "a".repeat(256)),
        format!("— a {encoded} "),
        format!("— a {encoded}="),
        format!("— a {}", encoded.trim_end_matches('=')),
        format!("— a {}", encoded.replacen(|letter: char| letter.is_alphanumeric(), "-", 1)),
        format!(" — a {encoded}"),
        // An identifier without a signature, and bits after the end.
        "— a AAAAAA==".into(),
        "— a AAAAAAB=".into(),
    ] {
        assert_eq!(Note::parse(&format!("{text}\n\n{line}\n")), Err(NoteError::SignatureLine(1)), "{line:?}");
    }
}

#[test]
fn notes_are_limited_in_size() {
    let line = format!("— a {}\n", BASE64.encode(&[0; 68]));
    let note = |count: usize| format!("texto\n\n{}", line.repeat(count));
    assert_eq!(Note::parse(&note(MAX_SIGNATURES)).unwrap().signatures.len(), MAX_SIGNATURES);
    assert_eq!(Note::parse(&note(MAX_SIGNATURES + 1)), Err(NoteError::TooLong));
    assert_eq!(Note::parse(&"\n".repeat(MAX_NOTE + 1)), Err(NoteError::TooLong));
    assert_eq!(Note::parse(&format!("{}\n\n{line}", "a".repeat(MAX_NOTE))), Err(NoteError::TooLong));
    // Sixteen post-quantum signatures fit, as the specification asks.
    let long = format!("— a {}\n", BASE64.encode(&vec![0; 5000]));
    assert!(Note::parse(&format!("texto\n\n{}", long.repeat(16))).is_ok());
}

#[test]
fn a_checkpoint_has_three_lines() {
    let root = BASE64.encode(&[7; 32]);
    let good = format!("{ORIGIN}\n12\n{root}\n");
    assert_eq!(Checkpoint::parse(&good).unwrap().text(), good);
    assert_eq!(Checkpoint::parse(&format!("um registro\n0\n{root}\n")).unwrap().size, 0);
    assert_eq!(Checkpoint::parse(&format!("a\n{}\n{root}\n", u64::MAX)).unwrap().size, u64::MAX);
    for text in [
        String::new(),
        "\n".into(),
        "\n\n\n".into(),
        format!("{ORIGIN}\n12\n"),
        format!("{ORIGIN}\n12\n{root}"),
        format!("{ORIGIN}\n12\n{root}\n\n"),
        format!("\n{ORIGIN}\n12\n{root}\n"),
        format!("{ORIGIN}\n\n12\n{root}\n"),
        format!("\n12\n{root}\n"),
        format!("{ORIGIN}\n12\n{root}\nextensão\n"),
        format!("{ORIGIN}\r\n12\r\n{root}\r\n"),
        format!("{ORIGIN}\n012\n{root}\n"),
        format!("{ORIGIN}\n+12\n{root}\n"),
        format!("{ORIGIN}\n-1\n{root}\n"),
        format!("{ORIGIN}\n 12\n{root}\n"),
        format!("{ORIGIN}\n1e3\n{root}\n"),
        format!("{ORIGIN}\n18446744073709551616\n{root}\n"),
        format!("{ORIGIN}\n12\n{}\n", BASE64.encode(&[7; 31])),
        format!("{ORIGIN}\n12\n{}\n", BASE64.encode(&[7; 33])),
        format!("{ORIGIN}\n12\n {root}\n"),
        format!("{ORIGIN}\n12\n{}\n", root.trim_end_matches('=')),
        format!("{ORIGIN}\n12\n{}\n", root.replace("wc=", "wd=")),
        format!("{}\n12\n{root}\n", "a".repeat(256)),
    ] {
        assert_eq!(Checkpoint::parse(&text), Err(CheckpointError), "{text:?}");
    }
}
