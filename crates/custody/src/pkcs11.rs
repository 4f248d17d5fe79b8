//! A PKCS#11 token (OASIS PKCS #11 2.40 and later): an HSM, a smart card, SoftHSM.
//!
//! The root key is an AES-256 object that cannot be extracted, found by its label; `CKA_ID` is its version, four bytes
//! big-endian. A clinic's key is sealed with `CKM_AES_GCM`: `0x01 ‖ nonce 12 ‖ ciphertext ‖ tag 16`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::{Mechanism, aead::GcmParams};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use sigilo_proof::envelope::{ClinicPlace, KeyBytes, RootAnswer, RootError, RootKey, WrappedKey};
use sigilo_proof::random_bytes;
use zeroize::Zeroizing;

const FORMAT: u8 = 1;
const NONCE: usize = 12;
const TAG: usize = 16;
const WRAPPED: usize = 1 + NONCE + 32 + TAG;

/// Which token and which key in it.
#[derive(Clone)]
pub struct Pkcs11Settings {
    /// The token's library, as `/usr/lib/softhsm/libsofthsm2.so`.
    pub module: PathBuf,
    /// The token's label.
    pub token: String,
    /// The user's PIN.
    pub pin: Zeroizing<String>,
    /// The key's label.
    pub key: String,
    /// How long one operation may take.
    pub timeout: Duration,
}

impl Pkcs11Settings {
    /// The usual label of the key and time limit.
    pub fn new(module: PathBuf, token: String, pin: Zeroizing<String>) -> Pkcs11Settings {
        Pkcs11Settings { module, token, pin, key: "sigilo-raiz".into(), timeout: Duration::from_secs(10) }
    }
}

/// A root key in a token.
pub struct Pkcs11Root {
    token: Arc<Token>,
    timeout: Duration,
}

struct Token {
    library: Pkcs11,
    settings: Pkcs11Settings,
    /// One at a time: a session of PKCS#11 may not be shared. None after it failed.
    session: Mutex<Option<Session>>,
}

impl Pkcs11Root {
    /// Loads the library, signs in and finds the key. With `create`, makes the key when there is none, and a new version
    /// when there is one.
    ///
    /// # Errors
    /// [`RootError::Misconfigured`] for a library, token or key that is not there, [`RootError::Denied`] for a wrong PIN.
    pub async fn open(settings: Pkcs11Settings, create: bool) -> Result<Pkcs11Root, RootError> {
        let timeout = settings.timeout;
        let token = within(timeout, move || {
            let library = Pkcs11::new(&settings.module)
                .map_err(|_| RootError::Misconfigured("a biblioteca PKCS#11 não carrega".into()))?;
            match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
                // Another user of the library in this process was first.
                Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
                Err(error) => return Err(failure(&error)),
            }
            let token = Token { library, settings, session: Mutex::new(None) };
            token.with(|session| {
                let newest = token.newest(session)?;
                if create {
                    token.make(session, newest.map_or(1, |(_, version)| version + 1))?;
                } else if newest.is_none() {
                    return Err(RootError::Misconfigured("o token não tem a chave raiz; rode sigilo keys init".into()));
                }
                Ok(())
            })?;
            Ok(Arc::new(token))
        })
        .await?;
        Ok(Pkcs11Root { token, timeout })
    }
}

/// Runs what blocks on a thread of its own. A token that hangs keeps that thread, and the next ask times out too.
async fn within<T: Send + 'static>(
    timeout: Duration,
    work: impl FnOnce() -> Result<T, RootError> + Send + 'static,
) -> Result<T, RootError> {
    let away = |what: &str| RootError::Unavailable(what.into());
    match tokio::time::timeout(timeout, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(away("a biblioteca PKCS#11 falhou")),
        Err(_) => Err(away("o token não respondeu a tempo")),
    }
}

impl Token {
    /// Runs `work` in the open session, or in a new one when there is none or the token ended it.
    fn with<T>(&self, work: impl Fn(&Session) -> Result<T, RootError>) -> Result<T, RootError> {
        let mut place = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = place.is_some();
        let session = match place.take() {
            Some(session) => session,
            None => self.sign_in()?,
        };
        let answer = work(&session);
        if !matches!(answer, Err(RootError::Unavailable(_))) {
            *place = Some(session);
            return answer;
        }
        drop(session);
        if !kept {
            return answer;
        }
        let fresh = self.sign_in()?;
        let answer = work(&fresh);
        if !matches!(answer, Err(RootError::Unavailable(_))) {
            *place = Some(fresh);
        }
        answer
    }

