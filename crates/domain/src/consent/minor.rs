//! Who may not decide alone: until the eighteenth birthday somebody decides for the subject (LGPD art. 14, § 1; Código
//! Civil, art. 5).

use time::{Date, Month, OffsetDateTime, Time};

use crate::BRASILIA;

/// Age of majority, in years.
pub const MAJORITY: i32 = 18;

/// By what somebody decides for a subject, by code.
pub const RELATIONS: [(&str, &str); 4] =
    [("mother", "Mãe"), ("father", "Pai"), ("guardian", "Tutor ou guardião"), ("curator", "Curador")];

/// The day of the eighteenth birthday. Who was born on 29 February comes of age on 1 March.
pub fn majority(birth: Date) -> Date {
    let year = birth.year() + MAJORITY;
    birth.replace_year(year).unwrap_or_else(|_| Date::from_calendar_date(year, Month::March, 1).unwrap_or(birth))
}

/// Until when a representative's consent may hold; none for who is of age.
///
/// It is the beginning of the month in which the subject comes of age, so that the birthday itself cannot be read from it;
/// within that month it is the birthday.
pub fn until(birth: Date, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let day = majority(birth);
    let begin = |date: Date| date.with_time(Time::MIDNIGHT).assume_offset(BRASILIA);
    if begin(day) <= now {
        return None;
    }
    let month = begin(day.replace_day(1).unwrap_or(day));
    Some(if month > now { month } else { begin(day) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    #[test]
    fn a_representatives_consent_ends_before_the_birthday_tells_itself() {
        let birth = date!(2010 - 05 - 20);
        assert_eq!(until(birth, datetime!(2026-11-28 12:00 UTC)), Some(datetime!(2028-05-01 0:00 -3)));
        assert_eq!(until(birth, datetime!(2028-05-10 12:00 UTC)), Some(datetime!(2028-05-20 0:00 -3)));
        // In Brasília the day begins three hours later than in UTC.
        assert!(until(birth, datetime!(2028-05-20 02:59 UTC)).is_some());
        assert_eq!(until(birth, datetime!(2028-05-20 03:00 UTC)), None);
        assert_eq!(majority(date!(2008 - 02 - 29)), date!(2026 - 03 - 01));
        assert_eq!(majority(date!(1992 - 02 - 29)), date!(2010 - 03 - 01));
    }
}
