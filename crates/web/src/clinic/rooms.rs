//! Rooms and equipment, on one page.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use sigilo_features::App;
use sigilo_features::room::{self, Kind, Place};

use super::named::{Item, Named, Trouble};
use super::{ROOMS, frame, to};
use crate::body::Fields;
use crate::errors::Answer;
use crate::layout::{self, Frame};
use crate::visitor::Member;

#[derive(Template)]
#[template(path = "clinic/rooms.html")]
pub(crate) struct RoomsPage {
    pub(crate) frame: Frame,
    rooms: Named,
    equipment: Named,
}

fn items(places: Vec<Place>) -> Vec<Item> {
    places.into_iter().map(|place| Item { id: place.id, name: place.name, is_active: Some(place.is_active) }).collect()
}

impl RoomsPage {
    pub(crate) fn new(
        frame: Frame,
        rooms: Vec<Place>,
        equipment: Vec<Place>,
        trouble: Option<(Kind, Trouble)>,
    ) -> RoomsPage {
        let of = |kind| trouble.as_ref().filter(|(at, _)| *at == kind).map(|(_, trouble)| trouble.clone());
        RoomsPage {
            frame,
            rooms: Named {
                key: "salas",
                title: "Salas",
                address: "/clinica/salas/sala",
                new: "Nova sala",
                empty: "Nenhuma ainda. Sem salas, a agenda marca sem dizer onde.",
                items: items(rooms),
                trouble: of(Kind::Room),
            },
            equipment: Named {
                key: "equipamentos",
                title: "Equipamentos",
                address: "/clinica/salas/equipamento",
                new: "Novo equipamento",
                empty: "Nenhum ainda. Cadastre os que só um paciente usa por vez, como um ultrassom.",
                items: items(equipment),
                trouble: of(Kind::Equipment),
            },
        }
    }
}

fn kind(word: &str) -> Result<Kind, Answer> {
    match word {
        "sala" => Ok(Kind::Room),
        "equipamento" => Ok(Kind::Equipment),
        _ => Err(Answer::not_found()),
    }
}

async fn page(app: &App, who: &Member, trouble: Option<(Kind, Trouble)>) -> Result<RoomsPage, Answer> {
    let (rooms, equipment) = room::list(app, &who.session).await?;
    Ok(RoomsPage::new(frame("Salas e equipamentos", who), rooms, equipment, trouble))
}

pub(super) async fn show(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    Ok(layout::html(page(&app, &who, None).await?))
}

pub(super) async fn create(
    State(app): State<App>,
    who: Member,
    Path(word): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let (kind, name) = (kind(&word)?, fields.text("nome"));
    let Err(error) = room::create(&app, &who.session, kind, name).await else { return Ok(to(ROOMS)) };
    let (status, trouble) = Trouble::of(None, name, error)?;
    Ok((status, layout::html(page(&app, &who, Some((kind, trouble))).await?)).into_response())
}

pub(super) async fn rename(
    State(app): State<App>,
    who: Member,
    Path((word, id)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Answer> {
    let (kind, id, name) = (kind(&word)?, Answer::identifier(&id)?, fields.text("nome"));
    let done = room::rename(&app, &who.session, kind, id, fields.text("visto"), name).await;
    let Err(error) = done else { return Ok(to(ROOMS)) };
    let (status, trouble) = Trouble::of(Some(id), name, error)?;
    Ok((status, layout::html(page(&app, &who, Some((kind, trouble))).await?)).into_response())
}

pub(super) async fn activate(
    State(app): State<App>,
    who: Member,
    Path((word, id)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Answer> {
    let (kind, id) = (kind(&word)?, Answer::identifier(&id)?);
    room::activate(&app, &who.session, kind, id, fields.text("situacao") == "ativo").await?;
    Ok(to(ROOMS))
}
