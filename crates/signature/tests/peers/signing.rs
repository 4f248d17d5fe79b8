//! Signing: A1 files, keys elsewhere, levels.

use proptest::prelude::*;
use sigilo_proof::x509::Certificate;
use sigilo_signature::{
    A1, A1Error, Algorithm, Appearance, Details, Level, PdfError, Prepared, Progress, Remote, SignError, Signer,
    Verdict, begin, keep_evidence,
};
use zeroize::Zeroizing;

use crate::{
    pki::{CPF, CRLS, Issued, Order, PKI, holder_extensions},
    sample::{
        ANA, Listing, NOW, PASSWORD, SUBJECT, basic, complete, details, document, judge, long_term, open, pkcs12,
        reasons, stamp, stamped,
    },
};

const LISTINGS: [Listing; 3] = [Listing::Table, Listing::Stream, Listing::Packed];

#[test]
fn a_signature_is_appended_and_the_original_stays_as_it_is() {
    for listing in LISTINGS {
        let original = document(listing);
        for signed in [basic(&original, &ANA), stamped(&original, &ANA), long_term(&original, &ANA)] {
            assert!(signed.starts_with(&original), "{listing:?}");
            let report = judge(&signed);
            assert_eq!(report.verdict, Verdict::Valid, "{listing:?}: {}", reasons(&report));
        }
    }
}

#[test]
fn levels_follow_from_what_is_added() {
    let original = document(Listing::Table);
    let level = |pdf: &[u8]| judge(pdf).signatures[0].level;
    assert_eq!(level(&basic(&original, &ANA)), Level::Basic);
    assert_eq!(level(&stamped(&original, &ANA)), Level::Time);
    let long_term = long_term(&original, &ANA);
    assert_eq!(level(&long_term), Level::LongTerm);
    // What is there already is not repeated.
    let again = keep_evidence(&long_term, &[], &*CRLS).unwrap();
    assert!(again.len() - long_term.len() < 1000);
    assert_eq!(judge(&again).verdict, Verdict::Valid);
}

#[test]
fn an_a1_file_opens_with_its_password_in_old_and_new_formats() {
    let password = |text: &str| Zeroizing::new(text.to_owned());
    for options in
        [&[][..], &["-legacy"], &["-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"]]
    {
        let file = pkcs12(&ANA, options);
        let a1 = A1::open(&file, password(PASSWORD)).unwrap();
        assert_eq!((a1.certificate(), a1.chain().len()), (&ANA.certificate(), 1), "{options:?}");
        complete(&document(Listing::Table), &a1, &details());
        assert_eq!(A1::open(&file, password("outra")).unwrap_err(), A1Error::Password, "{options:?}");
        assert_eq!(A1::open(&file[..file.len() / 2], password(PASSWORD)).unwrap_err(), A1Error::Malformed);
    }
    assert_eq!(A1::open(&vec![0x30; 1 << 20], password("")).unwrap_err(), A1Error::TooLong);
    assert!(!format!("{:?}", open(&ANA)).contains("key"));
}

#[test]
fn keys_of_ellipses_sign_too() {
    for (curve, key) in [("prime256v1", "curve256"), ("secp384r1", "curve384")] {
        PKI.openssl(&["ecparam", "-name", curve, "-genkey", "-noout", "-out", &format!("{key}.key")]);
        let extensions = holder_extensions("2.16.76.1.2.1.1", CPF);
        let issued = PKI.issue(Order { subject: SUBJECT, key, extensions, ..Order::default() });
        let report = judge(&basic(&document(Listing::Table), &issued));
        assert_eq!(report.verdict, Verdict::Valid, "{curve}: {}", reasons(&report));
    }
}

/// Somebody elsewhere who is given a hash and gives a signature back.
fn provider(digest: &[u8], issued: &Issued) -> Vec<u8> {
    let (name, out) = (PKI.fresh("digest"), PKI.fresh("value"));
    PKI.write(&name, digest);
    let key = format!("{}.key", issued.key);
    let how = ["pkeyutl", "-sign", "-inkey", &key, "-pkeyopt", "digest:sha256"];
    PKI.openssl(&[&how[..], &["-in", &name, "-out", &out]].concat());
    PKI.read(&out)
}

fn issuing() -> Certificate {
    Certificate::parse(&PKI.der("issuing")).unwrap()
}

