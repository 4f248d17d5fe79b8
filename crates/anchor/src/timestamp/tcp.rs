//! Over a socket (RFC 3161, § 3.3): a length of four bytes, a flag, and a value. The length counts flag and value.

use sigilo_proof::timestamp::MAX_RESPONSE;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::Url;

use super::{StampError, TCP_PORT};

/// A request, and with some authorities also the answer.
const TSA_MESSAGE: u8 = 0;
const POLL_REPLY: u8 = 1;
const NEGATIVE_POLL_REPLY: u8 = 3;
const PARTIAL_MESSAGE: u8 = 4;
const FINAL_MESSAGE: u8 = 5;
const ERROR_MESSAGE: u8 = 6;

pub(super) async fn stamp(url: &Url, request: &[u8]) -> Result<Vec<u8>, StampError> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let broken = |_| StampError::Unreachable;
    let mut stream = TcpStream::connect((host, url.port().unwrap_or(TCP_PORT))).await.map_err(broken)?;
    let length = u32::try_from(request.len() + 1).map_err(|_| StampError::TooLong)?;
    let message = [&length.to_be_bytes()[..], &[TSA_MESSAGE], request].concat();
    stream.write_all(&message).await.map_err(broken)?;

    let length = stream.read_u32().await.map_err(broken)? as usize;
    // A length of nothing has no flag.
    let length = length.checked_sub(1).ok_or(StampError::Malformed)?;
    match stream.read_u8().await.map_err(broken)? {
        TSA_MESSAGE | FINAL_MESSAGE => {}
        POLL_REPLY | PARTIAL_MESSAGE => return Err(StampError::Polling),
        NEGATIVE_POLL_REPLY | ERROR_MESSAGE => return Err(StampError::Refused),
        _ => return Err(StampError::Malformed),
    }
    if length > MAX_RESPONSE {
        return Err(StampError::TooLong);
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await.map_err(broken)?;
    Ok(answer)
}
