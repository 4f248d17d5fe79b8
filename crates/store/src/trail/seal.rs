use std::pin::pin;

use futures_util::{TryStreamExt, future::try_join_all};
use time::OffsetDateTime;
use uuid::Uuid;

use super::LedgerRow;
use crate::{
    Result,
    row::{FromRow, row},
    statements::trail as sql,
    tx::Transaction,
};

row! {
    /// The latest round.
    #[derive(Debug, Clone)]
    pub struct Last {
        /// Its number.
        round: i64,
        /// What was visible to it.
        snapshot: String,
        /// On which server.
        system: String,
        /// Of the platform's log with it.
        root: Vec<u8>,
        /// Its signed checkpoint.
        note: String,
        /// When it was sealed.
        sealed_at: OffsetDateTime,
    }
}

row! {
    /// What a transaction sees, and on which server.
    #[derive(Debug, Clone)]
    pub struct Here {
        /// What is visible.
        snapshot: Option<String>,
        /// The server and database.
        system: Option<String>,
        /// The database's clock.
        at: Option<OffsetDateTime>,
    }
}

row! {
    /// Where a log stands.
    #[derive(Debug, Clone)]
    pub struct Head {
        /// The log.
        log_id: Uuid,
        /// The round that last added to it.
        round: i64,
        /// How many leaves it has.
        size: i64,
        /// Their root.
        root: Vec<u8>,
    }
}

row! {
    /// What a round added to a log.
    #[derive(Debug, Clone)]
    pub struct HeadRow {
        /// The round.
        round: i64,
        /// The log's size after it.
        size: i64,
        /// Its root after it.
        root: Vec<u8>,
        /// The rows that became leaves, in order.
        seqs: Vec<i64>,
        /// Their leaf hashes, 32 bytes each.
        hashes: Vec<u8>,
        /// The earliest instant of them.
        oldest: OffsetDateTime,
        /// The latest.
        newest: OffsetDateTime,
    }
}

row! {
    /// The root of 256 leaves.
    #[derive(Debug, Clone)]
    pub(crate) struct TileRow {
        /// Which 256.
        n: i64,
        /// Their root.
        root: Vec<u8>,
    }
}

row! {
    /// A round as the platform's log has it.
    #[derive(Debug, Clone)]
    pub struct Round {
        /// Its number, which is its index in the log.
        round: i64,
        /// When it was sealed.
        sealed_at: OffsetDateTime,
        /// The leaf, exactly.
        entry: String,
        /// Of the platform's log with it.
        root: Vec<u8>,
    }
}

row! {
    /// A checkpoint that is shown to others.
    #[derive(Debug, Clone)]
    pub struct Checkpoint {
        /// The round it seals up to.
        round: i64,
        /// The signed note, without cosignatures.
        note: String,
        /// Since when it is there.
        created_at: OffsetDateTime,
    }
}

row! {
    /// A row that was visible to the latest round and is in no log.
    #[derive(Debug, Clone)]
    pub struct Behind {
        /// Its number.
        seq: i64,
        /// Where it belongs.
        log_id: Option<Uuid>,
        /// When it says it was written.
        created_at: OffsetDateTime,
    }
}

row! {
    /// What is not sealed yet.
    #[derive(Debug, Clone)]
    pub struct Waiting {
        /// How many rows.
        waiting: Option<i64>,
        /// The earliest instant of them.
        oldest: Option<OffsetDateTime>,
    }
}

row! {
    /// A record that is not what the ledger last said of it.
    #[derive(Debug, Clone)]
    pub struct Difference {
        /// Whose.
        clinic_id: Option<Uuid>,
        /// Which.
        resource_id: Option<String>,
        /// `changed`, `removed` or `added`.
        finding: Option<String>,
        /// The ledger's last word, if there is one.
        seq: Option<i64>,
    }
}

