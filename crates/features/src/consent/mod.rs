//! Consents: shown with their history, granted and withdrawn one by one (LGPD art. 8, § 5), each with its proof.

mod cells;
mod check;
mod patient;
mod printed;
mod prove;
mod receipt;
mod sign;
pub mod text;
mod withdraw;

pub use check::{Checked, check};
pub use patient::{Grant, RepresentativeForm, grant_for_patient};
pub use printed::printed;
pub use receipt::{Receipt, receipt};
pub(crate) use sign::check_file;
pub use sign::{Signed, sign, to_sign};
pub use withdraw::{MAX_REASON, Withdrawn, revoke, revoke_for_patient};

use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use sigilo_domain::ConsentType;
use sigilo_proof::consent::Subject;
use sigilo_store::{Action, Error as StoreError, Event, ReadTx, Risk, Session, WriteTx, consent};

use crate::{App, Error, Result};

/// The language in which members are asked.
pub const LANGUAGE: &str = "pt-BR";
/// How long before its end a consent may be renewed; the database says the same.
const RENEWAL: Duration = Duration::days(60);

/// One act in a consent's history.
pub struct ConsentEvent {
    /// Granted, withdrawn or renewed, by code.
    pub kind: &'static str,
    /// When.
    pub at: OffsetDateTime,
    /// The version of the text.
    pub version: String,
    /// Why it was withdrawn, if that was said.
    pub reason: Option<String>,
    /// The act, where it has a proof.
    pub proof: Option<Uuid>,
}

/// A text in force, as it is shown to a member.
#[derive(Debug, Clone)]
pub struct Shown {
    /// What is consented to.
    pub kind: ConsentType,
    /// The version stored with each act.
    pub version: String,
    /// The heading of its card.
    pub title: String,
    /// One sentence that stands alone.
    pub summary: String,
    /// The whole text, paragraphs parted by an empty line.
    pub text: String,
    /// The legal basis.
    pub legal_basis: String,
    /// Whether the platform cannot be used without it.
    pub required: bool,
    /// What happens when it is refused or withdrawn.
    pub if_refused: &'static str,
    /// SHA-256 of what is shown, in hexadecimal: a form brings it back, so that nobody agrees to a text that has changed
    /// meanwhile.
    pub hash: String,
}

impl Shown {
    fn of(row: consent::Text) -> Option<Shown> {
        let kind = ConsentType::from_code(&row.consent_type)?;
        let product = kind.text();
        Some(Shown {
            kind,
            version: row.version,
            title: row.title,
            summary: row.summary,
            text: row.body,
            legal_basis: row.legal_basis,
            required: product.required,
            if_refused: product.if_refused,
            hash: row.text_hash,
        })
    }

    /// The product's own text.
    pub fn product(kind: ConsentType) -> Shown {
        let text = kind.text();
        Shown {
            kind,
            version: text.version.into(),
            title: text.title.into(),
            summary: text.summary.into(),
            text: text.text.into(),
            legal_basis: text.legal_basis.into(),
            required: text.required,
            if_refused: text.if_refused,
            hash: sigilo_proof::consent::text_hash(text.title, text.summary, text.text),
        }
    }
}

/// A consent as it stands.
pub struct ConsentState {
    /// The text in force.
    pub text: Shown,
    /// Whether it is live.
    pub granted: bool,
    /// When the live one was given.
    pub granted_at: Option<OffsetDateTime>,
    /// When the last one was withdrawn.
    pub revoked_at: Option<OffsetDateTime>,
    /// The version that was accepted.
    pub version_granted: Option<String>,
    /// Until when the last one holds or held.
    pub expires_at: Option<OffsetDateTime>,
    /// Whether it may be given again although it is live: it ends before long, or its text has changed.
    pub renewable: bool,
    /// The live act, where it has a proof.
    pub proof: Option<Uuid>,
    /// How the member signed the live one, by code.
    pub signed_as: Option<String>,
    /// Every act, newest first.
    pub history: Vec<ConsentEvent>,
}

/// The four consents as they stand.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn list(app: &App, session: &Session) -> Result<Vec<ConsentState>> {
    let now = app.now();
    app.db()
        .read(session, async |tx: &ReadTx| {
            let acts = consent::history(tx).await?;
            let texts = in_force(tx).await?;
            Ok(texts.into_iter().map(|text| state_of(text, &acts, now)).collect())
        })
        .await
}

/// The members' texts in force, in the order of the onboarding.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn texts(app: &App, session: &Session) -> Result<Vec<Shown>> {
    app.db().read(session, async |tx: &ReadTx| in_force(tx).await).await
}

async fn in_force(tx: &ReadTx) -> Result<Vec<Shown>> {
    let mut shown: Vec<Shown> = consent::in_force(tx, LANGUAGE).await?.into_iter().filter_map(Shown::of).collect();
    shown.sort_by_key(|text| text.kind);
    Ok(shown)
}

