//! Holders' certificates, issued and revoked by `openssl`.

use std::slice::from_ref;

use proptest::prelude::*;
use sigilo_proof::{
    icp::{
        Cnpj, Cpf, DOCUMENT, HolderError, IcpError, Kind, PolicyError, SEAL, check_time_authority, verify_person,
        verify_seal,
    },
    x509::{
        CaStore, Certificate, CertificateError, Crl, Oid, PathError, Revocation, RevocationStatus, StoreError, Trust,
    },
};
use time::{
    OffsetDateTime,
    macros::{date, datetime},
};

use crate::pki::{self, BEGIN, CPF, END, ISSUING_CRL, Issued, Order, PKI, ROOT_CRL, STORE, holder_extensions, trust};

const AT: OffsetDateTime = datetime!(2023-06-01 12:00 UTC);
const A3: &str = "2.16.76.1.2.3.1";

fn cpf() -> Cpf {
    Cpf::parse(CPF).unwrap()
}

fn check_at(issued: &Issued, trust: Trust<'_>, at: OffsetDateTime) -> Result<(), IcpError> {
    verify_person(&issued.certificate(), &[], trust, at, DOCUMENT, cpf()).map(|_| ())
}

fn check(issued: &Issued) -> Result<(), IcpError> {
    check_at(issued, trust(), AT)
}

fn holder(extensions: String) -> Issued {
    PKI.issue(Order { extensions, ..Order::default() })
}

fn is_path(result: Result<(), IcpError>, expected: fn(&PathError) -> bool) -> bool {
    matches!(result, Err(IcpError::Path(error)) if expected(&error))
}

#[test]
fn a_persons_certificate_tells_who_and_of_which_type() {
    let subject = "/C=BR/O=ICP-Teste/CN=ANA TESTE:11144477735";
    let issued = PKI.issue(Order { subject, ..Order::default() });
    let verified = verify_person(&issued.certificate(), &[], trust(), AT, DOCUMENT, cpf()).unwrap();
    assert_eq!(verified.holder.name, "ANA TESTE");
    assert_eq!(verified.holder.cpf, cpf());
    assert_eq!(verified.holder.birth_date, Some(date!(1980 - 02 - 01)));
    assert_eq!((verified.policy.oid, verified.policy.kind), (Oid::new_unwrap(A3), Kind::A3));
    assert_eq!(verified.path.certificates.len(), 3);
    assert_eq!(verified.path.revocation, RevocationStatus::NotRevoked);
    for (policy, kind) in [("2.16.76.1.2.1.1", Kind::A1), ("2.16.76.1.2.4.1", Kind::A4)] {
        let certificate = holder(holder_extensions(policy, CPF)).certificate();
        let verified = verify_person(&certificate, &[], trust(), AT, DOCUMENT, cpf()).unwrap();
        assert_eq!(verified.policy.kind, kind);
    }
}

#[test]
fn the_cpf_is_read_in_every_string_type_and_must_be_the_accounts() {
    let with = |value: &str| {
        holder(format!(
            "keyUsage=critical,nonRepudiation\ncertificatePolicies={A3}\nsubjectAltName=@names\n[names]\n\
             email=ana@teste.example\notherName.0=2.16.76.1.3.1;{value}\n"
        ))
    };
    for kind in ["OCTETSTRING", "PRINTABLESTRING", "UTF8", "IA5STRING"] {
        check(&with(&pki::person(kind, CPF))).unwrap();
    }
    // Without date of birth.
    check(&with(&format!("UTF8:00000000{CPF}"))).unwrap();

    let value = Err(IcpError::Holder(HolderError::Value(Oid::new_unwrap("2.16.76.1.3.1"))));
    assert_eq!(check(&with(&pki::person("UTF8", "52998224725"))), Err(IcpError::Holder(HolderError::OtherCpf)));
    assert_eq!(check(&with(&pki::person("UTF8", "11144477753"))), value);
    assert_eq!(check(&with(&pki::person("UTF8", "00000000000"))), value);
    assert_eq!(check(&with(&pki::person("BMP", CPF))), value);
    assert_eq!(check(&with(&format!("UTF8:31021980{CPF}"))), value);
    assert_eq!(check(&with("UTF8:0102198011144")), value);
    assert_eq!(check(&with(&format!("UTF8:01021980{CPF}{}", "0".repeat(64)))), value);
    let twice = format!("{}\notherName.1=2.16.76.1.3.1;{}", pki::person("UTF8", CPF), pki::person("UTF8", CPF));
    assert_eq!(check(&with(&twice)), value);
    assert_eq!(check(&holder(format!("keyUsage=digitalSignature\ncertificatePolicies={A3}\n"))), value);
}

