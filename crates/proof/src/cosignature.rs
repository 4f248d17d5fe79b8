//! Cosignatures (C2SP tlog-cosignature): a witness states that it saw a log grow consistently up to a checkpoint.

use crate::{
    checkpoint::Checkpoint,
    note::{KeyError, Signature, SignatureType, VerifierKey},
    signing_key::SigningKey,
};

/// The latest time a cosignature may state (C2SP tlog-cosignature, "Format").
const MAX_TIME: u64 = i64::MAX as u64;

/// The name of what is signed, with the end of line and the zero byte that keep it apart from texts.
const SUBTREE_LABEL: &[u8; 12] = b"subtree/v1\n\0";

/// A witness's signing key. Neither printable nor serialisable.
pub struct WitnessKey {
    key: SigningKey,
    verifier: VerifierKey,
}

impl WitnessKey {
    /// The Ed25519 key (type 0x04) that follows from a seed of 32 random bytes and the witness's name. Another name
    /// gives another key, which the type needs: what it signs does not tell the name.
    ///
    /// # Errors
    /// [`KeyError::Name`] when the name cannot stand in a note.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<WitnessKey, KeyError> {
        WitnessKey::new(name, SignatureType::CosignatureV1, SigningKey::ed25519(seed, "sigilo witness ed25519", name)?)
    }

    /// The ML-DSA-44 key (type 0x06) that follows from the same seed. C2SP recommends it for new witnesses; who has
    /// both is two witnesses to a policy.
    ///
    /// # Errors
    /// As [`WitnessKey::from_seed`].
    pub fn ml_dsa_from_seed(name: &str, seed: &[u8; 32]) -> Result<WitnessKey, KeyError> {
        WitnessKey::new(name, SignatureType::MlDsa44, SigningKey::ml_dsa_44(seed, "sigilo witness ml-dsa-44", name)?)
    }

    fn new(name: &str, kind: SignatureType, key: SigningKey) -> Result<WitnessKey, KeyError> {
        let verifier = VerifierKey::new(name, kind, key.public_key())?;
        Ok(WitnessKey { key, verifier })
    }

    /// The public half.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The signature line, with its newline, that appended to the checkpoint's note says: at `time` (seconds since
    /// 1970) this was the largest tree seen, consistent with all seen before. The caller has verified that.
    ///
    /// # Errors
    /// [`KeyError::Refused`] when the checkpoint cannot be written as a note or the time is above 2⁶³ − 1.
    pub fn cosign(&self, checkpoint: &Checkpoint, time: u64) -> Result<String, KeyError> {
        let signature = sign(&self.key, &self.verifier, &checkpoint.text(), time)?;
        Ok(format!("{signature}\n"))
    }
}

/// The timestamped signature of a checkpoint's text by a key of a type that states a time.
pub(crate) fn sign(key: &SigningKey, public: &VerifierKey, text: &str, time: u64) -> Result<Signature, KeyError> {
    let message = match public.kind() {
        SignatureType::MlDsa44 => subtree_message(public.name(), time, text),
        _ => v1_message(time, text),
    };
    let message = message.filter(|_| time <= MAX_TIME).ok_or(KeyError::Refused)?;
    let bytes = [&time.to_be_bytes()[..], &key.sign(&message)?].concat();
    Ok(Signature { name: public.name().to_owned(), id: public.id(), bytes })
}

/// Takes a `timestamped_signature` apart. None when it has no time or a time that may not be.
pub(crate) fn stamped(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (time, signature) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*time), signature)).filter(|(time, _)| *time <= MAX_TIME)
}

/// What Ed25519 cosigns: header, time and the whole text. None when the text is no checkpoint.
pub(crate) fn v1_message(time: u64, text: &str) -> Option<Vec<u8>> {
    Checkpoint::parse(text).ok()?;
    Some(format!("cosignature/v1\ntime {time}\n{text}").into_bytes())
}

/// What ML-DSA-44 signs: the `cosigned_message` of a whole tree. None when the text is no checkpoint.
pub(crate) fn subtree_message(cosigner: &str, time: u64, text: &str) -> Option<Vec<u8>> {
    let checkpoint = Checkpoint::parse(text).ok()?;
    let mut message = SUBTREE_LABEL.to_vec();
    opaque(&mut message, cosigner)?;
    message.extend_from_slice(&time.to_be_bytes());
    opaque(&mut message, &checkpoint.origin)?;
    message.extend_from_slice(&0_u64.to_be_bytes());
    message.extend_from_slice(&checkpoint.size.to_be_bytes());
    message.extend_from_slice(&checkpoint.root);
    Some(message)
}

/// An `opaque<1..2^8-1>` of TLS's notation (RFC 8446, § 3.4): a byte of length and the text.
fn opaque(message: &mut Vec<u8>, text: &str) -> Option<()> {
    message.push(u8::try_from(text.len()).ok().filter(|length| *length > 0)?);
    message.extend_from_slice(text.as_bytes());
    Some(())
}
