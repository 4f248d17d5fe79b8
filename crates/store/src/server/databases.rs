//! Further databases on a managed server, each with the rights of the product's own: the private
//! copies that tests work on.

use std::path::Path;

use super::error::ServerError;
use super::roles;
use super::saved;

/// Makes the database `name` on the running server of `data`: empty, or a copy of `template`.
///
/// # Errors
///
/// What PostgreSQL refuses; [`ServerError::NoDatabase`] when `data` has no server.
///
/// # Panics
///
/// When a name is not made of lower-case letters, digits and underscores.
pub async fn create_database(data: &Path, name: &str, template: Option<&str>) -> Result<(), ServerError> {
    check(name);
    let secrets = saved(data)?;
    let maintenance = roles::connect(secrets.superuser_url("postgres").expose()).await?;
    if let Some(template) = template {
        check(template);
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template} OWNER sigilo_owner");
        maintenance.batch_execute(&sql).await.map_err(ServerError::database("a cópia do banco"))?;
    }
    // Rights on a database as a whole are not copied with it.
    roles::prepare_database(&maintenance, &secrets, name).await?;
    if template.is_none() {
        let inside = roles::connect(secrets.superuser_url(name).expose()).await?;
        roles::prepare_inside(&inside, &secrets, name).await?;
    }
    Ok(())
}

/// Removes the database `name`, ending every connection to it.
///
/// # Errors
///
/// As [`create_database`].
///
/// # Panics
///
/// As [`create_database`].
pub async fn drop_database(data: &Path, name: &str) -> Result<(), ServerError> {
    check(name);
    let maintenance = roles::connect(saved(data)?.superuser_url("postgres").expose()).await?;
    maintenance
        .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        .await
        .map_err(ServerError::database("a remoção do banco"))
}

fn check(name: &str) {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    assert!(!name.is_empty() && name.bytes().all(plain), "database name: {name}");
}
