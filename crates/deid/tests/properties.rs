//! What holds for every text, whatever is in it.

use proptest::prelude::*;
use sigilo_deid::{Detections, Kind, Method, deidentify, redact, scan, scan_with};

/// Pieces of ward prose, personal data, tags and noise, to be joined in any order.
fn piece() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "paciente",
        "Paciente",
        "PACIENTE",
        "Maria",
        "maria",
        "JOSÉ",
        "josé",
        "da",
        "dos",
        "de",
        "Silva",
        "silva",
        "Rosa",
        "rosa",
        "Dias",
        "dias",
        "Dr.",
        "dona",
        "Dona",
        "nome:",
        "Nome:",
        "chama-se",
        "filho",
        "mãe:",
        "Sr.",
        "e",
        "E",
        "doença",
        "sinal",
        "Hospital",
        "Wilson",
        "Chagas",
        "Parkinson",
        "Glasgow",
        "Carlos",
        "Zuleide",
        "Xavier",
        "Ana",
        "ANA",
        "Luz",
        "luz",
        "Marcos",
        "marcos",
        "refere",
        "nega",
        "febre",
        "há",
        "com",
        "rua",
        "Rua",
        "Av.",
        "av",
        "R.",
        "das",
        "Flores",
        "flores",
        "apto",
        "bloco",
        "Centro",
        "bairro",
        "SP",
        "mora",
        "na",
        "endereço",
        "CEP",
        "cep",
        "CPF",
        "cpf",
        "RG",
        "rg",
        "tel",
        "tel:",
        "whats",
        "CNS",
        "SUS",
        "prontuário",
        "pront.",
        "nº",
        "atendimento",
        "DN",
        "nascido",
        "em",
        "março",
        "CRM-SP",
        "CRM",
        "COREN",
        "placa",
        "ABC",
        "pix",
        "CNPJ",
        "PA",
        "mg",
        "mmHg",
        "anos",
        "J.",
        "A.",
        "D'",
        "http://",
        "www.",
        ".com.br",
        "a@b.co",
        "@",
        "fe80::",
        "::1",
        "12:30",
        "O",
        "l",
        "I",
    ])
    .prop_map(String::from);
    let numbers = prop::sample::select(vec![
        "123.456.789-00",
        "12345678900",
        "529.982.247-25",
        "52998224725",
        "(11) 99999-0000",
        "11999990000",
        "3333-4444",
        "+55",
        "11",
        "99999",
        "0000",
        "700 1234 5678 9012",
        "994396235108209",
        "04.859.666/0001-50",
        "12ABC34501DE35",
        "01310-100",
        "01310100",
        "12.345.678-9",
        "MG-12.345.678",
        "12/03/1980",
        "12",
        "1980",
        "123",
        "123456",
        "120x80",
        "ABC1D23",
        "ABC-1234",
        "f41ab79e-8447-4270-9b76-75e651c50d4c",
        "192.168.0.1",
        "1,2",
        "98l.O00",
        "5O",
    ])
    .prop_map(String::from);
    let tags = prop::sample::select(Kind::ALL.to_vec()).prop_map(|k| k.tag().to_owned());
    let noise = prop_oneof![
        "[a-zA-Z0-9À-ÿ@./:,;\\[\\]()\\-\n ]{0,8}",
        any::<String>(),
        prop::sample::select(vec![
            "\u{200b}",
            "\0",
            "\u{202e}",
            "🩺",
            "שלום",
            "e\u{301}",
            "ß",
            "Ω",
            "１２３",
            "ｍａｒｉａ",
            "\r\n",
            "\u{a0}"
        ])
        .prop_map(String::from),
    ];
    prop_oneof![6 => words, 5 => numbers, 1 => tags, 1 => noise]
}

fn text() -> impl Strategy<Value = String> {
    let joint = prop::sample::select(vec![" ", " ", " ", " ", ", ", ". ", "\n", "", ":", "-", "/", " - ", "(", ") "]);
    prop::collection::vec((piece(), joint), 0..24).prop_map(|parts| parts.into_iter().map(|(p, j)| p + j).collect())
}

fn check_shape(text: &str, found: &Detections) {
    let mut end = 0;
    for d in found {
        assert!(d.start >= end && d.start < d.end && d.end <= text.len(), "{found:?}");
        assert!(text.is_char_boundary(d.start) && text.is_char_boundary(d.end));
        assert!(d.confidence > 0.0 && d.confidence <= 1.0);
        end = d.end;
    }
}

/// Lower case without accents, for comparing.
fn fold(text: &str) -> String {
    text.chars()
        .filter(|c| !('\u{300}'..='\u{36f}').contains(c))
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'á' | 'à' | 'ã' | 'â' => 'a',
            'é' | 'ê' => 'e',
            'í' => 'i',
            'ó' | 'ô' | 'õ' => 'o',
            'ú' => 'u',
            'ç' => 'c',
            c => c,
        })
        .collect()
}

/// The words of a text, without the tags.
fn words(text: &str) -> Vec<String> {
    let mut bare = text.to_owned();
    for kind in Kind::ALL {
        bare = bare.replace(kind.tag(), " ");
    }
    fold(&bare).split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect()
}

