//! The bundle: one clinic's whole log in one file, for whoever checks it without us.
//!
//! It is a tar of plain files, in this order, so that it is read once and never held:
//!
//! | file | what |
//! | --- | --- |
//! | `MANIFEST` | [`Manifest`]: which log, how long, of which platform's log |
//! | `checkpoint` | the platform's checkpoint, a C2SP signed note with its cosignatures |
//! | `stamps/N/checkpoint`, `stamps/N/token.tst` | an earlier or the same checkpoint and an RFC 3161 token over it |
//! | `rounds` | [`RoundProof`], one a line: entries of the platform's log and where this clinic's log stood in them |
//! | `platform/tile/…` | the platform's log as C2SP tiles, level 0 in order, then the higher ones |
//! | `log/tile/0/N`, `log/tile/entries/N` | the clinic's log as C2SP tiles, each followed by its entries |
//!
//! What is checked: the checkpoint's signatures and quorum, against a policy that comes from elsewhere; that the platform's
//! hashes give the signed root, and the root of every earlier checkpoint at its size; that each round is in the platform's
//! log, and the clinic's head in the round's map; that every entry has the hash of its leaf, and that the leaves give the
//! root of every head. An entry of no bytes is a row that is not there any more: that is tampering, unless a row of the same log declares it
//! (`category` `retention`, `details` `{"ranges": [[first, past], …]}`), and the round that had sealed it was then five years
//! old.

mod instant;
mod manifest;
mod report;
mod retention;
mod round;
mod row;
mod verify;

pub use instant::instant;
pub use manifest::Manifest;
pub use report::{Facts, Finding, Report, Verdict};
pub use round::{RoundEntry, RoundProof, head_hash, map_of, round_entry};
pub use row::{RowProof, verify_row};
pub use verify::{Options, verify};

/// The records of one file in a tar archive (POSIX ustar): what a bundle is written with. Two empty records end it.
///
/// # Errors
/// When the path is longer than a header holds.
pub fn file(path: &str, content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut header = tar::Header::new_ustar();
    header.set_path(path)?;
    header.set_size(content.len() as u64);
    header.set_mode(0o444);
    header.set_mtime(0);
    header.set_cksum();
    let mut out = Vec::with_capacity(512 + content.len().next_multiple_of(512));
    out.extend_from_slice(header.as_bytes());
    out.extend_from_slice(content);
    out.resize(512 + content.len().next_multiple_of(512), 0);
    Ok(out)
}

/// What ends an archive.
pub const END: [u8; 1024] = [0; 1024];
