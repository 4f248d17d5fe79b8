//! Verifying: who, when, and what counts as valid.

use sigilo_proof::{
    icp::{Cpf, SEAL},
    x509::{CaStore, Revocation, Trust},
};
use sigilo_signature::{Checks, Kind, Signature, SignaturePolicy, Verdict, verify};
use time::macros::datetime;

use crate::{
    pki::{CPF, CRLS, END, Order, PKI, ROOT_CRL, holder_extensions, trust},
    sample::{ANA, Listing, NOW, basic, checks, cpf, document, judge, long_term, reasons, stamped},
};

fn only(pdf: &[u8], checks: &Checks<'_>) -> Signature {
    let mut report = verify(pdf, checks);
    assert_eq!(report.signatures.len(), 1, "{}", reasons(&report));
    report.signatures.remove(0)
}

fn text(signature: &Signature) -> String {
    signature.reasons.iter().map(|reason| reason.text.clone()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_report_tells_who_signed_when_and_under_which_policy() {
    let pdf = stamped(&document(Listing::Table), &ANA);
    let signature = only(&pdf, &checks());
    let person = signature.signer.as_ref().unwrap();
    assert_eq!((person.name.as_str(), person.cpf), ("ANA TESTE", cpf()));
    assert_eq!((signature.kind, signature.cpf_matches), (Kind::Signature, Some(true)));
    assert_eq!((signature.field.as_str(), signature.claimed_time), ("Assinatura 1", Some(NOW)));
    assert!(signature.proved_time.unwrap() > datetime!(2026-01-01 0:00 UTC));
    assert_eq!(signature.policy, Some(SignaturePolicy::AD_RB));
    assert_eq!(signature.certificate, Some(ANA.certificate()));
    assert_eq!(signature.reasons, []);
}

#[test]
fn the_exact_bytes_that_were_signed_come_back() {
    let original = document(Listing::Table);
    let first = stamped(&original, &ANA);
    let kept = long_term(&original, &ANA);
    let signature = only(&kept, &checks());
    let revision = signature.signed_revision(&kept).unwrap();
    assert!(revision.len() < kept.len() && revision.starts_with(&original));
    assert_eq!(judge(revision).signatures[0].revision, Some(revision.len()));
    assert_eq!(only(&first, &checks()).signed_revision(&first), Some(first.as_slice()));
}

#[test]
fn another_persons_signature_is_invalid_where_somebody_is_expected() {
    let pdf = basic(&document(Listing::Table), &ANA);
    let other = only(&pdf, &Checks { cpf: Cpf::parse("52998224725"), ..checks() });
    assert_eq!((other.verdict, other.cpf_matches), (Verdict::Invalid, Some(false)));
    let anybody = only(&pdf, &Checks { cpf: None, ..checks() });
    assert_eq!((anybody.verdict, anybody.cpf_matches), (Verdict::Valid, None));
}

#[test]
fn a_stamp_keeps_a_signature_valid_after_its_certificates_end() {
    let short = PKI.issue(Order {
        end: "20270101000000Z",
        extensions: holder_extensions("2.16.76.1.2.1.1", CPF),
        ..Order::default()
    });
    let later = Checks { now: datetime!(2030-01-01 0:00 UTC), ..checks() };
    let original = document(Listing::Table);
    assert_eq!(only(&stamped(&original, &short), &later).verdict, Verdict::Valid);
    let bare = only(&basic(&original, &short), &later);
    assert_eq!(bare.verdict, Verdict::Indeterminate);
    assert!(text(&bare).contains("vencido") && text(&bare).contains("nada prova"), "{}", text(&bare));
}

#[test]
fn revocation_counts_from_its_date_against_the_stamps() {
    let issued = PKI.issue(Order { extensions: holder_extensions("2.16.76.1.2.1.1", CPF), ..Order::default() });
    let original = document(Listing::Table);
    let (bare, stamped) = (basic(&original, &issued), stamped(&original, &issued));
    let at = |pdf: &[u8], date: &str| {
        let crls = [ROOT_CRL.clone(), PKI.crl("issuing", "20200101000000Z", END, &[(&issued, date, ",keyCompromise")])];
        only(pdf, &Checks { trust: Trust { crls: &crls, ..trust() }, now: datetime!(2045-06-01 0:00 UTC), ..checks() })
    };
    let (before, after) = ("220101000000Z", "450101000000Z");
    assert_eq!(at(&stamped, after).verdict, Verdict::Valid);
    let revoked = at(&stamped, before);
    assert_eq!(revoked.verdict, Verdict::Invalid);
    assert!(text(&revoked).contains("revogado em 01/01/2022"), "{}", text(&revoked));
    assert_eq!(at(&bare, after).verdict, Verdict::Indeterminate);
}

#[test]
fn what_is_missing_leaves_a_signature_undecided() {
    let pdf = stamped(&document(Listing::Table), &ANA);
    let verdict = |trust: Trust<'_>| only(&pdf, &Checks { trust, ..checks() }).verdict;
    assert_eq!(verdict(Trust { store: &CaStore::new("vazia"), ..trust() }), Verdict::Indeterminate);
    assert_eq!(verdict(Trust { crls: &[], ..trust() }), Verdict::Indeterminate);
    let policy = only(&pdf, &Checks { time_policies: &[], ..checks() });
    assert_eq!(policy.verdict, Verdict::Indeterminate);
    assert!(text(&policy).contains("carimbo do tempo"), "{}", text(&policy));
    // The lists may lie in the document instead, and so may the authorities below the root.
    let kept = long_term(&document(Listing::Table), &ANA);
    let mut root = CaStore::new("raiz");
    root.add_root(&PKI.der("root")).unwrap();
    let bare = Trust { store: &root, crls: &[], revocation: Revocation::Required };
    assert_eq!(only(&kept, &Checks { trust: bare, ..checks() }).verdict, Verdict::Valid);
    // A root in the document is none.
    let none = Trust { store: &CaStore::new("vazia"), crls: &*CRLS, revocation: Revocation::Required };
    assert_eq!(only(&kept, &Checks { trust: none, ..checks() }).verdict, Verdict::Indeterminate);
}

#[test]
fn a_seal_is_no_persons_signature() {
    let seal = PKI.issue(Order { extensions: holder_extensions("2.16.76.1.2.201.1", CPF), ..Order::default() });
    let pdf = basic(&document(Listing::Table), &seal);
    let signature = only(&pdf, &checks());
    assert_eq!(signature.verdict, Verdict::Invalid);
    assert!(text(&signature).contains("SeS"), "{}", text(&signature));
    assert_eq!(only(&pdf, &Checks { kinds: SEAL, ..checks() }).verdict, Verdict::Valid);
}

#[test]
fn two_people_sign_one_document() {
    let original = document(Listing::Table);
    let first = stamped(&original, &ANA);
    let second = stamped(&first, &ANA);
    let report = judge(&second);
    assert_eq!(report.verdict, Verdict::Valid, "{}", reasons(&report));
    let fields: Vec<_> = report.signatures.iter().map(|signature| signature.field.as_str()).collect();
    assert_eq!(fields, ["Assinatura 1", "Assinatura 2"]);
    assert_eq!(report.signatures[0].signed_revision(&second), Some(first.as_slice()));
    assert!(text(&report.signatures[0]).contains("outra assinatura foi acrescentada depois"));
}

#[test]
fn a_document_without_signatures_says_so() {
    let report = judge(&document(Listing::Table));
    assert_eq!((report.verdict, report.signatures.len()), (Verdict::Indeterminate, 0));
    assert!(reasons(&report).contains("não tem assinaturas"));
    assert!(reasons(&judge(b"not a document")).contains("não é um documento PDF"));
}
