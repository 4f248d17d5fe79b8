//! Lets one reading statement through and says in words why another is not.
//!
//! This is the second of four layers. Whatever it overlooked would still meet a role that may only read, row security, a
//! read-only transaction and the extended protocol, which takes one command.

use std::{collections::BTreeSet, ops::ControlFlow};

use sqlparser::{
    ast::{Expr, Function, Ident, ObjectName, Query, Select, SetExpr, Statement, TableFactor, Visit, Visitor},
    dialect::PostgreSqlDialect,
    parser::Parser,
};

use crate::classification::Classification;

/// Longest statement, in bytes.
pub const MAX_SQL: usize = 20_000;
/// How deep a statement may be nested.
const MAX_DEPTH: usize = 40;

/// Tables of the catalogue that say how the database is protected, and nothing of anybody.
const CATALOGUE: &[&str] = &[
    "pg_tables",
    "pg_rewrite",
    "pg_policies",
    "pg_trigger",
    "pg_indexes",
    "pg_class",
    "pg_attribute",
    "pg_namespace",
    "pg_constraint",
    "pg_description",
    "pg_rules",
];
const INFORMATION_SCHEMA: &[&str] = &["tables", "columns", "table_constraints", "triggers", "table_privileges"];

/// Functions that only look at what they are given.
const FUNCTIONS: &[&str] = &[
    // Aggregates and windows.
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "bool_and",
    "bool_or",
    "every",
    "array_agg",
    "string_agg",
    "json_agg",
    "jsonb_agg",
    "json_object_agg",
    "jsonb_object_agg",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "variance",
    "percentile_cont",
    "percentile_disc",
    "mode",
    "row_number",
    "rank",
    "dense_rank",
    "percent_rank",
    "ntile",
    "lag",
    "lead",
    "first_value",
    "last_value",
    "nth_value",
    // Text.
    "lower",
    "upper",
    "initcap",
    "length",
    "char_length",
    "octet_length",
    "trim",
    "btrim",
    "ltrim",
    "rtrim",
    "left",
    "right",
    "substring",
    "substr",
    "replace",
    "concat",
    "concat_ws",
    "split_part",
    "strpos",
    "position",
    "starts_with",
    "reverse",
    "md5",
    "encode",
    "decode",
    "sha256",
    "convert_to",
    "regexp_replace",
    "regexp_match",
    "regexp_count",
    "to_char",
    "format_type",
    "quote_ident",
    // Numbers.
    "abs",
    "round",
    "ceil",
    "ceiling",
    "floor",
    "trunc",
    "mod",
    "power",
    "sqrt",
    "sign",
    "greatest",
    "least",
    "width_bucket",
    // Dates.
    "now",
    "date_trunc",
    "date_part",
    "extract",
    "age",
    "make_date",
    "make_interval",
    "to_date",
    "to_timestamp",
    "justify_days",
    "justify_hours",
    "date_bin",
    "current_date",
    "current_timestamp",
    "localtimestamp",
    // Nulls, lists and JSON.
    "coalesce",
    "nullif",
    "cardinality",
    "array_length",
    "array_to_string",
    "array_position",
    "unnest",
    "jsonb_typeof",
    "jsonb_array_length",
    "jsonb_array_elements",
    "jsonb_array_elements_text",
    "jsonb_object_keys",
    "jsonb_each",
    "jsonb_each_text",
    "jsonb_extract_path",
    "jsonb_extract_path_text",
    "jsonb_pretty",
    "jsonb_build_object",
    "row_to_json",
    "to_json",
    "to_jsonb",
    "host",
    "family",
    "masklen",
    "network",
    // The catalogue in words.
    "pg_get_expr",
    "pg_get_ruledef",
    "pg_get_triggerdef",
    "pg_get_constraintdef",
    "pg_get_indexdef",
    "obj_description",
    "col_description",
];

/// A statement that may run. Made only by [`examine`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    pub(super) sql: String,
    pub(super) explains: bool,
    /// The tables it reads.
    pub(super) tables: BTreeSet<String>,
    /// Every column it names, in lower case.
    pub(super) words: BTreeSet<String>,
    /// Whether it names a table, or what stands for one, in the place of a value.
    pub(super) whole_rows: bool,
}

/// Why a statement may not run, in Portuguese.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub String);

fn refuse<T>(why: impl Into<String>) -> Result<T, Refusal> {
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
    let parsed = Parser::new(&PostgreSqlDialect {})
        .with_recursion_limit(MAX_DEPTH)
        .try_with_sql(sql)
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
    let mut reader = Reader { explains, ..Reader::default() };
    if let ControlFlow::Break(why) = statement.visit(&mut reader) {
        return Err(*why);
    }
    for (schema, table) in &reader.relations {
        if !(schema.is_none() && reader.own.contains(table)) {
            known(schema.as_deref(), table)?;
        }
    }
    let sql = sql.trim().trim_end_matches(';').trim_end().to_owned();
    let whole_rows = reader.words.iter().any(|word| reader.stand_ins.contains(word));
    let tables = reader.relations.into_iter().map(|(_, table)| table).collect();
    Ok(Examined { sql, explains, tables, words: reader.words, whole_rows })
}

