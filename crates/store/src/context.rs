//! Who asks, and from where.

use std::{fmt, net::IpAddr};

use uuid::Uuid;
use zeroize::Zeroizing;

/// Where a request comes from. Goes into the logs; never holds what the request says.
#[derive(Debug, Clone)]
pub struct Client {
    /// The client's address.
    pub ip: IpAddr,
    /// The browser's own description, at most 512 characters.
    pub user_agent: String,
    /// The request's identifier, the same in the trail and in the answer.
    pub request_id: Uuid,
}

/// A secret of a session, a ceremony or a link, as the browser holds it. The database holds only its SHA-256.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Zeroizing<String>);

impl Token {
    const CHARACTERS: usize = 43;

    /// Writes 32 random bytes as 43 characters of base64url.
    pub fn from_random(bytes: &[u8; 32]) -> Token {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut text = Zeroizing::new(String::with_capacity(Self::CHARACTERS));
        for chunk in bytes.chunks(3) {
            let group = chunk.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
            for place in 0..=chunk.len() {
                text.push(char::from(ALPHABET[(group >> (18 - 6 * place) & 63) as usize]));
            }
        }
        Token(text)
    }

    /// Reads a token; anything that cannot be one is refused before it reaches the database.
    pub fn parse(text: &str) -> Option<Token> {
        let fits =
            text.len() == Self::CHARACTERS && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        fits.then(|| Token(Zeroizing::new(text.to_owned())))
    }

    /// The secret itself, for a cookie, a link or a query's parameter.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A request that carries a session's token. Holding one proves nothing yet: the database decides.
#[derive(Debug, Clone)]
pub struct Session {
    /// The session's secret.
    pub token: Token,
    /// Where the request comes from.
    pub client: Client,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_nothing_else_is() {
        let token = Token::from_random(&[0xA5; 32]);
        assert_eq!(Token::parse(token.expose()), Some(token.clone()));
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert_ne!(token, Token::from_random(&[0xA6; 32]));
        let long = "a".repeat(44);
        for wrong in ["", "abc", long.as_str(), &format!("{}'", "a".repeat(42)), &format!("{}a", "é".repeat(21))] {
            assert_eq!(Token::parse(wrong), None, "{wrong}");
        }
    }
}