/// A round to write.
#[derive(Debug)]
pub struct NewRound<'a> {
    /// Its number.
    pub round: i64,
    /// The instant in its entry.
    pub sealed_at: OffsetDateTime,
    /// What was visible.
    pub snapshot: &'a str,
    /// On which server.
    pub system: &'a str,
    /// The leaf of the platform's log.
    pub entry: &'a str,
    /// Of the platform's log with it.
    pub root: &'a [u8],
    /// Its checkpoint.
    pub note: &'a str,
    /// How many rows it seals.
    pub leaves: i32,
    /// The logs that grew.
    pub heads: &'a [NewHead],
    /// Tiles that became whole: log, number and root.
    pub tiles: &'a [(Uuid, i64, [u8; 32])],
}

/// What a round adds to a log.
#[derive(Debug, Clone)]
pub struct NewHead {
    /// The log.
    pub log_id: Uuid,
    /// Its size after it.
    pub size: i64,
    /// Its root after it.
    pub root: [u8; 32],
    /// The rows, in order.
    pub seqs: Vec<i64>,
    /// Their hashes, one after the other.
    pub hashes: Vec<u8>,
    /// The earliest instant of them.
    pub oldest: OffsetDateTime,
    /// The latest.
    pub newest: OffsetDateTime,
}

/// A transaction of the sealer: everything in it sees one instant.
pub struct SealTx(pub(crate) Transaction);

impl SealTx {
    /// Whether nobody else is sealing; if so, nobody else will until this transaction ends.
    ///
    /// # Errors
    /// See [`crate::Error`]; so for all methods here.
    pub async fn alone(&self) -> Result<bool> {
        Ok(self.0.value(sql::ALONE, &[]).await?.unwrap_or(false))
    }

    /// The latest round, if there is one.
    pub async fn last(&self) -> Result<Option<Last>> {
        self.0.optional(sql::LAST, &[]).await
    }

    /// What is visible to this transaction.
    pub async fn here(&self) -> Result<Here> {
        self.0.one(sql::HERE, &[]).await
    }

    /// Hands over each row of a transaction that `snapshot` did not see, by its number.
    pub async fn unsealed(&self, snapshot: &str, take: impl FnMut(LedgerRow)) -> Result<()> {
        self.each(sql::UNSEALED, &[&snapshot], take).await
    }

    /// How much of that there is.
    pub async fn waiting(&self, snapshot: &str) -> Result<Waiting> {
        self.0.one(sql::WAITING, &[&snapshot]).await
    }

    /// The public keys that the trail is sealed with, one a line.
    pub async fn keys(&self) -> Result<Option<String>> {
        Ok(self.0.value::<Option<String>>(sql::KEYS, &[]).await?.flatten())
    }

    /// Hands over each row that has no leaf, by its number. Reads everything.
    pub async fn unsealed_anywhere(&self, take: impl FnMut(LedgerRow)) -> Result<()> {
        self.each(sql::UNSEALED_ANYWHERE, &[], take).await
    }

    /// The rows with these numbers that exist, by number, none of them outside the two instants.
    pub async fn rows(&self, seqs: &[i64], oldest: OffsetDateTime, newest: OffsetDateTime) -> Result<Vec<LedgerRow>> {
        self.0.rows(sql::ROWS, &[&seqs, &oldest, &newest]).await
    }

    /// Rows that `snapshot` saw and that no log has: written behind what is sealed. At most a thousand.
    pub async fn behind(&self, snapshot: &str) -> Result<Vec<Behind>> {
        self.0.rows(sql::BEHIND, &[&snapshot]).await
    }

    /// Where every log stood at a round, by identifier. [`i64::MAX`] is the latest.
    pub async fn heads_at(&self, round: i64) -> Result<Vec<Head>> {
        self.0.rows(sql::HEADS_AT, &[&round]).await
    }

    /// Where a log stands, if it has leaves.
    pub async fn head(&self, log: Uuid) -> Result<Option<Head>> {
        self.0.optional(sql::HEAD, &[&log]).await
    }

    /// The roots of `count` whole tiles of 256 leaves of a log from the `first` on, in order.
    pub async fn tiles(&self, log: Uuid, first: i64, count: i64) -> Result<Vec<(i64, Vec<u8>)>> {
        let rows: Vec<TileRow> = self.0.rows(sql::TILES, &[&log, &first, &count]).await?;
        Ok(rows.into_iter().map(|row| (row.n, row.root)).collect())
    }

