//! Figures about the assistant.

use serde_json::Value;
use time::OffsetDateTime;

use crate::{ReadTx, Result, row::row, setup::Owner, statements::governance as sql};

row! {
    /// One figure of one month and one model.
    #[derive(Debug, Clone)]
    pub struct Figure {
        /// What is measured, as `alucinacao`.
        metric: String,
        /// The model.
        model: String,
        /// First day, as `2026-11-01`.
        period_start: String,
        /// The day after the last one.
        period_end: String,
        /// Cases in which it happened.
        numerator: f64,
        /// Cases looked at.
        denominator: i64,
        /// The figure.
        value: f64,
        /// Lower end of the interval of 95 %.
        ci_low: Option<f64>,
        /// Upper end of it.
        ci_high: Option<f64>,
        /// When it was computed.
        computed_at: OffsetDateTime,
    }
}

row! {
    /// The result of an evaluation.
    #[derive(Debug, Clone)]
    pub struct Evaluation {
        /// `acuracia` or `vies`.
        kind: String,
        /// What was evaluated.
        subject: String,
        /// The figures.
        result: Value,
        /// When it ran.
        run_at: OffsetDateTime,
    }
}

/// The clinic's figures of the last year, latest first.
///
/// # Errors
/// See [`crate::Error`].
pub async fn figures(tx: &ReadTx) -> Result<Vec<Figure>> {
    tx.tx.rows(sql::FIGURES, &[]).await
}

/// The last evaluation of each kind.
///
/// # Errors
/// See [`crate::Error`].
pub async fn evaluations(tx: &ReadTx) -> Result<Vec<Evaluation>> {
    tx.tx.rows(sql::EVALUATIONS, &[]).await
}

impl Owner {
    /// Keeps the result of an evaluation.
    ///
    /// # Errors
    /// See [`crate::Error`].
    pub async fn keep_evaluation(&self, kind: &str, subject: &str, result: &Value) -> Result<()> {
        Ok(self.client().execute(sql::EVALUATED, &[&kind, &subject, result]).await.map(drop)?)
    }
}
