//! What comes out of a model's answer, whatever the model writes and however it arrives.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use proptest::prelude::*;
use serde_json::{Value, json};

use sigilo_assistant::answer::reader::{Finished, Part, Reader};
use sigilo_assistant::answer::render::{DISCLAIMER, text};
use sigilo_assistant::answer::{Answer, Likelihood};
use sigilo_standin::llm::answers;

/// Everything that came out, the finished answer, and the parts in order.
fn read_pieces<'a>(
    mut reader: Reader,
    pieces: impl IntoIterator<Item = &'a str>,
    whole: bool,
) -> (Vec<Part>, Finished) {
    let mut parts: Vec<Part> = pieces.into_iter().flat_map(|piece| reader.push(piece)).collect();
    let finished = reader.finish(whole);
    parts.extend(finished.parts.clone());
    (parts, finished)
}

fn read(document: &str) -> (Vec<Part>, Finished) {
    read_pieces(Reader::new(), [document], true)
}

fn reasoned(reasoning: &str) -> (Vec<Part>, Finished) {
    read(&json!({"raciocinio": reasoning, "hipoteses": []}).to_string())
}

fn released(parts: &[Part]) -> Vec<&str> {
    parts.iter().filter_map(|part| if let Part::Reasoning(text) = part { Some(text.as_str()) } else { None }).collect()
}

#[test]
fn a_good_answer_comes_through_whole() {
    let (parts, finished) = read(&answers::good());
    let Finished { answer, report, .. } = &finished;
    let sent: Value = serde_json::from_str(&answers::good()).unwrap();
    assert_eq!(answer.raciocinio, sent["raciocinio"].as_str().unwrap());
    assert_eq!(released(&parts).concat(), answer.raciocinio);
    assert!(released(&parts).len() >= 6, "sentence by sentence");
    assert_eq!(answer.referencias.len(), 5);
    for (have, sent) in answer.referencias.iter().zip(sent["referencias"].as_array().unwrap()) {
        assert_eq!(json!(have.title), sent["titulo"]);
        assert_eq!(json!(have.authors), sent["autores"]);
        assert_eq!(json!(have.journal), sent["revista"]);
        assert_eq!(json!(have.keywords), sent["palavras_chave"]);
        assert_eq!(json!(have.year), sent["ano"]);
    }
    assert_eq!(answer.referencias[3].doi.as_deref(), Some("10.1016/s2213-2600(19)99999-1"));
    assert_eq!(answer.hipoteses.len(), 3);
    assert_eq!(answer.hipoteses[0].probabilidade, Likelihood::Alta);
    for (have, sent) in answer.hipoteses.iter().zip(sent["hipoteses"].as_array().unwrap()) {
        assert_eq!(have.nome, sent["nome"].as_str().unwrap());
        assert_eq!(json!(have.a_favor), sent["a_favor"]);
        assert_eq!(json!(have.contra), sent["contra"]);
        assert_eq!(json!(have.proximos_passos), sent["proximos_passos"]);
        assert_eq!(have.cid10.as_deref(), sent["cid10"].as_str());
        assert!(have.cid10_texto.is_some());
    }
    assert_eq!(json!(answer.sinais_de_alarme), sent["sinais_de_alarme"]);
    assert_eq!(json!(answer.dados_faltantes), sent["dados_faltantes"]);
    assert!(!report.incomplete && !report.malformed);
    assert_eq!(
        (report.unauthorised_identifiers, report.links_removed, report.invalid_cid10, report.capped),
        (0, 0, 0, 0)
    );
    assert!(report.detections.is_empty(), "{:?}", report.detections);
    assert_eq!(parts.iter().filter(|part| matches!(part, Part::Reference(..))).count(), 5);
}

#[test]
fn parts_come_as_soon_as_they_are_complete() {
    let document = answers::good();
    let mut reader = Reader::new();
    let mut first_reasoning = None;
    for (at, c) in document.char_indices() {
        for part in reader.push(c.encode_utf8(&mut [0; 4])) {
            match part {
                Part::Reasoning(_) => drop(first_reasoning.get_or_insert(at)),
                Part::Hypothesis(at_list, _) => assert!(document[..at + 1].ends_with('}'), "{at_list}"),
                Part::Reference(..) => assert!(document[..at + 1].ends_with('}')),
                Part::Alarm(_) | Part::Missing(_) => assert!(document[..at + 1].ends_with('"')),
                _ => {}
            }
        }
    }
    let sentence = document.find(". ").unwrap();
    assert!(first_reasoning.unwrap() < sentence + 40);
}

