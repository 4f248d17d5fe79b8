//! The sealed cells of a proof: under the person's own key where the installation has a keystore, so that destroying it ends
//! them in every copy; else under the installation's.

use uuid::Uuid;
use zeroize::Zeroizing;

use sigilo_proof::{Cell, envelope::Place};
use sigilo_store::keystore::{Keystore, Subject};

use crate::{App, Error, Result};

const TABLE: &str = "public.lgpd_consents";
/// What a cell begins with: which key it opens with.
const INSTALLATION: u8 = 0;
const PERSON: u8 = 1;

/// The cells of one act.
pub(super) struct Cells<'a> {
    app: &'a App,
    person: Subject,
    consent: Uuid,
}

impl<'a> Cells<'a> {
    pub(super) fn new(app: &'a App, clinic: Uuid, person: Uuid, consent: Uuid) -> Cells<'a> {
        Cells { app, person: Subject { clinic, subject: person }, consent }
    }

    /// Makes the person's key where there is none, so that sealing finds one.
    pub(super) async fn prepare(&self) -> Result<()> {
        match self.app.keystore() {
            Some(keystore) => Ok(keystore.ensure(self.person).await?),
            None => Ok(()),
        }
    }

    pub(super) async fn seal(&self, column: &'static str, plain: &[u8]) -> Result<Vec<u8>> {
        let (first, sealed) = match self.app.keystore() {
            Some(keystore) => (PERSON, keystore.seal(self.person, Place { table: TABLE, column }, plain).await?),
            None => (INSTALLATION, self.app.keys().seal(self.cell(column), plain)),
        };
        Ok([&[first], sealed.as_slice()].concat())
    }

    pub(super) async fn open(&self, column: &'static str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        match sealed.split_first() {
            Some((&INSTALLATION, sealed)) => {
                self.app.keys().open(self.cell(column), sealed).map_err(|_| Error::Internal)
            }
            Some((&PERSON, sealed)) => {
                Ok(self.keystore()?.open_cell(self.person, Place { table: TABLE, column }, sealed).await?)
            }
            _ => Err(Error::Internal),
        }
    }

    fn keystore(&self) -> Result<&Keystore> {
        self.app.keystore().ok_or(Error::Unavailable("o banco de chaves"))
    }

    fn cell(&self, column: &'static str) -> Cell<'static> {
        Cell { table: TABLE, column, row: self.consent }
    }
}
