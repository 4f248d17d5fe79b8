//! The form of a service: new, or corrected.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use sigilo_features::service::{self, Category, Typed};
use sigilo_features::{App, Error, FieldError};
use uuid::Uuid;

use super::{Input, SERVICES, error_of, frame, refused, to};
use crate::body::Fields;
use crate::errors::Answer;
use crate::layout::{self, Frame};
use crate::visitor::Member;

#[derive(Template)]
#[template(path = "clinic/service_form.html")]
pub(crate) struct ServiceForm {
    pub(crate) frame: Frame,
    /// The service that is corrected, with the version that is seen.
    pub(crate) of: Option<(Uuid, i32)>,
    pub(crate) typed: Typed,
    pub(crate) groups: Vec<Category>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) refusal: Option<String>,
}

impl ServiceForm {
    pub(crate) fn new(frame: Frame, of: Option<(Uuid, i32)>, typed: Typed, groups: Vec<Category>) -> ServiceForm {
        ServiceForm { frame, of, typed, groups, errors: Vec::new(), refusal: None }
    }

    fn name(&self) -> Input {
        Input::new("nome", "Nome", &self.typed.name, 120, &self.errors).required()
    }

    fn numbers(&self) -> [Input; 4] {
        let input = |name, label, value: &str, longest| Input::new(name, label, value, longest, &self.errors);
        [
            input("duracao", "Duração, em minutos", &self.typed.duration, 3).required(),
            input("preparo", "Preparo depois, em minutos", &self.typed.buffer, 3)
                .hint("Limpeza e anotações: ocupa a sala e o profissional, não o paciente."),
            input("preco", "Preço, em reais", &self.typed.price, 20).hint("Como 150 ou 1.234,56; vazio, sem preço."),
            input("tuss", "Código TUSS", &self.typed.tuss, 12).hint("8 algarismos; se não houver, deixe vazio."),
        ]
    }

    fn error(&self, field: &str) -> Option<String> {
        error_of(&self.errors, field)
    }

    fn is_group(&self, group: &Category) -> bool {
        self.typed.category == group.id.to_string()
    }

    fn address(&self) -> String {
        self.of.map_or_else(|| format!("{SERVICES}/novo"), |(id, _)| format!("{SERVICES}/{id}/editar"))
    }
}

fn typed(fields: &Fields) -> Typed {
    Typed::new(|name| fields.text(name))
}

fn title(of: Option<(Uuid, i32)>) -> &'static str {
    if of.is_some() { "Corrigir serviço" } else { "Novo serviço" }
}

pub(super) async fn new(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    let (_, groups) = service::list(&app, &who.session).await?;
    let typed = Typed { duration: "30".to_owned(), ..Typed::default() };
    Ok(layout::html(ServiceForm::new(frame(title(None), &who), None, typed, groups)))
}

pub(super) async fn create(State(app): State<App>, who: Member, fields: Fields) -> Result<Response, Answer> {
    let typed = typed(&fields);
    match service::create(&app, &who.session, &typed).await {
        Ok(_) => Ok(to(SERVICES)),
        Err(error) => again(&app, &who, None, typed, error).await,
    }
}

pub(super) async fn edit(State(app): State<App>, who: Member, Path(id): Path<String>) -> Result<Response, Answer> {
    let (one, groups) = service::open(&app, &who.session, Answer::identifier(&id)?).await?;
    let of = Some((one.id, one.version));
    Ok(layout::html(ServiceForm::new(frame(title(of), &who), of, Typed::of(&one), groups)))
}

pub(super) async fn save(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let (id, typed) = (Answer::identifier(&id)?, typed(&fields));
    match service::update(&app, &who.session, id, fields.version(), &typed).await {
        Ok(()) => Ok(to(SERVICES)),
        Err(error) => again(&app, &who, Some((id, fields.version())), typed, error).await,
    }
}

async fn again(
    app: &App,
    who: &Member,
    of: Option<(Uuid, i32)>,
    typed: Typed,
    error: Error,
) -> Result<Response, Answer> {
    let (status, errors, refusal) = refused(error)?;
    let (_, groups) = service::list(app, &who.session).await?;
    let page = ServiceForm { errors, refusal, ..ServiceForm::new(frame(title(of), who), of, typed, groups) };
    Ok((status, layout::html(page)).into_response())
}
