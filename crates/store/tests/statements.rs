//! Every statement of `queries/` against the migrated schema, as the role that runs it.
#![allow(clippy::unwrap_used)]

use sigilo_store::{server::Role, statements};
use sigilo_testkit::TestDatabase;

fn role_of(name: &str) -> Role {
    match name.split('.').next().unwrap() {
        "account" | "factor" => Role::Auth,
        "job" | "copies" => Role::Jobs,
        "session" => match name {
            "session.enter" | "session.standing" | "session.recent_access" | "session.audit" => Role::App,
            _ => Role::Auth,
        },
        "rights"
            if [
                "rights.executed",
                "rights.close",
                "rights.complete",
                "rights.with_keys",
                "rights.keys_destroyed",
                "rights.destroyed",
            ]
            .contains(&name) =>
        {
            Role::Jobs
        }
        "elimination" if ["elimination.executed", "elimination.close"].contains(&name) => Role::Jobs,
        "consent" if name == "consent.by_code" => Role::Auth,
        "consent" if name.ends_with("stamps") || name.ends_with("stamped") => Role::Sealer,
        "rights" if name == "rights.by_link" => Role::Auth,
        "answer" if name == "answer.image_late" => Role::Jobs,
        "report" if name == "report.by_hash" => Role::Auth,
        "console" if name == "console.grant_as_operator" => Role::Auth,
        "governance" if name == "governance.evaluated" => Role::Owner,
        "setup" if ["setup.is_seeded", "setup.demo_people"].contains(&name) => Role::Auth,
        "setup" => Role::Owner,
        "trail" if ["trail.tell_image_key", "trail.images"].contains(&name) => Role::App,
        "trail" => Role::Sealer,
        _ => Role::App,
    }
}

#[tokio::test]
async fn every_statement_prepares_and_its_rows_fit_the_structs() {
    let database = TestDatabase::fresh().await;
    let owner = database.superuser().await;
    let shapes = statements::shapes();
    let mut wrong = Vec::new();
    for (name, sql) in statements::ALL {
        let client = database.connect(role_of(name)).await;
        let statement = match client.prepare(sql).await {
            Ok(statement) => statement,
            Err(error) => {
                wrong.push(format!("{name}: {error:?}"));
                continue;
            }
        };
        let Some(shape) = shapes.iter().find(|shape| shape.sql == *sql) else { continue };
        if statement.columns().len() != shape.columns.len() {
            wrong.push(format!(
                "{name}: {} columns, the struct reads {}",
                statement.columns().len(),
                shape.columns.len()
            ));
            continue;
        }
        for (column, read) in statement.columns().iter().zip(shape.columns) {
            if column.name() != read.name {
                wrong.push(format!("{name}: column {} where the struct reads {}", column.name(), read.name));
            }
            if !(read.accepts)(column.type_()) {
                wrong.push(format!("{name}: {} is {}, which the struct cannot read", column.name(), column.type_()));
            }
            if let (Some(table), Some(number), false) = (column.table_oid(), column.column_id(), read.nullable) {
                let not_null: bool = owner
                    .query_one(
                        "SELECT attnotnull FROM pg_attribute WHERE attrelid = $1 AND attnum = $2",
                        &[&table, &number],
                    )
                    .await
                    .unwrap()
                    .get(0);
                if !not_null {
                    wrong.push(format!("{name}: {} may be null, the struct cannot", column.name()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_statement_begins_with_its_name() {
    for (name, sql) in statements::ALL {
        assert!(sql.starts_with(&format!("-- {name}\n")), "{name}");
    }
}
