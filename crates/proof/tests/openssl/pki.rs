//! A private chain in the manner of ICP-Brasil, made by `openssl` once per run. All keys but the authority of time's are
//! RSA of 2048 bits, and holders share one: what tells certificates apart here is what they say.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use sigilo_proof::x509::{CaStore, Certificate, Crl, Revocation, Trust};
use tempfile::TempDir;

/// Valid certificates begin and end far from any day the tests run on.
pub const BEGIN: &str = "20200101000000Z";
pub const END: &str = "20490101000000Z";

/// A CPF that nobody has a use for: the digits repeat.
pub const CPF: &str = "11144477735";

/// What the issuing authority may issue: A1, A3, A4, SE-S, SE-H, T3 and T4, each under its own number 1.
const ISSUING_POLICIES: &str =
    "2.16.76.1.2.1.1,2.16.76.1.2.3.1,2.16.76.1.2.4.1,2.16.76.1.2.201.1,2.16.76.1.2.202.1,2.16.76.1.2.303.1";

pub static PKI: LazyLock<Pki> = LazyLock::new(Pki::new);

pub struct Pki {
    folder: TempDir,
    count: AtomicU32,
}

/// A certificate with the key that goes with it, by their files' names.
#[derive(Clone)]
pub struct Issued {
    pub name: String,
    pub key: &'static str,
    pub der: Vec<u8>,
}

impl Issued {
    pub fn certificate(&self) -> Certificate {
        Certificate::parse(&self.der).unwrap()
    }
}

/// A certificate to be issued.
pub struct Order<'a> {
    pub subject: &'a str,
    pub issuer: Option<&'a str>,
    pub key: &'static str,
    pub begin: &'a str,
    pub end: &'a str,
    pub hash: &'a str,
    pub extensions: String,
}

impl Default for Order<'_> {
    fn default() -> Self {
        Order {
            subject: "/C=BR/O=ICP-Teste/CN=ANA TESTE",
            issuer: Some("issuing"),
            key: "holder",
            begin: BEGIN,
            end: END,
            hash: "sha256",
            extensions: holder_extensions("2.16.76.1.2.3.1", CPF),
        }
    }
}

/// The extensions of a person's certificate under a policy, with a CPF.
pub fn holder_extensions(policy: &str, cpf: &str) -> String {
    format!(
        "keyUsage=critical,digitalSignature,nonRepudiation\ncertificatePolicies={policy}\nsubjectAltName=@names\n\
         [names]\notherName.0=2.16.76.1.3.1;{}\n",
        person("OCTETSTRING", cpf)
    )
}

/// The value of otherName 2.16.76.1.3.1 in a string type.
pub fn person(kind: &str, cpf: &str) -> String {
    format!("{kind}:01021980{cpf}00000000000000000000000000SSPSP")
}

/// The extensions of an authority that issues certificates, but for its policies.
pub const AUTHORITY: &str =
    "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n";

/// The extensions of an authority of time.
pub const STAMPING: &str = "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\ncertificatePolicies=2.16.76.1.2.303.1\n";

