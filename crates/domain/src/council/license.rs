//! The councils whose members work in a clinic, and how each writes a registration's number.

use super::{Crm, CrmError, SPECIALTIES};

/// The councils that are offered, by code and name.
pub const COUNCILS: [(&str, &str); 12] = [
    ("CRM", "CRM, medicina"),
    ("COREN", "COREN, enfermagem"),
    ("CRO", "CRO, odontologia"),
    ("CRF", "CRF, farmácia"),
    ("CFF", "CFF, farmácia (federal)"),
    ("CREFITO", "CREFITO, fisioterapia e terapia ocupacional"),
    ("CRN", "CRN, nutrição"),
    ("CRP", "CRP, psicologia"),
    ("CRBM", "CRBM, biomedicina"),
    ("CREFONO", "CREFONO, fonoaudiologia"),
    ("CREF", "CREF, educação física"),
    ("OUTRO", "Outro conselho"),
];

/// Kept where a record has it, offered to none.
const LEGACY: &str = "CNEP";

/// How the categories of nursing are abbreviated (Cofen resolution 545/2017, art. 3), and as cards and stamps also have them.
const NURSING: [&str; 8] = ["ENF", "TE", "TEC", "AE", "AUX", "OBST", "P", "PAR"];

const GENERIC: &str = "O número tem de 1 a 20 letras, algarismos, pontos, barras ou hifens.";

/// A professional council.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Council(&'static str);

impl Council {
    /// The council with this code; what is no longer offered only where `kept` has it already.
    pub fn parse(code: &str, kept: Option<&str>) -> Option<Council> {
        let offered = COUNCILS.iter().map(|(known, _)| *known).find(|known| *known == code);
        offered.or((code == LEGACY && kept == Some(LEGACY)).then_some(LEGACY)).map(Council)
    }

    /// The council's code.
    pub fn code(self) -> &'static str {
        self.0
    }

    /// Whether its members are doctors, whose specialties the Conselho Federal de Medicina lists.
    pub fn is_medical(self) -> bool {
        self.0 == "CRM"
    }

    /// A registration's number in the one spelling that is kept. There are no check digits.
    ///
    /// # Errors
    /// The sentence to show beside the field.
    pub fn number(self, typed: &str) -> Result<String, &'static str> {
        let typed = typed.trim().to_uppercase();
        let bare = typed.strip_prefix(self.0).unwrap_or(&typed);
        let tidy: String = bare.trim_start_matches([' ', '-', ':', '/', '.']).split_whitespace().collect();
        if tidy.is_empty() {
            return Err("Informe o número do registro no conselho.");
        }
        match self.0 {
            "CRM" => match Crm::parse(&tidy, "SP") {
                Ok(crm) => Ok(crm.number().to_owned()),
                Err(CrmError::Missing) => Err("Informe o número do registro no conselho."),
                Err(_) => Err("O número do CRM tem de 1 a 7 algarismos, sem letras."),
            },
            "COREN" => nursing(&tidy),
            "CRP" => psychology(&tidy),
            "CREFITO" => physiotherapy(&tidy),
            "CREF" => physical_education(&tidy),
            _ => generic(tidy),
        }
    }
}

/// The specialty's name in the Conselho Federal de Medicina's list and its place there, from 1, whatever the case it was typed in.
pub fn specialty(typed: &str) -> Option<(&'static str, usize)> {
    let wanted = typed.trim().to_lowercase();
    (1..).zip(SPECIALTIES).find(|(_, name)| name.to_lowercase() == wanted).map(|(place, name)| (name, place))
}

/// As `123456-ENF`: the number and, where it is written, the category (Cofen resolution 545/2017, arts. 2 and 3).
fn nursing(tidy: &str) -> Result<String, &'static str> {
    const WRONG: &str = "O número do COREN tem de 1 a 7 algarismos e pode terminar com a categoria, como 123456-ENF.";
    let plain: String = tidy.chars().filter(|c| *c != '.').collect();
    let (number, category) = split(&plain);
    let number = digits(number, 7).ok_or(WRONG)?;
    match category {
        "" => Ok(number),
        category if NURSING.contains(&category) => Ok(format!("{number}-{category}")),
        _ => Err(WRONG),
    }
}

/// As `06/12345`: the region of the regional council, in two digits, and the number there.
fn psychology(tidy: &str) -> Result<String, &'static str> {
    const WRONG: &str = "O número do CRP tem a região e o número, como 06/12345.";
    let (region, number) = tidy.split_once(['/', '-']).ok_or(WRONG)?;
    let (region, number) = (digits(region, 2).ok_or(WRONG)?, digits(&number.replace('.', ""), 7).ok_or(WRONG)?);
    Ok(format!("{region:0>2}/{number}"))
}

