//! Lets one reading statement through and says in words why another is not.
//!
//! This is the second of four layers. Whatever it overlooked would still meet a role that may only read, row security, a
//! read-only transaction and the extended protocol, which takes one command.

use std::{collections::BTreeSet, ops::ControlFlow};

use sqlparser::{
    ast::{DescribeAlias, Statement, Visit},
    dialect::PostgreSqlDialect,
    parser::Parser,
};

use super::allowed::{CATALOGUE, INFORMATION_SCHEMA};
use super::{lexis, reader::Reader};
use crate::classification::Classification;

/// Longest statement, in bytes.
pub const MAX_SQL: usize = 20_000;
/// How deep a statement may be nested.
const MAX_DEPTH: usize = 40;

/// A statement that may run. Made only by [`examine`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// What runs: the text without its comments.
    pub(super) sql: String,
    pub(super) explains: bool,
    /// The tables it reads.
    pub(super) tables: BTreeSet<String>,
    /// Every name in it, in lower case.
    pub(super) words: BTreeSet<String>,
    /// Whether columns could get into it without being named: through a star, a whole row, a join on whatever both sides
    /// have, or new names for the columns of a table.
    pub(super) whole_rows: bool,
    /// Whether something computed is turned into another type in it.
    pub(super) converts: bool,
}

/// Why a statement may not run, in Portuguese.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub String);

pub(super) fn refuse<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(why.into()))
}

/// Reads a statement and lets it through when it can only read.
///
/// # Errors
/// What it does that it may not, in words.
pub fn examine(sql: &str) -> Result<Examined, Refusal> {
    if sql.len() > MAX_SQL {
        return refuse("A consulta é longa demais (o limite são 20.000 caracteres).");
    }
    if sql.contains('\0') {
        return refuse("A consulta contém um caractere nulo.");
    }
    let sql = lexis::plain(sql)?;
    let parsed = Parser::new(&PostgreSqlDialect {})
        .with_recursion_limit(MAX_DEPTH)
        .try_with_sql(&sql)
        .and_then(|mut parser| parser.parse_statements());
    let statements = match parsed {
        Ok(statements) => statements,
        Err(error) => return refuse(format!("Não entendi a consulta: {}.", in_words(&error.to_string()))),
    };
    let statement = match <[Statement; 1]>::try_from(statements) {
        Ok([statement]) => statement,
        Err(none) if none.is_empty() => return refuse("Escreva uma consulta."),
        Err(_) => return refuse("Só uma consulta de cada vez. Apague o que vem depois do ponto e vírgula."),
    };
    let explains = explained(&statement)?;
    let mut reader = Reader::new(explains);
    if let ControlFlow::Break(why) = statement.visit(&mut reader) {
        return Err(*why);
    }
    for (schema, table) in &reader.relations {
        if !(schema.is_none() && reader.own.contains(table)) {
            known(schema.as_deref(), table)?;
        }
    }
    reader.check_fields()?;
    reader.check_estimates()?;
    let mut sql = sql.trim().trim_end_matches(';').trim_end().to_owned();
    if explains {
        sql = without_costs(&sql)?;
    }
    let whole_rows = reader.whole_rows();
    let tables = reader.relations.into_iter().map(|(_, table)| table).collect();
    Ok(Examined { sql, explains, tables, words: reader.words, whole_rows, converts: reader.converts })
}

/// The same `EXPLAIN` without the planner's estimates, which count the rows of every clinic.
fn without_costs(sql: &str) -> Result<String, Refusal> {
    match sql.split_at_checked("explain".len()) {
        Some((verb, query)) if verb.eq_ignore_ascii_case("explain") => Ok(format!("EXPLAIN (COSTS OFF){query}")),
        _ => refuse("Comece por EXPLAIN."),
    }
}

