//! Documents signed by `openssl cms`.

use std::sync::LazyLock;

use proptest::prelude::*;
use sigilo_proof::{
    cms::{AttributeOrder, CmsError, Signed, verify_attached, verify_detached},
    icp::{Cpf, DOCUMENT, Kind, check_time_authority, verify_person},
};
use time::macros::datetime;

use crate::{
    pki::{CPF, Issued, Order, PKI, holder_extensions, trust},
    timestamp::stamped,
};

const DATA: &[u8] = "Prontuário: evolução de 28/11/2026".as_bytes();

static SIGNER: LazyLock<Issued> = LazyLock::new(|| PKI.issue(Order::default()));
static DETACHED: LazyLock<Vec<u8>> = LazyLock::new(|| sign(&[&SIGNER], &["-cades"]));
/// The same in BER: indefinite lengths and content in chunks.
static STREAMED: LazyLock<Vec<u8>> = LazyLock::new(|| sign(&[&SIGNER], &["-cades", "-nodetach", "-stream"]));
static ATTACHED: LazyLock<Vec<u8>> = LazyLock::new(|| sign(&[&SIGNER], &["-cades", "-nodetach"]));

fn sign(signers: &[&Issued], options: &[&str]) -> Vec<u8> {
    sign_data(DATA, signers, options)
}

/// A signature of other data.
pub fn sign_data(data: &[u8], signers: &[&Issued], options: &[&str]) -> Vec<u8> {
    let (name, out) = (PKI.fresh("document"), PKI.fresh("signed"));
    PKI.write(&name, data);
    let mut arguments = vec!["cms".to_owned(), "-sign".into(), "-binary".into(), "-outform".into(), "DER".into()];
    for signer in signers {
        let (certificate, key) = (format!("{}.crt", signer.name), format!("{}.key", signer.key));
        arguments.extend(["-signer".into(), certificate, "-inkey".into(), key]);
    }
    arguments.extend(options.iter().map(|&option| option.to_owned()));
    arguments.extend(["-in".into(), name, "-out".into(), out.clone()]);
    PKI.openssl(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    PKI.read(&out)
}

fn find(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).position(|window| window == part).expect("the bytes are there")
}

/// Where the signed attributes lie in the good signature, without their tag and length, and each of them.
fn attributes(cms: &[u8]) -> (usize, Vec<Vec<u8>>) {
    // contentType with its value id-data, always the first.
    let first = [0x30, 0x18, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03, 0x31, 0x0b];
    let start = find(cms, &first);
    // Before it A0, and a length below 256 after 81 or above it after 82.
    let length = match cms[start - 4..start] {
        [_, 0xa0, 0x81, low] => usize::from(low),
        [0xa0, 0x82, high, low] => usize::from(high) << 8 | usize::from(low),
        _ => panic!("no header of attributes"),
    };
    let mut rest = &cms[start..start + length];
    let mut all = Vec::new();
    while !rest.is_empty() {
        let size = match rest[1] {
            short @ 0..=0x7f => 2 + usize::from(short),
            0x81 => 3 + usize::from(rest[2]),
            _ => 4 + (usize::from(rest[2]) << 8) + usize::from(rest[3]),
        };
        all.push(rest[..size].to_vec());
        rest = &rest[size..];
    }
    (start, all)
}

/// The good signature with its attributes in reverse order.
fn reversed() -> (Vec<u8>, Vec<u8>) {
    let mut cms = DETACHED.clone();
    let (start, all) = attributes(&cms);
    let content: Vec<u8> = all.into_iter().rev().flatten().collect();
    cms[start..start + content.len()].copy_from_slice(&content);
    (cms, content)
}

#[test]
fn a_signature_tells_who_and_when_it_claims_to_be() {
    let signed = verify_detached(&DETACHED, DATA).unwrap();
    assert_eq!(signed.signer, SIGNER.certificate());
    assert_eq!(signed.attribute_order, AttributeOrder::Sorted);
    assert!(signed.claimed_time.unwrap() > datetime!(2026-01-01 0:00 UTC));
    assert_eq!((signed.certificates.len(), signed.signature.len(), signed.timestamps.len()), (1, 256, 0));
    let (attached, content) = verify_attached(&ATTACHED).unwrap();
    assert_eq!((attached.signer, content.as_slice()), (SIGNER.certificate(), DATA));
}

