//! An appointment's way from the request to its end.

/// How an appointment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Asked for by the patient, and not yet the clinic's word.
    Requested,
    /// Booked.
    Scheduled,
    /// The patient said that they come.
    Confirmed,
    /// The patient is there.
    Arrived,
    /// Being attended.
    InProgress,
    /// Attended.
    Completed,
    /// Will not take place.
    Cancelled,
    /// The patient did not come.
    NoShow,
    /// Another appointment took its place.
    Rescheduled,
}

use Status::{Arrived, Cancelled, Completed, Confirmed, InProgress, NoShow, Requested, Rescheduled, Scheduled};

impl Status {
    /// Every one, in the order of a visit.
    pub const ALL: [Status; 9] =
        [Requested, Scheduled, Confirmed, Arrived, InProgress, Completed, Cancelled, NoShow, Rescheduled];

    /// The name in the database.
    pub fn code(self) -> &'static str {
        match self {
            Requested => "requested",
            Scheduled => "scheduled",
            Confirmed => "confirmed",
            Arrived => "arrived",
            InProgress => "in_progress",
            Completed => "completed",
            Cancelled => "cancelled",
            NoShow => "no_show",
            Rescheduled => "rescheduled",
        }
    }

    /// The name on screen.
    pub fn label(self) -> &'static str {
        match self {
            Requested => "Pedido",
            Scheduled => "Agendado",
            Confirmed => "Confirmado",
            Arrived => "Chegou",
            InProgress => "Em atendimento",
            Completed => "Atendido",
            Cancelled => "Cancelado",
            NoShow => "Faltou",
            Rescheduled => "Remarcado",
        }
    }

    /// The one with this code.
    pub fn from_code(code: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.code() == code)
    }

    /// What it may become: forward as a visit goes, and back where somebody pressed the wrong button. The database allows the
    /// same and nothing else (`public.fn_appointment`).
    pub fn next(self) -> &'static [Status] {
        match self {
            Requested => &[Scheduled, Cancelled],
            Scheduled => &[Confirmed, Arrived, Cancelled, NoShow, Rescheduled],
            Confirmed => &[Scheduled, Arrived, Cancelled, NoShow, Rescheduled],
            Arrived => &[Scheduled, Confirmed, InProgress, Cancelled],
            InProgress => &[Arrived, Completed],
            Cancelled => &[Scheduled],
            NoShow => &[Scheduled, Arrived],
            Completed | Rescheduled => &[],
        }
    }

    /// Whether its time is nobody else's.
    pub fn holds_time(self) -> bool {
        !matches!(self, Cancelled | NoShow | Rescheduled)
    }

    /// Whether time, professional and place may still change.
    pub fn may_move(self) -> bool {
        matches!(self, Requested | Scheduled | Confirmed)
    }
}

/// From whom a cancellation came: code and label.
pub const CANCELLATIONS: [(&str, &str); 4] = [
    ("patient", "O paciente desistiu"),
    ("clinic", "A clínica cancelou"),
    ("professional", "O profissional não poderá atender"),
    ("mistake", "Foi marcado por engano"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_ends_or_goes_on_and_nothing_leads_to_itself() {
        for status in Status::ALL {
            assert_eq!(Status::from_code(status.code()), Some(status));
            assert!(!status.next().contains(&status) && !status.next().contains(&Requested));
        }
        assert!(Completed.next().is_empty() && Rescheduled.next().is_empty());
    }
}
