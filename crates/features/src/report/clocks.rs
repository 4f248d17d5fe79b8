//! Requests and incidents of a period with their clocks, read by the console as anybody's question is.

use sigilo_domain::{BRASILIA, SubjectRight, audit_query::Level, incident};
use sigilo_report::{Clock, Finding, Incident, Period, Request};
use time::{Duration, OffsetDateTime};

/// The clinic's clock.
pub(super) fn brasilia(at: OffsetDateTime) -> OffsetDateTime {
    at.to_offset(BRASILIA)
}

/// A condition: a column lies in the period.
pub(super) fn within(column: &str, period: Period) -> String {
    format!(
        "{column} >= '{} 00:00-03'::timestamptz AND {column} < '{} 00:00-03'::timestamptz",
        period.from,
        period.to + Duration::DAY
    )
}

/// How a clock stands, in one word: the finding is made of it here, so that the words stand in one place.
fn standing(deadline: &str, done: &str) -> String {
    format!(
        "CASE WHEN {deadline} IS NULL THEN 'none' WHEN {done} <= {deadline} THEN 'in_time' WHEN {done} IS NOT NULL THEN 'late' WHEN {deadline} < now() THEN 'missed' ELSE 'runs' END"
    )
}

fn day(column: &str) -> String {
    format!("to_char({column} AT TIME ZONE 'America/Sao_Paulo', 'DD/MM/YYYY')")
}

pub(super) fn requests_sql(period: Period) -> String {
    let due = "least(deadline_at, legal_deadline_at)";
    format!(
        "SELECT right(id::text, 8) AS pedido, right_code, status, {} AS feito, {} AS prazo, {} AS respondido, {} AS situacao\nFROM data_subject_requests\nWHERE {} OR status IN ('pending', 'in_progress')\nORDER BY requested_at",
        day("requested_at"),
        day(due),
        day("completed_at"),
        standing(due, "completed_at"),
        within("requested_at", period),
    )
}

pub(super) fn incidents_sql(period: Period) -> String {
    let clocks = [
        ("anpd_deadline_at", "anpd_reported_at"),
        ("supplement_deadline_at", "supplement_reported_at"),
        ("subjects_deadline_at", "subjects_notified_at"),
    ];
    let clocks: Vec<String> = clocks
        .iter()
        .map(|(deadline, done)| format!("{}, {}, {}", day(deadline), day(done), standing(deadline, done)))
        .collect();
    format!(
        "SELECT right(id::text, 8) AS incidente, incident_type, severity, {}, affected_users_count, notifiable, status, is_simulation, {}\nFROM security_incident_logs\nWHERE {} OR status = 'open'\nORDER BY detected_at",
        day("detected_at"),
        clocks.join(",\n       "),
        within("detected_at", period),
    )
}

fn finding(standing: &str) -> Finding {
    let (level, sentence) = match standing {
        "in_time" => (Level::Ok, "Dentro do prazo."),
        "late" => (Level::Attention, "Depois do prazo."),
        "missed" => (Level::Problem, "O prazo venceu e não há registro."),
        "runs" => (Level::Information, "O prazo ainda corre."),
        _ => (Level::Information, "Não há prazo correndo."),
    };
    Finding { level, sentence: sentence.into() }
}

fn clock(name: &str, until: Option<&str>, done: Option<&str>, standing: &str) -> Clock {
    Clock {
        name: name.into(),
        until: until.unwrap_or("–").into(),
        done: done.map(str::to_owned),
        finding: finding(standing),
    }
}

/// The values of a row, as many as are asked for.
fn values<const N: usize>(row: &[Option<String>]) -> Option<[Option<&str>; N]> {
    let values: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
    values.try_into().ok()
}

