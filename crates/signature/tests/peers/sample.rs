//! Documents, signers, stamps and checks that the tests share.

use std::{fs, sync::LazyLock};

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary, xref::XrefType};
use sigilo_proof::{
    icp::{Cpf, DOCUMENT},
    timestamp::{Request, read_response},
    x509::{Certificate, Oid},
};
use sigilo_signature::{
    A1, Checks, Completed, Details, Progress, Report, SignaturePolicy, Signer, begin, keep_evidence, verify,
};
use time::{OffsetDateTime, macros::datetime};
use zeroize::Zeroizing;

use crate::pki::{BEGIN, CPF, CRLS, Issued, Order, PKI, STAMPING, holder_extensions, trust};

pub const NOW: OffsetDateTime = datetime!(2026-11-28 12:00 UTC);
pub const TIME_POLICY: Oid = Oid::new_unwrap("2.16.76.1.6.1");
pub const PASSWORD: &str = "senha de teste";
pub const SUBJECT: &str = "/C=BR/O=ICP-Teste/CN=ANA TESTE:11144477735";

/// How a document lists its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    Table,
    Stream,
    /// With objects packed together.
    Packed,
}

/// A document of two pages.
pub fn document(listing: Listing) -> Vec<u8> {
    let mut document = Document::with_version("1.7");
    document.reference_table.cross_reference_type = match listing {
        Listing::Table => XrefType::CrossReferenceTable,
        Listing::Stream | Listing::Packed => XrefType::CrossReferenceStream,
    };
    let pages = document.new_object_id();
    let font = document.add_object(dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" });
    let mut kids = Vec::new();
    for text in ["Receita: dipirona 500 mg", "Atestado: 3 dias"] {
        let content = format!("BT /F 12 Tf 72 720 Td ({text}) Tj ET");
        let content = document.add_object(Stream::new(Dictionary::new(), content.into_bytes()));
        let page = document.add_object(dictionary! {
            "Type" => "Page", "Parent" => pages, "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
            "Contents" => content, "Resources" => dictionary! { "Font" => dictionary! { "F" => font } },
        });
        kids.push(Object::Reference(page));
    }
    document.objects.insert(pages, dictionary! { "Type" => "Pages", "Count" => 2, "Kids" => kids }.into());
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
    document.trailer.set("Root", catalog);
    let info = document.add_object(dictionary! { "Title" => Object::string_literal("Receita") });
    document.trailer.set("Info", info);
    document
        .trailer
        .set("ID", vec![Object::string_literal("0123456789abcdef"), Object::string_literal("0123456789abcdef")]);
    let mut out = Vec::new();
    match listing {
        Listing::Packed => document.save_modern(&mut out).unwrap(),
        _ => document.save_to(&mut out).unwrap(),
    }
    out
}

/// A person's certificate of type A1.
pub static ANA: LazyLock<Issued> = LazyLock::new(|| {
    PKI.issue(Order { subject: SUBJECT, extensions: holder_extensions("2.16.76.1.2.1.1", CPF), ..Order::default() })
});

/// A PKCS #12 file of a certificate, with the issuing authority's inside.
pub fn pkcs12(issued: &Issued, options: &[&str]) -> Vec<u8> {
    let name = PKI.fresh("a1");
    let (key, certificate, password) =
        (format!("{}.key", issued.key), format!("{}.crt", issued.name), format!("pass:{PASSWORD}"));
    let what = ["pkcs12", "-export", "-inkey", &key, "-in", &certificate, "-certfile", "issuing.crt"];
    PKI.openssl(&[&what[..], options, &["-passout", &password, "-out", &name]].concat());
    PKI.read(&name)
}

pub fn open(issued: &Issued) -> A1 {
    A1::open(&pkcs12(issued, &[]), Zeroizing::new(PASSWORD.to_owned())).unwrap()
}

pub fn details() -> Details {
    Details {
        name: Some("Ana Teste".to_owned()),
        reason: Some("Prescrição".to_owned()),
        policy: Some(SignaturePolicy { oid: SignaturePolicy::AD_RB, hash: [7; 32], uri: None }),
        ..Details::at(NOW)
    }
}

pub fn complete(pdf: &[u8], signer: &dyn Signer, details: &Details) -> Completed {
    match begin(signer, pdf, details).unwrap() {
        Progress::Complete(completed) => completed,
        Progress::Waiting(_) => panic!("the signer is at hand"),
    }
}

/// Level B-B.
pub fn basic(pdf: &[u8], issued: &Issued) -> Vec<u8> {
    complete(pdf, &open(issued), &details()).into_pdf().unwrap()
}

/// Level B-T.
pub fn stamped(pdf: &[u8], issued: &Issued) -> Vec<u8> {
    let completed = complete(pdf, &open(issued), &details());
    let token = stamp(completed.signature());
    completed.stamp(token).into_pdf().unwrap()
}

/// Level B-LT.
pub fn long_term(pdf: &[u8], issued: &Issued) -> Vec<u8> {
    let certificates = [PKI.der("root"), PKI.der("issuing")].map(|der| Certificate::parse(&der).unwrap());
    keep_evidence(&stamped(pdf, issued), &certificates, &*CRLS).unwrap()
}

static AUTHORITY: LazyLock<Issued> = LazyLock::new(|| {
    let subject = "/C=BR/O=ICP-Teste/CN=Carimbo do Tempo Teste";
    PKI.issue(Order { subject, key: "tsa", begin: BEGIN, extensions: STAMPING.into(), ..Order::default() })
});

/// A token of `openssl ts`, at the real time.
pub fn stamp(data: &[u8]) -> Vec<u8> {
    let name = PKI.fresh("stamp");
    let request = Request::new(data, None).unwrap();
    let configuration = format!(
        "[t]\nserial={name}.serial\nsigner_cert={}.crt\ncerts=issuing.crt\nsigner_key=tsa.key\nsigner_digest=sha256\n\
         default_policy={TIME_POLICY}\ndigests=sha256\naccuracy=secs:1\ness_cert_id_alg=sha256\n",
        AUTHORITY.name
    );
    PKI.write(&format!("{name}.serial"), "0A5F\n");
    PKI.write(&format!("{name}.cnf"), configuration);
    PKI.write(&format!("{name}.tsq"), request.der());
    let (query, config, out) = (format!("{name}.tsq"), format!("{name}.cnf"), format!("{name}.tsr"));
    PKI.openssl(&["ts", "-reply", "-queryfile", &query, "-config", &config, "-section", "t", "-out", &out]);
    read_response(&fs::read(PKI.path(&out)).unwrap()).unwrap().token
}

pub fn cpf() -> Cpf {
    Cpf::parse(CPF).unwrap()
}

pub fn checks() -> Checks<'static> {
    Checks { trust: trust(), time_policies: &[TIME_POLICY], kinds: DOCUMENT, cpf: Some(cpf()), now: NOW }
}

pub fn judge(pdf: &[u8]) -> Report {
    verify(pdf, &checks())
}

/// All reasons of a report, a line each.
pub fn reasons(report: &Report) -> String {
    let own = report.signatures.iter().flat_map(|signature| &signature.reasons);
    own.chain(&report.reasons).map(|reason| format!("{}: {}\n", reason.verdict.word(), reason.text)).collect()
}

/// What an attacker or another program appends.
pub fn appended(pdf: &[u8], change: impl FnOnce(&Document, &mut Document)) -> Vec<u8> {
    let document = Document::load_mem(pdf).unwrap();
    let mut update = lopdf::IncrementalDocument::create_from(pdf.to_vec(), document.clone());
    change(&document, &mut update.new_document);
    let mut out = Vec::new();
    update.save_to(&mut out).unwrap();
    out.push(b'\n');
    out
}

pub fn catalog_id(document: &Document) -> ObjectId {
    document.trailer.get(b"Root").unwrap().as_reference().unwrap()
}
