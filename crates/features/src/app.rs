//! What every use case works with.

use std::sync::Arc;

use url::Url;
use webauthn_rs::{Webauthn, WebauthnBuilder};

use sigilo_domain::Clock;
use sigilo_proof::Keyring;
use sigilo_store::{Db, keystore::Keystore};

use crate::{
    Error, Result,
    answer::{Assistant, Desk},
    appointment::{Changes, Seen},
    patient::NameIndexes,
    sign_in::oidc::Provider,
};

/// Who may open an account without having been invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUp {
    /// Anyone; each new doctor gets a clinic of their own.
    Open,
    /// Only invited people.
    Invited,
}

/// An OpenID provider.
#[derive(Clone)]
pub struct OidcSettings {
    /// What the button says, as "Entrar com Google".
    pub label: String,
    /// The issuer's address, from which everything else is discovered.
    pub issuer: String,
    /// The client's identifier there.
    pub client_id: String,
    /// The client's secret there.
    pub client_secret: String,
}

impl OidcSettings {
    /// The preset for Google.
    pub fn google(client_id: String, client_secret: String) -> OidcSettings {
        OidcSettings {
            label: "Entrar com Google".into(),
            issuer: "https://accounts.google.com".into(),
            client_id,
            client_secret,
        }
    }
}

/// How this installation is set up.
#[derive(Clone)]
pub struct Settings {
    /// Where browsers reach it, as `https://sigilo.clinica.example`. Passkeys and cookies are bound to it.
    pub origin: Url,
    /// Whether it is a demonstration with invented people.
    pub demo: bool,
    /// The version of the product.
    pub version: &'static str,
    /// How to reach the data-protection officer, shown to everyone (LGPD art. 41, § 1).
    pub dpo_contact: Option<String>,
    /// Who may open an account.
    pub sign_up: SignUp,
    /// The OpenID provider, if there is one.
    pub oidc: Option<OidcSettings>,
}

/// An installation: its database, keys, clock and settings. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    db: Db,
    keys: Keyring,
    keystore: Option<Keystore>,
    clock: Arc<dyn Clock>,
    webauthn: Webauthn,
    provider: Option<Provider>,
    assistant: Assistant,
    desk: Desk,
    names: NameIndexes,
    changes: Changes,
    seen: Seen,
    settings: Settings,
}

impl App {
    /// Puts an installation together; without a keystore nobody has keys of their own.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the origin cannot carry passkeys (it must be `https`, or `http://localhost`).
    pub fn new(
        db: Db,
        keys: Keyring,
        keystore: Option<Keystore>,
        clock: Arc<dyn Clock>,
        assistant: Assistant,
        settings: Settings,
    ) -> Result<App> {
        const WRONG: Error = Error::Unavailable("o endereço da instalação precisa ser https, ou http://localhost");
        let host = settings.origin.domain().ok_or(WRONG)?;
        if settings.origin.scheme() != "https" && host != "localhost" {
            return Err(WRONG);
        }
        let webauthn = WebauthnBuilder::new(host, &settings.origin)
            .and_then(|builder| builder.rp_name("Sigilo").build())
            .map_err(|_| WRONG)?;
        let provider = settings.oidc.clone().map(|oidc| Provider::new(oidc, &settings.origin)).transpose()?;
        let (desk, names) = (Desk::default(), NameIndexes::default());
        let (changes, seen) = (Changes::default(), Seen::default());
        Ok(App(Arc::new(Inner {
            db,
            keys,
            keystore,
            clock,
            webauthn,
            provider,
            assistant,
            desk,
            names,
            changes,
            seen,
            settings,
        })))
    }

    /// How this installation is set up.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn keys(&self) -> &Keyring {
        &self.0.keys
    }

    /// People's own keys, where this installation has a keystore.
    pub fn keystore(&self) -> Option<&Keystore> {
        self.0.keystore.as_ref()
    }

    /// The current instant, by the installation's clock.
    pub fn now(&self) -> time::OffsetDateTime {
        self.0.clock.now()
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    pub(crate) fn shared_clock(&self) -> Arc<dyn Clock> {
        self.0.clock.clone()
    }

    /// Who answers and who verifies.
    pub fn assistant(&self) -> &Assistant {
        &self.0.assistant
    }

    pub(crate) fn desk(&self) -> &Desk {
        &self.0.desk
    }

    pub(crate) fn names(&self) -> &NameIndexes {
        &self.0.names
    }

    pub(crate) fn changes(&self) -> &Changes {
        &self.0.changes
    }

    pub(crate) fn seen(&self) -> &Seen {
        &self.0.seen
    }

    pub(crate) fn webauthn(&self) -> &Webauthn {
        &self.0.webauthn
    }

    pub(crate) fn provider(&self) -> Option<&Provider> {
        self.0.provider.as_ref()
    }
}
