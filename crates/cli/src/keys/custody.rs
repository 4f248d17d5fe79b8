//! Who keeps the root key, from the command line and the environment.

use std::{env, fs, path::Path, path::PathBuf, sync::Arc};

use clap::{Args, ValueEnum};
use sigilo_custody::{Pkcs11Root, Pkcs11Settings, TransitRoot, TransitSettings};
use sigilo_proof::envelope::{LocalRoot, RootKey};
use url::Url;
use zeroize::Zeroizing;

use super::root_file;
use crate::args::Trouble;

/// Where the root key lies.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// No arquivo segredos/raiz.chave
    Arquivo,
    /// Num OpenBao ou Vault, pelo motor transit
    Transit,
    /// Num HSM ou token PKCS#11
    Pkcs11,
}

/// Who keeps the root key. PIN and token come from the environment alone: a command line can be read by every process of
/// the machine.
#[derive(Args, Clone, Debug)]
pub struct CustodyArgs {
    /// Quem guarda a chave raiz das chaves das clínicas
    #[arg(long, value_enum, env = "SIGILO_KEEPER", default_value = "arquivo", global = true)]
    keeper: Keeper,
    /// Endereço do OpenBao ou Vault; o token vem de SIGILO_TRANSIT_TOKEN ou SIGILO_TRANSIT_TOKEN_FILE
    #[arg(long, value_name = "URL", env = "SIGILO_TRANSIT_ADDRESS", global = true)]
    transit_address: Option<Url>,
    /// Onde o motor transit está montado
    #[arg(long, value_name = "CAMINHO", env = "SIGILO_TRANSIT_MOUNT", default_value = "transit", global = true)]
    transit_mount: String,
    /// Nome da chave no motor transit
    #[arg(long, value_name = "NOME", env = "SIGILO_TRANSIT_KEY", default_value = "sigilo", global = true)]
    transit_key: String,
    /// Namespace, se o servidor os tem
    #[arg(long, value_name = "NOME", env = "SIGILO_TRANSIT_NAMESPACE", global = true)]
    transit_namespace: Option<String>,
    /// Biblioteca PKCS#11; o PIN vem de SIGILO_PKCS11_PIN ou SIGILO_PKCS11_PIN_FILE
    #[arg(long, value_name = "ARQUIVO", env = "SIGILO_PKCS11_MODULE", global = true)]
    pkcs11_module: Option<PathBuf>,
    /// Nome do token PKCS#11
    #[arg(long, value_name = "NOME", env = "SIGILO_PKCS11_TOKEN", default_value = "sigilo", global = true)]
    pkcs11_token: String,
}

impl CustodyArgs {
    /// The root key lies in its file, whatever the environment says: so in a demonstration.
    pub fn in_file() -> CustodyArgs {
        CustodyArgs {
            keeper: Keeper::Arquivo,
            transit_address: None,
            transit_mount: String::new(),
            transit_key: String::new(),
            transit_namespace: None,
            pkcs11_module: None,
            pkcs11_token: String::new(),
        }
    }

    /// The keeper that was asked for.
    pub fn keeper(&self) -> Keeper {
        self.keeper
    }

    /// Opens the keeper that was asked for.
    ///
    /// # Errors
    /// A missing setting, or what the keeper says.
    pub async fn open(&self, data: &Path) -> Result<Arc<dyn RootKey>, Trouble> {
        self.open_one(self.keeper, data).await
    }

    /// Opens another keeper with the same settings.
    ///
    /// # Errors
    /// As [`CustodyArgs::open`].
    pub async fn open_one(&self, keeper: Keeper, data: &Path) -> Result<Arc<dyn RootKey>, Trouble> {
        Ok(match keeper {
            Keeper::Arquivo => Arc::new(LocalRoot::new(root_file::read(data, false)?.expose())),
            Keeper::Transit => Arc::new(TransitRoot::open(self.transit()?).await?),
            Keeper::Pkcs11 => Arc::new(Pkcs11Root::open(self.pkcs11()?, false).await?),
        })
    }

    /// Makes the root key, or a new version of it, in a token.
    ///
    /// # Errors
    /// As [`CustodyArgs::open`].
    pub async fn make_in_token(&self) -> Result<(), Trouble> {
        Pkcs11Root::open(self.pkcs11()?, true).await?;
        Ok(())
    }

    fn transit(&self) -> Result<TransitSettings, Trouble> {
        let address = self.transit_address.clone();
        let address =
            address.ok_or_else(|| Trouble("falta o endereço do OpenBao ou Vault: --transit-address".into()))?;
        let token = secret("SIGILO_TRANSIT_TOKEN", "o token do OpenBao ou Vault")?;
        let settings = TransitSettings::new(address, self.transit_key.clone(), token);
        let namespace = self.transit_namespace.clone();
        Ok(TransitSettings { mount: self.transit_mount.clone(), namespace, ..settings })
    }

    fn pkcs11(&self) -> Result<Pkcs11Settings, Trouble> {
        let module = self.pkcs11_module.clone();
        let module = module.ok_or_else(|| Trouble("falta a biblioteca PKCS#11: --pkcs11-module".into()))?;
        Ok(Pkcs11Settings::new(module, self.pkcs11_token.clone(), secret("SIGILO_PKCS11_PIN", "o PIN do token")?))
    }
}

/// A secret from a variable, or from the file that the variable with `_FILE` names.
fn secret(variable: &str, what: &str) -> Result<Zeroizing<String>, Trouble> {
    if let Ok(value) = env::var(variable) {
        return Ok(Zeroizing::new(value));
    }
    let in_file = format!("{variable}_FILE");
    let path = env::var(&in_file).map_err(|_| Trouble(format!("falta {what}: {variable} ou {in_file}")))?;
    let text = fs::read_to_string(&path).map(Zeroizing::new);
    let text = text.map_err(|e| Trouble(format!("não foi possível ler {path}: {e}")))?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}
