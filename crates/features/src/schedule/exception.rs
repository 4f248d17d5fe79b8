use std::ops::RangeInclusive;

use serde_json::json;
use sigilo_domain::{BRASILIA, holiday};
use sigilo_store::{
    Action, Error as StoreError, ReadTx, Session, WriteTx, professional,
    schedule::{self as rows, New},
};
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, Time, macros::format_description};
use uuid::Uuid;

pub use sigilo_store::schedule::ExceptionRow as Exception;

use super::week::hour;
use crate::{
    App, Error, FieldError, Result,
    clinic::{self, entered},
};

const TABLE: &str = "schedule_exceptions";

/// Why a day or an hour is not as the week says.
pub const REASONS: [(&str, &str); 7] = [
    ("holiday", "Feriado"),
    ("vacation", "Férias"),
    ("leave", "Licença ou ausência"),
    ("training", "Curso ou congresso"),
    ("maintenance", "Manutenção"),
    ("extra", "Atendimento extra"),
    ("other", "Outro motivo"),
];

/// What somebody typed of an exception.
#[derive(Debug, Clone, Default)]
pub struct TypedException {
    /// Whose it is; nobody's: the whole clinic's.
    pub professional: String,
    /// `closed` or `open`.
    pub kind: String,
    /// Why.
    pub reason: String,
    /// The first day.
    pub from_day: String,
    /// The hour there; none: from its beginning.
    pub from_hour: String,
    /// The last day.
    pub to_day: String,
    /// The hour there; none: to its end.
    pub to_hour: String,
}

impl TypedException {
    /// The form as `value` gives each field.
    pub fn new<'a>(value: impl Fn(&'static str) -> &'a str) -> TypedException {
        TypedException {
            professional: value("profissional").to_owned(),
            kind: value("tipo").to_owned(),
            reason: value("motivo").to_owned(),
            from_day: value("de").to_owned(),
            from_hour: value("de_hora").to_owned(),
            to_day: value("ate").to_owned(),
            to_hour: value("ate_hora").to_owned(),
        }
    }

    fn read(&self) -> Result<Read, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let mut need = |field, sentence| wrong.push(FieldError::new(field, sentence));
        let kind = ["closed", "open"].into_iter().find(|code| *code == self.kind);
        let reason = REASONS.iter().map(|(code, _)| *code).find(|code| *code == self.reason);
        let professional = (!self.professional.is_empty()).then(|| self.professional.parse::<Uuid>().ok());
        if kind.is_none() {
            need("tipo", "Escolha se fecha ou abre.");
        }
        if reason.is_none() {
            need("motivo", "Escolha o motivo.");
        }
        match professional {
            Some(None) => need("profissional", "Escolha um profissional da clínica."),
            None if kind == Some("open") => need("profissional", "Escolha quem atende a mais."),
            _ => {}
        }
        const DAY: &str = "Informe uma data que exista, como 24/12/2026.";
        let (first, last) = (day(&self.from_day), day(&self.to_day));
        if first.is_none() {
            need("de", DAY);
        }
        if last.is_none() {
            need("ate", DAY);
        }
        let mut at = |typed: &str, field| match typed.trim() {
            "" => Some(None),
            typed => hour(typed).map(Some).or_else(|| {
                need(field, "Informe a hora como 08:00, ou deixe vazio.");
                None
            }),
        };
        let (from, to) = (at(&self.from_hour, "de_hora"), at(&self.to_hour, "ate_hora"));
        let (Some(kind), Some(reason), Some(first), Some(last), Some(from), Some(to)) =
            (kind, reason, first, last, from, to)
        else {
            return Err(wrong);
        };
        let starts = PrimitiveDateTime::new(first, from.unwrap_or(Time::MIDNIGHT));
        let ends = match to {
            Some(hour) => PrimitiveDateTime::new(last, hour),
            // To the end of that day.
            None => PrimitiveDateTime::new(last.next_day().unwrap_or(last), Time::MIDNIGHT),
        };
        if starts >= ends {
            wrong.push(FieldError::new("ate", "O fim tem de vir depois do começo."));
        } else if ends - starts > Duration::days(399) {
            wrong.push(FieldError::new("ate", "Cada exceção vai até um ano; registre o resto à parte."));
        }
        if wrong.is_empty() {
            Ok(Read { professional: professional.flatten(), kind, reason, starts, ends })
        } else {
            Err(wrong)
        }
    }
}

