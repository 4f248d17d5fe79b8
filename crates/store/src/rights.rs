//! Requests of data subjects, and the deletion of an account as a plan.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use sigilo_domain::SubjectRight;

use crate::{Db, Error, ReadTx, Result, SignInTx, Token, WriteTx, keystore, row::row, statements::rights as sql};

row! {
    /// A request.
    #[derive(Debug, Clone)]
    pub struct Request {
        /// The request.
        id: Uuid,
        /// Who asked.
        requester_user_id: Uuid,
        /// Their name; empty in their own list.
        requester_name: Option<String>,
        /// By which right.
        right_code: String,
        /// The article that gives it.
        legal_article: String,
        /// `pending`, `in_progress`, `completed`, `refused` or `cancelled`.
        status: String,
        /// In the subject's words.
        description: Option<String>,
        /// When.
        requested_at: OffsetDateTime,
        /// Fifteen business days later.
        deadline_at: OffsetDateTime,
        /// The law's own term, where it has one.
        legal_deadline_at: Option<OffsetDateTime>,
        /// Whichever comes first.
        alert_at: OffsetDateTime,
        /// When somebody took it up.
        acknowledged_at: Option<OffsetDateTime>,
        /// When it was fulfilled.
        completed_at: Option<OffsetDateTime>,
        /// What the subject was told.
        outcome_note: Option<String>,
        /// The article of a refusal.
        refusal_article: Option<String>,
        /// Counts its changes.
        version: i32,
        /// Recipients that nobody has told yet; none in the member's own list.
        notices_open: Option<i64>,
        /// How it came; `session`: through the subject's own account.
        channel: String,
        /// How it was made sure who asked.
        identity_check: String,
        /// Why it stands still, if it does; none in the member's own list.
        stall: Option<String>,
        /// Since when.
        stalled_since: Option<OffsetDateTime>,
    }
}

row! {
    /// Somebody for whom a request may be written down.
    #[derive(Debug, Clone)]
    pub struct Subject {
        /// The account.
        user_id: Uuid,
        /// The name.
        display_name: String,
    }
}

row! {
    /// What is kept of a request's evidence, without the file.
    #[derive(Debug, Clone)]
    pub struct EvidenceRow {
        /// The evidence.
        id: Uuid,
        /// By what somebody else asked; none: the subject in person.
        representation: Option<String>,
        /// Who, sealed.
        representative_sealed: Option<Vec<u8>>,
        /// The file's media type.
        file_type: String,
        /// Its size in bytes.
        file_size: i32,
        /// Its SHA-256, in hexadecimal.
        file_sha256: String,
    }
}

/// A request that came another way.
#[derive(Debug)]
pub struct NewRequest<'a> {
    /// The identifier that the form brought along.
    pub id: Uuid,
    /// Whose rights.
    pub subject: Uuid,
    /// Which right.
    pub right: SubjectRight,
    /// What was asked for.
    pub description: &'a str,
    /// When it was received.
    pub received_at: OffsetDateTime,
    /// How it came.
    pub channel: &'a str,
    /// How it was made sure who asked.
    pub identity: &'a str,
}

/// What proves who asked, sealed.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is a column of request_evidence, described in its classification")]
pub struct NewEvidence<'a> {
    pub id: Uuid,
    pub request: Uuid,
    pub representation: Option<&'a str>,
    pub representative_sealed: Option<&'a [u8]>,
    pub file_sealed: &'a [u8],
    pub file_type: &'a str,
    pub file_size: i32,
    pub file_sha256: &'a str,
}

row! {
    /// Something that happened to a request.
    #[derive(Debug, Clone)]
    pub struct RequestEvent {
        /// What.
        kind: String,
        /// When.
        created_at: OffsetDateTime,
        /// Who; none: a job, or somebody whose name is gone.
        actor_name: Option<String>,
    }
}

row! {
    /// The plan for the deletion of an account.
    #[derive(Debug, Clone)]
    pub struct Plan {
        /// The plan.
        id: Uuid,
        /// `draft`, `approved`, `running`, `executed` or `closed`.
        status: String,
        /// Table, action, rows and article, one object each.
        steps: Value,
        /// Rows done, by table.
        done: Value,
        /// Who drafted it.
        drafted_by: Uuid,
        /// Their name.
        drafted_name: Option<String>,
        /// When.
        drafted_at: OffsetDateTime,
        /// Who approved it.
        approved_name: Option<String>,
        /// When.
        approved_at: Option<OffsetDateTime>,
        /// When it was carried out.
        executed_at: Option<OffsetDateTime>,
        /// When the person's keys were destroyed.
        keys_destroyed_at: Option<OffsetDateTime>,
        /// What was done, signed.
        receipt: Option<Value>,
        /// The signature, in base64.
        receipt_signature: Option<String>,
        /// Whether the reader drafted it.
        own_draft: Option<bool>,
    }
}

