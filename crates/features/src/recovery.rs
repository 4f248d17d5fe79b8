//! Recovery codes: ten, printed once, each good for one sign-in.

use uuid::Uuid;

use sigilo_proof::random_bytes;
use sigilo_store::{SignInTx, factor};

use crate::{App, Result};

const CODES: usize = 10;
/// Nothing that reads like something else on paper.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const LETTERS: usize = 10;

/// The codes as shown to their owner, once.
pub struct RecoveryCodes(pub Vec<String>);

/// Makes ten codes in place of any before.
pub(crate) async fn renew(app: &App, tx: &SignInTx, user: Uuid) -> Result<RecoveryCodes> {
    let codes: Vec<String> = (0..CODES).map(|_| new_code()).collect();
    let macs: Vec<Vec<u8>> = codes.iter().map(|code| mac(app, user, code)).collect();
    factor::set_recovery(tx, user, &macs).await?;
    Ok(RecoveryCodes(codes))
}

/// Whether the typed code is one of the user's unused codes; it is used up by asking.
pub(crate) async fn accept(app: &App, tx: &SignInTx, user: Uuid, typed: &str) -> Result<bool> {
    Ok(factor::use_recovery(tx, user, &mac(app, user, typed)).await?)
}

fn mac(app: &App, user: Uuid, code: &str) -> Vec<u8> {
    let bare: String = code.chars().filter(|c| !matches!(c, '-' | ' ')).collect::<String>().to_uppercase();
    app.keys().recovery_code_mac(user, &bare).to_vec()
}

fn new_code() -> String {
    let mut code = String::with_capacity(LETTERS + 1);
    for (at, byte) in random_bytes::<LETTERS>().into_iter().enumerate() {
        if at == LETTERS / 2 {
            code.push('-');
        }
        code.push(char::from(ALPHABET[usize::from(byte & 31)]));
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_two_groups_of_five_and_differ() {
        let codes: std::collections::HashSet<String> = (0..200).map(|_| new_code()).collect();
        assert_eq!(codes.len(), 200);
        assert!(codes.iter().all(|code| code.len() == 11 && code.as_bytes()[5] == b'-'));
    }
}