impl Pki {
    fn new() -> Pki {
        let pki = Pki { folder: TempDir::new().unwrap(), count: AtomicU32::new(0) };
        for key in ["root", "issuing", "holder"] {
            pki.openssl(&["genrsa", "-out", &format!("{key}.key"), "2048"]);
        }
        pki.openssl(&["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "tsa.key"]);
        let root = pki.issue(Order {
            subject: "/C=BR/O=ICP-Teste/CN=AC Raiz Teste",
            issuer: None,
            key: "root",
            extensions: AUTHORITY.into(),
            ..Order::default()
        });
        pki.keep("root", &root);
        let issuing = pki.issue(Order {
            subject: "/C=BR/O=ICP-Teste/CN=AC Emissora Teste",
            issuer: Some("root"),
            key: "issuing",
            extensions: format!("{AUTHORITY}certificatePolicies={ISSUING_POLICIES}\n"),
            ..Order::default()
        });
        pki.keep("issuing", &issuing);
        pki
    }

    /// Gives a certificate's file a name of its own.
    fn keep(&self, name: &str, issued: &Issued) {
        fs::copy(self.path(&format!("{}.crt", issued.name)), self.path(&format!("{name}.crt"))).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// A file name that no other test has.
    pub fn fresh(&self, kind: &str) -> String {
        format!("{kind}-{}", self.count.fetch_add(1, Ordering::Relaxed))
    }

    /// Runs `openssl` in the folder, which must succeed.
    pub fn openssl(&self, arguments: &[&str]) -> Vec<u8> {
        openssl(self.folder.path(), arguments)
    }

    pub fn issue(&self, order: Order<'_>) -> Issued {
        let issuer_key = if order.issuer.is_some() { "authorityKeyIdentifier=keyid:always\n" } else { "" };
        self.issue_with(order, issuer_key)
    }

    /// For an issuer whose certificate has no key identifier.
    pub fn issue_without_key_identifier(&self, order: Order<'_>) -> Issued {
        self.issue_with(order, "")
    }

    fn issue_with(&self, order: Order<'_>, issuer_key: &str) -> Issued {
        let name = self.fresh("certificate");
        let file = |end: &str| format!("{name}.{end}");
        self.write(&file("req.cnf"), "[req]\ndistinguished_name=dn\nprompt=no\nstring_mask=utf8only\n[dn]\nCN=x\n");
        let key = format!("{}.key", order.key);
        let request = ["req", "-new", "-config", &file("req.cnf"), "-key", &key, "-subj", order.subject];
        self.openssl(&[&request[..], &["-utf8", "-out", &file("csr")]].concat());

        self.write(&file("cnf"), configuration(&name));
        self.write(&file("index"), "");
        // All of one length, so that one certificate fits in another's place.
        let number = 0x1000_0000 + self.count.fetch_add(1, Ordering::Relaxed);
        self.write(&file("serial"), format!("{number:X}\n"));
        self.write(&file("ext"), format!("{issuer_key}{}", order.extensions));
        let ca = ["ca", "-batch", "-notext", "-config", &file("cnf"), "-in", &file("csr")].map(String::from);
        let dates = ["-startdate", order.begin, "-enddate", order.end, "-md", order.hash].map(String::from);
        let out = ["-extfile", &file("ext"), "-out", &file("crt")].map(String::from);
        let issuer = match order.issuer {
            None => vec!["-selfsign".into(), "-keyfile".into(), key],
            Some(issuer) => {
                ["-keyfile", &format!("{issuer}.key"), "-cert", &format!("{issuer}.crt")].map(String::from).into()
            }
        };
        let all: Vec<String> = ca.into_iter().chain(dates).chain(out).chain(issuer).collect();
        self.openssl(&all.iter().map(String::as_str).collect::<Vec<_>>());
        let der = self.openssl(&["x509", "-in", &file("crt"), "-outform", "DER"]);
        Issued { name, key: order.key, der }
    }

    /// A list of `issuer` in force between two dates. Each entry is a certificate, the date of its revocation as
    /// `YYMMDDHHMMSSZ`, and a comma with a reason, or nothing.
    pub fn crl(&self, issuer: &str, from: &str, to: &str, revoked: &[(&Issued, &str, &str)]) -> Crl {
        let name = self.fresh("list");
        let file = |end: &str| format!("{name}.{end}");
        let entries = revoked.iter().map(|(issued, date, reason)| {
            format!("R\t490101000000Z\t{date}{reason}\t{}\tunknown\t/CN=x\n", issued.certificate().serial())
        });
        self.write(&file("index"), entries.collect::<String>());
        self.write(&file("cnf"), configuration(&name));
        self.write(&file("number"), "01\n");
        let (key, certificate) = (format!("{issuer}.key"), format!("{issuer}.crt"));
        let what = ["ca", "-gencrl", "-config", &file("cnf"), "-keyfile", &key, "-cert", &certificate];
        self.openssl(&[&what[..], &["-crl_lastupdate", from, "-crl_nextupdate", to, "-out", &file("crl")]].concat());
        Crl::parse(&self.openssl(&["crl", "-in", &file("crl"), "-outform", "DER"])).unwrap()
    }

    pub fn der(&self, name: &str) -> Vec<u8> {
        self.openssl(&["x509", "-in", &format!("{name}.crt"), "-outform", "DER"])
    }
}

fn configuration(name: &str) -> String {
    format!(
        "[ca]\ndefault_ca=d\n[d]\ndatabase={name}.index\nnew_certs_dir=.\npolicy=p\nunique_subject=no\nserial={name}.serial\ncrl_extensions=l\ncrlnumber={name}.number\ndefault_md=sha256\n\
         [p]\nC=optional\nO=optional\nOU=optional\nCN=supplied\n[l]\nauthorityKeyIdentifier=keyid:always\n"
    )
}

fn openssl(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl").current_dir(folder).args(arguments).output().expect("the openssl command");
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The chain's root and issuing authority.
pub static STORE: LazyLock<CaStore> = LazyLock::new(|| {
    let mut store = CaStore::new("teste");
    store.add_root(&PKI.der("root")).unwrap();
    store.add_intermediate(&PKI.der("issuing")).unwrap();
    store
});

/// The root's list, which revokes nobody for the whole time of the certificates.
pub static ROOT_CRL: LazyLock<Crl> = LazyLock::new(|| PKI.crl("root", BEGIN, END, &[]));

/// The issuing authority's, likewise.
pub static ISSUING_CRL: LazyLock<Crl> = LazyLock::new(|| PKI.crl("issuing", BEGIN, END, &[]));

/// Both lists.
pub static CRLS: LazyLock<[Crl; 2]> = LazyLock::new(|| [ROOT_CRL.clone(), ISSUING_CRL.clone()]);

/// The chain with lists for all, which are demanded.
pub fn trust() -> Trust<'static> {
    Trust { store: &STORE, crls: &*CRLS, revocation: Revocation::Required }
}
