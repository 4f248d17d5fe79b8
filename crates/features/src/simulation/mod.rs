//! The simulation of an audit: the manual's eight demonstrations, done for real.
//!
//! People are made up in a clinic of their own, come in through the same use cases as everybody, and do what the script
//! says; after each step the clinic's DPO looks at the rows through the audit console. Nothing is written past the use
//! cases. What is left over is the clinic with its proofs: its doctor's account is deleted by the script itself, and
//! nobody holds a key to the others.

mod cast;
mod eye;
mod journey;
mod passkey;
mod rights;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use sigilo_domain::audit_query::Level;
pub use sigilo_report::Demonstration;
use sigilo_report::Stage;
use sigilo_store::{
    Action, Client, Error as StoreError, Event, ReadTx, Risk, Session, SignInTx, Token, WriteTx, account,
    simulation::{self as rows, Simulation},
};

use self::{
    cast::{Cast, Person},
    eye::{Eye, Told, problem},
    journey::Scene,
};
use crate::{App, Error, Result, manual::SCRIPT, new_token, session};

/// A simulation as it is shown.
pub struct Shown {
    /// As it is recorded.
    pub row: Simulation,
    /// What was shown so far.
    pub demonstrations: Vec<Demonstration>,
}

impl Shown {
    fn of(row: Simulation) -> Shown {
        let demonstrations = serde_json::from_value(row.demonstrations.clone()).unwrap_or_default();
        Shown { row, demonstrations }
    }

    /// Whether it still gets on.
    pub fn runs(&self) -> bool {
        self.row.finished_at.is_none() && self.row.interrupted != Some(true)
    }
}

/// A simulation that is being played.
pub struct Play {
    cast: Cast,
    doctor: Person,
    scene: Scene,
    demonstrations: Vec<Demonstration>,
}

impl Play {
    /// Makes the people up, in a clinic of their own.
    ///
    /// # Errors
    /// Those of coming in.
    pub async fn begin(app: &App, client: &Client) -> Result<Play> {
        let cast = Cast::gather(app, client).await?;
        let doctor = cast.doctor(app).await?;
        Ok(Play { cast, doctor, scene: Scene::default(), demonstrations: Vec::new() })
    }

    /// Shows the next of the script; none when all was shown. What goes wrong in it is part of what is shown.
    pub async fn next(&mut self, app: &App) -> Option<&Demonstration> {
        let at = self.demonstrations.len();
        let (title, what, _) = SCRIPT.get(at)?;
        let eye = Eye { app, session: self.cast.dpo.session() };
        let Play { cast, doctor, scene, .. } = self;
        let stages = match at {
            0 => Box::pin(journey::sign_up(&eye, doctor)).await,
            1 => Box::pin(journey::consent(&eye, doctor, scene)).await,
            2 => Box::pin(journey::deidentify(&eye, cast, doctor, scene)).await,
            3 => Box::pin(journey::image(&eye, doctor, scene)).await,
            4 => Box::pin(journey::answer(&eye, doctor, scene)).await,
            5 => Box::pin(rights::deletion(&eye, cast, doctor)).await,
            6 => Box::pin(rights::protections(&eye, cast, doctor)).await,
            _ => Box::pin(rights::retention(&eye)).await,
        };
        let stages = stages.unwrap_or_else(|error| vec![failed(&error)]);
        let (finding, article) = (rights::worst(&stages), articles(&stages));
        let (title, what) = ((*title).into(), (*what).into());
        self.demonstrations.push(Demonstration { title, what, article, finding, stages });
        self.demonstrations.last()
    }

    /// What was shown so far.
    pub fn demonstrations(&self) -> &[Demonstration] {
        &self.demonstrations
    }

    /// The worst of it; a problem while the script is not over.
    pub fn level(&self) -> Level {
        if self.demonstrations.len() < SCRIPT.len() {
            return Level::Problem;
        }
        Level::worst(self.demonstrations.iter().map(|one| one.finding.level))
    }

    /// A session of the made-up clinic's DPO, who may audit it.
    pub fn dpo(&self) -> Session {
        self.cast.dpo.session()
    }

