//! A private keystore a test.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use sigilo_store::server::{DatabaseUrl, KeystoreUrls, create_keystore, saved_superuser_url};
use tokio_postgres::{Client, NoTls};

use crate::{
    cluster::{shared, superuser},
    database::drop_now,
};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// An empty keystore with its schema, dropped with the value.
pub struct TestKeystore {
    data: PathBuf,
    name: String,
    urls: KeystoreUrls,
}

impl TestKeystore {
    /// A new one.
    pub async fn fresh() -> Self {
        let data = shared().await.data.clone();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let beside = format!("teste_{}_k{number}", std::process::id());
        let urls = create_keystore(&data, &beside).await.unwrap_or_else(|error| panic!("{error}"));
        sigilo_store::migrate_keystore(urls.owner.expose()).await.unwrap_or_else(|error| panic!("migrations: {error}"));
        Self { data, name: format!("{beside}_chaves"), urls }
    }

    /// The connection strings.
    pub fn urls(&self) -> &KeystoreUrls {
        &self.urls
    }

    /// A raw connection as the role that serves keys.
    pub async fn connect(&self) -> Client {
        connect(&self.urls.keys).await
    }

    /// The superuser's connection string, for programs that take the whole database away.
    pub fn superuser_url(&self) -> DatabaseUrl {
        saved_superuser_url(&self.data, &self.name).expect("connection string")
    }

    /// A raw connection as the server's superuser, which no row security binds.
    pub async fn superuser(&self) -> Client {
        superuser(&self.data, &self.name).await
    }
}

async fn connect(url: &DatabaseUrl) -> Client {
    let (client, connection) =
        tokio_postgres::connect(url.expose(), NoTls).await.expect("the test keystore takes connections");
    tokio::spawn(connection);
    client
}

impl Drop for TestKeystore {
    fn drop(&mut self) {
        drop_now(&self.data, &self.name);
    }
}
