//! Where the message in a signature's hole ends: what is left of the room is filled with zeros.

const MAX_DEPTH: usize = 32;

/// The message, when nothing but zeros comes behind it.
pub(super) fn message(contents: &[u8]) -> Option<&[u8]> {
    let length = element(contents, 0)?;
    let (message, rest) = contents.split_at_checked(length)?;
    rest.iter().all(|byte| *byte == 0).then_some(message)
}

/// The length of one element of BER with its header (X.690, § 8.1), indefinite lengths included.
fn element(bytes: &[u8], depth: usize) -> Option<usize> {
    if depth > MAX_DEPTH {
        return None;
    }
    let (&tag, rest) = bytes.split_first()?;
    // Tags of more than one byte do not occur in a signed message.
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (&first, rest) = rest.split_first()?;
    match first {
        0x80 => {
            let mut at = 2;
            while !bytes.get(at..)?.starts_with(&[0, 0]) {
                at = at.checked_add(element(bytes.get(at..)?, depth + 1)?)?;
            }
            at.checked_add(2)
        }
        short @ 0..=0x7f => Some(2 + usize::from(short)),
        long => {
            let count = usize::from(long & 0x7f);
            if count > 4 {
                return None;
            }
            let length = rest.get(..count)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            length.checked_add(2 + count)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_ends_by_its_length_or_its_mark() {
        assert_eq!(message(&[0x30, 1, 5, 0, 0]), Some([0x30, 1, 5].as_slice()));
        assert_eq!(message(&[0x30, 0x81, 1, 5]), Some([0x30, 0x81, 1, 5].as_slice()));
        let indefinite = [0x30, 0x80, 0x24, 0x80, 4, 1, 0, 0, 0, 0, 0];
        assert_eq!(message(&[&indefinite[..], &[0, 0, 0]].concat()), Some(indefinite.as_slice()));
    }

    #[test]
    fn nothing_hides_behind_a_message() {
        assert_eq!(message(&[0x30, 1, 5, 0, 7]), None);
        for broken in
            [&[][..], &[0x30], &[0x30, 2, 5], &[0x30, 0x80, 4, 0], &[0x30, 0x85, 0, 0, 0, 0, 1], &[0x1f, 1, 1]]
        {
            assert_eq!(message(broken), None, "{broken:?}");
        }
        assert_eq!(message(&[0x30, 0x80].repeat(1000)), None);
    }
}
