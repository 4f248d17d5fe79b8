//! What a use case answers when it cannot do what was asked. One list for pages and API.

use thiserror::Error;

use sigilo_domain::ConsentType;
use sigilo_store as store;

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What is wrong with one field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name.
    pub field: &'static str,
    /// A sentence in Portuguese.
    pub message: String,
}

impl FieldError {
    /// A field and its sentence.
    pub fn new(field: &'static str, message: impl Into<String>) -> FieldError {
        FieldError { field, message: message.into() }
    }
}

/// Why a use case did not do what was asked.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// There is no live session.
    #[error("not signed in")]
    NotSignedIn,
    /// The session is idle and waits to be unlocked.
    #[error("session is locked")]
    Locked,
    /// Not for this member; a sentence in Portuguese.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    /// Closed without this consent.
    #[error("needs consent")]
    ConsentRequired(ConsentType),
    /// It does not exist, or is somebody else's.
    #[error("not found")]
    NotFound,
    /// What was typed cannot be accepted.
    #[error("invalid input")]
    Invalid(Vec<FieldError>),
    /// Sign-in failed; which part was wrong is not told.
    #[error("sign-in failed")]
    SignInFailed,
    /// Too many failures; when to try again.
    #[error("too many attempts")]
    TooMany {
        /// Seconds to wait.
        retry_after_seconds: u64,
    },
    /// A ceremony or a link that was used or has expired.
    #[error("expired")]
    Expired,
    /// It contradicts what is there; a sentence in Portuguese.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// Something this depends on is away; what, in Portuguese.
    #[error("unavailable: {0}")]
    Unavailable(&'static str),
    /// A defect or a broken installation; already logged.
    #[error("internal error")]
    Internal,
}

impl Error {
    pub(crate) fn field(field: &'static str, message: impl Into<String>) -> Error {
        Error::Invalid(vec![FieldError::new(field, message)])
    }
}

impl From<store::keystore::KeyError> for Error {
    fn from(error: store::keystore::KeyError) -> Self {
        use store::keystore::KeyError;
        match error {
            KeyError::Store(error) => error.into(),
            KeyError::Root(_) => Error::Unavailable("o guardião da chave raiz"),
            KeyError::Unknown => Error::NotFound,
            KeyError::Destroyed => {
                Error::Conflict("As chaves desta pessoa foram destruídas: o que estava cifrado com elas não abre mais.")
            }
            KeyError::Damaged | KeyError::OtherProvider(_) => {
                tracing::error!(%error, "keystore");
                Error::Internal
            }
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NotSignedIn => Error::NotSignedIn,
            store::Error::Locked => Error::Locked,
            store::Error::Denied => Error::Forbidden("O seu perfil não permite esta ação."),
            store::Error::NotFound => Error::NotFound,
            store::Error::Duplicate(_) => Error::Conflict("Este registro já existe."),
            store::Error::Taken(_) => Error::Conflict("Outro registro já ocupa este horário."),
            store::Error::Timeout | store::Error::Unavailable => Error::Unavailable("o banco de dados"),
            store::Error::Rule(_) | store::Error::Other(_) => {
                tracing::error!(%error, "database");
                Error::Internal
            }
        }
    }
}
