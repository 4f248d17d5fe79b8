//! Who works in a clinic.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Error, ReadTx, Result, Token, WriteTx, row::row, statements::team as sql};

row! {
    /// A member, as who runs the clinic sees them.
    #[derive(Debug, Clone)]
    pub struct Member {
        /// The account.
        user_id: Uuid,
        /// The name.
        display_name: String,
        /// The roles.
        roles: Vec<String>,
        /// `active` or `deactivated`.
        status: String,
        /// When they were asked in.
        joined_at: OffsetDateTime,
        /// When they last signed in; none: never.
        last_sign_in_at: Option<OffsetDateTime>,
        /// Until when their link can be used.
        invited_until: Option<OffsetDateTime>,
        /// Whether it is who asks.
        is_own: bool,
    }
}

/// Everybody of the clinic.
///
/// # Errors
/// [`Error::Denied`] for who does not run it.
pub async fn all(tx: &ReadTx) -> Result<Vec<Member>> {
    tx.tx.rows(sql::ALL, &[]).await
}

/// A new account with its membership, and the link with which its owner comes in. Whose account.
///
/// # Errors
/// [`Error::Denied`] for who does not run the clinic; [`Error::Rule`] `team_owner` where only an owner may.
pub async fn invite(tx: &WriteTx, name: &str, roles: &[&str], token: &Token, hours: i32) -> Result<Uuid> {
    tx.tx.value(sql::INVITE, &[&name, &roles, &token.expose(), &hours]).await?.ok_or(Error::NotFound)
}

/// Another link for somebody who never came in; the earlier ones end.
///
/// # Errors
/// [`Error::Rule`] `team_came_in` for who has; [`Error::NotFound`]; otherwise as [`invite`].
pub async fn renew(tx: &WriteTx, member: Uuid, token: &Token, hours: i32) -> Result<()> {
    tx.tx.execute(sql::RENEW, &[&member, &token.expose(), &hours]).await.map(drop)
}

/// Gives a member other roles or another standing; who is deactivated is out at once.
///
/// # Errors
/// [`Error::Rule`] `team_own` for one's own, `team_owner` where only an owner may, `team_keeps_owner` for the last one;
/// [`Error::NotFound`]; [`Error::Denied`] for who does not run the clinic.
pub async fn set(tx: &WriteTx, member: Uuid, roles: &[&str], status: &str) -> Result<()> {
    tx.tx.execute(sql::SET, &[&member, &roles, &status]).await.map(drop)
}
