//! What proves who asked: a file, and the representative's name. Kept sealed.

use data_encoding::HEXLOWER;
use serde_json::json;
use uuid::Uuid;
use zeroize::Zeroizing;

use sigilo_proof::{Cell, sha256};
use sigilo_store::{Action, ReadTx, Session, WriteTx, rights as rows};

use super::desk::manages;
use super::event;
use crate::{App, Error, Result};

/// Largest file, in bytes.
pub const MAX_FILE: usize = 5 * 1024 * 1024;

/// What is shown of a request's evidence.
pub struct Evidence {
    /// By what somebody else asked, by code; none: the subject in person.
    pub representation: Option<String>,
    /// Who.
    pub representative: Option<String>,
    /// The file's media type.
    pub kind: String,
    /// Its size in bytes.
    pub size: i32,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// The file itself.
pub struct EvidenceFile {
    /// Its bytes.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Its media type.
    pub kind: String,
}

/// The media type that the first bytes of a file tell, of the three that are taken.
pub fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'%', b'P', b'D', b'F', b'-', ..] => Some("application/pdf"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        _ => None,
    }
}

fn cell(column: &str, row: Uuid) -> Cell<'_> {
    Cell { table: "public.request_evidence", column, row }
}

/// Seals and keeps the evidence of a request. The file was checked.
pub(super) async fn keep(
    app: &App,
    tx: &WriteTx,
    request: Uuid,
    representation: Option<(&str, &str)>,
    file: (&[u8], &'static str),
) -> Result<()> {
    let id = Uuid::now_v7();
    let name = representation.map(|(_, name)| app.keys().seal(cell("representative_sealed", id), name.as_bytes()));
    let sealed = app.keys().seal(cell("file_sealed", id), file.0);
    let new = rows::NewEvidence {
        id,
        request,
        representation: representation.map(|(kind, _)| kind),
        representative_sealed: name.as_deref(),
        file_sealed: &sealed,
        file_type: file.1,
        file_size: i32::try_from(file.0.len()).map_err(|_| Error::Internal)?,
        file_sha256: &HEXLOWER.encode(&sha256(file.0)),
    };
    Ok(rows::add_evidence(tx, &new).await?)
}

/// What is shown of the evidence of a request, if there is any.
pub(super) async fn shown(app: &App, tx: &ReadTx, request: Uuid) -> Result<Option<Evidence>> {
    let Some(row) = rows::evidence(tx, request).await? else { return Ok(None) };
    let representative = match &row.representative_sealed {
        None => None,
        Some(sealed) => {
            let plain = app.keys().open(cell("representative_sealed", row.id), sealed).map_err(|_| Error::Internal)?;
            Some(String::from_utf8(plain.to_vec()).map_err(|_| Error::Internal)?)
        }
    };
    Ok(Some(Evidence {
        representation: row.representation,
        representative,
        kind: row.file_type,
        size: row.file_size,
        sha256: row.file_sha256,
    }))
}

/// The file that came with a request. Each time it is taken is an event.
///
/// # Errors
/// [`Error::NotFound`] where there is none; [`Error::Forbidden`] for who answers for nothing; [`Error::Internal`] when
/// it does not open or is not what was kept.
pub async fn evidence_file(app: &App, session: &Session, request: Uuid) -> Result<EvidenceFile> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            rows::one(tx, request).await?;
            let row = rows::evidence(tx, request).await?.ok_or(Error::NotFound)?;
            let sealed = rows::evidence_file(tx, row.id).await?;
            let bytes = app.keys().open(cell("file_sealed", row.id), &sealed).map_err(|_| Error::Internal)?;
            if HEXLOWER.encode(&sha256(&bytes)) != row.file_sha256 {
                return Err(Error::Internal);
            }
            let details = json!({ "sha256": row.file_sha256 });
            let file = EvidenceFile { bytes, kind: row.file_type };
            Ok((file, event("request_evidence_downloaded", Action::Export, request, details)))
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_first_bytes_say() {
        assert_eq!(kind_of(b"%PDF-1.7\n"), Some("application/pdf"));
        assert_eq!(kind_of(b"\xff\xd8\xff\xe0rest"), Some("image/jpeg"));
        assert_eq!(kind_of(b"\x89PNG\r\n\x1a\nrest"), Some("image/png"));
        for other in [&b""[..], b"%PDF", b"<html>%PDF-", b"GIF89a", b"MZ", b"\x89PNG\n", b"PK\x03\x04"] {
            assert_eq!(kind_of(other), None);
        }
    }
}
