//! `migrations/classification.toml` against the live schema, and the documents made from it.
#![allow(clippy::unwrap_used, reason = "a broken stand is a failed test")]

mod data_map;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs};

use sigilo_store::classification::{Class, Classification, Protection};
use sigilo_testkit::TestDatabase;

const HOW: &str = "run: UPDATE_DOCS=1 cargo test -p sigilo-store --test classification";

fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

/// Schema and name of each table → its columns with their types. Partitions have their parents' columns.
async fn live() -> BTreeMap<String, BTreeMap<String, String>> {
    let database = TestDatabase::fresh().await;
    let rows = database
        .superuser()
        .await
        .query(
            "SELECT n.nspname || '.' || c.relname, a.attname::text, a.atttypid::regtype::text
               FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname IN ('public', 'auth', 'ops') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
                AND NOT c.relispartition AND c.relname <> '_sqlx_migrations' AND a.attnum > 0 AND NOT a.attisdropped",
            &[],
        )
        .await
        .unwrap();
    let mut tables = BTreeMap::<String, BTreeMap<String, String>>::new();
    for row in rows {
        tables.entry(row.get(0)).or_default().insert(row.get(1), row.get(2));
    }
    tables
}

#[tokio::test]
async fn every_column_is_classified_and_every_classified_column_exists() {
    let classification = Classification::embedded().unwrap();
    let pairs = |table: &str, columns: Vec<&str>| columns.iter().map(|c| format!("{table}.{c}")).collect::<Vec<_>>();
    let live = live().await;
    let there: BTreeSet<String> =
        live.iter().flat_map(|(name, columns)| pairs(name, columns.keys().map(String::as_str).collect())).collect();
    let classified: BTreeSet<String> = classification
        .tables
        .iter()
        .flat_map(|table| pairs(&table.name, table.columns.iter().map(|column| column.name.as_str()).collect()))
        .collect();
    let unclassified: Vec<_> = there.difference(&classified).collect();
    let gone: Vec<_> = classified.difference(&there).collect();
    assert!(
        unclassified.is_empty() && gone.is_empty(),
        "migrations/classification.toml\nnot classified yet: {unclassified:#?}\nnot in the schema: {gone:#?}"
    );
}

/// What a column's type and name already give away.
#[tokio::test]
async fn the_obvious_is_not_contradicted() {
    let classification = Classification::embedded().unwrap();
    for (name, columns) in live().await {
        let table = classification.table(&name).unwrap();
        for (column, kind) in columns {
            let found = table.column(&column).unwrap();
            let place = format!("{name}.{column}");
            if kind == "inet" || column == "user_agent" {
                assert_eq!(found.class, Class::Personal, "{place}");
            }
            if column.ends_with("user_id") || column.ends_with("patient_id") {
                assert_eq!(found.class, Class::Pseudonymous, "{place}");
            }
            if column.starts_with("token") && kind == "bytea" {
                assert_eq!((found.class, found.protection), (Class::Secret, Protection::Hash), "{place}");
            }
            assert_eq!(column.ends_with("_sealed"), found.protection == Protection::Sealed, "{place}");
        }
    }
}

#[test]
fn retention_names_jobs_that_exist() {
    for rule in Classification::embedded().unwrap().retentions {
        if let Some(job) = &rule.job {
            assert!(sigilo_store::job::periods().any(|(name, _)| name == job), "{}: no job `{job}`", rule.code);
            assert!(rule.how.contains(&format!("`{job}`")), "{}: says nothing of `{job}`", rule.code);
        }
    }
}

fn compare(name: &str, wanted: &str) {
    let path = document(name);
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    // Not assert_eq: hundreds of lines say less than the command.
    assert!(found == wanted, "docs/{name} is not what migrations/classification.toml says; {HOW}");
}

#[test]
fn the_data_map_is_up_to_date() {
    compare("data-map.md", &data_map::data_map(&Classification::embedded().unwrap()));
}

/// The page is written by hand around a table that is not.
#[test]
fn the_retention_table_is_up_to_date() {
    const BEGIN: &str = "<!-- prazos: gerado -->\n";
    const END: &str = "<!-- fim dos prazos -->";
    let page = fs::read_to_string(document("retention.md")).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the table's beginning is marked");
    let (_, after) = rest.split_once(END).expect("the table's end is marked");
    let table = data_map::retention_table(&Classification::embedded().unwrap());
    compare("retention.md", &format!("{before}{BEGIN}{table}{END}{after}"));
}
