//! The authority of time is `openssl ts`.

use std::{sync::LazyLock, time::Duration};

use proptest::prelude::*;
use sigilo_proof::{
    cms::CmsError,
    timestamp::{Failure, Request, ResponseError, Status, Timestamp, TimestampError, read_response, verify},
    x509::{CaStore, Crl, Oid, PathError, Revocation, RevocationStatus, Trust},
};

use crate::pki::{self, BEGIN, CRLS, END, ISSUING_CRL, Issued, Order, PKI, ROOT_CRL, STAMPING, STORE, trust};

pub const POLICY: Oid = Oid::new_unwrap("2.16.76.1.6.1");
pub const OTHER_POLICY: Oid = Oid::new_unwrap("2.16.76.1.6.2");
const DATA: &[u8] = "Consentimento da paciente, versão 3".as_bytes();

static AUTHORITY: LazyLock<Issued> = LazyLock::new(|| authority(BEGIN, STAMPING));

/// A refusal, which has every part of an answer but a token.
static RESPONSE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    answer(&AUTHORITY, &Request::new(DATA, Some(Oid::new_unwrap("2.16.76.1.6.99"))).unwrap(), "sha256")
});

/// A token over [`DATA`], and the nonce of its request.
static TOKEN: LazyLock<(Vec<u8>, u64)> = LazyLock::new(|| stamp(&AUTHORITY, Some(POLICY), "sha256"));

fn authority(begin: &str, extensions: &str) -> Issued {
    let subject = "/C=BR/O=ICP-Teste/CN=Carimbo do Tempo Teste";
    PKI.issue(Order { subject, key: "tsa", begin, extensions: extensions.into(), ..Order::default() })
}

/// The answer of `openssl ts` to a request.
fn answer(authority: &Issued, request: &Request, certificate_hash: &str) -> Vec<u8> {
    let name = PKI.fresh("stamp");
    let configuration = format!(
        "[t]\nserial={name}.serial\nsigner_cert={0}.crt\ncerts=issuing.crt\nsigner_key={1}.key\nsigner_digest=sha256\n\
         default_policy={POLICY}\nother_policies={OTHER_POLICY}\ndigests=sha256\naccuracy=secs:1,millisecs:500,microsecs:100\n\
         tsa_name=yes\ness_cert_id_alg={certificate_hash}\n",
        authority.name, authority.key
    );
    PKI.write(&format!("{name}.serial"), "0A5F\n");
    PKI.write(&format!("{name}.cnf"), configuration);
    PKI.write(&format!("{name}.tsq"), request.der());
    let (query, config, out) = (format!("{name}.tsq"), format!("{name}.cnf"), format!("{name}.tsr"));
    PKI.openssl(&["ts", "-reply", "-queryfile", &query, "-config", &config, "-section", "t", "-out", &out]);
    PKI.read(&out)
}

fn stamp(authority: &Issued, policy: Option<Oid>, certificate_hash: &str) -> (Vec<u8>, u64) {
    let request = Request::new(DATA, policy).unwrap();
    let response = read_response(&answer(authority, &request, certificate_hash)).unwrap();
    assert_eq!(response.status, Status::Granted);
    (response.token, request.nonce())
}

/// A good token over other data.
pub fn token(data: &[u8], policy: Oid) -> Vec<u8> {
    let request = Request::new(data, Some(policy)).unwrap();
    read_response(&answer(&AUTHORITY, &request, "sha256")).unwrap().token
}

/// The same, verified.
pub fn stamped(data: &[u8]) -> Timestamp {
    verify(&token(data, POLICY), data, None, &[POLICY], trust()).unwrap()
}

