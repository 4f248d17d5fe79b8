//! Prices in reais, as people type and read them.

/// A billion reais is nobody's price, and fits the database's column.
const MOST: i64 = 100_000_000_000 - 1;

/// The centavos of a price as people type it: `150`, `150,5`, `1.234,56`, `R$ 90,00`. A point separates thousands, never centavos,
/// unless two digits alone follow the only one, as keyboards for numbers write it.
///
/// # Errors
/// The sentence to show beside the field.
pub fn centavos(typed: &str) -> Result<i64, &'static str> {
    const WRONG: &str = "Informe o preço em reais, como 150 ou 1.234,56.";
    let bare = typed.trim();
    let bare = bare.strip_prefix("R$").unwrap_or(bare).trim();
    let (whole, cents) = match (bare.split_once(','), bare.rsplit_once('.')) {
        (Some(parts), _) => parts,
        (None, Some((whole, cents))) if cents.len() == 2 && !whole.contains('.') => (whole, cents),
        _ => (bare, ""),
    };
    let groups: Vec<&str> = whole.split('.').collect();
    let grouped = groups.len() == 1
        || (matches!(groups.first().map(|group| group.len()), Some(1..=3))
            && groups.iter().skip(1).all(|group| group.len() == 3));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let plain = groups.concat();
    if !grouped || plain.is_empty() || cents.len() > 2 || !digits(&plain) || !digits(cents) {
        return Err(WRONG);
    }
    let value = format!("{plain}{cents:0<2}").parse::<i64>().map_err(|_| WRONG)?;
    if value > MOST { Err("O preço é alto demais.") } else { Ok(value) }
}

/// `123456` as `1.234,56`.
pub fn reais(centavos: i64) -> String {
    let whole = (centavos / 100).unsigned_abs().to_string();
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    let sign = if centavos < 0 { "-" } else { "" };
    format!("{sign}{grouped},{:02}", (centavos % 100).abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_as_people_type_them() {
        for (typed, value) in [
            ("150", 15_000),
            (" 1.234,56 ", 123_456),
            ("R$ 90,5", 9_050),
            ("0", 0),
            ("1234,00", 123_400),
            ("1.500", 150_000),
            ("99.90", 9_990),
            ("1.234.567,89", 123_456_789),
            ("150,", 15_000),
        ] {
            assert_eq!(centavos(typed), Ok(value), "{typed}");
        }
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for wrong in [
            "",
            "abc",
            "-1",
            "1,234",
            "1.23.45",
            "1,2,3",
            "12.3456",
            ",50",
            "1e5",
            "٣",
            "1 000",
            "99999999999999999999",
            "1.000.000.000,00",
        ] {
            assert!(centavos(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn prices_as_people_read_them() {
        for (value, text) in
            [(0, "0,00"), (5, "0,05"), (15_000, "150,00"), (123_456, "1.234,56"), (123_456_789, "1.234.567,89")]
        {
            assert_eq!(reais(value), text);
            assert_eq!(centavos(text), Ok(value));
        }
    }
}