/// As `3/12345-F`: the region, where it is written, the number of the federal register and its letters (Coffito resolution
/// 8/1978, arts. 51 and 54).
fn physiotherapy(tidy: &str) -> Result<String, &'static str> {
    const WRONG: &str =
        "O número do CREFITO tem até 7 algarismos e as letras, como 12345-F; antes, se quiser, a região: 3/12345-F.";
    let (region, rest) = match tidy.split_once('/') {
        Some((region, rest)) => (Some(digits(region, 2).ok_or(WRONG)?), rest),
        None => (None, tidy),
    };
    let plain: String = rest.chars().filter(|c| *c != '.').collect();
    let (number, letters) = split(&plain);
    let number = digits(number, 7).ok_or(WRONG)?;
    if letters.len() > 6 || !letters.chars().all(|c| c.is_ascii_uppercase() || c == '-') {
        return Err(WRONG);
    }
    let region = region.map(|region| format!("{region}/")).unwrap_or_default();
    let letters = if letters.is_empty() { String::new() } else { format!("-{letters}") };
    Ok(format!("{region}{number}{letters}"))
}

/// As `012345-G/SP`: the number, G for graduates or P for those admitted before the law of 1998, and the state, where it is written.
fn physical_education(tidy: &str) -> Result<String, &'static str> {
    const WRONG: &str = "O número do CREF tem até 6 algarismos e a categoria, como 012345-G ou 012345-G/SP.";
    let (own, state) = match tidy.split_once('/') {
        Some((own, state)) => (own, super::Uf::parse(state).map(|uf| format!("/{}", uf.code())).ok_or(WRONG)?),
        None => (tidy, String::new()),
    };
    let (number, category) = split(own);
    let number = digits(number, 6).ok_or(WRONG)?;
    match category {
        "" => Ok(format!("{number}{state}")),
        "G" | "P" => Ok(format!("{number}-{category}{state}")),
        _ => Err(WRONG),
    }
}

/// Where no rule is known.
fn generic(tidy: String) -> Result<String, &'static str> {
    let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '.' | '/' | '-');
    let right = tidy.len() <= 20 && tidy.chars().all(fits) && tidy.chars().any(|c| c.is_ascii_digit());
    if right { Ok(tidy) } else { Err(GENERIC) }
}

/// Leading digits, and what comes after them and a hyphen.
fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    (number, rest.strip_prefix('-').unwrap_or(rest))
}

/// One to `most` digits that are not all zero, as they were written.
fn digits(text: &str, most: usize) -> Option<String> {
    let right =
        (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) && text.bytes().any(|b| b != b'0');
    right.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(council: &str, typed: &str) -> Option<String> {
        Council::parse(council, None).unwrap().number(typed).ok()
    }

    #[test]
    fn each_council_has_its_own_spelling() {
        for (council, typed, kept) in [
            ("CRM", "CRM 12.345", "12345"),
            ("CRM", "0012345", "12345"),
            ("COREN", "123.456-enf", "123456-ENF"),
            ("COREN", "coren 123456 TEC", "123456-TEC"),
            ("COREN", "1", "1"),
            ("CRP", "6/12345", "06/12345"),
            ("CRP", "CRP 06/123.456", "06/123456"),
            ("CREFITO", "CREFITO-3/12345-F", "3/12345-F"),
            ("CREFITO", "12345-TO", "12345-TO"),
            ("CREFITO", "12.345 LTT-F", "12345-LTT-F"),
            ("CREF", "012345-G/SP", "012345-G/SP"),
            ("CREF", "12345", "12345"),
            ("CRO", "CD-12345", "CD-12345"),
            ("CREFONO", "2-12345", "2-12345"),
            ("OUTRO", "abc 12/3", "ABC12/3"),
        ] {
            assert_eq!(number(council, typed).as_deref(), Some(kept), "{council} {typed}");
        }
    }

    #[test]
    fn what_cannot_be_a_number_is_refused() {
        for (council, typed) in [
            ("CRM", ""),
            ("CRM", "12345678"),
            ("CRM", "12A"),
            ("CRM", "000"),
            ("COREN", "12345678"),
            ("COREN", "123456-XYZ"),
            ("COREN", "ENF"),
            ("CRP", "12345"),
            ("CRP", "006/12345"),
            ("CRP", "00/12345"),
            ("CRP", "06/"),
            ("CREFITO", "3/F"),
            ("CREFITO", "300/12345-F"),
            ("CREF", "012345-X"),
            ("CREF", "012345-G/XX"),
            ("CRO", "12345;"),
            ("CRO", "ABC"),
            ("CRO", "١٢٣"),
            ("OUTRO", "123456789012345678901"),
            ("OUTRO", "<b>1</b>"),
        ] {
            assert_eq!(number(council, typed), None, "{council} {typed}");
        }
    }

    #[test]
    fn a_legacy_council_is_kept_and_not_offered() {
        assert_eq!(Council::parse("CNEP", None), None);
        assert_eq!(Council::parse("CNEP", Some("CRM")), None);
        assert_eq!(Council::parse("CNEP", Some("CNEP")).map(Council::code), Some("CNEP"));
        assert_eq!(Council::parse("crm", None), None);
    }

    #[test]
    fn specialties_have_their_place() {
        assert_eq!(specialty(" cardiologia "), Some(("Cardiologia", 5)));
        assert_eq!(specialty("Urologia"), Some(("Urologia", 55)));
        assert_eq!(specialty("Curandeirismo"), None);
    }
}
