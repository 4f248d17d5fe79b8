//! Runs `roles.sql`, the same file an operator can run with `psql`.

use tokio_postgres::{Client, NoTls, SimpleQueryMessage};
use zeroize::Zeroizing;

use super::error::ServerError;
use super::secrets::{DATABASE, Secrets};
use super::urls::Role;

/// The roles and the database of Sigilo, for `psql` and for us.
pub const ROLES_SQL: &str = include_str!("roles.sql");

/// Brings roles and database to what `roles.sql` says, as the superuser of `secrets`.
pub(super) async fn bootstrap(secrets: &Secrets) -> Result<(), ServerError> {
    let (roles, database, inside) = sections();
    let maintenance = connect(secrets.superuser_url("postgres").expose()).await?;
    run(&maintenance, roles, secrets, DATABASE).await?;
    run(&maintenance, database, secrets, DATABASE).await?;
    // The server is ours alone, so nobody needs to enter its other databases.
    maintenance
        .batch_execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")
        .await
        .map_err(ServerError::database("a preparação dos papéis"))?;
    let client = connect(secrets.superuser_url(DATABASE).expose()).await?;
    run(&client, inside, secrets, DATABASE).await
}

/// Makes a database where it is missing and sets the rights on it, over the maintenance connection.
pub(super) async fn prepare_database(client: &Client, secrets: &Secrets, database: &str) -> Result<(), ServerError> {
    run(client, sections().1, secrets, database).await
}

/// Sets the rights inside a database, over a connection to it.
pub(super) async fn prepare_inside(client: &Client, secrets: &Secrets, database: &str) -> Result<(), ServerError> {
    run(client, sections().2, secrets, database).await
}

fn sections() -> (&'static str, &'static str, &'static str) {
    parts(ROLES_SQL)
}

/// The parts of a script about roles, about the database as a whole, and inside it.
pub(super) fn parts(script: &str) -> (&str, &str, &str) {
    let (outside, inside) = script.split_once("\\connect :\"banco\"\n").unwrap_or((script, ""));
    let (roles, database) = outside.split_once("-- 2. Banco.\n").unwrap_or((outside, ""));
    (roles, database, inside)
}

/// Runs a script or a part of one, with `database` in the place of its variable.
pub(super) async fn run(client: &Client, script: &str, secrets: &Secrets, database: &str) -> Result<(), ServerError> {
    let refused = || ServerError::database("a preparação dos papéis");
    for (statement, expand) in statements(script) {
        let sql = fill(&statement, secrets, database);
        let answer = client.simple_query(&sql).await.map_err(refused())?;
        if !expand {
            continue;
        }
        for message in answer {
            if let SimpleQueryMessage::Row(row) = message
                && let Some(made) = row.get(0)
            {
                client.batch_execute(made).await.map_err(refused())?;
            }
        }
    }
    Ok(())
}

/// The statements of a script, each with whether its rows are statements to run (`\gexec`).
fn statements(script: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut open = String::new();
    for line in script.lines().map(str::trim_end) {
        if line.starts_with("--") || line.starts_with('\\') {
            continue;
        }
        let (text, expand) = match line.strip_suffix("\\gexec") {
            Some(text) => (text, true),
            None => (line, false),
        };
        open.push_str(text);
        open.push('\n');
        // Inside a function's body a line may end like a command.
        let inside = open.matches("$$").count() % 2 == 1;
        if expand || (text.ends_with(';') && !inside) {
            found.push((std::mem::take(&mut open), expand));
        }
    }
    found
}

/// Puts values in the place of psql's variables. Passwords are hexadecimal and the database's name
/// is a plain word, so that neither can end a literal.
fn fill(statement: &str, secrets: &Secrets, database: &str) -> Zeroizing<String> {
    let mut sql =
        statement.replace(":'banco'", &format!("'{database}'")).replace(":\"banco\"", &format!("\"{database}\""));
    for role in Role::ALL {
        let short = role.name().trim_start_matches("sigilo_");
        let quoted = format!("'{}'", secrets.of(*role));
        sql = sql.replace(&format!(":'senha_{short}'"), &quoted);
    }
    Zeroizing::new(sql)
}

/// A connection of its own task; ends when the client is dropped.
pub(super) async fn connect(url: &str) -> Result<Client, ServerError> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.map_err(ServerError::database("a conexão"))?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "connection ended");
        }
    });
    Ok(client)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_splits_into_whole_statements() {
        let (roles, database, inside) = sections();
        let all: Vec<_> = [roles, database, inside].into_iter().flat_map(statements).collect();
        assert_eq!(all.iter().filter(|(_, expand)| *expand).count(), 4);
        let secrets = Secrets::fresh();
        for (statement, expand) in &all {
            let sql = fill(statement, &secrets, DATABASE);
            assert!(!sql.contains(":'") && !sql.contains(":\""), "{statement}");
            assert_eq!(sql.trim_end().ends_with(';'), !expand, "{statement}");
        }
        assert_eq!((statements(database).len(), statements(inside).len()), (5, 18));
    }
}
