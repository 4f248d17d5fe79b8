//! A witness over HTTP.

use std::{fmt::Write, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, State},
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};

use super::{
    folder::FolderError,
    judge::{Refusal, Witness},
    request::MAX_BODY,
};

/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

const TEXT: &str = "text/plain; charset=utf-8";
/// Of the size in a conflict (C2SP tlog-witness).
pub(super) const SIZE: &str = "text/x.tlog.size";

/// `POST /add-checkpoint` as C2SP tlog-witness has it. For people, and for the auditor's `--previous`: `GET /` shows the
/// keys and what was seen, `GET /last/{origin}` is the last cosigned note, `GET /refused/{origin}` the first one that did
/// not continue what was seen.
pub fn router(witness: Witness) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add))
        .route("/", get(overview))
        .route("/last/{*origin}", get(last))
        .route("/refused/{*origin}", get(refused))
        .with_state(Arc::new(witness))
}

async fn add(State(witness): State<Arc<Witness>>, body: Body) -> Response {
    let body = match tokio::time::timeout(PATIENCE, to_bytes(body, MAX_BODY)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    // On a thread of its own it also ends when whoever asked has gone: nothing is left between cosigned and kept.
    match tokio::task::spawn_blocking(move || witness.add(&body)).await {
        Ok(Ok(lines)) => text(StatusCode::OK, TEXT, lines),
        Ok(Err(refusal)) => refuse(&refusal),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn refuse(refusal: &Refusal) -> Response {
    let status = match refusal {
        Refusal::Malformed => StatusCode::BAD_REQUEST,
        Refusal::UnknownKey => StatusCode::FORBIDDEN,
        Refusal::UnknownLog => StatusCode::NOT_FOUND,
        Refusal::Conflict(size) => return text(StatusCode::CONFLICT, SIZE, format!("{size}\n")),
        Refusal::Inconsistent => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::Folder(error) => return broken(error),
        Refusal::Signing => StatusCode::INTERNAL_SERVER_ERROR,
    };
    text(status, TEXT, format!("{refusal}\n"))
}

async fn overview(State(witness): State<Arc<Witness>>) -> Response {
    answer(move || overview_of(&witness).map(Some)).await
}

async fn last(State(witness): State<Arc<Witness>>, Path(origin): Path<String>) -> Response {
    answer(move || Ok(witness.seen(&origin)?.map(|seen| seen.note))).await
}

async fn refused(State(witness): State<Arc<Witness>>, Path(origin): Path<String>) -> Response {
    answer(move || witness.refused(&origin)).await
}

fn overview_of(witness: &Witness) -> Result<String, FolderError> {
    let [ed25519, ml_dsa_44] = witness.verifier_keys();
    let mut page = format!(
        "Testemunha {}\n\nChaves de verificação:\n{ed25519}\n{ml_dsa_44}\n\nÚltimo ponto de controle de cada registro:\n",
        ed25519.name()
    );
    for origin in witness.origins() {
        // Writing into a text does not fail.
        let _ = match witness.seen(origin)? {
            Some(seen) => writeln!(
                page,
                "\n{}assinado em {} (segundos desde 1970); nota inteira em /last/{origin}",
                seen.checkpoint.text(),
                seen.time
            ),
            None => writeln!(page, "\n{origin}\nnada visto ainda"),
        };
        if witness.refused(origin)?.is_some() {
            let _ = writeln!(
                page,
                "ATENÇÃO: este registro mostrou algo que não continua o que já tinha mostrado: /refused/{origin}"
            );
        }
    }
    Ok(page)
}

async fn answer(read: impl FnOnce() -> Result<Option<String>, FolderError> + Send + 'static) -> Response {
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(Some(found))) => text(StatusCode::OK, TEXT, found),
        Ok(Ok(None)) => StatusCode::NOT_FOUND.into_response(),
        Ok(Err(error)) => broken(&error),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn broken(error: &FolderError) -> Response {
    tracing::error!(%error, "the folder is not usable");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

fn text(status: StatusCode, kind: &'static str, body: String) -> Response {
    const NOSNIFF: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    (status, [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store"), NOSNIFF], body).into_response()
}
