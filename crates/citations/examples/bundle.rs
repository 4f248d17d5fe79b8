//! Writes `data/records.bin`: the records that come along, from `data/pubmed` and `data/references` at the repository's
//! root. Run it there: `cargo run -p sigilo-citations --example bundle`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

use std::{collections::BTreeMap, fs, io::Write, path::Path};

use sigilo_citations::{
    Record, pack,
    pubmed_xml::{self, Entry},
};

#[path = "shared/gold.rs"]
mod gold;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut records: BTreeMap<u32, Record> = BTreeMap::new();
    for reference in gold::read(&root) {
        if let Some(record) = reference.record() {
            records.insert(record.pmid, record);
        }
    }
    // PubMed's own words win over those of a list of references.
    for name in ["medsamp2014.xml.gz", "medline16n0902.xml.gz"] {
        let mut reader = pubmed_xml::open(&root.join("data/pubmed").join(name)).unwrap();
        for entry in &mut reader {
            if let Entry::Record(record) = entry.unwrap() {
                records.insert(record.pmid, *record);
            }
        }
        eprintln!("{name}: newest revision {}", reader.newest_revision().unwrap());
    }
    let records: Vec<Record> = records.into_values().collect();
    let mut out = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    out.write_all(&pack(&records)).unwrap();
    let packed = out.finish().unwrap();
    eprintln!("{} records, {} bytes", records.len(), packed.len());
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/records.bin"), packed).unwrap();
}
