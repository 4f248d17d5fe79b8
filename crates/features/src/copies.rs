//! Copies of the installation and drills that put one back: how they stand, and a drill asked for with one button.

use serde_json::json;
use time::OffsetDateTime;

use sigilo_domain::audit_query::{Level, Verdict};
use sigilo_store::{Action, Db, Event, Risk, Session, WriteTx, copies as rows};

pub use sigilo_store::copies::CopyRow;

use crate::{App, Error, Result, session::answers_for_clinic};

/// After so many days another drill is due.
pub const DRILL_EVERY: i64 = 31;
/// How many are shown.
const SHOWN: i64 = 12;

/// How the installation's copies stand.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The latest copies that the command line noted here.
    pub backups: Vec<CopyRow>,
    /// The latest drills.
    pub drills: Vec<CopyRow>,
    /// When a drill last passed.
    pub passed_at: Option<OffsetDateTime>,
}

impl Standing {
    /// Whether a drill waits or runs.
    pub fn is_busy(&self) -> bool {
        self.drills.first().is_some_and(|drill| drill.finished_at.is_none())
    }

    /// How it stands, in one sentence.
    pub fn verdict(&self, now: OffsetDateTime) -> Verdict {
        let last = self.drills.iter().find(|drill| drill.finished_at.is_some());
        let days = self.passed_at.map(|at| (now - at).whole_days());
        let (level, sentence) = match (last.map(|drill| drill.status.as_str()), days) {
            (Some("failed"), _) => {
                (Level::Problem, "O último teste de restauração falhou: a cópia não volta como devia.".to_owned())
            }
            (_, None) => (
                Level::Attention,
                "Nenhum teste de restauração deu certo ainda: uma cópia que ninguém repôs pode não voltar.".to_owned(),
            ),
            (_, Some(days)) if days > DRILL_EVERY => (
                Level::Attention,
                format!("O último teste de restauração que deu certo foi há {days} dias: faça outro."),
            ),
            (_, Some(0)) => (Level::Ok, "Uma cópia foi reposta e conferida hoje.".to_owned()),
            (_, Some(1)) => (Level::Ok, "Uma cópia foi reposta e conferida ontem.".to_owned()),
            (_, Some(days)) => (Level::Ok, format!("Uma cópia foi reposta e conferida há {days} dias.")),
        };
        Verdict::new(level, sentence)
    }
}

/// How the copies stand.
///
/// # Errors
/// [`Error::Forbidden`] for who answers for nothing.
pub async fn standing(app: &App, session: &Session) -> Result<Standing> {
    entered(app, session, "copies_viewed", Action::View).await?;
    Ok(standing_of(app.db()).await?)
}

pub(crate) async fn standing_of(db: &Db) -> sigilo_store::Result<Standing> {
    let (backups, drills, passed_at) = rows::standing(db, SHOWN).await?;
    Ok(Standing { backups, drills, passed_at })
}

/// Asks for a drill, which the server begins within seconds.
///
/// # Errors
/// [`Error::Conflict`] when one waits or runs; [`Error::Forbidden`] for who answers for nothing.
pub async fn request_drill(app: &App, session: &Session) -> Result<()> {
    entered(app, session, "restore_drill_requested", Action::Create).await?;
    if rows::request(app.db()).await? {
        return Ok(());
    }
    Err(Error::Conflict("Já há um teste de restauração em andamento."))
}

async fn entered(app: &App, session: &Session, name: &'static str, action: Action) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            if !answers_for_clinic(tx) {
                return Err(Error::Forbidden("As cópias são de quem responde pela clínica ou pelos dados."));
            }
            let event =
                Event { name, action, resource_type: "copies", resource_id: None, details: json!({}), risk: Risk::Low };
            Ok(((), event))
        })
        .await
}