    /// What the rounds up to `round` added to a log, where that touches the leaves from `start` to before `end`, in order.
    pub async fn heads(&self, log: Uuid, start: i64, end: i64, round: i64) -> Result<Vec<HeadRow>> {
        self.0.rows(sql::HEADS, &[&log, &start, &end, &round]).await
    }

    /// The round that made a row of the ledger a leaf of a log, if one did.
    pub async fn leaf(&self, log: Uuid, seq: i64) -> Result<Option<HeadRow>> {
        self.0.optional(sql::LEAF, &[&log, &seq]).await
    }

    /// Whether the clinic of a log has a row of this number, sealed or not.
    pub async fn is_of(&self, log: Uuid, seq: i64) -> Result<bool> {
        Ok(self.0.value(sql::IS_OF, &[&log, &seq]).await?.unwrap_or(false))
    }

    /// Some of the rounds up to one that added to a log, evenly spread, latest first.
    pub async fn changed(&self, log: Uuid, round: i64, most: i64) -> Result<Vec<i64>> {
        self.0.values(sql::CHANGED, &[&log, &round, &most]).await
    }

    /// Hands over the rounds between two, in order.
    pub async fn each_round(&self, from: i64, to: i64, take: impl FnMut(Round)) -> Result<()> {
        self.each(sql::ROUNDS, &[&from, &to], take).await
    }

    /// Writes a round with all that it adds.
    pub async fn add_round(&self, new: &NewRound<'_>) -> Result<()> {
        self.0
            .execute(
                sql::ADD_ROUND,
                &[
                    &new.round,
                    &new.sealed_at,
                    &new.snapshot,
                    &new.system,
                    &new.entry,
                    &new.root,
                    &new.note,
                    &new.leaves,
                ],
            )
            .await?;
        let tx = &self.0;
        try_join_all(new.heads.iter().map(async |head| {
            tx.execute(
                sql::ADD_HEAD,
                &[
                    &head.log_id,
                    &new.round,
                    &head.size,
                    &head.root.as_slice(),
                    &head.seqs,
                    &head.hashes,
                    &head.oldest,
                    &head.newest,
                ],
            )
            .await
        }))
        .await?;
        try_join_all(
            new.tiles.iter().map(async |(log, n, root)| tx.execute(sql::ADD_TILE, &[log, n, &root.as_slice()]).await),
        )
        .await?;
        Ok(())
    }

    /// The latest checkpoint for others at or before a round.
    pub async fn checkpoint(&self, round: i64) -> Result<Option<Checkpoint>> {
        self.0.optional(sql::CHECKPOINT, &[&round]).await
    }

    /// Keeps a checkpoint for others.
    pub async fn add_checkpoint(&self, round: i64, note: &str) -> Result<()> {
        self.0.execute(sql::ADD_CHECKPOINT, &[&round, &note]).await.map(drop)
    }

    /// The tables that are compared with the ledger.
    pub async fn watched(&self) -> Result<Vec<String>> {
        self.0.values(sql::WATCHED, &[]).await
    }

    /// The first records of a watched table that are not what the ledger last said of them.
    pub async fn reconcile(&self, table: &str, most: i32) -> Result<Vec<Difference>> {
        self.0.rows(sql::RECONCILE, &[&table, &most]).await
    }

    /// The ledger's guards that are missing.
    pub async fn gaps(&self) -> Result<Vec<String>> {
        self.0.values(sql::GAPS, &[]).await
    }

    async fn each<R: FromRow>(
        &self,
        statement: &'static str,
        params: &[&(dyn tokio_postgres::types::ToSql + Sync)],
        mut take: impl FnMut(R),
    ) -> Result<()> {
        let rows = self.0.stream(statement, params).await?;
        let mut rows = pin!(rows);
        while let Some(row) = rows.try_next().await? {
            take(R::from_row(&row)?);
        }
        Ok(())
    }
}
