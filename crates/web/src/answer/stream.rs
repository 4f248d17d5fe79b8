//! An answer while it is being written, as server-sent events.
//!
//! The model's words travel as text and are inserted as text; everything with markup is rendered here.

use std::convert::Infallible;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use sigilo_features::answer::{self, Again, Cited, Reference, Shown, Trouble, Update, Watch};
use sigilo_features::{App, Error};
use time::OffsetDateTime;
use uuid::Uuid;

use super::view::{HypothesisView, Link, ReferenceView, View, search};
use super::{Ended, Failure, words};
use crate::errors::Answer;
use crate::visitor::Professional;

/// Between two comments that keep proxies from closing a silent connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What the page is told, one event each.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Said {
    /// What is going on.
    Phase { text: String },
    /// Text for the end of a part.
    Text { to: &'static str, text: String },
    /// Markup for the end of a part.
    Add { to: &'static str, html: String },
    /// Markup in the place of an element.
    Swap { id: String, html: String },
    /// The answer as it stays, and what a screen reader hears. The last one.
    End { html: String, text: String },
}

#[derive(Template)]
#[template(path = "answer/hypothesis.html")]
struct HypothesisItem {
    one: HypothesisView,
}

#[derive(Template)]
#[template(path = "answer/reference.html")]
struct ReferenceItem<'a> {
    reference: &'a ReferenceView,
}

#[derive(Template)]
#[template(path = "answer/search.html")]
struct SearchItem {
    link: Link,
}

#[derive(Template)]
#[template(source = "<li>{{ text }}</li>", ext = "html")]
struct TextItem<'a> {
    text: &'a str,
}

#[derive(Template)]
#[template(
    source = "<p class=\"answer-note\">{{ crate::layout::icon(\"info\") }}<span>{{ text }}</span></p>",
    ext = "html"
)]
struct Note<'a> {
    text: &'a str,
}

/// Turns updates into events; remembers the citations, which their verdicts do not repeat.
struct Teller {
    answer: Uuid,
    conversation: Uuid,
    question: Option<Uuid>,
    cited: Vec<Cited>,
}

impl Teller {
    fn tell(&mut self, update: Update, now: OffsetDateTime) -> Option<Said> {
        let rendered = match update {
            Update::Phase(phase) => return Some(Said::Phase { text: words::phase(phase) }),
            Update::Reasoning(text) => return Some(Said::Text { to: "raciocinio", text }),
            Update::ImageText(text) => return Some(Said::Text { to: "imagem", text }),
            Update::Abstention(text) => return Some(Said::Text { to: "abstencao", text }),
            Update::Notice(text) => add("avisos", &Note { text: &text }),
            Update::Hypothesis(at, hypothesis) => {
                add("hipoteses", &HypothesisItem { one: HypothesisView::new(at, hypothesis) })
            }
            Update::Alarm(text) => add("alarmes", &TextItem { text: &text }),
            Update::Missing(text) => add("perguntas", &TextItem { text: &text }),
            Update::Search(one) => add("buscas", &SearchItem { link: search(&one) }),
            Update::Reference(at, cited) => {
                let view = ReferenceView::pending(self.answer, self.conversation, at + 1, &cited);
                self.cited.push(cited);
                add("referencias", &ReferenceItem { reference: &view })
            }
            Update::Checked(at, check) => {
                let cited = self.cited.get(at)?.clone();
                let reference = Reference { cited, check: *check, checked_at: now };
                let mut view = ReferenceView::checked(self.answer, self.conversation, at + 1, &reference);
                // There is nothing stored yet that could be verified again.
                if let Some(checked) = &mut view.checked {
                    checked.may_retry = false;
                }
                let id = format!("ref-{}-{}", self.answer, at + 1);
                ReferenceItem { reference: &view }.render().map(|html| Said::Swap { id, html })
            }
            Update::Done(shown) => self.done(*shown),
            Update::Failed(trouble) => self.failed(trouble),
        };
        // A template that cannot be rendered leaves a gap; the stored answer follows all the same.
        rendered.inspect_err(|error| tracing::error!(%error, "an event was not rendered")).ok()
    }

    fn done(&self, shown: Shown) -> Result<Said, askama::Error> {
        let view = View::stored(shown, self.conversation);
        let text = view.announcement();
        Ok(Said::End { html: Ended { view: Some(view), failure: None }.render()?, text })
    }

