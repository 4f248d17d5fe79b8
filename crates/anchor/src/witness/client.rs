//! Asking a witness.

use reqwest::header::CONTENT_TYPE;
use sigilo_proof::{
    checkpoint::Checkpoint,
    merkle::Hash,
    note::{Note, Signature, VerifierKey},
};
use thiserror::Error;
use url::Url;

use super::{
    request::{AddCheckpoint, size},
    server::SIZE,
};
use crate::{
    Client,
    http::{Broken, body, media_type},
};

/// The longest answer that is read, in bytes: more signatures than a witness has keys.
const MAX_ANSWER: usize = 64 << 10;

/// Why there is no cosignature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WitnessError {
    /// The note that was to be cosigned is no checkpoint.
    #[error("o que se quis mostrar à testemunha não é um ponto de controle")]
    Note,
    /// No connection, or no answer in time.
    #[error("a testemunha não respondeu")]
    Unavailable,
    /// The witness last cosigned this size. Where the log reaches it, ask again with a proof from there; where it does
    /// not, the log has gone back.
    #[error("a testemunha assinou por último o tamanho {size}")]
    Conflict {
        /// The size.
        size: u64,
    },
    /// The checkpoint does not continue what the witness saw: somebody was shown another history.
    #[error("a testemunha viu outra história")]
    Contradiction,
    /// Another HTTP status.
    #[error("a testemunha recusou com o código {status}")]
    Refused {
        /// The status.
        status: u16,
    },
    /// The answer is not what the protocol says, or holds no valid cosignature by a known key.
    #[error("a resposta da testemunha não vale")]
    BadAnswer,
}

/// Shows a witness the checkpoint `note` (C2SP tlog-witness, "add-checkpoint"), with the proof from the tree of `old_size`
/// leaves. `url` is its submission prefix. Gives the cosignature lines by `keys`, verified, each with its newline, one a
/// key at most. Lines by other keys are dropped.
///
/// # Errors
/// [`WitnessError`]. Asks once; what passes ([`WitnessError::Unavailable`], a status of 5xx) the caller's next round asks
/// again.
pub async fn add_checkpoint(
    client: &Client,
    url: &Url,
    keys: &[VerifierKey],
    old_size: u64,
    proof: &[Hash],
    note: &str,
) -> Result<Vec<String>, WitnessError> {
    let signed = Note::parse(note).map_err(|_| WitnessError::Note)?;
    let checkpoint = Checkpoint::parse(&signed.text).map_err(|_| WitnessError::Note)?;
    let request = AddCheckpoint { old_size, proof: proof.to_vec(), note: note.to_owned() };
    let sent = client.post(endpoint(url)).header(CONTENT_TYPE, "text/plain; charset=utf-8").body(request.to_string());
    let response = sent.send().await.map_err(|_| WitnessError::Unavailable)?;
    let (status, kind) = (response.status().as_u16(), media_type(&response));
    if !matches!(status, 200 | 409 | 422) {
        return Err(WitnessError::Refused { status });
    }
    let answer = body(response, MAX_ANSWER).await.map_err(|broken| match broken {
        Broken::TooLong => WitnessError::BadAnswer,
        Broken::Timeout | Broken::Unreachable => WitnessError::Unavailable,
    })?;
    let answer = std::str::from_utf8(&answer).map_err(|_| WitnessError::BadAnswer)?;
    match status {
        200 => cosignatures(answer, &signed.text, keys).ok_or(WitnessError::BadAnswer),
        409 => {
            let told = answer.strip_suffix('\n').and_then(size).filter(|_| kind.as_deref() == Some(SIZE));
            Err(conflict(told, old_size, checkpoint.size))
        }
        _ => Err(WitnessError::Contradiction),
    }
}

/// A conflict over the very size that was named can only be about the root.
fn conflict(told: Option<u64>, old_size: u64, new_size: u64) -> WitnessError {
    match told {
        Some(size) if size == old_size => WitnessError::Contradiction,
        Some(size) => WitnessError::Conflict { size },
        // For another root at the same size the specification asks for no body.
        None if old_size == new_size => WitnessError::Contradiction,
        None => WitnessError::BadAnswer,
    }
}

/// The lines by known keys. None when a line is malformed, when one by a known key does not hold, or when there is none.
fn cosignatures(answer: &str, text: &str, keys: &[VerifierKey]) -> Option<Vec<String>> {
    let mut found: Vec<(&VerifierKey, String)> = Vec::new();
    for line in answer.strip_suffix('\n')?.split('\n') {
        let signature = Signature::parse(line)?;
        let Some(key) = keys.iter().find(|key| key.claims(&signature)) else { continue };
        // Without a time it would be a log's signature.
        key.verify(text, &signature).ok()??;
        if !found.iter().any(|(known, _)| *known == key) {
            found.push((key, format!("{signature}\n")));
        }
    }
    (!found.is_empty()).then(|| found.into_iter().map(|(_, line)| line).collect())
}

/// The call below the submission prefix, which may have a path.
fn endpoint(prefix: &Url) -> Url {
    let mut url = prefix.clone();
    url.set_query(None);
    url.set_fragment(None);
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().push("add-checkpoint");
    }
    url
}
