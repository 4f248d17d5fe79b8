//! The layers, around routes that need no database.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body_util::BodyExt;
use serde_json::Value;
use sigilo_features::{Error, Token};
use tower::ServiceExt;

use super::{Rate, Site, TrustedTypes, WebSettings, wrap};
use crate::body::{Fields, Payload};
use crate::errors::Answer;
use crate::{assets, cookies};

const ORIGIN: &str = "https://sigilo.example";

fn site_with(settings: WebSettings) -> Router {
    let routes = Router::new()
        .route("/ok", get(async || "ok").post(async || "done"))
        .route(
            "/strict",
            get(async || {
                let mut response = Response::new(Body::empty());
                response.extensions_mut().insert(TrustedTypes);
                response
            }),
        )
        .route("/form", post(async |fields: Fields| fields.text("a").to_owned()))
        .route("/json", post(async |Payload(value): Payload<Value>| value.to_string()))
        .route("/panic", get(async || -> &'static str { panic!("the patient is called Zé") }))
        .route("/locked", get(async || Answer::from(Error::Locked)))
        .route("/nobody", get(async || Answer::from(Error::NotSignedIn)))
        .route("/entrar/chave", post(async || "in"))
        .route("/api/v1/away", get(async || Answer::from(Error::Unavailable("o banco de dados"))))
        .merge(assets::routes());
    wrap(routes, &Site { origin: ORIGIN.to_owned(), demo: false, settings })
}

fn site() -> Router {
    site_with(WebSettings::default())
}

async fn send(
    router: Router,
    request: axum::http::request::Builder,
    body: impl Into<Body>,
) -> (StatusCode, HeaderMap, String) {
    let mut request = request.body(body.into()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 1))));
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8_lossy(&bytes).into_owned())
}

fn get_(path: &str) -> axum::http::request::Builder {
    Request::get(path)
}

fn own_post(path: &str) -> axum::http::request::Builder {
    Request::post(path).header("sec-fetch-site", "same-origin")
}

fn own_form(path: &str) -> axum::http::request::Builder {
    own_post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    for path in ["/ok", "/missing", "/panic", "/locked"] {
        let (_, headers, _) = send(site(), get_(path), "").await;
        let csp = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(csp.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{path}: {csp}");
        assert!(!csp.contains("unsafe"), "{path}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer", "{path}");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store", "{path}");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin", "{path}");
        assert!(headers.contains_key(header::STRICT_TRANSPORT_SECURITY), "{path}");
        assert!(headers.contains_key("x-request-id"), "{path}");
    }
    let (_, headers, _) = send(site(), get_("/strict"), "").await;
    assert!(headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("require-trusted-types-for 'script'"));
}