#[test]
fn an_obedient_model_gains_nothing() {
    let (parts, Finished { answer, report, .. }) = read(&answers::injected());
    let shown = format!("{}\n{parts:?}", text(&answer, &[]));
    for forbidden in
        ["farmacia.example", "http", "<script", "<img", "onerror=alert(2)>", "<a ", "31978945", "10.1056", "]("]
    {
        assert!(!shown.contains(forbidden), "{forbidden} in {shown}");
    }
    assert!(text(&answer, &[]).ends_with(DISCLAIMER));
    assert!(answer.raciocinio.contains("[identificador removido]") && answer.raciocinio.contains("[link removido]"));
    assert_eq!(answer.hipoteses[0].nome, "Sepse [link removido]clique");
    assert_eq!((answer.hipoteses[0].cid10.as_deref(), answer.hipoteses[0].cid10_texto.as_deref()), (None, None));
    assert_eq!(answer.hipoteses[0].probabilidade_calculada, None);
    assert_eq!((answer.confianca, answer.buscas_sugeridas.len()), (None, 0));
    assert_eq!(report.invalid_cid10, 1);
    assert_eq!(report.unauthorised_identifiers, 3);
    assert_eq!(report.links_removed, 5);
    assert!(report.markup_removed >= 3);
}

#[test]
fn our_own_engine_may_say_more() {
    let document = json!({
        "raciocinio": "Entendi: tosse.", "hipoteses": [{"nome": "Asma", "cid10": "J45", "probabilidade": "alta",
        "probabilidade_calculada": 0.7}], "confianca": 0.7,
        "buscas_sugeridas": [{"rotulo": "Asma", "termos": "asthma"}], "abstencao": null,
    });
    let (parts, finished) = read_pieces(Reader::trusted(), [document.to_string().as_str()], true);
    assert_eq!(finished.answer.confianca, Some(0.7));
    assert_eq!(finished.answer.hipoteses[0].probabilidade_calculada, Some(0.7));
    assert!(parts.iter().any(|part| matches!(part, Part::Search(search) if search.termos == "asthma")));
}

