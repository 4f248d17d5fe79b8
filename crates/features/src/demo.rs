//! The demonstration: two invented clinics with people, and a single-use link for each of them.

use sigilo_domain::Role;
use sigilo_store::{Client, Session, SignInTx, Token, account, console, session, setup};

use crate::{
    App, Result, new_token,
    patient::{self, Typed},
    sign_up,
};

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

/// Invented patients, each registered in every clinic by its front desk: name, social name, birth date, mother, telephone.
const PATIENTS: [(&str, &str, &str, &str, &str); 14] = [
    ("Adélia Fontoura Quintanilha", "", "1948-03-12", "Odete Fontoura", "(11) 3862-1140"),
    ("Benedito Nogueira Saraiva", "", "1957-07-30", "Maria do Carmo Nogueira", "(11) 98110-2041"),
    ("Camila Rezende Albuquerque", "", "1989-11-02", "Sônia Rezende", "(11) 98110-2042"),
    ("Davi Lucas Moreira Tinoco", "", "2017-05-21", "Patrícia Moreira", "(11) 98110-2043"),
    ("Edson Vilela Guimarães", "Elisa Vilela Guimarães", "1994-01-17", "Neusa Vilela", "(11) 98110-2044"),
    ("Fátima Assunção Bragança", "", "1966-09-09", "Iracema Assunção", "(11) 98110-2045"),
    ("Gilberto Paranhos Leite", "", "1972-12-25", "", "(11) 98110-2046"),
    ("Heloísa Cardim Peçanha", "", "2001-06-14", "Lúcia Cardim", "(11) 98110-2047"),
    ("Ítalo Drummond Sobral", "", "1983-04-04", "Teresa Drummond", "(11) 98110-2048"),
    ("Joana D'Arc Pimenta Lobo", "", "1978-10-28", "Efigênia Pimenta", "(11) 98110-2049"),
    ("Leocádia Werneck Dantas", "", "1939-02-08", "Ana Werneck", "(11) 3862-1151"),
    ("Murilo Gonçalves Taveira", "", "1999-08-19", "Rosa Gonçalves", "(11) 98110-2050"),
    ("Núbia Carvalho Espíndola", "", "1985-03-03", "Zilda Carvalho", "(11) 98110-2051"),
    ("Wellington Siqueira Campos", "", "1991-12-11", "Conceição Siqueira", "(11) 98110-2052"),
];

/// Registers the invented patients, as each clinic's front desk would, where the installation has a keystore.
///
/// # Errors
/// [`crate::Error::Unavailable`] when a database is away.
pub async fn seed_patients(app: &App, client: &Client) -> Result<()> {
    if app.keystore().is_none() {
        return Ok(());
    }
    let people = app.db().sign_in(client, async |tx: &SignInTx| setup::people(tx).await).await?;
    let desk = |person: &&setup::Person| person.roles.iter().any(|role| role == Role::Receptionist.code());
    for person in people.iter().filter(desk) {
        let (token, user) = (new_token(), person.user_id);
        let session = Session { token, client: client.clone() };
        let id = app
            .db()
            .sign_in(client, async |tx: &SignInTx| {
                session::create(tx, client, &session.token, user, person.clinic_id, "demo").await
            })
            .await?;
        for (number, patient) in (1..).zip(PATIENTS) {
            patient::register(app, &session, &form(number, patient), true).await?;
        }
        app.db().sign_in(client, async |tx: &SignInTx| session::end(tx, id, user, "logout").await).await?;
    }
    Ok(())
}

fn form(number: u8, (name, social, birth, mother, phone): (&str, &str, &str, &str, &str)) -> Typed {
    let cpf = cpf(number);
    Typed::new(|field| match field {
        "nome" => name,
        "nome_social" => social,
        "nascimento" => birth,
        "mae" => mother,
        "telefone" => phone,
        "cpf" => &cpf,
        "responsavel" if birth > "2010" => mother,
        "parentesco" if birth > "2010" => "mãe",
        _ => "",
    })
}

/// A CPF whose check digits are right and that the Receita has not given: it begins with nine digits almost all zero.
fn cpf(number: u8) -> String {
    let digits = |check: u8| [0, 0, 0, 0, 0, 0, number / 100, number / 10 % 10, number % 10, check / 10, check % 10];
    let right = (0..100).map(digits).find(sigilo_deid::check::cpf).unwrap_or_default();
    right.iter().map(|digit| char::from(b'0' + digit)).collect()
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
