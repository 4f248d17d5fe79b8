//! What a report is made of. Instants are UTC here and Brasília time where people read them.

use serde::{Deserialize, Serialize};
use sigilo_domain::audit_query::Level;
use time::{Date, OffsetDateTime};

/// The number of this form of the data.
pub const SCHEMA: u32 = 1;

/// A whole report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Its identifier, which stands in the trail too.
    pub id: String,
    /// Whose data it is about.
    pub clinic: String,
    /// Who asked for it, in words.
    pub issued_by: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub issued_at: OffsetDateTime,
    /// The days that requests, incidents and figures are about.
    pub period: Period,
    /// Whether the people in it are invented.
    pub demo: bool,
    /// Versions and settings that the results depend on.
    pub versions: Vec<Fact>,
    /// What happened in the period, in numbers.
    pub figures: Vec<Fact>,
    /// The manual's queries, in order.
    pub queries: Vec<Answered>,
    /// Demonstrations that were carried out; none, if this is no report of a simulation.
    pub demonstrations: Vec<Demonstration>,
    /// Requests of data subjects in the period, and those that were open.
    pub requests: Option<Vec<Request>>,
    /// Incidents in the period, and those that were open.
    pub incidents: Option<Vec<Incident>>,
    /// What is kept for how long.
    pub retention: Vec<Retention>,
}

/// Days, both counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// The first.
    pub from: Date,
    /// The last.
    pub to: Date,
}

/// A name and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What it is.
    pub name: String,
    /// How it is.
    pub value: String,
}

impl Fact {
    /// A name and its value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Fact {
        Fact { name: name.into(), value: value.into() }
    }
}

/// A level with the sentence that explains it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// How to take it.
    #[serde(with = "level")]
    pub level: Level,
    /// In Portuguese.
    pub sentence: String,
}

/// One of the manual's queries and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// `SQL-07`.
    pub code: String,
    /// The part of the manual.
    pub step: String,
    /// A few words.
    pub title: String,
    /// What an auditor asks.
    pub question: String,
    /// What a sound installation answers.
    pub expected: String,
    /// The article that asks for it.
    pub article: String,
    /// What stood in its placeholders.
    pub parameters: Vec<Fact>,
    /// The exact statement.
    pub sql: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Outcome {
    /// It was answered.
    Rows {
        /// What the rows say.
        finding: Finding,
        /// Names of the columns.
        columns: Vec<String>,
        /// Values as PostgreSQL writes them; none is NULL.
        rows: Vec<Vec<Option<String>>>,
        /// Whether there was more than the console reads.
        truncated: bool,
        /// Whether personal data is hidden.
        masked: bool,
        /// SHA-256 of the rows as in the console's record.
        hash: String,
        /// The record's identifier.
        run: String,
    },
    /// It was asked and has no answer; why, in Portuguese.
    Failed {
        /// Why.
        why: String,
        /// The record's identifier.
        run: String,
    },
    /// It was not asked, because there is nothing to ask about; why, in Portuguese.
    NotAsked {
        /// Why.
        why: String,
    },
}

/// Something shown for real.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demonstration {
    /// What was to be shown.
    pub title: String,
    /// What the script asks for.
    pub what: String,
    /// The article that asks for it.
    pub article: String,
    /// What it came to.
    pub finding: Finding,
    /// What was done, in order.
    pub stages: Vec<Stage>,
}

/// One step of a demonstration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What was done.
    pub done: String,
    /// Where it was recorded.
    pub stored: String,
    /// The article that asks for it.
    pub article: String,
    /// What it came to.
    pub finding: Finding,
    /// The rows that show it, where rows do.
    pub evidence: Option<Evidence>,
}

/// Rows that were looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// `SQL-07`; empty for a statement that is none of the manual's.
    pub code: String,
    /// The exact statement; empty where none was needed.
    pub sql: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// The first rows; none is NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// How many rows there were.
    pub count: usize,
    /// SHA-256 of all rows as in the console's record; empty without a statement.
    pub hash: String,
    /// The record's identifier; empty without a statement.
    pub run: String,
}

/// When something had to be done and was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// What had to be done.
    pub name: String,
    /// Until when, in words; a dash where no clock runs.
    pub until: String,
    /// When it was, in words; none: not yet.
    pub done: Option<String>,
    /// How it stands.
    pub finding: Finding,
}

/// A request of a data subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The last letters of its identifier.
    pub reference: String,
    /// The right, in words.
    pub right: String,
    /// Its article.
    pub article: String,
    /// When it was made, in words.
    pub asked: String,
    /// How it stands, in words.
    pub status: String,
    /// Its clock: the one that runs out first.
    pub clock: Clock,
}

/// A security incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// The last letters of its identifier.
    pub reference: String,
    /// Its kind, in words.
    pub kind: String,
    /// How grave, in words.
    pub severity: String,
    /// When it was noticed, in words.
    pub detected: String,
    /// How many people.
    pub affected: String,
    /// Whether it has to be told, in words.
    pub judgement: String,
    /// Open or closed, in words.
    pub status: String,
    /// Whether it is a drill.
    pub drill: bool,
    /// What had to be told to whom.
    pub clocks: Vec<Clock>,
}

/// What a table holds and how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// The table.
    pub table: String,
    /// What it holds.
    pub about: String,
    /// By which right.
    pub basis: String,
    /// For how long.
    pub period: String,
}

/// A level by its code.
mod level {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use sigilo_domain::audit_query::Level;

    pub(super) fn serialize<S: Serializer>(level: &Level, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(level.code())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Level, D::Error> {
        let code = String::deserialize(from)?;
        Level::ALL.into_iter().find(|level| level.code() == code).ok_or_else(|| D::Error::custom("no such level"))
    }
}
