//! What the operator does for people from the command line: invite them, and let them back in.

use sigilo_domain::{Role, name};
use sigilo_store::{
    Action, Client, Error as StoreError, Event, Risk, SignInTx, Token, account, console, factor, session,
};
use uuid::Uuid;

use crate::{App, Error, FieldError, Result, new_token, sign_up};

/// Whom to invite.
pub struct Invitation {
    /// The full name.
    pub full_name: String,
    /// The e-mail address.
    pub email: String,
    /// The clinic's name; a new clinic is made when there is none with this name.
    pub clinic: String,
    /// The roles there.
    pub roles: Vec<Role>,
}

/// How long an invitation can be used.
const HOURS: i32 = 72;

/// Makes the account and its membership, and a single-use link with which its owner registers a passkey.
///
/// # Errors
/// [`Error::Invalid`] for `full_name`, `email`, `clinic` or `roles`.
pub async fn invite(app: &App, client: &Client, invitation: Invitation) -> Result<Token> {
    let full_name = name::full_name(&invitation.full_name).map_err(|m| Error::field("full_name", m))?;
    let email = name::email(&invitation.email).map_err(|m| Error::field("email", m))?;
    let clinic_name = invitation.clinic.split_whitespace().collect::<Vec<_>>().join(" ");
    if clinic_name.is_empty() || clinic_name.chars().count() > 200 {
        return Err(Error::field("clinic", "Informe o nome da clínica (até 200 caracteres)."));
    }
    if invitation.roles.is_empty() {
        return Err(Error::Invalid(vec![FieldError::new("roles", "Informe ao menos um perfil.")]));
    }
    app.db()
        .sign_in(client, async |tx: &SignInTx| {
            let user = account::create(tx, false).await?;
            sign_up::set_email(app, tx, user.id, &email).await?;
            let clinic = match account::clinic_by_name(tx, &clinic_name).await? {
                Some(clinic) => clinic,
                None => account::create_clinic(tx, &clinic_name, user.id).await?,
            };
            let roles: Vec<&str> = invitation.roles.iter().map(|role| role.code()).collect();
            account::create_member(tx, clinic, user.id, &full_name, &roles).await?;
            let token = new_token();
            account::create_link(tx, &token, user.id, clinic, "invitation", HOURS).await?;
            Ok(token)
        })
        .await
}

/// A single-use link for somebody who cannot sign in any more, after the operator has made sure who asks.
///
/// The second factor is still asked for; `reset_factors` forgets the lost ones and ends every session, so
/// that the link leads to registering a new passkey.
///
/// # Errors
/// [`Error::Invalid`] for `email` when no active account, or more than one, has this address.
pub async fn link(app: &App, client: &Client, email: &str, reset_factors: bool) -> Result<Token> {
    let index = email_index(app, email)?;
    app.db()
        .sign_in(client, async |tx: &SignInTx| {
            let member = the_one(account::by_email(tx, &index).await?)?;
            if reset_factors {
                factor::clear(tx, member.user_id).await?;
                // A lost device may still hold a live session.
                session::end_others(tx, member.user_id, Uuid::nil()).await?;
            }
            let token = new_token();
            account::create_link(tx, &token, member.user_id, member.clinic_id, "invitation", HOURS).await?;
            tx.audit(&Event {
                name: "sign_in_link_created",
                action: Action::Create,
                resource_type: "users",
                resource_id: Some(member.user_id.to_string()),
                details: serde_json::json!({ "reset_factors": reset_factors }),
                risk: Risk::High,
            })
            .await?;
            Ok(token)
        })
        .await
}

/// Opens the audit console to an auditor or DPO for some days, by the operator's word: in a clinic of one person nobody
/// else could.
///
/// # Errors
/// [`Error::Invalid`] for `email`, `purpose` or `days`; [`Error::Conflict`] for who is neither auditor nor DPO.
pub async fn open_console(app: &App, client: &Client, email: &str, purpose: &str, days: i32) -> Result<()> {
    let index = email_index(app, email)?;
    let purpose = purpose.trim();
    if !(5..=300).contains(&purpose.chars().count()) {
        return Err(Error::field("purpose", "Diga para que é o acesso, em 5 a 300 caracteres."));
    }
    if !(1..=crate::console::MAX_DAYS).contains(&days) {
        return Err(Error::field("days", "O prazo vai de 1 a 90 dias."));
    }
    app.db()
        .sign_in(client, async |tx: &SignInTx| {
            let member = the_one(account::by_email(tx, &index).await?)?;
            match console::grant_as_operator(tx, member.clinic_id, member.user_id, purpose, days).await {
                Err(StoreError::Rule(_)) => {
                    return Err(Error::Conflict("O acesso é só para auditores e encarregados ativos da clínica."));
                }
                other => other?,
            }
            tx.audit(&Event {
                name: "audit_access_granted",
                action: Action::Create,
                resource_type: "audit_grants",
                resource_id: None,
                details: serde_json::json!({ "granted_to": member.user_id, "days": days, "by": "operator" }),
                risk: Risk::High,
            })
            .await?;
            Ok(())
        })
        .await
}

fn email_index(app: &App, email: &str) -> Result<Vec<u8>> {
    let email = name::email(email).map_err(|m| Error::field("email", m))?;
    Ok(app.keys().blind_index("email", &email).to_vec())
}

/// The account of an address, when it is only one.
fn the_one(found: Vec<account::ByEmail>) -> Result<account::ByEmail> {
    let mut found = found.into_iter();
    let Some(member) = found.next() else {
        return Err(Error::field("email", "Nenhuma conta ativa tem este e-mail."));
    };
    if found.any(|other| other.user_id != member.user_id) {
        let message = "Mais de uma conta tem este e-mail; ele não basta para saber de quem se trata.";
        return Err(Error::field("email", message));
    }
    Ok(member)
}
