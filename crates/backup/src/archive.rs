//! From `pg_dump` into an encrypted file and from there into `pg_restore`, by streams.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Write},
    iter,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use age::{DecryptError, Decryptor, Encryptor};
use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;

use crate::{Identity, Part, Problem, Progress, Recipient, Result, Told};

/// How much is moved at once.
const PIECE: usize = 64 * 1024;

/// An archive that was written.
pub(crate) struct Written {
    pub bytes: u64,
    pub sha256: String,
}

/// Runs `pg_dump` into a new file, encrypted for the recipient. Of a failure nothing is said that rows hold.
pub(crate) fn write(
    mut dump: Command,
    path: &Path,
    recipient: &Recipient,
    (part, of): (Part, usize),
    told: Told<'_>,
) -> Result<Written> {
    let mut child = Running::start(&mut dump, "pg_dump")?;
    let mut from = child.child.stdout.take().ok_or(Problem::Interrupted)?;
    let failed = || Problem::file("escrever", path);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed())?;
    let sink = Sink { file, digest: Context::new(&SHA256), bytes: 0 };
    let to: &dyn age::Recipient = &recipient.0;
    let encryptor = Encryptor::with_recipients(iter::once(to)).map_err(|_| Problem::NoKey("o destinatário"))?;
    let mut out = encryptor.wrap_output(sink).map_err(failed())?;
    let mut piece = vec![0; PIECE];
    let mut bytes = 0;
    loop {
        let read = from.read(&mut piece).map_err(Problem::file("ler de", Path::new("pg_dump")))?;
        if read == 0 {
            break;
        }
        out.write_all(&piece[..read]).map_err(failed())?;
        bytes += read as u64;
        told(Progress { part, bytes, tables: child.tables(), of });
    }
    // Its end is good before the archive gets its own: one that is cut off never opens.
    child.end()?;
    let sink = out.finish().map_err(failed())?;
    sink.file.sync_all().map_err(failed())?;
    Ok(Written { bytes: sink.bytes, sha256: HEXLOWER.encode(sink.digest.finish().as_ref()) })
}

/// Whether a file is what its manifest says.
pub(crate) fn check(path: &Path, bytes: u64, sha256: &str) -> Result<()> {
    let damaged = |why| Problem::Damaged { file: path.to_owned(), why };
    let mut file = File::open(path).map_err(Problem::file("ler", path))?;
    if file.metadata().map_err(Problem::file("ler", path))?.len() != bytes {
        return Err(damaged("o tamanho não é o do manifesto"));
    }
    let mut digest = Context::new(&SHA256);
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece).map_err(Problem::file("ler", path))? {
            0 => break,
            read => digest.update(&piece[..read]),
        }
    }
    if HEXLOWER.encode(digest.finish().as_ref()) != sha256 {
        return Err(damaged("o SHA-256 não é o do manifesto"));
    }
    Ok(())
}

/// The plain content of an archive, as it is read. A cut or changed piece is an error when it is reached.
pub(crate) fn open(path: &Path, identity: &Identity) -> Result<impl Read + use<>> {
    let file = BufReader::new(File::open(path).map_err(Problem::file("ler", path))?);
    let refused = |error| match error {
        DecryptError::NoMatchingKeys => Problem::WrongIdentity(path.to_owned()),
        _ => Problem::Damaged { file: path.to_owned(), why: "não é um arquivo age inteiro" },
    };
    let to: &dyn age::Identity = &identity.0;
    Decryptor::new_buffered(file).and_then(|decryptor| decryptor.decrypt(iter::once(to))).map_err(refused)
}

/// Decrypts an archive into `pg_restore`.
pub(crate) fn put_back(
    mut restore: Command,
    path: &Path,
    identity: &Identity,
    (part, of): (Part, usize),
    told: Told<'_>,
) -> Result<()> {
    let mut from = open(path, identity)?;
    let mut child = Running::start(restore.stdin(Stdio::piped()).stdout(Stdio::null()), "pg_restore")?;
    let mut to = child.child.stdin.take().ok_or(Problem::Interrupted)?;
    let mut piece = vec![0; PIECE];
    let mut bytes = 0;
    loop {
        let read = from
            .read(&mut piece)
            .map_err(|_| Problem::Damaged { file: path.to_owned(), why: "não decifra até o fim" })?;
        if read == 0 {
            break;
        }
        // A closed pipe: what `pg_restore` says of it counts.
        if to.write_all(&piece[..read]).is_err() {
            break;
        }
        bytes += read as u64;
        told(Progress { part, bytes, tables: child.tables(), of });
    }
    drop(to);
    child.end()
}

/// A program of PostgreSQL's at work; killed when it is not waited for.
struct Running {
    child: Child,
    program: &'static str,
    tables: Arc<AtomicUsize>,
    said: Option<thread::JoinHandle<String>>,
}

impl Running {
    fn start(command: &mut Command, program: &'static str) -> Result<Running> {
        let mut child = command.spawn().map_err(Problem::file("executar", Path::new(program)))?;
        let tables = Arc::new(AtomicUsize::new(0));
        let said = child.stderr.take().map(|stderr| {
            let tables = Arc::clone(&tables);
            thread::spawn(move || listen(stderr, &tables))
        });
        Ok(Running { child, program, tables, said })
    }

    fn tables(&self) -> usize {
        self.tables.load(Ordering::Relaxed)
    }

    fn end(mut self) -> Result<()> {
        let status = self.child.wait().map_err(Problem::file("executar", Path::new(self.program)))?;
        let said = self.said.take().and_then(|said| said.join().ok()).unwrap_or_default();
        if status.success() { Ok(()) } else { Err(Problem::Program { program: self.program, said }) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Counts tables and keeps the first error. What follows a colon after the server's word `ERROR` may quote a row.
fn listen(stderr: ChildStderr, tables: &AtomicUsize) -> String {
    let mut first = String::new();
    for line in BufReader::new(stderr).split(b'\n').map_while(io::Result::ok) {
        let line = String::from_utf8_lossy(&line);
        if line.contains("dumping contents of table") || line.contains("processing data for table") {
            tables.fetch_add(1, Ordering::Relaxed);
        } else if first.is_empty()
            && let Some((_, error)) = line.split_once(" error: ")
        {
            let quoted = error.find('"').or_else(|| error.find('('));
            first = error[..quoted.unwrap_or(error.len())].trim().to_owned();
        }
    }
    first
}

/// A file whose sum is taken as it is written.
struct Sink {
    file: File,
    digest: Context,
    bytes: u64,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
