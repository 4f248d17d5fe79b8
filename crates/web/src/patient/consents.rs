//! What a patient agrees to: shown, agreed to in front of the desk, withdrawn, handed out.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use sigilo_domain::consent::minor::RELATIONS;
use sigilo_domain::consent::{CONSENT_TYPES, Purpose};
use sigilo_features::consent::{self, RepresentativeForm};
use sigilo_features::patient::{self, Act, Agreement, Consents, Field, Offer, OwnSignature};
use sigilo_features::{App, Error};
use uuid::Uuid;

use crate::body::Fields;
use crate::consent::proof::{document, printed};
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::upload::Document;
use crate::visitor::Member;

/// How a wish to withdraw came, by code.
const WAYS: [(&str, &str); 3] = [("in_person", "Pessoalmente"), ("letter", "Por carta"), ("email", "Por e-mail")];

/// An act in words.
struct ActView {
    id: Uuid,
    story: String,
    proved: bool,
}

impl ActView {
    fn new(act: &Act) -> ActView {
        let mut story = format!("Concedido em {} (versão {})", format::moment(&act.granted_at), act.consent_version);
        if let Some(way) = act.signed_as.as_deref() {
            story.push_str(match way {
                "drawn" => ", com assinatura desenhada",
                "paper" => ", com o papel assinado",
                _ => ", com certificado digital",
            });
        }
        match (&act.withdrawn_at, act.status.as_str(), &act.expires_at) {
            (Some(at), "renewed", _) => story.push_str(&format!("; renovado em {}", format::moment(at))),
            (Some(at), ..) => {
                let why = act.withdrawal_reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
                story.push_str(&format!("; revogado em {}{why}", format::moment(at)));
            }
            (None, _, Some(end)) => story.push_str(&format!("; vale até {}", format::day(end))),
            (None, ..) => {}
        }
        ActView { id: act.id, story, proved: act.proved == Some(true) }
    }
}

/// What a patient can agree to, in words.
struct OfferView {
    offer: Offer,
    kind: &'static str,
    purposes: Vec<(&'static str, &'static str)>,
    acts: Vec<ActView>,
}

impl OfferView {
    fn new(offer: Offer) -> OfferView {
        let purposes = offer.text.purposes.iter().filter_map(|code| Purpose::from_code(code));
        OfferView {
            kind: kind(&offer.text.consent_type),
            purposes: purposes.map(|purpose| (purpose.code(), purpose.label())).collect(),
            acts: offer.live.iter().chain(&offer.past).map(ActView::new).collect(),
            offer,
        }
    }
}

fn kind(code: &str) -> &'static str {
    CONSENT_TYPES.iter().find(|(known, _)| *known == code).map_or("Consentimento", |(_, label)| label)
}

#[derive(Template)]
#[template(path = "patient/consents.html")]
pub(crate) struct ConsentsPage {
    pub(crate) frame: Frame,
    id: Uuid,
    number: i64,
    called: String,
    minor: bool,
    guardian: String,
    guardian_cpf: String,
    offers: Vec<OfferView>,
    others: Vec<(&'static str, String, ActView)>,
    /// Why what was asked was not done.
    pub(crate) error: Option<String>,
}

impl ConsentsPage {
    pub(crate) fn new(frame: Frame, of: Consents) -> ConsentsPage {
        ConsentsPage {
            frame,
            id: of.id,
            number: of.number,
            called: of.document.called().to_owned(),
            minor: of.minor,
            guardian: of.document.get(Field::GuardianName).unwrap_or_default().to_owned(),
            guardian_cpf: of.guardian_cpf().unwrap_or_default().to_owned(),
            others: of
                .others
                .iter()
                .map(|act| (kind(&act.consent_type), act.consent_type.clone(), ActView::new(act)))
                .collect(),
            offers: of.offers.into_iter().map(OfferView::new).collect(),
            error: None,
        }
    }

    fn relations(&self) -> &'static [(&'static str, &'static str)] {
        &RELATIONS
    }

    fn ways(&self) -> &'static [(&'static str, &'static str)] {
        &WAYS
    }

    fn expires(&self, view: &OfferView) -> Option<String> {
        view.offer.live.as_ref()?.expires_at.as_ref().map(|end| format!("Vale até {}.", format::day(end)))
    }
}

fn address(id: Uuid) -> String {
    format!("{}/{id}/consentimentos", super::PATH)
}

async fn page(app: &App, who: &Member, id: Uuid) -> Result<ConsentsPage, Answer> {
    let of = patient::consents(app, &who.session, id).await?;
    Ok(ConsentsPage::new(Frame::inside("Consentimentos do paciente", Section::Patients, &who.viewer), of))
}

pub(super) async fn show(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    Ok(layout::html(page(&app, &who, Answer::identifier(&id)?).await?))
}

pub(super) async fn agree(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    sent: Document,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let Document { mut fields, file } = sent;
    let done = async {
        let text = |name: &str| fields.text(name).to_owned();
        let representative = fields.has("representante").then(|| RepresentativeForm {
            name: text("representante"),
            cpf: text("representante_cpf"),
            relation: text("representante_vinculo"),
            evidence: None,
        });
        let (text, hash) = (fields.text("texto").parse().map_err(|_| Error::NotFound)?, text("resumo"));
        let signature = OwnSignature::of_form(fields.text("desenho"), file)?;
        let purposes = fields.take_all("finalidade");
        let agreement = Agreement { text, hash, purposes, representative, signature };
        patient::agree(&app, &who.session, id, &agreement).await
    };
    let done = done.await.map(drop);
    back(&app, &who, id, done).await
}

pub(super) async fn withdraw(
    State(app): State<App>,
    who: Member,
    Path((id, kind)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let way = WAYS.iter().map(|(code, _)| *code).find(|code| *code == fields.text("como"));
    let done = match way {
        Some(way) => {
            let reason = fields.text("motivo");
            consent::revoke_for_patient(&app, &who.session, id, &kind, way, reason).await.map(drop)
        }
        None => Err(Error::Conflict("Diga como o paciente pediu.")),
    };
    back(&app, &who, id, done).await
}

pub(super) async fn proof(
    State(app): State<App>,
    who: Member,
    Path((id, act, form)): Path<(String, String, String)>,
) -> Result<Response, Answer> {
    let (_, act) = (Answer::identifier(&id)?, Answer::identifier(&act)?);
    match form.as_str() {
        "comprovante.pdf" => printed(&app, &who.session, act).await,
        "comprovante.json" => document(&app, &who.session, act).await,
        _ => Err(Answer::not_found()),
    }
}

async fn back(app: &App, who: &Member, id: Uuid, done: sigilo_features::Result<()>) -> Result<Response, Answer> {
    let Err(error) = done else { return Ok(Redirect::to(&address(id)).into_response()) };
    let (status, sentence) = Answer::on_page(error)?;
    let page = ConsentsPage { error: Some(sentence), ..page(app, who, id).await? };
    Ok((status, layout::html(page)).into_response())
}
