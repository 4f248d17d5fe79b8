//! Text to tokens: case, accents, plural and gender away; what separates two words kept.

/// What stands between a word and the one before it, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gap {
    /// A hyphen or slash.
    Joined,
    /// Nothing but space.
    Space,
    /// Comma, bracket or dash.
    Comma,
    /// A colon.
    Colon,
    /// The end of a sentence.
    Stop,
    /// The end of a line.
    Line,
}

/// A word, number or mark.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    /// Lower case without accents.
    pub text: String,
    /// Without plural and gender.
    pub stem: String,
    /// Byte range in the note.
    pub span: (usize, usize),
    /// What stands before it.
    pub gap: Gap,
}

/// The letter in lower case without accent; none for a combining mark.
fn fold(c: char) -> Option<char> {
    Some(match c.to_lowercase().next().unwrap_or(c) {
        'á' | 'à' | 'â' | 'ã' | 'ä' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        '\u{300}'..='\u{36f}' => return None,
        other => other,
    })
}

/// Lower case without accents.
pub(crate) fn folded(text: &str) -> String {
    text.chars().filter_map(fold).collect()
}

/// A folded word without plural and gender. Crude on purpose: lexicon and note go through the same.
pub(crate) fn stem(word: &str) -> String {
    if word.len() <= 3 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return word.to_owned();
    }
    let mut base = word.to_owned();
    let endings: [(&str, &str); 7] =
        [("oes", "ao"), ("aes", "ao"), ("ais", "al"), ("eis", "el"), ("ns", "m"), ("res", "r"), ("zes", "z")];
    if let Some((ending, singular)) = endings.iter().find(|(ending, _)| word.ends_with(ending)) {
        base.truncate(word.len() - ending.len());
        base.push_str(singular);
    } else if word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("is") && !word.ends_with("us") {
        base.pop();
    }
    // Shorter ones would fall together: `peso` and `pés`.
    if base.len() > 4 && base.ends_with(['a', 'o', 'e']) && !base.ends_with("ao") {
        base.pop();
    }
    base
}

/// Splits a note into tokens. Tags as `[NOME REMOVIDO]` leave nothing behind.
pub(crate) fn tokens(note: &str) -> Vec<Token> {
    let chars: Vec<(usize, char)> = note.char_indices().collect();
    let at = |index: usize| chars.get(index).map(|(_, c)| *c);
    let offset = |index: usize| chars.get(index).map_or(note.len(), |(at, _)| *at);
    let mut found: Vec<Token> = Vec::new();
    let mut gap = Gap::Line;
    let mut index = 0;
    while let Some(c) = at(index) {
        if c == '['
            && let Some(length) = tag_length(&chars[index..])
        {
            index += length;
            gap = gap.max(Gap::Space);
            continue;
        }
        if c == '(' && matches!(at(index + 1), Some('+' | '-')) && at(index + 2) == Some(')') {
            let text: String = chars[index..index + 3].iter().map(|(_, c)| *c).collect();
            found.push(Token { stem: text.clone(), text, span: (offset(index), offset(index + 3)), gap });
            gap = Gap::Joined;
            index += 3;
            continue;
        }
        if !c.is_alphanumeric() {
            gap = gap.max(separator(c, at(index.wrapping_sub(1)), at(index + 1)));
            index += 1;
            continue;
        }
        let start = index;
        let number = c.is_ascii_digit();
        while let Some(c) = at(index) {
            let decimal = number
                && matches!(c, ',' | '.')
                && at(index - 1).is_some_and(|c| c.is_ascii_digit())
                && at(index + 1).is_some_and(|c| c.is_ascii_digit());
            let inside = if number { c.is_ascii_digit() || decimal } else { c.is_alphanumeric() || fold(c).is_none() };
            if !inside {
                break;
            }
            index += 1;
        }
        let text: String = chars[start..index].iter().filter_map(|(_, c)| fold(*c)).collect();
        found.push(Token { stem: stem(&text), text, span: (offset(start), offset(index)), gap });
        gap = Gap::Joined;
    }
    if let Some(first) = found.first_mut() {
        first.gap = Gap::Line;
    }
    found
}

fn separator(c: char, before: Option<char>, after: Option<char>) -> Gap {
    match c {
        '\n' | '\r' => Gap::Line,
        '.' | ';' | '!' | '?' | '•' => Gap::Stop,
        ':' | '=' => Gap::Colon,
        ',' | '(' | ')' | '–' | '—' => Gap::Comma,
        '-' if before.is_none_or(char::is_whitespace) && after.is_none_or(char::is_whitespace) => Gap::Comma,
        c if c.is_whitespace() => Gap::Space,
        _ => Gap::Joined,
    }
}

/// Length in characters of a de-identification tag at the start, if there is one.
fn tag_length(chars: &[(usize, char)]) -> Option<usize> {
    let end = chars.iter().take(60).position(|(_, c)| *c == ']')?;
    let inner = chars.get(1..end)?;
    let tag = !inner.is_empty()
        && inner
            .iter()
            .all(|(_, c)| c.is_uppercase() || c.is_ascii_digit() || matches!(c, ' ' | '_' | '-' | ':' | '/'));
    tag.then_some(end + 1)
}

/// A number with Portuguese or English decimals.
pub(crate) fn number(text: &str) -> Option<f32> {
    if text.bytes().next().is_some_and(|b| b.is_ascii_digit()) { text.replace(',', ".").parse().ok() } else { None }
}
