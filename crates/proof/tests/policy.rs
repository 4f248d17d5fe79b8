//! Policies: how they are read, what they accept, and each reason to refuse.

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use sigilo_proof::{
    checkpoint::{Checkpoint, LogKey},
    cosignature::WitnessKey,
    note::{KeyError, NoteError, SignatureType, VerifierKey},
    policy::{LogSignature, MAX_DEFINITIONS, MAX_POLICY, Policy, PolicyError, PolicyProblem, Verdict},
};

const ORIGIN: &str = "clinica.example/registro";
const TIME: u64 = 1_790_000_000;

fn log() -> LogKey {
    LogKey::from_seed(ORIGIN, &[1; 32]).unwrap()
}

fn witness(number: u8) -> WitnessKey {
    WitnessKey::from_seed(&format!("testemunha.example/w{number}"), &[number; 32]).unwrap()
}

fn checkpoint() -> Checkpoint {
    log().checkpoint(42, [7; 32])
}

/// The log's checkpoint with the cosignatures of some witnesses.
fn note(witnesses: &[u8]) -> String {
    let lines: String = witnesses.iter().map(|number| cosignature(*number)).collect();
    log().sign(&checkpoint(), TIME, true).unwrap() + &lines
}

fn cosignature(number: u8) -> String {
    witness(number).cosign(&checkpoint(), TIME + u64::from(number)).unwrap()
}

/// The log, the witnesses 1 to 6 and further lines.
fn text(lines: &str) -> String {
    let [ed25519, ml_dsa] = log().verifier_keys().clone();
    let witnesses: String =
        (1..=6).map(|number| format!("witness W{number} {}\n", witness(number).verifier_key())).collect();
    format!("log {ed25519}\nlog {ml_dsa}\n{witnesses}{lines}\n")
}

fn policy(lines: &str) -> Policy {
    Policy::parse(&text(lines)).unwrap()
}

fn seen(verdict: &Verdict) -> Vec<(&str, u64)> {
    verdict.witnesses.iter().map(|witness| (witness.name.as_str(), witness.time - TIME)).collect()
}

#[test]
fn a_quorum_of_witnesses_is_found() {
    let verdict = policy("group g 2 W1 W2 W3\nquorum g").check(&note(&[3, 5, 1])).unwrap();
    assert_eq!(verdict.checkpoint, checkpoint());
    assert_eq!(
        verdict.log,
        [
            LogSignature { kind: SignatureType::Ed25519, time: None },
            LogSignature { kind: SignatureType::MlDsa44, time: Some(TIME) }
        ]
    );
    assert_eq!(seen(&verdict), [("W1", 1), ("W3", 3), ("W5", 5)]);
}

#[test]
fn too_few_witnesses_are_refused_with_their_number() {
    let quorum = |seen, needed, of| Err(PolicyError::Quorum { seen, needed, of });
    for (lines, witnesses, verdict) in [
        ("group g 2 W1 W2 W3\nquorum g", vec![1], quorum(1, 2, 3)),
        ("group g 2 W1 W2 W3\nquorum g", vec![4, 5, 6], quorum(0, 2, 3)),
        ("group g all W1 W2 W3\nquorum g", vec![1, 3], quorum(2, 3, 3)),
        ("group g any W1 W2 W3\nquorum g", vec![], quorum(0, 1, 3)),
        ("group g any W1 W2 W3\nquorum g", vec![2], Ok(())),
        ("group g all W1 W2 W3\nquorum g", vec![1, 2, 3], Ok(())),
        ("quorum W4", vec![1, 2, 3], quorum(0, 1, 1)),
        ("quorum W4", vec![4], Ok(())),
        ("quorum none", vec![], Ok(())),
        // A quorum that is not the last definition.
        ("group g any W1\nquorum W2\ngroup h any W3", vec![2], Ok(())),
        ("group g any W1\nquorum W2\ngroup h any W3", vec![1, 3], quorum(0, 1, 1)),
    ] {
        assert_eq!(policy(lines).check(&note(&witnesses)).map(|_| ()), verdict, "{lines} {witnesses:?}");
    }
}

#[test]
fn groups_of_groups_count_as_the_specification_says() {
    let lines = "group X 2 W1 W2 W3\ngroup Y any W4 W5 W6\ngroup both all X Y\nquorum both";
    for set in 0_u8..64 {
        let witnesses: Vec<u8> = (1..=6).filter(|number| set >> (number - 1) & 1 == 1).collect();
        let holds = (set & 7).count_ones() >= 2 && set >> 3 != 0;
        assert_eq!(policy(lines).check(&note(&witnesses)).is_ok(), holds, "{witnesses:?}");
    }
}

