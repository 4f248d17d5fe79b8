//! `sigilo keys rotate`.

use std::cell::Cell;
use std::path::Path;

use sigilo_store::keystore::Rotation;
use uuid::Uuid;

use super::custody::{CustodyArgs, Keeper};
use super::databases::Databases;
use crate::args::Trouble;

/// Gives each clinic, or one, a new key and moves its people's keys there.
pub async fn clinics(data: &Path, custody: &CustodyArgs, only: Option<Uuid>) -> Result<(), Trouble> {
    let databases = Databases::open(data).await?;
    let rotation = Rotation::open(&databases.keystore()?.keys, custody.open(data).await?)?;
    let chosen = chosen(&rotation, only).await?;
    let count = chosen.len();
    for (at, clinic) in chosen.into_iter().enumerate() {
        let tenth = Cell::new(None);
        let moved = rotation
            .run(clinic, |moved, left| {
                let reached = (moved + left > 0).then(|| moved * 10 / (moved + left));
                if reached.is_some() && tenth.replace(reached) != reached {
                    eprintln!("  Clínica {} de {count}: {moved} de {} chaves", at + 1, moved + left);
                }
            })
            .await?;
        eprintln!(
            "  Clínica {} de {count}: pronta, {moved} chaves de pessoas na chave nova; a antiga foi destruída.",
            at + 1
        );
    }
    Ok(())
}

/// Wraps clinics' keys anew, under the newest version of the root key or under another keeper.
pub async fn root(data: &Path, custody: &CustodyArgs, only: Option<Uuid>, from: Option<Keeper>) -> Result<(), Trouble> {
    let databases = Databases::open(data).await?;
    let old = custody.open_one(from.unwrap_or(custody.keeper()), data).await?;
    let moving = from.is_some_and(|from| from != custody.keeper());
    if !moving && custody.keeper() == Keeper::Arquivo {
        return Err(Trouble(
            "a chave raiz em arquivo não tem versões: passe as chaves a outro guardião com --keeper e --from arquivo"
                .into(),
        ));
    }
    if !moving && custody.keeper() == Keeper::Pkcs11 {
        custody.make_in_token().await?;
    }
    let new = custody.open(data).await?;
    let rotation = Rotation::open(&databases.keystore()?.keys, old)?;
    let mut moved = 0;
    for clinic in chosen(&rotation, only).await? {
        moved += rotation.rewrap(clinic, &*new).await?;
    }
    eprintln!("  {moved} chaves de clínicas embrulhadas de novo por {}.", new.provider());
    Ok(())
}

async fn chosen(rotation: &Rotation, only: Option<Uuid>) -> Result<Vec<Uuid>, Trouble> {
    let mut clinics = rotation.clinics().await?;
    if let Some(only) = only {
        clinics.retain(|clinic| *clinic == only);
        if clinics.is_empty() {
            return Err(Trouble("esta clínica não tem chaves".into()));
        }
    }
    Ok(clinics)
}
