//! Those who received data and must be told what was done about it.

use axum::extract::{Path, State};
use axum::response::Response;
use sigilo_features::App;
use sigilo_features::rights::{self, Notice};
use uuid::Uuid;

use super::desk::then;
use crate::body::Fields;
use crate::errors::Answer;
use crate::format;
use crate::visitor::Member;

/// One of them, with what to say.
pub(super) struct NoticeRow {
    pub(super) id: Uuid,
    pub(super) who: &'static str,
    pub(super) recipient: String,
    pub(super) what: String,
    /// When and by whom it was kept as done, and how.
    pub(super) done: Option<(String, String, String)>,
}

impl NoticeRow {
    pub(super) fn new(notice: Notice, right: &str) -> NoticeRow {
        let (who, has) = match notice.kind.as_str() {
            "language_model" => ("Serviço de IA", "Recebeu as perguntas desta pessoa, já sem identificação direta."),
            _ => ("Serviço de entrada", "Sabe que esta pessoa entra no Sigilo com a conta de lá."),
        };
        let ask = match right {
            "correction" => "Diga o que foi corrigido e peça que corrija também.",
            "restriction" => "Diga o que foi anonimizado, bloqueado ou eliminado e peça que faça o mesmo.",
            _ => "Diga que a conta foi excluída e peça que elimine o que ainda guarda.",
        };
        let done = notice.done_at.map(|at| {
            let by = notice.done_by_name.unwrap_or_else(|| "pessoa que já saiu da clínica".to_owned());
            (format::moment(&at), by, notice.evidence.unwrap_or_default())
        });
        NoticeRow { id: notice.id, who, recipient: notice.recipient, what: format!("{has} {ask}"), done }
    }
}

/// How many are still to be told, in words.
pub(super) fn open(count: i64) -> Option<String> {
    match count {
        0 => None,
        1 => Some("Falta 1 aviso".to_owned()),
        more => Some(format!("Faltam {more} avisos")),
    }
}

pub(super) async fn tell(
    State(app): State<App>,
    who: Member,
    Path((id, notice)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Answer> {
    let (id, notice) = (Answer::identifier(&id)?, Answer::identifier(&notice)?);
    let evidence = fields.text("prova");
    let done = rights::tell(&app, &who.session, id, notice, evidence).await;
    then(&app, &who, id, done, evidence).await
}