    /// A single-use link with which the DPO enters, where this is a demonstration: the database refuses it elsewhere.
    ///
    /// # Errors
    /// [`Error::Internal`] where it is none.
    pub async fn link(&self, app: &App) -> Result<Token> {
        let (dpo, link) = (&self.cast.dpo, new_token());
        app.db()
            .sign_in(&dpo.session().client, async |tx: &SignInTx| {
                account::create_link(tx, &link, dpo.user, dpo.clinic, "demo", 24).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(link)
    }

    /// The made-up clinics: the one in which it is played, and its neighbour.
    pub fn clinics(&self) -> [Uuid; 2] {
        [self.cast.dpo.clinic, self.cast.outsider.clinic]
    }

    /// Ends the sessions of everybody who was made up.
    pub async fn close(self, app: &App) {
        let Cast { owner, dpo, colleague, outsider, .. } = &self.cast;
        for person in [owner, dpo, colleague, outsider] {
            if let Err(error) = session::sign_out(app, &person.session()).await {
                tracing::warn!(%error, "a simulated session stays open until it is idle");
            }
        }
    }
}

/// Begins a simulation for whoever audits or answers for the clinic; it goes on by itself.
///
/// # Errors
/// [`Error::Conflict`] while another runs; [`Error::Forbidden`] for everybody else.
pub async fn start(app: &App, session: &Session) -> Result<Uuid> {
    let id = app
        .db()
        .write(session, async |tx: &WriteTx| {
            let id = match rows::start(tx, app.settings().version).await {
                Err(StoreError::Duplicate(_)) => return Err(Error::Conflict("Uma simulação já está em andamento.")),
                Err(StoreError::Denied) => {
                    return Err(Error::Forbidden(
                        "A simulação é para auditores e para quem responde pela clínica e pelos dados.",
                    ));
                }
                other => other?,
            };
            Ok((id, event("audit_simulation_started", Action::Create, id, json!({}))))
        })
        .await?;
    let (app, session) = (app.clone(), session.clone());
    tokio::spawn(async move {
        if let Err(error) = carry_out(&app, &session, id).await {
            tracing::error!(%error, "a simulation ended early");
        }
    });
    Ok(id)
}

async fn carry_out(app: &App, session: &Session, id: Uuid) -> Result<()> {
    let mut play = match Play::begin(app, &session.client).await {
        Ok(play) => play,
        Err(error) => {
            let why = format!("A simulação não pôde começar: {}", sentence(&error));
            return advance(app, session, id, &[], Some((Level::Problem, Some(&why)))).await;
        }
    };
    let result = show(app, session, id, &mut play).await;
    play.close(app).await;
    result
}

async fn show(app: &App, session: &Session, id: Uuid, play: &mut Play) -> Result<()> {
    let clinics = play.clinics();
    app.db()
        .write(&again(session), async |tx: &WriteTx| {
            rows::place(tx, id, &clinics).await?;
            Ok::<_, Error>(((), event("audit_simulation_placed", Action::Update, id, json!({ "clinics": clinics }))))
        })
        .await?;
    while Box::pin(play.next(app)).await.is_some() {
        advance(app, session, id, play.demonstrations(), None).await?;
    }
    advance(app, session, id, play.demonstrations(), Some((play.level(), None))).await
}

/// The same session in a request of its own.
fn again(session: &Session) -> Session {
    Session { client: Client { request_id: Uuid::now_v7(), ..session.client.clone() }, token: session.token.clone() }
}

async fn advance(
    app: &App,
    session: &Session,
    id: Uuid,
    shown: &[Demonstration],
    end: Option<(Level, Option<&str>)>,
) -> Result<()> {
    let shown = serde_json::to_value(shown).map_err(|_| Error::Internal)?;
    app.db()
        .write(&again(session), async |tx: &WriteTx| {
            let outcome = end.map(|(level, _)| level.code());
            rows::advance(tx, id, &shown, outcome, end.and_then(|(_, why)| why)).await?;
            let details = json!({ "shown": shown.as_array().map_or(0, Vec::len), "outcome": outcome });
            Ok(((), event("audit_simulation_advanced", Action::Update, id, details)))
        })
        .await
}

/// The clinic's simulations, latest first.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn recent(app: &App, session: &Session) -> Result<Vec<Shown>> {
    app.db().read(session, async |tx: &ReadTx| Ok(rows::recent(tx).await?.into_iter().map(Shown::of).collect())).await
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`] when it is not the clinic's, or the member may not see it.
pub async fn one(app: &App, session: &Session, id: Uuid) -> Result<Shown> {
    app.db().read(session, async |tx: &ReadTx| Ok(Shown::of(rows::one(tx, id).await?))).await
}

fn failed(error: &Error) -> Stage {
    let told = Told { done: "A demonstração não pôde ser feita até o fim.", stored: "–", article: "–" };
    told.found(problem(sentence(error)))
}

/// The articles of the stages, each once.
fn articles(stages: &[Stage]) -> String {
    let mut all: Vec<&str> = Vec::new();
    for stage in stages {
        if !all.contains(&stage.article.as_str()) {
            all.push(&stage.article);
        }
    }
    all.join("; ")
}

fn sentence(error: &Error) -> String {
    match error {
        Error::Forbidden(why) | Error::Conflict(why) | Error::Unavailable(why) => (*why).to_owned(),
        Error::Invalid(fields) => fields.iter().map(|field| field.message.as_str()).collect::<Vec<_>>().join(" "),
        Error::TooMany { .. } => "há tentativas demais deste endereço; espere alguns minutos.".into(),
        Error::NotSignedIn | Error::Locked => "a sessão terminou no meio.".into(),
        _ => "um erro interno; veja o registro do servidor.".into(),
    }
}

/// Waits a moment before looking again for what happens elsewhere; false when a minute has passed.
async fn again_soon(since: Instant) -> bool {
    tokio::time::sleep(Duration::from_millis(150)).await;
    since.elapsed() < Duration::from_secs(60)
}

fn event(name: &'static str, action: Action, id: Uuid, details: Value) -> Event {
    Event {
        name,
        action,
        resource_type: "audit_simulations",
        resource_id: Some(id.to_string()),
        details,
        risk: Risk::Low,
    }
}
