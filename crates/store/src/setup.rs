//! What is settled at start-up: whose installation it is, and with which key.

use tokio_postgres::NoTls;
use uuid::Uuid;

use crate::{Result, SignInTx, row::FromRow, row::row, server::DatabaseUrl, statements::setup as sql};

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

row! {
    /// What kind of installation this is.
    #[derive(Debug, Clone)]
    pub struct Installation {
        /// Whether it is a demonstration.
        demo: bool,
        /// The check value of the root key that belongs to it, once there is one.
        root_key_check: Option<Vec<u8>>,
        /// The public keys that its trail is sealed with, one a line, once there are any.
        log_keys: Option<String>,
        /// Whether anybody uses it.
        has_clinics: Option<bool>,
    }
}

/// The owner's own connection, for a few statements at start-up.
pub struct Owner {
    client: tokio_postgres::Client,
}

impl Owner {
    /// Connects as the owner of the schema.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`] when the database is away.
    pub async fn connect(owner_url: &DatabaseUrl) -> Result<Owner> {
        let (client, connection) = tokio_postgres::connect(owner_url.expose(), NoTls).await?;
        tokio::spawn(connection);
        Ok(Owner { client })
    }

    pub(crate) fn client(&self) -> &tokio_postgres::Client {
        &self.client
    }

    /// What kind of installation this is.
    ///
    /// # Errors
    /// See [`crate::Error`].
    pub async fn installation(&self) -> Result<Installation> {
        Ok(Installation::from_row(&self.client.query_one(sql::INSTALLATION, &[]).await?)?)
    }

    /// Marks the installation as a demonstration, for ever.
    ///
    /// # Errors
    /// See [`crate::Error`].
    pub async fn mark_demo(&self) -> Result<()> {
        Ok(self.client.execute(sql::MARK_DEMO, &[]).await.map(drop)?)
    }

    /// Remembers the public keys that the trail is sealed with. Keys kept before stay.
    ///
    /// # Errors
    /// See [`crate::Error`].
    pub async fn keep_log_keys(&self, keys: &str) -> Result<()> {
        Ok(self.client.execute(sql::KEEP_LOG_KEYS, &[&keys]).await.map(drop)?)
    }

    /// Keeps a key with which the trail encrypts images, sealed under the installation's key.
    ///
    /// # Errors
    /// See [`crate::Error`].
    pub async fn keep_image_key(&self, id: Uuid, sealed: &[u8]) -> Result<()> {
        Ok(self.client.execute(sql::KEEP_IMAGE_KEY, &[&id, &sealed]).await.map(drop)?)
    }

    /// Enters the rows of watched tables whose columns a migration has changed, so that they can be compared with the trail
    /// as they are now. How many.
    ///
    /// # Errors
    /// See [`crate::Error`].
    pub async fn baseline(&self) -> Result<i64> {
        Ok(self.client.query_one(sql::BASELINE, &[]).await?.try_get(0)?)
    }

    /// Remembers which root key belongs to this installation. A value kept before stays.
    ///
    /// # Errors
    /// See [`crate::Error`].
    pub async fn keep_key_check(&self, value: &[u8]) -> Result<()> {
        Ok(self.client.execute(sql::KEEP_KEY_CHECK, &[&value]).await.map(drop)?)
    }
}

/// Whether any clinic exists.
///
/// # Errors
/// See [`crate::Error`].
pub async fn is_seeded(tx: &SignInTx) -> Result<bool> {
    Ok(tx.0.value(sql::IS_SEEDED, &[]).await?.unwrap_or(false))
}

/// Every member of every clinic, for the demonstration's list of links.
///
/// # Errors
/// See [`crate::Error`].
pub async fn people(tx: &SignInTx) -> Result<Vec<Person>> {
    tx.0.rows(sql::DEMO_PEOPLE, &[]).await
}