struct Read {
    professional: Option<Uuid>,
    kind: &'static str,
    reason: &'static str,
    starts: PrimitiveDateTime,
    ends: PrimitiveDateTime,
}

/// What is not as the week says and is not over, and the professionals it may be of.
///
/// # Errors
/// [`Error::Forbidden`] for who does not run the clinic; so for all functions below.
pub async fn exceptions(app: &App, session: &Session) -> Result<(Vec<Exception>, Vec<(Uuid, String)>)> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            entered(tx)?;
            let people = professional::all(tx).await?.into_iter().filter(|one| one.is_active);
            Ok((rows::exceptions(tx, app.now()).await?, people.map(|one| (one.id, one.full_name)).collect()))
        })
        .await
}

/// Adds an exception, on the clinic's clock.
///
/// # Errors
/// [`Error::Invalid`] by field, an hour that a change of the clock skips and another clinic's professional among them.
pub async fn except(app: &App, session: &Session, typed: &TypedException) -> Result<Uuid> {
    let id = Uuid::now_v7();
    app.db()
        .write(session, async |tx: &WriteTx| {
            entered(tx)?;
            let Read { professional, kind, reason, starts, ends } = typed.read().map_err(Error::Invalid)?;
            if let Some(id) = professional {
                let known = professional::one(tx, id).await;
                known.map_err(|_| Error::field("profissional", "Escolha um profissional da clínica."))?;
            }
            let (starts_at, ends_at) = (moment(tx, starts, "de_hora").await?, moment(tx, ends, "ate_hora").await?);
            let new = New { professional, kind, reason, starts_at, ends_at };
            rows::except(tx, id, &new).await.map_err(|error| match error {
                StoreError::Duplicate(rule) if rule == "schedule_exceptions_holiday" => {
                    Error::field("de", "Este feriado já está na lista.")
                }
                other => other.into(),
            })?;
            let details = json!({ "kind": kind, "reason": reason, "whole_clinic": professional.is_none() });
            Ok((id, clinic::event("schedule_exception_added", Action::Create, TABLE, Some(id), details)))
        })
        .await
}

async fn moment(tx: &ReadTx, wall: PrimitiveDateTime, field: &'static str) -> Result<OffsetDateTime> {
    rows::moment(tx, wall).await.map_err(|error| match error {
        StoreError::Rule(rule) if rule == "hour_exists" => {
            Error::field(field, "Esta hora não existe nesse dia: o relógio da clínica pula de uma hora para a outra.")
        }
        other => other.into(),
    })
}

/// Takes an exception off the list.
///
/// # Errors
/// [`Error::NotFound`] for another clinic's, and for one that is off it already.
pub async fn withdraw(app: &App, session: &Session, id: Uuid) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            entered(tx)?;
            rows::withdraw(tx, id).await?;
            Ok(((), clinic::event("schedule_exception_withdrawn", Action::Update, TABLE, Some(id), json!({}))))
        })
        .await
}

/// The years whose holidays can be added: this one and the next.
pub fn holiday_years(app: &App) -> RangeInclusive<i32> {
    let year = app.now().to_offset(BRASILIA).year();
    year..=year + 1
}

/// Closes the clinic on a year's national holidays, except those that are on its list or were taken off it. How many were added.
///
/// # Errors
/// [`Error::Conflict`] for a year that is not one of [`holiday_years`].
pub async fn add_holidays(app: &App, session: &Session, year: i32) -> Result<u64> {
    if !holiday_years(app).contains(&year) {
        return Err(Error::Conflict("Os feriados são acrescentados só para este ano e o próximo."));
    }
    let midnight = |(day, _): (Date, _)| PrimitiveDateTime::new(day, Time::MIDNIGHT);
    let days: Vec<_> = holiday::national(year).into_iter().map(midnight).collect();
    app.db()
        .write(session, async |tx: &WriteTx| {
            entered(tx)?;
            let added = rows::add_holidays(tx, &days).await?;
            let details = json!({ "year": year, "added": added });
            Ok((added, clinic::event("holidays_added", Action::Create, TABLE, None, details)))
        })
        .await
}

/// A day as fields for dates and people write it.
fn day(typed: &str) -> Option<Date> {
    let typed = typed.trim();
    Date::parse(typed, format_description!("[year]-[month]-[day]"))
        .or_else(|_| Date::parse(typed, format_description!("[day]/[month]/[year]")))
        .ok()
        .filter(|day| (2000..=2200).contains(&day.year()))
}
