//! The assistant with stand-ins in the place of the model and of PubMed.

use std::process::Command;

use sigilo_standin::{llm, pubmed};
use tokio::time::timeout;

use super::PATIENCE;

/// The provider's key: no output may hold it.
pub const KEY: &str = "chave-secreta-de-teste-Qx7vPq2";

/// Which wire format the model speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The vendor's own.
    Anthropic,
    /// Chat completions.
    OpenAi,
}

impl Dialect {
    /// Its name in the database and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Anthropic => "anthropic",
            Dialect::OpenAi => "openai",
        }
    }
}

/// Both stand-ins. The model does what `roteiro:…` in a message says.
pub struct StandIns {
    /// The model.
    pub model: llm::Server,
    /// PubMed.
    pub pubmed: pubmed::Server,
    dialect: Dialect,
}

impl StandIns {
    /// Starts them.
    pub async fn start(dialect: Dialect) -> StandIns {
        let script = llm::Script { key: Some(KEY.into()), ..llm::Script::default() };
        StandIns {
            model: llm::Server::start(script).await.expect("a port"),
            pubmed: pubmed::Server::start().await.expect("a port"),
            dialect,
        }
    }

    /// Where the model is, without a slash at the end.
    pub fn model_origin(&self) -> String {
        self.model.base.as_str().trim_end_matches('/').to_owned()
    }

    /// Where PubMed is, without a path.
    pub fn pubmed_origin(&self) -> String {
        self.pubmed.base.origin().ascii_serialization()
    }

    /// Points an installation at them. `verification` as on the command line.
    pub fn wire(&self, command: &mut Command, verification: &str) {
        command.args(["--ai", self.dialect.name(), "--ai-url", &self.model_origin(), "--ai-model", "modelo-de-teste"]);
        command.args(["--verification", verification, "--pubmed-url", self.pubmed.base.as_str()]);
        command.env("SIGILO_AI_KEY", KEY);
    }

    /// What a journey needs to steer them.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("SIGILO_E2E_LLM", self.model_origin()),
            ("SIGILO_E2E_PUBMED", self.pubmed_origin()),
            ("SIGILO_E2E_PROVIDER", self.dialect.name().to_owned()),
        ]
    }

    /// Waits until the model was asked so many times.
    pub async fn asked(&self, times: usize) {
        timeout(PATIENCE, self.model.wait_until(|seen| seen.len() >= times)).await.expect("the model is asked");
    }

    /// Waits until the last request was given up by whoever sent it.
    pub async fn hung_up(&self) {
        let gone = self.model.wait_until(|seen| seen.last().is_some_and(|last| last.closed_early));
        timeout(PATIENCE, gone).await.expect("the request is given up");
    }
}