    fn failed(&self, trouble: Trouble) -> Result<Said, askama::Error> {
        let question = trouble.kept.as_ref().map(|kept| kept.question).or(self.question);
        let alone = trouble.again == Again::Alone;
        let failure = Failure {
            id: self.answer,
            sentence: trouble.sentence.clone(),
            retry: question.filter(|_| trouble.again != Again::No).map(|question| (self.conversation, question)),
            alone,
            button: if alone { "Tentar sem as mensagens anteriores" } else { "Tentar de novo" },
        };
        let view = trouble.kept.map(|kept| View::stored(*kept, self.conversation));
        Ok(Said::End { html: Ended { view, failure: Some(failure) }.render()?, text: trouble.sentence })
    }
}

fn add(to: &'static str, item: &impl Template) -> Result<Said, askama::Error> {
    Ok(Said::Add { to, html: item.render()? })
}

fn event(said: &Said) -> Result<Event, Infallible> {
    Ok(Event::default().json_data(said).unwrap_or(Event::DEFAULT_KEEP_ALIVE))
}

/// What the answer answers; only for asking again, which has its own checks.
#[derive(Deserialize)]
pub(super) struct Asked {
    pergunta: Option<Uuid>,
}

/// An answer that is being written, from its beginning. One that is stored already comes whole, for the page that
/// lost its connection meanwhile; for any other there is no content, which ends the browser's tries.
pub(super) async fn follow(
    State(app): State<App>,
    who: Professional,
    Path((conversation, id)): Path<(String, String)>,
    Query(Asked { pergunta: question }): Query<Asked>,
) -> Result<Response, Answer> {
    let conversation = Answer::identifier(&conversation)?;
    let id = Answer::identifier(&id)?;
    let mut teller = Teller { answer: id, conversation, question, cited: Vec::new() };
    match answer::watch(&app, &who.session, id).await {
        Ok(watch) => Ok(streamed(watched(watch, teller, app))),
        Err(Error::NotFound) => match answer::one(&app, &who.session, id).await {
            Ok(shown) => Ok(streamed(stream::iter(teller.tell(Update::Done(Box::new(shown)), app.now())))),
            Err(Error::NotFound) => Ok(StatusCode::NO_CONTENT.into_response()),
            Err(error) => Err(error.into()),
        },
        Err(error) => Err(error.into()),
    }
}

fn watched(watch: Watch, teller: Teller, app: App) -> impl Stream<Item = Said> + Send + 'static {
    stream::unfold((watch, teller, app), async |(mut watch, mut teller, app)| {
        loop {
            let update = watch.next().await?;
            if let Some(said) = teller.tell(update, app.now()) {
                return Some((said, (watch, teller, app)));
            }
        }
    })
}

