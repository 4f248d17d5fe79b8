//! The number of a person in the revenue service's register.

use std::fmt;

/// A CPF with valid check digits. Its `Debug` hides it: it identifies a person.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cpf([u8; 11]);

impl Cpf {
    /// Reads eleven digits, bare or as `000.000.000-00`. None when the check digits are wrong, or all digits are equal,
    /// which no CPF's are.
    pub fn parse(text: &str) -> Option<Cpf> {
        let digits: [u8; 11] = places(text, b"000.000.000-00")?.try_into().ok()?;
        if !digits.iter().all(u8::is_ascii_digit) || digits.iter().all(|digit| *digit == digits[0]) {
            return None;
        }
        let valid = [9, 10].iter().all(|&at| digits[at] == check_digit(&digits[..at]));
        valid.then_some(Cpf(digits))
    }

    /// The eleven digits.
    pub fn digits(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The characters of `text` that stand where `form` has a zero; a text that is not in that form is all of them.
pub(super) fn places(text: &str, form: &[u8]) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    if text.len() != form.len() {
        return Some(text.to_vec());
    }
    let pairs = || text.iter().zip(form);
    let fits = pairs().all(|(byte, form)| *form == b'0' || byte == form);
    fits.then(|| pairs().filter(|(_, form)| **form == b'0').map(|(byte, _)| *byte).collect())
}

/// Modulo 11 with weights 2, 3, … from the right.
fn check_digit(before: &[u8]) -> u8 {
    let sum: u32 = before.iter().rev().zip(2..).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    b'0' + u8::try_from(sum * 10 % 11 % 10).unwrap_or_default()
}

impl fmt::Debug for Cpf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cpf(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_with_right_check_digits_are_read() {
        assert_eq!(Cpf::parse("111.444.777-35").unwrap().digits(), "11144477735");
        assert_eq!(Cpf::parse("11144477735"), Cpf::parse("111.444.777-35"));
        for wrong in [
            "",
            "11144477736",
            "11144477745",
            "1114447773",
            "111444777350",
            "00000000000",
            "111.444.77735",
            "111-444.777.35",
            "1114447773x",
            "111444777-35",
            "١١١٤٤",
        ] {
            assert_eq!(Cpf::parse(wrong), None, "{wrong}");
        }
        assert_eq!(format!("{:?}", Cpf::parse("11144477735")), "Some(Cpf(…))");
    }
}
