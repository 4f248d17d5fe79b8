use data_encoding::BASE64;

use crate::{
    checkpoint::hash,
    jcs::{self, Object},
    merkle::{Hash, leaf_hash, verify_inclusion},
};

/// A leaf of the platform's log: one round of sealing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundEntry {
    /// When, UTC with microseconds.
    pub at: String,
    /// How many logs there were.
    pub heads: u64,
    /// How many rows the round sealed.
    pub leaves: u64,
    /// The root over all heads, by the identifier of their log.
    pub map: Hash,
    /// Its number, which is its index.
    pub round: u64,
    /// The server and the database that were sealed.
    pub system: String,
}

/// The bytes of a [`RoundEntry`].
pub fn round_entry(of: &RoundEntry) -> String {
    Object::new()
        .text("at", &of.at)
        .integer("heads", of.heads)
        .integer("leaves", of.leaves)
        .text("map", &BASE64.encode(&of.map))
        .integer("round", of.round)
        .text("system", &of.system)
        .integer("v", 1)
        .finish()
}

/// The hash of a leaf of a round's map, which says where a log stands.
pub fn head_hash(log: &str, size: u64, root: &Hash) -> Hash {
    let leaf = Object::new().text("log", log).text("root", &BASE64.encode(root)).integer("size", size).integer("v", 1);
    leaf_hash(leaf.finish().as_bytes())
}

impl RoundEntry {
    fn parse(bytes: &[u8]) -> Option<RoundEntry> {
        let value = jcs::parse(bytes).ok()?;
        (value.integer("v") == Some(1)).then_some(())?;
        Some(RoundEntry {
            at: value.text("at")?.to_owned(),
            heads: value.integer("heads")?,
            leaves: value.integer("leaves")?,
            map: hash(value.text("map")?)?,
            round: value.integer("round")?,
            system: value.text("system")?.to_owned(),
        })
    }
}

/// The root over all heads that an entry of the platform's log sealed.
pub fn map_of(entry: &str) -> Option<Hash> {
    RoundEntry::parse(entry.as_bytes()).map(|entry| entry.map)
}

/// That a log stood at a size and a root in a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundProof {
    /// The round's entry, exactly.
    pub entry: String,
    /// The log's place in the round's map.
    pub index: u64,
    /// The inclusion proof of the head in the map.
    pub path: Vec<Hash>,
    /// The log's root.
    pub root: Hash,
    /// The log's size.
    pub size: u64,
}

impl RoundProof {
    /// As a line of the file `rounds`, or a part of a row's proof.
    pub fn to_object(&self) -> Object {
        let path: Vec<String> = self.path.iter().map(|hash| BASE64.encode(hash)).collect();
        Object::new()
            .text("entry", &self.entry)
            .integer("index", self.index)
            .texts("path", &path)
            .text("root", &BASE64.encode(&self.root))
            .integer("size", self.size)
    }

    /// Reads what [`RoundProof::to_object`] wrote.
    pub fn from_value(value: &jcs::Value) -> Option<RoundProof> {
        Some(RoundProof {
            entry: value.text("entry")?.to_owned(),
            index: value.integer("index")?,
            path: value.texts("path")?.into_iter().map(hash).collect::<Option<_>>()?,
            root: hash(value.text("root")?)?,
            size: value.integer("size")?,
        })
    }

    /// The round, if the head of `log` is in its map.
    pub fn check(&self, log: &str) -> Option<RoundEntry> {
        let entry = RoundEntry::parse(self.entry.as_bytes())?;
        let leaf = head_hash(log, self.size, &self.root);
        verify_inclusion(&leaf, self.index, entry.heads, &self.path, &entry.map).ok()?;
        Some(entry)
    }
}
