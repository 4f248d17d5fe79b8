//! What is searchable, and how records become documents.

use tantivy::{
    IndexSettings, TantivyDocument,
    schema::{Field, IndexRecordOption, NumericOptions, STORED, Schema, TextFieldIndexing, TextOptions},
    store::Compressor,
};

use crate::{Record, codec, fold::content_words, people};

/// DOIs are found by 16 bits of their digest, which costs little; whoever looks them up compares the rest.
const DOI_BUCKETS: u32 = 1 << 16;
/// More per block compresses better; a look-up unpacks a block for each candidate.
const BLOCK: usize = 64 * 1024;

/// The fields of the index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// Content words of the titles.
    pub title: Field,
    /// Family name of the first author.
    pub author: Field,
    /// PMID.
    pub pmid: Field,
    /// Bucket of the DOI.
    pub doi: Field,
    /// 1 for a retracted article.
    pub retracted: Field,
    /// The record itself.
    pub stored: Field,
}

impl Fields {
    /// The fields of a schema that this program wrote; none for another one.
    pub fn of(schema: &Schema) -> Option<Fields> {
        let field = |name| schema.get_field(name).ok();
        Some(Fields {
            title: field("t")?,
            author: field("a")?,
            pmid: field("p")?,
            doi: field("d")?,
            retracted: field("r")?,
            stored: field("s")?,
        })
    }
}

/// The schema: no positions and no lengths, since candidates are compared word by word afterwards.
pub(crate) fn schema() -> Schema {
    let words = TextFieldIndexing::default()
        .set_tokenizer("whitespace")
        .set_index_option(IndexRecordOption::WithFreqs)
        .set_fieldnorms(false);
    let words = TextOptions::default().set_indexing_options(words);
    let mut schema = Schema::builder();
    schema.add_text_field("t", words.clone());
    schema.add_text_field("a", words);
    let number = NumericOptions::default().set_indexed();
    schema.add_u64_field("p", number.clone());
    schema.add_u64_field("d", number.clone());
    schema.add_u64_field("r", number);
    schema.add_bytes_field("s", STORED);
    schema.build()
}

pub(crate) fn settings() -> IndexSettings {
    IndexSettings { docstore_compression: Compressor::Lz4, docstore_blocksize: BLOCK, ..IndexSettings::default() }
}

/// A record as it is kept.
pub(crate) fn document(record: &Record, fields: Fields) -> TantivyDocument {
    let mut document = TantivyDocument::default();
    let mut words = content_words(&record.title);
    words.extend(record.vernacular_title.iter().flat_map(|title| content_words(title)));
    words.sort_unstable();
    words.dedup();
    document.add_text(fields.title, words.join(" "));
    if let Some(first) = record.authors.first() {
        document.add_text(fields.author, people::family_key(&first.family));
    }
    document.add_u64(fields.pmid, u64::from(record.pmid));
    if let Some(digest) = record.doi_digest.or_else(|| record.doi.as_deref().map(codec::doi_digest)) {
        document.add_u64(fields.doi, bucket(digest));
    }
    if record.flags.retracted {
        document.add_u64(fields.retracted, 1);
    }
    let mut bytes = Vec::new();
    codec::write(record, &mut bytes);
    document.add_bytes(fields.stored, &bytes);
    document
}

/// The bucket of a DOI's digest.
pub(crate) fn bucket(digest: u32) -> u64 {
    u64::from(digest % DOI_BUCKETS)
}
