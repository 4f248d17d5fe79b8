use sigilo_store::{Session, SignInTx, session};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::{App, Error, Result};

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

/// The changes of the agendas from now on, and the clinic whose they are to be told to this session. Listening is no work: it
/// does not keep a session from locking.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn changes(app: &App, session: &Session) -> Result<(Uuid, broadcast::Receiver<Uuid>)> {
    let heard = app.changes().0.subscribe();
    let found = app
        .db()
        .sign_in(&session.client, async |tx: &SignInTx| Ok::<_, Error>(session::find(tx, &session.token).await?));
    match found.await? {
        None => Err(Error::NotSignedIn),
        Some(found) if found.locked => Err(Error::Locked),
        Some(found) => Ok((found.clinic_id, heard)),
    }
}
