//! Lets one reading statement through and says in words why another is not.
//!
//! This is the second of four layers. Whatever it overlooked would still meet a role that may only read, row security, a
//! read-only transaction and the extended protocol, which takes one command.

use std::{collections::BTreeSet, ops::ControlFlow};

use sqlparser::{
    ast::{
        DescribeAlias, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, JoinConstraint,
        JoinOperator, ObjectName, Query, Select, SelectItem, SetExpr, Statement, TableAlias, TableFactor,
        TableWithJoins, Visit, Visitor,
    },
    dialect::PostgreSqlDialect,
    parser::Parser,
};

use super::allowed::{CATALOGUE, ESTIMATES, FIELDS, FUNCTIONS, INFORMATION_SCHEMA};
use super::lexis;
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
    let mut reader = Reader { explains, ..Reader::default() };
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
    let whole_rows = reader.stars || reader.values.iter().any(|word| reader.stand_ins.contains(word));
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

/// Walks through a statement. Breaks at the first thing that may not be there.
#[derive(Default)]
struct Reader {
    explains: bool,
    relations: Vec<(Option<String>, String)>,
    /// Names that the statement itself gives to its queries.
    own: BTreeSet<String>,
    /// Every name.
    words: BTreeSet<String>,
    /// The names that stand in the place of a value.
    values: BTreeSet<String>,
    /// Those of them that stand alone.
    alone: BTreeSet<String>,
    /// `name.field`.
    fields: Vec<(String, String)>,
    /// Names under which tables and queries are read.
    stand_ins: BTreeSet<String>,
    /// Names under which functions are read as tables, and the columns named with them.
    calls: BTreeSet<String>,
    called_columns: BTreeSet<String>,
    stars: bool,
    converts: bool,
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

    /// A function read as a table.
    fn call(&mut self, name: Option<&ObjectName>, alias: Option<&TableAlias>) {
        self.calls.extend(name.and_then(parts).and_then(|parts| parts.last().cloned()));
        self.calls.extend(alias.map(|alias| lower(&alias.name)));
        let columns = alias.into_iter().flat_map(|alias| &alias.columns).map(|column| lower(&column.name));
        self.called_columns.extend(columns);
    }

    /// `row.name` calls a function where the row has no such column, so that a name could stand for a call that is not
    /// allowed. On a table it gets the whole row, which these functions only turn into text; on what a function answers,
    /// anything could be called.
    fn check_fields(&self) -> Result<(), Refusal> {
        let known = |name: &String| {
            self.calls.contains(name) || self.called_columns.contains(name) || FIELDS.contains(&name.as_str())
        };
        match self.fields.iter().find(|(of, field)| self.calls.contains(of) && !known(field)) {
            Some((of, field)) => refuse(format!("“{of}” não tem uma coluna “{field}”.")),
            None => Ok(()),
        }
    }

    fn check_estimates(&self) -> Result<(), Refusal> {
        let reads = self.relations.iter().any(|(_, table)| table == "pg_class");
        let sees = self.stars
            || self.alone.iter().any(|word| self.stand_ins.contains(word))
            || ESTIMATES.iter().any(|column| self.words.contains(*column));
        if reads && sees {
            return refuse(
                "De pg_class, escolha as colunas pelo nome; as estimativas de tamanho (reltuples, relpages) somam todas \
                 as clínicas e não são mostradas.",
            );
        }
        Ok(())
    }

    /// A join on columns that both sides have makes new ones of them.
    fn joined(&mut self, tables: &TableWithJoins) {
        self.stars |= tables.joins.iter().any(|join| !names_its_columns(&join.join_operator));
    }
}

/// Whether a join says by an expression what it joins on, or joins everything.
fn names_its_columns(operator: &JoinOperator) -> bool {
    match operator {
        JoinOperator::Join(on)
        | JoinOperator::Inner(on)
        | JoinOperator::Left(on)
        | JoinOperator::LeftOuter(on)
        | JoinOperator::Right(on)
        | JoinOperator::RightOuter(on)
        | JoinOperator::FullOuter(on)
        | JoinOperator::CrossJoin(on) => matches!(on, JoinConstraint::On(_) | JoinConstraint::None),
        _ => false,
    }
}

/// Whether a function is given all columns of a row: `f(t.*)`.
fn takes_a_star(function: &Function) -> bool {
    let FunctionArguments::List(list) = &function.args else { return false };
    list.args.iter().any(|arg| {
        let (FunctionArg::Named { arg, .. } | FunctionArg::ExprNamed { arg, .. } | FunctionArg::Unnamed(arg)) = arg;
        matches!(arg, FunctionArgExpr::QualifiedWildcard(_))
    })
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
            self.stars |= with.cte_tables.iter().any(|cte| !cte.alias.columns.is_empty());
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
        self.stars |= select
            .projection
            .iter()
            .any(|item| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)));
        for tables in &select.from {
            self.joined(tables);
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
            TableFactor::Table { name, alias, args: Some(_), .. } => {
                self.called = Some(name.clone());
                self.call(Some(name), alias.as_ref());
                self.function(name)
            }
            TableFactor::Function { name, alias, .. } => {
                self.call(Some(name), alias.as_ref());
                self.function(name)
            }
            TableFactor::Table { alias, args: None, sample: None, .. } | TableFactor::Derived { alias, .. } => {
                self.stars |= alias.iter().any(|alias| !alias.columns.is_empty());
                self.stand_ins.extend(alias.iter().map(|alias| lower(&alias.name)));
                ControlFlow::Continue(())
            }
            TableFactor::UNNEST { alias, .. } => {
                self.calls.insert("unnest".to_owned());
                self.call(None, alias.as_ref());
                ControlFlow::Continue(())
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                self.joined(table_with_joins);
                self.stars |= alias.iter().any(|alias| !alias.columns.is_empty());
                self.stand_ins.extend(alias.iter().map(|alias| lower(&alias.name)));
                ControlFlow::Continue(())
            }
            _ => stop("Esta forma de FROM não é permitida no console."),
        }
    }

    fn pre_visit_ident(&mut self, ident: &Ident) -> Step {
        self.words.insert(lower(ident));
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Step {
        match expr {
            Expr::Function(function) => {
                self.stars |= takes_a_star(function);
                self.function(&function.name)
            }
            Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => {
                self.stars = true;
                ControlFlow::Continue(())
            }
            Expr::Cast { expr, .. } => {
                self.converts |= !matches!(**expr, Expr::Value(_));
                ControlFlow::Continue(())
            }
            Expr::Identifier(ident) => {
                self.values.insert(lower(ident));
                self.alone.insert(lower(ident));
                ControlFlow::Continue(())
            }
            Expr::CompoundIdentifier(idents) => {
                self.values.extend(idents.iter().map(lower));
                if let [.., of, field] = idents.as_slice() {
                    self.fields.push((lower(of), lower(field)));
                }
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
