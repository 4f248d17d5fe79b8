use sigilo_store::{
    ReadTx,
    appointment::{self as rows, ConflictRow, Slot},
    keystore::{Keystore, Subject},
    patient as patients,
};
use time::PrimitiveDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{Error, Result, patient};

/// How many free times a refusal offers.
const OFFERED: i64 = 3;

/// What stands against a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The professional attends somebody else.
    Professional,
    /// The patient is attended elsewhere.
    Patient,
    /// The room is taken.
    Room,
    /// The equipment is taken.
    Equipment,
    /// It is over.
    Past,
    /// The clinic or the professional is closed.
    Closed,
    /// The professional does not attend at that hour.
    OutsideHours,
    /// The professional's day is full.
    DailyMaximum,
}

impl Kind {
    fn of(code: &str) -> Option<Kind> {
        Some(match code {
            "professional" => Kind::Professional,
            "patient" => Kind::Patient,
            "room" => Kind::Room,
            "equipment" => Kind::Equipment,
            "past" => Kind::Past,
            "closed" => Kind::Closed,
            "outside_hours" => Kind::OutsideHours,
            "daily_maximum" => Kind::DailyMaximum,
            _ => return None,
        })
    }

    /// Whether nobody's word can overrule it.
    pub fn is_final(self) -> bool {
        matches!(self, Kind::Professional | Kind::Patient | Kind::Room | Kind::Equipment)
    }
}

/// One thing that stands against a time.
#[derive(Debug, Clone)]
pub struct Conflict {
    /// What.
    pub kind: Kind,
    /// The appointment that has the time.
    pub appointment: Option<Uuid>,
    /// Whose it is.
    pub patient: Option<Zeroizing<String>>,
    /// Why it is closed, as a code; or the daily maximum.
    pub detail: Option<String>,
    /// Which day was asked for: in a series, one of several.
    pub asked: PrimitiveDateTime,
    /// From when until when.
    pub times: Option<(PrimitiveDateTime, PrimitiveDateTime)>,
}

/// Why a time was not given, and the next ones that are free.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Everything that stands against it.
    pub conflicts: Vec<Conflict>,
    /// The next times that are free, at most three.
    pub free: Vec<PrimitiveDateTime>,
}

impl Refusal {
    /// Whether somebody may have it all the same, on their word.
    pub fn may_insist(&self) -> bool {
        !self.conflicts.iter().any(|conflict| conflict.kind.is_final())
    }

    /// The kinds, for the trail.
    pub(super) fn kinds(&self) -> Vec<String> {
        self.conflicts.iter().map(|conflict| format!("{:?}", conflict.kind)).collect()
    }
}

/// What somebody wants to put where.
pub(super) struct Wanted<'a> {
    pub(super) clinic: Uuid,
    pub(super) patient: Uuid,
    pub(super) service: Uuid,
    pub(super) slots: &'a [Slot],
    /// The appointment that would be moved, or whose place would be taken.
    pub(super) but: Option<Uuid>,
}

/// Everything that stands against the wanted times; none where they can be had, or `anyway` is enough to have them. Second,
/// whether they do not fit the hours or the daily maximum.
pub(super) async fn refusal(
    tx: &ReadTx,
    keys: &Keystore,
    wanted: &Wanted<'_>,
    anyway: bool,
) -> Result<(Option<Refusal>, bool)> {
    let mut conflicts = Vec::new();
    for slot in wanted.slots {
        for row in rows::conflicts(tx, wanted.patient, wanted.service, slot, wanted.but).await.map_err(hour)? {
            conflicts.extend(named(tx, keys, wanted.clinic, slot.starts, row).await?);
        }
    }
    let is_exception = !conflicts.is_empty();
    let is_final = conflicts.iter().any(|conflict| conflict.kind.is_final());
    let Some(first) = wanted.slots.first().filter(|_| is_final || (is_exception && !anyway)) else {
        return Ok((None, is_exception));
    };
    let free = rows::free(tx, Some(wanted.patient), wanted.service, first, wanted.but, OFFERED).await?;
    Ok((Some(Refusal { conflicts, free }), is_exception))
}

async fn named(
    tx: &ReadTx,
    keys: &Keystore,
    clinic: Uuid,
    asked: PrimitiveDateTime,
    row: ConflictRow,
) -> Result<Option<Conflict>> {
    let Some(kind) = row.kind.as_deref().and_then(Kind::of) else { return Ok(None) };
    let patient = match row.patient_id {
        Some(subject) => match patients::briefs(tx, &[subject]).await?.pop() {
            Some(brief) => {
                let who = Subject { clinic, subject };
                patient::called(keys, who, Some(&brief.full_name_sealed), brief.social_name_sealed.as_deref()).await?
            }
            None => None,
        },
        None => None,
    };
    let times = row.starts.zip(row.ends);
    Ok(Some(Conflict { kind, appointment: row.appointment_id, patient, detail: row.detail, asked, times }))
}

/// The clinic's clock has no such hour on that day.
pub(super) fn hour(error: sigilo_store::Error) -> Error {
    match error {
        sigilo_store::Error::Rule(rule) if rule == "hour_exists" => {
            Error::field("hora", "Esta hora não existe neste dia: o relógio muda nela. Escolha outra.")
        }
        other => other.into(),
    }
}
