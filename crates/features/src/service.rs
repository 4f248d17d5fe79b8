//! What the clinic offers: groups and services.

use serde_json::json;
use sigilo_domain::money;
use sigilo_store::{Action, Error as StoreError, ReadTx, Session, WriteTx, service as rows};
use uuid::Uuid;

pub use sigilo_store::service::{CategoryRow as Category, ServiceRow as Service};

use crate::{
    App, Error, FieldError, Result,
    clinic::{CHANGED, entered, event, label},
};

const TABLE: &str = "service_types";
const CATEGORIES: &str = "service_categories";

/// What somebody typed into the form of a service.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// Its name.
    pub name: String,
    /// Its group.
    pub category: String,
    /// How many minutes it takes.
    pub duration: String,
    /// How many minutes room and professional need afterwards.
    pub buffer: String,
    /// The price in reais.
    pub price: String,
    /// The code in the TUSS table.
    pub tuss: String,
    /// Whether it can be done from afar.
    pub by_telemedicine: bool,
}

impl Typed {
    /// The form as `value` gives each field.
    pub fn new<'a>(value: impl Fn(&'static str) -> &'a str) -> Typed {
        Typed {
            name: value("nome").to_owned(),
            category: value("categoria").to_owned(),
            duration: value("duracao").to_owned(),
            buffer: value("preparo").to_owned(),
            price: value("preco").to_owned(),
            tuss: value("tuss").to_owned(),
            by_telemedicine: !value("telemedicina").is_empty(),
        }
    }

    /// The form of what is known.
    pub fn of(row: &Service) -> Typed {
        Typed {
            name: row.name.clone(),
            category: row.category_id.map(|id| id.to_string()).unwrap_or_default(),
            duration: row.duration_minutes.to_string(),
            buffer: row.buffer_minutes.to_string(),
            price: money::reais(row.centavos),
            tuss: row.tuss_code.clone().unwrap_or_default(),
            by_telemedicine: row.by_telemedicine,
        }
    }

    fn read(&self, categories: &[Category]) -> Result<rows::Known, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let mut said = |field, sentence: &str| wrong.push(FieldError::new(field, sentence));
        let name = label(&self.name).map_err(|sentence| said("nome", sentence)).unwrap_or_default();
        let category = self.category.parse().ok();
        let known = categories.iter().any(|group| Some(group.id) == category);
        if !self.category.is_empty() && !known {
            said("categoria", "Escolha uma das categorias da clínica.");
        }
        let minutes = |typed: &str| typed.trim().parse::<i32>().ok();
        let duration = minutes(&self.duration).filter(|minutes| (5..=720).contains(minutes));
        if duration.is_none() {
            said("duracao", "A duração vai de 5 a 720 minutos.");
        }
        let buffer = if self.buffer.trim().is_empty() { Some(0) } else { minutes(&self.buffer) };
        let buffer = buffer.filter(|minutes| (0..=120).contains(minutes));
        if buffer.is_none() {
            said("preparo", "O preparo vai de 0 a 120 minutos.");
        }
        let centavos = if self.price.trim().is_empty() { Ok(0) } else { money::centavos(&self.price) };
        let centavos = centavos.map_err(|sentence| said("preco", sentence)).unwrap_or_default();
        let tuss: String = self.tuss.chars().filter(|c| !matches!(c, ' ' | '.' | '-')).collect();
        if !matches!(tuss.len(), 0 | 8) || !tuss.bytes().all(|b| b.is_ascii_digit()) {
            said("tuss", "O código TUSS tem 8 algarismos; se não houver, deixe vazio.");
        }
        let tuss = (!tuss.is_empty()).then_some(tuss);
        let by_telemedicine = self.by_telemedicine;
        match (duration, buffer) {
            (Some(duration), Some(buffer)) if wrong.is_empty() => {
                Ok(rows::Known { category, name, duration, buffer, centavos, tuss, by_telemedicine })
            }
            _ => Err(wrong),
        }
    }
}

/// Everything that is or was offered, what is first, and the groups.
///
/// # Errors
/// [`Error::Forbidden`] for who does not run the clinic; so for all functions below.
pub async fn list(app: &App, session: &Session) -> Result<(Vec<Service>, Vec<Category>)> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            entered(tx)?;
            Ok((rows::all(tx).await?, rows::categories(tx).await?))
        })
        .await
}