/// A token with the content of a good one, signed by somebody through `openssl cms`.
fn sign_info(info: &[u8], signer: &Issued) -> Vec<u8> {
    let name = PKI.fresh("info");
    PKI.write(&name, info);
    let (certificate, key, out) =
        (format!("{}.crt", signer.name), format!("{}.key", signer.key), format!("{name}.tst"));
    let what = ["cms", "-sign", "-cades", "-binary", "-nodetach", "-nosmimecap", "-outform", "DER", "-md", "sha256"];
    let whose = ["-econtent_type", "1.2.840.113549.1.9.16.1.4", "-signer", &certificate, "-inkey", &key];
    PKI.openssl(&[&what[..], &whose[..], &["-in", &name, "-out", &out]].concat());
    PKI.read(&out)
}

/// The TSTInfo of the good token.
fn info() -> Vec<u8> {
    let name = PKI.fresh("token");
    PKI.write(&name, &TOKEN.0);
    PKI.openssl(&["cms", "-verify", "-noverify", "-inform", "DER", "-in", &name])
}

/// The good token's time, in these bytes, moved back by some years.
fn earlier(bytes: &[u8], years: i32) -> Vec<u8> {
    let year = verify(&TOKEN.0, DATA, None, &[POLICY], trust()).unwrap().gen_time.year();
    let (from, to) = (format!("\x18\x0f{year}"), format!("\x18\x0f{}", year - years));
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).expect("the time is there");
    [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
}

#[test]
fn openssl_reads_the_request_as_it_was_meant() {
    let request = Request::new(DATA, Some(POLICY)).unwrap();
    let name = PKI.fresh("request");
    PKI.write(&name, request.der());
    let text = String::from_utf8(PKI.openssl(&["ts", "-query", "-in", &name, "-text"])).unwrap();
    for line in ["Version: 1", "Hash Algorithm: sha256", "Certificate required: yes", "Policy OID: 2.16.76.1.6.1"] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(text.contains(&format!("{:X}", request.nonce())), "{text}");
    assert_eq!(request.imprint(), sigilo_proof::sha256(DATA));
    assert_ne!(request.nonce(), Request::new(DATA, Some(POLICY)).unwrap().nonce());
}

#[test]
fn a_token_tells_when_who_and_under_which_policy() {
    let (token, nonce) = &*TOKEN;
    let stamp = verify(token, DATA, Some(*nonce), &[POLICY], trust()).unwrap();
    assert_eq!(stamp.serial, "0A60");
    assert_eq!(stamp.policy, POLICY);
    assert_eq!(stamp.authority, "Carimbo do Tempo Teste");
    assert_eq!(stamp.accuracy, Some(Duration::from_micros(1_500_100)));
    assert!(stamp.gen_time.year() >= 2026);
    let subjects: Vec<String> = stamp.path.certificates.iter().map(|one| one.common_name()).collect();
    assert_eq!(subjects, ["Carimbo do Tempo Teste", "AC Emissora Teste", "AC Raiz Teste"]);
    assert_eq!(stamp.path.revocation, RevocationStatus::NotRevoked);
    // Years later the request is gone, and the token still stands.
    verify(token, DATA, None, &[OTHER_POLICY, POLICY], trust()).unwrap();
}

#[test]
fn the_older_attribute_with_sha_1_names_the_certificate_too() {
    let (token, nonce) = stamp(&AUTHORITY, None, "sha1");
    verify(&token, DATA, Some(nonce), &[POLICY], trust()).unwrap();
}

#[test]
fn a_refusal_comes_with_its_reasons() {
    let error = read_response(&RESPONSE).unwrap_err();
    let ResponseError::Refused { status, text, failures } = error else { panic!("{error:?}") };
    assert_eq!((status, failures.as_slice()), (Status::Rejection, &[Failure::UnacceptedPolicy][..]));
    assert!(text[0].contains("policy"), "{text:?}");

    assert_eq!(read_response(&[0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x00]), Err(ResponseError::NoToken));
    assert_eq!(read_response(&[0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x07]), Err(ResponseError::Malformed));
    assert_eq!(read_response(&vec![0; 300 * 1024]), Err(ResponseError::TooLong));
}

