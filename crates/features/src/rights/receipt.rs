//! The signed receipt of a deletion, of an account or of a patient's registration: what was done, without a word about whom.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use sigilo_proof::{Signer, base64 as canonical_base64, verify_signature};
use sigilo_store::{
    elimination,
    rights::{self as rows, Executed},
};

use crate::{App, Error, Result, patient::elimination_of};

/// What the subject is told when an account was deleted.
const NOTE: &str = "A conta foi excluída conforme o plano aprovado. O recibo assinado diz o que foi apagado, anonimizado e mantido, com os artigos.";

/// A receipt as it is handed out.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// What was done.
    pub receipt: Value,
    /// Ed25519 over the receipt's canonical form, in base64.
    pub signature: String,
    /// The public key, in base64.
    pub key: String,
}

impl Receipt {
    /// As a document that [`verify`] reads.
    pub fn document(&self) -> Value {
        json!({ "recibo": self.receipt, "assinatura": self.signature, "chave": self.key, "algoritmo": "Ed25519" })
    }
}

/// What came of checking a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// Signed by this key, unchanged.
    Yes,
    /// Changed, or signed by another key.
    No,
    /// No receipt at all.
    Unreadable,
}

/// The public key with which receipts are checked, in base64.
///
/// # Errors
/// [`Error::Internal`] with a broken key.
pub fn public_key(app: &App) -> Result<String> {
    Ok(BASE64.encode(app.keys().signer().ok_or(Error::Internal)?.public_key()))
}

/// Checks a receipt document; against `key` where one is given, otherwise against the key it names.
pub fn verify(document: &Value, key: Option<&str>) -> Verified {
    let text = |name: &str| document[name].as_str();
    let (Some(signature), Some(named), true) = (text("assinatura"), text("chave"), document["recibo"].is_object())
    else {
        return Verified::Unreadable;
    };
    let key = key.unwrap_or(named).trim();
    let (Some(signature), Some(key)) = (canonical_base64::decode(signature), canonical_base64::decode(key)) else {
        return Verified::Unreadable;
    };
    let mut message = String::new();
    canonical(&document["recibo"], &mut message);
    if verify_signature(&key, message.as_bytes(), &signature) { Verified::Yes } else { Verified::No }
}

/// Destroys the keys of whoever was deleted, members and patients, and closes those deletions, each with its receipt. How many. Interrupted, the
/// next call goes on: destroying twice changes nothing.
///
/// # Errors
/// [`Error::Unavailable`] when a database is away.
pub async fn close_due(app: &App) -> Result<usize> {
    let signer = app.keys().signer().ok_or(Error::Internal)?;
    if let Some(keystore) = app.keystore() {
        for subject in rows::with_keys(app.db()).await? {
            keystore.destroy(subject).await?;
            rows::keys_destroyed(app.db(), subject).await?;
        }
    }
    let accounts =
        rows::close_executed(app.db(), app.keystore().is_none(), NOTE, |plan| Some(signed(&signer, account_of(plan))));
    let accounts = accounts.await?;
    let patients = elimination::close_executed(app.db(), |done| {
        // What this process still has in memory; others notice with their next search.
        app.names().forget(done.clinic_id);
        signed(&signer, elimination_of(done))
    });
    Ok(accounts + patients.await?)
}

fn account_of(plan: &Executed) -> Value {
    let at = |instant: Option<time::OffsetDateTime>| instant.and_then(|at| at.format(&Rfc3339).ok());
    json!({
        "tipo": "exclusao-de-conta",
        "versao": 2,
        "pedido": plan.request_id,
        "titular": plan.subject_id,
        "plano": plan.id,
        "preparado_em": at(Some(plan.drafted_at)),
        "aprovado_em": at(plan.approved_at),
        "iniciado_em": at(plan.started_at),
        "concluido_em": at(plan.executed_at),
        "planejado": plan.steps,
        "apagado": plan.done,
        "chaves_destruidas_em": at(plan.keys_destroyed_at),
        "destinatarios_a_avisar": plan.recipients,
    })
}

fn signed(signer: &Signer, receipt: Value) -> (Value, String) {
    let mut message = String::new();
    canonical(&receipt, &mut message);
    (receipt, BASE64.encode(signer.sign(message.as_bytes())))
}

/// JSON without spaces, keys in the order of their bytes: the same text whichever way the value was kept meanwhile. A
/// receipt holds objects, lists, strings, whole numbers, booleans and nulls only.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
            out.push('{');
            for (at, (key, value)) in entries.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                canonical(value, out);
            }
            out.push('}');
        }
        Value::Array(values) => {
            out.push('[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                canonical(value, out);
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use sigilo_proof::Keyring;

    #[test]
    fn a_receipt_is_checked_whichever_way_its_keys_are_ordered() {
        let signer = Keyring::new(&[3; 32]).signer().unwrap();
        let receipt = json!({ "b": 1, "a": { "y": [1, null], "x": "ç" } });
        let mut message = String::new();
        canonical(&receipt, &mut message);
        assert_eq!(message, r#"{"a":{"x":"ç","y":[1,null]},"b":1}"#);
        let key = BASE64.encode(signer.public_key());
        let whole = Receipt { receipt, signature: BASE64.encode(signer.sign(message.as_bytes())), key: key.clone() };
        let document = whole.document();
        assert_eq!(verify(&document, None), Verified::Yes);
        assert_eq!(verify(&document, Some(&key)), Verified::Yes);
        let other = BASE64.encode(Keyring::new(&[4; 32]).signer().unwrap().public_key());
        assert_eq!(verify(&document, Some(&other)), Verified::No);
        let mut changed = document.clone();
        changed["recibo"]["b"] = 2.into();
        assert_eq!(verify(&changed, None), Verified::No);
        assert_eq!(verify(&json!({}), None), Verified::Unreadable);
    }
}
