//! Who answers and who verifies, from the command line or the environment.

use std::{path::Path, sync::Arc, time::Duration};

use clap::{Args, ValueEnum};
use url::Url;
use zeroize::Zeroizing;

use sigilo_assistant::{
    provider::{self, Failure, Remote},
    pubmed,
    verify::{self, Policy, Verifier},
};
use sigilo_citations::Index;
use sigilo_domain::{Clock, SystemClock};
use sigilo_features::answer::Assistant;

use crate::{args::Trouble, memory};

/// The model the audit manual names.
const DEFAULT_MODEL: &str = "claude-opus-4-6";
const VERIFY_WITHIN: Duration = Duration::from_secs(8);
const CHECK_WITHIN: Duration = Duration::from_secs(10);

/// The assistant's model and the verification of references.
#[derive(Args, Clone, Debug)]
pub struct AssistantArgs {
    /// Quem responde: o motor local, sem rede; a API da Anthropic; ou um servidor compatível com a da OpenAI
    #[arg(long = "ai", value_enum, env = "SIGILO_AI", default_value = "local")]
    pub ai: Ai,
    /// Endereço do provedor, sem /v1 [padrão, na Anthropic: https://api.anthropic.com]
    #[arg(long, value_name = "URL", env = "SIGILO_AI_URL")]
    pub ai_url: Option<Url>,
    /// Modelo, como o provedor o chama [padrão, na Anthropic: claude-opus-4-6]
    #[arg(long, value_name = "NOME", env = "SIGILO_AI_MODEL")]
    pub ai_model: Option<String>,
    /// Maior silêncio do provedor, em segundos, antes de dar a resposta por interrompida
    #[arg(long, value_name = "S", env = "SIGILO_AI_IDLE", default_value_t = 60)]
    pub ai_idle: u64,
    /// Maior tempo de uma resposta, em segundos
    #[arg(long, value_name = "S", env = "SIGILO_AI_TOTAL", default_value_t = 600)]
    pub ai_total: u64,
    /// Quem confere as referências
    #[arg(long, value_enum, env = "SIGILO_VERIFICATION", default_value = "local-depois-pubmed")]
    pub verification: Verification,
    /// Endereço das E-utilities do PubMed
    #[arg(
        long,
        value_name = "URL",
        env = "SIGILO_PUBMED_URL",
        default_value = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/"
    )]
    pub pubmed_url: Url,
    /// Contato que a NLM pede em cada consulta ao PubMed
    #[arg(long, value_name = "E-MAIL", env = "SIGILO_PUBMED_EMAIL")]
    pub pubmed_email: Option<String>,
}

/// Who answers.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ai {
    /// Motor de regras com 49 condições; nada sai da instalação
    Local,
    /// API Messages da Anthropic, ou servidor que a fale
    Anthropic,
    /// Ollama, vLLM, llama.cpp e outros compatíveis com a API da OpenAI
    Openai,
}

/// Who verifies.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Só o índice local: nenhuma consulta sai da instalação
    SomenteLocal,
    /// O índice local e, para o que ele não resolve, o PubMed
    LocalDepoisPubmed,
    /// Só o PubMed
    SomentePubmed,
}

impl From<Verification> for Policy {
    fn from(chosen: Verification) -> Policy {
        match chosen {
            Verification::SomenteLocal => Policy::SomenteLocal,
            Verification::LocalDepoisPubmed => Policy::LocalDepoisPubmed,
            Verification::SomentePubmed => Policy::SomentePubmed,
        }
    }
}

