//! A proof of consent names exactly what was changed in it.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use sigilo_proof::{
    Keyring, Signer,
    consent::{
        Document, Finding, Outcome, Part, Representative, Signature, SignatureKind, Stamp, Statement, Subject,
        SubjectSignature, Text, Withdrawal, text_hash, verify,
    },
};

const AT: &str = "2026-11-28T12:00:00.123456Z";

fn signer() -> Signer {
    Keyring::new(&[1; 32]).signer().unwrap()
}

fn sign(message: &[u8]) -> Signature {
    Signature { key: signer().public_key().to_vec(), value: signer().sign(message) }
}

fn document() -> Document {
    let text = Text {
        kind: "photo_use".into(),
        version: "2.1".into(),
        language: "pt-BR".into(),
        title: "Uso de fotos".into(),
        summary: "Autorizo o uso das minhas fotos.".into(),
        body: "Primeiro.\n\nVocê pode revogar \"quando quiser\".".into(),
    };
    let statement = Statement {
        text_hash: text_hash(&text.title, &text.summary, &text.body),
        text,
        subject: Subject {
            id: "0190".into(),
            name: "Inês Árvore".into(),
            birth_date: Some("2012-03-04".into()),
            cpf: Some("11144477735".into()),
            representative: Some(Representative {
                name: "Rui Árvore".into(),
                cpf: "52998224725".into(),
                relation: "father".into(),
                evidence_sha256: None,
            }),
        },
        purposes: vec!["photo_record".into(), "photo_education".into()],
        given_at: AT.into(),
        salt: [9; 16],
    };
    let seal = statement.seal();
    let hash = seal.consent_hash.clone();
    let drawing = b"\x89PNG drawing".to_vec();
    let bound = SubjectSignature::bytes(&hash, SignatureKind::Drawn, &drawing, AT);
    Document {
        signature: sign(&seal.bytes()),
        subject_signature: Some(SubjectSignature {
            kind: SignatureKind::Drawn,
            content: drawing,
            signed_at: AT.into(),
            signature: sign(&bound),
        }),
        stamp: Stamp::Pending,
        withdrawal: Some(Withdrawal {
            at: AT.into(),
            method: "account_page".into(),
            reason: Some("Mudei de ideia".into()),
            signature: sign(&Withdrawal::bytes(&hash, AT, "account_page", Some("Mudei de ideia"))),
        }),
        statement,
        seal,
    }
}

fn failing(document: &Document) -> Vec<Part> {
    let key = signer().public_key().to_vec();
    let all = verify(document, Some(&key), None);
    all.iter().filter(|one| one.outcome == Outcome::Fails).map(|one| one.part).collect()
}

#[test]
fn an_untouched_proof_holds_and_says_what_is_not_there() {
    let document = document();
    assert_eq!(failing(&document), []);
    let of = |key: Option<&[u8]>, part| {
        verify(&document, key, None).into_iter().find(|one: &Finding| one.part == part).unwrap().outcome
    };
    assert_eq!(of(None, Part::Key), Outcome::Unknown);
    assert_eq!(of(None, Part::Hash), Outcome::Holds);
    assert_eq!(of(None, Part::Stamp), Outcome::Absent);
    assert_eq!(of(None, Part::Withdrawal), Outcome::Holds);
    let again = Document::parse(document.write().as_bytes()).unwrap();
    assert!(again == document);
}

