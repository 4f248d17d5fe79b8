//! Walks through a statement, gathers what it names and stops at what may not be there.

use std::{collections::BTreeSet, ops::ControlFlow};

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, JoinConstraint, JoinOperator, ObjectName,
    Query, Select, SelectItem, SetExpr, Statement, TableAlias, TableFactor, TableWithJoins, Visitor,
};

use super::allowed::{ESTIMATES, FIELDS, FUNCTIONS};
use super::{Refusal, guard::refuse};

/// Walks through a statement. Breaks at the first thing that may not be there.
#[derive(Default)]
pub(super) struct Reader {
    explains: bool,
    /// The tables it reads, with their schemas where it names them.
    pub(super) relations: Vec<(Option<String>, String)>,
    /// Names that the statement itself gives to its queries.
    pub(super) own: BTreeSet<String>,
    /// Every name.
    pub(super) words: BTreeSet<String>,
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
    /// Whether columns come in without being named.
    stars: bool,
    /// Whether something computed is turned into another type.
    pub(super) converts: bool,
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
    pub(super) fn new(explains: bool) -> Reader {
        Reader { explains, ..Reader::default() }
    }

    /// Whether columns could come in without being named.
    pub(super) fn whole_rows(&self) -> bool {
        self.stars || self.values.iter().any(|word| self.stand_ins.contains(word))
    }

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
    pub(super) fn check_fields(&self) -> Result<(), Refusal> {
        let known = |name: &String| {
            self.calls.contains(name) || self.called_columns.contains(name) || FIELDS.contains(&name.as_str())
        };
        match self.fields.iter().find(|(of, field)| self.calls.contains(of) && !known(field)) {
            Some((of, field)) => refuse(format!("“{of}” não tem uma coluna “{field}”.")),
            None => Ok(()),
        }
    }

    /// Sizes of tables count the rows of every clinic.
    pub(super) fn check_estimates(&self) -> Result<(), Refusal> {
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
            // Such a name would let a table of the catalogue pass elsewhere in the statement, where it means that table.
            if let Some(cte) = with.cte_tables.iter().find(|cte| lower(&cte.alias.name).starts_with("pg_")) {
                return stop(format!(
                    "Dê outro nome a “{}”: os que começam por pg_ são do PostgreSQL.",
                    cte.alias.name
                ));
            }
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
