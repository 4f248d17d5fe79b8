//! What the calendar asks for and what it changes by drag and drop: JSON, with refusals as problem+json.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use sigilo_features::App;
use sigilo_features::appointment::{self, Moved, Refusal, Slot, Status};
use time::PrimitiveDateTime;
use uuid::Uuid;

use super::{agenda, words};
use crate::body::Payload;
use crate::errors::Answer;
use crate::visitor::Member;

#[derive(Deserialize)]
pub(super) struct Stretch {
    dia: String,
    dias: i64,
    #[serde(default)]
    profissional: String,
}

/// Some days of the agenda.
pub(super) async fn show(
    State(app): State<App>,
    who: Member,
    Query(asked): Query<Stretch>,
) -> Result<Json<Value>, Answer> {
    let first = agenda::day(&asked.dia).ok_or_else(|| Answer::malformed("O dia tem a forma AAAA-MM-DD."))?;
    let professional = Uuid::try_parse(asked.profissional.trim()).ok();
    let found = appointment::agenda(&app, &who.session, Some(first), asked.dias, professional).await?;
    let entries: Vec<Value> = found
        .entries
        .iter()
        .map(|entry| {
            json!({
                "id": entry.id,
                "starts": words::iso(entry.starts),
                "ends": words::iso(entry.ends),
                "patient": entry.called.as_deref().map(String::as_str),
                "professional": entry.professional.0,
                "room": entry.room.as_ref().map(|room| room.0),
                "room_name": entry.room.as_ref().map(|room| &room.1),
                "service": entry.service,
                "status": entry.status.code(),
                "status_label": entry.status.label(),
                "may_move": entry.status.may_move(),
                "holds_time": entry.status.holds_time(),
                "may_arrive": matches!(entry.status, Status::Scheduled | Status::Confirmed)
                    && entry.starts.date() == found.now.date(),
                "is_exception": entry.is_exception,
                "by_telemedicine": entry.by_telemedicine,
                "no_show_risk": entry.no_show_risk,
                "version": entry.version,
            })
        })
        .collect();
    let hours: Vec<Value> = found
        .hours
        .iter()
        .map(|hours| {
            json!({
                "professional": hours.professional_id, "starts": words::iso(hours.starts), "ends": words::iso(hours.ends),
            })
        })
        .collect();
    let professionals: Vec<Value> =
        found.professionals.iter().map(|choice| json!({ "id": choice.id, "name": choice.full_name })).collect();
    let rooms: Vec<Value> = found.rooms.iter().map(|room| json!({ "id": room.id, "name": room.name })).collect();
    Ok(Json(json!({
        "now": words::iso(found.now), "entries": entries, "hours": hours, "professionals": professionals, "rooms": rooms,
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Move {
    version: i32,
    starts: String,
    minutes: i32,
    professional: Uuid,
    /// Null leaves the room; a room's identifier changes it.
    room: Option<Uuid>,
    #[serde(default)]
    anyway: bool,
}

/// Moves an appointment.
pub(super) async fn relocate(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    Payload(asked): Payload<Move>,
) -> Result<Response, Answer> {
    let id = Answer::identifier(&id)?;
    let format = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]");
    let starts = PrimitiveDateTime::parse(&asked.starts, format)
        .ok()
        .filter(|at| (2000..=2199).contains(&at.year()))
        .ok_or_else(|| Answer::malformed("A hora tem a forma AAAA-MM-DDTHH:MM."))?;
    let was = appointment::open(&app, &who.session, id).await?.slot();
    let slot = Slot {
        professional: asked.professional,
        room: asked.room.or(was.room),
        starts,
        minutes: asked.minutes,
        equipment: was.equipment,
    };
    match appointment::relocate(&app, &who.session, id, asked.version, &slot, asked.anyway).await? {
        Moved::Done(version) => {
            let before = json!({
                "starts": words::iso(was.starts), "minutes": was.minutes, "professional": was.professional, "room": was.room,
            });
            Ok(Json(json!({ "version": version, "before": before })).into_response())
        }
        Moved::Refused(refusal) => Ok(refused(&refusal)),
    }
}

/// Everything that stands against a time, as RFC 9457 has it.
fn refused(refusal: &Refusal) -> Response {
    let conflicts: Vec<String> = refusal.conflicts.iter().map(|conflict| words::against(conflict, false)).collect();
    let free: Vec<Value> =
        refusal.free.iter().map(|at| json!({ "starts": words::iso(*at), "label": words::moment(*at) })).collect();
    let body = json!({
        "type": "urn:sigilo:problem:not_free", "title": "Horário ocupado", "status": 409,
        "detail": "Este horário não pode ser dado.",
        "conflicts": conflicts, "free": free, "may_insist": refusal.may_insist(),
    });
    let kind = [(header::CONTENT_TYPE, "application/problem+json")];
    (StatusCode::CONFLICT, kind, body.to_string()).into_response()
}
