use std::fmt::Write as _;

use time::{OffsetDateTime, UtcOffset};

/// An instant as entries write it: UTC, microseconds.
pub fn instant(at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    let mut text = String::with_capacity(27);
    let (date, clock) = (at.date(), at.time());
    // Writing to a text does not fail.
    let _ = write!(
        text,
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second(),
        clock.microsecond()
    );
    text
}
