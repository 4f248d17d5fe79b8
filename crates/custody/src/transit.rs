//! The transit engine of OpenBao or HashiCorp Vault, over its HTTP API.
//!
//! <https://openbao.org/api-docs/secret/transit/>: `POST /v1/MOUNT/encrypt/KEY` and `…/decrypt/KEY` with base64 texts and
//! `associated_data`; errors are a status and `{"errors": […]}`. The key is of type `aes256-gcm96`.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sigilo_proof::envelope::{ClinicPlace, KeyBytes, RootAnswer, RootError, RootKey, WrappedKey};
use url::{Host, Url};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Bytes of an answer that are read; the longest real one is a key's description.
const LONGEST_ANSWER: usize = 256 * 1024;
const KEY_TYPE: &str = "aes256-gcm96";

/// Where the engine is and how long it may take.
#[derive(Clone)]
pub struct TransitSettings {
    /// The server, as `https://cofre.example:8200`. Without TLS only on this machine.
    pub address: Url,
    /// Where the engine is mounted, as `transit`.
    pub mount: String,
    /// The key's name.
    pub key: String,
    /// The namespace, where the server has them.
    pub namespace: Option<String>,
    /// The access token.
    pub token: Zeroizing<String>,
    /// How long one try may take.
    pub timeout: Duration,
    /// The pause before the second try; each later one is four times as long.
    pub pause: Duration,
}

impl TransitSettings {
    /// The usual mount and times.
    pub fn new(address: Url, key: String, token: Zeroizing<String>) -> TransitSettings {
        TransitSettings {
            address,
            mount: "transit".into(),
            key,
            namespace: None,
            token,
            timeout: Duration::from_secs(5),
            pause: Duration::from_millis(200),
        }
    }
}

/// A root key in a transit engine.
pub struct TransitRoot {
    client: reqwest::Client,
    settings: TransitSettings,
    token: HeaderValue,
    namespace: Option<HeaderValue>,
}

/// One sends the same thing this often before giving up.
const TRIES: u32 = 3;

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Encrypted {
    ciphertext: String,
}

#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
struct Decrypted {
    plaintext: String,
}

#[derive(Serialize)]
struct Encrypt<'a> {
    plaintext: &'a str,
    associated_data: &'a str,
}

#[derive(Serialize)]
struct Decrypt<'a> {
    ciphertext: &'a str,
    associated_data: &'a str,
}

#[derive(Deserialize)]
struct Described {
    #[serde(rename = "type")]
    kind: String,
    latest_version: u32,
    #[serde(default)]
    exportable: bool,
    #[serde(default)]
    derived: bool,
}

impl TransitRoot {
    /// Prepares the connection and asks for the key, which must be there: encrypting under a name that is not would make a
    /// new key, and so hide a mistake until it is needed.
    ///
    /// # Errors
    /// [`RootError::Misconfigured`] for settings that cannot be used, a missing key, or one of another type or that can be
    /// exported; otherwise what kept the server from answering.
    pub async fn open(settings: TransitSettings) -> Result<TransitRoot, RootError> {
        let wrong = |what: &str| RootError::Misconfigured(what.into());
        let local = is_loopback(&settings.address);
        if settings.address.scheme() != "https" && !(settings.address.scheme() == "http" && local) {
            return Err(wrong("use https; sem cifra, só nesta máquina"));
        }
        let header = |text: &str| {
            let mut value = HeaderValue::from_str(text).map_err(|_| wrong("caracteres inválidos"))?;
            value.set_sensitive(true);
            Ok(value)
        };
        let token = header(&settings.token)?;
        let namespace = settings.namespace.as_deref().map(header).transpose()?;
        // A second installation of the process-wide provider is refused and harmless.
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        let mut builder = reqwest::Client::builder()
            // The token must not follow a redirect.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(settings.timeout)
            .timeout(settings.timeout);
        if local {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|_| wrong("TLS indisponível"))?;
        let root = TransitRoot { client, settings, token, namespace };
        let key: Described = root.ask(Method::GET, "keys", None).await?;
        if key.kind != KEY_TYPE || key.derived {
            return Err(wrong("a chave não é do tipo aes256-gcm96"));
        }
        if key.exportable || key.latest_version == 0 {
            return Err(wrong("a chave pode ser exportada; crie uma com exportable=false"));
        }
        Ok(root)
    }

