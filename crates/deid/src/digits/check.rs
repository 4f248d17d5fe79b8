//! Check digits. They are evidence, never a gate: a mistyped CPF is still somebody's CPF.

/// Weighted sum of digits modulo 11, weights falling from `from` to 2 and starting over at 9.
fn mod11(values: impl DoubleEndedIterator<Item = u32>, highest: u32) -> u32 {
    let mut weight = 2;
    let sum: u32 = values
        .rev()
        .map(|v| {
            let product = v * weight;
            weight = if weight == highest { 2 } else { weight + 1 };
            product
        })
        .sum();
    match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    }
}

/// CPF: two modulo-11 digits with weights from 2 upwards. Repeated digits are not issued.
pub fn cpf(d: &[u8; 11]) -> bool {
    let digit = |n: usize| mod11(d[..n].iter().map(|&v| u32::from(v)), 11);
    d.iter().any(|&x| x != d[0]) && digit(9) == u32::from(d[9]) && digit(10) == u32::from(d[10])
}

/// CNPJ, numeric or alphanumeric: each character counts its ASCII code less 48 (Receita Federal,
/// Instrução Normativa 2.229/2024).
pub(crate) fn cnpj(chars: &[u8; 14]) -> bool {
    let value = |&c: &u8| u32::from(c.to_ascii_uppercase()).saturating_sub(48);
    let digit = |n: usize| mod11(chars[..n].iter().map(value), 9);
    chars.iter().any(|c| *c != chars[0])
        && chars[12].is_ascii_digit()
        && chars[13].is_ascii_digit()
        && digit(12) == value(&chars[12])
        && digit(13) == value(&chars[13])
}

/// CNS: weights 15 down to 1 give a multiple of 11 (Ministério da Saúde, for definitive and
/// provisional numbers alike).
pub fn cns(d: &[u8; 15]) -> bool {
    let sum: u32 = d.iter().zip((1..=15).rev()).map(|(&v, w)| u32::from(v) * w).sum();
    matches!(d[0], 1 | 2 | 7 | 8 | 9) && sum.is_multiple_of(11)
}

/// RG as issued in São Paulo: weights 2 to 9, remainder 10 written X. Other states differ, so a
/// failure says nothing. `last` is the check digit, 10 for X.
pub(crate) fn rg_sp(d: &[u8; 8], last: u8) -> bool {
    let sum: u32 = d.iter().zip(2..).map(|(&v, w)| u32::from(v) * w).sum();
    (sum + u32::from(last) * 100).is_multiple_of(11)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits<const N: usize>(s: &str) -> [u8; N] {
        let v: Vec<u8> = s.bytes().map(|b| b - b'0').collect();
        v.try_into().unwrap()
    }

    #[test]
    fn cpf_digits() {
        assert!(cpf(&digits("52998224725")));
        assert!(cpf(&digits("54837773524")));
        assert!(!cpf(&digits("12345678900")));
        assert!(!cpf(&digits("11111111111")));
    }

    #[test]
    fn cnpj_digits_with_and_without_letters() {
        assert!(cnpj(b"04859666000150"));
        assert!(cnpj(b"12ABC34501DE35"));
        assert!(cnpj(b"12abc34501de35"));
        assert!(!cnpj(b"12ABC34501DE36"));
    }

    #[test]
    fn cns_digits() {
        assert!(cns(&digits("994396235108209")));
        assert!(cns(&digits("212073664760006")));
        assert!(!cns(&digits("700123456789012")));
    }

    #[test]
    fn rg_digit() {
        assert!(rg_sp(&digits("24678131"), 2));
        assert!(!rg_sp(&digits("24678131"), 3));
    }
}
