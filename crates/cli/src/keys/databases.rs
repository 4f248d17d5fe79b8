//! The databases of an installation, whether or not it is up.

use std::path::Path;

use sigilo_store::{
    server::{DatabaseUrls, KeystoreUrls, Server, ServerError, ServerSettings, saved_keystore, saved_urls},
    setup::Owner,
};

use crate::args::Trouble;

/// Connection strings, and the server where it had to be started.
pub struct Databases {
    pub product: DatabaseUrls,
    keystore: Option<KeystoreUrls>,
    _server: Option<Server>,
}

impl Databases {
    /// Finds the databases; starts a managed server that is not up. Never makes an installation.
    ///
    /// # Errors
    /// When there is no installation, or its server cannot be reached or started.
    pub async fn open(data: &Path) -> Result<Databases, Trouble> {
        let settings = ServerSettings::from_env(data.to_owned())?;
        if settings.external.is_none() {
            saved_urls(data)?;
        }
        match Server::open(&settings, &|text| eprintln!("  {text}")).await {
            Ok(server) => Ok(Databases {
                product: server.urls().clone(),
                keystore: server.keystore().cloned(),
                _server: Some(server),
            }),
            Err(ServerError::InUse { .. }) => {
                let keystore = match settings.keystore {
                    Some(urls) => Some(urls),
                    None => saved_keystore(data).ok(),
                };
                Ok(Databases { product: saved_urls(data)?, keystore, _server: None })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The keystore's connection strings.
    ///
    /// # Errors
    /// When there is none beside the operator's own server.
    pub fn keystore(&self) -> Result<&KeystoreUrls, Trouble> {
        self.keystore.as_ref().ok_or_else(|| {
            Trouble("não há banco de chaves: defina KEYSTORE_URL e KEYSTORE_URL_KEYS (veja docs/chaves.md)".into())
        })
    }

    /// The check value of the root key that belongs to the product's database, once it was started.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn root_check(&self) -> Result<Option<Vec<u8>>, Trouble> {
        Ok(Owner::connect(&self.product.owner).await?.installation().await?.root_key_check)
    }
}
