//! What the clinic offers, in its groups.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use sigilo_domain::money;
use sigilo_features::App;
use sigilo_features::service::{self, Category, Service};

use super::named::{Item, Named, Trouble};
use super::{SERVICES, frame, to};
use crate::body::Fields;
use crate::errors::Answer;
use crate::layout::{self, Frame};
use crate::visitor::Member;

/// A service in the list.
struct ServiceView {
    service: Service,
    /// Length, price and code.
    about: String,
}

impl ServiceView {
    fn new(service: Service) -> ServiceView {
        let mut about = format!("{} min", service.duration_minutes);
        if service.buffer_minutes > 0 {
            about.push_str(&format!(" e {} de preparo", service.buffer_minutes));
        }
        about.push_str(&match service.centavos {
            0 => " · sem preço".to_owned(),
            centavos => format!(" · R$ {}", money::reais(centavos)),
        });
        if let Some(code) = &service.tuss_code {
            about.push_str(&format!(" · TUSS {code}"));
        }
        ServiceView { service, about }
    }
}

#[derive(Template)]
#[template(path = "clinic/services.html")]
pub(crate) struct ServicesPage {
    pub(crate) frame: Frame,
    /// What is offered, by group.
    offered: Vec<(String, Vec<ServiceView>)>,
    ended: Vec<ServiceView>,
    groups: Named,
    pub(crate) error: Option<String>,
}

impl ServicesPage {
    pub(crate) fn new(
        frame: Frame,
        services: Vec<Service>,
        groups: Vec<Category>,
        trouble: Option<Trouble>,
    ) -> ServicesPage {
        let (mut offered, mut ended) = (Vec::<(String, Vec<ServiceView>)>::new(), Vec::new());
        for service in services {
            if !service.is_active {
                ended.push(ServiceView::new(service));
                continue;
            }
            let group = service.category_name.clone().unwrap_or_else(|| "Sem categoria".to_owned());
            match offered.last_mut().filter(|(last, _)| *last == group) {
                Some((_, list)) => list.push(ServiceView::new(service)),
                None => offered.push((group, vec![ServiceView::new(service)])),
            }
        }
        let items = groups.into_iter().map(|group| Item { id: group.id, name: group.name, is_active: None }).collect();
        let groups = Named {
            key: "categorias",
            title: "Categorias",
            address: "/clinica/servicos/categorias",
            new: "Nova categoria",
            empty: "Nenhuma ainda. Categorias agrupam os serviços, como Consultas e Procedimentos.",
            items,
            trouble,
        };
        ServicesPage { frame, offered, ended, groups, error: None }
    }
}

async fn page(app: &App, who: &Member, trouble: Option<Trouble>) -> Result<ServicesPage, Answer> {
    let (services, groups) = service::list(app, &who.session).await?;
    Ok(ServicesPage::new(frame("Serviços", who), services, groups, trouble))
}

pub(super) async fn show(State(app): State<App>, who: Member) -> Result<Response, Answer> {
    Ok(layout::html(page(&app, &who, None).await?))
}

pub(super) async fn activate(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let (id, active) = (Answer::identifier(&id)?, fields.text("situacao") == "ativo");
    let done = service::activate(&app, &who.session, id, fields.version(), active).await;
    let Err(error) = done else { return Ok(to(SERVICES)) };
    let (status, sentence) = Answer::on_page(error)?;
    let page = ServicesPage { error: Some(sentence), ..page(&app, &who, None).await? };
    Ok((status, layout::html(page)).into_response())
}

pub(super) async fn group(State(app): State<App>, who: Member, fields: Fields) -> Result<Response, Answer> {
    let name = fields.text("nome");
    let Err(error) = service::create_category(&app, &who.session, name).await else { return Ok(to(SERVICES)) };
    let (status, trouble) = Trouble::of(None, name, error)?;
    Ok((status, layout::html(page(&app, &who, Some(trouble)).await?)).into_response())
}

pub(super) async fn rename(
    State(app): State<App>,
    who: Member,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Answer> {
    let (id, name) = (Answer::identifier(&id)?, fields.text("nome"));
    let done = service::rename_category(&app, &who.session, id, fields.text("visto"), name).await;
    let Err(error) = done else { return Ok(to(SERVICES)) };
    let (status, trouble) = Trouble::of(Some(id), name, error)?;
    Ok((status, layout::html(page(&app, &who, Some(trouble)).await?)).into_response())
}
