//! Rows as structs, with what a test needs to compare them to the schema.

use tokio_postgres::{
    Row,
    types::{FromSql, Type},
};

/// One column a row struct reads.
#[derive(Clone, Copy)]
pub struct ColumnSpec {
    /// The column's name in the statement.
    pub name: &'static str,
    /// Whether the struct accepts a null.
    pub nullable: bool,
    /// Whether the struct's type reads this PostgreSQL type.
    pub accepts: fn(&Type) -> bool,
}

/// Whether a Rust type reads nulls.
pub(crate) trait Nullability {
    const NULLABLE: bool;
}

macro_rules! not_null {
    ($($t:ty),*) => { $(impl Nullability for $t { const NULLABLE: bool = false; })* };
}
not_null!(
    bool,
    i32,
    i64,
    f32,
    f64,
    String,
    Vec<String>,
    Vec<u8>,
    Vec<i64>,
    Vec<uuid::Uuid>,
    uuid::Uuid,
    time::Date,
    time::PrimitiveDateTime,
    time::Time,
    time::OffsetDateTime,
    serde_json::Value
);
impl<T> Nullability for Option<T> {
    const NULLABLE: bool = true;
}

/// A struct read from a row, column by column in order.
pub(crate) trait FromRow: Sized {
    const COLUMNS: &'static [ColumnSpec];
    fn from_row(row: &Row) -> Result<Self, tokio_postgres::Error>;
}

pub(crate) const fn accepts<T: for<'a> FromSql<'a>>() -> fn(&Type) -> bool {
    <T as FromSql<'static>>::accepts
}

macro_rules! row {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$field_meta:meta])* $field:ident : $t:ty),+ $(,)? }) => {
        $(#[$meta])*
        $vis struct $name { $($(#[$field_meta])* pub $field: $t),+ }

        impl $crate::row::FromRow for $name {
            const COLUMNS: &'static [$crate::row::ColumnSpec] = &[$($crate::row::ColumnSpec {
                name: stringify!($field),
                nullable: <$t as $crate::row::Nullability>::NULLABLE,
                accepts: $crate::row::accepts::<$t>(),
            }),+];

            fn from_row(row: &::tokio_postgres::Row) -> ::std::result::Result<Self, ::tokio_postgres::Error> {
                let mut at = 0..;
                Ok($name { $($field: row.try_get(at.next().unwrap_or_default())?),+ })
            }
        }
    };
}
pub(crate) use row;