/// Whether it is an `EXPLAIN`; refuses what is neither that nor a query.
fn explained(statement: &Statement) -> Result<bool, Refusal> {
    match statement {
        Statement::Query(_) => Ok(false),
        Statement::Explain {
            describe_alias: DescribeAlias::Explain,
            analyze: false,
            verbose: false,
            query_plan: false,
            estimate: false,
            format: None,
            options: None,
            statement,
        } if matches!(**statement, Statement::Query(_)) => Ok(true),
        Statement::Explain { .. } => {
            refuse("EXPLAIN só sem opções e de uma consulta: EXPLAIN ANALYZE executaria o comando.")
        }
        other => {
            let verb: String = other.to_string().chars().take_while(char::is_ascii_alphabetic).collect();
            refuse(format!("Aqui só se lê: use SELECT. {} não é permitido.", verb.to_uppercase()))
        }
    }
}

fn in_words(error: &str) -> String {
    let error = error.trim_start_matches("sql parser error: ");
    if error.contains("recursion limit") {
        "ela tem parênteses ou subconsultas demais".into()
    } else {
        error
            .replace("Expected: ", "esperava ")
            .replace(", found: ", " e encontrei ")
            .replace(" at Line: ", ", linha ")
            .replace(", Column: ", ", coluna ")
    }
}

