//! Acts of consent: of the signed-in member, and of patients whose consents the member collects.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Error, ReadTx, Result, SignInTx, WriteTx, row::row, statements::consent as sql, trail::SealTx};

row! {
    /// One act of consent.
    #[derive(Debug, Clone)]
    pub struct Act {
        /// The act.
        id: Uuid,
        /// The consent's code.
        consent_type: String,
        /// The version of the text.
        consent_version: String,
        /// Whether it was given and has not ended by an act.
        granted: bool,
        /// When it was given.
        granted_at: OffsetDateTime,
        /// When it was withdrawn.
        withdrawn_at: Option<OffsetDateTime>,
        /// By which way.
        withdrawal_method: Option<String>,
        /// Why, if that was said.
        withdrawal_reason: Option<String>,
        /// Until when it holds; none: until it is withdrawn.
        expires_at: Option<OffsetDateTime>,
        /// Granted, withdrawn, renewed or refused.
        status: String,
        /// The hash of the text that was shown.
        consent_text_hash: String,
        /// Whether it has a proof; acts from before there were proofs have none.
        proved: Option<bool>,
        /// How the subject signed, if they did.
        signed_as: Option<String>,
    }
}

row! {
    /// A text that people can agree to.
    #[derive(Debug, Clone)]
    pub struct Text {
        /// The text.
        id: Uuid,
        /// What is agreed to.
        consent_type: String,
        /// Its version.
        version: String,
        /// Its language (BCP 47).
        language: String,
        /// The heading.
        title: String,
        /// One sentence that stands alone.
        summary: String,
        /// The whole text, paragraphs parted by an empty line.
        body: String,
        /// The purpose in words.
        purpose: String,
        /// The purposes by code.
        purposes: Vec<String>,
        /// The legal basis.
        legal_basis: String,
        /// The categories of data.
        data_categories: Vec<String>,
        /// Why the act is kept after its end.
        retention_justification: String,
        /// For how many months a consent holds.
        valid_months: Option<i32>,
        /// SHA-256 of what is shown, in hexadecimal.
        text_hash: String,
        /// Where it is in its review.
        status: String,
    }
}

row! {
    /// A live consent.
    #[derive(Debug, Clone)]
    pub struct Live {
        /// The act.
        id: Uuid,
        /// Its hash, if it has a proof.
        consent_hash: Option<String>,
    }
}

row! {
    /// Everything that proves one act; what is sealed is still so.
    pub struct Proof {
        /// The act.
        consent_id: Uuid,
        /// What was agreed to.
        consent_type: String,
        /// The text's version.
        consent_version: String,
        /// The text's language.
        consent_language: String,
        /// The text's hash.
        consent_text_hash: String,
        /// The text's heading.
        title: String,
        /// The text's sentence.
        summary: String,
        /// The text.
        body: String,
        /// The purposes by code.
        purposes: Vec<String>,
        /// The legal basis.
        legal_basis: String,
        /// The categories of data.
        data_categories: Vec<String>,
        /// When.
        given_at: OffsetDateTime,
        /// Whose it is.
        subject_sealed: Vec<u8>,
        /// The hash's salt.
        salt_sealed: Vec<u8>,
        /// The hash.
        consent_hash: String,
        /// The commitments, canonical.
        parts: String,
        /// The installation's signature.
        digital_signature: Vec<u8>,
        /// The key that made it.
        signature_key: Vec<u8>,
        /// How the subject signed.
        subject_signature_kind: Option<String>,
        /// What they signed with.
        subject_signature_sealed: Option<Vec<u8>>,
        /// The installation's signature that binds it.
        subject_signature_binding: Option<Vec<u8>>,
        /// When it came.
        subject_signed_at: Option<OffsetDateTime>,
        /// The time stamp.
        timestamp_token: Option<Vec<u8>>,
        /// The public page's code.
        code_sealed: Vec<u8>,
        /// When it was withdrawn.
        withdrawn_at: Option<OffsetDateTime>,
        /// By which way.
        withdrawal_method: Option<String>,
        /// Why.
        withdrawal_reason: Option<String>,
        /// The installation's signature of the withdrawal.
        withdrawal_signature: Option<Vec<u8>>,
        /// Until when it holds.
        expires_at: Option<OffsetDateTime>,
        /// Granted, withdrawn or renewed.
        status: String,
        /// Why it is kept.
        retention_justification: String,
        /// The member, if it is a member's.
        user_id: Option<Uuid>,
        /// The patient, if it is a patient's.
        patient_id: Option<Uuid>,
    }
}

