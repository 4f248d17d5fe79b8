//! Whether the installation can work.

use crate::{App, Result};

/// Answers when the database answers.
///
/// # Errors
/// [`crate::Error::Unavailable`] when it does not.
pub async fn check(app: &App) -> Result<()> {
    Ok(app.db().check().await?)
}