/// More cases than the default; `PROPTEST_CASES` asks for more still.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig { cases: default.cases.max(1500), failure_persistence: None, ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn detections_are_sorted_disjoint_and_on_boundaries(text in prop_oneof![text(), any::<String>()]) {
        check_shape(&text, &scan(&text));
    }

    #[test]
    fn redaction_replaces_exactly_the_spans(text in text()) {
        let found = scan(&text);
        let mut expected = String::new();
        let mut done = 0;
        for d in &found {
            expected += &text[done..d.start];
            expected += d.kind.tag();
            done = d.end;
        }
        expected += &text[done..];
        prop_assert_eq!(redact(&text, &found), expected);
    }

    #[test]
    fn a_redacted_text_holds_nothing_more(text in text()) {
        let clean = redact(&text, &scan(&text));
        let again = scan(&clean);
        prop_assert!(again.is_empty(), "{:?}\n-> {:?}\n-> {:?}", text, clean, again);
    }

    #[test]
    fn tags_are_never_detected(kinds in prop::collection::vec(prop::sample::select(Kind::ALL.to_vec()), 0..8), joint in "[ ,.:\n-]{0,3}") {
        let text: String = kinds.iter().map(|k| k.tag().to_owned() + &joint).collect();
        prop_assert!(scan(&text).is_empty());
    }

    #[test]
    fn a_removed_number_is_gone_unless_it_stands_elsewhere(text in text()) {
        let found = scan(&text);
        let clean = redact(&text, &found);
        for d in &found {
            let span = &text[d.start..d.end];
            if span.chars().filter(char::is_ascii_digit).count() < 8 {
                continue;
            }
            let outside = found.iter().rev().fold(text.clone(), |mut t, d| {
                t.replace_range(d.start..d.end, "\u{1}");
                t
            });
            prop_assert!(outside.contains(span) || !clean.contains(span));
        }
    }

    #[test]
    fn a_name_is_carried_through_the_text(
        before in text(),
        after in text(),
        name in prop::sample::select(vec!["Zuleica", "Raimundo", "Cláudia", "Osvaldo", "Jussara", "Thiago"]),
        upper in any::<bool>(),
    ) {
        let other = if upper { name.to_uppercase() } else { fold(name) };
        let text = format!("{before}\nPaciente {name}, {after}; {other}. ");
        let clean = redact(&text, &scan(&text));
        prop_assert!(!words(&clean).contains(&fold(name)), "{text:?}\n-> {clean:?}");
    }

    #[test]
    fn added_phrases_are_gone(
        before in text(),
        after in text(),
        phrase in prop::sample::select(vec!["Kombi azul", "o padeiro da esquina", "Tio Zé", "sítio 4 irmãos"]),
        style in 0..3,
    ) {
        let written = match style {
            0 => phrase.to_uppercase(),
            1 => fold(phrase),
            _ => phrase.replace(' ', " \n "),
        };
        let text = format!("{before} {written} {after}");
        let (clean, found) = deidentify(&text, &[phrase]);
        check_shape(&text, &found);
        let squeezed = words(clean.as_str()).into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ");
        prop_assert!(!format!(" {squeezed} ").contains(&format!(" {} ", fold(phrase))), "{text:?}\n-> {clean:?}");
    }

    #[test]
    fn any_added_phrase_is_taken(text in text(), phrases in prop::collection::vec(any::<String>(), 0..3)) {
        let phrases: Vec<&str> = phrases.iter().map(String::as_str).collect();
        check_shape(&text, &scan_with(&text, &phrases));
    }
}

#[test]
fn every_kind_and_method_has_its_own_code() {
    let codes: std::collections::HashSet<_> = Kind::ALL.iter().map(|k| k.code()).collect();
    assert_eq!(codes.len(), Kind::ALL.len());
    let codes: std::collections::HashSet<_> = Method::ALL.iter().map(|m| m.code()).collect();
    assert_eq!(codes.len(), Method::ALL.len());
}

/// A step that looked back or ahead without bound would need hours for these.
#[test]
fn repetition_is_linear() {
    for unit in [
        "7",
        "1 ",
        "1.",
        "12-",
        "a",
        "A",
        "Ab ",
        "Maria ",
        "maria ",
        "José-",
        "@",
        "a@",
        "a@b.",
        "[",
        "[CPF ",
        "::",
        "f:",
        "www.",
        "http://",
        ".com/",
        ".com.br",
        "rua ",
        "rua a, 1, ",
        "Rua Nova, ",
        "av. ",
        "paciente ",
        "nome: ",
        "de ",
        "da Silva ",
        "A. ",
        "O",
        "l.",
        "(",
        "\u{200b}",
        "1\u{200b}",
        "e\u{301}",
        "１",
        "🩺",
        "\0",
        "Chagas-",
        "D'",
        "cpf 1 ",
        "tel 99 ",
        "f41ab79e-",
        "AB.",
        "ABC-",
        "DN 1 de ",
        "Hospital de ",
    ] {
        let text = unit.repeat(300_000 / unit.len());
        let found = scan_with(&text, &["aaaaaaaaaaaaaaaaaaaaaaaaaaab", "1 1 1 1 1 1 1 2"]);
        check_shape(&text, &found);
    }
}
