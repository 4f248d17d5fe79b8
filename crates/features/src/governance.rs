//! "IA: governança": what the assistant gets right and wrong, each figure with its definition.

use sigilo_store::{Action, Event, ReadTx, Risk, Session, WriteTx, governance as rows};

pub use sigilo_store::governance::{Evaluation, Figure};

use crate::{App, Error, Result};

/// What a figure means.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// As stored.
    pub metric: &'static str,
    /// Its name.
    pub label: &'static str,
    /// How it is counted.
    pub about: &'static str,
    /// Whether a low value is the good one; none where neither end is good by itself.
    pub low_is_good: Option<bool>,
}

/// Every figure, in the order in which they are shown.
pub const DEFINITIONS: [Definition; 14] = [
    Definition {
        metric: "alucinacao",
        label: "Referências que não existem",
        about: "Referências não encontradas, ou cujo título existe com outra autoria, sobre as que puderam ser conferidas. Diretrizes brasileiras e referências que ninguém pôde conferir ficam fora da conta.",
        low_is_good: Some(true),
    },
    Definition {
        metric: "correcao",
        label: "Referências corrigidas",
        about: "Entre as que existem, as que foram citadas com algum campo diferente do PubMed.",
        low_is_good: Some(true),
    },
    Definition {
        metric: "retratacao",
        label: "Artigos retratados",
        about: "Entre as referências que existem, as de artigos retratados.",
        low_is_good: Some(true),
    },
    Definition {
        metric: "cobertura",
        label: "Referências conferidas",
        about: "As que puderam ser conferidas, sobre todas as citadas como artigo.",
        low_is_good: Some(false),
    },
    Definition {
        metric: "diretrizes",
        label: "Diretrizes e portarias",
        about: "Citações de normas e diretrizes brasileiras, que o PubMed não tem, sobre todas as citações.",
        low_is_good: None,
    },
    Definition {
        metric: "identificador_nao_autorizado",
        label: "Respostas com identificador não autorizado",
        about: "Respostas em que o modelo escreveu PMID, DOI ou endereço no texto apesar de instruído a não fazê-lo; o trecho foi removido.",
        low_is_good: Some(true),
    },
    Definition {
        metric: "cid10_invalido",
        label: "Códigos CID-10 inexistentes",
        about: "Códigos que não existem na tabela do DATASUS, sobre todos os que o modelo deu; foram removidos.",
        low_is_good: Some(true),
    },
    Definition {
        metric: "abstencao",
        label: "Abstenções",
        about: "Respostas sem hipóteses, por falta de dados ou por estarem fora da cobertura.",
        low_is_good: None,
    },
    Definition {
        metric: "aceita",
        label: "Respostas aceitas",
        about: "Respostas aceitas como estavam, sobre as que tiveram decisão. Não há meta de adesão (CFM 2.454/2026, art. 19, § 2º) nem conta por médico.",
        low_is_good: None,
    },
    Definition {
        metric: "editada",
        label: "Respostas editadas",
        about: "Respostas editadas, sobre as que tiveram decisão.",
        low_is_good: None,
    },
    Definition {
        metric: "rejeitada",
        label: "Respostas rejeitadas",
        about: "Respostas rejeitadas, sobre as que tiveram decisão.",
        low_is_good: None,
    },
    Definition {
        metric: "acerto_top1",
        label: "Primeira hipótese confirmada",
        about: "Casos em que o médico registrou como certa a primeira hipótese, sobre os que tiveram desfecho registrado.",
        low_is_good: Some(false),
    },
    Definition {
        metric: "acerto_top3",
        label: "Confirmada entre as três primeiras",
        about: "Casos em que o médico registrou como certa uma das três primeiras hipóteses, sobre os que tiveram desfecho registrado.",
        low_is_good: Some(false),
    },
    Definition {
        metric: "calibracao",
        label: "Desvio da confiança",
        about: "Diferença entre a confiança média que a ferramenta declarou e a proporção de acertos da primeira hipótese, nos casos com desfecho registrado. Zero é o ideal.",
        low_is_good: Some(true),
    },
];

/// The figures of a clinic and the evaluations of the product.
pub struct Governance {
    /// Latest month first.
    pub figures: Vec<Figure>,
    /// The last evaluation of each kind.
    pub evaluations: Vec<Evaluation>,
}

/// What the assistant gets right and wrong. That it was looked at goes into the trail.
///
/// # Errors
/// [`Error::NotSignedIn`] or [`Error::Locked`]; [`Error::Forbidden`] for receptionists.
pub async fn open(app: &App, session: &Session) -> Result<Governance> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            let receptionist_only = tx.entered().roles.iter().all(|role| role == "receptionist");
            if receptionist_only {
                return Err(Error::Forbidden("Estes números são para quem usa ou responde pelo assistente."));
            }
            let tx: &ReadTx = tx;
            let governance =
                Governance { figures: rows::figures(tx).await?, evaluations: rows::evaluations(tx).await? };
            let event = Event {
                name: "ai_governance_viewed",
                action: Action::View,
                resource_type: "ai_governance_metrics",
                resource_id: None,
                details: serde_json::json!({}),
                risk: Risk::Low,
            };
            Ok((governance, event))
        })
        .await
}
