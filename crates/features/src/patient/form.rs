use sigilo_deid::check;
use sigilo_domain::{consent::minor, name};
use sigilo_proof::envelope as normal;
use sigilo_store::patient::CELLS;
use time::{Date, macros::format_description};
use zeroize::Zeroizing;

use super::document::{Document, Field, RACES, SEXES, without_document};
use crate::FieldError;

const OLDEST: i32 = 130;

/// What somebody typed into the form of a patient. Wiped when dropped.
#[derive(Clone)]
pub struct Typed {
    values: [Zeroizing<String>; CELLS],
    /// Why there is neither CPF nor CNS.
    pub without_document: String,
}

impl Typed {
    /// The form as `value` gives each field.
    pub fn new<'a>(value: impl Fn(&'static str) -> &'a str) -> Typed {
        Typed {
            values: Field::ALL.map(|field| Zeroizing::new(value(field.name()).to_owned())),
            without_document: value("sem_documento").to_owned(),
        }
    }

    /// The form of what is known.
    pub fn of(document: &Document) -> Typed {
        let value = |field: Field| document.get(field).unwrap_or_default();
        Typed {
            values: Field::ALL.map(|field| Zeroizing::new(value(field).to_owned())),
            without_document: document.without_document.unwrap_or_default().to_owned(),
        }
    }

    /// What was typed into a field.
    pub fn get(&self, field: Field) -> &str {
        &self.values[field.place()]
    }

    /// What it says, each thing in the one spelling that is kept.
    ///
    /// # Errors
    /// Every field that cannot be what it is given as, with a sentence.
    pub(super) fn read(&self, today: Date) -> Result<Document, Vec<FieldError>> {
        let (mut document, mut wrong) = (Document::empty(), Vec::new());
        for field in Field::ALL {
            let typed = self.get(field).trim();
            if typed.is_empty() {
                continue;
            }
            match value(field, typed, today) {
                Ok(value) => document.values[field.place()] = Some(value),
                Err(sentence) => wrong.push(FieldError::new(field.name(), sentence)),
            }
        }
        document.without_document = without_document(&self.without_document);
        self.needed(&document, today, &mut wrong);
        if wrong.is_empty() { Ok(document) } else { Err(wrong) }
    }

    /// What must not be missing. Of what was typed wrong, only that is said.
    fn needed(&self, document: &Document, today: Date, wrong: &mut Vec<FieldError>) {
        let mut need = |field: Field, sentence: &str| {
            if self.get(field).trim().is_empty() {
                wrong.push(FieldError::new(field.name(), sentence));
            }
        };
        need(Field::FullName, "Informe o nome completo, como no documento.");
        need(Field::BirthDate, "Informe a data de nascimento.");
        let minor = document.get(Field::BirthDate).and_then(day).is_some_and(|birth| today < minor::majority(birth));
        if minor {
            need(Field::GuardianName, "O paciente é menor de 18 anos: diga quem responde por ele.");
        }
        if minor || document.get(Field::GuardianName).is_some() {
            need(Field::GuardianRelation, "Diga o que o responsável é do paciente, como mãe, pai, tutora ou curador.");
        }
        let documents = [Field::Cpf, Field::Cns];
        if document.without_document.is_none() && documents.iter().all(|field| self.get(*field).trim().is_empty()) {
            wrong.push(FieldError::new("cpf", "Informe o CPF ou o Cartão SUS, ou escolha por que não há."));
        }
    }
}

/// One field's value in the one spelling that is kept.
fn value(field: Field, typed: &str, today: Date) -> Result<Zeroizing<String>, &'static str> {
    let one_of = |known: &[(&str, &str)]| known.iter().any(|(code, _)| *code == typed);
    let kept = || Zeroizing::new(typed.to_owned());
    match field {
        Field::FullName | Field::SocialName | Field::MotherName | Field::GuardianName => {
            name::full_name(typed).map(Zeroizing::new)
        }
        Field::BirthDate => {
            const WRONG: &str = "Informe uma data que exista, como 23/11/1980.";
            let birth = normal::birth_date(typed).ok_or(WRONG)?;
            match day(&birth).ok_or(WRONG)? {
                born if born > today => Err("A data de nascimento está no futuro."),
                born if age(born, today) > OLDEST => Err("Confira o ano: a pessoa teria mais de 130 anos."),
                _ => Ok(birth),
            }
        }
        Field::Sex => one_of(&SEXES).then(kept).ok_or("Escolha uma das opções."),
        Field::RaceColor => one_of(&RACES).then(kept).ok_or("Escolha uma das opções."),
        Field::Cpf => {
            let digits = normal::cpf(typed).ok_or("O CPF tem 11 números.")?;
            let right = numbers::<11>(&digits).is_some_and(|digits| check::cpf(&digits));
            right.then_some(digits).ok_or("Confira o CPF: os dois últimos números não correspondem aos outros.")
        }
        Field::Cns => {
            let digits = normal::cns(typed).ok_or("O Cartão SUS tem 15 números.")?;
            let right = numbers::<15>(&digits).is_some_and(|digits| check::cns(&digits));
            right.then_some(digits).ok_or("Confira o Cartão SUS: os números não correspondem entre si.")
        }
        Field::PhonePrimary | Field::PhoneSecondary => {
            normal::phone(typed).ok_or("Informe o telefone com o DDD, como (11) 98765-4321.")
        }
        Field::Email => name::email(typed).map(Zeroizing::new),
        Field::Rg | Field::GuardianDocument => text(typed, 40, "Até 40 letras e números."),
        Field::GuardianRelation => text(typed, 60, "Até 60 letras."),
        Field::Address => text(typed, 300, "O endereço pode ter até 300 letras."),
    }
}

