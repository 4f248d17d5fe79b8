//! Whose certificate it is: the names of another kind in the subject alternative name (DOC-ICP-04, § 7.1.2.3).

use der::{Tag, Tagged};
use thiserror::Error;
use time::{Date, Month};
use x509_cert::ext::pkix::{SubjectAltName, name::GeneralName};

use super::{Cnpj, Cpf};
use crate::x509::{Certificate, Oid};

/// The data of the person who holds the certificate.
const PERSON: Oid = Oid::new_unwrap("2.16.76.1.3.1");
/// The name of the person responsible for a company's certificate.
const RESPONSIBLE_NAME: Oid = Oid::new_unwrap("2.16.76.1.3.2");
/// The company's CNPJ.
const COMPANY: Oid = Oid::new_unwrap("2.16.76.1.3.3");
/// The data of the person responsible for a company's certificate.
const RESPONSIBLE: Oid = Oid::new_unwrap("2.16.76.1.3.4");

/// Longer values are refused: 8 places of birth date, 11 CPF, 11 NIS, 15 RG and at most 10 of who issued that one.
const MAX_PERSON: usize = 64;
const MAX_NAME: usize = 256;

/// A person, as a certificate of ICP-Brasil tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The CPF.
    pub cpf: Cpf,
    /// The date of birth, where the certificate tells.
    pub birth_date: Option<Date>,
}

/// A company, as a certificate of ICP-Brasil tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// The name.
    pub name: String,
    /// The CNPJ.
    pub cnpj: Cnpj,
    /// Who answers for the certificate.
    pub responsible: Person,
}

/// Why the holder's data does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HolderError {
    /// A value is missing, repeated, or of another form.
    #[error("the certificate's value {0} is missing, repeated or malformed")]
    Value(Oid),
    /// The CPF is another's.
    #[error("the certificate is another person's")]
    OtherCpf,
    /// The CNPJ is another's.
    #[error("the certificate is another company's")]
    OtherCnpj,
}

/// The person who holds a certificate, by 2.16.76.1.3.1.
pub(super) fn person(certificate: &Certificate) -> Result<Person, HolderError> {
    let (cpf, birth_date) = person_data(certificate, PERSON)?;
    Ok(Person { name: name(certificate), cpf, birth_date })
}

/// The company that holds a certificate, by 2.16.76.1.3.3, and who is responsible, by .2 and .4.
pub(super) fn company(certificate: &Certificate) -> Result<Company, HolderError> {
    let cnpj = value(certificate, COMPANY, MAX_PERSON)?;
    let cnpj = Cnpj::parse(&cnpj).ok_or(HolderError::Value(COMPANY))?;
    let (cpf, birth_date) = person_data(certificate, RESPONSIBLE)?;
    let responsible = Person { name: value(certificate, RESPONSIBLE_NAME, MAX_NAME)?, cpf, birth_date };
    Ok(Company { name: name(certificate), cnpj, responsible })
}

/// The common name, without the CPF or CNPJ that is written behind a colon.
fn name(certificate: &Certificate) -> String {
    let name = certificate.common_name();
    match name.rsplit_once(':') {
        Some((name, number)) if Cpf::parse(number).is_some() || Cnpj::parse(number).is_some() => name.to_owned(),
        _ => name,
    }
}

/// Date of birth (DDMMAAAA) and CPF, the first two fields; a date of zeros is none.
fn person_data(certificate: &Certificate, kind: Oid) -> Result<(Cpf, Option<Date>), HolderError> {
    let malformed = HolderError::Value(kind);
    let data = value(certificate, kind, MAX_PERSON)?;
    let (birth, cpf) = (data.get(..8).ok_or(malformed)?, data.get(8..19).ok_or(malformed)?);
    let cpf = Cpf::parse(cpf).ok_or(malformed)?;
    let birth = if birth == "00000000" { None } else { Some(date(birth).ok_or(malformed)?) };
    Ok((cpf, birth))
}

fn date(text: &str) -> Option<Date> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let month = Month::try_from(text.get(2..4)?.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(text.get(4..8)?.parse().ok()?, month, text.get(..2)?.parse().ok()?).ok()
}

/// The text of the one otherName of a type, in any of the string types that authorities use.
fn value(certificate: &Certificate, kind: Oid, longest: usize) -> Result<String, HolderError> {
    let malformed = HolderError::Value(kind);
    let names = certificate.extension::<SubjectAltName>().map(|(_, names)| names.0).unwrap_or_default();
    let mut found = names.iter().filter_map(|name| match name {
        GeneralName::OtherName(other) if other.type_id == kind => Some(&other.value),
        _ => None,
    });
    let (Some(value), None) = (found.next(), found.next()) else { return Err(malformed) };
    match value.tag() {
        Tag::OctetString | Tag::PrintableString | Tag::Utf8String | Tag::Ia5String => {}
        _ => return Err(malformed),
    }
    if value.value().len() > longest {
        return Err(malformed);
    }
    String::from_utf8(value.value().to_vec()).map_err(|_| malformed)
}
