//! Where people are attended, and with what.

use serde_json::json;
use sigilo_store::{Action, Error as StoreError, ReadTx, Session, WriteTx, room as rows};
use uuid::Uuid;

pub use sigilo_store::room::{Kind, PlaceRow as Place};

use crate::{
    App, Error, Result,
    clinic::{CHANGED, entered, event, label},
};

fn table(kind: Kind) -> &'static str {
    if kind == Kind::Room { "rooms" } else { "equipment" }
}

/// The clinic's rooms and equipment, those in use first.
///
/// # Errors
/// [`Error::Forbidden`] for who does not run the clinic; so for all functions below.
pub async fn list(app: &App, session: &Session) -> Result<(Vec<Place>, Vec<Place>)> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            entered(tx)?;
            Ok((rows::all(tx, Kind::Room).await?, rows::all(tx, Kind::Equipment).await?))
        })
        .await
}

/// One more.
///
/// # Errors
/// [`Error::Invalid`] for a name that cannot be, or that another of the kind has.
pub async fn create(app: &App, session: &Session, kind: Kind, typed: &str) -> Result<Uuid> {
    let id = Uuid::now_v7();
    app.db()
        .write(session, async |tx: &WriteTx| {
            entered(tx)?;
            let name = label(typed).map_err(|sentence| Error::field("nome", sentence))?;
            rows::insert(tx, kind, id, &name).await.map_err(taken)?;
            let made = if kind == Kind::Room { "room_created" } else { "equipment_created" };
            Ok((id, event(made, Action::Create, table(kind), Some(id), json!({}))))
        })
        .await
}

/// Another name, as long as it has the one that was seen.
///
/// # Errors
/// [`Error::Conflict`] when somebody renamed it meanwhile; [`Error::NotFound`] for another clinic's; otherwise as [`create`].
pub async fn rename(app: &App, session: &Session, kind: Kind, id: Uuid, seen: &str, typed: &str) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            entered(tx)?;
            let name = label(typed).map_err(|sentence| Error::field("nome", sentence))?;
            if rows::all(tx, kind).await?.iter().all(|place| place.id != id) {
                return Err(Error::NotFound);
            }
            if !rows::rename(tx, kind, id, seen, &name).await.map_err(taken)? {
                return Err(CHANGED);
            }
            let renamed = if kind == Kind::Room { "room_renamed" } else { "equipment_renamed" };
            Ok(((), event(renamed, Action::Update, table(kind), Some(id), json!({}))))
        })
        .await
}

/// Says whether it is in use. Nothing is deleted.
///
/// # Errors
/// [`Error::NotFound`] for another clinic's.
pub async fn activate(app: &App, session: &Session, kind: Kind, id: Uuid, active: bool) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            entered(tx)?;
            rows::activate(tx, kind, id, active).await?;
            let name = match (kind, active) {
                (Kind::Room, true) => "room_reactivated",
                (Kind::Room, false) => "room_inactivated",
                (Kind::Equipment, true) => "equipment_reactivated",
                (Kind::Equipment, false) => "equipment_inactivated",
            };
            Ok(((), event(name, Action::Update, table(kind), Some(id), json!({}))))
        })
        .await
}

fn taken(error: StoreError) -> Error {
    match error {
        StoreError::Duplicate(rule) if rule == "rooms_name" => {
            Error::field("nome", "A clínica já tem uma sala com este nome.")
        }
        StoreError::Duplicate(rule) if rule == "equipment_name" => {
            Error::field("nome", "A clínica já tem um equipamento com este nome.")
        }
        other => other.into(),
    }
}
