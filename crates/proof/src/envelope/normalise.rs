//! One spelling for what people write in many ways, so that equal things get equal indexes. What cannot be the thing
//! it is given as is refused.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};
use zeroize::Zeroizing;

/// Longer inputs are refused before they are looked at; in bytes.
const LONGEST: usize = 1024;
/// Joins between names, which people write or leave out.
const PARTICLES: [&str; 6] = ["da", "de", "do", "das", "dos", "e"];

/// A person's name: small letters without accents, particles left out, single spaces. None when no letter is left.
pub fn name(text: &str) -> Option<Zeroizing<String>> {
    let words = words(text)?;
    let mut out = Zeroizing::new(String::with_capacity(words.len()));
    for word in words.split(' ').filter(|word| !word.is_empty() && !PARTICLES.contains(word)) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    (!out.is_empty()).then_some(out)
}

/// Letters and digits, folded; an apostrophe joins (`D'Ávila` is `davila`), all else parts.
fn words(text: &str) -> Option<Zeroizing<String>> {
    if text.len() > LONGEST {
        return None;
    }
    let lower = Zeroizing::new(text.to_lowercase());
    let mut out = Zeroizing::new(String::with_capacity(2 * lower.len()));
    for letter in lower.nfd() {
        match letter {
            '\'' | '’' | '`' | '´' => {}
            mark if is_combining_mark(mark) => {}
            letter if letter.is_alphanumeric() => out.push(letter),
            _ => out.push(' '),
        }
    }
    Some(out)
}

/// The digits of a text that holds nothing else but the separators people write.
fn digits(text: &str) -> Option<Zeroizing<String>> {
    if text.len() > LONGEST || !text.chars().all(|c| c.is_ascii_digit() || " .-/()+\u{a0}\t".contains(c)) {
        return None;
    }
    Some(Zeroizing::new(text.chars().filter(char::is_ascii_digit).collect()))
}

/// The 11 digits of a CPF. Check digits are not looked at: a wrong number in a record must be found too.
pub fn cpf(text: &str) -> Option<Zeroizing<String>> {
    digits(text).filter(|digits| digits.len() == 11)
}

/// The 15 digits of a CNS card.
pub fn cns(text: &str) -> Option<Zeroizing<String>> {
    digits(text).filter(|digits| digits.len() == 15)
}

/// A telephone in E.164 (ITU-T), as `+5511987654321`. Without a country it is Brazilian: trunk zero and carrier code are
/// dropped, and a mobile of ten digits gets the ninth that it has had since 2016. None without an area code.
pub fn phone(text: &str) -> Option<Zeroizing<String>> {
    let all = digits(text)?;
    let trimmed = text.trim_start_matches([' ', '(']);
    let foreign = trimmed.starts_with('+').then_some(all.as_str()).or_else(|| all.strip_prefix("00"));
    let brazilian = match foreign {
        Some(number) => match number.strip_prefix("55") {
            Some(rest) => rest,
            None => return ((8..=15).contains(&number.len())).then(|| Zeroizing::new(format!("+{number}"))),
        },
        None => match all.len() {
            // 0, two digits of a carrier, area and number; or 0, area and number.
            13 | 14 if all.starts_with('0') => &all[3..],
            11 | 12 if all.starts_with('0') => &all[1..],
            12 | 13 => all.strip_prefix("55")?,
            _ => &all,
        },
    };
    if !brazilian.bytes().take(2).all(|digit| (b'1'..=b'9').contains(&digit)) {
        return None;
    }
    match (brazilian.len(), brazilian.as_bytes().get(2)?) {
        (11, b'9') => Some(Zeroizing::new(format!("+55{brazilian}"))),
        (10, b'6'..=b'9') => Some(Zeroizing::new(format!("+55{}9{}", &brazilian[..2], &brazilian[2..]))),
        (10, b'2'..=b'5') => Some(Zeroizing::new(format!("+55{brazilian}"))),
        _ => None,
    }
}

/// An e-mail address in small letters, without spaces around it.
pub fn email(text: &str) -> Option<Zeroizing<String>> {
    let text = text.trim();
    let (local, domain) = text.rsplit_once('@')?;
    let fits = text.len() <= 254 && !local.is_empty() && !domain.is_empty();
    (fits && !text.contains(char::is_whitespace)).then(|| Zeroizing::new(text.to_lowercase()))
}

