//! Patients' records and, sealed, who they are about.

use time::OffsetDateTime;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::{ReadTx, Result, WriteTx, row::row, statements::patient as sql};

/// How many sealed cells say who a patient is.
pub const CELLS: usize = 16;
/// Their columns, in the order in which [`Identity::cells`] has them.
pub const COLUMNS: [&str; CELLS] = [
    "full_name_sealed",
    "social_name_sealed",
    "birth_date_sealed",
    "sex_sealed",
    "race_color_sealed",
    "mother_name_sealed",
    "cpf_sealed",
    "cns_sealed",
    "rg_sealed",
    "phone_primary_sealed",
    "phone_secondary_sealed",
    "email_sealed",
    "address_sealed",
    "guardian_name_sealed",
    "guardian_relation_sealed",
    "guardian_document_sealed",
];

row! {
    /// A record with who it is about.
    #[derive(Debug, Clone)]
    pub struct PatientRow {
        /// The patient.
        id: Uuid,
        /// The record's number.
        medical_record_number: i64,
        /// Whether the clinic still treats the patient.
        is_active: bool,
        /// Why not.
        inactive_reason: Option<String>,
        /// When who it is about was eliminated.
        data_anonymized_at: Option<OffsetDateTime>,
        /// Which version this is.
        version: i32,
        /// When it was registered.
        created_at: OffsetDateTime,
        /// When it last changed.
        updated_at: OffsetDateTime,
        /// By whom it was registered.
        registered_name: Option<String>,
        /// Why there is neither CPF nor CNS.
        without_document: Option<String>,
        /// Full name, sealed.
        full_name_sealed: Option<Vec<u8>>,
        /// Social name, sealed.
        social_name_sealed: Option<Vec<u8>>,
        /// Date of birth, sealed.
        birth_date_sealed: Option<Vec<u8>>,
        /// Sex, sealed.
        sex_sealed: Option<Vec<u8>>,
        /// Race or colour, sealed.
        race_color_sealed: Option<Vec<u8>>,
        /// Mother's name, sealed.
        mother_name_sealed: Option<Vec<u8>>,
        /// CPF, sealed.
        cpf_sealed: Option<Vec<u8>>,
        /// CNS, sealed.
        cns_sealed: Option<Vec<u8>>,
        /// RG, sealed.
        rg_sealed: Option<Vec<u8>>,
        /// Telephone, sealed.
        phone_primary_sealed: Option<Vec<u8>>,
        /// Another telephone, sealed.
        phone_secondary_sealed: Option<Vec<u8>>,
        /// E-mail address, sealed.
        email_sealed: Option<Vec<u8>>,
        /// Address, sealed.
        address_sealed: Option<Vec<u8>>,
        /// Who answers for them, sealed.
        guardian_name_sealed: Option<Vec<u8>>,
        /// As what, sealed.
        guardian_relation_sealed: Option<Vec<u8>>,
        /// Their document, sealed.
        guardian_document_sealed: Option<Vec<u8>>,
    }
}

impl PatientRow {
    /// The sealed cells, in the order of [`COLUMNS`].
    pub fn cells(self) -> [Option<Vec<u8>>; CELLS] {
        [
            self.full_name_sealed,
            self.social_name_sealed,
            self.birth_date_sealed,
            self.sex_sealed,
            self.race_color_sealed,
            self.mother_name_sealed,
            self.cpf_sealed,
            self.cns_sealed,
            self.rg_sealed,
            self.phone_primary_sealed,
            self.phone_secondary_sealed,
            self.email_sealed,
            self.address_sealed,
            self.guardian_name_sealed,
            self.guardian_relation_sealed,
            self.guardian_document_sealed,
        ]
    }
}

row! {
    /// What a list shows of a record.
    #[derive(Debug, Clone)]
    pub struct BriefRow {
        /// The patient.
        id: Uuid,
        /// The record's number.
        medical_record_number: i64,
        /// Whether the clinic still treats the patient.
        is_active: bool,
        /// Full name, sealed.
        full_name_sealed: Vec<u8>,
        /// Social name, sealed.
        social_name_sealed: Option<Vec<u8>>,
        /// Date of birth, sealed.
        birth_date_sealed: Vec<u8>,
        /// Mother's name, sealed.
        mother_name_sealed: Option<Vec<u8>>,
        /// Telephone, sealed.
        phone_primary_sealed: Option<Vec<u8>>,
    }
}

row! {
    /// The names that a record is found by.
    #[derive(Debug, Clone)]
    pub struct NamesRow {
        /// The patient.
        patient_id: Uuid,
        /// Full name, sealed; none of a patient who was eliminated.
        full_name_sealed: Option<Vec<u8>>,
        /// Social name, sealed.
        social_name_sealed: Option<Vec<u8>>,
        /// Mother's name, sealed.
        mother_name_sealed: Option<Vec<u8>>,
    }
}

