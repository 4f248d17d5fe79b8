use sigilo_store::appointment::Slot;
use time::{Date, PrimitiveDateTime, Time, macros::format_description};
use uuid::Uuid;

use crate::FieldError;

/// How somebody is attended: code and label.
pub const MODALITIES: [(&str, &str); 2] = [("in_person", "Presencial"), ("telemedicine", "Telemedicina")];

/// Longest series of weekly appointments.
const MOST_WEEKS: i64 = 52;

/// What was typed for a booking.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "each is a field of the form")]
pub struct Typed {
    pub patient: String,
    pub service: String,
    pub professional: String,
    pub room: String,
    pub equipment: String,
    pub modality: String,
    /// `AAAA-MM-DD`.
    pub day: String,
    /// `HH:MM`.
    pub hour: String,
    /// Empty: as long as the service takes.
    pub minutes: String,
    /// How many weeks running; empty: once.
    pub weeks: String,
}

/// A booking that makes sense by itself.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Whose.
    pub patient: Uuid,
    /// What for.
    pub service: Uuid,
    /// With whom, when, where; without minutes where the service says.
    pub slot: Slot,
    /// Whether the length was chosen by hand.
    pub has_length: bool,
    /// `in_person` or `telemedicine`.
    pub modality: &'static str,
    /// How many weeks running.
    pub weeks: i64,
}

impl Typed {
    /// Reads what was typed.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self) -> Result<Asked, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let mut needed = |field: &'static str, text: &str, sentence: &str| {
            Uuid::try_parse(text.trim()).unwrap_or_else(|_| {
                wrong.push(FieldError::new(field, sentence));
                Uuid::nil()
            })
        };
        let patient = needed("paciente", &self.patient, "Escolha o paciente.");
        let service = needed("servico", &self.service, "Escolha o serviço.");
        let professional = needed("profissional", &self.professional, "Escolha o profissional.");
        let mut place = |field: &'static str, text: &str, sentence: &str| match text.trim() {
            "" => None,
            text => Uuid::try_parse(text).map_err(|_| wrong.push(FieldError::new(field, sentence))).ok(),
        };
        let room = place("sala", &self.room, "Escolha uma sala da lista.");
        let equipment = place("equipamento", &self.equipment, "Escolha um equipamento da lista.");
        let starts = moment(&self.day, &self.hour, &mut wrong);
        let number =
            |text: &str, from: i64, to: i64| text.trim().parse().ok().filter(|found| (from..=to).contains(found));
        let has_length = !self.minutes.trim().is_empty();
        let minutes = if has_length { number(&self.minutes, 5, 720) } else { Some(0) };
        if minutes.is_none() {
            wrong.push(FieldError::new("minutos", "A duração vai de 5 a 720 minutos."));
        }
        let weeks = if self.weeks.trim().is_empty() { Some(1) } else { number(&self.weeks, 1, MOST_WEEKS) };
        if weeks.is_none() {
            wrong.push(FieldError::new("semanas", "Uma série vai de 1 a 52 semanas."));
        }
        let modality = MODALITIES.iter().find(|(code, _)| *code == self.modality.trim()).map(|(code, _)| *code);
        if modality.is_none() && !self.modality.trim().is_empty() {
            wrong.push(FieldError::new("modalidade", "Escolha como será o atendimento."));
        }
        let (Some(starts), Some(minutes), Some(weeks), true) = (starts, minutes, weeks, wrong.is_empty()) else {
            return Err(wrong);
        };
        let minutes = i32::try_from(minutes).unwrap_or_default();
        let slot = Slot { professional, room, equipment, starts, minutes };
        Ok(Asked { patient, service, slot, has_length, modality: modality.unwrap_or(MODALITIES[0].0), weeks })
    }
}

/// A day and an hour as browsers send them.
fn moment(day: &str, hour: &str, wrong: &mut Vec<FieldError>) -> Option<PrimitiveDateTime> {
    let day = Date::parse(day.trim(), format_description!("[year]-[month]-[day]"))
        .ok()
        // Beyond these years no agenda reaches; the database could not add to the last moments that there are.
        .filter(|day| (2000..=2199).contains(&day.year()));
    if day.is_none() {
        wrong.push(FieldError::new("dia", "Informe o dia."));
    }
    let hour = Time::parse(hour.trim(), format_description!("[hour]:[minute]")).ok();
    if hour.is_none() {
        wrong.push(FieldError::new("hora", "Informe a hora, como 14:30."));
    }
    Some(PrimitiveDateTime::new(day?, hour?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_said_by_field() {
        let wrong = |typed: Typed| typed.read().unwrap_err().into_iter().map(|error| error.field).collect::<Vec<_>>();
        let id = "0192f0c1-2345-7000-8000-000000000001".to_owned();
        assert_eq!(wrong(Typed::default()), ["paciente", "servico", "profissional", "dia", "hora"]);
        let good = Typed {
            patient: id.clone(),
            service: id.clone(),
            professional: id.clone(),
            day: "2026-12-01".into(),
            hour: "09:05".into(),
            ..Typed::default()
        };
        let asked = good.read().unwrap();
        assert_eq!((asked.slot.starts.hour(), asked.slot.minutes, asked.weeks, asked.modality), (9, 0, 1, "in_person"));
        for (typed, field) in [
            (Typed { day: "2026-02-30".into(), ..good.clone() }, "dia"),
            (Typed { day: "9999-12-31".into(), ..good.clone() }, "dia"),
            (Typed { hour: "24:00".into(), ..good.clone() }, "hora"),
            (Typed { minutes: "4".into(), ..good.clone() }, "minutos"),
            (Typed { minutes: "-30".into(), ..good.clone() }, "minutos"),
            (Typed { weeks: "53".into(), ..good.clone() }, "semanas"),
            (Typed { room: "sala 1".into(), ..good.clone() }, "sala"),
            (Typed { modality: "telepatia".into(), ..good.clone() }, "modalidade"),
        ] {
            assert_eq!(wrong(typed), [field]);
        }
    }
}
