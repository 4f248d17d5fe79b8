//! The keystore as its users and its attackers see it.
#![allow(clippy::unwrap_used, missing_docs)]

mod catalogue;
mod dump;
mod rotation;
mod serving;

use std::sync::Arc;

use sigilo_proof::envelope::{LocalRoot, Place, RootKey};
use sigilo_store::keystore::{Keystore, Limits, Subject};
use sigilo_testkit::TestKeystore;
use uuid::Uuid;

pub const NAME: Place<'_> = Place { table: "identity.patients", column: "name" };

pub fn root() -> Arc<dyn RootKey> {
    Arc::new(LocalRoot::new(&[7; 32]))
}

pub fn subject(clinic: u128, subject: u128) -> Subject {
    Subject { clinic: Uuid::from_u128(clinic), subject: Uuid::from_u128(subject) }
}

pub async fn open(database: &TestKeystore) -> Keystore {
    open_with(database, Limits::default(), &[]).await
}

pub async fn open_with(database: &TestKeystore, limits: Limits, destroyed: &[Subject]) -> Keystore {
    Keystore::open(&database.urls().keys, root(), &limits, destroyed).await.unwrap()
}

/// A keystore with one clinic and people `1..=count` in it.
pub async fn peopled(database: &TestKeystore, count: u128) -> Keystore {
    let keystore = open(database).await;
    keystore.create_clinic(Uuid::from_u128(1)).await.unwrap();
    for number in 1..=count {
        keystore.create(subject(1, number)).await.unwrap();
    }
    keystore
}