#[test]
fn a_key_elsewhere_signs_a_hash_between_two_calls() {
    let original = document(Listing::Table);
    let remote = Remote::new(ANA.certificate(), vec![issuing()]);
    let Progress::Waiting(prepared) = begin(&remote, &original, &details()).unwrap() else { panic!("no key here") };
    assert_eq!(prepared.to_be_signed().algorithm(), Algorithm::RsaSha256);
    assert!(prepared.document().starts_with(&original));

    // The first request ends here; what was kept comes back in the second.
    let (document, attributes) = (prepared.document().to_vec(), prepared.to_be_signed().bytes().to_vec());
    let value = provider(&prepared.to_be_signed().digest(), &ANA);
    let restored = Prepared::restore(document.clone(), &ANA.certificate(), attributes.clone()).unwrap();
    assert_eq!(restored.to_be_signed(), prepared.to_be_signed());
    let completed = restored.finish(&value, remote.chain()).unwrap();
    let token = stamp(completed.signature());
    let report = judge(&completed.stamp(token).into_pdf().unwrap());
    assert_eq!((report.verdict, report.signatures[0].level), (Verdict::Valid, Level::Time), "{}", reasons(&report));

    // A signature of something else, a document that was changed meanwhile, and another's certificate.
    let restore = || Prepared::restore(document.clone(), &ANA.certificate(), attributes.clone()).unwrap();
    assert!(matches!(restore().finish(&provider(&[7; 32], &ANA), &[]), Err(SignError::Verification(_))));
    let mut changed = document.clone();
    let at = changed.windows(8).position(|window| window == b"dipirona").unwrap();
    changed[at] = b'D';
    let changed = Prepared::restore(changed, &ANA.certificate(), attributes.clone()).unwrap();
    assert!(matches!(changed.finish(&value, &[]), Err(SignError::Verification(_))));
    let other = Prepared::restore(document.clone(), &PKI.issue(Order::default()).certificate(), attributes.clone());
    assert!(matches!(other.unwrap().finish(&value, &[]), Err(SignError::Verification(_))));
    assert!(matches!(Prepared::restore(original, &ANA.certificate(), attributes), Err(SignError::Mismatch)));
}

#[test]
fn an_appearance_is_drawn_where_it_is_wanted() {
    let lines = vec!["Assinado por Ana (CRM 1) \\".to_owned(), "λ não existe".to_owned()];
    let appearance = Appearance { page: 2, rectangle: [72.0, 72.0, 272.0, 112.0], lines };
    let pdf = document(Listing::Table);
    let signed = complete(&pdf, &open(&ANA), &Details { appearance: Some(appearance.clone()), ..details() });
    let signed = signed.into_pdf().unwrap();
    assert_eq!(judge(&signed).verdict, Verdict::Valid);
    let text = b"(Assinado por Ana \\(CRM 1\\) \\\\)";
    assert!(signed.windows(text.len()).any(|window| window == text));
    let nowhere = Details { appearance: Some(Appearance { page: 3, ..appearance }), ..Details::at(NOW) };
    assert!(matches!(begin(&open(&ANA), &pdf, &nowhere), Err(SignError::Pdf(PdfError::NoPage))));
}

#[test]
fn what_is_no_sound_document_is_not_signed() {
    let refused = |pdf: &[u8]| match begin(&open(&ANA), pdf, &details()) {
        Err(SignError::Pdf(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(b""), PdfError::Malformed);
    assert_eq!(refused(b"%PDF-1.7 and no more"), PdfError::Malformed);
    let mut damaged = document(Listing::Table);
    let at = damaged.windows(9).rposition(|window| window == b"startxref").unwrap();
    damaged[at + 10] = b'9';
    assert!(matches!(refused(&damaged), PdfError::Damaged | PdfError::Malformed));
}

#[test]
fn a_stamp_too_long_for_the_room_is_refused() {
    let completed = complete(&document(Listing::Table), &open(&ANA), &details());
    let long = [&[0x04, 0x83, 0x01, 0x00, 0x00][..], &[0; 0x10000]].concat();
    assert!(matches!(completed.clone().stamp(long).into_pdf(), Err(SignError::Pdf(PdfError::NoRoom))));
    assert!(matches!(completed.stamp(vec![0x30]).into_pdf(), Err(SignError::Encoding)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spoilt_key_files_and_documents_never_panic(at in any::<prop::sample::Index>(), byte: u8) {
        use std::sync::LazyLock;
        static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| pkcs12(&ANA, &["-iter", "1", "-maciter"]));
        static SIGNER: LazyLock<A1> = LazyLock::new(|| open(&ANA));
        let mut file = FILE.clone();
        let place = at.index(file.len());
        file[place] = byte;
        let _ = A1::open(&file, Zeroizing::new(PASSWORD.to_owned()));
        let mut pdf = document(Listing::Stream);
        let place = at.index(pdf.len());
        pdf[place] = byte;
        let _ = begin(&*SIGNER, &pdf, &details());
    }
}
