//! Proof files, from the log to whoever checks one entry; and noise for every parser of text.

#![allow(clippy::unwrap_used, reason = "tests")]

use data_encoding::BASE64;
use proptest::prelude::*;
use sigilo_proof::{
    checkpoint::{Checkpoint, LogKey},
    cosignature::WitnessKey,
    merkle::{Frontier, Hash, ProofError, inclusion_proof, leaf_hash},
    note::{Note, Signature, VerifierKey},
    policy::{Policy, PolicyError},
    tlog_proof::{MAX_EXTRA, TlogProof, TlogProofError},
};

const TIME: u64 = 1_790_000_000;

fn leaves() -> Vec<Hash> {
    (0..21).map(|index| leaf_hash(format!("{{\"v\":{index}}}").as_bytes())).collect()
}

fn log() -> LogKey {
    LogKey::from_seed("clinica.example/registro", &[1; 32]).unwrap()
}

fn witness() -> WitnessKey {
    WitnessKey::from_seed("testemunha.example", &[2; 32]).unwrap()
}

fn policy() -> String {
    format!("log {}\nwitness W {}\nquorum W\n", log().verifier_keys()[0], witness().verifier_key())
}

fn proof(index: u64) -> TlogProof {
    let mut tree = Frontier::new();
    leaves().into_iter().for_each(|leaf| tree.append(leaf));
    let checkpoint = log().checkpoint(tree.size(), tree.root());
    let note = log().sign(&checkpoint, TIME, false).unwrap() + &witness().cosign(&checkpoint, TIME).unwrap();
    TlogProof { extra: Vec::new(), index, hashes: inclusion_proof(&leaves(), index).unwrap(), checkpoint: note }
}

#[test]
fn a_proof_is_written_in_the_published_format() {
    let proof = TlogProof { extra: b"aviso".to_vec(), ..proof(20) };
    let text = proof.to_string();
    let expected = format!(
        "c2sp.org/tlog-proof@v1\nextra YXZpc28=\nindex 20\n{}\n{}\n\n{}",
        BASE64.encode(&proof.hashes[0]),
        BASE64.encode(&proof.hashes[1]),
        proof.checkpoint
    );
    assert_eq!(text, expected);
    assert_eq!(text.parse(), Ok(proof));
}

#[test]
fn every_entry_is_proved_at_its_place_alone() {
    let policy = Policy::parse(&policy()).unwrap();
    let leaves = leaves();
    for index in 0..21 {
        let proof = TlogProof::parse(&proof(index).to_string()).unwrap();
        let leaf = leaves[index as usize];
        assert_eq!(proof.verify(&policy, &leaf).unwrap().checkpoint.size, 21);
        let other = leaves[(index as usize + 1) % 21];
        assert_eq!(proof.verify(&policy, &other), Err(TlogProofError::Inclusion(ProofError::Root)));
        let moved = TlogProof { index: (index + 1) % 21, ..proof.clone() };
        assert!(moved.verify(&policy, &leaf).is_err());
        let outside = TlogProof { index: 21, ..proof };
        let error = ProofError::OutOfTree { index: 21, size: 21 };
        assert_eq!(outside.verify(&policy, &leaf), Err(TlogProofError::Inclusion(error)));
    }
    let unsigned = TlogProof { checkpoint: proof(3).checkpoint.replacen("\n21\n", "\n22\n", 1), ..proof(3) };
    let error = PolicyError::LogSignature("clinica.example/registro".into());
    assert_eq!(unsigned.verify(&policy, &leaves[3]), Err(TlogProofError::Policy(error)));
}