#[test]
fn a_cpf_that_is_changed_in_the_certificate_breaks_its_signature() {
    let mut issued = PKI.issue(Order::default());
    let at = issued.der.windows(11).position(|window| window == CPF.as_bytes()).unwrap();
    issued.der[at..at + 11].copy_from_slice(b"52998224725");
    assert!(is_path(check(&issued), |error| matches!(error, PathError::Signature { .. })));
}

#[test]
fn the_policy_is_one_that_the_issuer_may_give_and_of_a_type_that_will_do() {
    let with = |policy: &str| check(&holder(holder_extensions(policy, CPF)));
    let foreign = Oid::new_unwrap("2.16.76.1.2.3.99");
    assert_eq!(with("2.16.76.1.2.3.99"), Err(PolicyError::NotListed(foreign).into()));
    assert_eq!(with("1.3.6.1.4.1.99999.1"), Err(PolicyError::NotOne.into()));
    assert_eq!(with("2.16.76.1.2.3.1,2.16.76.1.2.1.1"), Err(PolicyError::NotOne.into()));
    assert_eq!(with("2.16.76.1.2.3"), Err(PolicyError::UnknownKind(Oid::new_unwrap("2.16.76.1.2.3")).into()));
    // Another policy beside it, as for mail, does no harm.
    assert_eq!(with("2.16.76.1.2.3.1,1.3.6.1.4.1.99999.1"), Ok(()));
    // A seal is no person's signature, and neither is an authority of time's.
    assert_eq!(with("2.16.76.1.2.201.1"), Err(PolicyError::Kind(Kind::SeS).into()));
    assert_eq!(with("2.16.76.1.2.303.1"), Err(PolicyError::Kind(Kind::T3).into()));
}

#[test]
fn the_key_must_be_for_signatures() {
    let with = |usage: &str| {
        check(&holder(holder_extensions(A3, CPF).replace("keyUsage=critical,digitalSignature,nonRepudiation\n", usage)))
    };
    assert_eq!(with("keyUsage=critical,digitalSignature\n"), Ok(()));
    assert_eq!(with("keyUsage=critical,keyEncipherment\n"), Err(IcpError::KeyUsage));
    assert_eq!(with(""), Err(IcpError::KeyUsage));
}

#[test]
fn a_companys_seal_tells_the_company_and_who_answers_for_it() {
    let extensions = |policy: &str| {
        format!(
            "keyUsage=critical,digitalSignature\ncertificatePolicies={policy}\nsubjectAltName=@names\n[names]\n\
             otherName.0=2.16.76.1.3.3;PRINTABLESTRING:11222333000181\notherName.1=2.16.76.1.3.2;UTF8:ANA TESTE\n\
             otherName.2=2.16.76.1.3.4;{}\n",
            pki::person("UTF8", CPF)
        )
    };
    let seal = holder(extensions("2.16.76.1.2.201.1")).certificate();
    let cnpj = Cnpj::parse("11222333000181").unwrap();
    let verified = verify_seal(&seal, &[], trust(), AT, SEAL, cnpj).unwrap();
    assert_eq!((verified.holder.cnpj, verified.policy.kind), (cnpj, Kind::SeS));
    assert_eq!((verified.holder.responsible.name.as_str(), verified.holder.responsible.cpf), ("ANA TESTE", cpf()));

    let other = Cnpj::parse("12ABC34501DE35").unwrap();
    let error = verify_seal(&seal, &[], trust(), AT, SEAL, other).unwrap_err();
    assert_eq!(error, IcpError::Holder(HolderError::OtherCnpj));
    let signature = holder(extensions(A3)).certificate();
    let error = verify_seal(&signature, &[], trust(), AT, SEAL, cnpj).unwrap_err();
    assert_eq!(error, PolicyError::Kind(Kind::A3).into());
    let person = PKI.issue(Order { extensions: holder_extensions("2.16.76.1.2.202.1", CPF), ..Order::default() });
    let error = verify_seal(&person.certificate(), &[], trust(), AT, SEAL, cnpj).unwrap_err();
    assert_eq!(error, IcpError::Holder(HolderError::Value(Oid::new_unwrap("2.16.76.1.3.3"))));
}