row! {
    /// What the holder of a code may know: nothing of whom or where.
    #[derive(Debug, Clone)]
    pub struct Known {
        /// Granted, withdrawn, expired or renewed.
        consent_status: Option<String>,
        /// When it was given.
        given_at: Option<OffsetDateTime>,
        /// When it ended.
        ended_at: Option<OffsetDateTime>,
        /// Until when it holds.
        expires_at: Option<OffsetDateTime>,
        /// What was agreed to.
        consent_type: Option<String>,
        /// The text's version.
        consent_version: Option<String>,
        /// The text's language.
        consent_language: Option<String>,
        /// The text's hash.
        consent_text_hash: Option<String>,
        /// The consent's hash.
        consent_hash: Option<String>,
        /// The commitments, canonical.
        parts: Option<String>,
        /// The installation's signature.
        digital_signature: Option<Vec<u8>>,
        /// The key that made it.
        signature_key: Option<Vec<u8>>,
        /// Pending or granted.
        timestamp_status: Option<String>,
        /// The time stamp.
        timestamp_token: Option<Vec<u8>>,
        /// How the subject signed.
        subject_signature_kind: Option<String>,
    }
}

row! {
    /// One line of a consent's history.
    #[derive(Debug, Clone)]
    pub struct ConsentEvent {
        /// What happened.
        kind: String,
        /// When.
        created_at: OffsetDateTime,
        /// By which way.
        method: Option<String>,
        /// Why, if that was said.
        reason: Option<String>,
    }
}

/// An act to be recorded.
pub struct New<'a> {
    /// The patient; none: the signed-in member.
    pub patient: Option<Uuid>,
    /// What is agreed to.
    pub text: &'a Text,
    /// For what, by code, among the text's purposes.
    pub purposes: &'a [String],
    /// Until when at most, besides the text's own period.
    pub until: Option<OffsetDateTime>,
    /// How it was collected: `web_form`, `in_person` or `paper`.
    pub collection_method: &'a str,
}

/// What proves it, made for the instant that [`now`] tells in the same transaction.
pub struct NewProof<'a> {
    /// Whose it is, sealed.
    pub subject_sealed: &'a [u8],
    /// The salt, sealed.
    pub salt_sealed: &'a [u8],
    /// Whether somebody decided for the subject.
    pub has_representative: bool,
    /// What shows that they may, sealed.
    pub evidence_sealed: Option<&'a [u8]>,
    /// The hash, in hexadecimal.
    pub consent_hash: &'a str,
    /// The commitments, canonical.
    pub parts: &'a str,
    /// The installation's signature.
    pub signature: &'a [u8],
    /// The key that made it.
    pub key: &'a [u8],
    /// The public page's code.
    pub code: &'a [u8],
    /// The same, sealed.
    pub code_sealed: &'a [u8],
}

/// Every act of the member, newest first.
///
/// # Errors
/// See [`crate::Error`].
pub async fn history(tx: &ReadTx) -> Result<Vec<Act>> {
    tx.tx.rows(sql::HISTORY, &[]).await
}

/// Every act of a patient, newest first.
///
/// # Errors
/// See [`crate::Error`].
pub async fn of_patient(tx: &ReadTx, patient: Uuid) -> Result<Vec<Act>> {
    tx.tx.rows(sql::OF_PATIENT, &[&patient]).await
}

/// The instant of the transaction.
///
/// # Errors
/// See [`crate::Error`].
pub async fn now(tx: &WriteTx) -> Result<OffsetDateTime> {
    tx.tx.value(sql::NOW, &[]).await?.ok_or(Error::NotFound)
}

/// The approved text of each kind in a language.
///
/// # Errors
/// See [`crate::Error`].
pub async fn in_force(tx: &ReadTx, language: &str) -> Result<Vec<Text>> {
    tx.tx.rows(sql::IN_FORCE, &[&language]).await
}

/// One text.
///
/// # Errors
/// [`crate::Error::NotFound`] when there is none in sight.
pub async fn text(tx: &WriteTx, id: Uuid) -> Result<Text> {
    tx.tx.one(sql::TEXT, &[&id]).await
}

/// Records one act; none when the consent is live already and may not be renewed yet. One that is over, about to be, or was
/// given to another text ends with it. Without [`prove`] in the same transaction it is refused when that ends.
///
/// # Errors
/// [`crate::Error::Rule`] when the text is not approved or does not name the purposes.
pub async fn grant(tx: &WriteTx, new: &New<'_>) -> Result<Option<Uuid>> {
    let text = new.text;
    tx.tx.execute(sql::RENEW, &[&text.consent_type, &new.patient, &text.text_hash, &text.version]).await?;
    tx.tx
        .value(
            sql::GRANT,
            &[
                &new.patient,
                &text.consent_type,
                &text.version,
                &text.text_hash,
                &text.purpose,
                &new.purposes,
                &text.legal_basis,
                &text.data_categories,
                &new.until,
                &new.collection_method,
                &text.retention_justification,
            ],
        )
        .await
}

