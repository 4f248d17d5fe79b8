//! What only the owner of the database does: marking a demonstration.

use tokio_postgres::NoTls;
use uuid::Uuid;

use crate::{Error, Result, SignInTx, row::row, statements::setup as sql};

row! {
    /// One of the demonstration's people.
    #[derive(Debug, Clone)]
    pub struct Person {
        /// The account.
        user_id: Uuid,
        /// The clinic.
        clinic_id: Uuid,
        /// The member's name.
        display_name: String,
        /// The member's roles.
        roles: Vec<String>,
        /// The clinic's name.
        clinic_name: String,
    }
}

/// Marks the installation as a demonstration, as the owner.
///
/// # Errors
/// See [`Error`].
pub async fn mark_demo(owner_url: &str) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(owner_url, NoTls).await?;
    let running = tokio::spawn(connection);
    let marked = client.execute(sql::MARK_DEMO, &[]).await;
    drop(client);
    running.await.map_err(|_| Error::Unavailable)?.ok();
    marked.map(drop).map_err(Error::from)
}

/// Whether any clinic exists.
///
/// # Errors
/// See [`Error`].
pub async fn is_seeded(tx: &SignInTx) -> Result<bool> {
    Ok(tx.0.value(sql::IS_SEEDED, &[]).await?.unwrap_or(false))
}

/// Every member of every clinic, for the demonstration's list of links.
///
/// # Errors
/// See [`Error`].
pub async fn people(tx: &SignInTx) -> Result<Vec<Person>> {
    tx.0.rows(sql::DEMO_PEOPLE, &[]).await
}
