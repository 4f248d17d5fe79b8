//! Invented members with a live session, as the sign-in code makes them.

use std::net::Ipv4Addr;

use sigilo_store::{
    Action, Client, Db, Error, Event, Risk, Session, SignInTx, Token, WriteTx, account, consent, session,
};
use uuid::Uuid;

/// A member of a clinic of their own, signed in.
pub struct Member {
    /// The account.
    pub user: Uuid,
    /// The clinic.
    pub clinic: Uuid,
    /// The live session.
    pub session: Session,
}

/// A browser somewhere.
pub fn client() -> Client {
    Client {
        ip: Ipv4Addr::new(192, 0, 2, 7).into(),
        user_agent: "Navegador de teste".into(),
        request_id: Uuid::now_v7(),
    }
}

/// An event that a test's write ends with.
pub fn event(name: &'static str) -> Event {
    Event {
        name,
        action: Action::Create,
        resource_type: "test",
        resource_id: None,
        details: serde_json::json!({}),
        risk: Risk::Low,
    }
}

/// Makes an account with a clinic, a membership and a session with this token.
pub async fn member(db: &Db, clinic: &str, name: &str, roles: &[&str], token: Token) -> Member {
    let client = client();
    let (user, clinic) = db
        .sign_in(&client, async |tx: &SignInTx| -> Result<_, Error> {
            let user = account::create(tx, true).await?;
            let clinic = account::create_clinic(tx, clinic, user.id).await?;
            account::create_member(tx, clinic, user.id, name, roles).await?;
            session::create(tx, &client, &token, user.id, clinic, "passkey").await?;
            Ok((user.id, clinic))
        })
        .await
        .expect("a member");
    Member { user, clinic, session: Session { token, client } }
}

/// Gives the member's consent of a kind, by code, to the text in force, beside a proof that proves nothing. False when it
/// is live already.
///
/// # Errors
/// See [`Error`].
pub async fn consent(tx: &WriteTx, kind: &str) -> Result<bool, Error> {
    let texts = consent::in_force(tx, "pt-BR").await?;
    let text = texts.into_iter().find(|text| text.consent_type == kind).ok_or(Error::NotFound)?;
    let new = consent::New {
        patient: None,
        text: &text,
        purposes: &text.purposes,
        until: None,
        collection_method: "web_form",
    };
    let Some(id) = consent::grant(tx, &new).await? else { return Ok(false) };
    let random = Uuid::now_v7().simple().to_string();
    let proof = consent::NewProof {
        subject_sealed: &[1],
        salt_sealed: &[1],
        has_representative: false,
        evidence_sealed: None,
        consent_hash: &random.repeat(2),
        parts: "{}",
        signature: &[0; 64],
        key: &[0; 32],
        code: random.as_bytes(),
        code_sealed: &[1],
    };
    consent::prove(tx, id, text.id, &proof).await?;
    Ok(true)
}

/// Withdraws the member's live consent of a kind; false when there is none.
///
/// # Errors
/// See [`Error`].
pub async fn withdraw(tx: &WriteTx, kind: &str) -> Result<bool, Error> {
    match consent::live(tx, kind, None).await? {
        Some(live) => consent::revoke(tx, live.id, "account_page", None, None).await,
        None => Ok(false),
    }
}
