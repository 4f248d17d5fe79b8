//! Inviting people from the command line, for installations that are not open to everyone.

use sigilo_domain::{Role, name};
use sigilo_store::{Client, SignInTx, Token, account};

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
