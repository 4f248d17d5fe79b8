//! Time as an argument, so that a test decides what "now" is.

use time::{OffsetDateTime, UtcOffset, macros::offset};

/// The clinics' clock, fixed since daylight saving was abolished in 2019 (Decree 9.772).
pub const BRASILIA: UtcOffset = offset!(-3);

/// Tells the current instant, in UTC.
pub trait Clock: Send + Sync {
    /// The current instant.
    fn now(&self) -> OffsetDateTime;
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}
