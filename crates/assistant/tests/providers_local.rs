//! The local engine answers with the same document as a model.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use sigilo_assistant::answer::reader::{Finished, Reader};
use sigilo_assistant::answer::{Answer, Likelihood};
use sigilo_assistant::provider::{Request, Settings, Stop, Usage, build};
use support::{question, read, turn};

async fn ask(request: Request) -> Finished {
    let provider = build(&Settings::Local).unwrap();
    let read = read(provider.answer(request)).await;
    assert_eq!((read.stop, read.failure), (Some(Stop::Complete), None));
    assert_eq!(read.usage, Some(Usage::default()));
    assert_eq!(read.started[0].1.as_deref(), Some(provider.model()));
    let mut whole = Reader::trusted();
    whole.push(&read.text);
    whole.finish(true)
}

#[tokio::test]
async fn it_names_itself_and_needs_nobody() {
    let provider = build(&Settings::Local).unwrap();
    assert_eq!(provider.name(), "conhecimento_local");
    assert_eq!(provider.model(), sigilo_knowledge::VERSION);
    assert_eq!(provider.check().await.unwrap().model, sigilo_knowledge::VERSION);
    assert_eq!(provider.capabilities().temperature, None);
    assert!(!provider.capabilities().temperature_reason.is_empty());
    assert!(!provider.capabilities().images);
}

#[tokio::test]
async fn a_note_becomes_ranked_hypotheses() {
    let note = "Mulher de 34 anos com dor torácica pleurítica súbita e dispneia há 1 dia, panturrilha inchada e dolorosa, \
        hemoptise. Usa anticoncepcional. Cirurgia há 2 semanas. Nega febre.";
    let Finished { answer, report, .. } = ask(question(note)).await;
    assert!(answer.raciocinio.starts_with("Entendi: sexo feminino, 34 anos"), "{}", answer.raciocinio);
    assert!(answer.raciocinio.contains("negados:"), "{}", answer.raciocinio);
    assert!(!answer.hipoteses.is_empty() && answer.abstencao.is_none(), "{answer:?}");
    assert!(answer.hipoteses.len() <= 5);
    for hypothesis in &answer.hipoteses {
        let probability = hypothesis.probabilidade_calculada.unwrap();
        let expected = match probability {
            0.5.. => Likelihood::Alta,
            0.2.. => Likelihood::Media,
            _ => Likelihood::Baixa,
        };
        assert_eq!(hypothesis.probabilidade, expected);
        assert!(hypothesis.cid10.is_some() && hypothesis.cid10_texto.is_some());
    }
    assert!(answer.confianca.is_some());
    assert!(!answer.buscas_sugeridas.is_empty());
    assert!(answer.buscas_sugeridas.iter().all(|search| search.termos.is_ascii()));
    assert!(answer.referencias.is_empty(), "it cites nobody");
    assert!(!report.incomplete && !report.malformed);
    assert_eq!((report.capped, report.invalid_cid10), (0, 0));
    assert!(report.detections.is_empty(), "{:?}", report.detections);
}

#[tokio::test]
async fn abstaining_is_an_answer() {
    for note in ["bom dia", "paciente veio buscar atestado", ""] {
        let Finished { answer, report, .. } = ask(question(note)).await;
        assert!(answer.hipoteses.is_empty());
        assert!(answer.abstencao.is_some_and(|why| why.ends_with('.')));
        assert_eq!(answer.confianca, None);
        assert!(!report.incomplete);
    }
}

#[tokio::test]
async fn only_the_doctors_turns_count() {
    let spoken = ask(Request {
        turns: vec![
            turn(true, "bom dia"),
            turn(false, "dispneia, dor torácica, hemoptise, febre, tosse"),
            turn(true, "oi"),
        ],
        ..question("")
    })
    .await;
    assert_eq!(Answer { raciocinio: String::new(), ..spoken.answer }.hipoteses, []);
}