row! {
    /// Somebody who received data of the subject and must be told.
    #[derive(Debug, Clone)]
    pub struct Notice {
        /// The notice.
        id: Uuid,
        /// `language_model` or `identity_provider`.
        kind: String,
        /// Their address.
        recipient: String,
        /// When they were told.
        done_at: Option<OffsetDateTime>,
        /// Who says so.
        done_by_name: Option<String>,
        /// How they were told.
        evidence: Option<String>,
    }
}

row! {
    /// How many rows of a subject a table has.
    #[derive(Debug, Clone)]
    pub struct TableCount {
        /// The table.
        table_name: Option<String>,
        /// Its rows.
        row_count: Option<i64>,
    }
}

row! {
    /// What the subject may know with the secret link.
    #[derive(Debug, Clone)]
    pub struct Followed {
        /// The right.
        right_code: Option<String>,
        /// The state.
        status: Option<String>,
        /// When it was asked.
        requested_at: Option<OffsetDateTime>,
        /// Until when.
        alert_at: Option<OffsetDateTime>,
        /// When it was fulfilled.
        completed_at: Option<OffsetDateTime>,
        /// What the subject was told.
        outcome_note: Option<String>,
        /// The article of a refusal.
        refusal_article: Option<String>,
        /// The receipt of a deletion.
        receipt: Option<Value>,
        /// Its signature, in base64.
        receipt_signature: Option<String>,
    }
}

row! {
    /// A plan that was carried out and waits for its receipt.
    #[derive(Debug, Clone)]
    pub struct Executed {
        /// The clinic.
        clinic_id: Uuid,
        /// The plan.
        id: Uuid,
        /// The request.
        request_id: Uuid,
        /// Whose account it was.
        subject_id: Uuid,
        /// What was planned.
        steps: Value,
        /// Rows done, by table.
        done: Value,
        /// When it was drafted.
        drafted_at: OffsetDateTime,
        /// When it was approved.
        approved_at: Option<OffsetDateTime>,
        /// When it began.
        started_at: Option<OffsetDateTime>,
        /// When it ended.
        executed_at: Option<OffsetDateTime>,
        /// When their keys were destroyed.
        keys_destroyed_at: Option<OffsetDateTime>,
        /// The addresses of those who must be told.
        recipients: Option<Value>,
    }
}

row! {
    /// Somebody whose keys were to be destroyed.
    #[derive(Debug, Clone)]
    pub(crate) struct Destroyed {
        /// The clinic.
        clinic_id: Uuid,
        /// Whose account, or registration as a patient, it was.
        subject_id: Uuid,
    }
}

impl From<Destroyed> for keystore::Subject {
    fn from(row: Destroyed) -> keystore::Subject {
        keystore::Subject { clinic: row.clinic_id, subject: row.subject_id }
    }
}

row! {
    /// Somebody of the clinic looked at what concerns the member.
    #[derive(Debug, Clone)]
    pub struct Sighting {
        /// When.
        seen_at: Option<OffsetDateTime>,
        /// Who; none: somebody whose name is gone.
        who: Option<String>,
        /// `request` or `audit`.
        what: Option<String>,
        /// The right that was asked for, or the kind of query.
        subject: Option<String>,
        /// Whether personal data was shown.
        unmasked: Option<bool>,
    }
}

/// Who of the clinic looked at what concerns the member, latest first.
///
/// # Errors
/// See [`Error`].
pub async fn who_saw_me(tx: &ReadTx) -> Result<Vec<Sighting>> {
    tx.tx.rows(sql::WHO_SAW_ME, &[]).await
}

/// Records a request of the member. `link` lets whoever holds it follow the request without an account.
///
/// # Errors
/// [`Error::Duplicate`] when a deletion is asked for already.
pub async fn request(tx: &WriteTx, right: SubjectRight, description: Option<&str>, link: &Token) -> Result<Uuid> {
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&right.request_type(), &right.code(), &right.article(), &description, &link.expose()];
    tx.tx.value(sql::REQUEST, &values).await?.ok_or(Error::NotFound)
}