/// A date as `AAAA-MM-DD`; `DD/MM/AAAA` becomes it.
pub fn birth_date(text: &str) -> Option<Zeroizing<String>> {
    let text = text.trim();
    let (year, month, day) = match text.split_once('/') {
        Some((day, rest)) => rest.split_once('/').map(|(month, year)| (year, month, day))?,
        None => text.split_once('-').and_then(|(y, rest)| rest.split_once('-').map(|(m, d)| (y, m, d)))?,
    };
    let number = |text: &str, length: usize| {
        (text.len() == length && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse::<u32>().ok()).flatten()
    };
    let (y, m, d) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
    let fits = (1850..=2200).contains(&y) && (1..=12).contains(&m) && (1..=31).contains(&d);
    fits.then(|| Zeroizing::new(format!("{year}-{month}-{day}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(found: Option<Zeroizing<String>>, wanted: &str) {
        assert_eq!(found.as_ref().map(|text| text.as_str()), Some(wanted));
    }

    #[test]
    fn a_name_is_found_however_it_is_written() {
        for written in ["José da Silva e Souza", "  JOSE   SILVA SOUZA", "Jose\u{301} dos Silva-Souza"] {
            is(name(written), "jose silva souza");
        }
        is(name("Maria D'Ávila"), "maria davila");
        is(name("Maria D’Ávila"), "maria davila");
        is(name("Conceição"), "conceicao");
        for nobody in ["", " - ", "de da", &"a".repeat(LONGEST + 1)] {
            assert!(name(nobody).is_none(), "{nobody}");
        }
    }

    #[test]
    fn numbers_lose_what_people_write_between_digits() {
        is(cpf("123.456.789-09"), "12345678909");
        is(cpf(" 12345678909 "), "12345678909");
        assert!(cpf("123.456.789").is_none() && cpf("1234567890x9").is_none() && cpf("").is_none());
        is(cns("700 5089 1234 5678"), "700508912345678");
        assert!(cns("12345678909").is_none());
    }

    #[test]
    fn a_telephone_is_one_number_in_every_spelling() {
        for written in [
            "(11) 98765-4321",
            "11987654321",
            "+55 11 98765-4321",
            "0055 11 98765 4321",
            "5511987654321",
            "011 98765-4321",
            "0 15 11 98765-4321",
            "(11) 8765-4321",
            "+55 11 8765-4321",
        ] {
            is(phone(written), "+5511987654321");
        }
        is(phone("(21) 3456-7890"), "+552134567890");
        is(phone("+351 912 345 678"), "+351912345678");
        for nothing in ["98765-4321", "", "+", "+55", "abc", "(10) 98765-4321", "1188887777766", "+1234567890123456"] {
            assert!(phone(nothing).is_none(), "{nothing}");
        }
    }

    #[test]
    fn addresses_and_dates() {
        is(email(" Ana.Souza@Clinica.Example "), "ana.souza@clinica.example");
        for nothing in ["ana", "@x", "ana@", "a b@c.d"] {
            assert!(email(nothing).is_none(), "{nothing}");
        }
        is(birth_date("31/01/1980"), "1980-01-31");
        is(birth_date("1980-01-31"), "1980-01-31");
        for nothing in ["1980-1-31", "31/13/1980", "0001-01-01", "+980-01-31", "é/1/1", "1980"] {
            assert!(birth_date(nothing).is_none(), "{nothing}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_normal_stays_as_it_is(text: String) {
            for normal in [name, cpf, cns, phone, email, birth_date] {
                if let Some(once) = normal(&text) {
                    let twice = normal(&once);
                    proptest::prop_assert_eq!(twice.as_ref().map(|t| t.as_str()), Some(once.as_str()));
                }
            }
        }

        #[test]
        fn telephones_too(text in "[+0-9 ()-]{0,20}") {
            if let Some(once) = phone(&text) {
                let twice = phone(&once);
                proptest::prop_assert_eq!(twice.as_ref().map(|t| t.as_str()), Some(once.as_str()));
            }
        }
    }
}
