//! What a scan returns.

use std::ops::{Deref, Range};

use crate::kind::{Kind, Method};

/// One personal datum found in a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// What it is.
    pub kind: Kind,
    /// Byte offset of its first byte in the scanned text.
    pub start: usize,
    /// Byte offset just past its last byte.
    pub end: usize,
    /// Between 0 and 1; the ladder is documented in the crate's README.
    pub confidence: f32,
    /// The evidence.
    pub method: Method,
}

impl Detection {
    pub(crate) fn new(kind: Kind, start: usize, end: usize, method: Method) -> Self {
        Detection { kind, start, end, confidence: method.confidence(), method }
    }

    pub(crate) fn with_confidence(mut self, confidence: f32) -> Self {
        self.confidence = confidence;
        self
    }
}

/// The detections of one text: sorted by position, never overlapping, never empty spans,
/// and always on character boundaries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Detections(Vec<Detection>);

impl Detections {
    /// Sorts candidates and merges those that overlap: the union of their spans is removed, under
    /// the name of the one with the stronger claim.
    pub(crate) fn resolve(mut found: Vec<Detection>) -> Self {
        found.retain(|d| d.start < d.end);
        found.sort_by(|a, b| a.start.cmp(&b.start).then(b.end.cmp(&a.end)));
        let mut kept: Vec<Detection> = Vec::with_capacity(found.len());
        for next in found {
            match kept.last_mut() {
                Some(last) if next.start < last.end => {
                    let end = last.end.max(next.end);
                    if stronger(&next, last) {
                        *last = Detection { start: last.start, ..next };
                    }
                    last.end = end;
                }
                _ => kept.push(next),
            }
        }
        Detections(kept)
    }

    /// These detections without the names and places that lie wholly inside a `known` span: a term that is public by
    /// itself, such as a journal's title. Whatever reaches beyond it, and every number, stays found.
    pub fn outside(mut self, known: &[Range<usize>]) -> Detections {
        let let_go = |one: &Detection| {
            matches!(one.kind, Kind::Nome | Kind::Endereco)
                && known.iter().any(|span| span.start <= one.start && one.end <= span.end)
        };
        self.0.retain(|one| !let_go(one));
        self
    }

    /// These detections and those found in the text they leave, whose offsets count their tags.
    pub(crate) fn with_later(&self, later: &Detections) -> Self {
        let mut all = self.0.clone();
        let mut earlier = self.0.iter().peekable();
        // Bytes of the original and of the redacted text that end together, so far.
        let (mut original, mut redacted) = (0, 0);
        let mut back = |offset: usize, is_start: bool| {
            while let Some(d) = earlier.peek() {
                let tag = redacted + (d.start - original);
                if offset < tag || (!is_start && offset == tag) {
                    break;
                }
                let tag_end = tag + d.kind.tag().len();
                if offset < tag_end {
                    return if is_start { d.start } else { d.end };
                }
                (original, redacted) = (d.end, tag_end);
                earlier.next();
            }
            original + (offset - redacted)
        };
        for d in &later.0 {
            let start = back(d.start, true);
            let end = back(d.end, false);
            all.push(Detection { start, end, ..*d });
        }
        Detections::resolve(all)
    }
}

/// Marks made by hand win; otherwise the longer span, which explains more of the text.
fn stronger(a: &Detection, b: &Detection) -> bool {
    let rank = |d: &Detection| (d.method == Method::Manual, d.end - d.start);
    rank(a) > rank(b)
}

impl Deref for Detections {
    type Target = [Detection];

    fn deref(&self) -> &[Detection] {
        &self.0
    }
}

impl<'a> IntoIterator for &'a Detections {
    type Item = &'a Detection;
    type IntoIter = std::slice::Iter<'a, Detection>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
