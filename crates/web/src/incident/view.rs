//! An incident in words.

use sigilo_domain::incident::{self, CONTENTS};
use sigilo_features::incident::{Incident, missing_contents};
use time::OffsetDateTime;

use crate::format;

/// One clock.
pub(crate) struct Clock {
    pub(crate) what: String,
    pub(crate) until: String,
    /// Style and words.
    pub(crate) state: (&'static str, String),
}

pub(crate) struct View {
    pub(crate) incident: Incident,
    pub(crate) kind: String,
    pub(crate) severity: String,
    pub(crate) detected: String,
    pub(crate) clocks: Vec<Clock>,
    /// Names of the contents that are not written.
    pub(crate) missing: Vec<&'static str>,
}

impl View {
    pub(crate) fn new(incident: Incident, now: OffsetDateTime) -> View {
        let clock = |what, days: i32, until: Option<OffsetDateTime>, done: Option<OffsetDateTime>| {
            let until = until?;
            let what = format!("{what} ({} dias úteis)", days * incident.times());
            Some(Clock { what, until: format::day(&until), state: state(until, done, now) })
        };
        let needed = incident.notifiable != Some(false);
        let clocks = [
            clock("Comunicar a ANPD", 3, incident.anpd_deadline_at, incident.anpd_reported_at),
            clock("Comunicar os titulares", 3, incident.subjects_deadline_at, incident.subjects_notified_at),
            clock("Complementar", 20, incident.supplement_deadline_at, incident.supplement_reported_at),
        ];
        View {
            kind: incident::kind(&incident.incident_type).to_owned(),
            severity: incident::severity(&incident.severity).to_owned(),
            detected: format::moment(&incident.detected_at),
            clocks: if needed { clocks.into_iter().flatten().collect() } else { Vec::new() },
            missing: missing_contents(&incident),
            incident,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.incident.status == "open"
    }

    /// How many people, in words.
    pub(super) fn affected(&self) -> String {
        format::counted(self.incident.affected_users_count.into(), "pessoa")
    }

    /// Style and words of its standing.
    pub(crate) fn status(&self) -> (&'static str, &'static str) {
        match (self.is_open(), self.incident.notifiable) {
            (false, _) => ("tag-off", "Encerrado"),
            (true, None) => ("tag-warn", "Falta avaliar"),
            (true, Some(true)) => ("tag-bad", "Comunicável"),
            (true, Some(false)) => ("tag-soft", "Não comunicável"),
        }
    }

    /// The clock that matters most now.
    pub(crate) fn next(&self) -> Option<&Clock> {
        if !self.is_open() {
            return None;
        }
        self.clocks.iter().find(|clock| clock.state.0 != "tag-soft")
    }

    /// What the people concerned are told, by name (art. 9).
    pub(crate) fn told(&self) -> Vec<(&'static str, &str)> {
        let wanted = ["natureza", "riscos", "mitigacao", "datas"];
        let written =
            self.contents().into_iter().filter(|(code, _, _, text)| wanted.contains(code) && !text.is_empty());
        written.map(|(_, label, _, text)| (label, text)).collect()
    }

    /// Code, name, hint and text of every content.
    pub(crate) fn contents(&self) -> Vec<(&'static str, &'static str, &'static str, &str)> {
        let text = |code: &str| self.incident.contents[code].as_str().unwrap_or_default();
        CONTENTS.iter().map(|(code, label, hint)| (*code, *label, *hint, text(code))).collect()
    }
}

fn state(until: OffsetDateTime, done: Option<OffsetDateTime>, now: OffsetDateTime) -> (&'static str, String) {
    if let Some(done) = done {
        let late = if done > until { ", fora do prazo" } else { "" };
        return ("tag-soft", format!("Feito em {}{late}", format::moment(&done)));
    }
    let left = until - now;
    match (left.is_negative(), left.whole_hours()) {
        (true, _) => ("tag-bad", "Prazo vencido".into()),
        (false, 0) => ("tag-bad", "Falta menos de 1 hora".into()),
        (false, hours @ 1..24) => ("tag-bad", format!("{} {}", missing(hours), format::counted(hours, "hora"))),
        (false, hours) => ("tag-warn", format!("{} {}", missing(hours / 24), format::counted(hours / 24, "dia"))),
    }
}

fn missing(count: i64) -> &'static str {
    if count == 1 { "Falta" } else { "Faltam" }
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn one_is_not_many() {
        let now = datetime!(2026-11-27 12:00 UTC);
        let words = |left: Duration| state(now + left, None, now).1;
        for (left, said) in [
            (Duration::minutes(-1), "Prazo vencido"),
            (Duration::minutes(59), "Falta menos de 1 hora"),
            (Duration::minutes(60), "Falta 1 hora"),
            (Duration::hours(2), "Faltam 2 horas"),
            (Duration::hours(23), "Faltam 23 horas"),
            (Duration::hours(24), "Falta 1 dia"),
            (Duration::hours(47), "Falta 1 dia"),
            (Duration::hours(48), "Faltam 2 dias"),
        ] {
            assert_eq!(words(left), said);
        }
    }
}