#[test]
fn a_stamp_of_the_signature_gives_the_time_that_its_certificate_is_judged_at() {
    let Signed { signer, certificates, signature, .. } = verify_detached(&DETACHED, DATA).unwrap();
    let stamp = stamped(&signature);
    assert_eq!(check_time_authority(&stamp.path).unwrap().kind, Kind::T3);
    let cpf = Cpf::parse(CPF).unwrap();
    let verified = verify_person(&signer, &certificates, trust(), stamp.gen_time, DOCUMENT, cpf).unwrap();
    assert_eq!(verified.holder.name, "ANA TESTE");
}

#[test]
fn other_data_and_flipped_bits_are_told_apart() {
    assert_eq!(verify_detached(&DETACHED, b"other").unwrap_err(), CmsError::MessageDigest);
    let mut flipped = DETACHED.clone();
    *flipped.last_mut().unwrap() ^= 1;
    assert_eq!(verify_detached(&flipped, DATA).unwrap_err(), CmsError::Signature);
    let mut content = ATTACHED.clone();
    let at = find(&content, DATA);
    content[at] ^= 1;
    assert_eq!(verify_attached(&content).unwrap_err(), CmsError::MessageDigest);
    let mut time = DETACHED.clone();
    // signing-time: its type, SET, UTCTime.
    let kind = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x05];
    let at = find(&time, &kind) + kind.len() + 4;
    time[at] ^= 1;
    assert_eq!(verify_detached(&time, DATA).unwrap_err(), CmsError::Signature);
}

#[test]
fn content_is_where_it_is_expected() {
    assert_eq!(verify_detached(&ATTACHED, DATA).unwrap_err(), CmsError::ContentPresent);
    assert_eq!(verify_attached(&DETACHED).unwrap_err(), CmsError::ContentMissing);
}

#[test]
fn a_shell_in_ber_is_read() {
    assert_eq!(STREAMED[..2], [0x30, 0x80]);
    let (signed, content) = verify_attached(&STREAMED).unwrap();
    assert_eq!((signed.signer, content.as_slice()), (SIGNER.certificate(), DATA));
    let mut changed = STREAMED.clone();
    let at = find(&changed, DATA);
    changed[at] ^= 1;
    assert_eq!(verify_attached(&changed).unwrap_err(), CmsError::MessageDigest);
    for cut in [1, 2, 7] {
        assert_eq!(verify_attached(&STREAMED[..STREAMED.len() - cut]).unwrap_err(), CmsError::Malformed);
    }
}

#[test]
fn a_signature_has_one_signer() {
    let other = PKI.issue(Order::default());
    let two = sign(&[&SIGNER, &other], &["-cades"]);
    assert_eq!(verify_detached(&two, DATA).unwrap_err(), CmsError::NotOneSigner);
}

#[test]
fn the_signers_certificate_is_in_the_message_and_signed() {
    let without = sign(&[&SIGNER], &["-cades", "-nocerts"]);
    assert_eq!(verify_detached(&without, DATA).unwrap_err(), CmsError::NoSignerCertificate);
    let unnamed = sign(&[&SIGNER], &[]);
    assert_eq!(verify_detached(&unnamed, DATA).unwrap_err(), CmsError::Attribute("signing-certificate-v2"));
    let bare = sign(&[&SIGNER], &["-noattr"]);
    assert_eq!(verify_detached(&bare, DATA).unwrap_err(), CmsError::Attribute("content-type"));
    // By key identifier instead of issuer and number.
    let with_identifier = PKI.issue(Order {
        extensions: format!("subjectKeyIdentifier=hash\n{}", holder_extensions("2.16.76.1.2.3.1", CPF)),
        ..Order::default()
    });
    verify_detached(&sign(&[&with_identifier], &["-cades", "-keyid"]), DATA).unwrap();

    // Another certificate of the same key and key identifier in the signer's place: the signature itself would hold.
    let twin = PKI.issue(Order {
        subject: "/C=BR/O=ICP-Teste/CN=RUI TESTE",
        extensions: format!("subjectKeyIdentifier=hash\n{}", holder_extensions("2.16.76.1.2.3.1", CPF)),
        ..Order::default()
    });
    assert_eq!(twin.der.len(), with_identifier.der.len());
    let signed = sign(&[&with_identifier], &["-cades", "-keyid"]);
    let at = find(&signed, &with_identifier.der);
    let swapped = [&signed[..at], &twin.der, &signed[at + twin.der.len()..]].concat();
    assert_eq!(verify_detached(&swapped, DATA).unwrap_err(), CmsError::SigningCertificate);
}

