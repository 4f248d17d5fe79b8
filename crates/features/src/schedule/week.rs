use serde_json::json;
use sigilo_store::{
    Action, Session, WriteTx, professional,
    schedule::{self as rows, HoursRow},
};
use time::Time;
use uuid::Uuid;

use crate::{
    App, Error, Result,
    clinic::{CHANGED, entered},
    professional::event,
};

/// The week's days, from Monday, by number.
pub const DAYS: [(&str, &str); 7] = [
    ("1", "segunda-feira"),
    ("2", "terça-feira"),
    ("3", "quarta-feira"),
    ("4", "quinta-feira"),
    ("5", "sexta-feira"),
    ("6", "sábado"),
    ("7", "domingo"),
];

/// What stands for Monday to Friday in a row.
pub const WEEKDAYS: &str = "1-5";

const MOST_ROWS: usize = 70;

/// A row of the week's form: a day (or [`WEEKDAYS`]), a beginning and an end.
#[derive(Debug, Clone, Default)]
pub struct TypedHours {
    /// The day.
    pub day: String,
    /// The beginning, as `08:00`.
    pub starts: String,
    /// The end.
    pub ends: String,
}

impl TypedHours {
    /// The row of hours that are kept.
    pub fn of(hours: &HoursRow) -> TypedHours {
        TypedHours { day: hours.weekday.to_string(), starts: clock(hours.starts), ends: clock(hours.ends) }
    }

    /// A row without hours, which says nothing.
    fn is_blank(&self) -> bool {
        self.starts.trim().is_empty() && self.ends.trim().is_empty()
    }
}

/// What is wrong with one row of the week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongRow {
    /// Which, from 0.
    pub row: usize,
    /// A sentence in Portuguese.
    pub message: String,
}

/// What came of saving a week.
#[derive(Debug, PartialEq, Eq)]
pub enum Saved {
    /// It is the professional's week now.
    Done,
    /// Nothing was saved.
    Wrong(Vec<WrongRow>),
}

/// Makes these rows a professional's week; rows without hours are left out. What is no longer so is ended, never deleted.
///
/// # Errors
/// [`Error::Conflict`] when somebody changed the professional meanwhile; [`Error::NotFound`] for another clinic's;
/// [`Error::Forbidden`] for who does not run the clinic.
pub async fn set_week(app: &App, session: &Session, id: Uuid, seen: i32, rows: &[TypedHours]) -> Result<Saved> {
    if rows.len() > MOST_ROWS {
        return Err(Error::field("dia", "A semana pode ter até 70 linhas."));
    }
    let read = read(rows);
    app.db()
        .write(session, async |tx: &WriteTx| {
            entered(tx)?;
            let before = professional::one(tx, id).await?;
            let week = match &read {
                Ok(week) => week,
                Err(wrong) => return Err(Refusal::Wrong(wrong.clone())),
            };
            if before.version != seen {
                return Err(CHANGED.into());
            }
            professional::touch(tx, id, seen).await?.ok_or(CHANGED)?;
            let (added, ended) = rows::set_hours(tx, id, week).await?;
            let details = json!({ "added": added, "ended": ended });
            Ok((Saved::Done, event("working_hours_changed", Action::Update, id, details)))
        })
        .await
        .or_else(|refusal| match refusal {
            Refusal::Wrong(wrong) => Ok(Saved::Wrong(wrong)),
            Refusal::Error(error) => Err(error),
        })
}

/// Why nothing was saved: the rows, or anything else.
enum Refusal {
    Wrong(Vec<WrongRow>),
    Error(Error),
}

impl<E: Into<Error>> From<E> for Refusal {
    fn from(error: E) -> Refusal {
        Refusal::Error(error.into())
    }
}

fn read(rows: &[TypedHours]) -> Result<Vec<HoursRow>, Vec<WrongRow>> {
    let (mut week, mut wrong) = (Vec::<HoursRow>::new(), Vec::new());
    for (row, typed) in rows.iter().enumerate().filter(|(_, typed)| !typed.is_blank()) {
        match hours(typed, &week) {
            Ok(hours) => week.extend(hours),
            Err(message) => wrong.push(WrongRow { row, message }),
        }
    }
    if wrong.is_empty() { Ok(week) } else { Err(wrong) }
}

