//! Cloudflare's implementations of C2SP's formats on the other side: their log shows itself to our witness, and their
//! reader accepts what our log and witness write.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use data_encoding::BASE64;
use sigilo_anchor::witness::{Keys, Logs, Witness, add_checkpoint, router};
use sigilo_proof::{note::VerifierKey, verify_signature};
use signed_note::{Note, StandardVerifier, Verifier, VerifierList};
use tempfile::TempDir;
use tlog_tiles::{Checkpoint, Hash, HashReader, check_tree, prove_tree, stored_hashes, tree_hash};
use url::Url;

use crate::support::{CLIENT, Fixed, NAME, ORIGIN, Site, TIME, log, note, proof, serve, tree};

/// Hashes as their library stores them.
#[derive(Default)]
struct Hashes(Vec<Hash>);

impl Hashes {
    fn grow(&mut self, size: u64) {
        for leaf in 0..size {
            let new = stored_hashes(leaf, format!("leaf {leaf}").as_bytes(), &*self).unwrap();
            self.0.extend(new);
        }
    }
}

impl HashReader for Hashes {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::tlog::Error> {
        Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
    }
}

/// A cosignature/v1 key for their reader, which knows plain Ed25519 alone. What is signed is put together here anew.
struct Cosigner(VerifierKey);

impl Verifier for Cosigner {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn key_id(&self) -> u32 {
        signed_note::key_id(self.0.name(), &[&[4], self.0.public_key()].concat())
    }

    fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        let (time, signature) = signature.split_first_chunk::<8>().unwrap();
        let time = u64::from_be_bytes(*time);
        let message = [format!("cosignature/v1\ntime {time}\n").as_bytes(), text].concat();
        time == TIME && verify_signature(self.0.public_key(), &message, signature)
    }
}

#[tokio::test]
async fn their_reader_accepts_our_log_and_our_witness() {
    let site = Site::new().await;
    let (three, eleven) = (tree(3, "a"), tree(11, "a"));
    add_checkpoint(&CLIENT, &site.url, &site.keys, 0, &[], &note(&log(), &three)).await.unwrap();
    let lines = add_checkpoint(&CLIENT, &site.url, &site.keys, 3, &proof(&eleven, 3), &note(&log(), &eleven)).await;
    let whole = note(&log(), &eleven) + &lines.unwrap().concat();

    let theirs = Note::from_bytes(whole.as_bytes()).unwrap();
    let known = VerifierList::new(vec![
        Box::new(StandardVerifier::new(&log().verifier_keys()[0].to_string()).unwrap()),
        Box::new(Cosigner(site.keys[0].clone())),
    ]);
    let (verified, others) = theirs.verify(&known).unwrap();
    assert_eq!(verified.iter().map(|one| one.name()).collect::<Vec<_>>(), [ORIGIN, NAME]);
    assert_eq!(others.len(), 2, "both ML-DSA-44 lines");
    let checkpoint = |text: &[u8]| Checkpoint::from_bytes(text).unwrap();
    let new = checkpoint(theirs.text());
    let old = checkpoint(Note::from_bytes(note(&log(), &three).as_bytes()).unwrap().text());
    assert_eq!((new.origin(), new.size(), new.extension()), (ORIGIN, 11, ""));
    let path = proof(&eleven, 3).into_iter().map(Hash).collect();
    check_tree(&path, 11, *new.hash(), 3, *old.hash()).unwrap();
}

/// A key of theirs from a fixed seed, as texts: the secret and the public half.
fn their_key(name: &str) -> (String, String) {
    let seed = [5; 32];
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    let encoded = |bytes: &[u8]| BASE64.encode(&[&[1], bytes].concat());
    let id = signed_note::key_id(name, &[&[1], pair.public_key().as_ref()].concat());
    let public = format!("{name}+{id:08x}+{}", encoded(pair.public_key().as_ref()));
    (format!("PRIVATE+KEY+{name}+{id:08x}+{}", encoded(&seed)), public)
}

#[tokio::test]
async fn their_log_is_cosigned_by_our_witness() {
    let (secret, public) = their_key("outro.example/log");
    let folder = TempDir::new().unwrap();
    Keys::create(folder.path(), NAME).unwrap();
    let logs = Logs::parse(&format!("log {public}\n")).unwrap();
    let witness = Witness::open(folder.path(), logs, Fixed).unwrap();
    let keys = witness.verifier_keys().map(Clone::clone);
    let url: Url = serve(router(witness)).await;

    let mut hashes = Hashes::default();
    hashes.grow(100);
    let signer = signed_note::StandardSigner::new(&secret).unwrap();
    let signed = |size: u64| {
        let root = tree_hash(size, &hashes).unwrap();
        let text = Checkpoint::new("outro.example/log", size, root, "").unwrap().to_bytes();
        let mut note = Note::new(&text, &[]).unwrap();
        note.add_sigs(&[&signer]).unwrap();
        String::from_utf8(note.to_bytes()).unwrap()
    };
    let mut old_size = 0;
    for size in [1, 7, 8, 64, 99] {
        let proof = if old_size == 0 { Vec::new() } else { prove_tree(size, old_size, &hashes).unwrap() };
        let proof: Vec<_> = proof.into_iter().map(|hash| hash.0).collect();
        let lines = add_checkpoint(&CLIENT, &url, &keys, old_size, &proof, &signed(size)).await.unwrap();
        assert_eq!(lines.len(), 2, "{old_size} to {size}");
        old_size = size;
    }
}
