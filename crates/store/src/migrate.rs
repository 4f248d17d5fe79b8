//! Forward-only migrations, embedded in the binary.

use sqlx::{
    Connection, PgConnection, SqlSafeStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use crate::{Error, Result};

include!(concat!(env!("OUT_DIR"), "/migrations.rs"));
include!(concat!(env!("OUT_DIR"), "/keystore_migrations.rs"));

/// Brings the schema up to this binary's version, as the owner. Two processes starting together take turns.
///
/// `owner_url` is the owner's connection string. The ledger lives in schema `ops`, so that schema `public`
/// holds nothing but the product's tables.
///
/// # Errors
/// [`Error::Other`] when a migration fails, when an applied one was changed, or when the database is newer
/// than this binary.
pub async fn migrate(owner_url: &str) -> Result<()> {
    run(MIGRATIONS, owner_url).await
}

/// As [`migrate`], for the keystore.
///
/// # Errors
/// As [`migrate`].
pub async fn migrate_keystore(owner_url: &str) -> Result<()> {
    run(KEYSTORE_MIGRATIONS, owner_url).await
}

async fn run(migrations: &[(i64, &'static str, &'static str)], owner_url: &str) -> Result<()> {
    let told = |error: MigrateError| match error {
        MigrateError::Execute(sqlx::Error::Io(_)) => Error::Unavailable,
        other => Error::Other(format!("migration: {other}")),
    };
    let list = migrations
        .iter()
        .map(|&(version, title, sql)| {
            Migration::new(version, title.into(), MigrationType::Simple, sql.into_sql_str(), false)
        })
        .collect();
    let mut migrator = Migrator::with_migrations(list);
    migrator.create_schema("ops");
    migrator.dangerous_set_table_name("ops._sqlx_migrations");

    let mut connection = PgConnection::connect(owner_url).await.map_err(|_| Error::Unavailable)?;
    migrator.run(&mut connection).await.map_err(told)?;
    connection.close().await.map_err(|_| Error::Unavailable)
}

/// The numbers of the newest migrations that this binary knows: of the product's database and of the keystore.
pub fn newest_migrations() -> (i64, i64) {
    let newest = |migrations: &[(i64, &str, &str)]| migrations.iter().map(|&(number, ..)| number).max().unwrap_or(0);
    (newest(MIGRATIONS), newest(KEYSTORE_MIGRATIONS))
}
