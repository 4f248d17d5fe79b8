use sigilo_proof::envelope::{Identifier, Place};
use sigilo_store::{
    keystore::{Keystore, Subject},
    patient::{CELLS, Identity},
};
use zeroize::Zeroizing;

use super::document::{Document, Field, without_document};
use crate::{Error, Result};

const TABLE: &str = "public.patient_identities";

pub(super) fn place(field: Field) -> Place<'static> {
    Place { table: TABLE, column: field.column() }
}

/// Opens who a patient is. A key that was destroyed leaves everything unknown.
pub(super) async fn opened(
    keys: &Keystore,
    patient: Subject,
    cells: &[Option<Vec<u8>>; CELLS],
    without: Option<&str>,
) -> Result<Document> {
    let mut document = Document::empty();
    document.without_document = without.and_then(without_document);
    for field in Field::ALL {
        if let Some(sealed) = &cells[field.place()] {
            document.values[field.place()] = Some(open(keys, patient, field, sealed).await?);
        }
    }
    Ok(document)
}

/// Opens one cell.
pub(super) async fn open(keys: &Keystore, patient: Subject, field: Field, sealed: &[u8]) -> Result<Zeroizing<String>> {
    let mut bytes = keys.open_cell(patient, place(field), sealed).await?;
    let text = String::from_utf8(std::mem::take(&mut *bytes)).map_err(|_| Error::Internal)?;
    Ok(Zeroizing::new(text))
}

/// By what name a patient is called: the social name, where there is one. None where nobody can tell any more.
pub(crate) async fn called(
    keys: &Keystore,
    patient: Subject,
    full: Option<&[u8]>,
    social: Option<&[u8]>,
) -> Result<Option<Zeroizing<String>>> {
    let (field, sealed) = match (social, full) {
        (Some(social), _) => (Field::SocialName, social),
        (None, Some(full)) => (Field::FullName, full),
        (None, None) => return Ok(None),
    };
    match open(keys, patient, field, sealed).await {
        // The keys were destroyed, or are not in this copy of the keystore.
        Err(Error::Conflict(_) | Error::NotFound) => Ok(None),
        called => called.map(Some),
    }
}

/// Seals who a patient is, with fingerprints. What is as it was keeps its cell, so that the trail tells what changed.
pub(super) async fn sealed(
    keys: &Keystore,
    patient: Subject,
    document: &Document,
    before: Option<(&Document, [Option<Vec<u8>>; CELLS])>,
) -> Result<Identity> {
    let (known, mut cells) = match before {
        Some((known, cells)) => (Some(known), cells),
        None => (None, [const { None }; CELLS]),
    };
    for field in Field::ALL {
        let value = document.get(field);
        if known.is_some_and(|known| known.get(field) == value) {
            continue;
        }
        cells[field.place()] = match value {
            Some(value) => Some(keys.seal(patient, place(field), value.as_bytes()).await?),
            None => None,
        };
    }
    let index = keys.index_key(patient.clinic).await?;
    let print = |identifier: Identifier<'_>| index.index(identifier).map(|print| print.to_vec());
    let of = |field: Field| document.get(field);
    let (name, birth) = (of(Field::FullName).unwrap_or_default(), of(Field::BirthDate).unwrap_or_default());
    Ok(Identity {
        cells,
        without_document: document.without_document,
        indexes: [
            of(Field::Cpf).and_then(|text| print(Identifier::Cpf(text))),
            of(Field::Cns).and_then(|text| print(Identifier::Cns(text))),
            of(Field::PhonePrimary).and_then(|text| print(Identifier::Phone(text))),
            of(Field::PhoneSecondary).and_then(|text| print(Identifier::Phone(text))),
            of(Field::Email).and_then(|text| print(Identifier::Email(text))),
            print(Identifier::NameAndBirth { name, birth }),
        ],
        index_version: i32::try_from(index.version()).map_err(|_| Error::Internal)?,
    })
}
