//! The number of a company in the revenue service's register.

use super::cpf;

/// A CNPJ with valid check digits. Since 2026 its first twelve places may hold capital letters (IN RFB 2.229/2024).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cnpj([u8; 14]);

impl Cnpj {
    /// Reads fourteen places, bare or as `00.000.000/0000-00`. None when the check digits are wrong, or all places are
    /// equal, which no CNPJ's are.
    pub fn parse(text: &str) -> Option<Cnpj> {
        let places: [u8; 14] = cpf::places(text, b"00.000.000/0000-00")?.try_into().ok()?;
        let (body, check) = places.split_at(12);
        let readable = body.iter().all(|place| place.is_ascii_digit() || place.is_ascii_uppercase())
            && check.iter().all(u8::is_ascii_digit);
        if !readable || places.iter().all(|place| *place == places[0]) {
            return None;
        }
        let valid = [12, 13].iter().all(|&at| places[at] == check_digit(&places[..at]));
        valid.then_some(Cnpj(places))
    }

    /// The fourteen places.
    pub fn places(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Modulo 11 with weights 2 to 9 and again, from the right; a letter counts as its ASCII code less 48.
fn check_digit(before: &[u8]) -> u8 {
    let weights = (2..=9_u32).cycle();
    let sum: u32 = before.iter().rev().zip(weights).map(|(place, weight)| u32::from(place - b'0') * weight).sum();
    b'0' + u8::try_from(sum * 10 % 11 % 10).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_letters_are_read_when_the_check_digits_are_right() {
        assert_eq!(Cnpj::parse("11.222.333/0001-81").unwrap().places(), "11222333000181");
        // The revenue service's example of a number with letters.
        assert_eq!(Cnpj::parse("12.ABC.345/01DE-35").unwrap().places(), "12ABC34501DE35");
        for wrong in [
            "",
            "11222333000182",
            "11222333000191",
            "12abc34501de35",
            "12ABC34501DE3X",
            "00000000000000",
            "112223330001811",
        ] {
            assert_eq!(Cnpj::parse(wrong), None, "{wrong}");
        }
    }
}
