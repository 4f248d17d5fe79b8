//! Who works in a clinic: asked in by a link, given roles, deactivated. Who acted is never removed: the trail must stay
//! comprehensible (SBIS NGS1.03.09).

use serde_json::json;
use sigilo_domain::{Role, name};
use sigilo_store::{Action, Error as StoreError, Event, ReadTx, Risk, Session, Token, WriteTx, team as rows};
use uuid::Uuid;

use crate::{App, Error, FieldError, Result, clinic, new_token, session};

pub use sigilo_store::team::Member;

/// How long an invitation can be used.
pub const HOURS: i32 = 72;

/// Everybody of the clinic: who is active first, by name.
///
/// # Errors
/// [`Error::Forbidden`] for who does not run the clinic.
pub async fn list(app: &App, session: &Session) -> Result<Vec<Member>> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            runs(tx)?;
            Ok(rows::all(tx).await?)
        })
        .await
}

/// Asks somebody in: their account, their roles, and a single-use link that is shown once. Whoever has the link becomes that
/// member, so it goes by a way on which nobody reads along.
///
/// # Errors
/// [`Error::Invalid`] for `nome` or `funcoes`; [`Error::Conflict`] where only an owner may; [`Error::Forbidden`] for who does not
/// run the clinic.
pub async fn invite(app: &App, session: &Session, full_name: &str, roles: &[String]) -> Result<Token> {
    let mut wrong = Vec::new();
    let full_name = name::full_name(full_name).map_err(|sentence| wrong.push(FieldError::new("nome", sentence)));
    let roles = read(roles).map_err(|sentence| wrong.push(FieldError::new("funcoes", sentence)));
    let (Ok(full_name), Ok(roles)) = (full_name, roles) else { return Err(Error::Invalid(wrong)) };
    let token = new_token();
    app.db()
        .write(session, async |tx: &WriteTx| {
            runs(tx)?;
            let user = rows::invite(tx, &full_name, &codes(&roles), &token, HOURS).await.map_err(refused)?;
            Ok::<_, Error>(((), event("member_invited", Action::Create, user, json!({ "roles": codes(&roles) }))))
        })
        .await?;
    Ok(token)
}

/// Another link for somebody who never came in; the earlier one ends.
///
/// # Errors
/// [`Error::Conflict`] for who came in already; otherwise as [`change`].
pub async fn renew(app: &App, session: &Session, member: Uuid) -> Result<Token> {
    let token = new_token();
    app.db()
        .write(session, async |tx: &WriteTx| {
            runs(tx)?;
            rows::renew(tx, member, &token, HOURS).await.map_err(refused)?;
            Ok::<_, Error>(((), event("member_invited", Action::Update, member, json!({}))))
        })
        .await?;
    Ok(token)
}

/// Gives a member other roles.
///
/// # Errors
/// [`Error::Invalid`] for `funcoes`; [`Error::Conflict`] for one's own, where only an owner may, and for the last owner;
/// [`Error::NotFound`]; [`Error::Forbidden`] for who does not run the clinic.
pub async fn change(app: &App, session: &Session, member: Uuid, roles: &[String]) -> Result<()> {
    let roles = read(roles).map_err(|sentence| Error::field("funcoes", sentence))?;
    set(app, session, member, "member_roles_changed", |was: &Member| (roles, was.status.clone())).await
}

/// Lets a member act, or no longer: then every session of theirs in the clinic ends at once.
///
/// # Errors
/// As [`change`].
pub async fn activate(app: &App, session: &Session, member: Uuid, is_active: bool) -> Result<()> {
    let (name, status) =
        if is_active { ("member_reactivated", "active") } else { ("member_deactivated", "deactivated") };
    set(app, session, member, name, |was: &Member| {
        let roles = was.roles.iter().filter_map(|code| Role::from_code(code)).collect();
        (roles, status.to_owned())
    })
    .await
}

async fn set(
    app: &App,
    session: &Session,
    member: Uuid,
    name: &'static str,
    wanted: impl FnOnce(&Member) -> (Vec<Role>, String),
) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            runs(tx)?;
            let was = rows::all(tx).await?.into_iter().find(|known| known.user_id == member).ok_or(Error::NotFound)?;
            let (roles, status) = wanted(&was);
            rows::set(tx, member, &codes(&roles), &status).await.map_err(refused)?;
            let details = json!({ "from": was.roles, "to": codes(&roles), "status": status });
            Ok(((), event(name, Action::Update, member, details)))
        })
        .await
}

fn runs(tx: &ReadTx) -> Result<()> {
    if session::is_one_of(tx, &clinic::ROLES) {
        Ok(())
    } else {
        Err(Error::Forbidden("A equipe é de quem responde pela clínica ou a administra."))
    }
}

fn read(typed: &[String]) -> std::result::Result<Vec<Role>, &'static str> {
    let mut roles = Vec::new();
    for code in typed {
        roles.push(Role::from_code(code).ok_or("Escolha entre as funções da lista.")?);
    }
    roles.sort_unstable();
    roles.dedup();
    if roles.is_empty() { Err("Escolha ao menos uma função.") } else { Ok(roles) }
}

fn codes(roles: &[Role]) -> Vec<&'static str> {
    roles.iter().map(|role| role.code()).collect()
}

fn refused(error: StoreError) -> Error {
    match error {
        StoreError::Rule(rule) if rule == "team_own" => {
            Error::Conflict("Ninguém muda as próprias permissões: peça a outra pessoa que responda pela clínica.")
        }
        StoreError::Rule(rule) if rule == "team_owner" => {
            Error::Conflict("Só quem responde pela clínica decide sobre quem responde por ela.")
        }
        StoreError::Rule(rule) if rule == "team_keeps_owner" => {
            Error::Conflict("A clínica precisa de ao menos uma pessoa ativa que responda por ela.")
        }
        StoreError::Rule(rule) if rule == "team_came_in" => Error::Conflict(
            "Esta pessoa já entrou. Se perdeu a chave, quem cuida do servidor emite outro acesso depois de conferir quem pede.",
        ),
        other => other.into(),
    }
}

fn event(name: &'static str, action: Action, member: Uuid, details: serde_json::Value) -> Event {
    let resource_id = Some(member.to_string());
    Event { name, action, resource_type: "members", resource_id, details, risk: Risk::High }
}
