//! The member's sessions: who is in, for how long, and how it ends.

use time::OffsetDateTime;
use uuid::Uuid;

use sigilo_domain::{ConsentType, Role};
use sigilo_store::{ReadTx, Session, SignInTx, session};

pub use sigilo_store::session::Access;

use crate::{App, Error, Result};

/// Seconds before the lock at which the page warns.
const WARNING: u32 = 120;

/// Who is signed in, and what for.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The account.
    pub user_id: Uuid,
    /// The clinic of this session.
    pub clinic_id: Uuid,
    /// The session.
    pub session_id: Uuid,
    /// The clinic's name.
    pub clinic_name: String,
    /// The member's name.
    pub display_name: String,
    /// The member's roles.
    pub roles: Vec<Role>,
    /// Whether the onboarding is complete with the consents it requires, or not needed.
    pub onboarded: bool,
    /// The live consents.
    pub consents: Vec<ConsentType>,
    /// Whether this is a demonstration.
    pub demo: bool,
    /// Inactivity until the screen locks, in seconds.
    pub idle_timeout_seconds: u32,
}

/// Whether who entered has one of these roles.
pub(crate) fn is_one_of(tx: &ReadTx, roles: &[Role]) -> bool {
    tx.entered().roles.iter().any(|code| roles.iter().any(|role| role.code() == code))
}

/// Whether who entered answers for the clinic or its data.
pub(crate) fn answers_for_clinic(tx: &ReadTx) -> bool {
    is_one_of(tx, &[Role::Owner, Role::Dpo])
}

/// Refuses whoever neither answers for the clinic or its data nor has a live grant to audit it.
pub(crate) async fn answers_for_evidence(tx: &ReadTx) -> Result<()> {
    if answers_for_clinic(tx) || sigilo_store::console::own_grant(tx).await?.is_some() {
        return Ok(());
    }
    Err(Error::Forbidden(
        "As provas da trilha são de quem responde pela clínica ou pelos dados, ou de quem tem acesso de auditoria.",
    ))
}

impl Viewer {
    /// Whether the member holds a role.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether the member answers for the clinic or its data.
    pub fn answers_for_clinic(&self) -> bool {
        self.has(Role::Owner) || self.has(Role::Dpo)
    }

    /// Whether the member audits, or lets others audit.
    pub fn audits(&self) -> bool {
        self.answers_for_clinic() || self.has(Role::Auditor)
    }

    /// Whether the member works with patients.
    pub fn sees_patients(&self) -> bool {
        crate::patient::ROLES.into_iter().any(|role| self.has(role))
    }

    /// Whether the member decides on the clinic's people, services, rooms and hours.
    pub fn runs_clinic(&self) -> bool {
        crate::clinic::ROLES.into_iter().any(|role| self.has(role))
    }

    /// Where this member starts.
    pub fn home(&self) -> &'static str {
        match () {
            () if !self.onboarded => "/boas-vindas",
            () if self.has(Role::Professional) => "/conversas",
            () if self.has(Role::Auditor) => "/auditoria",
            () if self.has(Role::Dpo) => "/conformidade",
            () if self.has(Role::Receptionist) => "/agenda",
            () => "/account",
        }
    }
}

/// Who is signed in. Slides the idle timeout.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn viewer(app: &App, session: &Session) -> Result<Viewer> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            let standing = session::standing(tx).await?;
            let who = tx.entered();
            let roles: Vec<Role> = who.roles.iter().filter_map(|code| Role::from_code(code)).collect();
            let consents: Vec<ConsentType> =
                standing.consents.iter().filter_map(|code| ConsentType::from_code(code)).collect();
            // Who withdrew a consent that the platform cannot do without is asked again, not locked out silently.
            let lacking = ConsentType::ALL.into_iter().any(|kind| kind.text().required && !consents.contains(&kind));
            Ok(Viewer {
                user_id: who.user_id,
                clinic_id: who.clinic_id,
                session_id: who.session_id,
                clinic_name: who.clinic_name.clone(),
                display_name: who.display_name.clone(),
                onboarded: standing.onboarded && !(lacking && roles.contains(&Role::Professional)),
                roles,
                consents,
                demo: who.demo,
                idle_timeout_seconds: u32::try_from(who.idle_timeout_seconds).unwrap_or(0),
            })
        })
        .await
}

