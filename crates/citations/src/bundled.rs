//! The few real records that come along, so that a fresh machine shows what the index does.

use std::io::Read;
use std::sync::LazyLock;

use flate2::read::DeflateDecoder;

use crate::{Record, codec};

/// Written by the example `bundle` from the samples of the National Library of Medicine in `data/pubmed` and the
/// references in `data/references`: each record's length in two bytes, then the record.
static PACKED: &[u8] = include_bytes!("../data/records.bin");

/// The newest revision in the two samples: up to then retractions may be known.
pub(crate) const DATE: &str = "2015-12-27";

static RECORDS: LazyLock<Vec<Record>> = LazyLock::new(|| {
    let mut bytes = Vec::new();
    // Only a damaged program could fail here; then there are fewer records.
    let _ = DeflateDecoder::new(PACKED).read_to_end(&mut bytes);
    unpack(&bytes).collect()
});

/// The records that come along, in order of their identifiers.
pub fn records() -> &'static [Record] {
    &RECORDS
}

/// Packs records for a later program.
pub fn pack(records: &[Record]) -> Vec<u8> {
    let mut out = Vec::new();
    for record in records {
        let mut one = Vec::new();
        codec::write(record, &mut one);
        if let Ok(length) = u16::try_from(one.len()) {
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(&one);
        }
    }
    out
}

fn unpack(mut bytes: &[u8]) -> impl Iterator<Item = Record> {
    std::iter::from_fn(move || {
        let [a, b] = *bytes.split_off(..2)? else { return None };
        let one = bytes.split_off(..usize::from(u16::from_le_bytes([a, b])))?;
        codec::read(one)
    })
}