/// For whom the member may write a request down.
///
/// # Errors
/// See [`Error`].
pub async fn subjects(tx: &ReadTx) -> Result<Vec<Subject>> {
    tx.tx.rows(sql::SUBJECTS, &[]).await
}

/// Writes a request down that came another way.
///
/// # Errors
/// [`Error::Duplicate`] for an identifier that is known or a second deletion; [`Error::Rule`] `requests_received` for a
/// time that is too long ago or to come.
pub async fn register(tx: &WriteTx, new: &NewRequest<'_>, link: &Token) -> Result<()> {
    let right = new.right;
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 10] = [
        &new.id,
        &new.subject,
        &right.request_type(),
        &right.code(),
        &right.article(),
        &new.description,
        &new.received_at,
        &new.channel,
        &new.identity,
        &link.expose(),
    ];
    tx.tx.execute_one(sql::REGISTER, &values).await
}

/// Keeps the evidence of a request.
///
/// # Errors
/// [`Error::Duplicate`] where there is one; [`Error::Denied`] for who did not write the request down.
pub async fn add_evidence(tx: &WriteTx, new: &NewEvidence<'_>) -> Result<()> {
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 8] = [
        &new.id,
        &new.request,
        &new.representation,
        &new.representative_sealed,
        &new.file_sealed,
        &new.file_type,
        &new.file_size,
        &new.file_sha256,
    ];
    tx.tx.execute_one(sql::ADD_EVIDENCE, &values).await
}

/// What is kept of a request's evidence, if there is any.
///
/// # Errors
/// See [`Error`].
pub async fn evidence(tx: &ReadTx, request: Uuid) -> Result<Option<EvidenceRow>> {
    tx.tx.optional(sql::EVIDENCE, &[&request]).await
}

/// The sealed file.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn evidence_file(tx: &ReadTx, id: Uuid) -> Result<Vec<u8>> {
    tx.tx.value(sql::EVIDENCE_FILE, &[&id]).await?.ok_or(Error::NotFound)
}

/// The member's own requests, latest first.
///
/// # Errors
/// See [`Error`].
pub async fn own(tx: &ReadTx) -> Result<Vec<Request>> {
    tx.tx.rows(sql::OWN, &[]).await
}