/// One service, and the groups.
///
/// # Errors
/// [`Error::NotFound`] for another clinic's.
pub async fn open(app: &App, session: &Session, id: Uuid) -> Result<(Service, Vec<Category>)> {
    app.db()
        .read(session, async |tx: &ReadTx| {
            entered(tx)?;
            Ok((rows::one(tx, id).await?, rows::categories(tx).await?))
        })
        .await
}

/// Something new on offer.
///
/// # Errors
/// [`Error::Invalid`] by field, a name that another service has among them.
pub async fn create(app: &App, session: &Session, typed: &Typed) -> Result<Uuid> {
    let id = Uuid::now_v7();
    app.db()
        .write(session, async |tx: &WriteTx| {
            entered(tx)?;
            let known = typed.read(&rows::categories(tx).await?).map_err(Error::Invalid)?;
            rows::insert(tx, id, &known).await.map_err(taken)?;
            Ok((id, event("service_created", Action::Create, TABLE, Some(id), json!({}))))
        })
        .await
}

/// Changes a service, as long as it is the version that was seen. Appointments that were made keep their length.
///
/// # Errors
/// [`Error::Conflict`] when somebody changed it meanwhile; otherwise as [`create`] and [`open`].
pub async fn update(app: &App, session: &Session, id: Uuid, seen: i32, typed: &Typed) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            entered(tx)?;
            let before = rows::one(tx, id).await?;
            let known = typed.read(&rows::categories(tx).await?).map_err(Error::Invalid)?;
            rows::update(tx, id, seen, &known).await.map_err(taken)?.ok_or(CHANGED)?;
            let changed: Vec<&str> = [
                ("category_id", known.category != before.category_id),
                ("name", known.name != before.name),
                ("duration_minutes", known.duration != before.duration_minutes),
                ("buffer_minutes", known.buffer != before.buffer_minutes),
                ("price", known.centavos != before.centavos),
                ("tuss_code", known.tuss != before.tuss_code),
                ("by_telemedicine", known.by_telemedicine != before.by_telemedicine),
            ]
            .into_iter()
            .filter_map(|(field, changed)| changed.then_some(field))
            .collect();
            Ok(((), event("service_updated", Action::Update, TABLE, Some(id), json!({ "fields": changed }))))
        })
        .await
}

/// Says whether a service is offered. Nothing is deleted.
///
/// # Errors
/// As [`update`].
pub async fn activate(app: &App, session: &Session, id: Uuid, seen: i32, active: bool) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            entered(tx)?;
            rows::one(tx, id).await?;
            rows::activate(tx, id, seen, active).await?.ok_or(CHANGED)?;
            let name = if active { "service_reactivated" } else { "service_inactivated" };
            Ok(((), event(name, Action::Update, TABLE, Some(id), json!({}))))
        })
        .await
}

/// A new group of services.
///
/// # Errors
/// [`Error::Invalid`] for a name that cannot be, or that another group has.
pub async fn create_category(app: &App, session: &Session, typed: &str) -> Result<Uuid> {
    let id = Uuid::now_v7();
    app.db()
        .write(session, async |tx: &WriteTx| {
            entered(tx)?;
            let name = label(typed).map_err(|sentence| Error::field("nome", sentence))?;
            rows::insert_category(tx, id, &name).await.map_err(taken)?;
            Ok((id, event("service_category_created", Action::Create, CATEGORIES, Some(id), json!({}))))
        })
        .await
}

/// Another name for a group, as long as it has the one that was seen.
///
/// # Errors
/// [`Error::Conflict`] when somebody renamed it meanwhile; [`Error::NotFound`] for another clinic's; otherwise as
/// [`create_category`].
pub async fn rename_category(app: &App, session: &Session, id: Uuid, seen: &str, typed: &str) -> Result<()> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            entered(tx)?;
            let name = label(typed).map_err(|sentence| Error::field("nome", sentence))?;
            if rows::categories(tx).await?.iter().all(|group| group.id != id) {
                return Err(Error::NotFound);
            }
            if !rows::rename_category(tx, id, seen, &name).await.map_err(taken)? {
                return Err(CHANGED);
            }
            Ok(((), event("service_category_renamed", Action::Update, CATEGORIES, Some(id), json!({}))))
        })
        .await
}

fn taken(error: StoreError) -> Error {
    match error {
        StoreError::Duplicate(rule) if rule == "service_types_name" => {
            Error::field("nome", "A clínica já tem um serviço com este nome.")
        }
        StoreError::Duplicate(rule) if rule == "service_categories_name" => {
            Error::field("nome", "A clínica já tem uma categoria com este nome.")
        }
        other => other.into(),
    }
}
