//! The demonstration: two invented clinics with people, and a single-use link for each of them.

use sigilo_domain::Role;
use sigilo_store::{Client, Session, SignInTx, Token, account, console, session, setup};

use crate::{
    App, Result, appointment,
    consent::{
        LANGUAGE,
        text::{self, Content, Step},
    },
    new_token,
    patient::{self, Typed},
    professional,
    room::{self, Kind},
    schedule::{self, TypedHours, WEEKDAYS},
    service, sign_up,
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

/// Registers the invented patients, as each clinic's front desk would, and puts a text of consent in force, as who answers
/// for the first clinic and its data would; where the installation has a keystore.
///
/// # Errors
/// [`crate::Error::Unavailable`] when a database is away.
pub async fn seed_patients(app: &App, client: &Client) -> Result<()> {
    if app.keystore().is_none() {
        return Ok(());
    }
    let people = app.db().sign_in(client, async |tx: &SignInTx| setup::people(tx).await).await?;
    let all_of = |role: Role| people.iter().filter(move |person| person.roles.iter().any(|code| code == role.code()));
    for person in all_of(Role::Receptionist) {
        as_person(app, client, person, async |session| {
            for (number, patient) in (1..).zip(PATIENTS) {
                patient::register(app, session, &form(number, patient), true).await?;
            }
            Ok(())
        })
        .await?;
    }
    let Some(dpo) = all_of(Role::Dpo).next() else { return Ok(()) };
    let owner = all_of(Role::Owner).find(|owner| owner.clinic_id == dpo.clinic_id);
    let mut text = None;
    as_person(app, client, dpo, async |session| {
        let id = text::write(app, session, None, &reminders()).await?;
        text = Some(id);
        text::advance(app, session, id, "draft", Step::Review, "Conferidos a finalidade, os canais e o prazo.").await
    })
    .await?;
    if let (Some(owner), Some(id)) = (owner, text) {
        as_person(app, client, owner, async |session| {
            text::advance(app, session, id, "reviewed", Step::Approve, "").await
        })
        .await?;
    }
    Ok(())
}

/// Invented services: name, group, minutes, minutes afterwards, price, TUSS code, from afar.
const SERVICES: [(&str, &str, &str, &str, &str, &str, bool); 6] = [
    ("Primeira consulta", "Consultas", "40", "5", "320,00", "10101012", false),
    ("Retorno", "Consultas", "20", "5", "0", "10101012", false),
    ("Consulta por vídeo", "Consultas", "30", "0", "250,00", "", true),
    ("Avaliação de enfermagem", "Consultas", "30", "10", "120,00", "", false),
    ("Curativo", "Procedimentos", "20", "10", "90,00", "", false),
    ("Pequena cirurgia", "Procedimentos", "60", "20", "1.250,00", "", false),
];

/// Sets up each clinic as who runs it would: services, rooms, equipment, and its professionals with their week.
///
/// # Errors
/// [`crate::Error::Unavailable`] when the database is away.
pub async fn seed_catalogue(app: &App, client: &Client) -> Result<()> {
    let people = app.db().sign_in(client, async |tx: &SignInTx| setup::people(tx).await).await?;
    let holds = |person: &setup::Person, role: Role| person.roles.iter().any(|code| code == role.code());
    for owner in people.iter().filter(|person| holds(person, Role::Owner)) {
        let doctors = people.iter().filter(|one| one.clinic_id == owner.clinic_id && holds(one, Role::Professional));
        as_person(app, client, owner, async |session| {
            let services = services(app, session).await?;
            for name in ["Consultório 1", "Consultório 2", "Sala de procedimentos"] {
                room::create(app, session, Kind::Room, name).await?;
            }
            room::create(app, session, Kind::Equipment, "Ultrassom").await?;
            for (number, doctor) in (1..).zip(doctors.clone()) {
                let id = professional::create(app, session, &registered(number, doctor)).await?;
                professional::set_services(app, session, id, 1, &services).await?;
                let hours = |starts: &str, ends: &str| TypedHours {
                    day: WEEKDAYS.to_owned(),
                    starts: starts.to_owned(),
                    ends: ends.to_owned(),
                };
                let week = [hours("08:00", "12:00"), hours("13:00", "18:00")];
                schedule::set_week(app, session, id, 2, &week).await?;
            }
            Ok(())
        })
        .await?;
    }
    Ok(())
}

/// Books the invented patients at the next free times of each clinic's professionals, as its front desk would; where the
/// installation has a keystore. After [`seed_patients`] and [`seed_catalogue`].
///
/// # Errors
/// [`crate::Error::Unavailable`] when a database is away.
pub async fn seed_agenda(app: &App, client: &Client) -> Result<()> {
    if app.keystore().is_none() {
        return Ok(());
    }
    let people = app.db().sign_in(client, async |tx: &SignInTx| setup::people(tx).await).await?;
    let at_the_desk = |person: &&setup::Person| person.roles.iter().any(|code| code == Role::Receptionist.code());
    for person in people.iter().filter(at_the_desk) {
        as_person(app, client, person, async |session| {
            let choices = appointment::choices(app, session).await?;
            let Some(service) = choices.services.first() else { return Ok(()) };
            let mut patients = patient::search(app, session, "").await?.patients.into_iter();
            for (professional, times) in appointment::free(app, session, service.id, None, None).await? {
                // Every other one: an agenda with gaps is what one tries things on.
                for (at, patient) in times.into_iter().step_by(2).zip(patients.by_ref().take(6)) {
                    let typed = appointment::Typed {
                        patient: patient.id.to_string(),
                        service: service.id.to_string(),
                        professional: professional.id.to_string(),
                        day: at.date().to_string(),
                        hour: format!("{:02}:{:02}", at.hour(), at.minute()),
                        ..appointment::Typed::default()
                    };
                    appointment::book(app, session, &typed, true, None).await?;
                }
            }
            Ok(())
        })
        .await?;
    }
    Ok(())
}

async fn services(app: &App, session: &Session) -> Result<Vec<uuid::Uuid>> {
    let (mut groups, mut made) = (std::collections::BTreeMap::new(), Vec::new());
    for (name, group, duration, buffer, price, tuss, by_telemedicine) in SERVICES {
        let category = match groups.get(group) {
            Some(id) => *id,
            None => *groups.entry(group).or_insert(service::create_category(app, session, group).await?),
        };
        let typed = service::Typed {
            name: name.to_owned(),
            category: category.to_string(),
            duration: duration.to_owned(),
            buffer: buffer.to_owned(),
            price: price.to_owned(),
            tuss: tuss.to_owned(),
            by_telemedicine,
        };
        made.push(service::create(app, session, &typed).await?);
    }
    Ok(made)
}

/// A doctor of the demonstration, under a number that no council has given.
fn registered(number: u32, doctor: &setup::Person) -> professional::Typed {
    professional::Typed {
        name: doctor.display_name.clone(),
        council: "CRM".to_owned(),
        number: (9_999_000 + number).to_string(),
        state: "SP".to_owned(),
        specialty: "Clínica Médica".to_owned(),
        member: doctor.user_id.to_string(),
        daily_maximum: String::new(),
    }
}

/// Does something with a session of an invented person, which ends with it.
async fn as_person(
    app: &App,
    client: &Client,
    person: &setup::Person,
    work: impl AsyncFnOnce(&Session) -> Result<()>,
) -> Result<()> {
    let session = Session { token: new_token(), client: client.clone() };
    let (user, clinic) = (person.user_id, person.clinic_id);
    let id = app
        .db()
        .sign_in(client, async |tx: &SignInTx| session::create(tx, client, &session.token, user, clinic, "demo").await)
        .await?;
    work(&session).await?;
    app.db().sign_in(client, async |tx: &SignInTx| session::end(tx, id, user, "logout").await).await?;
    Ok(())
}

fn reminders() -> Content {
    Content {
        consent_type: "marketing".into(),
        version: "1.0".into(),
        language: LANGUAGE.into(),
        title: "Lembretes e novidades da clínica".into(),
        summary: "Autorizo a clínica a me escrever sobre campanhas de saúde e novidades.".into(),
        body: "A clínica pode me escrever, por e-mail ou mensagem, sobre campanhas de saúde, retornos recomendados e novidades dos seus serviços.\n\nPosso revogar esta autorização a qualquer momento, na recepção, por carta ou por e-mail, sem dizer por quê. O atendimento não depende dela.".into(),
        purpose: "Comunicações da clínica".into(),
        purposes: vec!["marketing".into()],
        legal_basis: "Art. 7º, I".into(),
        data_categories: vec!["nome".into(), "contato".into()],
        retention_justification: "Prova do consentimento, por 5 anos (LGPD, art. 8º, § 2º)".into(),
        valid_months: Some(24),
    }
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