#[tokio::test]
async fn requests_of_other_sites_are_refused() {
    let sent = async |name: &str, value: &str| send(site(), Request::post("/ok").header(name, value), "").await.0;
    assert_eq!(send(site(), Request::post("/ok"), "").await.0, StatusCode::FORBIDDEN);
    assert_eq!(sent("sec-fetch-site", "same-origin").await, StatusCode::OK);
    for site in ["cross-site", "same-site", "none"] {
        assert_eq!(sent("sec-fetch-site", site).await, StatusCode::FORBIDDEN);
    }
    assert_eq!(sent("origin", ORIGIN).await, StatusCode::OK);
    assert_eq!(sent("origin", "null").await, StatusCode::FORBIDDEN);
    assert_eq!(sent("origin", "https://sigilo.example.evil").await, StatusCode::FORBIDDEN);
    let both = Request::post("/ok").header("sec-fetch-site", "cross-site").header("origin", ORIGIN);
    assert_eq!(send(site(), both, "").await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_failure_takes_the_form_that_the_asker_can_show() {
    let (status, headers, body) = send(site(), get_("/missing"), "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
    assert!(body.contains("Página não encontrada"));

    let (status, headers, body) = send(site(), get_("/missing").header("hx-request", "true"), "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(headers["hx-retarget"], "#avisos");
    assert!(!body.contains("<html"));

    let (status, headers, body) = send(site(), get_("/api/v1/away"), "").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
    assert!(headers.contains_key(header::RETRY_AFTER));
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(problem["status"], 503);
    assert_eq!(problem["detail"], "O banco de dados não está respondendo. Tente de novo em instantes.");

    let (status, headers, _) = send(site(), Request::delete("/ok").header("sec-fetch-site", "same-origin"), "").await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(headers.contains_key(header::ALLOW));
}

#[tokio::test]
async fn the_end_of_a_session_leads_to_sign_in_and_the_lock_is_told() {
    let (status, headers, _) = send(site(), get_("/nobody"), "").await;
    assert_eq!((status, &headers[header::LOCATION]), (StatusCode::SEE_OTHER, &"/entrar".parse().unwrap()));
    // A stream of events is no page: the lock's own page would be no events either.
    for accepted in ["application/json", "text/event-stream"] {
        let asked = get_("/locked").header(header::ACCEPT, accepted);
        let (status, headers, _) = send(site(), asked, "").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(headers["x-sigilo-sessao"], "bloqueada");
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
    }
}

#[tokio::test]
async fn a_panic_is_a_page_that_repeats_nothing() {
    let (status, _, body) = send(site(), get_("/panic"), "").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(body.contains("Algo deu errado") && !body.contains("Zé"));
}

#[tokio::test]
async fn bodies_are_bounded_and_must_be_text() {
    let (status, _, body) = send(site(), own_form("/form"), vec![b'a'; 129 * 1024]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(body.contains("grande demais"));

    let (status, _, body) = send(site(), own_form("/form"), "a=%FF").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("UTF-8"));
    let (status, _, _) = send(site(), own_form("/form"), "a=x%00y").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, _, body) = send(site(), own_form("/form"), "a=+pr%C3%B3xima%0Alinha+").await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "próxima\nlinha"));

    let json = || own_post("/json").header(header::ACCEPT, "application/json");
    let typed = || json().header(header::CONTENT_TYPE, "application/json; charset=utf-8");
    assert_eq!(send(site(), json(), "{}").await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let (status, headers, body) = send(site(), typed(), r#"{"cpf": 123.456"#).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
    assert!(!body.contains("123.456"));
    assert_eq!(send(site(), typed(), "{}").await.0, StatusCode::OK);
}

#[tokio::test]
async fn tries_on_the_way_in_are_limited() {
    let strict = Rate { burst: 2, per_second: 0.1 };
    let router = site_with(WebSettings { sign_in_rate: strict, ..WebSettings::default() });
    for _ in 0..2 {
        assert_eq!(send(router.clone(), own_post("/entrar/chave"), "").await.0, StatusCode::OK);
    }
    let (status, headers, _) = send(router.clone(), own_post("/entrar/chave"), "").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(headers.contains_key(header::RETRY_AFTER));
    assert_eq!(send(router, get_("/ok"), "").await.0, StatusCode::OK);
}

#[tokio::test]
async fn assets_are_kept_for_ever_and_come_compressed() {
    let url = assets::url("app.css");
    let (status, headers, _) = send(site(), get_(&url).header(header::ACCEPT_ENCODING, "gzip, br"), "").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[header::CONTENT_ENCODING], "br");
    assert_eq!(headers[header::CONTENT_TYPE], "text/css; charset=utf-8");
    assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    let tag = headers[header::ETAG].clone();

    let (_, headers, _) = send(site(), get_(&url).header(header::ACCEPT_ENCODING, "br;q=0"), "").await;
    assert!(!headers.contains_key(header::CONTENT_ENCODING));
    let again = get_(&url).header(header::ACCEPT_ENCODING, "br").header(header::IF_NONE_MATCH, tag);
    let (status, _, body) = send(site(), again, "").await;
    assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));

    for missing in ["/assets/manifest.json", "/assets/none.css", "/assets/..%2Fpackage.json"] {
        assert_eq!(send(site(), get_(missing), "").await.0, StatusCode::NOT_FOUND, "{missing}");
    }
}

#[test]
fn cookies_are_for_this_host_over_https_only() {
    let token = Token::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").unwrap();
    let response = cookies::signed_in(&token).into_response();
    let set: Vec<&str> = response.headers().get_all(header::SET_COOKIE).iter().map(|v| v.to_str().unwrap()).collect();
    assert_eq!(set.len(), 2);
    for cookie in &set {
        assert!(cookie.starts_with("__Host-"));
        assert!(cookie.contains("; Path=/; HttpOnly; Secure; SameSite=Lax"));
        assert!(!cookie.contains("Domain"));
    }
    assert!(set[1].starts_with("__Host-sigilo-entrada=;") && set[1].ends_with("Max-Age=0"));

    let mut headers = HeaderMap::new();
    headers.insert(header::COOKIE, format!("a=b; __Host-sigilo={}", token.expose()).parse().unwrap());
    assert!(cookies::read(&headers, cookies::SESSION).is_some());
    headers.append(header::COOKIE, format!("__Host-sigilo={}", token.expose()).parse().unwrap());
    assert!(cookies::read(&headers, cookies::SESSION).is_none(), "a name sent twice is not believed");
}