#[test]
fn malformed_proofs_are_refused_with_their_line() {
    let good = proof(3).to_string();
    let hash = BASE64.encode(&proof(3).hashes[0]);
    for (text, line) in [
        (String::new(), 1),
        (good.replacen("@v1", "@v2", 1), 1),
        (good.replacen("c2sp", "\nc2sp", 1), 1),
        ("c2sp.org/tlog-proof@v1".into(), 1),
        ("c2sp.org/tlog-proof@v1\n".into(), 2),
        (good.replace('\n', "\r\n"), 1),
        (good.replacen("index 3", "index 03", 1), 2),
        (good.replacen("index 3", "index -3", 1), 2),
        (good.replacen("index 3", "index  3", 1), 2),
        (good.replacen("index 3", "index 3 ", 1), 2),
        (good.replacen("index 3", "index 18446744073709551616", 1), 2),
        (good.replacen("index 3\n", "", 1), 2),
        (good.replacen("index", "extra \nindex", 1), 2),
        (good.replacen("index", "extra YQ\nindex", 1), 2),
        (good.replacen("index", "extra YQ==YQ==\nindex", 1), 2),
        (good.replacen("index", "extra YQ==\nextra YQ==\nindex", 1), 3),
        (good.replacen("index 3", "index 3\nindex 3", 1), 3),
        (good.replacen(&hash, &hash[1..], 1), 3),
        (good.replacen(&hash, &format!("{hash} "), 1), 3),
        (good.replacen(&hash, &format!("{hash}{hash}"), 1), 3),
        (good.replacen(&hash, &vec![hash.as_str(); 65].join("\n"), 1), 67),
        (good.split_once("\n\n").unwrap().0.to_owned(), 7),
        (good.split_once("\n\n").unwrap().0.to_owned() + "\n\n", 9),
        (good.replacen("index", &format!("extra {}\nindex", BASE64.encode(&vec![0; MAX_EXTRA + 1])), 1), 2),
    ] {
        assert_eq!(TlogProof::parse(&text), Err(TlogProofError::Malformed(line)), "{text:?}");
    }
    assert_eq!(TlogProof::parse(&"a".repeat(1 << 20)), Err(TlogProofError::TooLong));
    let largest = TlogProof { extra: vec![7; MAX_EXTRA], ..proof(3) };
    assert_eq!(largest.to_string().parse(), Ok(largest));
}

/// Whatever a parser of text takes, it writes back byte for byte.
fn take(text: &str) {
    if let Ok(read) = Note::parse(text) {
        assert_eq!(read.to_string(), text);
        let _ = (read.verify(&log().verifier_keys()[0]), read.verify(witness().verifier_key()));
    }
    if let Ok(read) = Checkpoint::parse(text) {
        assert_eq!(read.text(), text);
    }
    if let Ok(read) = VerifierKey::parse(text) {
        assert_eq!(read.to_string(), text);
    }
    if let Some(read) = Signature::parse(text) {
        assert_eq!(read.to_string(), text);
    }
    if let Ok(read) = TlogProof::parse(text) {
        assert_eq!(read.to_string(), text);
    }
    let _ = Policy::parse(text);
}

proptest! {
    #[test]
    fn noise_never_panics(text in any::<String>(), shaped in "([a-z0-9+/= ]{0,9}|\n|— |\u{a0}|log |witness |group |quorum ){0,20}") {
        take(&text);
        take(&shaped);
    }

    #[test]
    fn spoilt_texts_never_panic(
        which in 0..6_usize, at in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(),
        letter in prop_oneof![any::<char>(), prop::sample::select(vec!['\n', ' ', '+', '=', '—', '0', '\r'])],
        how in 0..4,
    ) {
        let proof = TlogProof { extra: b"x".to_vec(), ..proof(3) };
        let note = Note::parse(&proof.checkpoint).unwrap();
        let texts = [
            proof.to_string(), proof.checkpoint, note.text, note.signatures[0].to_string(), policy(),
            log().verifier_keys()[0].to_string(),
        ];
        take(&texts[which]);
        let mut letters: Vec<char> = texts[which].chars().collect();
        let (at, other) = (at.index(letters.len()), other.index(letters.len()));
        match how {
            0 => letters[at] = letter,
            1 => letters.insert(at, letter),
            2 => letters.swap(at, other),
            _ => { letters.drain(at.min(other)..at.max(other)); }
        }
        take(&letters.into_iter().collect::<String>());
    }

    #[test]
    fn a_spoilt_proof_file_proves_nothing_else(bit in any::<prop::sample::Index>()) {
        let policy = Policy::parse(&policy()).unwrap();
        let good = proof(3);
        let mut bytes = good.to_string().into_bytes();
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(text) = String::from_utf8(bytes) else { return Ok(()) };
        let Ok(read) = TlogProof::parse(&text) else { return Ok(()) };
        prop_assert!(read.verify(&policy, &leaves()[3]).is_err(), "{}", text);
    }
}
