use crate::{ReadTx, Result, row::row, statements::trail as sql};
use uuid::Uuid;

row! {
    /// What a record said before and after a change, encrypted.
    #[derive(Debug)]
    pub struct Images {
        /// The table.
        resource_type: Option<String>,
        /// Before.
        old_image: Option<Vec<u8>>,
        /// After.
        new_image: Option<Vec<u8>>,
        /// The key of both, sealed.
        key_sealed: Option<Vec<u8>>,
        /// That key's name.
        image_key: Option<Uuid>,
        /// The plan of a deletion that took them.
        redacted_by: Option<Uuid>,
        /// What the commitments are salted with.
        salt: Option<Vec<u8>>,
        /// The commitment to what was, hexadecimal.
        old_commitment: Option<String>,
        /// The commitment to what is.
        new_commitment: Option<String>,
    }
}

/// The images of a change of the session's clinic, if there are any. Only for who may audit.
///
/// # Errors
/// See [`crate::Error`].
pub async fn images(tx: &ReadTx, seq: i64) -> Result<Option<Images>> {
    tx.tx.optional(sql::IMAGES, &[&seq]).await
}