fn known(schema: Option<&str>, table: &str) -> Result<(), Refusal> {
    let public = || Classification::of_the_product().public_tables().any(|(name, _)| name == table);
    let fits = match schema {
        None => public() || CATALOGUE.contains(&table),
        Some("public") => public(),
        Some("pg_catalog") => CATALOGUE.contains(&table),
        Some("information_schema") => INFORMATION_SCHEMA.contains(&table),
        Some(_) => false,
    };
    if fits {
        return Ok(());
    }
    let name = schema.map_or_else(|| table.to_owned(), |schema| format!("{schema}.{table}"));
    refuse(format!("A tabela “{name}” não está entre as que a auditoria pode ler. Veja a lista em Tabelas."))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use sigilo_domain::AuditQuery;

    fn why(sql: &str) -> String {
        match examine(sql) {
            Err(Refusal(why)) => why,
            Ok(_) => panic!("let through: {sql}"),
        }
    }

    #[test]
    fn the_manuals_queries_pass_as_written() {
        for query in AuditQuery::all() {
            let examined = examine(query.sql()).unwrap_or_else(|refusal| panic!("{}: {}", query.code(), refusal.0));
            assert_eq!(examined.sql, query.sql());
        }
    }

    #[test]
    fn reading_in_every_form_passes() {
        for sql in [
            "select 1",
            "SELECT * FROM profiles -- um comentário\n;",
            "WITH m AS (SELECT id FROM messages) SELECT count(*) FROM m",
            "VALUES (1, 'a'), (2, 'b')",
            "EXPLAIN SELECT * FROM audit_logs",
            "SELECT action, count(*) OVER (PARTITION BY action) FROM public.audit_logs LIMIT 5",
            "SELECT details ->> 'model', pg_catalog.lower(action) FROM audit_logs WHERE details @> '{}'",
            "SELECT 'audit_logs'::regclass, column_name FROM information_schema.columns",
            "SELECT e FROM audit_logs, jsonb_each_text(details) AS e",
            "SELECT a FROM unnest(ARRAY[1, 2]) AS a UNION ALL SELECT 3 ORDER BY 1",
            "SELECT e.key, e.value FROM audit_logs, jsonb_each_text(details) AS e",
            "SELECT u.n, u.ordinality FROM unnest(ARRAY[1, 2]) WITH ORDINALITY AS u(n, ordinality)",
            "SELECT c.relname, c.relrowsecurity FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace",
            "SELECT q.count FROM (SELECT count(*) FROM messages) q",
        ] {
            assert!(examine(sql).is_ok(), "{sql}: {:?}", examine(sql));
        }
    }

    #[test]
    fn everything_else_is_refused_in_words() {
        for (sql, word) in [
            ("", "Escreva"),
            ("SELECT 1; SELECT 2", "uma consulta de cada vez"),
            ("select 1; commit; set default_transaction_read_only=off", "uma consulta de cada vez"),
            ("DELETE FROM audit_logs", "DELETE"),
            ("UPDATE profiles SET full_name = 'x'", "UPDATE"),
            ("WITH d AS (DELETE FROM messages RETURNING *) SELECT * FROM d", "nem dentro de um WITH"),
            ("SELECT * FROM messages FOR UPDATE", "FOR UPDATE"),
            ("SELECT * INTO copia FROM profiles", "INTO"),
            ("CREATE TEMP TABLE t (a int)", "CREATE"),
            ("SET statement_timeout = 0", "SET"),
            ("SET TRANSACTION READ WRITE", "SET"),
            ("COMMIT", "COMMIT"),
            ("SHOW data_directory", "SHOW"),
            ("COPY profiles TO PROGRAM 'sh'", "COPY"),
            ("DO $$ BEGIN END $$", "o"),
            ("EXPLAIN ANALYZE SELECT 1", "ANALYZE"),
            ("EXPLAIN (ANALYZE) SELECT 1", "ANALYZE"),
            ("EXPLAIN DELETE FROM messages", "EXPLAIN"),
            ("SELECT set_config('statement_timeout', '0', false)", "set_config"),
            ("SELECT current_setting('app.token')", "current_setting"),
            ("SELECT lo_create(0)", "lo_create"),
            ("SELECT pg_sleep(100)", "pg_sleep"),
            ("SELECT pg_notify('a', 'b')", "pg_notify"),
            ("SELECT pg_advisory_lock(1)", "pg_advisory_lock"),
            ("SELECT pg_read_file('/etc/passwd')", "pg_read_file"),
            ("SELECT * FROM generate_series(1, 1000000000)", "generate_series"),
            ("SELECT repeat('x', 100000000)", "repeat"),
            ("SELECT query_to_xml('select 1', true, true, '')", "query_to_xml"),
            ("SELECT app.clinic_id()", "clinic_id"),
            ("SELECT \"pg_sleep\"(1)", "pg_sleep"),
            ("SELECT * FROM pg_roles", "pg_roles"),
            ("SELECT * FROM pg_stat_activity", "pg_stat_activity"),
            ("SELECT * FROM auth.sessions", "auth.sessions"),
            ("SELECT * FROM trail.audit_logs_2026_11", "trail"),
            ("SELECT * FROM outro.public.profiles", "não é o nome"),
            ("SELECT * FROM pg_settings", "pg_settings"),
            ("SELECT a.current_setting FROM unnest(ARRAY['app.token']) AS a", "current_setting"),
            ("SELECT unnest.current_setting FROM unnest(ARRAY['app.token'])", "current_setting"),
            ("SELECT x.pg_sleep FROM LATERAL unnest(ARRAY[9.0]) AS x", "pg_sleep"),
            ("SELECT v.pg_ls_dir FROM jsonb_array_elements_text('[\"/\"]') AS v(a)", "pg_ls_dir"),
            ("SELECT (a).current_setting FROM unnest(ARRAY['app.token']) AS a", "parênteses"),
            ("SELECT U&\"full\\005Fname\" FROM profiles", "U&"),
            ("SELECT E'a'\n'b\\', ' , usename FROM pg_stat_activity --'", "prefixo"),
            ("SELECT 1 %/* ' */ 2, current_setting($$app.token$$) --'", "$"),
            ("SELECT 1 %/* ' */ 2, current_setting('app.token') --'", "current_setting"),
            ("SELECT 1 |-- '\n 2, current_setting('app.token') --'", "current_setting"),
            (
                "SELECT usename FROM pg_stat_activity WHERE EXISTS (WITH pg_stat_activity AS (SELECT 1) SELECT 1)",
                "pg_stat_activity",
            ),
            ("SELECT c.reltuples FROM pg_class c", "reltuples"),
            ("SELECT * FROM pg_class", "reltuples"),
            ("SELECT to_json(c) FROM pg_class c", "reltuples"),
            ("EXPLAIN VERBOSE SELECT 1", "EXPLAIN"),
            ("DESC SELECT 1", "EXPLAIN"),
            ("TABLE profiles", "TABLE"),
            ("SELECT 1 \0", "nulo"),
        ] {
            assert!(why(sql).contains(word), "{sql}: {}", why(sql));
        }
        assert!(why(&"(".repeat(5_000)).contains("demais"));
        assert!(why(&format!("SELECT '{}'", "x".repeat(MAX_SQL))).contains("longa"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(sql in "(?s).{0,200}") {
            let _ = examine(&sql);
        }
    }
}
