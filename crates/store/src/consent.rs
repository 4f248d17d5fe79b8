//! Acts of consent of the signed-in member.

use time::OffsetDateTime;

use sigilo_domain::{ConsentText, ConsentType, consent::RETENTION_JUSTIFICATION};

use crate::{ReadTx, Result, WriteTx, row::row, statements::consent as sql};

row! {
    /// One act of consent.
    #[derive(Debug, Clone)]
    pub struct Act {
        /// The consent's code.
        consent_type: String,
        /// The version of the text.
        consent_version: String,
        /// Whether it is live.
        granted: bool,
        /// When it was given.
        granted_at: OffsetDateTime,
        /// When it was withdrawn.
        withdrawn_at: Option<OffsetDateTime>,
    }
}

/// Every act of the member, newest first.
///
/// # Errors
/// See [`crate::Error`].
pub async fn history(tx: &ReadTx) -> Result<Vec<Act>> {
    tx.tx.rows(sql::HISTORY, &[]).await
}

/// Records one act; false when the consent is live already. `text_hash` is the SHA-256 of the text shown, in hexadecimal.
///
/// # Errors
/// See [`crate::Error`].
pub async fn grant(tx: &WriteTx, text: &ConsentText, text_hash: &str) -> Result<bool> {
    let rows = tx
        .tx
        .execute(
            sql::GRANT,
            &[
                &text.kind.code(),
                &text.version,
                &text_hash,
                &text.purpose,
                &text.legal_basis,
                &text.data_categories,
                &RETENTION_JUSTIFICATION,
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Withdraws the live consent; false when there is none.
///
/// # Errors
/// See [`crate::Error`].
pub async fn revoke(tx: &WriteTx, kind: ConsentType) -> Result<bool> {
    Ok(tx.tx.execute(sql::REVOKE, &[&kind.code()]).await? == 1)
}
