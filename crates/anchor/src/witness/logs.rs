//! Which logs a witness follows.

use std::collections::BTreeMap;

use sigilo_proof::{
    note::VerifierKey,
    policy::{Policy, PolicySyntaxError},
};
use thiserror::Error;

/// Why a list of logs is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LogsError {
    /// A line that is not understood.
    #[error("linha {}: esperava \"log CHAVE\", com uma chave de verificação que não se repita", .0.line)]
    Line(PolicySyntaxError),
    /// No log at all.
    #[error("nenhum registro para acompanhar")]
    Empty,
}

/// The logs that are followed: their origins, with the keys of each. A checkpoint needs a signature by one of them.
#[derive(Debug, Clone)]
pub struct Logs(pub(super) BTreeMap<String, Vec<VerifierKey>>);

impl Logs {
    /// Reads lines as `log <verifier key>`, with comments, as C2SP tlog-policy writes them.
    ///
    /// # Errors
    /// [`LogsError`]; also for a quorum line, since nobody else is asked.
    pub fn parse(text: &str) -> Result<Logs, LogsError> {
        let policy = Policy::parse(&format!("{text}\nquorum none\n")).map_err(LogsError::Line)?;
        let mut logs = BTreeMap::<String, Vec<VerifierKey>>::new();
        for log in policy.logs() {
            logs.entry(log.key.name().to_owned()).or_default().push(log.key.clone());
        }
        if logs.is_empty() { Err(LogsError::Empty) } else { Ok(Logs(logs)) }
    }
}