#[test]
fn each_expectation_that_is_not_met_has_its_own_name() {
    let (token, nonce) = &*TOKEN;
    let verify = |data, nonce, policies: &[Oid]| verify(token, data, nonce, policies, trust()).unwrap_err();
    assert_eq!(verify(b"other data", Some(*nonce), &[POLICY]), TimestampError::Imprint);
    assert_eq!(verify(DATA, Some(nonce ^ 1), &[POLICY]), TimestampError::Nonce);
    assert_eq!(verify(DATA, Some(*nonce), &[OTHER_POLICY]), TimestampError::Policy(POLICY));
    assert_eq!(verify(DATA, Some(*nonce), &[]), TimestampError::Policy(POLICY));
}

#[test]
fn a_changed_token_does_not_hold() {
    let (token, _) = &*TOKEN;
    let check = |token: &[u8]| verify(token, DATA, None, &[POLICY], trust()).unwrap_err();
    let mut flipped = token.clone();
    *flipped.last_mut().unwrap() ^= 1;
    assert_eq!(check(&flipped), TimestampError::Cms(CmsError::Signature));

    assert_eq!(check(&earlier(token, 1)), TimestampError::Cms(CmsError::MessageDigest));
    assert_eq!(check(&token[..token.len() - 1]), TimestampError::Cms(CmsError::Malformed));
    assert_eq!(check(&[&token[..], &[0]].concat()), TimestampError::Cms(CmsError::Malformed));
}

#[test]
fn a_time_before_the_authority_existed_is_refused() {
    let future = authority("20450101000000Z", STAMPING);
    let (token, nonce) = stamp(&future, None, "sha256");
    assert!(matches!(
        verify(&token, DATA, Some(nonce), &[POLICY], trust()),
        Err(TimestampError::Authority(PathError::NotYetValid { .. }))
    ));
    // The same for a content that the authority's own key moved back before its certificate.
    let moved = earlier(&info(), 20);
    assert!(matches!(
        verify(&sign_info(&moved, &AUTHORITY), DATA, None, &[POLICY], trust()),
        Err(TimestampError::Authority(PathError::NotYetValid { .. }))
    ));
}

#[test]
fn only_a_certificate_for_time_stamps_alone_stamps() {
    let info = info();
    verify(&sign_info(&info, &AUTHORITY), DATA, None, &[POLICY], trust()).unwrap();
    for usage in [
        "keyUsage=critical,digitalSignature\n",
        "extendedKeyUsage=timeStamping\n",
        "extendedKeyUsage=critical,timeStamping,emailProtection\n",
        "extendedKeyUsage=critical,emailProtection\n",
    ] {
        let token = sign_info(&info, &authority(BEGIN, usage));
        assert_eq!(verify(&token, DATA, None, &[POLICY], trust()).unwrap_err(), TimestampError::KeyPurpose, "{usage}");
    }
    let other = PKI.issue(Order { key: "tsa", extensions: STAMPING.into(), ..Order::default() });
    let error = verify(&sign_info(&info, &other), DATA, None, &[POLICY], trust()).unwrap_err();
    assert_eq!(error, TimestampError::AuthorityName);
}

#[test]
fn a_signed_message_of_something_else_is_no_time_stamp() {
    let (name, out) = (PKI.fresh("text"), PKI.fresh("text-cms"));
    PKI.write(&name, DATA);
    let signer = format!("{}.crt", AUTHORITY.name);
    let what = ["cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-signer", &signer, "-inkey", "tsa.key"];
    PKI.openssl(&[&what[..], &["-in", &name, "-out", &out]].concat());
    let error = verify(&PKI.read(&out), DATA, None, &[POLICY], trust()).unwrap_err();
    assert_eq!(error, TimestampError::NotTimestamp);
    let error = verify(&sign_info(DATA, &AUTHORITY), DATA, None, &[POLICY], trust()).unwrap_err();
    assert_eq!(error, TimestampError::Malformed);
}