#[test]
fn attributes_out_of_order_are_accepted_and_recorded() {
    // Sorted when signed and not when sent.
    let (mut cms, content) = reversed();
    assert_eq!(verify_detached(&cms, DATA).unwrap().attribute_order, AttributeOrder::Sorted);
    // Signed as sent.
    let name = PKI.fresh("attributes");
    let length = u16::try_from(content.len()).unwrap();
    let header = match length {
        0..=0xff => vec![0x31, 0x81, length.to_be_bytes()[1]],
        _ => [&[0x31, 0x82][..], &length.to_be_bytes()].concat(),
    };
    PKI.write(&name, [&header[..], &content].concat());
    let signature = PKI.openssl(&["dgst", "-sha256", "-sign", "holder.key", &name]);
    let old = verify_detached(&DETACHED, DATA).unwrap().signature;
    let at = find(&cms, &old);
    cms[at..at + old.len()].copy_from_slice(&signature);
    assert_eq!(verify_detached(&cms, DATA).unwrap().attribute_order, AttributeOrder::AsTransmitted);
}

#[test]
fn hashes_and_keys_are_those_that_are_believed() {
    for hash in ["sha384", "sha512"] {
        verify_detached(&sign(&[&SIGNER], &["-cades", "-md", hash]), DATA).unwrap();
    }
    let sha1 = sign(&[&SIGNER], &["-cades", "-md", "sha1"]);
    assert_eq!(verify_detached(&sha1, DATA).unwrap_err(), CmsError::Algorithm);
    let pss = sign(&[&SIGNER], &["-cades", "-keyopt", "rsa_padding_mode:pss"]);
    assert_eq!(verify_detached(&pss, DATA).unwrap_err(), CmsError::Algorithm);

    PKI.openssl(&["genrsa", "-out", "short.key", "1024"]);
    let short = PKI.issue(Order { key: "short", ..Order::default() });
    assert_eq!(verify_detached(&sign(&[&short], &["-cades"]), DATA).unwrap_err(), CmsError::Algorithm);
    for (key, curve, hash) in [("p384", "secp384r1", "sha384"), ("p521", "secp521r1", "sha512")] {
        PKI.openssl(&["ecparam", "-name", curve, "-genkey", "-noout", "-out", &format!("{key}.key")]);
        let signer = PKI.issue(Order { key, ..Order::default() });
        verify_detached(&sign(&[&signer], &["-cades", "-md", hash]), DATA).unwrap();
    }
    PKI.openssl(&["ecparam", "-name", "secp256k1", "-genkey", "-noout", "-out", "koblitz.key"]);
    let signer = PKI.issue(Order { key: "koblitz", ..Order::default() });
    assert_eq!(verify_detached(&sign(&[&signer], &["-cades"]), DATA).unwrap_err(), CmsError::Algorithm);
}

#[test]
fn what_is_no_signed_document_is_refused() {
    assert_eq!(verify_detached(b"", DATA).unwrap_err(), CmsError::Malformed);
    assert_eq!(verify_detached(&[&DETACHED[..], &[0]].concat(), DATA).unwrap_err(), CmsError::Malformed);
    let other_kind = sign(&[&SIGNER], &["-cades", "-nodetach", "-econtent_type", "1.2.840.113549.1.9.16.1.4"]);
    assert_eq!(verify_attached(&other_kind).unwrap_err(), CmsError::ContentType);
    let data = [0x30, 0x0f, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01, 0xa0, 0x02, 0x04, 0x00];
    assert_eq!(verify_attached(&data).unwrap_err(), CmsError::NotSignedData);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_messages_never_panic_and_never_sign_other_data(
        at in any::<prop::sample::Index>(), flip in 1..=255_u8, cut: bool, streamed: bool
    ) {
        let mut cms = if streamed { STREAMED.clone() } else { ATTACHED.clone() };
        let at = at.index(cms.len());
        cms[at] ^= flip;
        if cut { cms.truncate(at + 1) }
        if let Ok((signed, content)) = verify_attached(&cms) {
            prop_assert_eq!(content, DATA);
            prop_assert_eq!(signed.signer, SIGNER.certificate());
        }
    }
}