fn text(typed: &str, most: usize, too_long: &'static str) -> Result<Zeroizing<String>, &'static str> {
    let tidy = Zeroizing::new(typed.split_whitespace().collect::<Vec<_>>().join(" "));
    if tidy.chars().count() > most {
        return Err(too_long);
    }
    let odd = |c: char| c.is_control() || matches!(c, '<' | '>' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if tidy.chars().any(odd) {
        return Err("Há caracteres que não podem ser usados.");
    }
    Ok(tidy)
}

fn numbers<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let digits: Vec<u8> = digits.bytes().map(|digit| digit.wrapping_sub(b'0')).collect();
    digits.try_into().ok()
}

pub(super) fn day(iso: &str) -> Option<Date> {
    Date::parse(iso, format_description!("[year]-[month]-[day]")).ok()
}

/// Whole years between two days.
pub(super) fn age(birth: Date, today: Date) -> i32 {
    let had = (today.month(), today.day()) >= (birth.month(), birth.day());
    today.year() - birth.year() - i32::from(!had)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const TODAY: Date = date!(2026 - 11 - 28);

    fn typed(fields: &[(&'static str, &'static str)]) -> Typed {
        let known = [("nome", "Ana Lúcia Prado"), ("nascimento", "1980-02-29"), ("cpf", "529.982.247-25")];
        Typed::new(|name| fields.iter().chain(&known).find(|(known, _)| *known == name).map_or("", |(_, value)| *value))
    }

    fn wrong(fields: &[(&'static str, &'static str)]) -> Vec<&'static str> {
        typed(fields).read(TODAY).err().unwrap_or_default().into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn each_thing_is_kept_in_one_spelling() {
        let all = [
            ("nome", "  Ana   Lúcia Prado "),
            ("nome_social", "Ana Prado"),
            ("nascimento", "29/02/1980"),
            ("cns", "898 0016 0660 9980"),
            ("telefone", "(11) 8765-4321"),
            ("email", " Ana@Exemplo.COM.br"),
            ("sexo", "female"),
            ("raca_cor", "brown"),
        ];
        let document = typed(&all).read(TODAY);
        let errors: Vec<_> = document.as_ref().err().into_iter().flatten().map(|error| error.field).collect();
        assert!(errors.is_empty() || errors == ["cns"], "{errors:?}");
        let without: Vec<_> = all.into_iter().filter(|(name, _)| *name != "cns").collect();
        let document = typed(&without).read(TODAY).ok().unwrap();
        assert_eq!(document.get(Field::FullName), Some("Ana Lúcia Prado"));
        assert_eq!(document.called(), "Ana Prado");
        assert_eq!(document.get(Field::BirthDate), Some("1980-02-29"));
        assert_eq!(document.get(Field::Cpf), Some("52998224725"));
        assert_eq!(document.get(Field::PhonePrimary), Some("+5511987654321"));
        assert_eq!(document.get(Field::Email), Some("ana@exemplo.com.br"));
        assert_eq!(document.get(Field::Rg), None);
    }

    #[test]
    fn what_cannot_be_is_named_by_its_field() {
        for (field, value) in [
            ("nome", "A"),
            ("nome", "<b>Ana</b>"),
            ("nome", "\u{202e}anA"),
            ("nascimento", "31/02/1980"),
            ("nascimento", "2027-01-01"),
            ("nascimento", "1850-01-01"),
            ("nascimento", "ontem"),
            ("cpf", "529.982.247-26"),
            ("cpf", "111.111.111-11"),
            ("cpf", "123"),
            ("cns", "123456789012345"),
            ("sexo", "F"),
            ("raca_cor", "azul"),
            ("telefone", "98765-4321"),
            ("email", "ana"),
            ("mae", "3"),
        ] {
            assert_eq!(wrong(&[(field, value)]), [field], "{field} {value}");
        }
        assert_eq!(wrong(&[("nome", ""), ("nascimento", " ")]), ["nome", "nascimento"]);
        let long: &'static str = Box::leak("a".repeat(301).into_boxed_str());
        assert_eq!(wrong(&[("nome", long)]), ["nome"]);
        assert_eq!(wrong(&[("endereco", long)]), ["endereco"]);
    }

    #[test]
    fn a_document_or_a_reason_and_for_minors_somebody() {
        assert_eq!(wrong(&[("cpf", "")]), ["cpf"]);
        assert_eq!(wrong(&[("cpf", ""), ("sem_documento", "x")]), ["cpf"]);
        assert!(wrong(&[("cpf", ""), ("sem_documento", "newborn")]).is_empty());
        assert_eq!(wrong(&[("nascimento", "2008-11-29")]), ["responsavel", "parentesco"]);
        assert!(wrong(&[("nascimento", "2008-11-28")]).is_empty(), "eighteen today");
        assert_eq!(wrong(&[("responsavel", "Rita Prado")]), ["parentesco"]);
        assert!(
            wrong(&[("nascimento", "2020-01-01"), ("responsavel", "Rita Prado"), ("parentesco", "mãe")]).is_empty()
        );
    }
}