#[test]
fn the_authority_must_hang_on_a_pinned_root() {
    let (token, _) = &*TOKEN;
    let stranger = PKI.issue(Order {
        subject: "/C=BR/O=ICP-Teste/CN=AC Raiz Alheia",
        issuer: None,
        key: "holder",
        extensions: pki::AUTHORITY.into(),
        ..Order::default()
    });
    let mut other = CaStore::new("alheia");
    other.add_root(&stranger.der).unwrap();
    for store in [&CaStore::new("vazia"), &other] {
        let trust = Trust { store, ..trust() };
        let error = verify(token, DATA, None, &[POLICY], trust).unwrap_err();
        assert_eq!(error, TimestampError::Authority(PathError::NoPath));
    }
    // The intermediate may come with the token.
    let mut root_alone = CaStore::new("raiz");
    root_alone.add_root(&PKI.der("root")).unwrap();
    verify(token, DATA, None, &[POLICY], Trust { store: &root_alone, ..trust() }).unwrap();
}

#[test]
fn without_lists_a_stamp_holds_only_where_none_are_demanded() {
    let (token, _) = &*TOKEN;
    let check =
        |crls: &[Crl], revocation| verify(token, DATA, None, &[POLICY], Trust { store: &STORE, crls, revocation });
    for crls in [vec![], vec![ROOT_CRL.clone()], vec![ISSUING_CRL.clone()]] {
        assert!(matches!(
            check(&crls, Revocation::Required),
            Err(TimestampError::Authority(PathError::RevocationUnknown { .. }))
        ));
        assert_eq!(check(&crls, Revocation::IfGiven).unwrap().path.revocation, RevocationStatus::Unknown);
    }
    let stale = [ROOT_CRL.clone(), PKI.crl("issuing", BEGIN, "20210101000000Z", &[])];
    assert!(check(&stale, Revocation::Required).is_err());
    // A list that the issuer did not sign counts for nothing.
    let mut forged = ISSUING_CRL.der().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let forged = [ROOT_CRL.clone(), Crl::parse(&forged).unwrap()];
    assert!(check(&forged, Revocation::Required).is_err());
}

#[test]
fn a_revoked_authority_stamps_nothing_and_a_stolen_key_never_stamped_anything() {
    let (token, _) = &*TOKEN;
    let check = |date: &str, reason: &str| {
        let list = PKI.crl("issuing", BEGIN, END, &[(&AUTHORITY, date, reason)]);
        let trust = Trust { crls: &[ROOT_CRL.clone(), list], revocation: Revocation::IfGiven, ..trust() };
        verify(token, DATA, None, &[POLICY], trust)
    };
    let revoked = |result| matches!(result, Err(TimestampError::Authority(PathError::Revoked { .. })));
    assert!(revoked(check("210101000000Z", ",superseded")));
    // After the stamp: harmless when the key was not compromised, and only then.
    check("480101000000Z", ",superseded").unwrap();
    check("480101000000Z", ",cessationOfOperation").unwrap();
    assert!(revoked(check("480101000000Z", ",keyCompromise")));
    assert!(revoked(check("480101000000Z", "")));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_tokens_and_lists_never_panic(at in any::<prop::sample::Index>(), byte: u8, cut: bool) {
        let mutate = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if cut { bytes.truncate(at) }
            bytes
        };
        let (token, nonce) = &*TOKEN;
        if let Ok(stamp) = verify(&mutate(token), DATA, Some(*nonce), &[POLICY], trust()) {
            // Some bytes are not signed; what is told must be.
            prop_assert_eq!(stamp.serial, "0A60");
        }
        let _ = read_response(&mutate(&RESPONSE));
        if let Ok(list) = Crl::parse(&mutate(ISSUING_CRL.der())) {
            let trust = Trust { crls: &[CRLS[0].clone(), list], ..trust() };
            let _ = verify(token, DATA, Some(*nonce), &[POLICY], trust);
        }
    }
}
