//! Reading request bodies. They may hold patients' data, so the copies made here are wiped when
//! they are no longer needed, and nothing of them reaches an error or a log.

use axum::RequestExt;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError};
use serde::de::DeserializeOwned;
use zeroize::{Zeroize, Zeroizing};

use crate::errors::Answer;

pub(crate) const NOT_UTF8: &str = "O texto enviado não está em UTF-8.";
const CONTROLS: &str = "O texto tem caracteres de controle, que não podem ser gravados. Apague-os e tente de novo.";

/// The fields of a form, in order.
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Fields as they came, without control characters in their values.
    pub(crate) fn checked(pairs: Vec<(String, String)>) -> Result<Self, Answer> {
        let fields = Fields(pairs);
        let bad = fields.0.iter().any(|(_, value)| has_controls(value));
        if bad { Err(Answer::malformed(CONTROLS)) } else { Ok(fields) }
    }

    /// A field's value without the spaces around it; empty when absent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }

    /// Whether a field came at all, as a ticked box does.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// The version that the person saw of what they change; one that nothing has, if it did not come.
    pub(crate) fn version(&self) -> i32 {
        self.text("versao").parse().unwrap_or(0)
    }

    /// Takes a field's value out, as it was typed.
    pub(crate) fn take(&mut self, name: &str) -> Zeroizing<String> {
        let value = self.0.iter_mut().find(|(key, _)| key == name).map(|(_, value)| value);
        Zeroizing::new(value.map(std::mem::take).unwrap_or_default())
    }

    /// Takes out every value of a repeated field.
    pub(crate) fn take_all(&mut self, name: &str) -> Vec<String> {
        let values = self.0.iter_mut().filter(|(key, _)| key == name);
        values.map(|(_, value)| std::mem::take(value)).collect()
    }
}

impl Drop for Fields {
    fn drop(&mut self) {
        for (_, value) in &mut self.0 {
            value.zeroize();
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Answer;

    async fn from_request(request: Request, _: &S) -> Result<Self, Answer> {
        expect_type(request.headers(), "application/x-www-form-urlencoded")?;
        let bytes = read(request).await?;
        // The parser would replace what is not UTF-8 silently; the person must hear of it instead.
        let valid = percent_encoding::percent_decode(&bytes).decode_utf8().is_ok();
        if !valid {
            return Err(Answer::malformed(NOT_UTF8));
        }
        Fields::checked(form_urlencoded::parse(&bytes).into_owned().collect())
    }
}

/// A JSON body.
pub(crate) struct Payload<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Payload<T> {
    type Rejection = Answer;

    async fn from_request(request: Request, _: &S) -> Result<Self, Answer> {
        expect_type(request.headers(), "application/json")?;
        let bytes = read(request).await?;
        if std::str::from_utf8(&bytes).is_err() {
            return Err(Answer::malformed(NOT_UTF8));
        }
        // The parser's own message may quote the text, so it goes nowhere.
        let value = serde_json::from_slice(&bytes)
            .map_err(|_| Answer::malformed("O JSON enviado não tem a forma esperada."))?;
        Ok(Payload(value))
    }
}

/// Refuses control characters other than line ends and tabs.
pub(crate) fn without_controls(text: &str) -> Result<(), Answer> {
    if has_controls(text) { Err(Answer::malformed(CONTROLS)) } else { Ok(()) }
}

fn has_controls(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

fn expect_type(headers: &HeaderMap, wanted: &str) -> Result<(), Answer> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = given.and_then(|value| value.split(';').next()).map(str::trim);
    if essence.is_some_and(|essence| essence.eq_ignore_ascii_case(wanted)) {
        Ok(())
    } else {
        Err(Answer::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE))
    }
}

async fn read(request: Request) -> Result<Zeroizing<Vec<u8>>, Answer> {
    let mut body = request.into_limited_body();
    let mut bytes = Zeroizing::new(Vec::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Answer::of_status(status_of(&error)))?;
        if let Ok(data) = frame.into_data() {
            // Growing by hand keeps the outgrown copies from being left behind in memory.
            if bytes.capacity() < bytes.len() + data.len() {
                let mut larger = Zeroizing::new(Vec::with_capacity((bytes.len() + data.len()) * 2));
                larger.extend_from_slice(&bytes);
                bytes = larger;
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

fn status_of(error: &axum::Error) -> StatusCode {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(inner) = cause {
        if inner.is::<LengthLimitError>() {
            return StatusCode::PAYLOAD_TOO_LARGE;
        }
        cause = inner.source();
    }
    StatusCode::BAD_REQUEST
}
