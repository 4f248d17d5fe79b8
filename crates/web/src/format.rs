//! Dates, numbers and devices, as people in Brazil read them.

use sigilo_domain::BRASILIA;
use sigilo_domain::audit_query::Level;
use time::OffsetDateTime;

/// `23/11/2026 às 14:05`.
pub(crate) fn moment(at: &OffsetDateTime) -> String {
    format!("{} às {}", day(at), hour(at))
}

/// `23/11/2026`.
pub(crate) fn day(at: &OffsetDateTime) -> String {
    let at = at.to_offset(BRASILIA);
    format!("{:02}/{:02}/{}", at.day(), u8::from(at.month()), at.year())
}

/// `2026-11-23`, as a browser's field for dates wants it.
pub(crate) fn date(at: &OffsetDateTime) -> String {
    let at = at.to_offset(BRASILIA);
    format!("{}-{:02}-{:02}", at.year(), u8::from(at.month()), at.day())
}

/// `14:05`.
pub(crate) fn hour(at: &OffsetDateTime) -> String {
    let at = at.to_offset(BRASILIA);
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// For the `datetime` attribute.
pub(crate) fn iso(at: &OffsetDateTime) -> String {
    at.to_offset(BRASILIA).format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}

/// `Hoje`, `Ontem`, `Últimos 7 dias` or `Mais antigas`.
pub(crate) fn period(at: &OffsetDateTime, now: &OffsetDateTime) -> &'static str {
    let days = (now.to_offset(BRASILIA).date() - at.to_offset(BRASILIA).date()).whole_days();
    match days {
        i64::MIN..=0 => "Hoje",
        1 => "Ontem",
        2..=7 => "Últimos 7 dias",
        _ => "Mais antigas",
    }
}

/// `1 h 10 min`, `4 min`, `menos de 1 min`.
pub(crate) fn duration(seconds: i32) -> String {
    let minutes = seconds / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0) => "menos de 1 min".to_owned(),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// The style of a verdict's tag.
pub(crate) fn level_class(level: Level) -> &'static str {
    match level {
        Level::Ok => "tag-ok",
        Level::Attention => "tag-warn",
        Level::Problem => "tag-bad",
        Level::Empty | Level::Information => "tag-off",
    }
}

const MONTHS: [&str; 12] = [
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
];

/// `2026-11-01` as `novembro de 2026`.
pub(crate) fn month(iso: &str) -> Option<String> {
    let (year, rest) = iso.split_once('-')?;
    let number: usize = rest.get(..2)?.parse().ok()?;
    Some(format!("{} de {year}", MONTHS.get(number.checked_sub(1)?)?))
}

/// `1980-11-23` as `23/11/1980`.
pub(crate) fn day_of(iso: &str) -> String {
    let mut parts = iso.splitn(3, '-');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(year), Some(month), Some(day)) => format!("{day}/{month}/{year}"),
        _ => iso.to_owned(),
    }
}

/// `52998224725` as `529.982.247-25`; anything else as it is.
pub(crate) fn cpf(digits: &str) -> String {
    if digits.len() != 11 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.to_owned();
    }
    format!("{}.{}.{}-{}", &digits[..3], &digits[3..6], &digits[6..9], &digits[9..])
}

/// `+5511987654321` as `(11) 98765-4321`; a foreign number as it is.
pub(crate) fn phone(number: &str) -> String {
    let Some(digits) = number.strip_prefix("+55").filter(|rest| matches!(rest.len(), 10 | 11) && rest.is_ascii())
    else {
        return number.to_owned();
    };
    let (area, rest) = digits.split_at(2);
    let (first, last) = rest.split_at(rest.len() - 4);
    format!("({area}) {first}-{last}")
}

/// `1 dia`, `3 dias`: of words whose plural is an s.
pub(crate) fn counted(count: i64, one: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {one}{plural}")
}

/// `0,42 ms`.
pub(crate) fn milliseconds(value: &f64) -> String {
    format!("{value:.2} ms").replace('.', ",")
}

/// `0.624` as `62 %`; next to none and nearly all keep a decimal, so that neither becomes all or nothing.
pub(crate) fn percent(value: impl Into<f64>) -> String {
    let percent = value.into() * 100.0;
    let extreme = (percent > 0.0 && percent < 10.0) || (percent > 90.0 && percent < 100.0);
    let text = if extreme { format!("{percent:.1}") } else { format!("{percent:.0}") };
    format!("{} %", text.trim_end_matches(".0").replace('.', ","))
}

/// A browser and its system, guessed from the user agent for the list of devices only.
pub(crate) fn device(user_agent: &str) -> String {
    let find = |table: &[(&str, &'static str)]| {
        table.iter().find(|(needle, _)| user_agent.contains(needle)).map(|(_, name)| *name)
    };
    let browser = find(&[
        ("Edg/", "Edge"),
        ("EdgA/", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = find(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} em {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Dispositivo não identificado".to_owned(),
    }
}

/// The first letters of the first and last name, for the person's badge; a title such as "Dra." is no name.
pub(crate) fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter(|word| !word.ends_with('.')).filter_map(|word| word.chars().next());
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn dates_are_in_brasilia_time() {
        let at = datetime!(2026-11-23 01:05 UTC);
        assert_eq!(moment(&at), "22/11/2026 às 22:05");
        assert_eq!(period(&at, &datetime!(2026-11-23 02:59 UTC)), "Hoje");
        assert_eq!(period(&at, &datetime!(2026-11-23 03:00 UTC)), "Ontem");
    }

    #[test]
    fn durations_and_names() {
        assert_eq!(duration(59), "menos de 1 min");
        assert_eq!(duration(4210), "1 h 10 min");
        assert_eq!(milliseconds(&0.424), "0,42 ms");
        assert_eq!(initials("Ângela  de Souza"), "ÂS");
        assert_eq!(initials("Ana"), "A");
        assert_eq!(initials("Dra. Ana Lima"), "AL");
    }

    #[test]
    fn percentages() {
        assert_eq!(percent(0.624_f32), "62 %");
        assert_eq!(percent(0.021), "2,1 %");
        assert_eq!((percent(0.0), percent(1.0)), ("0 %".to_owned(), "100 %".to_owned()));
        assert_eq!(percent(0.976), "97,6 %");
    }

    #[test]
    fn devices() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/141.0 Safari/537.36";
        assert_eq!(device(chrome), "Chrome em Windows");
        assert_eq!(device(""), "Dispositivo não identificado");
    }
}