#[test]
fn a_witness_counts_once_however_often_it_signs() {
    let policy = policy("group g 2 W1 W2 W3\nquorum g");
    let later = witness(1).cosign(&checkpoint(), TIME + 9).unwrap();
    let twice = note(&[1, 1, 1]) + &later;
    assert_eq!(policy.check(&twice), Err(PolicyError::Quorum { seen: 1, needed: 2, of: 3 }));
    assert_eq!(seen(&policy.check(&(note(&[2]) + &cosignature(1) + &later)).unwrap()), [("W1", 9), ("W2", 2)]);
    // A name in a note is not the name in the policy, nor does it make a witness.
    let impostor = WitnessKey::from_seed("testemunha.example/w2", &[99; 32]).unwrap();
    let line = impostor.cosign(&checkpoint(), TIME).unwrap();
    assert_eq!(policy.check(&(note(&[1]) + &line)), Err(PolicyError::Quorum { seen: 1, needed: 2, of: 3 }));
}

#[test]
fn each_wrong_signature_has_its_reason() {
    let policy = policy("group g 1 W1 W2\nquorum g");
    let good = note(&[1]);
    let lines: Vec<&str> = good.split_inclusive('\n').collect();
    assert_eq!(lines.len(), 7);
    let without =
        |line: usize| lines.iter().enumerate().filter(|(at, _)| *at != line).map(|(_, line)| *line).collect::<String>();
    // Either of the log's signatures is enough; with neither, or a broken one, it is not the log's.
    assert_eq!(policy.check(&without(4)).unwrap().log.len(), 1);
    assert_eq!(policy.check(&without(5)).unwrap().log.len(), 1);
    let unsigned = without(5).replacen(lines[4], "", 1);
    assert_eq!(policy.check(&unsigned), Err(PolicyError::LogMissing(ORIGIN.into())));
    let resized = good.replacen("\n42\n", "\n43\n", 1);
    assert_eq!(policy.check(&resized), Err(PolicyError::LogSignature(ORIGIN.into())));
    // Another checkpoint's cosignature, even where it is not needed.
    let other = witness(2).cosign(&log().checkpoint(43, [7; 32]), TIME).unwrap();
    assert_eq!(policy.check(&(good.clone() + &other)), Err(PolicyError::WitnessSignature("W2".into())));
    // Another log of the same origin, and another origin.
    let twin = LogKey::from_seed(ORIGIN, &[2; 32]).unwrap().sign(&checkpoint(), TIME, true).unwrap();
    assert_eq!(policy.check(&twin), Err(PolicyError::LogMissing(ORIGIN.into())));
    let foreign = LogKey::from_seed("outra.example", &[1; 32]).unwrap();
    let foreign = foreign.sign(&foreign.checkpoint(42, [7; 32]), TIME, true).unwrap();
    assert_eq!(policy.check(&foreign), Err(PolicyError::UnknownOrigin("outra.example".into())));
    // An origin taken over with the trusted log's lines left under it.
    assert_eq!(
        policy.check(&good.replacen(ORIGIN, "outra.example", 1)),
        Err(PolicyError::UnknownOrigin("outra.example".into()))
    );
    // No checkpoint, or no note.
    assert_eq!(policy.check(&good.replacen("\n42\n", "\n42\nmais\n", 1)), Err(PolicyError::Checkpoint));
    assert_eq!(policy.check(&good.replacen("\n42\n", "\n\n42\n", 1)), Err(PolicyError::Checkpoint));
    assert_eq!(policy.check(&good.replace('\n', "\r\n")), Err(PolicyError::Note(NoteError::Malformed)));
    assert_eq!(policy.check(""), Err(PolicyError::Note(NoteError::Malformed)));
    // A policy without logs trusts none.
    let none = Policy::parse("quorum none\n").unwrap();
    assert_eq!(none.check(&good), Err(PolicyError::UnknownOrigin(ORIGIN.into())));
}

#[test]
fn a_trusted_key_speaks_for_its_own_log_alone() {
    // Two trusted logs: the key of one signs the other's checkpoint.
    let other = LogKey::from_seed("outra.example", &[2; 32]).unwrap();
    let policy =
        Policy::parse(&format!("log {}\nlog {}\nquorum none\n", log().verifier_keys()[0], other.verifier_keys()[0]))
            .unwrap();
    let forged = other.sign(&other.checkpoint(42, [7; 32]), TIME, false).unwrap().replacen("outra.example", ORIGIN, 1);
    assert_eq!(policy.check(&forged), Err(PolicyError::LogMissing(ORIGIN.into())));
}

#[test]
fn a_policy_is_read_with_comments_spaces_and_urls() {
    let [key, _] = log().verifier_keys().clone();
    let witness = WitnessKey::ml_dsa_from_seed("w.example", &[3; 32]).unwrap();
    let text = format!(
        "# política\n\n \t \n  \t# mais\nwitness\tMaçã\t {} https://w.example/ \n log  {key}  https://l.example\nquorum Maçã",
        witness.verifier_key()
    );
    let policy = Policy::parse(&text).unwrap();
    assert_eq!(policy.logs()[0].key, key);
    assert_eq!(policy.logs()[0].url.as_deref(), Some("https://l.example"));
    let read = policy.witnesses().next().unwrap();
    assert_eq!((read.name.as_str(), read.url.as_deref()), ("Maçã", Some("https://w.example/")));
    assert_eq!(&read.key, witness.verifier_key());
    let note = log().sign(&checkpoint(), TIME, false).unwrap() + &witness.cosign(&checkpoint(), TIME + 5).unwrap();
    assert_eq!(seen(&policy.check(&note).unwrap()), [("Maçã", 5)]);
}

