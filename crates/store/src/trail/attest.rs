use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::SealTx;
use crate::{Result, row::row, statements::trail as sql};

row! {
    /// Somebody who watches the log and cosigns what only grows.
    #[derive(Debug, Clone)]
    pub struct Witness {
        /// Their name, as in their key.
        name: String,
        /// Their key, as C2SP signed notes write it.
        verifier_key: String,
        /// Where they answer; none for whoever is brought the checkpoint.
        url: Option<String>,
        /// Whether somebody outside the operator's control runs it.
        independent: bool,
        /// The last size that they cosigned.
        size: i64,
        /// When.
        seen_at: Option<OffsetDateTime>,
        /// Why they could not be asked.
        problem: Option<String>,
        /// Whether they saw another history.
        contradicts: bool,
        /// Since when they watch.
        created_at: OffsetDateTime,
    }
}

row! {
    /// A stamp that is to be asked for.
    #[derive(Debug, Clone)]
    pub struct WantedStamp {
        /// The checkpoint's round.
        round: i64,
        /// Of whom.
        authority: String,
        /// How often that was tried.
        tries: i32,
        /// What is stamped.
        note: String,
    }
}

row! {
    /// A time stamp over a checkpoint, there or wanted.
    #[derive(Debug, Clone)]
    pub struct Stamp {
        /// The checkpoint's round.
        round: i64,
        /// Whose.
        authority: String,
        /// `pending` or `granted`.
        status: String,
        /// The RFC 3161 token.
        token: Option<Vec<u8>>,
        /// The instant that it attests.
        gen_time: Option<OffsetDateTime>,
        /// How often it was asked for.
        tries: i32,
        /// Why it is not there.
        problem: Option<String>,
        /// When it was first wanted.
        created_at: OffsetDateTime,
    }
}

impl SealTx {
    /// Who watches.
    ///
    /// # Errors
    /// See [`crate::Error`]; so for all methods here.
    pub async fn witnesses(&self) -> Result<Vec<Witness>> {
        self.0.rows(sql::WITNESSES, &[]).await
    }

    /// Adds a witness, or changes what is known of one.
    pub async fn keep_witness(&self, name: &str, key: &str, url: Option<&str>, independent: bool) -> Result<()> {
        self.0.execute(sql::KEEP_WITNESS, &[&name, &key, &url, &independent]).await.map(drop)
    }

    /// Forgets a witness that has cosigned nothing; says whether there was one.
    pub async fn drop_witness(&self, name: &str) -> Result<bool> {
        Ok(self.0.execute(sql::DROP_WITNESS, &[&name]).await? == 1)
    }

    /// Notes how far a witness got, or why it could not be asked.
    pub async fn saw(&self, name: &str, size: i64, problem: Option<&str>, contradicts: bool) -> Result<()> {
        self.0.execute_one(sql::SAW, &[&name, &size, &problem, &contradicts]).await
    }

    /// The cosignatures of a checkpoint, one line each.
    pub async fn cosignatures(&self, round: i64) -> Result<Vec<String>> {
        self.0.values(sql::COSIGNATURES, &[&round]).await
    }

    /// Keeps a cosignature.
    pub async fn add_cosignature(&self, round: i64, witness: &str, line: &str) -> Result<()> {
        self.0.execute(sql::ADD_COSIGNATURE, &[&round, &witness, &line]).await.map(drop)
    }

    /// Wants a stamp over a checkpoint.
    pub async fn ask_stamp(&self, round: i64, authority: &str) -> Result<()> {
        self.0.execute(sql::ASK_STAMP, &[&round, &authority]).await.map(drop)
    }

    /// When a stamp was last wanted.
    pub async fn latest_stamp(&self) -> Result<Option<OffsetDateTime>> {
        Ok(self.0.value::<Option<OffsetDateTime>>(sql::LATEST_STAMP, &[]).await?.flatten())
    }

    /// Stamps that are due to be asked for.
    pub async fn wanted_stamps(&self) -> Result<Vec<WantedStamp>> {
        self.0.rows(sql::WANTED_STAMPS, &[]).await
    }

    /// Keeps a stamp that came.
    pub async fn stamped(&self, round: i64, authority: &str, token: &[u8], at: OffsetDateTime) -> Result<()> {
        self.0.execute_one(sql::STAMPED, &[&round, &authority, &token, &at]).await
    }

    /// Notes that a stamp did not come, and in how many seconds to ask again.
    pub async fn not_stamped(&self, round: i64, authority: &str, problem: &str, pause: f64) -> Result<()> {
        self.0.execute_one(sql::NOT_STAMPED, &[&round, &authority, &problem, &pause]).await
    }

    /// The latest stamps of checkpoints up to a round.
    pub async fn stamps(&self, round: i64, most: i64) -> Result<Vec<Stamp>> {
        self.0.rows(sql::STAMPS, &[&round, &most]).await
    }

    /// The latest examination, if there was one.
    pub async fn examination(&self) -> Result<Option<ExaminationRow>> {
        self.0.optional(sql::EXAMINATION, &[]).await
    }

    /// Drafts an incident for a clinic of what an examination found, or lets the open one grow.
    pub async fn suspect(&self, clinic: Uuid, count: i32, examination: Uuid) -> Result<()> {
        self.0.execute(sql::SUSPECT, &[&clinic, &count, &examination]).await.map(drop)
    }

    /// Keeps what an examination found.
    pub async fn add_examination(&self, of: &Examined<'_>) -> Result<Uuid> {
        let count = i32::try_from(of.finding_count).unwrap_or(i32::MAX);
        let params: &[&(dyn tokio_postgres::types::ToSql + Sync)] =
            &[&of.started_at, &of.rounds, &of.leaves, &of.tables, of.findings, &count];
        self.0.value(sql::ADD_EXAMINATION, params).await?.ok_or(crate::Error::NotFound)
    }
}

row! {
    /// The latest examination.
    #[derive(Debug, Clone)]
    pub struct ExaminationRow {
        /// It.
        id: Uuid,
        /// When it began.
        started_at: OffsetDateTime,
        /// When it ended.
        finished_at: OffsetDateTime,
        /// How many rounds were read.
        rounds: i64,
        /// How many leaves.
        leaves: i64,
        /// How many tables were compared.
        tables: i64,
        /// What is not as it was sealed, a list of objects.
        findings: Value,
        /// How many there are.
        finding_count: i32,
    }
}

/// What an examination of the whole trail found.
#[derive(Debug)]
pub struct Examined<'a> {
    /// When it began.
    pub started_at: OffsetDateTime,
    /// How many rounds were read.
    pub rounds: i64,
    /// How many leaves.
    pub leaves: i64,
    /// How many tables were compared.
    pub tables: i64,
    /// The findings, a list.
    pub findings: &'a Value,
    /// How many there are.
    pub finding_count: usize,
}
