//! The link of an invitation, shown once.

use askama::Template;
use sigilo_features::team::HOURS;

use crate::layout::Frame;

#[derive(Template)]
#[template(path = "team/invited.html")]
pub(crate) struct InvitedPage {
    pub(crate) frame: Frame,
    /// Whom it is for; empty for another link of somebody who is in the list.
    pub(crate) name: String,
    pub(crate) link: String,
}

impl InvitedPage {
    fn hours(&self) -> i32 {
        HOURS
    }
}
