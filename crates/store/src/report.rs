//! Audit reports that were issued, and their files.

use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{Error, ReadTx, Result, SignInTx, WriteTx, row::row, statements::report as sql};

row! {
    /// A report that was issued.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Issued {
        /// The report.
        id: Uuid,
        /// Who issued it.
        by_name: Option<String>,
        /// The first day, as `01/11/2026`.
        period_from: Option<String>,
        /// The last day.
        period_to: Option<String>,
        /// The simulation that is part of it.
        simulation_id: Option<Uuid>,
        /// Queries that came out as they should.
        queries_ok: i32,
        /// Queries to be looked at.
        queries_attention: i32,
        /// Queries that came out as they should not.
        queries_problem: i32,
        /// Queries that say neither.
        queries_other: i32,
        /// When it was issued, as it says itself.
        issued_at: OffsetDateTime,
        /// The forms of its files: `pdf`, `json`, `html`.
        forms: Option<Vec<String>>,
        /// The SHA-256 of each, in hexadecimal.
        hashes: Option<Vec<String>>,
    }
}

row! {
    /// What a file is.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Known {
        /// Whose report.
        clinic_name: Option<String>,
        /// `pdf`, `html` or `json`.
        form: Option<String>,
        /// The report.
        report_id: Option<Uuid>,
        /// The first day, as `01/11/2026`.
        period_from: Option<String>,
        /// The last day.
        period_to: Option<String>,
        /// When it was issued.
        issued_at: Option<OffsetDateTime>,
        /// By which version of the product.
        product_version: Option<String>,
    }
}

/// A report that was drawn.
#[derive(Debug, Clone)]
pub struct New<'a> {
    /// Its identifier, which it names itself.
    pub id: Uuid,
    /// The simulation that is part of it.
    pub simulation: Option<Uuid>,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// Queries by how they came out: as they should, to be looked at, as they should not, neither.
    pub queries: [i32; 4],
    /// The product's version.
    pub version: &'a str,
    /// When it was issued, as it says itself.
    pub issued_at: OffsetDateTime,
    /// Its files by their form.
    pub files: [(&'static str, &'a [u8]); 3],
}

/// Records a report with its files.
///
/// # Errors
/// [`Error::Denied`] without a live grant.
pub async fn issue(tx: &WriteTx, new: &New<'_>) -> Result<()> {
    let [ok, attention, problem, other] = new.queries;
    let (from, to) = (new.from.to_string(), new.to.to_string());
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 10] =
        [&new.id, &new.simulation, &from, &to, &ok, &attention, &problem, &other, &new.version, &new.issued_at];
    tx.tx.execute_one(sql::ISSUE, &values).await?;
    for (form, content) in new.files {
        tx.tx.execute_one(sql::KEEP, &[&new.id, &form, &content]).await?;
    }
    Ok(())
}

/// The reports that the member may see, latest first.
///
/// # Errors
/// See [`Error`].
pub async fn recent(tx: &ReadTx) -> Result<Vec<Issued>> {
    tx.tx.rows(sql::RECENT, &[]).await
}

/// One of a report's files.
///
/// # Errors
/// [`Error::NotFound`] when it is not the clinic's, or the member may not see it.
pub async fn file(tx: &ReadTx, report: Uuid, form: &str) -> Result<Vec<u8>> {
    tx.tx.value(sql::FILE, &[&report, &form]).await?.ok_or(Error::NotFound)
}

/// What a file with this hash is; none: no report of this installation.
///
/// # Errors
/// See [`Error`].
pub async fn by_hash(tx: &SignInTx, hash: &str) -> Result<Option<Known>> {
    tx.0.optional(sql::BY_HASH, &[&hash]).await
}