    fn url(&self, operation: &str) -> Result<Url, RootError> {
        let mut url = self.settings.address.clone();
        url.set_query(None);
        url.set_fragment(None);
        url.path_segments_mut()
            .map_err(|()| RootError::Misconfigured("o endereço não tem caminho".into()))?
            .pop_if_empty()
            .push("v1")
            .extend(self.settings.mount.split('/').filter(|part| !part.is_empty()))
            .extend([operation, self.settings.key.as_str()]);
        Ok(url)
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        operation: &str,
        body: Option<&[u8]>,
    ) -> Result<T, RootError> {
        let url = self.url(operation)?;
        let mut pause = self.settings.pause;
        let mut left = TRIES;
        loop {
            left -= 1;
            let failure = match self.once(method.clone(), url.clone(), body).await {
                Ok(bytes) => {
                    let answer: Result<Answer<T>, _> = serde_json::from_slice(&bytes);
                    let strange = || RootError::Misconfigured("respondeu outra coisa que o motor transit".into());
                    return answer.map(|answer| answer.data).map_err(|_| strange());
                }
                Err(failure) => failure,
            };
            if left == 0 || !matches!(failure, RootError::Unavailable(_)) {
                return Err(failure);
            }
            tokio::time::sleep(pause).await;
            pause *= 4;
        }
    }

    /// One try. What the server says in words goes nowhere: only the status is told.
    async fn once(&self, method: Method, url: Url, body: Option<&[u8]>) -> Result<Zeroizing<Vec<u8>>, RootError> {
        let away = |what: &str| RootError::Unavailable(what.into());
        let mut request = self
            .client
            .request(method, url)
            .header("X-Vault-Token", self.token.clone())
            .header("X-Vault-Request", "true");
        if let Some(namespace) = &self.namespace {
            request = request.header("X-Vault-Namespace", namespace.clone());
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_vec());
        }
        let mut response = request
            .send()
            .await
            .map_err(|error| away(if error.is_timeout() { "tempo esgotado" } else { "sem conexão" }))?;
        let status = response.status();
        let mut bytes = Zeroizing::new(Vec::new());
        while let Some(piece) = response.chunk().await.map_err(|_| away("a resposta foi cortada"))? {
            if bytes.len() + piece.len() > LONGEST_ANSWER {
                return Err(RootError::Misconfigured("a resposta é longa demais".into()));
            }
            bytes.extend_from_slice(&piece);
        }
        if status == StatusCode::OK { Ok(bytes) } else { Err(refusal(status, &bytes)) }
    }
}

/// What a status means here. Of the server's words only what tells one 400 from another is looked at.
fn refusal(status: StatusCode, body: &[u8]) -> RootError {
    let said = String::from_utf8_lossy(&body[..body.len().min(2048)]).to_ascii_lowercase();
    match status.as_u16() {
        400 if said.contains("too old") => {
            RootError::Misconfigured("a versão da chave raiz foi desativada (min_decryption_version)".into())
        }
        400 if said.contains("key not found") => RootError::Misconfigured("a chave não existe".into()),
        400 => RootError::Refused,
        401 | 403 => RootError::Denied("o token não vale ou não pode usar esta chave".into()),
        404 => RootError::Misconfigured("a chave não existe, ou o motor transit não está neste caminho".into()),
        503 => RootError::Unavailable("o servidor está selado ou em manutenção".into()),
        412 | 429 | 472 | 473 | 500..=599 => RootError::Unavailable(format!("HTTP {}", status.as_u16())),
        _ => RootError::Misconfigured(format!("HTTP {}", status.as_u16())),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn json(body: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, RootError> {
    serde_json::to_vec(body).map(Zeroizing::new).map_err(|_| RootError::Refused)
}

/// The key's version in `vault:v3:…`.
fn version(ciphertext: &str) -> Option<u32> {
    ciphertext.strip_prefix("vault:v")?.split_once(':')?.0.parse().ok()
}

impl RootKey for TransitRoot {
    fn provider(&self) -> &'static str {
        "transit"
    }

    fn wrap<'a>(&'a self, place: ClinicPlace, key: &'a KeyBytes) -> RootAnswer<'a, WrappedKey> {
        Box::pin(async move {
            let plaintext = Zeroizing::new(STANDARD.encode(key.expose()));
            let body = json(&Encrypt { plaintext: &plaintext, associated_data: &STANDARD.encode(place.aad()) })?;
            let answer: Encrypted = self.ask(Method::POST, "encrypt", Some(&body)).await?;
            let root_version = version(&answer.ciphertext)
                .ok_or_else(|| RootError::Misconfigured("respondeu outra coisa que o motor transit".into()))?;
            Ok(WrappedKey { bytes: answer.ciphertext.into_bytes(), root_version })
        })
    }

    fn unwrap<'a>(&'a self, place: ClinicPlace, wrapped: &'a WrappedKey) -> RootAnswer<'a, KeyBytes> {
        Box::pin(async move {
            let ciphertext = std::str::from_utf8(&wrapped.bytes).map_err(|_| RootError::Refused)?;
            let body = json(&Decrypt { ciphertext, associated_data: &STANDARD.encode(place.aad()) })?;
            let answer: Decrypted = self.ask(Method::POST, "decrypt", Some(&body)).await?;
            let plain = STANDARD.decode(answer.plaintext.as_bytes()).map(Zeroizing::new);
            KeyBytes::copy(&plain.map_err(|_| RootError::Refused)?).map_err(|_| RootError::Refused)
        })
    }
}
