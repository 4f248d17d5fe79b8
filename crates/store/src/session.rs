//! Sessions: entering one, listing them, locking, ending.
//!
//! Every function fails with [`crate::Error`] when the database refuses or is away.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Client, ReadTx, Result, SignInTx, Token, row::row, statements::session as sql};

row! {
    /// Who entered a transaction.
    #[derive(Debug, Clone)]
    pub struct Entered {
        /// The session.
        session_id: Uuid,
        /// The account.
        user_id: Uuid,
        /// The clinic of this session.
        clinic_id: Uuid,
        /// The member's roles in it.
        roles: Vec<String>,
        /// The member's name.
        display_name: String,
        /// The clinic's name.
        clinic_name: String,
        /// Inactivity until the screen locks, in seconds.
        idle_timeout_seconds: i32,
        /// Whether this installation is a demonstration.
        demo: bool,
    }
}

row! {
    /// What a member may do next.
    #[derive(Debug)]
    pub struct Standing {
        /// Whether the onboarding is complete, or not needed.
        onboarded: bool,
        /// The codes of the live consents.
        consents: Vec<String>,
    }
}

row! {
    /// One line of the member's own access log.
    #[derive(Debug)]
    pub struct Access {
        /// `login`, `logout`, `failed_login`, `unlock`, `session_ended`.
        action: String,
        /// Whether it succeeded.
        success: bool,
        /// Why not.
        failure_reason: Option<String>,
        /// The address.
        ip: Option<String>,
        /// The browser.
        user_agent: Option<String>,
        /// For the end of a session, how long it lasted.
        session_duration_seconds: Option<i32>,
        /// When.
        created_at: OffsetDateTime,
    }
}

row! {
    /// The session behind a token.
    #[derive(Debug, Clone)]
    pub struct Found {
        /// The session.
        id: Uuid,
        /// The account.
        user_id: Uuid,
        /// The clinic.
        clinic_id: Uuid,
        /// How it was opened.
        method: String,
        /// Whether it waits to be unlocked.
        locked: bool,
        /// Seconds until it locks.
        remaining_seconds: i32,
        /// The member's name.
        display_name: String,
    }
}

row! {
    /// A session that was just ended.
    #[derive(Debug)]
    pub struct Ended {
        /// The session.
        id: Uuid,
        /// Its clinic.
        clinic_id: Uuid,
        /// How long it lasted.
        duration_seconds: i32,
    }
}

row! {
    /// A live session in the member's list.
    #[derive(Debug)]
    pub struct Summary {
        /// The session.
        id: Uuid,
        /// When it was opened.
        created_at: OffsetDateTime,
        /// When it was last used.
        last_seen_at: OffsetDateTime,
        /// From where it was opened.
        ip: String,
        /// With which browser.
        user_agent: String,
        /// With which factors.
        method: String,
        /// Whether it waits to be unlocked.
        locked: bool,
    }
}

/// What goes into the access log.
#[derive(Debug, Clone, Copy)]
pub struct AccessEvent<'a> {
    /// The clinic, when it is known.
    pub clinic: Option<Uuid>,
    /// The account, when it is known.
    pub user: Option<Uuid>,
    /// The session, when there is one.
    pub session: Option<Uuid>,
    /// `login`, `logout`, `failed_login`, `unlock`, `session_ended`.
    pub action: &'a str,
    /// Why it failed; none means that it succeeded.
    pub failure: Option<&'a str>,
    /// How long the session lasted.
    pub duration_seconds: Option<i32>,
}

/// What the member may do next.
pub async fn standing(tx: &ReadTx) -> Result<Standing> {
    tx.tx.one(sql::STANDING, &[]).await
}

/// The member's last accesses.
pub async fn recent_access(tx: &ReadTx) -> Result<Vec<Access>> {
    tx.tx.rows(sql::RECENT_ACCESS, &[]).await
}

/// The session behind a token, live or locked.
pub async fn find(tx: &SignInTx, token: &Token) -> Result<Option<Found>> {
    tx.0.optional(sql::FIND, &[&token.expose()]).await
}

/// Opens a session, ends the oldest ones above the member's limit, and records all of it.
pub async fn create(
    tx: &SignInTx,
    client: &Client,
    token: &Token,
    user: Uuid,
    clinic: Uuid,
    method: &str,
) -> Result<Uuid> {
    let id: Option<Uuid> =
        tx.0.value(sql::CREATE, &[&token.expose(), &user, &clinic, &method, &client.ip, &client.user_agent]).await?;
    let id = id.ok_or(crate::Error::NotFound)?;
    let event = AccessEvent {
        clinic: Some(clinic),
        user: Some(user),
        session: Some(id),
        action: "login",
        failure: None,
        duration_seconds: None,
    };
    log_access(tx, event).await?;
    for ended in tx.0.rows::<Ended>(sql::END_EXCESS, &[&user]).await? {
        log_end(tx, user, &ended, "session_ended").await?;
    }
    Ok(id)
}

/// Ends one session of a member and records it with its duration. False when there is no such live session.
pub async fn end(tx: &SignInTx, session: Uuid, user: Uuid, reason: &str) -> Result<bool> {
    let Some(ended) = tx.0.optional::<Ended>(sql::END, &[&session, &user, &reason]).await? else {
        return Ok(false);
    };
    log_end(tx, user, &ended, if reason == "logout" { "logout" } else { "session_ended" }).await?;
    Ok(true)
}

/// Ends every other session of a member; how many there were.
pub async fn end_others(tx: &SignInTx, user: Uuid, keep: Uuid) -> Result<u64> {
    let ended = tx.0.rows::<Ended>(sql::END_OTHERS, &[&user, &keep]).await?;
    for session in &ended {
        log_end(tx, user, session, "session_ended").await?;
    }
    Ok(ended.len() as u64)
}

/// A member's live sessions.
pub async fn list(tx: &SignInTx, user: Uuid) -> Result<Vec<Summary>> {
    tx.0.rows(sql::LIST, &[&user]).await
}

/// Gives a locked session a new token. False when it ended meanwhile.
pub async fn unlock(tx: &SignInTx, session: Uuid, token: &Token) -> Result<bool> {
    Ok(tx.0.execute(sql::UNLOCK, &[&session, &token.expose()]).await? == 1)
}

/// Counts a failed unlock; how many there are now.
pub async fn unlock_failed(tx: &SignInTx, session: Uuid) -> Result<i32> {
    tx.0.value(sql::UNLOCK_FAILED, &[&session]).await?.ok_or(crate::Error::NotFound)
}

/// Records a sign-in, a sign-out or a failure in both logs.
pub async fn log_access(tx: &SignInTx, event: AccessEvent<'_>) -> Result<()> {
    tx.0.execute(
        sql::LOG_ACCESS,
        &[&event.clinic, &event.user, &event.session, &event.action, &event.failure, &event.duration_seconds],
    )
    .await
    .map(drop)
}

async fn log_end(tx: &SignInTx, user: Uuid, ended: &Ended, action: &str) -> Result<()> {
    log_access(
        tx,
        AccessEvent {
            clinic: Some(ended.clinic_id),
            user: Some(user),
            session: Some(ended.id),
            action,
            failure: None,
            duration_seconds: Some(ended.duration_seconds),
        },
    )
    .await
}

/// Says whose act this is, so that [`SignInTx::audit`] attributes it to the session's member.
pub async fn identify(tx: &SignInTx, token: &Token) -> Result<()> {
    tx.0.execute(sql::IDENTIFY, &[&token.expose()]).await.map(drop)
}
