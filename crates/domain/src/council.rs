//! Professional councils: their numbers, the CRM's state, how far a registration was checked.

use thiserror::Error;

mod license;
mod specialties;
pub use license::{COUNCILS, Council, specialty};
pub use specialties::SPECIALTIES;

/// The 27 federative units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uf(&'static str);

impl Uf {
    /// Every unit's two letters, in alphabetical order.
    pub const ALL: [&'static str; 27] = [
        "AC", "AL", "AM", "AP", "BA", "CE", "DF", "ES", "GO", "MA", "MG", "MS", "MT", "PA", "PB", "PE", "PI", "PR",
        "RJ", "RN", "RO", "RR", "RS", "SC", "SE", "SP", "TO",
    ];

    /// Reads two letters, in either case.
    pub fn parse(typed: &str) -> Option<Uf> {
        let wanted = typed.trim().to_ascii_uppercase();
        Uf::ALL.into_iter().find(|uf| *uf == wanted).map(Uf)
    }

    /// The two letters.
    pub fn code(self) -> &'static str {
        self.0
    }
}

/// How far a registration was checked. Having typed a number proves nothing; each step says what was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CouncilValidation {
    /// No number yet.
    Pending,
    /// The number has a valid format.
    FormatOk,
    /// A person saw the document.
    DocumentChecked,
    /// The council's register confirmed it.
    RegistryChecked,
}

impl CouncilValidation {
    /// The state's name in the database.
    pub fn code(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::FormatOk => "format_ok",
            Self::DocumentChecked => "document_checked",
            Self::RegistryChecked => "registry_checked",
        }
    }

    /// The state's name on screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pending => "Pendente",
            Self::FormatOk => "Formato conferido",
            Self::DocumentChecked => "Documento conferido",
            Self::RegistryChecked => "Conferido no conselho",
        }
    }

    /// The state with this code, if there is one.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Pending, Self::FormatOk, Self::DocumentChecked, Self::RegistryChecked]
            .into_iter()
            .find(|state| state.code() == code)
    }
}

/// A doctor's registration in a regional council: up to seven digits and the state. There is no check digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crm {
    number: String,
    state: Uf,
}

/// Why a CRM was not accepted. The text is the sentence for the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CrmError {
    /// No number.
    #[error("Informe o número do CRM.")]
    Missing,
    /// Not one to seven digits.
    #[error("O número do CRM tem de 1 a 7 algarismos, sem letras.")]
    Number,
    /// No such state.
    #[error("Escolha o estado (UF) do CRM.")]
    State,
}

impl Crm {
    /// Reads a number as people type it ("CRM 12.345-6", "0012345") and a state.
    ///
    /// # Errors
    /// [`CrmError`] with the part that is wrong.
    pub fn parse(number: &str, state: &str) -> Result<Crm, CrmError> {
        let typed = number.trim();
        let bare = typed.strip_prefix("CRM").or_else(|| typed.strip_prefix("crm")).unwrap_or(typed);
        let kept: String = bare.chars().filter(|c| !matches!(c, '.' | '-' | ' ' | '/' | ':')).collect();
        if kept.is_empty() {
            return Err(CrmError::Missing);
        }
        if !kept.bytes().all(|b| b.is_ascii_digit()) {
            return Err(CrmError::Number);
        }
        let number = kept.trim_start_matches('0').to_owned();
        if number.is_empty() || number.len() > 7 {
            return Err(CrmError::Number);
        }
        let state = Uf::parse(state).ok_or(CrmError::State)?;
        Ok(Crm { number, state })
    }

    /// The digits, without leading zeros.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The state of the council.
    pub fn state(&self) -> Uf {
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_type() {
        for (typed, digits) in [("123456", "123456"), ("CRM 12.345", "12345"), ("0012345", "12345"), (" 9 ", "9")] {
            assert_eq!(Crm::parse(typed, "sp").unwrap().number(), digits);
        }
        assert_eq!(Crm::parse("1", " rj ").unwrap().state().code(), "RJ");
    }

    #[test]
    fn says_which_part_is_wrong() {
        assert_eq!(Crm::parse("", "SP"), Err(CrmError::Missing));
        assert_eq!(Crm::parse("12A45", "SP"), Err(CrmError::Number));
        assert_eq!(Crm::parse("12345678", "SP"), Err(CrmError::Number));
        assert_eq!(Crm::parse("000", "SP"), Err(CrmError::Number));
        assert_eq!(Crm::parse("١٢٣", "SP"), Err(CrmError::Number));
        assert_eq!(Crm::parse("12345", "XX"), Err(CrmError::State));
    }

    #[test]
    fn every_state_has_two_letters_and_specialties_are_sorted() {
        assert!(Uf::ALL.is_sorted() && Uf::ALL.iter().all(|uf| uf.len() == 2));
        assert_eq!(SPECIALTIES.len(), 55);
    }
}