#[test]
fn one_change_is_one_part() {
    type Change = (Part, fn(&mut Document));
    let changes: [Change; 23] = [
        (Part::Text, |d| d.statement.text.body.push('.')),
        (Part::Text, |d| d.statement.text.title = "Uso de foto".into()),
        (Part::Text, |d| d.statement.text.version = "2.2".into()),
        (Part::Text, |d| d.statement.text.language = "en".into()),
        (Part::Text, |d| d.statement.text.kind = "marketing".into()),
        (Part::Text, |d| {
            d.statement.text.body.push('.');
            let text = &d.statement.text;
            d.statement.text_hash = text_hash(&text.title, &text.summary, &text.body);
        }),
        (Part::Subject, |d| d.statement.subject.name = "Ines Árvore".into()),
        (Part::Subject, |d| d.statement.subject.cpf = Some("11144477736".into())),
        (Part::Subject, |d| d.statement.subject.birth_date = None),
        (Part::Subject, |d| d.statement.subject.representative = None),
        (Part::Purposes, |d| d.statement.purposes.push("photo_publicity".into())),
        (Part::Purposes, |d| d.statement.purposes.reverse()),
        (Part::GivenAt, |d| d.statement.given_at = AT.replace("123456", "123457")),
        (Part::Salt, |d| d.statement.salt[15] ^= 1),
        (Part::Signature, |d| d.signature.value[0] ^= 1),
        (Part::SubjectSignature, |d| d.subject_signature.as_mut().unwrap().content[0] ^= 1),
        (Part::SubjectSignature, |d| d.subject_signature.as_mut().unwrap().kind = SignatureKind::Paper),
        (Part::SubjectSignature, |d| d.subject_signature.as_mut().unwrap().signed_at = "2020-01-01T00:00:00Z".into()),
        (Part::SubjectSignature, |d| d.subject_signature.as_mut().unwrap().signature.value[3] ^= 1),
        (Part::Withdrawal, |d| d.withdrawal.as_mut().unwrap().reason = None),
        (Part::Withdrawal, |d| d.withdrawal.as_mut().unwrap().at = "2026-11-29T12:00:00Z".into()),
        (Part::Withdrawal, |d| d.withdrawal.as_mut().unwrap().method = "paper".into()),
        (Part::Withdrawal, |d| d.withdrawal.as_mut().unwrap().signature.value[9] ^= 1),
    ];
    for (at, (part, change)) in changes.into_iter().enumerate() {
        let mut changed = document();
        change(&mut changed);
        assert_eq!(failing(&changed), [part], "change {at}");
    }
}

#[test]
fn who_forges_the_commitments_too_breaks_the_signature() {
    let mut forged = document();
    forged.statement.subject.name = "Outra Pessoa".into();
    forged.seal = forged.statement.seal();
    assert!(failing(&forged).contains(&Part::Signature));
    // And who signs the forgery is seen by the key.
    let other = Keyring::new(&[2; 32]).signer().unwrap();
    let value = other.sign(&forged.seal.bytes());
    forged.signature = Signature { key: other.public_key().to_vec(), value };
    assert_eq!(failing(&forged), [Part::Key, Part::SubjectSignature, Part::Withdrawal]);
    // A hash alone, with its parts left as they were.
    let mut forged = document();
    forged.seal.consent_hash = "0".repeat(64);
    let seal = forged.seal.bytes();
    forged.signature = sign(&seal);
    assert!(failing(&forged).contains(&Part::Hash));
}

#[test]
fn nothing_of_the_person_is_in_what_is_signed() {
    let seal = String::from_utf8(document().seal.bytes()).unwrap();
    for word in ["Inês", "11144477735", "2012", "Rui"] {
        assert!(!seal.contains(word));
    }
    // Another salt, another hash: trying names against the hash needs the salt.
    let mut other = document().statement;
    other.salt = [8; 16];
    assert_ne!(other.seal().consent_hash, document().seal.consent_hash);
}

#[test]
fn only_whole_files_of_this_kind_are_read() {
    let good = document().write();
    assert!(Document::parse(format!("{good}\n").as_bytes()).is_ok());
    for wrong in [
        String::new(),
        "{}".into(),
        good.replace("sigilo-consent-proof", "sigilo-consent"),
        good.replace("\"v\":1", "\"v\":2"),
        good.replace("Ed25519", "none"),
        good.replace(&"09".repeat(16), "09"),
        good.replace("\"given_at\":\"2026", "\"given_at\":null,\"x\":\"2026"),
        format!(" {good}"),
    ] {
        assert!(Document::parse(wrong.as_bytes()).is_err(), "{wrong}");
    }
    assert!(Document::parse(&vec![b' '; (8 << 20) + 1]).is_err());
}

proptest! {
    #[test]
    fn arbitrary_and_spoilt_files_never_panic_nor_pass(at in 0usize..4000, byte in any::<u8>(), junk in any::<Vec<u8>>()) {
        prop_assert!(Document::parse(&junk).is_err());
        let mut bytes = document().write().into_bytes();
        let at = at % bytes.len();
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        if let Ok(spoilt) = Document::parse(&bytes) {
            prop_assert!(!failing(&spoilt).is_empty());
        }
    }
}