/// The hours of one row, on each day it names, that share none with those before.
fn hours(typed: &TypedHours, before: &[HoursRow]) -> Result<Vec<HoursRow>, String> {
    let days = match typed.day.as_str() {
        WEEKDAYS => 1..=5,
        day => {
            let day = day.parse().ok().filter(|day| (1..=7).contains(day));
            let day = day.ok_or_else(|| "Escolha o dia da semana.".to_owned())?;
            day..=day
        }
    };
    const HOUR: &str = "Informe o começo e o fim, como 08:00 e 12:00.";
    let (starts, ends) = (hour(&typed.starts).ok_or(HOUR)?, hour(&typed.ends).ok_or(HOUR)?);
    if starts >= ends {
        return Err("O fim tem de vir depois do começo.".to_owned());
    }
    let of_day = |weekday| HoursRow { weekday, starts, ends };
    let crosses = |one: &HoursRow| {
        before.iter().find(|other| other.weekday == one.weekday && other.starts < one.ends && one.starts < other.ends)
    };
    let new: Vec<HoursRow> = days.map(of_day).collect();
    match new.iter().find_map(crosses) {
        Some(other) => Err(format!(
            "Cruza com outro horário de {}: {} às {}.",
            day_name(other.weekday),
            clock(other.starts),
            clock(other.ends)
        )),
        None => Ok(new),
    }
}

fn day_name(weekday: i32) -> &'static str {
    let place = usize::try_from(weekday - 1).unwrap_or_default();
    DAYS.get(place).map_or("", |(_, name)| name)
}

/// An hour as fields for times and people write it: `08:00`, `8:00`, `08:00:00`.
pub(super) fn hour(typed: &str) -> Option<Time> {
    let mut parts = typed.trim().split(':');
    let part = |text: Option<&str>| {
        text.filter(|text| matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
    };
    let (hour, minute) = (part(parts.next())?, part(parts.next())?);
    match (parts.next(), parts.next()) {
        (None | Some("00"), None) => Time::from_hms(hour, minute, 0).ok(),
        _ => None,
    }
}

fn clock(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(day: &str, starts: &str, ends: &str) -> TypedHours {
        TypedHours { day: day.into(), starts: starts.into(), ends: ends.into() }
    }

    fn wrong(rows: &[TypedHours]) -> Vec<(usize, String)> {
        read(rows).err().unwrap_or_default().into_iter().map(|wrong| (wrong.row, wrong.message)).collect()
    }

    #[test]
    fn a_row_may_be_five_days_and_a_blank_one_is_none() {
        let week = read(&[row("1-5", "08:00", "12:00"), row("6", "", ""), row("1", "13:00", "18:00")]).unwrap();
        assert_eq!(week.len(), 6);
        assert_eq!(week.iter().filter(|hours| hours.weekday == 1).count(), 2);
        assert_eq!(read(&[]).unwrap(), []);
        assert!(
            read(&[row("1", "08:00", "12:00"), row("1", "12:00", "13:00")]).is_ok(),
            "they touch, and share nothing"
        );
    }

    #[test]
    fn what_is_wrong_is_said_beside_its_row() {
        assert_eq!(
            wrong(&[row("1-5", "08:00", "12:00"), row("3", "11:59", "13:00"), row("9", "08:00", "09:00")]),
            [
                (1, "Cruza com outro horário de quarta-feira: 08:00 às 12:00.".to_owned()),
                (2, "Escolha o dia da semana.".to_owned())
            ]
        );
        for (starts, ends) in
            [("08:00", ""), ("", "08:00"), ("25:00", "26:00"), ("8", "9"), ("08:00", "08:00:30"), ("a", "b")]
        {
            assert_eq!(
                wrong(&[row("1", starts, ends)])[0].1,
                "Informe o começo e o fim, como 08:00 e 12:00.",
                "{starts}"
            );
        }
        assert_eq!(wrong(&[row("1", "12:00", "08:00")])[0].1, "O fim tem de vir depois do começo.");
        assert_eq!(wrong(&[row("1", "12:00", "12:00")]).len(), 1);
    }
}