#[test]
fn personal_data_stays_out_of_every_field() {
    let secrets =
        ["529.982.247-25", "98765-4321", "joaquim.ferreira@exemplo.com.br", "Joaquim", "Ferreira", "Rua das Acácias"];
    let (parts, finished) = read(&answers::personal());
    let shown = format!("{parts:?} {:?}", finished.answer);
    for secret in secrets {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    let kinds: Vec<_> = finished.report.detections.iter().map(|one| one.kind).collect();
    for kind in ["nome", "cpf", "telefone", "email"] {
        assert!(kinds.contains(&kind), "{kind}");
    }

    let document = json!({
        "raciocinio": "O paciente Joaquim Ferreira tem dor.",
        "hipoteses": [{"nome": "Infarto", "a_favor": ["Joaquim Ferreira refere dor", "CPF 529.982.247-25"],
            "contra": ["mora na Rua das Acácias, 120"], "proximos_passos": ["ligar para (11) 98765-4321"]}],
        "sinais_de_alarme": ["avisar joaquim.ferreira@exemplo.com.br"],
        "dados_faltantes": ["CPF 529.982.247-25?"],
        "texto_na_imagem": "PACIENTE: Joaquim Ferreira CPF 529.982.247-25",
        "referencias": [{"titulo": "Caso do CPF 529.982.247-25", "autores": ["Ferreira J"], "revista": "x (11) 98765-4321",
            "ano": 2020, "palavras_chave": ["joaquim.ferreira@exemplo.com.br", "dor"], "doi": null}]
    });
    let (parts, finished) = read(&document.to_string());
    let shown = format!("{parts:?} {:?}", Answer { referencias: Vec::new(), ..finished.answer.clone() });
    let parts_but_references: Vec<_> = parts.iter().filter(|part| !matches!(part, Part::Reference(..))).collect();
    let without = format!("{parts_but_references:?}");
    for secret in secrets {
        assert!(!without.contains(secret), "{secret} in {without}");
    }
    for secret in ["529.982.247-25", "98765-4321", "joaquim.ferreira@exemplo.com.br"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    // Who wrote an article is no personal datum of a patient.
    assert_eq!(finished.answer.referencias[0].authors, ["Ferreira J"]);
}

#[test]
fn a_released_sentence_needs_what_follows_it() {
    // None of these may be released in halves, wherever the answer is cut into pieces.
    for (reasoning, secrets) in [
        ("O nome do paciente:\nJoaquim Ferreira. Tem dor.", &["Joaquim", "Ferreira"][..]),
        ("Há registro de PMID.\n31978945 e outro.", &["31978945"]),
        ("Ver PMID:\n\n31978945.", &["31978945"]),
        ("O CPF\n529.982.247-25 consta.", &["529.982"]),
        ("Segundo https://mal.example/a.\nb/c, há dor.", &["mal.example"]),
        ("Telefone (11)\n98765-4321.", &["98765"]),
        ("Veja <a title=\"x. y\" href=\"https://mal.example\">isto</a>. Fim.", &["mal.example", "href"]),
        ("Veja [o artigo. De fato](https://mal.example/x) diz.", &["mal.example"]),
        ("P\u{200b}MID: 319\u{200b}78945.", &["31978945", "319"]),
        ("Código 10.1056/\u{200d}NEJMoa2001017.", &["10.1056"]),
    ] {
        let document = json!({"raciocinio": reasoning}).to_string();
        let (_, whole) = read(&document);
        for (at, _) in document.char_indices() {
            let (parts, finished) = read_pieces(Reader::new(), [&document[..at], &document[at..]], true);
            assert_eq!(finished.answer, whole.answer);
            assert_eq!(released(&parts).concat(), finished.answer.raciocinio);
        }
        for secret in secrets {
            assert!(!whole.answer.raciocinio.contains(secret), "{secret} in {:?}", whole.answer.raciocinio);
        }
    }
}

/// A document cut into pieces of these sizes.
fn cut<'a>(document: &'a str, sizes: &[usize]) -> Vec<&'a str> {
    let mut pieces = Vec::new();
    let mut rest = document;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, more) = rest.split_at(rest.ceil_char_boundary(*size));
        pieces.push(piece);
        rest = more;
    }
    pieces
}

const SECRETS: &[&str] = &[
    "CPF 529.982.247-25",
    "CPF: 52998224725",
    "PMID: 31978945",
    "PMCID PMC7092803",
    "doi:10.1056/NEJMoa2001017",
    "https://pubmed.ncbi.nlm.nih.gov/31978945/",
    "www.mal.example.com/promo",
    "telefone (11) 98765-4321",
    "joaquim.ferreira@exemplo.com.br",
    "cartão SUS 898 0012 3456 7894",
];

fn core(secret: &str) -> &str {
    secret.rsplit(' ').next().unwrap().trim_start_matches("doi:")
}