fn state_of(text: Shown, acts: &[consent::Act], now: OffsetDateTime) -> ConsentState {
    let own: Vec<&consent::Act> = acts.iter().filter(|act| act.consent_type == text.kind.code()).collect();
    let last = own.iter().find(|act| act.granted);
    let live = last.filter(|act| act.expires_at.is_none_or(|end| end > now));
    let proof_of = |act: &consent::Act| act.proved.unwrap_or(false).then_some(act.id);
    let mut history = Vec::new();
    for act in &own {
        let event =
            |kind, at| ConsentEvent { kind, at, version: act.consent_version.clone(), reason: None, proof: None };
        if let Some(at) = act.withdrawn_at {
            history.push(ConsentEvent { reason: act.withdrawal_reason.clone(), ..event("withdrawn", at) });
        }
        if let Some(at) = act.expires_at.filter(|end| *end <= now && act.granted) {
            history.push(event("expired", at));
        }
        history.push(ConsentEvent { proof: proof_of(act), ..event("granted", act.granted_at) });
    }
    history.sort_by_key(|event| std::cmp::Reverse(event.at));
    ConsentState {
        granted: live.is_some(),
        granted_at: live.map(|act| act.granted_at),
        revoked_at: own.iter().filter_map(|act| act.withdrawn_at).max(),
        version_granted: live.map(|act| act.consent_version.clone()),
        expires_at: last.and_then(|act| act.expires_at),
        renewable: live.is_some_and(|act| {
            act.consent_text_hash != text.hash
                || act.consent_version != text.version
                || act.expires_at.is_some_and(|end| end - now <= RENEWAL)
        }),
        proof: live.and_then(|act| proof_of(act)),
        signed_as: live.and_then(|act| act.signed_as.clone()),
        history,
        text,
    }
}

/// Gives a consent. Giving a live one again changes nothing, unless it ends before long or its text has changed: then the
/// new act takes its place.
///
/// `shown` is the hash of the text that the member read; empty where the caller does not know it.
///
/// # Errors
/// [`Error::Conflict`] when another text is in force by now.
pub async fn grant(app: &App, session: &Session, kind: ConsentType, shown: &str) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            let new = record(app, tx, kind, shown, None).await?;
            Ok(((), event("consent_form_submitted", kind.code(), None, json!({ "granted": true, "new": new }))))
        })
        .await
}

/// Records one act of the member to the text in force, with its proof. False when it is live already.
/// `name` is the member's, where it was typed just now.
pub(crate) async fn record(
    app: &App,
    tx: &WriteTx,
    kind: ConsentType,
    shown: &str,
    name: Option<&str>,
) -> Result<bool> {
    let texts = consent::in_force(tx, LANGUAGE).await?;
    let text = texts.into_iter().find(|text| text.consent_type == kind.code());
    let text = text.ok_or(Error::Conflict("Não há um texto aprovado para este consentimento."))?;
    if !shown.is_empty() && shown != text.text_hash {
        return Err(Error::Conflict(
            "O texto mudou depois que a página foi aberta. Leia a nova versão e decida de novo.",
        ));
    }
    let who = tx.entered();
    let subject = Subject {
        id: who.user_id.to_string(),
        name: name.unwrap_or(&who.display_name).to_owned(),
        birth_date: None,
        cpf: None,
        representative: None,
    };
    let act = consent::New {
        patient: None,
        text: &text,
        purposes: &text.purposes,
        until: None,
        collection_method: "web_form",
    };
    Ok(prove::give(app, tx, &act, subject, None).await?.is_some())
}

/// Whether a patient, or the signed-in member, agrees to a purpose now. What the database's policies ask, too.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`].
pub async fn agrees(
    app: &App,
    session: &Session,
    purpose: sigilo_domain::consent::Purpose,
    patient: Option<Uuid>,
) -> Result<bool> {
    let asked = async |tx: &ReadTx| consent::has_purpose(tx, purpose.code(), patient).await.map_err(Error::from);
    app.db().read(session, asked).await
}

fn event(name: &'static str, kind: &str, id: Option<Uuid>, mut details: serde_json::Value) -> Event {
    details["consent_type"] = kind.into();
    Event {
        name,
        action: if name == "consent_proof_taken" { Action::Export } else { Action::Update },
        resource_type: "consent_records",
        resource_id: id.map(|id| id.to_string()),
        details,
        risk: Risk::Medium,
    }
}

/// What a rule of the schema says to whom broke it.
fn refused(error: StoreError) -> Error {
    match error {
        StoreError::Rule(rule) => Error::Conflict(match rule.as_str() {
            "consents_approved_text" => "Este texto não está aprovado; ninguém pode consentir com ele.",
            "consents_purposes" => "O texto não traz estas finalidades.",
            "consents_period" => "O prazo deste consentimento já acabou.",
            "texts_two_people" => "Quem aprova não pode ser quem escreveu ou revisou o texto.",
            "texts_review" | "consent_texts_review_notes_check" => {
                "Escreva a nota da revisão, com pelo menos 10 caracteres."
            }
            "texts_states" | "texts_final" => "Este texto já passou desta etapa.",
            _ => "O registro não pode ser feito assim.",
        }),
        StoreError::Duplicate(_) => Error::Conflict("Esta versão já existe."),
        other => other.into(),
    }
}
