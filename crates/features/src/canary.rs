//! Canaries: invented patients that are planted where nobody should take from, and looked for in every message.

use serde_json::json;
use uuid::Uuid;
use zeroize::Zeroizing;

use sigilo_deid::{Detections, Kind};
use sigilo_domain::canary::{self as domain, Invented};
use sigilo_store::{
    Action, Error as StoreError, Event, ReadTx, Risk, Session, WriteTx,
    canary::{self as rows, Marks},
};

pub use sigilo_store::canary::Canary;

use crate::{App, Error, Result, incident};

/// The clinic's canaries, those that watch in front.
///
/// # Errors
/// [`Error::Forbidden`] for who answers for nothing.
pub async fn list(app: &App, session: &Session) -> Result<Vec<Canary>> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            incident::manages(tx)?;
            Ok(rows::all(tx).await?)
        })
        .await
}

/// Invents a patient and keeps only keyed hashes of the name and the CPF. What is returned is shown once.
///
/// # Errors
/// [`Error::Invalid`] for the label; [`Error::Forbidden`] for who answers for nothing.
pub async fn create(app: &App, session: &Session, label: &str) -> Result<Invented> {
    let label = label.split_whitespace().collect::<Vec<_>>().join(" ");
    if !(3..=80).contains(&label.chars().count()) {
        return Err(Error::field("rotulo", "Dê um nome à isca, em 3 a 80 caracteres, como o lugar onde vai ficar."));
    }
    // One in a million has the number of another.
    for _ in 0..5 {
        let invented = domain::invent(&sigilo_proof::random_bytes());
        match keep(app, session, &label, &invented).await {
            Err(Error::Conflict(_)) => {}
            other => return other.map(|()| invented),
        }
    }
    Err(Error::Internal)
}

async fn keep(app: &App, session: &Session, label: &str, invented: &Invented) -> Result<()> {
    let digits = domain::cpf(&invented.cpf).ok_or(Error::Internal)?;
    let words = domain::names(&invented.name).pop().ok_or(Error::Internal)?;
    let (cpf, name) = (cpf_index(app, &digits), name_index(app, &words));
    app.db()
        .write(session, async |tx: &WriteTx| {
            incident::manages(tx)?;
            let id = rows::create(tx, label, &cpf, &name).await?;
            Ok(((), event("canary_created", Action::Create, id)))
        })
        .await
}

/// Ends a canary's watch.
///
/// # Errors
/// [`Error::NotFound`] for another clinic's; [`Error::Conflict`] when it has ended; [`Error::Forbidden`] for who answers for
/// nothing.
pub async fn retire(app: &App, session: &Session, id: Uuid) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            incident::manages(tx)?;
            match rows::retire(tx, id).await {
                Err(StoreError::Rule(_)) => return Err(Error::Conflict("Esta isca já foi aposentada.")),
                other => other?,
            }
            Ok(((), event("canary_retired", Action::Update, id)))
        })
        .await
}

/// What of a text could be a canary, out of what the de-identifier found in it: numbers with the mark, and names of as many
/// words as a canary's. Most messages hold neither, and cost nothing more.
pub(crate) fn marks(app: &App, text: &str, found: &Detections) -> Marks {
    let spans = || found.into_iter().filter_map(|one| text.get(one.start..one.end));
    Marks {
        cpfs: spans().filter_map(domain::cpf).map(|cpf| cpf_index(app, &cpf)).collect(),
        names: names(text, found).iter().map(|name| name_index(app, name)).collect(),
    }
}

/// The names that were found, also those that were found in pieces.
fn names(text: &str, found: &Detections) -> Vec<String> {
    let mut names = Vec::new();
    let mut name = Zeroizing::new(String::new());
    let mut end = None;
    for one in found {
        let Some(span) = text.get(one.start..one.end) else { continue };
        if !matches!(one.kind, Kind::Nome | Kind::Adicionado) {
            continue;
        }
        let goes_on = end.and_then(|end| text.get(end..one.start)).is_some_and(domain::joins);
        if !goes_on {
            names.extend(domain::names(&name));
            name.clear();
        }
        name.push(' ');
        name.push_str(span);
        end = Some(one.end);
    }
    names.extend(domain::names(&name));
    names
}

fn cpf_index(app: &App, digits: &str) -> [u8; 16] {
    app.keys().blind_index("canary cpf", digits)
}

fn name_index(app: &App, words: &str) -> [u8; 16] {
    app.keys().blind_index("canary name", words)
}

fn event(name: &'static str, action: Action, id: Uuid) -> Event {
    Event {
        name,
        action,
        resource_type: "canaries",
        resource_id: Some(id.to_string()),
        details: json!({}),
        risk: Risk::High,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_may_be_invented_is_found_however_it_is_written() {
        let mut missed = Vec::new();
        for n in 0..=u16::MAX {
            let [first, last] = n.to_be_bytes();
            let invented = domain::invent(&[first >> 4, first, last >> 4, last, 1, 2, 3, 4, 5, 6]);
            for name in [invented.name.clone(), invented.name.to_uppercase()] {
                let text = format!("{name} ({})", invented.cpf);
                if names(&text, &sigilo_deid::scan(&text)) != domain::names(&name) {
                    missed.push(name);
                }
            }
        }
        assert!(missed.is_empty(), "{} {:?}", missed.len(), &missed[..missed.len().min(20)]);
    }
}
