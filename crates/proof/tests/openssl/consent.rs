//! Consents that their subject signed with a certificate, and that an authority of time stamped.

use sigilo_proof::{
    Keyring,
    consent::{
        Document, Outcome, Part, Representative, Signature, SignatureKind, Stamp, Statement, Subject, SubjectSignature,
        SubjectTrust, Text, text_hash, verify,
    },
    x509::Oid,
};

use crate::{
    cms::sign_data,
    pki::{CPF, Order, PKI, holder_extensions, trust},
    timestamp::{OTHER_POLICY, POLICY, token},
};

const AT: &str = "2026-11-28T12:00:00Z";
const NOBODY: &str = "52998224725";

fn installation(message: &[u8]) -> Signature {
    let signer = Keyring::new(&[1; 32]).signer().unwrap();
    Signature { key: signer.public_key().to_vec(), value: signer.sign(message) }
}

fn consent(cpf: &str, representative: Option<&str>) -> Document {
    let text = Text {
        kind: "telemedicine".into(),
        version: "1.0".into(),
        language: "pt-BR".into(),
        title: "Teleconsulta".into(),
        summary: "Autorizo o atendimento a distância.".into(),
        body: "Você pode revogar a qualquer momento.".into(),
    };
    let statement = Statement {
        text_hash: text_hash(&text.title, &text.summary, &text.body),
        text,
        subject: Subject {
            id: "0190".into(),
            name: "Ana Teste".into(),
            birth_date: Some("1980-02-01".into()),
            cpf: Some(cpf.into()),
            representative: representative.map(|cpf| Representative {
                name: "Rui Teste".into(),
                cpf: cpf.into(),
                relation: "guardian".into(),
                evidence_sha256: None,
            }),
        },
        purposes: vec!["telemedicine".into()],
        given_at: AT.into(),
        salt: [3; 16],
    };
    let seal = statement.seal();
    Document {
        signature: installation(&seal.bytes()),
        statement,
        seal,
        subject_signature: None,
        stamp: Stamp::Pending,
        withdrawal: None,
    }
}

/// With a signature by `openssl cms` of `data`, bound by the installation.
fn signed(mut document: Document, data: &[u8], order: Order<'_>) -> Document {
    let content = sign_data(data, &[&PKI.issue(order)], &["-cades"]);
    let bound = SubjectSignature::bytes(&document.seal.consent_hash, SignatureKind::IcpBrasil, &content, AT);
    let signature = installation(&bound);
    document.subject_signature =
        Some(SubjectSignature { kind: SignatureKind::IcpBrasil, content, signed_at: AT.into(), signature });
    document
}

fn outcome(document: &Document, part: Part, policies: &[Oid]) -> Outcome {
    // As it travels: written and read again.
    let document = Document::parse(document.write().as_bytes()).unwrap();
    let trust = SubjectTrust { trust: trust(), stamp_policies: policies };
    let findings = verify(&document, Some(&document.signature.key), Some(trust));
    findings.into_iter().find(|finding| finding.part == part).unwrap().outcome
}

fn own(document: &Document) -> Outcome {
    outcome(document, Part::SubjectSignature, &[POLICY])
}

#[test]
fn a_certificate_signs_for_its_own_cpf_and_this_consent_alone() {
    let plain = consent(CPF, None);
    let bytes = plain.seal.bytes();
    assert_eq!(own(&plain), Outcome::Absent);
    let good = signed(plain.clone(), &bytes, Order::default());
    assert_eq!(own(&good), Outcome::Holds);
    let untold = verify(&good, None, None).into_iter().find(|one| one.part == Part::SubjectSignature).unwrap();
    assert_eq!(untold.outcome, Outcome::Unknown, "without authorities nobody can tell");

    assert_eq!(
        own(&signed(consent(NOBODY, None), &consent(NOBODY, None).seal.bytes(), Order::default())),
        Outcome::Fails
    );
    assert_eq!(own(&signed(plain.clone(), b"another consent", Order::default())), Outcome::Fails);
    let later = Order { begin: "20300101000000Z", ..Order::default() };
    assert_eq!(own(&signed(plain.clone(), &bytes, later)), Outcome::Fails, "not valid yet when it was signed");
    let legal_person = Order { extensions: holder_extensions("2.16.76.1.2.201.1", CPF), ..Order::default() };
    assert_eq!(own(&signed(plain, &bytes, legal_person)), Outcome::Fails, "a seal is no signature of a person");
    // Where somebody decides for the subject, theirs is the certificate.
    let minor = consent(NOBODY, Some(CPF));
    let bytes = minor.seal.bytes();
    assert_eq!(own(&signed(minor, &bytes, Order::default())), Outcome::Holds);
    let minor = consent(CPF, Some(NOBODY));
    let bytes = minor.seal.bytes();
    assert_eq!(own(&signed(minor, &bytes, Order::default())), Outcome::Fails);
    // A signature that the installation did not bind is nobody's.
    let mut swapped = good;
    swapped.subject_signature.as_mut().unwrap().signed_at = "2026-11-28T12:00:01Z".into();
    assert_eq!(own(&swapped), Outcome::Fails);
}

#[test]
fn a_stamp_is_of_this_consent_and_of_an_accepted_policy() {
    let plain = consent(CPF, None);
    let bytes = plain.seal.bytes();
    let with = |token: Vec<u8>| Document { stamp: Stamp::Granted(token), ..plain.clone() };
    assert_eq!(outcome(&plain, Part::Stamp, &[POLICY]), Outcome::Absent, "pending is no fault");
    let good = with(token(&bytes, POLICY));
    assert_eq!(outcome(&good, Part::Stamp, &[POLICY]), Outcome::Holds);
    assert_eq!(outcome(&good, Part::Stamp, &[OTHER_POLICY]), Outcome::Fails, "another policy than the accepted one");
    assert_eq!(outcome(&with(token(&bytes, OTHER_POLICY)), Part::Stamp, &[POLICY]), Outcome::Fails);
    assert_eq!(outcome(&with(token(b"another consent", POLICY)), Part::Stamp, &[POLICY]), Outcome::Fails);
    let mut broken = token(&bytes, POLICY);
    *broken.last_mut().unwrap() ^= 1;
    assert_eq!(outcome(&with(broken), Part::Stamp, &[POLICY]), Outcome::Fails);
}