impl AssistantArgs {
    /// Puts the assistant together.
    ///
    /// # Errors
    /// When it is set up by half, or the index cannot be read.
    pub fn open(&self, data: &Path) -> Result<Assistant, Trouble> {
        let provider = provider::build(&self.provider()?).map_err(|error| Trouble(error.to_string()))?;
        let clock = Arc::new(SystemClock);
        let now: Arc<dyn Fn() -> time::OffsetDateTime + Send + Sync> = Arc::new(move || clock.now());
        let policy = Policy::from(self.verification);
        let index = if policy == Policy::SomentePubmed { None } else { Some(Arc::new(index(data)?)) };
        let pubmed = (policy != Policy::SomenteLocal).then(|| pubmed::Settings {
            base: self.pubmed_url.clone(),
            email: self.pubmed_email.clone(),
            api_key: secret("SIGILO_PUBMED_KEY"),
            cache_dir: Some(data.join("cache").join("pubmed")),
            ..pubmed::Settings::default()
        });
        let settings = verify::Settings { policy, budget: VERIFY_WITHIN, pubmed };
        let verifier = Verifier::new(settings, index, now).map_err(|error| Trouble(error.to_string()))?;
        Ok(Assistant { provider, verifier: Arc::new(verifier), memory: memory::checks() })
    }

    fn provider(&self) -> Result<provider::Settings, Trouble> {
        let remote = |base: Option<Url>, model: Option<String>| -> Result<Remote, Trouble> {
            Ok(Remote {
                base: base.ok_or_else(|| Trouble("falta o endereço do provedor: --ai-url".into()))?,
                model: model.ok_or_else(|| Trouble("falta o nome do modelo: --ai-model".into()))?,
                key: secret("SIGILO_AI_KEY"),
                idle: Duration::from_secs(self.ai_idle),
                total: Duration::from_secs(self.ai_total),
            })
        };
        let (url, model) = (self.ai_url.clone(), self.ai_model.clone());
        match self.ai {
            Ai::Local => Ok(provider::Settings::Local),
            Ai::Anthropic => {
                let own = Url::parse("https://api.anthropic.com").map_err(|e| Trouble(e.to_string()))?;
                if url.is_none() && secret("SIGILO_AI_KEY").is_none() {
                    return Err(Trouble("falta SIGILO_AI_KEY, a chave da API da Anthropic".into()));
                }
                remote(url.or(Some(own)), model.or_else(|| Some(DEFAULT_MODEL.into())))
                    .map(provider::Settings::Anthropic)
            }
            Ai::Openai => remote(url, model).map(provider::Settings::OpenAi),
        }
    }
}

/// For commands that neither ask nor verify.
///
/// # Errors
/// None in practice.
pub fn none() -> Result<Assistant, Trouble> {
    let provider = provider::build(&provider::Settings::Local).map_err(|error| Trouble(error.to_string()))?;
    let settings = verify::Settings { policy: Policy::SomenteLocal, budget: VERIFY_WITHIN, pubmed: None };
    let clock = Arc::new(SystemClock);
    let verifier =
        Verifier::new(settings, None, Arc::new(move || clock.now())).map_err(|error| Trouble(error.to_string()))?;
    Ok(Assistant { provider, verifier: Arc::new(verifier), memory: memory::checks() })
}

/// Asks the provider whether the model is there. A wrong key or model stops the start; a provider that is away does not.
///
/// # Errors
/// A sentence in Portuguese that says what to do.
pub async fn check(assistant: &Assistant) -> Result<(), Trouble> {
    let model = assistant.provider.model();
    let failure = match tokio::time::timeout(CHECK_WITHIN, assistant.provider.check()).await {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(failure)) => failure,
        Err(_) => Failure::Timeout,
    };
    match failure {
        Failure::UnknownModel => Err(Trouble(format!("o provedor não conhece o modelo {model}: confira --ai-model"))),
        Failure::Unauthorised => Err(Trouble("o provedor recusou a chave: confira SIGILO_AI_KEY".into())),
        other => {
            eprintln!(
                "  Atenção: o modelo {model} não pôde ser conferido agora ({other}); as respostas serão tentadas mesmo assim."
            );
            Ok(())
        }
    }
}

/// Only from the environment: a command line can be read by every process of the machine.
fn secret(name: &str) -> Option<Zeroizing<String>> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).map(Zeroizing::new)
}

/// The installation's own index, or the small one that comes along.
fn index(data: &Path) -> Result<Index, Trouble> {
    let folder = data.join("citacoes");
    if folder.exists() {
        Index::open(&folder).map_err(|error| Trouble(format!("índice de citações: {error}")))
    } else {
        Index::bundled().map_err(|error| Trouble(format!("índice de citações: {error}")))
    }
}
