use std::sync::atomic::{AtomicU8, Ordering};

use sigilo_features::evidence::{Sealed, Sealer};
use sigilo_proof::checkpoint::LogKey;
use sigilo_store::{Db, Token, server::Role};
use sigilo_testkit::tokio_postgres::Client;
use sigilo_testkit::{
    TestDatabase,
    people::{self, Member},
};
use uuid::Uuid;

pub const ORIGIN: &str = "clinica.example/trilha";

pub struct Stand {
    pub database: TestDatabase,
    pub db: Db,
    pub a: Member,
    pub b: Member,
}

pub fn key() -> LogKey {
    LogKey::from_seed(ORIGIN, &[7; 32]).unwrap()
}

pub fn sealer() -> Sealer {
    Sealer::new(key())
}

/// Two clinics with an owner each.
pub async fn stand() -> Stand {
    tracing_subscriber::fmt().with_test_writer().try_init().ok();
    static SEED: AtomicU8 = AtomicU8::new(1);
    let database = TestDatabase::fresh().await;
    let db = Db::new(database.urls(), 4).unwrap();
    let member = async |clinic: &str, name: &str| {
        let token = Token::from_random(&[SEED.fetch_add(1, Ordering::Relaxed); 32]);
        people::member(&db, clinic, name, &["owner", "professional", "dpo"], token).await
    };
    let a = member("Clínica Norte", "Dra. Alba Norte").await;
    let b = member("Clínica Sul", "Dr. Bruno Sul").await;
    Stand { database, db, a, b }
}

/// Writes a row of the ledger over a connection of the sign-in code.
pub async fn row(auth: &Client, clinic: Option<Uuid>) {
    auth.execute("SELECT app.log_access($1, NULL, NULL, 'failed_login', 'unknown_account', NULL)", &[&clinic])
        .await
        .unwrap();
}

impl Stand {
    pub async fn auth(&self) -> Client {
        self.database.connect(Role::Auth).await
    }

    /// Writes so many rows for a clinic.
    pub async fn rows(&self, clinic: Option<Uuid>, count: usize) {
        let auth = self.auth().await;
        auth.execute(
            "SELECT app.log_access($1, NULL, NULL, 'failed_login', 'unknown_account', NULL) FROM generate_series(1, $2)",
            &[&clinic, &i32::try_from(count).unwrap()],
        )
        .await
        .unwrap();
    }

    /// Seals with a sealer that knows nothing yet.
    pub async fn seal(&self) -> Option<Sealed> {
        sealer().round(&self.db).await.unwrap()
    }

    /// Rows of the ledger, leaves, and distinct leaves; and that the indices of each log are contiguous.
    pub async fn count(&self) -> (i64, i64, i64) {
        let admin = self.database.superuser().await;
        let gaps: i64 = admin
            .query_one(
                "SELECT count(*) FROM (SELECT size - cardinality(seqs) AS first,
                         coalesce(lag(size) OVER (PARTITION BY log_id ORDER BY round), 0) AS before FROM trail.heads) h
                  WHERE first <> before",
                &[],
            )
            .await
            .unwrap()
            .get(0);
        assert_eq!(gaps, 0, "indices without gaps");
        let row = admin
            .query_one(
                "SELECT (SELECT count(*) FROM audit_logs), count(s), count(DISTINCT s)
                   FROM (SELECT unnest(seqs) AS s FROM trail.heads) x",
                &[],
            )
            .await
            .unwrap();
        (row.get(0), row.get(1), row.get(2))
    }
}
