//! The people of a simulation, who come in as everybody does: by an invitation, with a passkey.

use sigilo_domain::Role;
use sigilo_store::{Client, Session, Token};
use uuid::Uuid;

use super::passkey;
use crate::{
    App, Error, Result, second_factor,
    session::{self, Viewer},
    sign_in::{self, Step},
    user::{self, Invitation},
};

/// Somebody invented, signed in.
pub(super) struct Person {
    pub(super) user: Uuid,
    pub(super) clinic: Uuid,
    token: Token,
    client: Client,
}

impl Person {
    /// A request of theirs: each has its own identifier, as each request of a browser has.
    pub(super) fn session(&self) -> Session {
        Session { token: self.token.clone(), client: request(&self.client) }
    }

    /// Invites somebody and takes the way of an invited person into the clinic.
    pub(super) async fn enter(app: &App, client: &Client, invitation: Invitation) -> Result<Person> {
        let link = user::invite(app, &request(client), invitation).await?;
        let Step::Enrol { pending } = sign_in::link_use(app, &request(client), link.expose()).await? else {
            return Err(Error::Internal);
        };
        let options = second_factor::enrol_key_options(app, &request(client), &pending).await?;
        let credential = passkey::register(&options, &app.settings().origin)?;
        let (token, _) = second_factor::enrol_key_finish(app, &request(client), &pending, credential).await?;
        let session = Session { token, client: request(client) };
        let Viewer { user_id, clinic_id, .. } = session::viewer(app, &session).await?;
        Ok(Person { user: user_id, clinic: clinic_id, token: session.token, client: client.clone() })
    }
}

fn request(client: &Client) -> Client {
    Client { request_id: Uuid::now_v7(), ..client.clone() }
}

/// Everybody but the doctor, whose coming in is the first demonstration.
pub(super) struct Cast {
    pub(super) owner: Person,
    pub(super) dpo: Person,
    /// Another doctor of the same clinic.
    pub(super) colleague: Person,
    /// Answers for another clinic.
    pub(super) outsider: Person,
    pub(super) clinic_name: String,
    mark: String,
}

pub(super) const DOCTOR: &str = "Dra. Iara Monteverde Sales";

impl Cast {
    /// Two clinics with who answers for them; the console is open to the first one's DPO for a day.
    pub(super) async fn gather(app: &App, client: &Client) -> Result<Cast> {
        let mark = data_encoding::HEXLOWER.encode(&sigilo_proof::random_bytes::<4>());
        let clinic_name = format!("Clínica simulada {mark}");
        let invite = |full_name: &str, mail: &str, clinic: String, roles: &[Role]| Invitation {
            full_name: full_name.to_owned(),
            email: email(mail, &mark),
            clinic,
            roles: roles.to_vec(),
        };
        let owner = invite("Teresa Amoroso Quintanilha", "dona", clinic_name.clone(), &[Role::Owner]);
        let owner = Person::enter(app, client, owner).await?;
        let dpo = invite("Firmino Caldas Peçanha", "encarregado", clinic_name.clone(), &[Role::Dpo]);
        let dpo = Person::enter(app, client, dpo).await?;
        let colleague = invite("Dr. Belmiro Antas Furtado", "colega", clinic_name.clone(), &[Role::Professional]);
        let colleague = Person::enter(app, client, colleague).await?;
        let vizinha = format!("Clínica vizinha {mark}");
        let outsider = invite("Noêmia Valadares Couto", "vizinha", vizinha, &[Role::Owner, Role::Dpo]);
        let outsider = Person::enter(app, client, outsider).await?;
        user::open_console(app, &request(client), &email("encarregado", &mark), "Simulação de auditoria", 1).await?;
        Ok(Cast { owner, dpo, colleague, outsider, clinic_name, mark })
    }

    /// The doctor comes in.
    pub(super) async fn doctor(&self, app: &App) -> Result<Person> {
        let invitation = Invitation {
            full_name: DOCTOR.to_owned(),
            email: email("medica", &self.mark),
            clinic: self.clinic_name.clone(),
            roles: vec![Role::Professional],
        };
        Person::enter(app, &self.owner.client, invitation).await
    }
}

fn email(name: &str, mark: &str) -> String {
    format!("{name}.{mark}@simulacao.example")
}