/// Who a patient is, to be written.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The sealed cells, in the order of [`COLUMNS`].
    pub cells: [Option<Vec<u8>>; CELLS],
    /// Why there is neither CPF nor CNS.
    pub without_document: Option<&'static str>,
    /// Fingerprints of CPF, CNS, telephone, other telephone, e-mail, and name with birth date.
    pub indexes: [Option<Vec<u8>>; 6],
    /// The version of the clinic's key for indexes.
    pub index_version: i32,
}

impl Identity {
    fn params<'a>(&'a self, patient: &'a Uuid) -> Vec<&'a (dyn ToSql + Sync)> {
        let mut params: Vec<&(dyn ToSql + Sync)> = vec![patient];
        params.extend(self.cells.iter().map(|cell| cell as &(dyn ToSql + Sync)));
        params.push(&self.without_document);
        params.extend(self.indexes.iter().map(|index| index as &(dyn ToSql + Sync)));
        params.push(&self.index_version);
        params
    }
}

/// What a record is looked up by: a fingerprint under the clinic's key.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// Of a CPF.
    Cpf(&'a [u8]),
    /// Of a CNS.
    Cns(&'a [u8]),
    /// Of a telephone.
    Phone(&'a [u8]),
    /// Of an e-mail address.
    Email(&'a [u8]),
    /// Of name and birth date together.
    NameAndBirth(&'a [u8]),
}

/// Registers a patient; the record's number.
///
/// # Errors
/// [`crate::Error::Duplicate`] `patient_identities_cpf` or `patient_identities_cns` for a document that another record of the
/// clinic has; [`crate::Error::Denied`] for whom patients are no business of.
pub async fn insert(tx: &WriteTx, patient: Uuid, identity: &Identity) -> Result<i64> {
    let number = tx.tx.value(sql::INSERT, &[&patient]).await?.ok_or(crate::Error::NotFound)?;
    tx.tx.execute(sql::INSERT_IDENTITY, &identity.params(&patient)).await?;
    Ok(number)
}

/// Changes who a record is about, if it is still the version that was seen. None when it is not.
///
/// # Errors
/// As [`insert`].
pub async fn update(tx: &WriteTx, patient: Uuid, seen: i32, identity: &Identity) -> Result<Option<i32>> {
    let Some(version) = tx.tx.value(sql::CHANGE, &[&patient, &seen]).await? else { return Ok(None) };
    tx.tx.execute_one(sql::UPDATE_IDENTITY, &identity.params(&patient)).await?;
    Ok(Some(version))
}

/// Says that the clinic no longer treats the patient, and why; or, without a reason, that it does. None when the record is not
/// the version that was seen any more.
///
/// # Errors
/// See [`crate::Error`]; so for all functions below.
pub async fn activate(tx: &WriteTx, patient: Uuid, seen: i32, reason: Option<&str>) -> Result<Option<i32>> {
    tx.tx.value(sql::ACTIVATE, &[&patient, &seen, &reason]).await
}

/// A record.
///
/// # Errors
/// [`crate::Error::NotFound`] for another clinic's.
pub async fn one(tx: &ReadTx, patient: Uuid) -> Result<PatientRow> {
    tx.tx.one(sql::ONE, &[&patient]).await
}

/// What a list shows of some records, in no order.
pub async fn briefs(tx: &ReadTx, patients: &[Uuid]) -> Result<Vec<BriefRow>> {
    tx.tx.rows(sql::BRIEFS, &[&patients]).await
}

/// The records that were registered last.
pub async fn latest(tx: &ReadTx, most: i64) -> Result<Vec<Uuid>> {
    tx.tx.values(sql::LATEST, &[&most]).await
}

/// The record with a number.
pub async fn by_number(tx: &ReadTx, number: i64) -> Result<Vec<Uuid>> {
    tx.tx.values(sql::BY_NUMBER, &[&number]).await
}

/// The records that a fingerprint finds.
pub async fn by(tx: &ReadTx, by: By<'_>) -> Result<Vec<Uuid>> {
    let (statement, index) = match by {
        By::Cpf(index) => (sql::BY_CPF, index),
        By::Cns(index) => (sql::BY_CNS, index),
        By::Phone(index) => (sql::BY_PHONE, index),
        By::Email(index) => (sql::BY_EMAIL, index),
        By::NameAndBirth(index) => (sql::BY_NAME_AND_BIRTH, index),
    };
    tx.tx.values(statement, &[&index]).await
}

/// The transaction before which all are over.
pub async fn horizon(tx: &ReadTx) -> Result<String> {
    tx.tx.value(sql::HORIZON, &[]).await?.ok_or(crate::Error::NotFound)
}

/// The names of records that transactions from `since` on have written, eliminations among them.
pub async fn names(tx: &ReadTx, since: &str) -> Result<Vec<NamesRow>> {
    tx.tx.rows(sql::NAMES, &[&since]).await
}
