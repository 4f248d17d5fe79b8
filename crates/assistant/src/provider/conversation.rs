//! A request's turns as the messages of a wire format.

use serde::Serialize;

use super::body::{Segment, base64_len};
use super::{BuildError, Capabilities, Failure, Remote, Request, http};
use crate::answer::prompt;

/// A message that is only text.
#[derive(Serialize)]
pub(super) struct Message {
    pub(super) role: &'static str,
    pub(super) content: String,
}

/// The messages before the doctor's last one, and the text of that.
pub(super) fn messages(request: &Request) -> Result<(Vec<Message>, String), Failure> {
    let (last, before) = request.turns.split_last().ok_or(Failure::Rejected)?;
    if !last.from_doctor {
        return Err(Failure::Rejected);
    }
    let before = before
        .iter()
        // A conversation begins with a question, and empty messages are refused.
        .skip_while(|turn| !turn.from_doctor)
        .filter(|turn| !turn.text.trim().is_empty())
        .map(|turn| match turn.from_doctor {
            true => Message { role: "user", content: prompt::enclose(&turn.text) },
            false => Message { role: "assistant", content: turn.text.to_string() },
        })
        .collect();
    Ok((before, prompt::enclose(&last.text)))
}

/// Refuses images that the model would not take, before anything is sent.
pub(super) fn check_images(request: &Request, capabilities: &Capabilities) -> Result<(), Failure> {
    let fit = |bytes: usize| capabilities.images && base64_len(bytes) <= capabilities.max_image_base64;
    if request.images.iter().all(|image| fit(image.bytes().len())) { Ok(()) } else { Err(Failure::Image) }
}

/// A body whose `messages` end with one of blocks, the images among them. `head` is the rest of the object and
/// `before` the messages before; each image stands between its `frame`.
pub(super) fn with_images(
    head: &impl Serialize,
    before: &[Message],
    request: &Request,
    frame: impl Fn(&str) -> (String, &'static str),
    text: &str,
) -> Result<Vec<Segment>, Failure> {
    let mut open = to_json(head)?;
    // The closing brace comes at the end.
    open.pop();
    open.push_str(",\"messages\":[");
    for message in before {
        open.push_str(&to_json(message)?);
        open.push(',');
    }
    open.push_str("{\"role\":\"user\",\"content\":[");
    let mut segments = Vec::with_capacity(2 * request.images.len() + 1);
    for image in &request.images {
        let (start, end) = frame(image.format().mime());
        open.push_str(&start);
        segments.push(Segment::Text(std::mem::take(&mut open)));
        segments.push(Segment::Image(image.clone()));
        open.push_str(end);
        open.push(',');
    }
    open.push_str("{\"type\":\"text\",\"text\":");
    open.push_str(&to_json(text)?);
    open.push_str("}]}]}");
    segments.push(Segment::Text(open));
    Ok(segments)
}

pub(super) fn to_json(value: &(impl Serialize + ?Sized)) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|_| Failure::Rejected)
}

/// Whether the address may be spoken to: `https` anywhere; plain `http` only where no stranger listens, which is this
/// machine and private addresses or names without a dot, as in a container network.
pub(super) fn check_address(remote: &Remote) -> Result<(), BuildError> {
    match remote.base.scheme() {
        "https" => Ok(()),
        "http" if http::is_private(&remote.base) => Ok(()),
        _ => Err(BuildError::Address),
    }
}
