use sigilo_domain::BRASILIA;
use time::OffsetDateTime;

/// `23/11/2026 às 14:05`, in Brasília.
pub(crate) fn moment(at: OffsetDateTime) -> String {
    let at = at.to_offset(BRASILIA);
    let (year, month, day) = at.to_calendar_date();
    format!("{day:02}/{:02}/{year} às {:02}:{:02}", u8::from(month), at.hour(), at.minute())
}
