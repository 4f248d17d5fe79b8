//! Tags that are already in the text.

use crate::kind::Kind;

/// The end of the tag that starts at the "[" at `start`, if one does.
pub(crate) fn tag_end(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    if !rest.as_bytes().get(1).is_some_and(u8::is_ascii_uppercase) {
        return None;
    }
    Kind::ALL.iter().map(|k| k.tag()).find(|tag| rest.starts_with(tag)).map(|tag| start + tag.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_tags_only() {
        assert_eq!(tag_end("a [RG REMOVIDO]", 2), Some(15));
        assert_eq!(tag_end("[RG REMOVIDA]", 0), None);
        assert_eq!(tag_end("[", 0), None);
    }
}
