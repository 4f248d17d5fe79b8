//! An authority of time with a certificate of its own making, made by `openssl` once per run.

use std::{
    process::Command,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use sigilo_anchor::Client;
use sigilo_proof::timestamp::{Request, Status, read_response};
use tempfile::TempDir;

/// Made once: reading the system's roots is slow.
pub static CLIENT: LazyLock<Client> = LazyLock::new(|| Client::new().unwrap());

pub static AUTHORITY: LazyLock<OpenSsl> = LazyLock::new(OpenSsl::new);

pub struct OpenSsl {
    folder: TempDir,
    count: AtomicU32,
}

const CERTIFICATE: &str = "[req]\ndistinguished_name=name\nx509_extensions=use\nprompt=no\n[name]\nCN=Carimbo do Tempo Teste\n\
    [use]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
    extendedKeyUsage=critical,timeStamping\n";

impl OpenSsl {
    fn new() -> OpenSsl {
        let made = OpenSsl { folder: TempDir::new().unwrap(), count: AtomicU32::new(0) };
        made.write("req.cnf", CERTIFICATE);
        made.run("ecparam -name prime256v1 -genkey -noout -out tsa.key");
        made.run("req -new -x509 -key tsa.key -config req.cnf -days 3650 -out tsa.crt");
        made
    }

    /// The answer to a request, as bytes in DER.
    pub fn reply(&self, request: &[u8]) -> Vec<u8> {
        let name = format!("t{}", self.count.fetch_add(1, Ordering::Relaxed));
        let settings = format!(
            "[t]\nserial={name}.serial\nsigner_cert=tsa.crt\nsigner_key=tsa.key\nsigner_digest=sha256\n\
             default_policy=1.2.3.4\ndigests=sha256\n"
        );
        self.write(&format!("{name}.cnf"), settings);
        self.write(&format!("{name}.serial"), "01\n");
        self.write(&format!("{name}.tsq"), request);
        self.run(&format!("ts -reply -queryfile {name}.tsq -config {name}.cnf -section t -out {name}.tsr"));
        std::fs::read(self.folder.path().join(format!("{name}.tsr"))).unwrap()
    }

    /// Whether `openssl ts` takes an answer for that to a request.
    pub fn accepts(&self, request: &[u8], answer: &[u8]) -> bool {
        let name = format!("v{}", self.count.fetch_add(1, Ordering::Relaxed));
        self.write(&format!("{name}.tsq"), request);
        self.write(&format!("{name}.tsr"), answer);
        self.ran(&format!("ts -verify -queryfile {name}.tsq -in {name}.tsr -CAfile tsa.crt -partial_chain"))
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    fn run(&self, arguments: &str) {
        assert!(self.ran(arguments), "openssl {arguments}");
    }

    fn ran(&self, arguments: &str) -> bool {
        let mut command = Command::new("openssl");
        command.args(arguments.split(' ')).current_dir(self.folder.path()).output().unwrap().status.success()
    }
}

/// A request over a checkpoint.
pub fn request() -> Request {
    Request::new("clinica.example/registro\n5\n".as_bytes(), None).unwrap()
}

/// That an answer stamps a request, read by us and verified by `openssl`.
pub fn stamps(request: &Request, answer: &[u8]) {
    assert_eq!(read_response(answer).unwrap().status, Status::Granted);
    assert!(AUTHORITY.accepts(request.der(), answer));
    assert!(!AUTHORITY.accepts(self::request().der(), answer), "another request has another nonce");
}
