//! Telling those who received a person's data what was done about it (LGPD art. 18, § 6).

use serde_json::json;
use uuid::Uuid;

use sigilo_store::{Action, Error as StoreError, Session, WriteTx, rights as rows};

use super::desk::{manages, words};
use super::event;
use crate::{App, Error, Result};

/// Keeps how a recipient was told, or why that is impossible. When and by whom is the database's word.
///
/// # Errors
/// [`Error::Invalid`] for `prova`; [`Error::Conflict`] when it was kept already or the request is the member's own;
/// [`Error::NotFound`]; [`Error::Forbidden`] for who answers for nothing.
pub async fn tell(app: &App, session: &Session, request: Uuid, notice: Uuid, evidence: &str) -> Result<()> {
    let evidence =
        words(evidence, "prova", "Escreva como e quando o destinatário foi avisado, em 10 a 2.000 caracteres.")?;
    if evidence.chars().count() > 2000 {
        return Err(Error::field("prova", "O texto passa de 2.000 caracteres."));
    }
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            let own = rows::one(tx, request).await?.requester_user_id == tx.entered().user_id;
            if own {
                return Err(Error::Conflict("Este pedido é seu: outra pessoa responsável registra os avisos."));
            }
            match rows::tell(tx, request, notice, evidence).await {
                Err(StoreError::NotFound) => {
                    let known = rows::notices(tx, request).await?.iter().any(|one| one.id == notice);
                    return Err(if known {
                        Error::Conflict("Este aviso já foi registrado. Recarregue a página para ver por quem e quando.")
                    } else {
                        Error::NotFound
                    });
                }
                other => other?,
            }
            Ok(((), event("recipient_told", Action::Update, request, json!({ "notice": notice }))))
        })
        .await
}
