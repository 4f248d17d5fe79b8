use sigilo_domain::{Council, Uf, council, name};
use sigilo_store::professional::{Known, MemberRow, ProfessionalRow};
use uuid::Uuid;

use crate::FieldError;

/// What somebody typed into the form of a professional.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// Full name.
    pub name: String,
    /// The council's code.
    pub council: String,
    /// The number there.
    pub number: String,
    /// The council's state.
    pub state: String,
    /// Specialty.
    pub specialty: String,
    /// The member who it is.
    pub member: String,
    /// Appointments in a day at most.
    pub daily_maximum: String,
}

impl Typed {
    /// The form as `value` gives each field.
    pub fn new<'a>(value: impl Fn(&'static str) -> &'a str) -> Typed {
        Typed {
            name: value("nome").to_owned(),
            council: value("conselho").to_owned(),
            number: value("numero").to_owned(),
            state: value("uf").to_owned(),
            specialty: value("especialidade").to_owned(),
            member: value("pessoa").to_owned(),
            daily_maximum: value("maximo").to_owned(),
        }
    }

    /// The form of what is known.
    pub fn of(row: &ProfessionalRow) -> Typed {
        Typed {
            name: row.full_name.clone(),
            council: row.council_license.clone(),
            number: row.license_number.clone(),
            state: row.license_state.clone(),
            specialty: row.specialization.clone().unwrap_or_default(),
            member: row.user_id.map(|user| user.to_string()).unwrap_or_default(),
            daily_maximum: row.daily_maximum.map(|most| most.to_string()).unwrap_or_default(),
        }
    }

    /// What it says, each thing in the one spelling that is kept. What is no longer offered stays where `before` has it.
    ///
    /// # Errors
    /// Every field that cannot be what it is given as, with a sentence.
    pub(super) fn read(
        &self,
        members: &[MemberRow],
        before: Option<&ProfessionalRow>,
    ) -> Result<Known, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let full_name = kept(&mut wrong, "nome", name::full_name(&self.name));
        let council = Council::parse(&self.council, before.map(|row| row.council_license.as_str()));
        let council = kept(&mut wrong, "conselho", council.ok_or("Escolha o conselho."));
        let number = council.and_then(|council| kept(&mut wrong, "numero", council.number(&self.number)));
        let state = kept(&mut wrong, "uf", Uf::parse(&self.state).ok_or("Escolha o estado (UF) do conselho."));
        let medical = council.is_some_and(Council::is_medical);
        let specialty = kept(&mut wrong, "especialidade", specialty(&self.specialty, medical));
        let known_before = before.and_then(|row| row.user_id);
        let user = kept(&mut wrong, "pessoa", member(&self.member, members, known_before));
        let daily_maximum = kept(&mut wrong, "maximo", daily_maximum(&self.daily_maximum));
        match (full_name, council, number, state, specialty, user, daily_maximum) {
            (Some(full_name), Some(council), Some(number), Some(state), Some(specialty), Some(user), Some(most)) => {
                let (specialization, specialty_code) = specialty;
                Ok(Known {
                    user,
                    full_name,
                    specialization,
                    specialty_code,
                    council: council.code(),
                    number,
                    state: state.code(),
                    daily_maximum: most,
                })
            }
            _ => Err(wrong),
        }
    }
}

fn kept<T>(wrong: &mut Vec<FieldError>, field: &'static str, read: Result<T, &'static str>) -> Option<T> {
    read.map_err(|sentence| wrong.push(FieldError::new(field, sentence))).ok()
}

/// The specialty, and for doctors its place in the federal council's list.
fn specialty(typed: &str, medical: bool) -> Result<(Option<String>, Option<String>), &'static str> {
    let tidy = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if tidy.is_empty() {
        return Ok((None, None));
    }
    if medical {
        let (name, place) = council::specialty(&tidy).ok_or("Escolha uma das especialidades da lista do CFM.")?;
        return Ok((Some(name.to_owned()), Some(place.to_string())));
    }
    let plain =
        tidy.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '/' | '.' | ',' | '(' | ')' | '\''));
    if !plain || !(2..=120).contains(&tidy.chars().count()) {
        return Err("A especialidade tem de 2 a 120 letras.");
    }
    Ok((Some(tidy), None))
}

/// The member who it is: somebody of the clinic, or who it was before, though they have left.
fn member(typed: &str, members: &[MemberRow], before: Option<Uuid>) -> Result<Option<Uuid>, &'static str> {
    if typed.is_empty() {
        return Ok(None);
    }
    let wanted = typed.parse().ok();
    let known = members.iter().map(|member| member.user_id).chain(before).find(|user| Some(*user) == wanted);
    known.map(Some).ok_or("Escolha alguém da clínica.")
}

fn daily_maximum(typed: &str) -> Result<Option<i32>, &'static str> {
    if typed.is_empty() {
        return Ok(None);
    }
    let most = typed.parse::<i32>().ok().filter(|most| (1..=200).contains(most));
    most.map(Some).ok_or("O máximo por dia vai de 1 a 200; vazio, não há limite.")
}