    fn sign_in(&self) -> Result<Session, RootError> {
        let slots = self.library.get_slots_with_initialized_token().map_err(|error| failure(&error))?;
        let slot = slots
            .into_iter()
            .find(|slot| self.library.get_token_info(*slot).is_ok_and(|info| info.label() == self.settings.token))
            .ok_or_else(|| RootError::Misconfigured("não há token com este nome".into()))?;
        let session = self.library.open_rw_session(slot).map_err(|error| failure(&error))?;
        let pin = AuthPin::new(self.settings.pin.as_str().into());
        match session.login(UserType::User, Some(&pin)) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(error) => Err(failure(&error)),
        }
    }

    /// Every version of the key with its handle.
    fn keys(&self, session: &Session) -> Result<Vec<(ObjectHandle, u32)>, RootError> {
        let wanted = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::AES),
            Attribute::Token(true),
            Attribute::Label(self.settings.key.clone().into_bytes()),
        ];
        let mut keys = Vec::new();
        for handle in session.find_objects(&wanted).map_err(|error| failure(&error))? {
            let found = session.get_attributes(handle, &[AttributeType::Id]).map_err(|error| failure(&error))?;
            if let Some(Attribute::Id(id)) = found.first()
                && let Ok(version) = <[u8; 4]>::try_from(id.as_slice())
            {
                keys.push((handle, u32::from_be_bytes(version)));
            }
        }
        Ok(keys)
    }

    fn newest(&self, session: &Session) -> Result<Option<(ObjectHandle, u32)>, RootError> {
        Ok(self.keys(session)?.into_iter().max_by_key(|(_, version)| *version))
    }

    fn make(&self, session: &Session, version: u32) -> Result<(), RootError> {
        let template = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Encrypt(true),
            Attribute::Decrypt(true),
            Attribute::Wrap(false),
            Attribute::Unwrap(false),
            Attribute::ValueLen(32.into()),
            Attribute::Label(self.settings.key.clone().into_bytes()),
            Attribute::Id(version.to_be_bytes().to_vec()),
        ];
        session.generate_key(&Mechanism::AesKeyGen, &template).map(drop).map_err(|error| failure(&error))
    }

    fn wrap(&self, aad: &[u8], key: &KeyBytes) -> Result<WrappedKey, RootError> {
        self.with(|session| {
            let missing = || RootError::Misconfigured("o token não tem a chave raiz".into());
            let (handle, root_version) = self.newest(session)?.ok_or_else(missing)?;
            let mut nonce: [u8; NONCE] = random_bytes();
            let mut bytes = Vec::with_capacity(WRAPPED);
            bytes.push(FORMAT);
            bytes.extend_from_slice(&nonce);
            let parameters = gcm(&mut nonce, aad)?;
            let sealed = session
                .encrypt(&Mechanism::AesGcm(parameters), handle, key.expose())
                .map_err(|error| failure(&error))?;
            bytes.extend_from_slice(&sealed);
            // Some tokens insist on a nonce of their own making; then nothing here would open again.
            if bytes.len() != WRAPPED {
                return Err(RootError::Misconfigured("o token não faz AES-GCM como se espera".into()));
            }
            Ok(WrappedKey { bytes, root_version })
        })
    }

    fn unwrap(&self, aad: &[u8], wrapped: &WrappedKey) -> Result<KeyBytes, RootError> {
        let [FORMAT, rest @ ..] = wrapped.bytes.as_slice() else { return Err(RootError::Refused) };
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(RootError::Refused)?;
        if wrapped.bytes.len() != WRAPPED {
            return Err(RootError::Refused);
        }
        self.with(|session| {
            let handle = self.keys(session)?.into_iter().find(|(_, version)| *version == wrapped.root_version);
            let (handle, _) = handle.ok_or_else(|| {
                RootError::Misconfigured(format!("o token não tem a versão {} da chave raiz", wrapped.root_version))
            })?;
            let mut nonce = *nonce;
            let parameters = gcm(&mut nonce, aad)?;
            let plain = match session.decrypt(&Mechanism::AesGcm(parameters), handle, sealed) {
                Ok(plain) => Zeroizing::new(plain),
                Err(error) => return Err(not_opened(&error)),
            };
            KeyBytes::copy(&plain).map_err(|_| RootError::Refused)
        })
    }
}

fn gcm<'a>(nonce: &'a mut [u8; NONCE], aad: &'a [u8]) -> Result<GcmParams<'a>, RootError> {
    GcmParams::new(nonce, aad, ((8 * TAG) as u64).into()).map_err(|error| failure(&error))
}

/// Tokens say in several ways that a tag is wrong; SoftHSM with a general error.
fn not_opened(error: &Error) -> RootError {
    match error {
        Error::Pkcs11(
            RvError::EncryptedDataInvalid
            | RvError::EncryptedDataLenRange
            | RvError::GeneralError
            | RvError::FunctionFailed,
            _,
        ) => RootError::Refused,
        other => failure(other),
    }
}

fn failure(error: &Error) -> RootError {
    let Error::Pkcs11(code, _) = error else {
        return RootError::Misconfigured("a biblioteca PKCS#11 não faz o que se pede".into());
    };
    match code {
        RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange => {
            RootError::Denied("o PIN não confere".into())
        }
        RvError::PinLocked => RootError::Denied("o PIN está bloqueado".into()),
        RvError::PinExpired => RootError::Denied("o PIN venceu".into()),
        RvError::UserNotLoggedIn
        | RvError::SessionHandleInvalid
        | RvError::SessionClosed
        | RvError::DeviceRemoved
        | RvError::DeviceError
        | RvError::DeviceMemory
        | RvError::TokenNotPresent
        | RvError::TokenNotRecognized
        | RvError::HostMemory
        | RvError::GeneralError
        | RvError::FunctionFailed => RootError::Unavailable(format!("{code:?}")),
        code => RootError::Misconfigured(format!("{code:?}")),
    }
}

impl RootKey for Pkcs11Root {
    fn provider(&self) -> &'static str {
        "pkcs11"
    }

    fn wrap<'a>(&'a self, place: ClinicPlace, key: &'a KeyBytes) -> RootAnswer<'a, WrappedKey> {
        Box::pin(async move {
            let token = Arc::clone(&self.token);
            let key = KeyBytes::copy(key.expose()).map_err(|_| RootError::Refused)?;
            within(self.timeout, move || token.wrap(&place.aad(), &key)).await
        })
    }

    fn unwrap<'a>(&'a self, place: ClinicPlace, wrapped: &'a WrappedKey) -> RootAnswer<'a, KeyBytes> {
        Box::pin(async move {
            let (token, wrapped) = (Arc::clone(&self.token), wrapped.clone());
            within(self.timeout, move || token.unwrap(&place.aad(), &wrapped)).await
        })
    }
}
