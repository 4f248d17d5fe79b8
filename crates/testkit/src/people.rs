//! Invented members with a live session, as the sign-in code makes them.

use std::net::Ipv4Addr;

use sigilo_store::{Action, Client, Db, Error, Event, Risk, Session, SignInTx, Token, account, session};
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