#[test]
fn an_authority_of_time_has_a_type_for_it() {
    let path = |policy: &str| {
        let certificate = holder(holder_extensions(policy, CPF)).certificate();
        let accepted = &[Kind::A3, Kind::T3];
        verify_person(&certificate, &[], trust(), AT, accepted, cpf()).unwrap().path
    };
    assert_eq!(check_time_authority(&path("2.16.76.1.2.303.1")).unwrap().kind, Kind::T3);
    assert_eq!(check_time_authority(&path(A3)), Err(PolicyError::Kind(Kind::A3)));
}

#[test]
fn a_certificate_is_judged_at_the_time_of_the_stamp() {
    let issued = PKI.issue(Order { begin: "20220101000000Z", end: "20231231000000Z", ..Order::default() });
    check(&issued).unwrap();
    let at = |at| check_at(&issued, trust(), at);
    assert!(is_path(at(datetime!(2021-12-31 23:59:59 UTC)), |error| matches!(error, PathError::NotYetValid { .. })));
    assert!(is_path(at(datetime!(2024-01-01 0:00 UTC)), |error| matches!(error, PathError::Expired { .. })));
    for at in [OffsetDateTime::UNIX_EPOCH, datetime!(1900-01-01 0:00 UTC)] {
        assert!(is_path(check_at(&issued, trust(), at), |error| matches!(error, PathError::NotYetValid { .. })));
    }
}

#[test]
fn revocation_counts_from_its_date_on() {
    let issued = PKI.issue(Order::default());
    let crls = [
        ROOT_CRL.clone(),
        PKI.crl("issuing", "20240601000000Z", "20240701000000Z", &[(&issued, "240101000000Z", ",keyCompromise")]),
    ];
    let at = |at| check_at(&issued, Trust { crls: &crls, ..trust() }, at);
    let revoked = |result| {
        is_path(result, |error| {
            matches!(error, PathError::Revoked { since: Some(since), .. }
        if *since == datetime!(2024-01-01 0:00 UTC))
        })
    };
    at(AT).unwrap(); // signed before: the list of later says so
    assert!(revoked(at(datetime!(2024-01-01 0:00 UTC))));
    assert!(revoked(at(datetime!(2024-06-15 0:00 UTC))));
    // After the list's end nothing is known.
    assert!(is_path(at(datetime!(2024-07-02 0:00 UTC)), |error| matches!(error, PathError::RevocationUnknown { .. })));
    // One list that names it outweighs another that did not yet.
    let both = [&crls[..], from_ref(&ISSUING_CRL)].concat();
    assert!(revoked(check_at(&issued, Trust { crls: &both, ..trust() }, datetime!(2024-02-01 0:00 UTC))));
    // Where no list is demanded, one that is there still counts.
    let lenient = Trust { crls: &crls[1..], revocation: Revocation::IfGiven, ..trust() };
    assert!(revoked(check_at(&issued, lenient, datetime!(2024-06-15 0:00 UTC))));
}

