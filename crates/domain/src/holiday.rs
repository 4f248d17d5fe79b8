//! Brazil's national holidays.

use time::{Date, Duration, Month};

/// Every national holiday of a year in order, by name: those of law 662/1949 (as law 10.607/2002 has it), 12 October (law
/// 6.802/1980), 20 November since 2024 (law 14.759/2023), and Good Friday, which moves with Easter.
///
/// Carnival and Corpus Christi are not among them: they are holidays only where a state or city says so.
pub fn national(year: i32) -> Vec<(Date, &'static str)> {
    let fixed = [
        (Month::January, 1, "Confraternização Universal"),
        (Month::April, 21, "Tiradentes"),
        (Month::May, 1, "Dia do Trabalho"),
        (Month::September, 7, "Independência do Brasil"),
        (Month::October, 12, "Nossa Senhora Aparecida"),
        (Month::November, 2, "Finados"),
        (Month::November, 15, "Proclamação da República"),
        (Month::November, 20, "Dia da Consciência Negra"),
        (Month::December, 25, "Natal"),
    ];
    let known = |(month, day, name): (Month, u8, &'static str)| {
        let since = if (month, day) == (Month::November, 20) { 2024 } else { 1981 };
        let date = Date::from_calendar_date(year, month, day).ok()?;
        (year >= since).then_some((date, name))
    };
    let mut days: Vec<_> = fixed.into_iter().filter_map(known).collect();
    days.extend(easter(year).map(|easter| (easter - Duration::days(2), "Paixão de Cristo")));
    days.sort_unstable();
    days
}

/// The holiday's name, where a day is one.
pub fn name(day: Date) -> Option<&'static str> {
    national(day.year()).into_iter().find(|(date, _)| *date == day).map(|(_, name)| name)
}

/// Easter Sunday of the Gregorian calendar, by the anonymous algorithm of 1876 (Meeus, "Astronomical Algorithms", chapter 8).
fn easter(year: i32) -> Option<Date> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (b - (b + 8) / 25 + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let l = (32 + 2 * e + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let sum = h + l - 7 * m + 114;
    let month = Month::try_from(u8::try_from(sum / 31).ok()?).ok()?;
    Date::from_calendar_date(year, month, u8::try_from(sum % 31 + 1).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn easter_of_several_years() {
        for sunday in [
            date!(1818 - 03 - 22),
            date!(1943 - 04 - 25),
            date!(1961 - 04 - 02),
            date!(2000 - 04 - 23),
            date!(2008 - 03 - 23),
            date!(2011 - 04 - 24),
            date!(2024 - 03 - 31),
            date!(2025 - 04 - 20),
            date!(2026 - 04 - 05),
            date!(2027 - 03 - 28),
            date!(2038 - 04 - 25),
            date!(2285 - 03 - 22),
        ] {
            assert_eq!(easter(sunday.year()), Some(sunday));
        }
        for year in 1900..2400 {
            assert_eq!(easter(year).map(Date::weekday), Some(time::Weekday::Sunday), "{year}");
        }
    }

    #[test]
    fn the_nations_days_by_law() {
        let days: Vec<Date> = national(2026).into_iter().map(|(day, _)| day).collect();
        assert_eq!(
            days,
            [
                date!(2026 - 01 - 01),
                date!(2026 - 04 - 03),
                date!(2026 - 04 - 21),
                date!(2026 - 05 - 01),
                date!(2026 - 09 - 07),
                date!(2026 - 10 - 12),
                date!(2026 - 11 - 02),
                date!(2026 - 11 - 15),
                date!(2026 - 11 - 20),
                date!(2026 - 12 - 25),
            ]
        );
        assert_eq!(national(2023).len(), 9, "before law 14.759/2023");
        assert_eq!(name(date!(2027 - 03 - 26)), Some("Paixão de Cristo"));
        assert_eq!(name(date!(2027 - 02 - 09)), None, "Carnival is not a national holiday");
    }
}
