//! Failures, as people and programs read them. One map from the use cases' errors to status and
//! Portuguese sentence; one layer that renders it as a page, as a fragment or as problem+json
//! (RFC 9457), whichever the request can show.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;
use sigilo_domain::ConsentType;
use sigilo_features::{Error, FieldError};
use uuid::Uuid;

use crate::layout::Frame;

/// A failure with all that is shown of it.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// Stable, for programs.
    code: &'static str,
    title: &'static str,
    pub(crate) detail: String,
    pub(crate) fields: Vec<FieldError>,
    retry_after: Option<u64>,
}

/// What the asker can show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wants {
    Page,
    Fragment,
    Json,
}

impl Wants {
    pub(crate) fn of(headers: &HeaderMap, uri: &Uri) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if uri.path().starts_with("/api/")
            || ["application/json", "text/event-stream"].iter().any(|kind| accept.contains(kind))
        {
            Wants::Json
        } else if headers.contains_key("hx-request") {
            Wants::Fragment
        } else {
            Wants::Page
        }
    }
}

impl Answer {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Answer { status, code, title, detail: detail.into(), fields: Vec::new(), retry_after: None }
    }

    /// The identifier in an address. What cannot be one is of nothing.
    pub(crate) fn identifier(text: &str) -> Result<Uuid, Self> {
        text.parse().map_err(|_| Self::not_found())
    }

    /// Status and sentence of what was typed wrong or cannot be any more, for the page it happened on. Every other failure
    /// is an answer of its own.
    pub(crate) fn on_page(error: Error) -> Result<(StatusCode, String), Self> {
        match error {
            Error::Invalid(fields) => {
                let sentences: Vec<_> = fields.into_iter().map(|field| field.message).collect();
                Ok((StatusCode::UNPROCESSABLE_ENTITY, sentences.join(" ")))
            }
            Error::Conflict(sentence) => Ok((StatusCode::CONFLICT, sentence.to_owned())),
            other => Err(other.into()),
        }
    }

    pub(crate) fn not_found() -> Self {
        Self::of_status(StatusCode::NOT_FOUND)
    }

    /// A body that cannot be read, with a sentence that says why.
    pub(crate) fn malformed(detail: &'static str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", "Conteúdo não aceito", detail)
    }

    /// Whether somebody asked for what their role may not do, or for what does not exist for them.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self.code, "forbidden" | "not_found")
    }

    /// For failures met before any use case, which have nothing but a status.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (code, title, detail) = match status {
            StatusCode::FORBIDDEN => (
                "forbidden",
                "Pedido recusado",
                "O pedido não veio de uma página do Sigilo. Volte, recarregue a página e tente de novo.",
            ),
            StatusCode::NOT_FOUND => {
                ("not_found", "Página não encontrada", "O endereço não existe, foi apagado ou pertence a outra conta.")
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                ("method_not_allowed", "Pedido não aceito", "Este endereço não aceita esse tipo de pedido.")
            }
            StatusCode::PAYLOAD_TOO_LARGE => (
                "too_large",
                "Conteúdo grande demais",
                "O que foi enviado passa do tamanho aceito. Divida o texto em partes menores.",
            ),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                ("unsupported_media_type", "Formato não aceito", "O formato do que foi enviado não é aceito aqui.")
            }
            StatusCode::SERVICE_UNAVAILABLE => (
                "unavailable",
                "Serviço indisponível",
                "O servidor demorou demais para responder. Tente de novo em instantes.",
            ),
            status if status.is_client_error() => {
                ("bad_request", "Pedido não entendido", "O servidor não conseguiu entender o pedido.")
            }
            _ => (
                "internal",
                "Algo deu errado",
                "Houve um erro no servidor, que já foi registrado. Tente de novo em instantes.",
            ),
        };
        Self::new(status, code, title, detail)
    }
}

