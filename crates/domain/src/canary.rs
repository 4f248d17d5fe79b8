//! Canaries: invented patients that nobody has a reason to write down. Whoever does has found them where they were planted.

/// How a canary's CPF begins. The revenue service keeps no range for tests, so the mark makes a number of the house's own,
/// not one that surely is nobody's.
const MARK: [u8; 3] = [9, 9, 9];

/// How many words a canary's name has; any text is read in steps of so many.
pub const NAME_WORDS: usize = 4;

const FIRST: [&str; 16] = [
    "Aurélia",
    "Benedito",
    "Clotilde",
    "Dagoberto",
    "Eulália",
    "Florisvaldo",
    "Genoveva",
    "Hermínio",
    "Iolanda",
    "Leopoldo",
    "Marinalva",
    "Osvaldo",
    "Quitéria",
    "Rosalina",
    "Teodora",
    "Valdemar",
];
const SECOND: [&str; 16] = [
    "Adelaide",
    "Arlindo",
    "Cristina",
    "Dalva",
    "Edgar",
    "Fabiano",
    "Gilda",
    "Helena",
    "Inácio",
    "Lourdes",
    "Matias",
    "Noêmia",
    "Otávio",
    "Regina",
    "Sebastião",
    "Vitória",
];
const SURNAME: [&str; 16] = [
    "Alvarenga",
    "Bittencourt",
    "Cerqueira",
    "Dornelles",
    "Espíndola",
    "Feitosa",
    "Guimarães",
    "Junqueira",
    "Lacerda",
    "Marcondes",
    "Negreiros",
    "Ornelas",
    "Padilha",
    "Quadros",
    "Rezende",
    "Saldanha",
];
const LAST: [&str; 16] = [
    "Abreu",
    "Bessa",
    "Camargo",
    "Drummond",
    "Evangelista",
    "Figueiredo",
    "Galvão",
    "Holanda",
    "Linhares",
    "Meirelles",
    "Nogueira",
    "Pimentel",
    "Queiroz",
    "Sobral",
    "Tavares",
    "Vasconcelos",
];

/// An invented patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invented {
    /// Four words.
    pub name: String,
    /// As `999.123.456-09`, with valid digits.
    pub cpf: String,
}

/// Invents a patient out of random bytes.
pub fn invent(random: &[u8; 10]) -> Invented {
    let [first, second, surname, last, digits @ ..] = random;
    let pick = |list: &[&'static str; 16], byte: &u8| list[usize::from(byte % 16)];
    let name = [pick(&FIRST, first), pick(&SECOND, second), pick(&SURNAME, surname), pick(&LAST, last)].join(" ");
    let mut cpf = Vec::from(MARK);
    cpf.extend(digits.iter().map(|byte| byte % 10));
    for _ in 0..2 {
        cpf.push(check(&cpf));
    }
    let text: String = cpf.iter().map(|digit| char::from(b'0' + digit)).collect();
    Invented { name, cpf: format!("{}.{}.{}-{}", &text[..3], &text[3..6], &text[6..9], &text[9..]) }
}

/// The next check digit of a CPF.
fn check(digits: &[u8]) -> u8 {
    let sum: u32 = digits.iter().rev().zip(2..).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest as u8,
    }
}

/// The eleven digits of a text that could be a canary's CPF: with the mark, and valid.
pub fn cpf(text: &str) -> Option<String> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(10)).map(|digit| digit as u8).collect();
    let fits = digits.len() == 11
        && digits.starts_with(&MARK)
        && check(&digits[..9]) == digits[9]
        && check(&digits[..10]) == digits[10];
    fits.then(|| digits.iter().map(|digit| char::from(b'0' + digit)).collect())
}

/// Every name of a text that could be a canary's: so many words on end, in lower case without accents and particles.
pub fn names(text: &str) -> Vec<String> {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphabetic() && !is_mark(c))
        .map(plain)
        .filter(|word| !word.is_empty() && !is_particle(word))
        .collect();
    words.windows(NAME_WORDS).map(|window| window.join(" ")).collect()
}

/// Whether a text between two names belongs to one name.
pub fn joins(between: &str) -> bool {
    between.split_whitespace().all(|word| is_particle(&plain(word)))
}

fn is_particle(word: &str) -> bool {
    matches!(word, "de" | "da" | "do" | "das" | "dos" | "e")
}

/// Accents that stand behind their letter, and what is not seen.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

fn plain(word: &str) -> String {
    word.chars()
        .filter(|c| !is_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'á' | 'à' | 'â' | 'ã' | 'ä' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'í' | 'ì' | 'î' | 'ï' => 'i',
            'ó' | 'ò' | 'ô' | 'õ' | 'ö' => 'o',
            'ú' | 'ù' | 'û' | 'ü' => 'u',
            'ç' => 'c',
            'ñ' => 'n',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_invented_is_found_again_however_it_is_written() {
        for seed in 0..=255_u8 {
            let random = std::array::from_fn(|place| seed.wrapping_mul(31).wrapping_add(place as u8 * 7));
            let one = invent(&random);
            let bare: String = one.cpf.chars().filter(char::is_ascii_digit).collect();
            assert!(one.cpf.starts_with("999.") && cpf(&one.cpf) == Some(bare.clone()) && cpf(&bare) == Some(bare));
            let [found] = names(&one.name).try_into().unwrap();
            assert_eq!(names(&one.name.to_uppercase()), [found]);
        }
        assert_eq!(
            names("Sra. AURÉLIA  da Dalva\nFeitosa e Abreu,"),
            ["sra aurelia dalva feitosa", "aurelia dalva feitosa abreu"]
        );
        assert_eq!(names("Aure\u{301}lia Dal\u{200b}va Feitosa Abreu"), ["aurelia dalva feitosa abreu"]);
    }

    #[test]
    fn others_are_not_looked_for() {
        for other in ["529.982.247-25", "999.123.456-00", "9991234560", "", "999"] {
            assert_eq!(cpf(other), None, "{other}");
        }
        assert_eq!(cpf("111.444.777-35"), None, "valid, without the mark");
        assert!(names("Maria da Silva").is_empty());
        assert!(joins(" de ") && joins("  ") && !joins(", ") && !joins(" com "));
    }
}
