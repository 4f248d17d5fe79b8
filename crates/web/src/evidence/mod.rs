//! "Provas": how the trail's seals stand, and everything an outsider needs to check them without us.

pub(crate) mod disposal;

use std::io::Read;

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use futures_util::stream;
use serde_json::Value;
use sigilo_features::evidence::{self, Images, Standing};
use sigilo_features::{App, Error};

use crate::Web;
use crate::body::Fields;
use crate::console::{Part, Place, beside};
use crate::download::attachment;
use crate::errors::Answer;
use crate::format;
use crate::layout::{self, Frame, Section};
use crate::visitor::Member;

const PATH: &str = "/auditoria/provas";

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route(PATH, get(show))
        .route("/auditoria/provas/pacote", post(bundle))
        .route("/auditoria/provas/ponto-de-controle", post(checkpoint))
        .route("/auditoria/provas/politica", post(policy))
        .route("/auditoria/provas/exame", post(examine))
        .route("/auditoria/provas/registro", get(find))
        .route("/auditoria/provas/registro/{seq}", get(row).post(open))
        .route("/auditoria/provas/registro/{seq}/prova", post(proof))
        .route(disposal::DISPOSALS, get(disposal::list).post(disposal::propose))
        .route("/conformidade/trilha/{id}/aprovar", post(disposal::approve))
        .route("/conformidade/trilha/{id}/descartar", post(disposal::discard))
}

#[derive(Template)]
#[template(path = "evidence/page.html")]
struct Page {
    frame: Frame,
    place: Place,
    standing: Standing,
}

impl Page {
    fn verdict(&self) -> (&'static str, &'static str, String) {
        let (level, sentence) = self.standing.verdict();
        (format::level_class(level), level.label(), sentence)
    }

    /// The root of the clinic's log, hexadecimal.
    fn root(&self) -> String {
        let root = self.standing.log.map(|(_, root)| root).unwrap_or_default();
        root.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[derive(Template)]
#[template(path = "evidence/row.html")]
struct RowPage {
    frame: Frame,
    place: Place,
    seq: i64,
    error: Option<String>,
    images: Option<Images>,
}

/// One field of a record, before and after.
struct Field {
    name: String,
    before: String,
    after: String,
    changed: bool,
}

impl RowPage {
    fn fields(&self, images: &Images) -> Vec<Field> {
        let read = |image: &Option<String>| -> serde_json::Map<String, Value> {
            image.as_deref().and_then(|image| serde_json::from_str(image).ok()).unwrap_or_default()
        };
        let (before, after) = (read(&images.before), read(&images.after));
        let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
        names.sort();
        names.dedup();
        let say = |value: Option<&Value>| match value {
            None => "–".to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let both = !before.is_empty() && !after.is_empty();
        let field = |name: &String| Field {
            name: name.clone(),
            before: say(before.get(name)),
            after: say(after.get(name)),
            changed: both && before.get(name) != after.get(name),
        };
        names.into_iter().map(field).collect()
    }
}

async fn show(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    let place = beside(&app, &who, Part::Evidence).await?;
    let standing = evidence::standing(&app, &who.session).await?;
    let frame = Frame::inside("Provas da trilha", Section::Audit, &who.viewer);
    Ok(layout::html(Page { frame, place, standing }))
}

/// The bundle, piece by piece: it may be larger than memory.
async fn bundle(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    let file = match evidence::export(&app, &who.session).await {
        Ok(file) => file,
        Err(error) => return on_page(error),
    };
    let length = file.metadata().map_err(|_| Answer::from(Error::Internal))?.len();
    let pieces = stream::unfold(file, |mut file| async move {
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; 256 << 10];
            let read = file.read(&mut piece).map(|length| {
                piece.truncate(length);
                piece
            });
            (read, file)
        });
        match read.await {
            Ok((Ok(piece), file)) if !piece.is_empty() => Some((Ok(piece), file)),
            Ok((Err(error), file)) => Some((Err(error), file)),
            _ => None,
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-tar".to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"provas.tar\"".to_owned()),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

async fn checkpoint(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    text(evidence::checkpoint(&app, &who.session).await, "ponto-de-controle.txt")
}

async fn policy(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    text(evidence::policy(&app, &who.session).await, "politica.txt")
}

async fn examine(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    evidence::examine_now(&app, &who.session).await?;
    Ok(Redirect::to(&format!("{PATH}#exame")).into_response())
}

/// The form with a row's number leads to the row.
async fn find(State(app): State<App>, who: Member, fields: Query<Wanted>) -> Result<Redirect, Answer> {
    beside(&app, &who, Part::Evidence).await?;
    Ok(Redirect::to(&format!("{PATH}/registro/{}", fields.0.numero.unwrap_or_default())))
}

#[derive(serde::Deserialize)]
struct Wanted {
    numero: Option<i64>,
}

fn number(text: &str) -> Result<i64, Answer> {
    text.parse().ok().filter(|seq| *seq > 0).ok_or_else(Answer::not_found)
}

async fn row_page(app: &App, who: &Member, seq: i64) -> Result<RowPage, Answer> {
    let place = beside(app, who, Part::Evidence).await?;
    let frame = Frame::inside("Prova de um registro", Section::Audit, &who.viewer);
    Ok(RowPage { frame, place, seq, error: None, images: None })
}

async fn row(State(app): State<App>, who: Member, Path(seq): Path<String>) -> Result<Response, Answer> {
    Ok(layout::html(row_page(&app, &who, number(&seq)?).await?))
}

async fn proof(State(app): State<App>, who: Member, Path(seq): Path<String>) -> Result<Response, Answer> {
    let seq = number(&seq)?;
    let error = match evidence::row_proof(&app, &who.session, seq).await {
        Ok(proof) => {
            return Ok(attachment(&format!("registro-{seq}.tlog-proof"), "text/plain; charset=utf-8", proof.into()));
        }
        Err(Error::NotFound) => "Não há um registro da sua clínica com este número.".to_owned(),
        Err(error) => Answer::on_page(error)?.1,
    };
    let page = RowPage { error: Some(error), ..row_page(&app, &who, seq).await? };
    Ok((StatusCode::CONFLICT, layout::html(page)).into_response())
}

/// What the record said before and after, for a reason.
async fn open(
    State(app): State<App>,
    who: Member,
    Path(seq): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let seq = number(&seq)?;
    let page = row_page(&app, &who, seq).await?;
    let error = match evidence::open_images(&app, &who.session, seq, fields.text("motivo")).await {
        Ok(images) => return Ok(layout::html(RowPage { images: Some(images), ..page })),
        Err(Error::NotFound) => {
            "Este registro não é uma mudança de dados da sua clínica, ou não guardou imagem.".into()
        }
        Err(Error::Invalid(fields)) => fields.into_iter().map(|field| field.message).collect(),
        Err(error) => Answer::on_page(error)?.1,
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, layout::html(RowPage { error: Some(error), ..page })).into_response())
}

fn text(content: Result<String, Error>, name: &str) -> Result<Response, Answer> {
    match content {
        Ok(content) => Ok(attachment(name, "text/plain; charset=utf-8", content.into())),
        Err(error) => on_page(error),
    }
}

fn on_page(error: Error) -> Result<Response, Answer> {
    let (status, sentence) = Answer::on_page(error)?;
    Ok((status, sentence).into_response())
}