#[test]
fn a_list_from_after_a_certificates_end_cannot_clear_it() {
    let issued = PKI.issue(Order { end: "20231231000000Z", ..Order::default() });
    let later = |revoked: &[(&Issued, &str, &str)]| {
        [ROOT_CRL.clone(), PKI.crl("issuing", "20240601000000Z", "20240701000000Z", revoked)]
    };
    let check = |crls: &[Crl]| check_at(&issued, Trust { crls, ..trust() }, AT);
    assert!(is_path(check(&later(&[])), |error| matches!(error, PathError::RevocationUnknown { .. })));
    check(&later(&[(&issued, "230901000000Z", "")])).unwrap();
    assert!(is_path(check(&later(&[(&issued, "230101000000Z", "")])), |error| matches!(
        error,
        PathError::Revoked { .. }
    )));
}

#[test]
fn without_lists_nothing_is_believed_where_they_are_demanded() {
    let issued = PKI.issue(Order::default());
    let unknown = |crls: &[Crl]| {
        is_path(check_at(&issued, Trust { crls, ..trust() }, AT), |error| {
            matches!(error, PathError::RevocationUnknown { .. })
        })
    };
    assert!(unknown(&[]));
    assert!(unknown(from_ref(&ROOT_CRL)));
    assert!(unknown(from_ref(&ISSUING_CRL)));
    // A list of the same name under another's key, and one cut down to a part of the certificates.
    let mut forged = ISSUING_CRL.der().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    assert!(unknown(&[ROOT_CRL.clone(), Crl::parse(&forged).unwrap()]));
    let trust = Trust { crls: &[], revocation: Revocation::IfGiven, ..trust() };
    let verified = verify_person(&issued.certificate(), &[], trust, AT, DOCUMENT, cpf()).unwrap();
    assert_eq!(verified.path.revocation, RevocationStatus::Unknown);
}

#[test]
fn a_revoked_authority_takes_its_certificates_with_it() {
    let issued = PKI.issue(Order::default());
    let issuing = Issued { name: "issuing".into(), key: "issuing", der: PKI.der("issuing") };
    let crls = [PKI.crl("root", BEGIN, END, &[(&issuing, "220101000000Z", ",cACompromise")]), ISSUING_CRL.clone()];
    let result = check_at(&issued, Trust { crls: &crls, ..trust() }, AT);
    assert!(is_path(
        result,
        |error| matches!(error, PathError::Revoked { subject, .. } if subject.contains("Emissora"))
    ));
}

#[test]
fn the_path_leads_through_known_authorities_to_a_pinned_root() {
    let issued = PKI.issue(Order::default());
    let certificate = issued.certificate();
    let mut root_alone = CaStore::new("raiz");
    root_alone.add_root(&PKI.der("root")).unwrap();
    let trust = Trust { store: &root_alone, ..trust() };
    let verify = |extra: &[Certificate], trust| verify_person(&certificate, extra, trust, AT, DOCUMENT, cpf());
    assert_eq!(verify(&[], trust).unwrap_err(), PathError::NoPath.into());
    let issuing = Certificate::parse(&PKI.der("issuing")).unwrap();
    verify(from_ref(&issuing), trust).unwrap();
    // A root that comes with the message is no root.
    let empty = Trust { store: &CaStore::new("vazia"), ..trust };
    let extra = [issuing, Certificate::parse(&PKI.der("root")).unwrap()];
    assert_eq!(verify(&extra, empty).unwrap_err(), PathError::NoPath.into());
    // Many certificates of the same name cost little and hide nothing.
    let mut crowd: Vec<Certificate> = (0..3).map(|_| extra[1].clone()).collect();
    crowd.extend(std::iter::repeat_n(extra[0].clone(), 60));
    verify(&crowd, trust).unwrap();
}

#[test]
fn a_store_of_hundreds_finds_the_path() {
    let (root, issuing) = (PKI.der("root"), PKI.der("issuing"));
    let mut store = CaStore::new("grande");
    store.add_root(&root).unwrap();
    for number in 0..400_u32 {
        // Other authorities, by the letters of their names alone.
        let mut other = issuing.clone();
        let at = other.windows(7).rposition(|window| window == b"Emissor").unwrap();
        other[at..at + 7].copy_from_slice(format!("{number:07}").as_bytes());
        store.add_intermediate(&other).unwrap();
    }
    store.add_intermediate(&issuing).unwrap();
    check_at(&PKI.issue(Order::default()), Trust { store: &store, ..trust() }, AT).unwrap();
}

