//! An incident in words.

use sigilo_domain::incident::{self, CONTENTS};
use sigilo_features::incident::{Incident, missing_contents};
use time::OffsetDateTime;

use crate::format;

/// One clock.
pub(crate) struct Clock {
    pub(crate) what: &'static str,
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
        let clock = |what, until: Option<OffsetDateTime>, done: Option<OffsetDateTime>| {
            let until = until?;
            Some(Clock { what, until: format::day(&until), state: state(until, done, now) })
        };
        let needed = incident.notifiable != Some(false);
        let clocks = [
            clock("Comunicar a ANPD (3 dias úteis)", incident.anpd_deadline_at, incident.anpd_reported_at),
            clock(
                "Comunicar os titulares (3 dias úteis)",
                incident.subjects_deadline_at,
                incident.subjects_notified_at,
            ),
            clock("Complementar (20 dias úteis)", incident.supplement_deadline_at, incident.supplement_reported_at),
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
        (false, hours @ 0..24) => ("tag-bad", format!("Faltam {hours} horas")),
        (false, hours) => ("tag-warn", format!("Faltam {} dias", hours / 24)),
    }
}
