//! Which columns of an answer are hidden until they are asked for with a reason.

use tokio_postgres::types::Type;

use super::Examined;
use crate::classification::{Class, Classification, Column};

/// Whether a column is to be hidden. `origin`: the table and column it comes from unchanged, if it does.
///
/// A column that is computed has no origin. It is hidden when it could carry text and the statement names, anywhere, a
/// column that is hidden, or reads a table that has one in a way that names no columns: more is hidden than needed, and
/// nothing less. A number counts as text when the statement converts anything, for sixteen letters fit into a `uuid`.
pub(super) fn hides(statement: &Examined, origin: Option<(&str, &str)>, kind: &Type) -> bool {
    let all = Classification::of_the_product();
    match origin {
        Some((table, column)) => all
            .public_tables()
            .find(|(name, _)| *name == table)
            .and_then(|(_, table)| table.column(column))
            .is_some_and(is_hidden),
        None => (statement.converts && *kind != Type::BOOL || !is_harmless(kind)) && mentions_hidden(all, statement),
    }
}

fn is_hidden(column: &Column) -> bool {
    column.masked || column.class == Class::Secret
}

fn mentions_hidden(all: &Classification, statement: &Examined) -> bool {
    let read = all.public_tables().filter(|(name, _)| statement.tables.contains(*name));
    let mut hidden = read.flat_map(|(_, table)| &table.columns).filter(|column| is_hidden(column));
    hidden.any(|column| statement.whole_rows || statement.words.contains(&column.name))
}

/// Types whose values cannot spell anything, unless by conversion.
fn is_harmless(kind: &Type) -> bool {
    [
        Type::BOOL,
        Type::INT2,
        Type::INT4,
        Type::INT8,
        Type::FLOAT4,
        Type::FLOAT8,
        Type::NUMERIC,
        Type::DATE,
        Type::TIMESTAMP,
        Type::TIMESTAMPTZ,
        Type::INTERVAL,
        Type::UUID,
        Type::OID,
    ]
    .contains(kind)
}
