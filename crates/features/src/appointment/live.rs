use sigilo_store::{ReadTx, Session};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::{App, Result, patient};

/// More changes than a page that listens can be behind before it is told to read everything again.
const KEPT: usize = 64;

/// Tells whoever has an agenda open that something in it changed: only the clinic, never what. One process tells its own pages;
/// those of another server learn at their next look.
pub(crate) struct Changes(broadcast::Sender<Uuid>);

impl Default for Changes {
    fn default() -> Changes {
        Changes(broadcast::Sender::new(KEPT))
    }
}

impl Changes {
    /// Something changed in this clinic's agenda.
    pub(super) fn tell(&self, clinic: Uuid) {
        // Nobody listens: nobody needs to know.
        let _ = self.0.send(clinic);
    }
}

/// The changes of the clinics' agendas from now on, with the one that is the session's: whoever listens keeps the others' to
/// nobody.
///
/// # Errors
/// [`crate::Error::Forbidden`] for whom patients are no business of.
pub async fn changes(app: &App, session: &Session) -> Result<(Uuid, broadcast::Receiver<Uuid>)> {
    let clinic = app.db().read(session, async |tx: &ReadTx| patient::entered(tx)).await?;
    Ok((clinic, app.changes().0.subscribe()))
}