impl From<Error> for Answer {
    fn from(error: Error) -> Self {
        match error {
            Error::NotSignedIn => Self::new(
                StatusCode::UNAUTHORIZED,
                "not_signed_in",
                "Sessão encerrada",
                "Sua sessão terminou. Entre de novo para continuar.",
            ),
            Error::Locked => Self::new(
                StatusCode::UNAUTHORIZED,
                "locked",
                "Sessão bloqueada",
                "A sessão foi bloqueada por inatividade. Desbloqueie para continuar.",
            ),
            Error::Forbidden(reason) => Self::new(StatusCode::FORBIDDEN, "forbidden", "Sem permissão", reason),
            Error::ConsentRequired(kind) => {
                Self::new(StatusCode::FORBIDDEN, "consent_required", "Falta um consentimento", consent_sentence(kind))
            }
            Error::NotFound => Self::not_found(),
            Error::Invalid(fields) => {
                let detail = match fields.as_slice() {
                    [only] => only.message.clone(),
                    _ => "Confira os campos marcados.".to_owned(),
                };
                let answer = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Confira o preenchimento", detail);
                Answer { fields, ..answer }
            }
            Error::SignInFailed => Self::new(
                StatusCode::UNAUTHORIZED,
                "sign_in_failed",
                "Não foi possível entrar",
                "Não foi possível confirmar sua identidade. Tente de novo ou use outro método.",
            ),
            Error::TooMany { retry_after_seconds } => {
                let answer = Self::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "too_many",
                    "Muitas tentativas",
                    format!(
                        "Houve tentativas demais em pouco tempo. Aguarde {} e tente de novo.",
                        wait(retry_after_seconds)
                    ),
                );
                Answer { retry_after: Some(retry_after_seconds), ..answer }
            }
            Error::Expired => Self::new(
                StatusCode::GONE,
                "expired",
                "Prazo encerrado",
                "Este passo expirou ou já foi usado. Comece de novo.",
            ),
            Error::Conflict(reason) => Self::new(StatusCode::CONFLICT, "conflict", "Não foi possível concluir", reason),
            Error::Unavailable(what) => {
                let answer =
                    Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Serviço indisponível", away(what));
                Answer { retry_after: Some(5), ..answer }
            }
            Error::Internal => Self::of_status(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

/// Leaves the failure on the response; [`render`] writes its body.
impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the body of every failure that has none of its own.
pub(crate) async fn render(State(demo): State<bool>, request: Request, next: Next) -> Response {
    let wants = Wants::of(request.headers(), request.uri());
    let mut response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let answer = match response.extensions_mut().remove::<Answer>() {
        Some(answer) => answer,
        // A handler may render its failure itself, such as a form with its errors.
        None if has_body(&response) => return response,
        None => Answer::of_status(status),
    };
    let mut rendered = answer.clone().rendered(wants, demo);
    for name in [header::SET_COOKIE, header::ALLOW] {
        for value in response.headers().get_all(&name) {
            rendered.headers_mut().append(name.clone(), value.clone());
        }
    }
    answer.tell_when(&mut rendered);
    if answer.code == "locked" {
        rendered.headers_mut().insert("x-sigilo-sessao", HeaderValue::from_static("bloqueada"));
    }
    rendered
}

fn has_body(response: &Response) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    [&b"text/html"[..], b"application/problem+json"].iter().any(|kind| content_type.starts_with(kind))
}

impl Answer {
    /// Says when to try again, also on pages that render their failure themselves.
    pub(crate) fn tell_when(&self, response: &mut Response) {
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
    }

    fn rendered(self, wants: Wants, demo: bool) -> Response {
        match wants {
            Wants::Json => self.problem(),
            Wants::Fragment => {
                let status = self.status;
                // Failures never replace what is on the screen: they are notices beside it.
                let place = [("hx-retarget", "#avisos"), ("hx-reswap", "beforeend")];
                (status, place, WebTemplate(Fragment { answer: self })).into_response()
            }
            Wants::Page if self.code == "not_signed_in" => Redirect::to("/entrar").into_response(),
            // The lock stands on the page that the home leads to.
            Wants::Page if self.code == "locked" => Redirect::to("/").into_response(),
            Wants::Page => {
                let frame = Frame::entry(self.title, demo);
                (self.status, WebTemplate(Page { frame, answer: self })).into_response()
            }
        }
    }

    fn problem(self) -> Response {
        let body = json!({
            "type": format!("urn:sigilo:problem:{}", self.code),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "errors": self.fields.iter()
                .map(|error| json!({ "field": error.field, "message": error.message }))
                .collect::<Vec<_>>(),
        });
        let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
        (self.status, content_type, body.to_string()).into_response()
    }
}

#[derive(Template)]
#[template(path = "errors/page.html")]
struct Page {
    frame: Frame,
    answer: Answer,
}

#[derive(Template)]
#[template(path = "errors/fragment.html")]
struct Fragment {
    answer: Answer,
}

fn consent_sentence(kind: ConsentType) -> String {
    format!("Para isto é preciso o consentimento “{}”. Você pode concedê-lo na Área de Membros.", kind.text().title)
}

/// Which part of the house is away, such as "o banco de dados", as a sentence.
fn away(what: &str) -> String {
    let mut letters = what.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    format!("{} não está respondendo. Tente de novo em instantes.", first.chain(letters).collect::<String>())
}

/// A waiting time in words, rounded up.
fn wait(seconds: u64) -> String {
    match seconds {
        0..=1 => "1 segundo".to_owned(),
        2..=59 => format!("{seconds} segundos"),
        60 => "1 minuto".to_owned(),
        _ => format!("{} minutos", seconds.div_ceil(60)),
    }
}
