//! A person's full name as typed.

/// Tidies a full name: trims it and joins inner white space.
///
/// Returns a sentence in Portuguese when it cannot be a name: shorter than three letters, longer
/// than 200 characters, with control characters, or without a single letter.
///
/// # Errors
/// The sentence to show beside the field.
pub fn full_name(typed: &str) -> Result<String, &'static str> {
    let tidy = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if tidy.is_empty() {
        return Err("Informe o nome completo.");
    }
    if tidy.chars().count() > 200 {
        return Err("O nome pode ter até 200 caracteres.");
    }
    if tidy
        .chars()
        .any(|c| c.is_control() || matches!(c, '<' | '>' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
    {
        return Err("O nome tem caracteres que não podem ser usados.");
    }
    if tidy.chars().filter(|c| c.is_alphabetic()).count() < 3 {
        return Err("Informe o nome completo, como no documento.");
    }
    Ok(tidy)
}

/// Normalises an e-mail address: trimmed and in lower case.
///
/// The check is that of a form, not of RFC 5322: one `@`, something before it, a dotted domain after it.
///
/// # Errors
/// The sentence to show beside the field.
pub fn email(typed: &str) -> Result<String, &'static str> {
    const WRONG: &str = "Informe um e-mail válido, como nome@exemplo.com.br.";
    let tidy = typed.trim().to_lowercase();
    let (user, domain) = tidy.split_once('@').ok_or(WRONG)?;
    let labels_fit = domain.split('.').all(|label| {
        !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-') && !label.starts_with('-')
    });
    let plain = tidy.chars().all(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | '"' | ','));
    if user.is_empty() || !domain.contains('.') || !labels_fit || !plain || tidy.len() > 254 {
        return Err(WRONG);
    }
    Ok(tidy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_tidied_and_refused_with_a_reason() {
        assert_eq!(full_name("  Ana   Beatriz  Nogueira "), Ok("Ana Beatriz Nogueira".into()));
        for wrong in ["", "   ", "A", "12 34", "Ana\u{0007}Lima", "<b>Ana</b>", "Ana\u{202e}amiL"] {
            assert!(full_name(wrong).is_err(), "{wrong:?}");
        }
        assert!(full_name(&"a".repeat(201)).is_err());
    }

    #[test]
    fn emails_are_normalised_and_refused() {
        assert_eq!(email(" Ana@Clinica.Example "), Ok("ana@clinica.example".into()));
        for wrong in ["", "ana", "@x.br", "ana@", "ana@x", "ana@.br", "ana@x..br", "a b@x.br", "a@b@c.br", "a@-x.br"] {
            assert!(email(wrong).is_err(), "{wrong:?}");
        }
    }
}