#[test]
fn each_wrong_line_has_its_reason() {
    use PolicyProblem::*;
    let problem = |lines: &str| {
        let error = Policy::parse(&text(lines)).unwrap_err();
        (error.line, error.problem)
    };
    let of = |key: &VerifierKey| key.to_string();
    let [ed25519, ml_dsa] = log().verifier_keys().clone();
    let w7 = of(witness(7).verifier_key());
    let as_witness = VerifierKey::new("w.example", SignatureType::CosignatureV1, ed25519.public_key()).unwrap();
    let renamed = VerifierKey::new("w", SignatureType::CosignatureV1, witness(1).verifier_key().public_key()).unwrap();
    // The lines start at 9.
    for (lines, expected) in [
        ("".to_owned(), (10, Quorum)),
        ("quorum none\nquorum none".into(), (10, Quorum)),
        ("quorum W9".into(), (9, Undefined)),
        ("quorum g\ngroup g any W1".into(), (9, Undefined)),
        ("quorum".into(), (9, Line)),
        ("quorum W1 W2".into(), (9, Line)),
        ("Quorum W1".into(), (9, Line)),
        ("confia em todos".into(), (9, Line)),
        ("log".into(), (9, Line)),
        (format!("log {w7} a b"), (9, Line)),
        ("witness".into(), (9, Line)),
        (format!("witness {w7}"), (9, Line)),
        (format!("witness W7 {w7} a b"), (9, Line)),
        ("group g".into(), (9, Line)),
        ("group g any".into(), (9, Threshold)),
        ("group g all".into(), (9, Threshold)),
        ("group g 0 W1".into(), (9, Threshold)),
        ("group g 2 W1".into(), (9, Threshold)),
        ("group g 01 W1".into(), (9, Threshold)),
        ("group g +1 W1".into(), (9, Threshold)),
        ("group g -1 W1".into(), (9, Threshold)),
        ("group g W1 W2".into(), (9, Threshold)),
        ("group g 99999999999999999999 W1".into(), (9, Threshold)),
        ("group g any W1 W1".into(), (9, Member)),
        ("group g any W1\ngroup h any W1".into(), (10, Member)),
        ("group g any W1\ngroup h any g\ngroup i any g".into(), (11, Member)),
        ("group g any g".into(), (9, Undefined)),
        ("group g any none".into(), (9, Undefined)),
        ("group g any w1".into(), (9, Undefined)),
        ("group W1 any W2".into(), (9, Name)),
        ("group none any W2".into(), (9, Name)),
        ("group g any W1\ngroup g any W2".into(), (10, Name)),
        (format!("witness W1 {w7}"), (9, Name)),
        (format!("witness none {w7}"), (9, Name)),
        (format!("log {ed25519}"), (9, DuplicateKey)),
        (format!("witness W7 {renamed}"), (9, DuplicateKey)),
        (format!("witness W7 {as_witness}"), (9, DuplicateKey)),
        (format!("witness W7 {ml_dsa}"), (9, DuplicateKey)),
        (format!("log {w7}"), (9, KeyType)),
        (format!("witness W7 {ed25519}"), (9, KeyType)),
        ("log chave".into(), (9, Key(KeyError::Malformed))),
        ("quorum none\r".into(), (9, Characters)),
        ("# a\u{7f}".into(), (9, Characters)),
        ("# a\0".into(), (9, Characters)),
    ] {
        assert_eq!(problem(&lines), expected, "{lines:?}");
    }
    assert_eq!(Policy::parse("").unwrap_err().problem, Quorum);
    assert_eq!(Policy::parse(&"\n".repeat(MAX_POLICY + 1)).unwrap_err().problem, TooLarge);
    // As many witnesses and groups as are allowed, chained to the greatest depth, and one more.
    let chain = |length: usize| {
        let groups: String = (8..=length).map(|at| format!("group W{at} any W{}\n", at - 1)).collect();
        Policy::parse(&text(&format!("group W7 any W6\n{groups}quorum W{length}")))
    };
    assert!(chain(MAX_DEFINITIONS).unwrap().check(&note(&[6])).is_ok());
    assert!(chain(MAX_DEFINITIONS).unwrap().check(&note(&[5])).is_err());
    assert_eq!(chain(MAX_DEFINITIONS + 1).unwrap_err().problem, TooLarge);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_flipped_bit_never_changes_what_is_accepted(bit in any::<usize>()) {
        let policy = policy("group g 2 W1 W2 W3\nquorum g");
        let mut bytes = note(&[1, 2]).into_bytes();
        let bit = bit % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(changed) = String::from_utf8(bytes) else { return Ok(()) };
        // What may change is only whether one of the log's two lines is known.
        if let Ok(verdict) = policy.check(&changed) {
            prop_assert_eq!(&verdict.checkpoint, &checkpoint());
            prop_assert_eq!(seen(&verdict), [("W1", 1), ("W2", 2)]);
            prop_assert_eq!(verdict.log.len(), 1);
        }
    }
}
