//! Settings of an installation, from the command line or the environment.

use std::{fmt, net::SocketAddr};

use clap::Args;
use url::Url;

use sigilo_features::{OidcSettings, Settings, SignUp};

use crate::assistant::AssistantArgs;

/// A sentence in Portuguese for the person at the terminal.
#[derive(Debug)]
pub struct Trouble(pub String);

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Trouble {}

impl From<sigilo_store::server::ServerError> for Trouble {
    fn from(error: sigilo_store::server::ServerError) -> Self {
        Trouble(error.to_string())
    }
}

impl From<sigilo_store::Error> for Trouble {
    fn from(error: sigilo_store::Error) -> Self {
        Trouble(format!("o banco de dados recusou: {error}"))
    }
}

impl From<sigilo_features::Error> for Trouble {
    fn from(error: sigilo_features::Error) -> Self {
        match error {
            sigilo_features::Error::Invalid(fields) => {
                Trouble(fields.into_iter().map(|field| field.message).collect::<Vec<_>>().join(" "))
            }
            sigilo_features::Error::Unavailable(what) => Trouble(format!("indisponível: {what}")),
            other => Trouble(format!("não foi possível: {other}")),
        }
    }
}

/// How the site is reached and who may enter.
#[derive(Args, Clone, Debug)]
pub struct SiteArgs {
    /// Endereço em que o programa atende; porta 0 escolhe uma livre
    #[arg(long, value_name = "IP:PORTA", env = "SIGILO_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Endereço em que o navegador chega, como https://sigilo.clinica.example [padrão: http://localhost:PORTA]
    #[arg(long, value_name = "URL", env = "SIGILO_ORIGIN", global = true)]
    pub origin: Option<Url>,
    /// Confia em X-Forwarded-For: só atrás de um proxy próprio
    #[arg(long, env = "SIGILO_TRUSTED_PROXY")]
    pub trusted_proxy: bool,
    /// Quem pode abrir conta [padrão: convidados; na demonstração, qualquer pessoa]
    #[arg(long, value_enum, env = "SIGILO_SIGN_UP")]
    pub sign_up: Option<SignUpArg>,
    /// Contato do encarregado de dados, mostrado a todos
    #[arg(long, value_name = "TEXTO", env = "SIGILO_DPO_CONTACT")]
    pub dpo_contact: Option<String>,
    /// Conexões simultâneas com o banco de dados
    #[arg(long, value_name = "N", env = "SIGILO_DB_CONNECTIONS", default_value_t = 16)]
    pub db_connections: usize,
    /// Pedidos por segundo que um endereço pode fazer; uma clínica costuma ter um endereço só
    #[arg(long, value_name = "N", env = "SIGILO_REQUESTS_PER_SECOND", default_value_t = 60)]
    pub requests_per_second: u32,
    /// Não lacra a trilha neste processo: outro o faz, com sigilo seal
    #[arg(long, env = "SIGILO_NO_SEAL")]
    pub no_seal: bool,
    /// Emissor OpenID Connect; com só o client id, é o Google
    #[arg(long, value_name = "URL", env = "SIGILO_OIDC_ISSUER", requires = "oidc_client_id")]
    pub oidc_issuer: Option<String>,
    /// Client id no provedor OpenID Connect
    #[arg(long, value_name = "ID", env = "SIGILO_OIDC_CLIENT_ID")]
    pub oidc_client_id: Option<String>,
    /// Texto do botão do provedor
    #[arg(long, value_name = "TEXTO", env = "SIGILO_OIDC_LABEL")]
    pub oidc_label: Option<String>,
    /// Who answers and who verifies.
    #[command(flatten)]
    pub assistant: AssistantArgs,
}

/// Who may open an account without having been invited.
#[derive(clap::ValueEnum, Clone, Copy, Debug)]
pub enum SignUpArg {
    /// Qualquer pessoa; cada médico novo ganha uma clínica própria
    Aberto,
    /// Só pessoas convidadas
    Convidados,
}

impl SiteArgs {
    /// The limits and the trust of the web layer.
    pub fn web(&self) -> sigilo_web::WebSettings {
        let rate = sigilo_web::Rate {
            burst: self.requests_per_second.saturating_mul(10),
            per_second: self.requests_per_second.into(),
        };
        sigilo_web::WebSettings { trusted_proxy: self.trusted_proxy, rate, ..sigilo_web::WebSettings::default() }
    }

    /// The name of the site: what the trail's log is called after.
    pub fn host(&self) -> String {
        self.origin.as_ref().and_then(|origin| origin.host_str()).unwrap_or("localhost").to_owned()
    }

    /// The settings, once the port is known.
    ///
    /// # Errors
    /// When the provider is set up by half.
    pub fn settings(&self, port: u16, demo: bool) -> Result<Settings, Trouble> {
        let origin = match &self.origin {
            Some(origin) => origin.clone(),
            None => Url::parse(&format!("http://localhost:{port}")).map_err(|e| Trouble(e.to_string()))?,
        };
        Ok(Settings {
            origin,
            demo,
            version: env!("CARGO_PKG_VERSION"),
            dpo_contact: self.dpo_contact.clone().filter(|contact| !contact.trim().is_empty()),
            sign_up: match self.sign_up {
                Some(SignUpArg::Aberto) => SignUp::Open,
                Some(SignUpArg::Convidados) => SignUp::Invited,
                None if demo => SignUp::Open,
                None => SignUp::Invited,
            },
            oidc: self.oidc()?,
        })
    }

    fn oidc(&self) -> Result<Option<OidcSettings>, Trouble> {
        let Some(client_id) = self.oidc_client_id.clone() else { return Ok(None) };
        // Only from the environment: a command line can be read by every process of the machine.
        let client_secret = std::env::var("SIGILO_OIDC_CLIENT_SECRET")
            .map_err(|_| Trouble("falta SIGILO_OIDC_CLIENT_SECRET, o segredo do provedor de identidade".into()))?;
        let mut oidc = OidcSettings::google(client_id, client_secret);
        if let Some(issuer) = &self.oidc_issuer {
            oidc.issuer = issuer.clone();
            oidc.label = "Entrar com o provedor da clínica".into();
        }
        if let Some(label) = &self.oidc_label {
            oidc.label = label.clone();
        }
        Ok(Some(oidc))
    }
}
