//! The compliance desk: what waits, what runs out, and whether the protections are in place, all computed when it is looked
//! at (LGPD arts. 6, X, 41 and 50).

mod check;
mod consents;
mod incidents;
mod recipients;
mod record;
mod requests;
mod retention;

pub use check::{Check, Evidence};
pub use consents::ConsentStanding;
pub use incidents::Incidents;
pub use recipients::{Place, Recipient};
pub use record::{Activity, MEASURES, Record, activities, record};
pub use requests::Requests;
pub use retention::{RetentionStanding, TableStanding};

use serde_json::json;
use time::OffsetDateTime;

use sigilo_domain::audit_query::Level;
use sigilo_store::{Action, Event, ReadTx, Risk, Session, WriteTx, compliance as counts};

use crate::{App, Error, Result, copies, evidence, session::answers_for_clinic};

/// How early a consent that ends is told, in days.
pub const CONSENT_DAYS: i32 = 60;
/// How early the end of a period is told, in days.
pub const RETENTION_DAYS: i32 = 90;

/// How a clinic stands.
pub struct Overview {
    /// When this was computed.
    pub at: OffsetDateTime,
    /// Requests of data subjects that wait.
    pub requests: Requests,
    /// Incidents that are open.
    pub incidents: Incidents,
    /// The consents, type by type.
    pub consents: Vec<ConsentStanding>,
    /// The periods that end.
    pub retention: Vec<RetentionStanding>,
    /// What was checked.
    pub checks: Vec<Check>,
}

impl Overview {
    /// The gravest of everything on the desk. Never stored: it holds for the moment at which it was computed.
    pub fn status(&self) -> Level {
        let parts = [self.requests.level, self.incidents.level];
        let consents = self.consents.iter().map(ConsentStanding::level);
        let retention = self.retention.iter().map(RetentionStanding::level);
        let checks = self.checks.iter().map(|check| check.verdict.level);
        Level::worst(parts.into_iter().chain(consents).chain(retention).chain(checks))
    }
}

/// Looks at everything at once. That it was looked at goes into the trail; what was found does not.
///
/// # Errors
/// [`Error::Forbidden`] for who answers for nothing.
pub async fn overview(app: &App, session: &Session) -> Result<Overview> {
    let at = app.now();
    let (mut overview, clinic) = app
        .db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            let (consents, asked) = (consents::load(tx).await?, counts::requests(tx).await?);
            let overview = Overview {
                at,
                requests: requests::load(tx, at, &asked).await?,
                incidents: incidents::load(tx, at).await?,
                retention: retention::load(tx).await?,
                checks: check::all(tx, at, app.settings().dpo_contact.as_deref(), &consents, &asked).await?,
                consents,
            };
            Ok::<_, Error>(((overview, tx.entered().clinic_id), viewed("compliance_viewed", Action::View)))
        })
        .await?;
    // Seals and copies are other roles' to read, and so other transactions'.
    overview.checks.push(check::sealed(&evidence::standing_of(app.db(), clinic).await?));
    overview.checks.push(check::restored(&copies::standing_of(app.db()).await?, at));
    Ok(overview)
}

fn manages(tx: &ReadTx) -> Result<()> {
    if answers_for_clinic(tx) {
        Ok(())
    } else {
        Err(Error::Forbidden("A conformidade é de quem responde pela clínica ou pelos dados."))
    }
}

fn viewed(name: &'static str, action: Action) -> Event {
    Event { name, action, resource_type: "compliance", resource_id: None, details: json!({}), risk: Risk::Low }
}

/// `1 pedido`, `2 pedidos`.
fn counted(n: i64, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}
