//! Days, hours and refusals of the agenda, in words.

use sigilo_features::appointment::{Conflict, Kind, Status};
use time::{Date, PrimitiveDateTime, Weekday};

use crate::format;

/// Why a day or an hour is closed: code and words.
const CLOSED: [(&str, &str); 7] = [
    ("holiday", "feriado"),
    ("vacation", "férias"),
    ("leave", "licença"),
    ("training", "treinamento"),
    ("maintenance", "manutenção"),
    ("extra", "horário extra"),
    ("other", "outro motivo"),
];

/// `segunda-feira`.
fn weekday(day: Date) -> &'static str {
    match day.weekday() {
        Weekday::Monday => "segunda-feira",
        Weekday::Tuesday => "terça-feira",
        Weekday::Wednesday => "quarta-feira",
        Weekday::Thursday => "quinta-feira",
        Weekday::Friday => "sexta-feira",
        Weekday::Saturday => "sábado",
        Weekday::Sunday => "domingo",
    }
}

/// `segunda-feira, 30 de novembro de 2026`.
pub(crate) fn long_day(day: Date) -> String {
    let month = format::month(&day.to_string()).unwrap_or_default();
    format!("{}, {} de {month}", weekday(day), day.day())
}

/// `seg. 30/11`.
pub(crate) fn short_day(day: Date) -> String {
    let name: String = weekday(day).chars().take(3).collect();
    format!("{name}. {:02}/{:02}", day.day(), u8::from(day.month()))
}

/// `09:05`.
pub(crate) fn hour(at: PrimitiveDateTime) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// `seg. 30/11 às 09:05`.
pub(crate) fn moment(at: PrimitiveDateTime) -> String {
    format!("{} às {}", short_day(at.date()), hour(at))
}

/// `30/11/2026 às 09:05`.
pub(crate) fn whole_moment(at: PrimitiveDateTime) -> String {
    format!("{:02}/{:02}/{} às {}", at.day(), u8::from(at.month()), at.year(), hour(at))
}

/// `2026-11-30T09:05`, as browsers write an hour without a zone.
pub(crate) fn iso(at: PrimitiveDateTime) -> String {
    format!("{}T{}", at.date(), hour(at))
}

/// The style of a state's tag.
pub(crate) fn tag(status: Status) -> &'static str {
    match status {
        Status::Requested => "tag-warn",
        Status::Scheduled => "tag-soft",
        Status::Confirmed | Status::Completed => "tag-ok",
        Status::Arrived | Status::InProgress => "tag-strong",
        Status::NoShow => "tag-bad",
        Status::Cancelled | Status::Rescheduled => "tag-off",
    }
}

/// What a button that leads to a state says.
pub(crate) fn act(from: Status, to: Status) -> &'static str {
    match (from, to) {
        (Status::Cancelled | Status::NoShow, Status::Scheduled) => "Voltar a agendar",
        (Status::Confirmed, Status::Scheduled) => "Desfazer confirmação",
        (Status::Arrived, Status::Scheduled | Status::Confirmed) => "Desfazer chegada",
        (Status::InProgress, Status::Arrived) => "Voltar à espera",
        (Status::NoShow, Status::Arrived) => "Chegou atrasado",
        (_, Status::Scheduled) => "Aceitar",
        (_, Status::Confirmed) => "Confirmou",
        (_, Status::Arrived) => "Chegou",
        (_, Status::InProgress) => "Iniciar atendimento",
        (_, Status::Completed) => "Concluir atendimento",
        (_, Status::NoShow) => "Faltou",
        (_, Status::Cancelled) => "Cancelar agendamento",
        (_, to) => to.label(),
    }
}

/// What stands against a time, as a sentence.
pub(crate) fn against(conflict: &Conflict, several: bool) -> String {
    let when =
        conflict.times.map(|(starts, ends)| format!("das {} às {}", hour(starts), hour(ends))).unwrap_or_default();
    let who = conflict.patient.as_deref().map(|name| format!(" ({})", name.as_str())).unwrap_or_default();
    let sentence = match conflict.kind {
        Kind::Professional => format!("O profissional já atende{who} {when}."),
        Kind::Patient => format!("O paciente já tem outro atendimento {when}."),
        Kind::Room => format!("A sala está ocupada{who} {when}."),
        Kind::Equipment => format!("O equipamento está em uso{who} {when}."),
        Kind::Past => "Este horário já passou.".to_owned(),
        Kind::Closed => format!("A agenda está fechada {}: {}.", span(conflict), closed(conflict.detail.as_deref())),
        Kind::OutsideHours => "O profissional não atende neste horário.".to_owned(),
        Kind::DailyMaximum => {
            format!(
                "O profissional já tem o máximo de atendimentos do dia ({}).",
                conflict.detail.as_deref().unwrap_or("–")
            )
        }
    };
    if several { format!("{}: {sentence}", short_day(conflict.asked.date())) } else { sentence }
}

fn span(conflict: &Conflict) -> String {
    match conflict.times {
        Some((starts, ends)) if starts.date() == ends.date() => format!("das {} às {}", hour(starts), hour(ends)),
        Some((starts, ends)) => format!("de {} a {}", moment(starts), moment(ends)),
        None => String::new(),
    }
}

fn closed(code: Option<&str>) -> &'static str {
    CLOSED.iter().find(|(known, _)| Some(*known) == code).map_or("outro motivo", |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn days_and_hours_read_as_people_say_them() {
        assert_eq!(long_day(date!(2026 - 11 - 30)), "segunda-feira, 30 de novembro de 2026");
        assert_eq!(moment(datetime!(2026-12-05 09:05)), "sáb. 05/12 às 09:05");
        assert_eq!(iso(datetime!(2026-12-05 09:05)), "2026-12-05T09:05");
    }

    #[test]
    fn every_step_has_a_word_of_its_own() {
        for from in Status::ALL {
            let acts: Vec<_> = from.next().iter().map(|to| act(from, *to)).collect();
            let mut once = acts.clone();
            once.sort_unstable();
            once.dedup();
            // Taking an arrival back is one act, whatever it was before.
            assert_eq!(once.len() + usize::from(from == Status::Arrived), acts.len(), "{from:?}: {acts:?}");
        }
    }
}
