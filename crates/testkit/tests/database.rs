//! The stand itself: what every other database test leans on.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use sigilo_store::server::{DatabaseUrls, Role};
use sigilo_testkit::TestDatabase;

async fn sample() -> TestDatabase {
    TestDatabase::from_template("stand 1", async |urls: &DatabaseUrls| {
        let (client, connection) = tokio_postgres::connect(urls.owner.expose(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client
            .batch_execute("CREATE TABLE public.t (n int); GRANT SELECT, INSERT ON public.t TO sigilo_app")
            .await
            .unwrap();
    })
    .await
}

#[tokio::test]
async fn each_test_has_its_own_copy_with_its_grants() {
    let (one, two) = (sample().await, sample().await);
    let writer = one.connect(Role::App).await;
    writer.batch_execute("INSERT INTO t VALUES (1)").await.unwrap();
    let reader = two.connect(Role::App).await;
    let count: i64 = reader.query_one("SELECT count(*) FROM t", &[]).await.unwrap().get(0);
    assert_eq!(count, 0);
    assert!(two.connect(Role::Auditor).await.batch_execute("SELECT FROM t").await.is_err());
}

#[tokio::test]
async fn nothing_stays_behind() {
    let first = sample().await;
    let lasting = sample().await;
    let client = first.connect(Role::App).await;
    let name: String = client.query_one("SELECT current_database()::text", &[]).await.unwrap().get(0);
    drop(first);
    let left: bool = lasting
        .superuser()
        .await
        .query_one("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", &[&name])
        .await
        .unwrap()
        .get(0);
    assert!(!left);
    assert!(client.batch_execute("SELECT 1").await.is_err());
}