#[test]
fn a_holder_is_no_authority() {
    let holder = PKI.issue(Order::default());
    std::fs::copy(PKI.path(&format!("{}.crt", holder.name)), PKI.path("usurper.crt")).unwrap();
    std::fs::copy(PKI.path("holder.key"), PKI.path("usurper.key")).unwrap();
    let extensions = holder_extensions(A3, CPF);
    let order = Order { issuer: Some("usurper"), extensions, ..Order::default() };
    let below = PKI.issue_without_key_identifier(order);
    let extra = [holder.certificate()];
    let error = verify_person(&below.certificate(), &extra, trust(), AT, DOCUMENT, cpf()).unwrap_err();
    assert!(matches!(error, IcpError::Path(PathError::Rule { .. })), "{error:?}");
}

#[test]
fn weak_signatures_are_refused_and_strong_ones_believed() {
    let sha1 = PKI.issue(Order { hash: "sha1", ..Order::default() });
    assert!(is_path(check(&sha1), |error| matches!(error, PathError::Algorithm { .. })));
    for hash in ["sha384", "sha512"] {
        check(&PKI.issue(Order { hash, ..Order::default() })).unwrap();
    }
    // A chain of Ed25519.
    PKI.openssl(&["genpkey", "-algorithm", "ed25519", "-out", "edwards.key"]);
    let extensions = format!("{}certificatePolicies={A3}\n", pki::AUTHORITY);
    let root = PKI.issue(Order { issuer: None, key: "edwards", hash: "default", extensions, ..Order::default() });
    std::fs::copy(PKI.path(&format!("{}.crt", root.name)), PKI.path("edwards.crt")).unwrap();
    let issued =
        PKI.issue(Order { subject: "/CN=RUI TESTE", issuer: Some("edwards"), hash: "default", ..Order::default() });
    let mut store = CaStore::new("edwards");
    store.add_root(&root.der).unwrap();
    let crls = [PKI.crl("edwards", BEGIN, END, &[])];
    check_at(&issued, Trust { store: &store, crls: &crls, ..trust() }, AT).unwrap();
}

#[test]
fn a_store_is_a_version_that_can_be_compared() {
    let mut newer = CaStore::new("2");
    assert_eq!(newer.add_root(&PKI.der("issuing")), Err(StoreError::NotRoot));
    assert_eq!(newer.add_root(b"no certificate"), Err(StoreError::Certificate(CertificateError::Malformed)));
    assert_eq!(newer.add_root(&vec![0x30; 100_000]), Err(StoreError::Certificate(CertificateError::TooLong)));
    newer.add_root(&PKI.der("root")).unwrap();
    newer.add_root(&PKI.der("root")).unwrap();
    assert_eq!((newer.version(), newer.roots().count(), newer.intermediates().count()), ("2", 1, 0));
    let diff = STORE.diff(&newer);
    assert_eq!((diff.added.len(), diff.removed), (0, vec!["CN=AC Emissora Teste,O=ICP-Teste,C=BR".to_owned()]));
    assert_eq!(STORE.diff(&STORE.clone()).removed.len(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_certificates_never_panic_and_never_hold(at in any::<prop::sample::Index>(), flip in 1..=255_u8, cut: bool) {
        use std::sync::LazyLock;
        static ISSUED: LazyLock<Issued> = LazyLock::new(|| PKI.issue(Order::default()));
        let mut der = ISSUED.der.clone();
        let at = at.index(der.len());
        der[at] ^= flip;
        if cut { der.truncate(at + 1) }
        if let Ok(certificate) = Certificate::parse(&der) {
            prop_assert!(verify_person(&certificate, &[], trust(), AT, DOCUMENT, cpf()).is_err());
        }
    }
}
