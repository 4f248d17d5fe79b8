//! Asking a time-stamping authority (RFC 3161, §§ 3.3 and 3.4). What is asked and what comes back are bytes here:
//! `sigilo_proof::timestamp` writes the one, and reads and verifies the other.

mod http;
mod tcp;

use thiserror::Error;
use url::Url;
use zeroize::Zeroizing;

use crate::{
    Client,
    http::{Broken, is_loopback},
};

/// The port of the socket protocol (RFC 3161, § 3.3).
pub const TCP_PORT: u16 = 318;

/// Where an authority is, and as whom it is asked. Its policy is a part of the request.
#[derive(Clone)]
pub struct Authority {
    url: Url,
    login: Option<Login>,
}

/// A name and password for HTTP's basic authentication. Not printable.
#[derive(Clone)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: Zeroizing<String>,
}

/// An address that is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Neither `http`, `https` nor `tcp`, without a host, or with a name and password in it.
    #[error("o endereço da autoridade de carimbo do tempo não serve: use https://, http:// ou tcp://, sem senha nele")]
    Address,
    /// The password would travel in the open.
    #[error("a senha da autoridade de carimbo do tempo só vai por https://")]
    Insecure,
}

impl Authority {
    /// An authority at `http://`, `https://` or `tcp://`; the last on port 318 where none is named.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn new(url: Url, login: Option<Login>) -> Result<Authority, AddressError> {
        let known = matches!(url.scheme(), "http" | "https" | "tcp");
        if !known || !url.has_host() || !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Address);
        }
        let hidden = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        if login.is_some() && !hidden {
            return Err(AddressError::Insecure);
        }
        Ok(Authority { url, login })
    }

    /// The address.
    pub fn url(&self) -> &Url {
        &self.url
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StampError {
    /// No connection, or it broke off.
    #[error("a autoridade de carimbo do tempo está fora do alcance")]
    Unreachable,
    /// Too slow.
    #[error("a autoridade de carimbo do tempo não respondeu a tempo")]
    Timeout,
    /// Another HTTP status than 200.
    #[error("a autoridade de carimbo do tempo respondeu com o código {0}")]
    Status(u16),
    /// The HTTP answer is no `application/timestamp-reply`.
    #[error("a autoridade de carimbo do tempo respondeu com outra coisa que não um carimbo")]
    ContentType,
    /// Longer than what is read.
    #[error("a resposta da autoridade de carimbo do tempo é longa demais")]
    TooLong,
    /// Not a message of the socket protocol.
    #[error("a resposta da autoridade de carimbo do tempo não segue o protocolo")]
    Malformed,
    /// The authority ended the socket protocol with an error.
    #[error("a autoridade de carimbo do tempo recusou o pedido")]
    Refused,
    /// The authority wants to be asked again later, which the socket protocol allows and is not supported here.
    #[error("a autoridade de carimbo do tempo pede para voltar depois, o que não é aceito aqui")]
    Polling,
}

impl From<Broken> for StampError {
    fn from(broken: Broken) -> StampError {
        match broken {
            Broken::Unreachable => StampError::Unreachable,
            Broken::Timeout => StampError::Timeout,
            Broken::TooLong => StampError::TooLong,
        }
    }
}

/// Sends a request in DER and gives the answer in DER, of [`sigilo_proof::timestamp::MAX_RESPONSE`] bytes at most. The
/// answer may be anything: it has not been read.
///
/// # Errors
/// [`StampError`]. Asks once: the caller keeps what is still wanted.
pub async fn stamp(client: &Client, authority: &Authority, request: &[u8]) -> Result<Vec<u8>, StampError> {
    if authority.url.scheme() == "tcp" {
        let asked = tcp::stamp(&authority.url, request);
        return tokio::time::timeout(client.whole(), asked).await.unwrap_or(Err(StampError::Timeout));
    }
    http::stamp(client, authority, request).await
}