fn streamed(said: impl Stream<Item = Said> + Send + 'static) -> Response {
    let events = said.map(|said| event(&said));
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that gather an answer before they pass it on would undo the stream.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::Router;
    use axum::body::Body;
    use axum::extract::ConnectInfo;
    use axum::http::{HeaderMap, Request};
    use http_body_util::BodyExt;
    use sigilo_features::answer::{Phase, Reason, Verdict};
    use tower::ServiceExt;

    use super::*;
    use crate::answer::sample;
    use crate::shell::{Site, WebSettings, wrap};

    fn teller() -> Teller {
        Teller {
            answer: Uuid::from_u128(9),
            conversation: Uuid::from_u128(1),
            question: Some(Uuid::from_u128(7)),
            cited: Vec::new(),
        }
    }

    fn told(update: Update) -> Said {
        teller().tell(update, sample::AT).unwrap()
    }

    #[test]
    fn phases_are_words() {
        let phase = |phase| told(Update::Phase(phase));
        assert_eq!(phase(Phase::Asked), Said::Phase { text: "Enviando a pergunta…".to_owned() });
        assert_eq!(phase(Phase::Retrying(2)), Said::Phase { text: "Tentando de novo (2)…".to_owned() });
        assert_eq!(phase(Phase::Writing), Said::Phase { text: "Escrevendo…".to_owned() });
        assert_eq!(phase(Phase::Verifying), Said::Phase { text: "Conferindo referências…".to_owned() });
    }

    #[test]
    fn running_text_stays_text_and_markup_in_it_is_escaped() {
        let attack = "<img src=x onerror=alert(1)>";
        assert_eq!(
            told(Update::Reasoning(attack.to_owned())),
            Said::Text { to: "raciocinio", text: attack.to_owned() }
        );
        let mut hypothesis = sample::shown().answer.hipoteses.remove(0);
        hypothesis.nome = attack.to_owned();
        hypothesis.a_favor = vec![attack.to_owned()];
        let cited = Cited { title: attack.to_owned(), ..Cited::default() };
        for update in [
            Update::Alarm(attack.to_owned()),
            Update::Missing(attack.to_owned()),
            Update::Notice(attack.to_owned()),
            Update::Hypothesis(0, hypothesis),
            Update::Reference(0, cited),
        ] {
            let Said::Add { html, .. } = told(update) else { panic!("markup is added") };
            assert!(!html.contains("<img") && html.contains("&#60;img"), "{html}");
        }
    }

    #[test]
    fn a_verdict_takes_the_place_of_its_reference() {
        let mut teller = teller();
        let reference = sample::reference(Verdict::NotFound, Some(Reason::AuthorshipMismatch));
        let Some(Said::Add { to: "referencias", html }) =
            teller.tell(Update::Reference(0, reference.cited), sample::AT)
        else {
            panic!("a reference is added")
        };
        assert!(html.contains("verificando…") && !html.contains("Verificada"));
        let Some(Said::Swap { id, html }) = teller.tell(Update::Checked(0, Box::new(reference.check)), sample::AT)
        else {
            panic!("a verdict is swapped in")
        };
        assert!(html.contains(&format!("id=\"{id}\"")));
        assert!(html.contains("Não encontrada") && html.contains("a autoria não confere"));
    }

    #[test]
    fn a_verdict_without_its_reference_says_nothing() {
        let check = sample::check(Verdict::Verified, None);
        assert!(teller().tell(Update::Checked(3, Box::new(check)), sample::AT).is_none());
    }

    #[test]
    fn the_end_is_what_a_reload_would_show() {
        let shown = sample::shown();
        let Said::End { html, text } = told(Update::Done(Box::new(shown.clone()))) else { panic!("the end") };
        let again = Ended { view: Some(View::stored(shown, Uuid::from_u128(1))), failure: None }.render().unwrap();
        assert_eq!(html, again);
        assert!(html.contains(crate::answer::DISCLAIMER) && !html.contains("data-stream"));
        assert!(text.starts_with("Resposta completa: 2 hipóteses"));
    }

    #[test]
    fn a_failure_keeps_what_came_and_offers_another_try() {
        let trouble =
            |again, kept| Trouble { code: "cut", sentence: "A conexão com o modelo caiu.".to_owned(), again, kept };
        let kept = Shown { complete: false, ..sample::shown() };
        let Said::End { html, .. } = told(Update::Failed(trouble(Again::Same, Some(Box::new(kept))))) else {
            panic!("the end")
        };
        assert!(html.contains("Interrompida") && html.contains("Tentar de novo") && html.contains("A conexão"));
        let Said::End { html, .. } = told(Update::Failed(trouble(Again::No, None))) else { panic!("the end") };
        assert!(!html.contains("<form") && html.contains("A conexão"));
        let Said::End { html, .. } = told(Update::Failed(trouble(Again::Alone, Some(Box::new(sample::shown())))))
        else {
            panic!("the end")
        };
        assert!(html.contains("Tentar sem as mensagens anteriores") && html.contains(r#"name="historico""#));
    }

    /// What a browser gets from a route inside the whole shell.
    async fn got<S: Stream<Item = Said> + Send + 'static>(
        said: impl FnOnce() -> S + Clone + Send + Sync + 'static,
    ) -> (HeaderMap, String) {
        let route = axum::routing::get(async move || streamed(said()));
        let site = Site { origin: "https://sigilo.example".to_owned(), demo: false, settings: WebSettings::default() };
        let mut request = Request::get("/fluxo").body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 1))));
        let response = wrap(Router::new().route_service("/fluxo", route), &site).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn an_event_is_one_line_of_json() {
        let text = "a\r\nb\n\ndata: c".to_owned();
        let (headers, body) = got({
            let text = text.clone();
            move || stream::iter([Said::Text { to: "raciocinio", text }])
        })
        .await;
        let lines: Vec<&str> = body.lines().filter(|line| !line.is_empty()).collect();
        let [line] = lines[..] else { panic!("{lines:?}") };
        let said: serde_json::Value = serde_json::from_str(line.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(said, serde_json::json!({ "kind": "text", "to": "raciocinio", "text": text }));
        assert_eq!(headers[header::CONTENT_TYPE], "text/event-stream");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(headers["x-accel-buffering"], "no");
        assert!(!headers.contains_key(header::CONTENT_ENCODING));
    }

    /// An answer may take minutes: the shell's limit of time is for the head, and silence is filled with comments.
    #[tokio::test(start_paused = true)]
    async fn a_slow_answer_is_kept_alive_and_not_cut() {
        let late = || {
            stream::once(async {
                tokio::time::sleep(Duration::from_secs(100)).await;
                Said::Phase { text: "Escrevendo…".to_owned() }
            })
        };
        let (_, body) = got(late).await;
        assert_eq!(body.lines().filter(|line| *line == ":").count(), 6, "{body}");
        assert!(body.ends_with("data: {\"kind\":\"phase\",\"text\":\"Escrevendo…\"}\n\n"));
    }
}