pub(super) fn request(row: &[Option<String>]) -> Option<Request> {
    let [reference, code, status, asked, until, done, standing] = values(row)?;
    let right = code.and_then(SubjectRight::from_code);
    let ended = matches!(status, Some("refused" | "cancelled"));
    let status = match status? {
        "pending" => "Recebido",
        "in_progress" => "Em atendimento",
        "completed" => "Concluído",
        "refused" => "Recusado, com o motivo",
        _ => "Retirado por quem pediu",
    };
    let mut clock = clock("Responder", until, done, standing?);
    if ended {
        clock.finding = Finding { level: Level::Information, sentence: format!("{status}.") };
    }
    Some(Request {
        reference: reference?.into(),
        right: right.map_or_else(|| code.unwrap_or_default().into(), |right| right.noun().into()),
        article: right.map_or("LGPD art. 18", SubjectRight::article).into(),
        asked: asked.unwrap_or("–").into(),
        status: status.into(),
        clock,
    })
}

pub(super) fn incident(row: &[Option<String>]) -> Option<Incident> {
    let [reference, kind, severity, detected, affected, notifiable, status, drill, anpd @ .., c1, c2, c3, d1, d2, d3] =
        values::<17>(row)?;
    let [a1, a2, a3] = anpd;
    let clocks = if notifiable == Some("false") {
        Vec::new()
    } else {
        vec![
            clock("Comunicar a ANPD", a1, a2, a3?),
            clock("Complementar a comunicação", c1, c2, c3?),
            clock("Comunicar os titulares", d1, d2, d3?),
        ]
    };
    Some(Incident {
        reference: reference?.into(),
        kind: incident::kind(kind?).into(),
        severity: incident::severity(severity?).into(),
        detected: detected.unwrap_or("–").into(),
        affected: affected.unwrap_or("0").into(),
        judgement: match notifiable {
            Some("true") => "Precisa ser comunicado",
            Some(_) => "Não precisa ser comunicado",
            None => "Ainda não avaliado",
        }
        .into(),
        status: if status == Some("open") { "Em aberto" } else { "Encerrado" }.into(),
        drill: drill == Some("true"),
        clocks,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use sigilo_store::console::examine;
    use time::macros::date;

    fn row(values: &[&str]) -> Vec<Option<String>> {
        values.iter().map(|value| (!value.is_empty()).then(|| (*value).to_owned())).collect()
    }

    #[test]
    fn the_guard_lets_the_statements_through() {
        let period = Period { from: date!(2026 - 11 - 01), to: date!(2026 - 11 - 30) };
        for sql in [requests_sql(period), incidents_sql(period)] {
            assert!(examine(&sql).is_ok(), "{sql}: {:?}", examine(&sql).err());
            assert!(sql.contains("'2026-12-01 00:00-03'"), "the last day counts");
        }
    }

    #[test]
    fn a_clock_says_how_it_stands() {
        let one =
            request(&row(&["0a", "access", "completed", "01/11/2026", "16/11/2026", "17/11/2026", "late"])).unwrap();
        assert_eq!((one.clock.finding.level, one.article.as_str()), (Level::Attention, "LGPD art. 18, II"));
        let refused = request(&row(&["0a", "access", "refused", "01/11/2026", "16/11/2026", "", "missed"])).unwrap();
        assert_eq!(refused.clock.finding.level, Level::Information, "a refusal is an answer");
        assert!(request(&row(&["0a"])).is_none());

        let told = ["0a", "vazamento", "high", "01/11/2026", "3", "true", "open", "false"];
        let clocks = ["04/11/2026", "", "missed", "30/11/2026", "", "runs", "04/11/2026", "03/11/2026", "in_time"];
        let one = incident(&row(&[&told[..], &clocks[..]].concat())).unwrap();
        let levels: Vec<Level> = one.clocks.iter().map(|clock| clock.finding.level).collect();
        assert_eq!(levels, [Level::Problem, Level::Information, Level::Ok]);
        assert_eq!((one.kind.as_str(), one.drill), ("Exposição ou divulgação de dados", false));
        let kept = [&told[..5], &["false"], &told[6..], &clocks[..]].concat();
        assert!(incident(&row(&kept)).unwrap().clocks.is_empty());
    }
}
