//! Over HTTP (RFC 3161, § 3.4).

use reqwest::{
    StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use sigilo_proof::timestamp::MAX_RESPONSE;

use super::{Authority, StampError};
use crate::{
    Client,
    http::{Broken, body, media_type},
};

const QUERY: &str = "application/timestamp-query";
const REPLY: &str = "application/timestamp-reply";

pub(super) async fn stamp(client: &Client, authority: &Authority, request: &[u8]) -> Result<Vec<u8>, StampError> {
    let mut post = client.post(authority.url.clone()).header(CONTENT_TYPE, QUERY).header(ACCEPT, REPLY);
    if let Some(login) = &authority.login {
        post = post.basic_auth(&login.user, Some(login.password.as_str()));
    }
    let response = post.body(request.to_vec()).send().await.map_err(Broken::from)?;
    if response.status() != StatusCode::OK {
        return Err(StampError::Status(response.status().as_u16()));
    }
    if media_type(&response).as_deref() != Some(REPLY) {
        return Err(StampError::ContentType);
    }
    Ok(body(response, MAX_RESPONSE).await?)
}
