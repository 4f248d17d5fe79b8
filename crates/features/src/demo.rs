//! The demonstration: two invented clinics with people, and a single-use link for each of them.

use sigilo_domain::Role;
use sigilo_store::{Client, SignInTx, Token, account, console, setup};

use crate::{App, Result, new_token, sign_up};

/// Someone invented, with a way in.
pub struct DemoLink {
    /// The person's name.
    pub display_name: String,
    /// The clinic's name.
    pub clinic_name: String,
    /// The person's roles there.
    pub roles: Vec<Role>,
    /// The secret of the link.
    pub token: Token,
}

struct Person {
    name: &'static str,
    email: &'static str,
    roles: &'static [Role],
}

/// The owner comes first.
const CLINICS: [(&str, &[Person]); 2] = [
    (
        "Clínica Jardim das Acácias",
        &[
            Person { name: "Helena Prado Vasconcelos", email: "helena@acacias.example", roles: &[Role::Owner] },
            Person { name: "Dr. Otávio Lacerda Nunes", email: "otavio@acacias.example", roles: &[Role::Professional] },
            Person { name: "Jussara Tavares Pinho", email: "jussara@acacias.example", roles: &[Role::Receptionist] },
            Person { name: "Breno Alcântara Dias", email: "breno@acacias.example", roles: &[Role::Dpo] },
            Person { name: "Marta Quintela Abreu", email: "marta@acacias.example", roles: &[Role::Auditor] },
        ],
    ),
    (
        "Instituto Aurora de Estética",
        &[
            Person {
                name: "Dra. Lívia Sampaio Rocha",
                email: "livia@aurora.example",
                roles: &[Role::Owner, Role::Professional],
            },
            Person { name: "Caio Bittencourt Melo", email: "caio@aurora.example", roles: &[Role::Receptionist] },
        ],
    ),
];

/// A link lives as long as a working day of showing the product around.
const HOURS: i32 = 24;

/// Makes the clinics and people unless they exist, all or nothing; true when they were made now.
///
/// # Errors
/// [`crate::Error::Unavailable`] when the database is away.
pub async fn seed(app: &App, client: &Client) -> Result<bool> {
    app.db()
        .sign_in(client, async |tx: &SignInTx| {
            if setup::is_seeded(tx).await? {
                return Ok(false);
            }
            for (clinic_name, people) in CLINICS {
                let mut clinic = None;
                for person in people {
                    let user = account::create(tx, true).await?;
                    sign_up::set_email(app, tx, user.id, person.email).await?;
                    let id = match clinic {
                        Some(id) => id,
                        None => *clinic.insert(account::create_clinic(tx, clinic_name, user.id).await?),
                    };
                    let roles: Vec<&str> = person.roles.iter().map(|role| role.code()).collect();
                    account::create_member(tx, id, user.id, person.name, &roles).await?;
                    if person.roles.iter().any(|role| matches!(role, Role::Dpo | Role::Auditor)) {
                        console::grant_as_operator(tx, id, user.id, "Demonstração do Sigilo", 30).await?;
                    }
                }
            }
            Ok(true)
        })
        .await
}

/// A fresh single-use link for every invented person.
///
/// # Errors
/// [`crate::Error::Internal`] where this is not a demonstration: the database refuses such links.
pub async fn links(app: &App, client: &Client) -> Result<Vec<DemoLink>> {
    app.db()
        .sign_in(client, async |tx: &SignInTx| {
            let mut links = Vec::new();
            for person in setup::people(tx).await? {
                if !CLINICS.iter().any(|(name, _)| *name == person.clinic_name) {
                    continue;
                }
                let token = new_token();
                account::create_link(tx, &token, person.user_id, person.clinic_id, "demo", HOURS).await?;
                links.push(DemoLink {
                    display_name: person.display_name,
                    clinic_name: person.clinic_name,
                    roles: person.roles.iter().filter_map(|code| Role::from_code(code)).collect(),
                    token,
                });
            }
            Ok(links)
        })
        .await
}
