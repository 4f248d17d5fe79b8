//! Who is asking: the client of any request, the session in its cookie, and the person behind it.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use sigilo_domain::Role;
use sigilo_features::session::{self, Viewer};
use sigilo_features::{Client, Error, Session};
use uuid::Uuid;

use crate::errors::{Answer, Wants};
use crate::shell::RequestId;
use crate::{Web, cookies, session as pages};

/// User agents are kept in the access log; longer ones carry nothing more.
const USER_AGENT_CHARS: usize = 512;

/// The client of a request.
pub(crate) struct Caller(pub(crate) Client);

impl FromRequestParts<Web> for Caller {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Answer> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let ip = address(peer, &parts.headers, web.settings.trusted_proxy)
            .ok_or_else(|| Answer::of_status(StatusCode::BAD_REQUEST))?;
        let request_id = parts.extensions.get::<RequestId>().map_or_else(Uuid::now_v7, |id| id.0);
        let user_agent = parts
            .headers
            .get(header::USER_AGENT)
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .unwrap_or_default()
            .chars()
            .filter(|c| !c.is_control())
            .take(USER_AGENT_CHARS)
            .collect();
        Ok(Caller(Client { ip, user_agent, request_id }))
    }
}

/// The address of the client. A proxy's header is believed only when a proxy is configured, and of
/// its list only the last entry, which that proxy itself wrote.
pub(crate) fn address(peer: Option<IpAddr>, headers: &HeaderMap, trusted_proxy: bool) -> Option<IpAddr> {
    let forwarded = || {
        let last = headers.get_all("x-forwarded-for").iter().next_back()?;
        last.to_str().ok()?.rsplit(',').next()?.trim().parse::<IpAddr>().ok()
    };
    let ip = if trusted_proxy { forwarded().or(peer) } else { peer };
    ip.map(|ip| ip.to_canonical())
}

/// The session named by the cookie, not yet proven to anyone.
pub(crate) struct Current(pub(crate) Session);

impl FromRequestParts<Web> for Current {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Answer> {
        let token = cookies::read(&parts.headers, cookies::SESSION).ok_or_else(|| Answer::from(Error::NotSignedIn))?;
        let Caller(client) = Caller::from_request_parts(parts, web).await?;
        Ok(Current(Session { token, client }))
    }
}

/// Anyone signed in, whatever is still to be done.
pub(crate) struct Visitor {
    pub(crate) session: Session,
    pub(crate) viewer: Viewer,
}

impl FromRequestParts<Web> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        let Current(session) = Current::from_request_parts(parts, web).await.map_err(IntoResponse::into_response)?;
        match session::viewer(&web.app, &session).await {
            Ok(viewer) => Ok(Visitor { session, viewer }),
            // A page asked for while locked is answered by the lock itself, which opens in place.
            Err(Error::Locked) if Wants::of(&parts.headers, &parts.uri) == Wants::Page => {
                Err(pages::lock_page(web, &session).await)
            }
            Err(error) => Err(Answer::from(error).into_response()),
        }
    }
}

/// A member who has nothing left to fill in.
pub(crate) struct Member {
    pub(crate) session: Session,
    pub(crate) viewer: Viewer,
}

impl FromRequestParts<Web> for Member {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        let Visitor { session, viewer } = Visitor::from_request_parts(parts, web).await?;
        if viewer.home() != crate::onboarding::PATH {
            return Ok(Member { session, viewer });
        }
        Err(match Wants::of(&parts.headers, &parts.uri) {
            Wants::Page => Redirect::to(crate::onboarding::PATH).into_response(),
            Wants::Fragment | Wants::Json => {
                Answer::from(Error::Forbidden("Complete o seu cadastro antes de continuar.")).into_response()
            }
        })
    }
}

/// A health professional: the only one who has conversations.
pub(crate) struct Professional {
    pub(crate) session: Session,
    pub(crate) viewer: Viewer,
}

impl FromRequestParts<Web> for Professional {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        let Member { session, viewer } = Member::from_request_parts(parts, web).await?;
        if viewer.has(Role::Professional) {
            return Ok(Professional { session, viewer });
        }
        let refused = Error::Forbidden("As conversas são só dos profissionais de saúde.");
        Err(Answer::from(refused).into_response())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_forwarded_address_needs_a_configured_proxy() {
        let peer = Some(IpAddr::from([192, 0, 2, 1]));
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("198.51.100.9, 203.0.113.7"));
        assert_eq!(address(peer, &headers, false), peer);
        assert_eq!(address(peer, &headers, true), Some(IpAddr::from([203, 0, 113, 7])));
        headers.insert("x-forwarded-for", HeaderValue::from_static("not an address"));
        assert_eq!(address(peer, &headers, true), peer);
    }
}
