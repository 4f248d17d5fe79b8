//! The request's body, streamed: an image is never whole in base64, and what is sent of it is wiped.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use zeroize::Zeroizing;

use sigilo_image::Image;

/// Bytes of an image that are encoded at a time; a multiple of three, so that only the last chunk is padded.
const CHUNK: usize = 36 * 1024;

/// A part of a body.
#[derive(Clone)]
pub(crate) enum Segment {
    /// As it stands.
    Text(String),
    /// In base64.
    Image(Arc<Image>),
}

impl Segment {
    fn len(&self) -> u64 {
        match self {
            Segment::Text(text) => text.len() as u64,
            Segment::Image(image) => base64_len(image.bytes().len()) as u64,
        }
    }
}

/// How long `bytes` are in base64 with padding.
pub(crate) fn base64_len(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4
}

/// Segments on their way out. Each is dropped as soon as its last byte was taken.
pub(crate) struct Upload {
    segments: VecDeque<Segment>,
    /// Bytes of the first segment's image that were taken.
    taken: usize,
    left: u64,
}

impl Upload {
    pub(crate) fn new(segments: Vec<Segment>) -> Upload {
        let left = segments.iter().map(Segment::len).sum();
        Upload { segments: segments.into(), taken: 0, left }
    }

    fn next(&mut self) -> Option<Bytes> {
        loop {
            let bytes = match self.segments.front_mut()? {
                Segment::Text(text) => Bytes::from(std::mem::take(text)),
                Segment::Image(image) => {
                    let chunk = encode(image.bytes(), self.taken);
                    self.taken += CHUNK;
                    if self.taken < image.bytes().len() {
                        return Some(chunk);
                    }
                    self.taken = 0;
                    chunk
                }
            };
            self.segments.pop_front();
            if !bytes.is_empty() {
                return Some(bytes);
            }
        }
    }
}

fn encode(image: &[u8], from: usize) -> Bytes {
    let raw = image.get(from..).unwrap_or_default();
    let raw = raw.get(..CHUNK).unwrap_or(raw);
    let mut encoded = Zeroizing::new(vec![0; base64_len(raw.len())]);
    // The buffer has exactly the length that is needed.
    let written = STANDARD.encode_slice(raw, &mut encoded).unwrap_or(0);
    encoded.truncate(written);
    Bytes::from_owner(Wiped(encoded))
}

struct Wiped(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Infallible>>> {
        let next = self.next();
        self.left -= next.as_ref().map_or(0, |bytes| bytes.len() as u64);
        Poll::Ready(next.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
