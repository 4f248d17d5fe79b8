//! Two clinics with a doctor each, as the sign-in code makes them.
#![allow(clippy::unwrap_used)]
#![allow(dead_code, unused_imports, reason = "each test file uses its part")]

use sigilo_deid::deidentify;
use sigilo_domain::ConsentType;
use sigilo_store::{Db, Error, Session, SignInTx, Token, WriteTx, account, conversation, message, session};
pub use sigilo_testkit::people::{client, event};
use sigilo_testkit::{TestDatabase, people};
use uuid::Uuid;

pub struct Member {
    pub user: Uuid,
    pub clinic: Uuid,
    pub session: Session,
}

pub struct TwoClinics {
    pub db: Db,
    pub database: TestDatabase,
    pub a: Member,
    pub b: Member,
}

pub fn token(seed: u8) -> Token {
    Token::from_random(&[seed; 32])
}

pub async fn two_clinics() -> TwoClinics {
    let database = TestDatabase::fresh().await;
    let db = Db::new(database.urls(), 4).unwrap();
    let a = member(&db, "Clínica Norte", "Dra. Alba Norte", &["owner", "professional"], 1).await;
    let b = member(&db, "Clínica Sul", "Dr. Bruno Sul", &["owner", "professional"], 2).await;
    TwoClinics { db, database, a, b }
}

pub async fn member(db: &Db, clinic: &str, name: &str, roles: &[&str], seed: u8) -> Member {
    let people::Member { user, clinic, session } = people::member(db, clinic, name, roles, token(seed)).await;
    Member { user, clinic, session }
}

impl Member {
    pub async fn grant(&self, db: &Db, kind: ConsentType) -> Result<bool, Error> {
        db.write(&self.session, async |tx: &WriteTx| {
            Ok((people::consent(tx, kind.code()).await?, event("consent_form_submitted")))
        })
        .await
    }

    pub async fn conversation(&self, db: &Db) -> Result<Uuid, Error> {
        db.write(&self.session, async |tx: &WriteTx| {
            Ok((conversation::create(tx).await?, event("conversation_created")))
        })
        .await
    }

    pub async fn say(&self, db: &Db, conversation: Uuid, text: &str) -> Result<Uuid, Error> {
        let (clean, found) = deidentify(text, &[]);
        let proof = message::Proof {
            original_hash: &"1".repeat(64),
            original_hash_algorithm: "test",
            entities: &serde_json::json!({}),
            method: "test",
            processing_time_ms: 0.1,
        };
        db.write(&self.session, async |tx: &WriteTx| {
            let stored = message::insert(tx, conversation, &clean, &found, false, &proof).await?;
            Ok((stored.id, event("message_sent")))
        })
        .await
    }
}

/// Another member of a clinic that exists.
pub async fn colleague(db: &Db, clinic: Uuid, name: &str, roles: &[&str], seed: u8) -> Member {
    let (client, token) = (client(), token(seed));
    let user = db
        .sign_in(&client, async |tx: &SignInTx| -> Result<_, Error> {
            let user = account::create(tx, true).await?;
            account::create_member(tx, clinic, user.id, name, roles).await?;
            session::create(tx, &client, &token, user.id, clinic, "passkey").await?;
            Ok(user.id)
        })
        .await
        .unwrap();
    Member { user, clinic, session: Session { token, client } }
}
