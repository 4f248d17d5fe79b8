//! Lists of things that have little but a name: rooms, equipment, groups of services.

use axum::http::StatusCode;
use sigilo_features::Error;
use uuid::Uuid;

use crate::errors::Answer;

/// One of them.
pub(crate) struct Item {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    /// Whether it is in use; none for what is always.
    pub(crate) is_active: Option<bool>,
}

/// What was typed into a list and not accepted.
#[derive(Clone)]
pub(crate) struct Trouble {
    /// The thing to be renamed; none: the new one.
    pub(crate) at: Option<Uuid>,
    pub(crate) typed: String,
    pub(crate) error: String,
}

impl Trouble {
    /// Status and trouble, of what was typed wrong or cannot be any more.
    pub(super) fn of(at: Option<Uuid>, typed: &str, error: Error) -> Result<(StatusCode, Trouble), Answer> {
        let (status, error) = Answer::on_page(error)?;
        Ok((status, Trouble { at, typed: typed.to_owned(), error }))
    }
}

/// A list with its form for one more.
pub(crate) struct Named {
    /// Unique on its page.
    pub(crate) key: &'static str,
    pub(crate) title: &'static str,
    /// Where its forms lead.
    pub(crate) address: &'static str,
    /// The label of the form for one more.
    pub(crate) new: &'static str,
    pub(crate) empty: &'static str,
    pub(crate) items: Vec<Item>,
    pub(crate) trouble: Option<Trouble>,
}

impl Named {
    pub(super) fn trouble_at(&self, id: &Uuid) -> Option<&Trouble> {
        self.trouble.as_ref().filter(|trouble| trouble.at == Some(*id))
    }

    pub(super) fn trouble_new(&self) -> Option<&Trouble> {
        self.trouble.as_ref().filter(|trouble| trouble.at.is_none())
    }
}
