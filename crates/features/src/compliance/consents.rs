//! The consents of the clinic's members, counted type by type.

use time::OffsetDateTime;

use sigilo_domain::{ConsentText, ConsentType, audit_query::Level};
use sigilo_store::{ReadTx, compliance as counts, consent};

use super::CONSENT_DAYS;
use crate::{Result, consent::LANGUAGE};

/// How the consents of one type stand. No names: who gave which is not for the desk.
pub struct ConsentStanding {
    /// The text in force.
    pub text: &'static ConsentText,
    /// In force, of active members.
    pub live: i64,
    /// Ending within [`CONSENT_DAYS`], or ended and not renewed.
    pub expiring: i64,
    /// When the first of these ends.
    pub first_expiry: Option<OffsetDateTime>,
    /// Given to another version of the text.
    pub outdated: i64,
    /// Active professionals without one in force.
    pub missing: i64,
}

impl ConsentStanding {
    /// What ends or is out of date is to be looked at; what is missing is told by its check.
    pub fn level(&self) -> Level {
        match (self.expiring + self.outdated, self.live) {
            (0, 0) => Level::Empty,
            (0, _) => Level::Ok,
            _ => Level::Attention,
        }
    }
}

pub(super) async fn load(tx: &ReadTx) -> Result<Vec<ConsentStanding>> {
    let kinds = ConsentType::ALL.map(ConsentType::code);
    let texts = consent::in_force(tx, LANGUAGE).await?;
    let versions = ConsentType::ALL.map(|kind| {
        let own = texts.iter().find(|text| text.consent_type == kind.code());
        own.map_or(kind.text().version, |text| text.version.as_str())
    });
    let rows = counts::consents(tx, &kinds, &versions, CONSENT_DAYS).await?;
    let standing = rows.into_iter().filter_map(|row| {
        Some(ConsentStanding {
            text: ConsentType::from_code(&row.kind)?.text(),
            live: row.live,
            expiring: row.expiring,
            first_expiry: row.first_expiry,
            outdated: row.outdated,
            missing: row.missing,
        })
    });
    Ok(standing.collect())
}