/// How long the session still lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// It is live.
    Active {
        /// Seconds until it locks.
        remaining_seconds: u32,
        /// Seconds before the lock at which to warn.
        warn_seconds: u32,
    },
    /// It waits to be unlocked.
    Locked,
    /// It ended, expired, or never was.
    Gone,
}

/// Looks at the clock without sliding it.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn peek(app: &App, session: &Session) -> Result<Clock> {
    app.db()
        .sign_in(&session.client, async |tx: &SignInTx| {
            Ok(match session::find(tx, &session.token).await? {
                None => Clock::Gone,
                Some(found) if found.locked => Clock::Locked,
                Some(found) => Clock::Active {
                    remaining_seconds: u32::try_from(found.remaining_seconds).unwrap_or(0),
                    warn_seconds: WARNING,
                },
            })
        })
        .await
}

/// Ends this session, live or locked, and records how long it lasted. Ending an ended one is not an error.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn sign_out(app: &App, session: &Session) -> Result<()> {
    app.db()
        .sign_in(&session.client, async |tx: &SignInTx| {
            if let Some(found) = session::find(tx, &session.token).await? {
                session::end(tx, found.id, found.user_id, "logout").await?;
            }
            Ok(())
        })
        .await
}

/// A live session in the member's list.
#[derive(Debug)]
pub struct SessionSummary {
    /// The session.
    pub id: Uuid,
    /// Whether it is the one that asks.
    pub current: bool,
    /// When it was opened.
    pub created_at: OffsetDateTime,
    /// When it was last used.
    pub last_seen_at: OffsetDateTime,
    /// From where it was opened.
    pub ip: String,
    /// With which browser.
    pub user_agent: String,
    /// With which factors, as `oidc+totp`.
    pub method: String,
    /// Whether it waits to be unlocked.
    pub locked: bool,
}

/// The member's live sessions.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn list(app: &App, session: &Session) -> Result<Vec<SessionSummary>> {
    app.db()
        .sign_in(&session.client, async |tx: &SignInTx| {
            let me = signed_in(tx, session).await?;
            let rows = session::list(tx, me.user_id).await?;
            Ok(rows
                .into_iter()
                .map(|row| SessionSummary {
                    current: row.id == me.id,
                    id: row.id,
                    created_at: row.created_at,
                    last_seen_at: row.last_seen_at,
                    ip: row.ip,
                    user_agent: row.user_agent,
                    method: row.method,
                    locked: row.locked,
                })
                .collect())
        })
        .await
}

/// Ends one of the member's sessions.
///
/// # Errors
/// [`Error::NotFound`] when the member has no such live session.
pub async fn revoke(app: &App, session: &Session, id: Uuid) -> Result<()> {
    app.db()
        .sign_in(&session.client, async |tx: &SignInTx| {
            let me = signed_in(tx, session).await?;
            if session::end(tx, id, me.user_id, "revoked").await? { Ok(()) } else { Err(Error::NotFound) }
        })
        .await
}

/// Ends every other session of the member; how many there were.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn revoke_others(app: &App, session: &Session) -> Result<u64> {
    app.db()
        .sign_in(&session.client, async |tx: &SignInTx| {
            let me = signed_in(tx, session).await?;
            Ok(session::end_others(tx, me.user_id, me.id).await?)
        })
        .await
}

/// The member's last sign-ins, sign-outs and failures.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn recent_access(app: &App, session: &Session) -> Result<Vec<Access>> {
    app.db().read(session, async |tx: &ReadTx| Ok(session::recent_access(tx).await?)).await
}

/// The live, unlocked session of a request that goes to the sign-in tables.
pub(crate) async fn signed_in(tx: &SignInTx, session: &Session) -> Result<session::Found> {
    match session::find(tx, &session.token).await? {
        None => Err(Error::NotSignedIn),
        Some(found) if found.locked => Err(Error::Locked),
        Some(found) => Ok(found),
    }
}
