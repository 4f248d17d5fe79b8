//! When the clinic attends: each professional's week, and the days and hours that are not as the week says.

mod exception;
mod week;

pub use exception::{Exception, REASONS, TypedException, add_holidays, except, exceptions, holiday_years, withdraw};
pub use sigilo_store::schedule::HoursRow as Hours;
pub use week::{DAYS, Saved, TypedHours, WEEKDAYS, WrongRow, set_week};