#[test]
fn a_secret_split_at_every_byte_is_never_released() {
    for secret in SECRETS {
        let document = answers::good().replace("sugere sepse", &format!("({secret}) sugere sepse"));
        assert!(document.contains(secret));
        let (_, whole) = read(&document);
        assert!(!whole.answer.raciocinio.contains(core(secret)), "{secret}");
        let at = document.find(secret).unwrap();
        for split in at - 3..at + secret.len() + 40 {
            if !document.is_char_boundary(split) {
                continue;
            }
            let (parts, finished) = read_pieces(Reader::new(), [&document[..split], &document[split..]], true);
            for stretch in released(&parts) {
                assert!(!stretch.contains(core(secret)), "{secret} split at {split}");
            }
            assert_eq!(finished.answer, whole.answer);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn pieces_do_not_matter(
        sizes in prop::collection::vec(1_usize..30, 1..40),
        inserted in prop::collection::vec((0..7_usize, 0..SECRETS.len()), 0..4),
    ) {
        let mut document: Value = serde_json::from_str(&answers::good()).unwrap();
        let mut reasoning = document["raciocinio"].as_str().unwrap().to_owned();
        for (place, secret) in inserted {
            let at = reasoning.match_indices(". ").nth(place).map_or(0, |(at, _)| at + 2);
            reasoning.insert_str(at, &format!("Consta {}. ", SECRETS[secret]));
        }
        document["raciocinio"] = json!(reasoning);
        let document = document.to_string();
        let (whole_parts, whole) = read(&document);
        let (parts, finished) = read_pieces(Reader::new(), cut(&document, &sizes), true);
        prop_assert_eq!(&finished.answer, &whole.answer);
        prop_assert_eq!(&finished.report, &whole.report);
        prop_assert_eq!(released(&parts), released(&whole_parts));
        for secret in SECRETS {
            prop_assert!(!finished.answer.raciocinio.contains(core(secret)));
        }
    }

    #[test]
    fn any_reasoning_is_survived(reasoning in "[a-z0-9 .\\n<>\\[\\]()@/:éã-]{0,400}", sizes in prop::collection::vec(1_usize..9, 1..9)) {
        let document = json!({"raciocinio": reasoning}).to_string();
        let (_, whole) = read(&document);
        let (parts, finished) = read_pieces(Reader::new(), cut(&document, &sizes), true);
        prop_assert_eq!(released(&parts).concat(), finished.answer.raciocinio.as_str());
        prop_assert_eq!(finished.answer, whole.answer);
    }
}

#[test]
fn a_run_on_is_released_at_a_word_and_a_wall_is_given_up() {
    let words = "dor e febre ".repeat(2000);
    let mut reader = Reader::new();
    let mut held = 0;
    let mut out = String::new();
    for piece in cut(&format!("{{\"raciocinio\": \"{words}\"}}"), &[40]) {
        held += piece.len();
        for part in reader.push(piece) {
            if let Part::Reasoning(text) = part {
                assert!(text.ends_with(char::is_whitespace));
                held -= text.len();
                out.push_str(&text);
            }
        }
        assert!(held < 4400, "{held} held");
    }
    assert!(out.len() > 15_000);
    let (_, finished) = reasoned(&words);
    assert_eq!(finished.answer.raciocinio, words);

    let wall = format!("Antes. {} depois. Fim.", "a1".repeat(6000));
    let (_, finished) = reasoned(&wall);
    assert_eq!(finished.answer.raciocinio.matches("[trecho removido]").count(), 1);
    assert!(finished.answer.raciocinio.starts_with("Antes. ") && finished.answer.raciocinio.ends_with("Fim."));
    assert!(finished.report.capped >= 1);
}

#[test]
fn a_cut_answer_keeps_what_was_complete() {
    let document = answers::good();
    let at = document.find("Embolia pulmonar").unwrap();
    let (parts, finished) = read_pieces(Reader::new(), [&document[..at]], false);
    assert!(finished.report.incomplete && !finished.report.malformed);
    let complete = parts.iter().filter(|part| matches!(part, Part::Hypothesis(..))).count();
    assert_eq!(complete, finished.answer.hipoteses.len());
    assert!(finished.answer.hipoteses.iter().all(|one| one.nome != "Embolia pulmonar"));
    // A reference that was not complete is not there, so that nobody can verify it.
    let in_reference = document.find("\"N Engl J Med\"").map_or(0, |at| at + 3);
    let (_, finished) = read_pieces(Reader::new(), [&document[..in_reference]], false);
    assert!(finished.answer.referencias.iter().all(|cited| cited.journal != "N Engl J Med"));
    // The provider's word counts even where the document looks whole.
    assert!(read_pieces(Reader::new(), [document.as_str()], false).1.report.incomplete);
}

#[test]
fn every_prefix_of_an_answer_is_survived() {
    let document = answers::injected();
    for (at, _) in document.char_indices().step_by(5) {
        let (parts, finished) = read_pieces(Reader::new(), [&document[..at]], false);
        assert_eq!(released(&parts).concat(), finished.answer.raciocinio);
        for forbidden in ["farmacia.example", "31978945", "<script>"] {
            assert!(!finished.answer.raciocinio.contains(forbidden), "{forbidden} at {at}");
        }
    }
}

#[test]
fn prose_instead_of_a_document_is_the_reasoning() {
    let (parts, finished) = read(&answers::prose());
    assert!(finished.report.malformed && finished.report.incomplete);
    assert_eq!(finished.answer.raciocinio, answers::prose());
    assert_eq!(released(&parts).concat(), finished.answer.raciocinio);
    let (_, finished) = read("");
    assert!(finished.report.malformed);
    assert_eq!(finished.answer, Answer::default());
}

#[test]
fn small_models_are_understood() {
    let document = json!({
        "raciocinio": "Curto.",
        "hipoteses": ["Pneumonia", {"nome": "Asma", "probabilidade": "MÉDIA", "a_favor": "sibilos", "cid10": ""}, {}, 7],
        "sinais_de_alarme": "cianose",
        "dados_faltantes": [null, "", "exame"],
        "texto_na_imagem": "",
        "referencias": [{"titulo": "Um artigo", "autores": "Silva JA; Souza B", "ano": "2019", "palavras_chave": "a, b"}, "x"]
    });
    let (_, Finished { answer, report, .. }) = read(&format!("```json\n{document}\n```"));
    assert_eq!(answer.hipoteses.len(), 2);
    assert_eq!(answer.hipoteses[0].probabilidade, Likelihood::Baixa);
    assert_eq!(answer.hipoteses[1].probabilidade, Likelihood::Media);
    assert_eq!(answer.hipoteses[1].a_favor, ["sibilos"]);
    assert_eq!(answer.sinais_de_alarme, ["cianose"]);
    assert_eq!(answer.dados_faltantes, ["exame"]);
    assert_eq!(answer.texto_na_imagem, None);
    assert_eq!(answer.referencias[0].authors, ["Silva JA", "Souza B"]);
    assert_eq!((answer.referencias[0].year, answer.referencias[0].keywords.len()), (Some(2019), 2));
    assert!(report.incomplete, "what could not be read is told");
    assert_eq!(report.invalid_cid10, 0);
}

#[test]
fn counts_and_lengths_are_bounded() {
    let reference = json!({"titulo": "T", "autores": vec!["A"; 50], "palavras_chave": [], "revista": "R"});
    let document = json!({
        "raciocinio": "Frase curta. ".repeat(5000),
        "hipoteses": vec![json!({"nome": "x"}); 30],
        "referencias": vec![reference; 40],
        "sinais_de_alarme": vec!["s"; 90],
        "dados_faltantes": ["palavra ".repeat(2000)],
    });
    let (_, Finished { answer, report, .. }) = read(&document.to_string());
    assert_eq!((answer.hipoteses.len(), answer.referencias.len(), answer.sinais_de_alarme.len()), (10, 20, 20));
    assert_eq!(answer.referencias[0].authors.len(), 20);
    assert!(answer.raciocinio.len() <= 32 * 1024 && answer.dados_faltantes[0].len() <= 4096);
    assert!(report.capped > 100);
    let endless = format!("{{\"raciocinio\": \"{}", "Fim da frase. ".repeat(200_000));
    let (_, finished) = read_pieces(Reader::new(), cut(&endless, &[60_000]), true);
    assert!(finished.answer.raciocinio.len() <= 32 * 1024 && finished.report.incomplete);
}

#[test]
fn the_text_has_all_sections_and_the_disclaimer() {
    let (_, finished) = read(&answers::good());
    let verdicts = vec![Some("verificada".to_owned()), None];
    let plain = text(&finished.answer, &verdicts);
    for part in [
        "Raciocínio\nO quadro de febre",
        "Hipóteses\n1. Sepse de foco pulmonar (CID-10 A41.9), probabilidade alta, não perder\n   A favor: Hipotensão",
        "Sinais de alarme\n- PAM",
        "Dados que faltam\n- Uso",
        "Referências\n1. Outcome of patients with sepsis",
        "1998 [verificada]\n2. Recognition and management",
    ] {
        assert!(plain.contains(part), "{part} in {plain}");
    }
    assert!(plain.ends_with(DISCLAIMER));
    assert_eq!(text(&Answer::default(), &[]), DISCLAIMER);
    assert_eq!(
        DISCLAIMER,
        "Esta é uma ferramenta de SUPORTE — o diagnóstico final é responsabilidade exclusiva do médico"
    );
}
