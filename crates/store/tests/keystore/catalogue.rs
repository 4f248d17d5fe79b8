//! What must be true of the keystore's tables, roles and statements.

use sigilo_store::keystore::STATEMENTS;
use sigilo_store::server::Role;
use sigilo_testkit::{TestDatabase, TestKeystore, tokio_postgres};

#[tokio::test]
async fn every_statement_prepares_as_the_role_that_runs_it() {
    let database = TestKeystore::fresh().await;
    let client = database.connect().await;
    for (name, sql) in STATEMENTS {
        client.prepare(sql).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
    }
}

#[tokio::test]
async fn rows_of_another_clinic_are_out_of_reach() {
    let database = TestKeystore::fresh().await;
    let keystore = crate::peopled(&database, 1).await;
    keystore.create_clinic(uuid::Uuid::from_u128(2)).await.unwrap();
    keystore.create(crate::subject(2, 5)).await.unwrap();
    let client = database.connect().await;
    // No clinic, no answer: an error, also after another transaction had one.
    assert!(client.query("SELECT FROM subject_keys", &[]).await.is_err());
    client.batch_execute("BEGIN; SET LOCAL keys.clinic = '00000000-0000-0000-0000-000000000001'").await.unwrap();
    let seen = client.query("SELECT DISTINCT clinic_id::text FROM subject_keys", &[]).await.unwrap();
    assert_eq!(
        seen.iter().map(|row| row.get::<_, &str>(0)).collect::<Vec<_>>(),
        ["00000000-0000-0000-0000-000000000001"]
    );
    let touched = client
        .execute("UPDATE clinic_keys SET state = 'retiring' WHERE clinic_id <> public.clinic_id()", &[])
        .await
        .unwrap();
    assert_eq!(touched, 0);
    client.batch_execute("COMMIT").await.unwrap();
    assert!(client.query("SELECT FROM subject_keys", &[]).await.is_err());

    let superuser = database.superuser().await;
    let open: i64 = superuser
        .query_one(
            "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(open, 0);
    let mighty: i64 = superuser
        .query_one(
            "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'sigilo_keys%'
                AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(mighty, 0);
}

/// The same password in another database's connection string.
fn elsewhere(url: &str, database: &str) -> String {
    format!("{}/{database}", url.rsplit_once('/').unwrap().0)
}

#[tokio::test]
async fn the_two_databases_have_no_login_in_common() {
    let keys = TestKeystore::fresh().await;
    let product = TestDatabase::fresh().await;
    let name = |url: &str| url.rsplit_once('/').unwrap().1.to_owned();
    let keystore = name(keys.urls().keys.expose());
    for role in Role::ALL {
        let url = elsewhere(product.urls().of(*role).expose(), &keystore);
        let refused = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.err();
        let code = refused.and_then(|error| error.code().cloned());
        assert_eq!(code, Some(tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE), "{}", role.name());
    }
    let main = name(product.urls().app.expose());
    for url in [&keys.urls().keys, &keys.urls().owner] {
        let refused = tokio_postgres::connect(&elsewhere(url.expose(), &main), tokio_postgres::NoTls).await.err();
        let code = refused.and_then(|error| error.code().cloned());
        assert_eq!(code, Some(tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE));
    }
}
