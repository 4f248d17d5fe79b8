//! Who attests the trail's checkpoints from outside, from the command line or the environment.

use std::{fs, path::PathBuf};

use clap::Args;
use url::Url;
use zeroize::Zeroizing;

use sigilo_anchor::{
    Client,
    timestamp::{Authority, Login},
};
use sigilo_features::evidence::Outside;
use sigilo_proof::x509::{CaStore, from_pem};

use crate::args::Trouble;

/// An authority of time stamps. Witnesses are in the database: `sigilo audit witness-add`.
#[derive(Args, Clone, Debug, Default)]
pub struct OutsideArgs {
    /// Autoridade de carimbo do tempo (RFC 3161): http://, https:// ou tcp://; carimba um ponto de controle por dia
    #[arg(long, value_name = "URL", env = "SIGILO_TSA", requires = "tsa_root")]
    tsa: Option<Url>,
    /// Certificado raiz da autoridade de carimbo do tempo (PEM), com os intermediários, se houver
    #[arg(long, value_name = "ARQUIVO", env = "SIGILO_TSA_ROOT")]
    tsa_root: Option<PathBuf>,
    /// Usuário na autoridade, se ela pede
    #[arg(long, value_name = "NOME", env = "SIGILO_TSA_USER", requires = "tsa")]
    tsa_user: Option<String>,
    /// Arquivo com a senha na autoridade
    #[arg(long, value_name = "ARQUIVO", env = "SIGILO_TSA_PASSWORD_FILE", requires = "tsa_user")]
    tsa_password_file: Option<PathBuf>,
}

impl OutsideArgs {
    /// Whom there is to ask.
    ///
    /// # Errors
    /// A sentence in Portuguese when a file or an address cannot be used.
    pub fn open(&self) -> Result<Outside, Trouble> {
        let trouble = |error: &dyn std::fmt::Display| Trouble(format!("a autoridade de carimbo do tempo: {error}"));
        let client = Client::new().map_err(|error| trouble(&error))?;
        let (Some(url), Some(path)) = (&self.tsa, &self.tsa_root) else { return Ok(Outside::new(client, None)) };
        let text = fs::read_to_string(path).map_err(|error| trouble(&format!("{}: {error}", path.display())))?;
        let mut roots = CaStore::new("--tsa-root");
        for certificate in from_pem(&text).ok_or_else(|| trouble(&"não há certificado no arquivo da raiz"))? {
            if roots.add_root(&certificate).is_err() {
                roots.add_intermediate(&certificate).map_err(|error| trouble(&error))?;
            }
        }
        let login = match (&self.tsa_user, &self.tsa_password_file) {
            (Some(user), Some(path)) => {
                let password = fs::read_to_string(path).map(Zeroizing::new);
                let password = password.map_err(|error| trouble(&format!("{}: {error}", path.display())))?;
                let password = Zeroizing::new(password.trim_end_matches(['\r', '\n']).to_owned());
                Some(Login { user: user.clone(), password })
            }
            (Some(_), None) => return Err(trouble(&"com --tsa-user é preciso --tsa-password-file")),
            _ => None,
        };
        let authority = Authority::new(url.clone(), login).map_err(|error| trouble(&error))?;
        Ok(Outside::new(client, Some((authority, roots))))
    }
}
