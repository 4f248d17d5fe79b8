//! `sigilo keys init` and `status`.

use std::io::{self, Write as _};
use std::path::Path;

use sigilo_proof::envelope::{ClinicPlace, KeyBytes, Purpose, describe_shared};
use sigilo_store::{keystore::Rotation, migrate_keystore};
use uuid::Uuid;

use super::custody::{CustodyArgs, Keeper};
use super::databases::Databases;
use super::root_file;
use crate::args::Trouble;

/// Prepares the keystore and sees whether the keeper wraps and unwraps.
pub async fn init(data: &Path, custody: &CustodyArgs) -> Result<(), Trouble> {
    let databases = Databases::open(data).await?;
    migrate_keystore(databases.keystore()?.owner.expose()).await?;
    eprintln!("  O banco de chaves está pronto.");
    let mut root = custody.open(data).await;
    if root.is_err() && custody.keeper() == Keeper::Pkcs11 {
        custody.make_in_token().await?;
        eprintln!("  A chave raiz foi criada no token, de onde não sai.");
        root = custody.open(data).await;
    }
    let root = root?;
    let place = ClinicPlace { clinic: Uuid::nil(), purpose: Purpose::Wrap, version: 1 };
    let key = KeyBytes::random();
    let wrapped = root.wrap(place, &key).await?;
    if root.unwrap(place, &wrapped).await?.expose() != key.expose() {
        return Err(Trouble("o guardião da chave raiz devolveu outra chave do que recebeu".into()));
    }
    eprintln!("  O guardião ({}) embrulha e abre; chave raiz na versão {}.", root.provider(), wrapped.root_version);
    Ok(())
}

/// Shows what there is, and fails when a key does not open.
pub async fn status(data: &Path, custody: &CustodyArgs) -> Result<(), Trouble> {
    let databases = Databases::open(data).await?;
    let root = custody.open(data).await?;
    let rotation = Rotation::open(&databases.keystore()?.keys, root)?;
    let mut out = io::stdout();
    let _ = match root_file::read_shared(&root_file::shared_path(data)).ok().and_then(|f| describe_shared(&f).ok()) {
        Some((_, threshold, count)) => writeln!(out, "Chave raiz repartida: bastam {threshold} de {count} partes."),
        None => writeln!(out, "Chave raiz não repartida: se o arquivo se perder, nada abre (sigilo keys share)."),
    };
    let clinics = rotation.clinics().await?;
    let _ = writeln!(out, "Clínicas com chaves: {}", clinics.len());
    let mut closed = 0;
    for clinic in clinics {
        let _ = writeln!(out, "\n{clinic}");
        for key in rotation.status(clinic).await? {
            let purpose = if key.purpose == "wrap" { "pessoas" } else { "índices" };
            let state = match key.state.as_str() {
                "active" => "em uso",
                "retiring" => "sendo trocada",
                _ => "destruída",
            };
            let wraps = if key.purpose == "wrap" { format!("; embrulha {}", key.wraps) } else { String::new() };
            let _ = writeln!(
                out,
                "  {purpose} v{}: {state}, de {} (raiz v{}, {}){wraps}",
                key.version,
                key.created_at.date(),
                key.root_version,
                key.provider
            );
        }
        if let Err(error) = rotation.check(clinic).await {
            closed += 1;
            let _ = writeln!(out, "  NÃO ABRE: {}", Trouble::from(error));
        }
    }
    match closed {
        0 => Ok(()),
        1 => Err(Trouble("as chaves de uma clínica não abrem".into())),
        many => Err(Trouble(format!("as chaves de {many} clínicas não abrem"))),
    }
}
