//! What goes wrong with PubMed. None of it says anything about an article.

use std::time::Duration;

/// Why PubMed gave no answer. Carries neither the address asked nor the service's own words: both can hold the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.code())]
#[non_exhaustive]
pub enum Failure {
    /// No connection, or it broke off.
    Unreachable,
    /// Too slow.
    Timeout,
    /// Too many requests; how long to wait, if told.
    RateLimited(Option<Duration>),
    /// An error on PubMed's side, with whatever HTTP status.
    Backend,
    /// Not what the format says.
    Malformed,
    /// The key is not accepted.
    Key,
    /// The request was not accepted.
    Rejected,
}

impl Failure {
    /// A stable code, for logs.
    pub fn code(self) -> &'static str {
        match self {
            Failure::Unreachable => "unreachable",
            Failure::Timeout => "timeout",
            Failure::RateLimited(_) => "rate_limited",
            Failure::Backend => "backend",
            Failure::Malformed => "malformed",
            Failure::Key => "key",
            Failure::Rejected => "rejected",
        }
    }

    /// Whether asking again may help.
    pub(super) fn passes(self) -> bool {
        !matches!(self, Failure::Key | Failure::Rejected)
    }
}

/// Why no client could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The address must be HTTPS, without credentials; plain HTTP only on this machine.
    #[error("o endereço do PubMed precisa começar com https:// e não pode conter usuário nem senha")]
    Address,
    /// The HTTP client could not be set up.
    #[error("não foi possível preparar o cliente HTTP do PubMed")]
    Client,
}
