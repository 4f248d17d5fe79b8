//! The parts of `sigilo audit` that hand out and check proofs, beside a running installation.

use std::{fs::File, io::BufWriter, path::PathBuf};

use clap::Subcommand;
use url::Url;
use uuid::Uuid;

use sigilo_features::evidence::{checkpoint_note, examine, export_log, policy_of, row_proof_of, verifier_key};
use sigilo_proof::note::VerifierKey;
use sigilo_store::{Db, trail::SealTx};

use crate::{args::Trouble, db::DataArgs};

/// What can be asked for.
#[derive(Subcommand, Debug)]
pub enum EvidenceCommand {
    /// Escreve o pacote de provas de uma clínica, que sigilo verify confere em qualquer computador
    Bundle {
        /// A clínica (o identificador; zeros para o que não é de clínica nenhuma)
        #[arg(long)]
        clinic: Uuid,
        /// O arquivo
        #[arg(long, value_name = "ARQUIVO", default_value = "provas.tar")]
        out: PathBuf,
    },
    /// Mostra a prova de um registro da trilha
    Row {
        /// A clínica
        #[arg(long)]
        clinic: Uuid,
        /// O número do registro (coluna seq)
        #[arg(long)]
        seq: i64,
    },
    /// Mostra o último ponto de controle, para quem o guarda fora daqui
    Checkpoint,
    /// Mostra a política para sigilo verify: as chaves deste registro e as das testemunhas
    Policy,
    /// Registra uma testemunha, ou o novo endereço dela, a quem cada ponto de controle passa a ser mostrado
    WitnessAdd {
        /// As chaves que ela publica: a mesma testemunha pode ter mais de uma
        #[arg(long = "key", value_name = "CHAVE", required = true)]
        keys: Vec<String>,
        /// Onde ela responde; sem endereço, leve a ela o ponto de controle
        #[arg(long, value_name = "URL")]
        url: Option<Url>,
        /// Quem a roda é de fora: não trabalha para quem opera esta instalação
        #[arg(long)]
        independent: bool,
    },
    /// Esquece uma testemunha que ainda não assinou nada
    WitnessRemove {
        /// O nome, como em sua chave
        name: String,
    },
    /// Compara a trilha inteira com o que foi lacrado, e os registros com a trilha; sai com 1 se algo difere
    Examine,
}

/// Runs one of them.
///
/// # Errors
/// A sentence in Portuguese that says what to do, also when something differs.
#[allow(clippy::print_stdout, reason = "what was asked for")]
pub async fn run(command: &EvidenceCommand, data: &DataArgs) -> Result<(), Trouble> {
    let db = Db::new(&data.urls()?, 2)?;
    match command {
        EvidenceCommand::Bundle { clinic, out } => {
            let trouble =
                |error: std::io::Error| Trouble(format!("não foi possível escrever {}: {error}", out.display()));
            let mut file = BufWriter::new(File::create(out).map_err(trouble)?);
            db.seal(async |tx: &SealTx| export_log(tx, *clinic, &mut file).await).await?;
            file.into_inner().map_err(|error| trouble(error.into_error()))?.sync_all().map_err(trouble)?;
            println!("{}", out.display());
        }
        EvidenceCommand::Row { clinic, seq } => {
            print!("{}", db.seal(async |tx: &SealTx| row_proof_of(tx, *clinic, *seq).await).await?);
        }
        EvidenceCommand::Checkpoint => match checkpoint_note(&db).await? {
            Some((_, note)) => print!("{note}"),
            None => return Err(Trouble("ainda não há ponto de controle: espere um minuto".into())),
        },
        EvidenceCommand::Policy => print!("{}", db.seal(async |tx: &SealTx| policy_of(tx).await).await?),
        EvidenceCommand::WitnessAdd { keys, url, independent } => {
            let wrong = |said: &str| Trouble(format!("a chave da testemunha não se lê: {said}"));
            let mut name = None;
            for key in keys {
                let key = VerifierKey::parse(key).map_err(|error| wrong(&error.to_string()))?;
                if name.get_or_insert_with(|| key.name().to_owned()) != key.name() {
                    return Err(wrong("as chaves são de testemunhas diferentes"));
                }
            }
            let name = name.unwrap_or_default();
            let url = url.as_ref().map(Url::as_str);
            db.seal(async |tx: &SealTx| tx.keep_witness(&name, &keys.join("\n"), url, *independent).await).await?;
            println!("{name} passa a ser testemunha.");
        }
        EvidenceCommand::WitnessRemove { name } => {
            if !db.seal(async |tx: &SealTx| tx.drop_witness(name).await).await? {
                return Err(Trouble("não há testemunha com este nome, ou ela já assinou e fica".into()));
            }
            println!("{name} não é mais testemunha.");
        }
        EvidenceCommand::Examine => {
            let found = examine(&db, verifier_key(&db).await?.as_ref()).await?;
            for difference in &found.differences {
                println!("✗ {}", difference.sentence);
            }
            println!("{} rodadas, {} folhas, {} tabelas comparadas", found.rounds, found.leaves, found.tables);
            if found.difference_count > 0 {
                return Err(Trouble(format!(
                    "{} diferenças; há uma suspeita aberta em Conformidade",
                    found.difference_count
                )));
            }
            println!("Tudo é o que foi lacrado.");
        }
    }
    Ok(())
}
