//! What a record said before and after a change. The trail keeps it encrypted, beside the commitments that stand in the
//! sealed rows: whoever reads it sees at once whether it is what was committed to.

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use sigilo_proof::{Cell, Keyring, cbc_decrypt, commitment, random_bytes};
use sigilo_store::{Action, Event, ImageKey, Risk, Session, WriteTx, trail::images};
use uuid::Uuid;

use crate::{App, Error, Result};

/// Two images of one record, as PostgreSQL wrote them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// The table.
    pub table: String,
    /// Before.
    pub before: Option<String>,
    /// After.
    pub after: Option<String>,
    /// Whether both are what the sealed row commits to.
    pub committed: bool,
}

/// A key for the images of one process, and the same sealed under the installation's key.
pub fn new_image_key(keys: &Keyring) -> (ImageKey, Vec<u8>) {
    let secret = Zeroizing::new(random_bytes::<32>());
    let key = ImageKey::from_random(&secret);
    let sealed = keys.seal(cell(key.id()), secret.as_slice());
    (key, sealed)
}

fn cell(id: Uuid) -> Cell<'static> {
    Cell { table: "ops.image_keys", column: "key_sealed", row: id }
}

/// What a change made of a record, for who audits and says why it is needed. That it was looked at is an event.
///
/// # Errors
/// [`Error::Forbidden`] without a live grant; [`Error::NotFound`] where the change is another clinic's or has no images; [`Error::Conflict`]
/// where a deletion took them;
/// [`Error::Invalid`] without a reason.
pub async fn open_images(app: &App, session: &Session, seq: i64, reason: &str) -> Result<Images> {
    let reason = reason.trim();
    if !(5..=500).contains(&reason.chars().count()) {
        return Err(Error::field("motivo", "Diga para que é preciso ver, em 5 a 500 caracteres."));
    }
    app.db()
        .write(session, async |tx: &WriteTx| {
            let found = images(tx, seq).await?.ok_or(Error::NotFound)?;
            if found.redacted_by.is_some() {
                return Err(Error::Conflict(
                    "O que este registro dizia foi eliminado com a exclusão de uma conta. O registro, com os resumos lacrados, ficou.",
                ));
            }
            let (Some(sealed), Some(id), Some(salt)) = (found.key_sealed, found.image_key, found.salt) else {
                return Err(Error::NotFound);
            };
            let key = app.keys().open(cell(id), &sealed).map_err(|_| Error::Internal)?;
            let mut committed = true;
            let mut open = |image: Option<Vec<u8>>, commitment: Option<String>| -> Result<Option<String>> {
                let Some(image) = image else { return Ok(None) };
                let plain = cbc_decrypt(&key, &image).ok_or(Error::Internal)?;
                let salt: commitment::Salt = salt.as_slice().try_into().map_err(|_| Error::Internal)?;
                committed &= commitment == Some(HEXLOWER.encode(&commitment::commit(&salt, &plain)));
                String::from_utf8(plain.to_vec()).map(Some).map_err(|_| Error::Internal)
            };
            let before = open(found.old_image, found.old_commitment)?;
            let after = open(found.new_image, found.new_commitment)?;
            let table = found.resource_type.unwrap_or_default();
            let details: Value = json!({ "seq": seq, "reason": reason, "committed": committed });
            let event = Event {
                name: "audit_image_opened",
                action: Action::View,
                resource_type: "audit_logs",
                resource_id: None,
                details,
                risk: Risk::High,
            };
            Ok((Images { table, before, after, committed }, event))
        })
        .await
}
