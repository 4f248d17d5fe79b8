//! Signing in with an OpenID provider: authorisation code with PKCE and nonce (OpenID Connect Core 1.0, RFC 7636).

use std::time::Duration;

use openidconnect::{
    AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    TokenResponse,
    core::{CoreClient, CoreProviderMetadata, CoreResponseType, CoreUserInfoClaims},
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;
use uuid::Uuid;

use sigilo_domain::name;
use sigilo_store::{SignInTx, account};

use super::{Attempt, PENDING, Pending, Step, active, attempt, to_second_factor};
use crate::{App, Client, Error, OidcSettings, Result, SignUp, Token, ceremony, new_token, sign_up};

const KIND: &str = "oidc";
const DOWN: Error = Error::Unavailable("o provedor de identidade");
/// How long discovered metadata and keys are trusted before they are asked for again.
const FRESH: Duration = Duration::from_secs(3600);

type ReadyClient =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// A provider and what was discovered about it.
pub struct Provider {
    settings: OidcSettings,
    redirect: RedirectUrl,
    http: reqwest::Client,
    discovered: Mutex<Option<(std::time::Instant, CoreProviderMetadata)>>,
}

/// What the provider sends back to us.
#[derive(Debug, Deserialize)]
pub struct OidcCallback {
    /// The authorisation code.
    pub code: Option<String>,
    /// What we sent along.
    pub state: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Flow {
    /// An invited account that this sign-in will be bound to.
    invited: Option<Uuid>,
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

/// Who the provider says it is.
struct Person {
    issuer: String,
    subject: String,
    email: String,
    name: String,
}

impl Provider {
    pub(crate) fn new(settings: OidcSettings, origin: &Url) -> Result<Provider> {
        let redirect = origin
            .join("/entrar/oidc/retorno")
            .ok()
            .and_then(|url| RedirectUrl::new(url.into()).ok())
            .ok_or(Error::Unavailable("o endereço da instalação"))?;
        // A second installation of the process-wide provider is refused and harmless.
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        let http = reqwest::Client::builder()
            // A provider that answers with redirects could lead us anywhere.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(8))
            .build()
            .map_err(|_| Error::Internal)?;
        Ok(Provider { settings, redirect, http, discovered: Mutex::new(None) })
    }

    async fn client(&self) -> Result<ReadyClient> {
        let mut discovered = self.discovered.lock().await;
        let metadata = match &*discovered {
            Some((at, metadata)) if at.elapsed() < FRESH => metadata.clone(),
            _ => {
                let metadata = self.discover().await?;
                *discovered = Some((std::time::Instant::now(), metadata.clone()));
                metadata
            }
        };
        drop(discovered);
        let secret = Some(ClientSecret::new(self.settings.client_secret.clone()));
        Ok(CoreClient::from_provider_metadata(metadata, ClientId::new(self.settings.client_id.clone()), secret)
            .set_redirect_uri(self.redirect.clone()))
    }

    /// Three tries with growing pauses: a provider is asked once an hour, so a hiccup should not close the door.
    async fn discover(&self) -> Result<CoreProviderMetadata> {
        let issuer = IssuerUrl::new(self.settings.issuer.clone()).map_err(|_| DOWN)?;
        for pause in [200, 800, 0] {
            match CoreProviderMetadata::discover_async(issuer.clone(), &self.http).await {
                Ok(metadata) => return Ok(metadata),
                Err(error) => tracing::warn!(%error, "identity provider: discovery failed"),
            }
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        Err(DOWN)
    }

    /// Trades the code for the verified identity. `None`: the provider's answer proves nobody.
    async fn person(&self, code: String, flow: Flow) -> Result<Option<Person>> {
        let client = self.client().await?;
        let request = client.exchange_code(AuthorizationCode::new(code)).map_err(|_| DOWN)?;
        let tokens = match request.set_pkce_verifier(flow.verifier).request_async(&self.http).await {
            Ok(tokens) => tokens,
            Err(openidconnect::RequestTokenError::Request(_)) => return Err(DOWN),
            Err(_) => return Ok(None),
        };
        let Some(id_token) = tokens.id_token() else { return Ok(None) };
        let Ok(claims) = id_token.claims(&client.id_token_verifier(), &flow.nonce) else {
            // The provider may have changed its keys: ask again at the next sign-in.
            *self.discovered.lock().await = None;
            return Ok(None);
        };
        let (mut email, mut verified) = (claims.email().cloned(), claims.email_verified());
        let mut full_name = claims.name().and_then(|n| n.get(None)).cloned();
        if (email.is_none() || full_name.is_none())
            && let Ok(request) = client.user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
            && let Ok(info) = request.request_async(&self.http).await
        {
            let info: CoreUserInfoClaims = info;
            if email.is_none() {
                (email, verified) = (info.email().cloned(), info.email_verified());
            }
            full_name = full_name.or_else(|| info.name().and_then(|n| n.get(None)).cloned());
        }
        let Some(email) = email.filter(|_| verified == Some(true)) else {
            return Err(Error::Forbidden("O provedor não confirmou o seu e-mail. Confirme-o lá e tente de novo."));
        };
        let known_as = full_name.map(|n| n.to_string()).unwrap_or_default();
        let Ok(email) = name::email(&email) else { return Ok(None) };
        Ok(Some(Person {
            issuer: claims.issuer().to_string(),
            subject: claims.subject().to_string(),
            name: name::full_name(&known_as).unwrap_or_else(|_| "Nome a completar".into()),
            email,
        }))
    }
}

/// Begins a sign-in at the provider: where to send the browser, and the ceremony's secret.
///
/// `entering` is the sign-in in progress, if there is one: whoever came by an invitation binds the provider's
/// account to the invited one.
///
/// # Errors
/// [`Error::NotFound`] without a provider, [`Error::Unavailable`] when it is away.
pub async fn oidc_start(app: &App, client: &Client, entering: Option<&Token>) -> Result<(Url, Token)> {
    let provider = app.provider().ok_or(Error::NotFound)?;
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = provider
        .client()
        .await?
        .authorize_url(
            AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scope(Scope::new("email".into()))
        .add_scope(Scope::new("profile".into()))
        .set_pkce_challenge(challenge)
        .url();
    let token = new_token();
    app.db()
        .sign_in(client, async |tx: &SignInTx| {
            let invited = match entering {
                Some(entering) => invited_account(app, tx, entering).await?,
                None => None,
            };
            let flow = Flow { invited, state, nonce, verifier };
            ceremony::keep(app, tx, &token, KIND, invited, &flow).await
        })
        .await?;
    Ok((url, token))
}

/// Ends it. A first sign-in makes the account, its clinic and its profile.
///
/// # Errors
/// [`Error::Expired`] for a replayed callback, [`Error::SignInFailed`] for a forged one, [`Error::Forbidden`]
/// without a confirmed e-mail or an invitation, [`Error::Unavailable`] when the provider is away.
pub async fn oidc_finish(app: &App, client: &Client, token: &Token, callback: OidcCallback) -> Result<Step> {
    let provider = app.provider().ok_or(Error::NotFound)?;
    // The ceremony ends before the provider is asked, so that a callback works once whatever happens next.
    let flow: Flow =
        attempt(app, client, async |tx: &SignInTx| Ok(Attempt::Passed(ceremony::take(app, tx, token, KIND).await?)))
            .await?;
    let invited = flow.invited;
    let forged = callback.state.as_deref() != Some(flow.state.secret());
    let person = match callback.code.filter(|_| !forged && callback.error.is_none()) {
        Some(code) => provider.person(code, flow).await?,
        None => None,
    };
    attempt(app, client, async |tx: &SignInTx| -> Result<Attempt<Step>> {
        let Some(person) = person else {
            return Ok(Attempt::refused(if forged { "oidc_state_mismatch" } else { "oidc_refused" }));
        };
        let user = match account::by_identity(tx, &person.issuer, &person.subject).await? {
            Some(user) => user,
            None => match invited {
                Some(user) => {
                    // Asked again: the invitation may have been finished another way since the sign-in began.
                    let standing = active(tx, user).await?;
                    if !unclaimed(&standing) {
                        return Ok(Attempt::refused_for(&standing, "invitation_finished"));
                    }
                    account::link_identity(tx, user, &person.issuer, &person.subject).await?;
                    user
                }
                None => register(app, tx, &person).await?,
            },
        };
        let standing = active(tx, user).await?;
        Ok(Attempt::Passed(to_second_factor(app, tx, &standing, "oidc").await?))
    })
    .await
}

/// The account of an invitation that was opened in this browser and is not finished yet.
async fn invited_account(app: &App, tx: &SignInTx, entering: &Token) -> Result<Option<Uuid>> {
    match ceremony::peek::<Pending>(app, tx, entering, PENDING).await {
        Ok(pending) if pending.first == "link" => {
            let standing = active(tx, pending.user).await?;
            Ok(unclaimed(&standing).then_some(standing.id))
        }
        Ok(_) | Err(Error::Expired) => Ok(None),
        Err(error) => Err(error),
    }
}

/// An account that can be entered already is not opened to another provider account by a link alone.
fn unclaimed(standing: &account::Standing) -> bool {
    !standing.has_passkey && !standing.has_totp && !standing.has_identity
}

async fn register(app: &App, tx: &SignInTx, person: &Person) -> Result<Uuid> {
    if app.settings().sign_up != SignUp::Open {
        return Err(Error::Forbidden("Esta instalação aceita só pessoas convidadas. Peça um convite à clínica."));
    }
    let user = sign_up::create_account(app, tx, &person.name, &person.email, true).await?;
    account::link_identity(tx, user.id, &person.issuer, &person.subject).await?;
    Ok(user.id)
}