/// Records what proves an act.
///
/// # Errors
/// See [`crate::Error`].
pub async fn prove(tx: &WriteTx, consent: Uuid, text: Uuid, proof: &NewProof<'_>) -> Result<()> {
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 12] = [
        &consent,
        &text,
        &proof.subject_sealed,
        &proof.salt_sealed,
        &proof.has_representative,
        &proof.evidence_sealed,
        &proof.consent_hash,
        &proof.parts,
        &proof.signature,
        &proof.key,
        &proof.code,
        &proof.code_sealed,
    ];
    tx.tx.execute_one(sql::PROVE, &values).await
}

/// The live consent of a kind, of a patient or the member.
///
/// # Errors
/// See [`crate::Error`].
pub async fn live(tx: &WriteTx, kind: &str, patient: Option<Uuid>) -> Result<Option<Live>> {
    tx.tx.optional(sql::LIVE, &[&kind, &patient]).await
}

/// Withdraws a live consent; false when it is not live. `signature` is the installation's, where the consent has a proof.
///
/// # Errors
/// See [`crate::Error`].
pub async fn revoke(
    tx: &WriteTx,
    consent: Uuid,
    method: &str,
    reason: Option<&str>,
    signature: Option<&[u8]>,
) -> Result<bool> {
    if tx.tx.execute(sql::REVOKE, &[&consent, &method, &reason]).await? != 1 {
        return Ok(false);
    }
    if let Some(signature) = signature {
        tx.tx.execute_one(sql::SIGN_WITHDRAWAL, &[&consent, &signature]).await?;
    }
    Ok(true)
}

/// Keeps the subject's own signature; false when there is one already.
///
/// # Errors
/// See [`crate::Error`].
pub async fn sign(tx: &WriteTx, consent: Uuid, kind: &str, sealed: &[u8], binding: &[u8]) -> Result<bool> {
    Ok(tx.tx.execute(sql::SIGN, &[&consent, &kind, &sealed, &binding]).await? == 1)
}

/// Everything that proves one act.
///
/// # Errors
/// [`crate::Error::NotFound`] when it is not in the member's sight or has no proof.
pub async fn proof(tx: &WriteTx, consent: Uuid) -> Result<Proof> {
    tx.tx.one(sql::PROOF, &[&consent]).await
}

/// The history of one consent, oldest first.
///
/// # Errors
/// See [`crate::Error`].
pub async fn events(tx: &ReadTx, consent: Uuid) -> Result<Vec<ConsentEvent>> {
    tx.tx.rows(sql::EVENTS, &[&consent]).await
}

/// Whether a patient, or the member, agrees to a purpose now.
///
/// # Errors
/// [`crate::Error::Other`] for a purpose that does not exist.
pub async fn has_purpose(tx: &ReadTx, purpose: &str, patient: Option<Uuid>) -> Result<bool> {
    Ok(tx.tx.value(sql::HAS_PURPOSE, &[&purpose, &patient]).await?.unwrap_or(false))
}

/// What the holder of a code may know.
///
/// # Errors
/// See [`crate::Error`].
pub async fn by_code(tx: &SignInTx, code: &[u8]) -> Result<Option<Known>> {
    tx.0.optional(sql::BY_CODE, &[&code]).await
}

row! {
    /// A consent whose stamp is due to be asked for.
    #[derive(Debug, Clone)]
    pub struct WantedStamp {
        /// The clinic.
        clinic_id: Uuid,
        /// The proof.
        id: Uuid,
        /// Its hash.
        consent_hash: String,
        /// The commitments, canonical.
        parts: Option<String>,
        /// How often that was tried.
        tries: i32,
    }
}

/// Consents whose stamps are due to be asked for.
///
/// # Errors
/// See [`Error`]; so for the next two.
pub async fn wanted_stamps(tx: &SealTx) -> Result<Vec<WantedStamp>> {
    tx.0.rows(sql::WANTED_STAMPS, &[]).await
}

/// Keeps a stamp that came.
pub async fn stamped(tx: &SealTx, of: &WantedStamp, token: &[u8], at: OffsetDateTime) -> Result<()> {
    tx.0.execute(sql::STAMPED, &[&of.clinic_id, &of.id, &token, &at]).await.map(drop)
}

/// Notes that a stamp did not come, and in how many seconds to ask again.
pub async fn not_stamped(tx: &SealTx, of: &WantedStamp, problem: &str, pause: f64) -> Result<()> {
    tx.0.execute(sql::NOT_STAMPED, &[&of.clinic_id, &of.id, &problem, &pause]).await.map(drop)
}
