use sigilo_store::{ReadTx, Session, appointment as rows};
use time::PrimitiveDateTime;
use uuid::Uuid;

use super::{PlaceChoice, ProfessionalChoice, ServiceChoice, Slot};
use crate::{App, Error, Result, patient};

/// How many free times the finder shows.
const SHOWN: i64 = 24;

/// What a booking may be made of.
pub struct Choices {
    /// Who attends.
    pub professionals: Vec<ProfessionalChoice>,
    /// What is offered.
    pub services: Vec<ServiceChoice>,
    /// Where.
    pub rooms: Vec<PlaceChoice>,
    /// With what.
    pub equipment: Vec<PlaceChoice>,
    /// What the clinic's clock says.
    pub now: PrimitiveDateTime,
}

/// What a booking may be made of.
///
/// # Errors
/// [`Error::Forbidden`] for whom patients are no business of.
pub async fn choices(app: &App, session: &Session) -> Result<Choices> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            patient::entered(tx)?;
            Ok(Choices {
                professionals: rows::professionals(tx).await?,
                services: rows::services(tx).await?,
                rooms: rows::rooms(tx).await?,
                equipment: rows::equipment(tx).await?,
                now: rows::clock(tx).await?,
            })
        })
        .await
}

/// The next times, from an hour on and within sixty days, at which a service can be had of each of some professionals.
///
/// # Errors
/// [`Error::NotFound`] for a service that the clinic has not; otherwise as [`choices`].
pub async fn free(
    app: &App,
    session: &Session,
    service: Uuid,
    professional: Option<Uuid>,
    from: Option<PrimitiveDateTime>,
) -> Result<Vec<(ProfessionalChoice, Vec<PrimitiveDateTime>)>> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            patient::entered(tx)?;
            let services = rows::services(tx).await?;
            let service = services.into_iter().find(|known| known.id == service).ok_or(Error::NotFound)?;
            let starts = match from {
                Some(from) => from,
                None => rows::clock(tx).await?,
            };
            let mut found = Vec::new();
            for choice in rows::professionals(tx).await? {
                if !service.professionals.contains(&choice.id) || professional.is_some_and(|wanted| wanted != choice.id)
                {
                    continue;
                }
                let minutes = service.duration_minutes;
                let slot = Slot { professional: choice.id, room: None, equipment: None, starts, minutes };
                let times = rows::free(tx, None, service.id, &slot, None, SHOWN).await?;
                found.push((choice, times));
            }
            Ok(found)
        })
        .await
}
