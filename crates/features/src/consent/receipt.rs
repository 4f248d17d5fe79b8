//! The receipt of a consent: a file that proves it offline, and what its printed form shows.

use serde_json::json;
use uuid::Uuid;

use sigilo_proof::consent::Document;
use sigilo_store::{Session, WriteTx, consent};

use super::{event, prove};
use crate::{App, Result};

/// A consent's proof, with what stands around it.
pub struct Receipt {
    /// The proof.
    pub document: Document,
    /// The public page's address, for the QR code.
    pub address: String,
    /// The legal basis.
    pub legal_basis: String,
    /// The categories of data.
    pub data_categories: Vec<String>,
    /// Why the act is kept.
    pub retention_justification: String,
    /// Granted, withdrawn or renewed.
    pub status: String,
    /// Until when it holds.
    pub expires_at: Option<time::OffsetDateTime>,
}

/// The receipt of a consent. Each time it is taken is an event.
///
/// # Errors
/// [`crate::Error::NotFound`] for a consent that is not in the member's sight or has no proof.
pub async fn receipt(app: &App, session: &Session, id: Uuid) -> Result<Receipt> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            let row = consent::proof(tx, id).await?;
            let cells = prove::cells(app, tx, &row)?;
            let origin = app.settings().origin.as_str().trim_end_matches('/');
            let receipt = Receipt {
                document: prove::document(&cells, &row).await?,
                address: format!("{origin}/consentimento/conferir/{}", prove::code(&cells, &row).await?),
                legal_basis: row.legal_basis,
                data_categories: row.data_categories,
                retention_justification: row.retention_justification,
                status: row.status,
                expires_at: row.expires_at,
            };
            Ok((receipt, event("consent_proof_taken", &row.consent_type, Some(id), json!({ "what": "receipt" }))))
        })
        .await
}
