//! Keyed fingerprints by which encrypted values are found.

use aws_lc_rs::{hkdf, hmac};
use uuid::Uuid;

use super::{KeyBytes, normalise};

/// The shortest and the longest beginning of a word that has a token, in letters.
const PREFIX: std::ops::RangeInclusive<usize> = 3..=8;
const PREFIX_FIELD: &str = "name prefix";

/// Something a person is looked up by, as somebody wrote it.
#[derive(Clone, Copy)]
pub enum Identifier<'a> {
    /// CPF.
    Cpf(&'a str),
    /// Number of the national health card.
    Cns(&'a str),
    /// E-mail address.
    Email(&'a str),
    /// Telephone.
    Phone(&'a str),
    /// Full name and date of birth together.
    NameAndBirth {
        /// The full name.
        name: &'a str,
        /// `AAAA-MM-DD` or `DD/MM/AAAA`.
        birth: &'a str,
    },
}

/// One version of a clinic's key for blind indexes. Neither printable nor serialisable; wiped when dropped.
///
/// It is another key than the one that wraps: whoever steals it can test guesses against a stolen table, and open nothing.
pub struct IndexKey {
    clinic: Uuid,
    version: u32,
    bytes: KeyBytes,
}

impl IndexKey {
    /// The key that these bytes are.
    pub fn new(clinic: Uuid, version: u32, bytes: KeyBytes) -> IndexKey {
        IndexKey { clinic, version, bytes }
    }

    /// The clinic.
    pub fn clinic(&self) -> Uuid {
        self.clinic
    }

    /// The version, for the time in which a table has indexes of two.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// `HMAC-SHA-256(k, field ‖ 0 ‖ normalised)`, cut to 16 bytes, with `k = HKDF(key, field, version)`. None when the
    /// text cannot be what it is given as.
    pub fn index(&self, identifier: Identifier<'_>) -> Option<[u8; 16]> {
        let (field, normalised) = match identifier {
            Identifier::Cpf(text) => ("cpf", normalise::cpf(text)?),
            Identifier::Cns(text) => ("cns", normalise::cns(text)?),
            Identifier::Email(text) => ("email", normalise::email(text)?),
            Identifier::Phone(text) => ("phone", normalise::phone(text)?),
            Identifier::NameAndBirth { name, birth } => {
                let mut both = normalise::name(name)?;
                both.push('\0');
                both.push_str(&normalise::birth_date(birth)?);
                ("name and birth", both)
            }
        };
        Some(fingerprint(&self.field_key(field), field, &normalised))
    }

    /// Tokens of the beginnings, three to eight letters long, of each word of a name: sorted, each once. Whoever has a
    /// table of them learns how frequent each is, and so the frequent names: they are an option, not the default.
    pub fn name_tokens(&self, name: &str) -> Vec<i64> {
        let Some(name) = normalise::name(name) else { return Vec::new() };
        let key = self.field_key(PREFIX_FIELD);
        let mut tokens: Vec<i64> = name
            .split(' ')
            .flat_map(|word| word.char_indices().map(move |(at, letter)| &word[..at + letter.len_utf8()]))
            .filter(|beginning| PREFIX.contains(&beginning.chars().count()))
            .map(|beginning| token(&key, beginning))
            .collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    }

    /// The tokens that a search for the beginnings of words asks for, all of which a name must have. Words shorter than
    /// three letters say nothing; longer than eight are cut.
    pub fn search_tokens(&self, typed: &str) -> Vec<i64> {
        let Some(typed) = normalise::name(typed) else { return Vec::new() };
        let key = self.field_key(PREFIX_FIELD);
        typed
            .split(' ')
            .filter(|word| word.chars().count() >= *PREFIX.start())
            .map(|word| {
                let end = word.char_indices().nth(*PREFIX.end()).map_or(word.len(), |(at, _)| at);
                token(&key, &word[..end])
            })
            .collect()
    }

    #[allow(clippy::expect_used, reason = "32 bytes are within every HKDF limit")]
    fn field_key(&self, field: &str) -> KeyBytes {
        let mut key = KeyBytes::empty();
        hkdf::Salt::new(hkdf::HKDF_SHA256, b"sigilo blind index v1")
            .extract(self.bytes.expose())
            .expand(&[field.as_bytes(), &[0], &self.version.to_be_bytes()], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(key.expose_mut()))
            .expect("HKDF output length");
        key
    }
}

fn fingerprint(key: &KeyBytes, field: &str, normalised: &str) -> [u8; 16] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.expose()));
    context.update(field.as_bytes());
    context.update(&[0]);
    context.update(normalised.as_bytes());
    let mut out = [0; 16];
    out.copy_from_slice(&context.sign().as_ref()[..16]);
    out
}

fn token(key: &KeyBytes, beginning: &str) -> i64 {
    let mut out = [0; 8];
    out.copy_from_slice(&fingerprint(key, PREFIX_FIELD, beginning)[..8]);
    i64::from_be_bytes(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(version: u32) -> IndexKey {
        IndexKey::new(Uuid::from_u128(1), version, KeyBytes::copy(&[7; 32]).unwrap())
    }

    #[test]
    fn equal_things_meet_and_others_do_not() {
        let (one, two) = (key(1), key(2));
        let cpf = one.index(Identifier::Cpf("123.456.789-09"));
        assert!(cpf.is_some());
        assert_eq!(cpf, one.index(Identifier::Cpf("12345678909")));
        assert_ne!(cpf, one.index(Identifier::Cpf("12345678908")));
        assert_ne!(cpf, two.index(Identifier::Cpf("12345678909")));
        let elsewhere = IndexKey::new(Uuid::from_u128(2), 1, KeyBytes::random());
        assert_ne!(cpf, elsewhere.index(Identifier::Cpf("12345678909")));
        // The same digits as another kind of thing are another index.
        assert_ne!(one.index(Identifier::Phone("11987654321")), one.index(Identifier::Cpf("11987654321")));
        assert_eq!(one.index(Identifier::Cpf("nada")), None);

        let ana = |name, birth| one.index(Identifier::NameAndBirth { name, birth });
        assert_eq!(ana("Ana da Silva", "31/01/1980"), ana("ANA SILVA", "1980-01-31"));
        assert_ne!(ana("Ana da Silva", "31/01/1980"), ana("Ana da Silva", "30/01/1980"));
        assert_eq!(ana("Ana", ""), None);
    }

    /// Computed with Python's `hmac` and an HKDF written after RFC 5869: indexes outlive this program.
    #[test]
    fn the_index_is_the_documented_one() {
        let found = key(1).index(Identifier::Cpf("12345678909")).unwrap();
        assert_eq!(u128::from_be_bytes(found), VECTOR, "{:032x}", u128::from_be_bytes(found));
    }

    const VECTOR: u128 = 0xa572_ae99_20e7_72b4_d2cb_a646_2712_7b0c;

    #[test]
    fn a_search_meets_the_names_that_begin_so() {
        let key = key(1);
        let name = key.name_tokens("Maria das Graças Albuquerque");
        // maria 3, gracas 4, albuquer 6.
        assert_eq!(name.len(), 3 + 4 + 6);
        let meets = |typed: &str| {
            let asked = key.search_tokens(typed);
            !asked.is_empty() && asked.iter().all(|token| name.contains(token))
        };
        for typed in ["mar", "MARIA gra", "albuquerque", "da gracas", "albuquerqueX"] {
            assert!(meets(typed), "{typed}");
        }
        for typed in ["ma", "", "mari ana", "ria", "jose"] {
            assert!(!meets(typed), "{typed}");
        }
    }
}