/// The requests that the member may see, those that stand still and those that end first in front: `open`, `late` or
/// `all`, by one right or by any.
///
/// # Errors
/// See [`Error`].
pub async fn all(tx: &ReadTx, show: &str, right: Option<SubjectRight>) -> Result<Vec<Request>> {
    tx.tx.rows(sql::ALL, &[&show, &right.map(SubjectRight::code)]).await
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn one(tx: &ReadTx, id: Uuid) -> Result<Request> {
    tx.tx.one(sql::ONE, &[&id]).await
}

/// What happened to a request, in order.
///
/// # Errors
/// See [`Error`].
pub async fn events(tx: &ReadTx, id: Uuid) -> Result<Vec<RequestEvent>> {
    tx.tx.rows(sql::EVENTS, &[&id]).await
}

/// Who must be told of what was done about a request.
///
/// # Errors
/// See [`Error`].
pub async fn notices(tx: &ReadTx, request: Uuid) -> Result<Vec<Notice>> {
    tx.tx.rows(sql::NOTICES, &[&request]).await
}

/// Keeps how a recipient was told.
///
/// # Errors
/// [`Error::NotFound`] when there is no such notice that the member may answer, or it was told already.
pub async fn tell(tx: &WriteTx, request: Uuid, notice: Uuid, evidence: &str) -> Result<()> {
    tx.tx.execute_one(sql::TELL, &[&request, &notice, &evidence]).await
}

/// Takes a request back that nobody has begun.
///
/// # Errors
/// [`Error::NotFound`] when it is not the member's or was begun.
pub async fn withdraw(tx: &WriteTx, id: Uuid) -> Result<()> {
    tx.tx.execute_one(sql::WITHDRAW, &[&id]).await
}

/// Moves a request on, if its version is still the one that was seen.
///
/// # Errors
/// [`Error::NotFound`] when it has changed meanwhile or is not the member's to decide; [`Error::Rule`] when its state
/// does not allow it.
pub async fn decide(
    tx: &WriteTx,
    id: Uuid,
    version: i32,
    status: &str,
    note: Option<&str>,
    article: Option<&str>,
) -> Result<()> {
    tx.tx.execute_one(sql::DECIDE, &[&id, &version, &status, &note, &article]).await
}

/// How many rows of the subject each table has.
///
/// # Errors
/// [`Error::NotFound`] without an open request for deletion; [`Error::Denied`] for who answers for nothing.
pub async fn count(tx: &ReadTx, request: Uuid) -> Result<Vec<TableCount>> {
    tx.tx.rows(sql::COUNT, &[&request]).await
}

/// Keeps a plan as a draft.
///
/// # Errors
/// [`Error::Duplicate`] when there is one; [`Error::Rule`] without an open request.
pub async fn draft(tx: &WriteTx, request: Uuid, subject: Uuid, steps: &Value) -> Result<Uuid> {
    tx.tx.value(sql::DRAFT, &[&request, &subject, steps]).await?.ok_or(Error::NotFound)
}

/// The plan of a request, if there is one.
///
/// # Errors
/// See [`Error`].
pub async fn plan(tx: &ReadTx, request: Uuid) -> Result<Option<Plan>> {
    tx.tx.optional(sql::PLAN, &[&request]).await
}

/// Approves a draft.
///
/// # Errors
/// [`Error::Rule`] `plans_second_look` for who drafted it; [`Error::NotFound`] when it is no draft any more.
pub async fn approve(tx: &WriteTx, plan: Uuid) -> Result<()> {
    tx.tx.execute_one(sql::APPROVE, &[&plan]).await
}

/// Gives a plan up that is not being carried out.
///
/// # Errors
/// [`Error::NotFound`] when it has begun.
pub async fn discard(tx: &WriteTx, plan: Uuid) -> Result<()> {
    tx.tx.execute_one(sql::DISCARD, &[&plan]).await
}

/// What whoever holds the link may know.
///
/// # Errors
/// [`Error::NotFound`] for an unknown link.
pub async fn by_link(tx: &SignInTx, link: &Token) -> Result<Followed> {
    tx.0.one(sql::BY_LINK, &[&link.expose()]).await
}

/// Whose account was deleted, or whose registration as a patient, and whose keys are still to be destroyed.
///
/// # Errors
/// See [`Error`].
pub async fn with_keys(db: &Db) -> Result<Vec<keystore::Subject>> {
    key_subjects(db, sql::WITH_KEYS).await
}

/// Notes that somebody's keys are destroyed.
///
/// # Errors
/// See [`Error`].
pub async fn keys_destroyed(db: &Db, subject: keystore::Subject) -> Result<()> {
    db.job(async |tx| tx.0.execute(sql::KEYS_DESTROYED, &[&subject.clinic, &subject.subject]).await.map(drop)).await
}

/// Everybody whose account was ever deleted, and every patient who was eliminated: a copy of the keystore that was put back
/// may be older than that.
///
/// # Errors
/// See [`Error`].
pub async fn destroyed(db: &Db) -> Result<Vec<keystore::Subject>> {
    key_subjects(db, sql::DESTROYED).await
}

async fn key_subjects(db: &Db, sql: &'static str) -> Result<Vec<keystore::Subject>> {
    let rows: Vec<Destroyed> = db.job(async |tx| tx.0.rows(sql, &[]).await).await?;
    Ok(rows.into_iter().map(keystore::Subject::from).collect())
}

/// Closes the plans that were carried out and whose keys are destroyed, each with the receipt and the signature that `sign`
/// makes; `keyless` where there is no keystore, and so nobody has keys. How many.
///
/// # Errors
/// See [`Error`].
pub async fn close_executed(
    db: &Db,
    keyless: bool,
    note: &str,
    sign: impl Fn(&Executed) -> Option<(Value, String)>,
) -> Result<usize> {
    db.job(async |tx| {
        let waiting: Vec<Executed> = tx.0.rows(sql::EXECUTED, &[&keyless]).await?;
        let mut closed = 0;
        for plan in &waiting {
            let Some((receipt, signature)) = sign(plan) else { continue };
            tx.0.execute(sql::CLOSE, &[&plan.clinic_id, &plan.id, &receipt, &signature]).await?;
            tx.0.execute(sql::COMPLETE, &[&plan.clinic_id, &plan.request_id, &note]).await?;
            closed += 1;
        }
        Ok(closed)
    })
    .await
}