/// Whether it is an `EXPLAIN`; refuses what is neither that nor a query.
fn explained(statement: &Statement) -> Result<bool, Refusal> {
    match statement {
        Statement::Query(_) => Ok(false),
        Statement::Explain { analyze: false, options: None, statement, .. }
            if matches!(**statement, Statement::Query(_)) =>
        {
            Ok(true)
        }
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

/// Walks through a statement. Breaks at the first thing that may not be there.
#[derive(Default)]
struct Reader {
    explains: bool,
    relations: Vec<(Option<String>, String)>,
    /// Names that the statement itself gives to its queries.
    own: BTreeSet<String>,
    words: BTreeSet<String>,
    /// Names under which tables and queries are read.
    stand_ins: BTreeSet<String>,
    /// A function in the place of a table, which is visited as a table next.
    called: Option<ObjectName>,
}

type Step = ControlFlow<Box<Refusal>>;

fn stop(why: impl Into<String>) -> Step {
    ControlFlow::Break(Box::new(Refusal(why.into())))
}

fn lower(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

fn parts(name: &ObjectName) -> Option<Vec<String>> {
    name.0.iter().map(|part| part.as_ident().map(lower)).collect()
}

impl Reader {
    fn function(&mut self, name: &ObjectName) -> Step {
        let allowed = match parts(name).as_deref() {
            Some([name]) => FUNCTIONS.contains(&name.as_str()),
            Some([schema, name]) => schema == "pg_catalog" && FUNCTIONS.contains(&name.as_str()),
            _ => false,
        };
        if allowed {
            ControlFlow::Continue(())
        } else {
            stop(format!("A função {name} não é permitida no console."))
        }
    }
}

impl Visitor for Reader {
    type Break = Box<Refusal>;

    fn pre_visit_statement(&mut self, statement: &Statement) -> Step {
        match statement {
            Statement::Query(_) => ControlFlow::Continue(()),
            Statement::Explain { .. } if self.explains => ControlFlow::Continue(()),
            _ => stop("Aqui só se lê: INSERT, UPDATE e DELETE não são permitidos, nem dentro de um WITH."),
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> Step {
        if !query.locks.is_empty() {
            return stop("FOR UPDATE e FOR SHARE travam linhas; aqui só se lê.");
        }
        if let Some(with) = &query.with {
            let names = with.cte_tables.iter().map(|cte| lower(&cte.alias.name));
            self.own.extend(names.clone());
            self.stand_ins.extend(names);
        }
        match &*query.body {
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                stop("Aqui só se lê: INSERT, UPDATE e DELETE não são permitidos, nem dentro de um WITH.")
            }
            SetExpr::Table(_) => stop("Escreva SELECT * FROM no lugar de TABLE."),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_select(&mut self, select: &Select) -> Step {
        if select.into.is_some() {
            return stop("SELECT INTO cria uma tabela; aqui só se lê.");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> Step {
        if self.called.take().as_ref() == Some(relation) {
            return ControlFlow::Continue(());
        }
        self.stand_ins.extend(parts(relation).and_then(|parts| parts.last().cloned()));
        match parts(relation).as_deref() {
            Some([table]) => self.relations.push((None, table.clone())),
            Some([schema, table]) => self.relations.push((Some(schema.clone()), table.clone())),
            _ => return stop(format!("“{relation}” não é o nome de uma tabela.")),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Step {
        match factor {
            TableFactor::Table { name, args: Some(_), .. } => {
                self.called = Some(name.clone());
                self.function(name)
            }
            TableFactor::Function { name, .. } => self.function(name),
            TableFactor::Table { alias, args: None, sample: None, .. } | TableFactor::Derived { alias, .. } => {
                self.stand_ins.extend(alias.iter().map(|alias| lower(&alias.name)));
                ControlFlow::Continue(())
            }
            TableFactor::UNNEST { .. } | TableFactor::NestedJoin { .. } => ControlFlow::Continue(()),
            _ => stop("Esta forma de FROM não é permitida no console."),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Step {
        match expr {
            Expr::Function(Function { name, .. }) => self.function(name),
            Expr::Identifier(ident) => {
                self.words.insert(lower(ident));
                ControlFlow::Continue(())
            }
            Expr::CompoundIdentifier(idents) => {
                self.words.extend(idents.iter().map(lower));
                ControlFlow::Continue(())
            }
            Expr::CompoundFieldAccess { .. } => stop("Escreva a coluna sem parênteses em volta da linha."),
            _ => ControlFlow::Continue(()),
        }
    }
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
