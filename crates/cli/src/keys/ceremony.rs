//! `sigilo keys share` and `recover`: the root key among several people, and back.

use std::io::{self, BufRead, IsTerminal as _, Write as _};
use std::path::Path;

use sigilo_proof::{
    Keyring,
    envelope::{KeyBytes, Share, describe_shared, open_shared, share as make_shares},
};
use sigilo_store::server::saved_urls;
use zeroize::Zeroizing;

use super::databases::Databases;
use super::root_file;
use crate::args::Trouble;

/// Lines that are read before giving up: people mistype.
const MOST_LINES: usize = 200;

/// Makes the shares, tries them, shows them one by one, and only then puts the file in its place.
pub async fn share(data: &Path, threshold: u8, count: u8, replace: bool) -> Result<(), Trouble> {
    let path = root_file::shared_path(data);
    if path.exists() && !replace {
        return Err(Trouble(format!(
            "já há uma partilha em {}: use --replace para refazê-la, com partes novas para todos",
            path.display()
        )));
    }
    let root = root_file::read(data, false)?;
    confirm(data, &root).await?;
    let (file, shares) = make_shares(&root, threshold, count)?;
    // From the last ones, as text and back: what is handed out is what was tried.
    let texts: Vec<Zeroizing<String>> = shares.iter().map(Share::to_text).collect();
    let tried: Vec<Share> =
        texts.iter().rev().take(threshold.into()).map(|text| Share::parse(text)).collect::<Result<_, _>>()?;
    if open_shared(&file, &tried)?.expose() != root.expose() {
        return Err(Trouble("as partes não reconstruíram a chave; nada foi mudado".into()));
    }
    hand_out(&texts, threshold).map_err(|e| Trouble(format!("não foi possível mostrar as partes: {e}")))?;
    root_file::write_shared(&path, &file)
        .map_err(|e| Trouble(format!("não foi possível gravar {}: {e}", path.display())))?;
    eprintln!("  O arquivo cifrado está em {}: guarde cópias dele longe das partes.", path.display());
    eprintln!("  Ensaie agora a recuperação: sigilo keys recover --rehearse");
    Ok(())
}

fn hand_out(texts: &[Zeroizing<String>], threshold: u8) -> io::Result<()> {
    let watched = io::stdin().is_terminal() && io::stdout().is_terminal();
    let mut out = io::stdout();
    for (at, text) in texts.iter().enumerate() {
        writeln!(out, "Parte {} de {}; bastam {threshold}:\n{}\n", at + 1, texts.len(), text.as_str())?;
        if watched {
            write!(out, "Entregue-a a uma pessoa, que a anote e confira. Enter apaga a tela. ")?;
            out.flush()?;
            io::stdin().read_line(&mut String::new())?;
            // Screen and what could be scrolled back to.
            write!(out, "\x1b[2J\x1b[3J\x1b[H")?;
        }
    }
    out.flush()
}

/// Puts the root key together, proves that it is this installation's, and, unless rehearsing, puts it in its place.
pub async fn recover(data: &Path, file: Option<&Path>, rehearse: bool) -> Result<(), Trouble> {
    let path = file.map_or_else(|| root_file::shared_path(data), Path::to_owned);
    let file = root_file::read_shared(&path)?;
    let (_, threshold, count) = describe_shared(&file)?;
    eprintln!("  Digite {threshold} das {count} partes, uma por linha.");
    let root = read_shares(&file, threshold)?;
    let compared = confirm(data, &root).await?;
    eprintln!("  A chave raiz foi reconstruída na memória e confere com a marca do arquivo.");
    match compared {
        true => eprintln!("  Ela é a chave deste banco de dados."),
        false => eprintln!("  Aqui não há banco de dados com que comparar."),
    }
    if rehearse {
        eprintln!("  Foi um ensaio: nada foi mudado.");
        return Ok(());
    }
    let place = root_file::path(data);
    if place.exists() {
        let kept = root_file::read(data, false)?;
        if kept.expose() == root.expose() {
            eprintln!("  {} já é esta chave: nada a fazer.", place.display());
            return Ok(());
        }
        return Err(Trouble(format!("{} é outra chave; tire-a dali antes, se ela é a errada", place.display())));
    }
    root_file::restore(data, &root)?;
    eprintln!("  A chave está de volta em {}.", place.display());
    Ok(())
}

/// Reads lines until enough different shares are there; a mistyped one is asked for again.
fn read_shares(file: &[u8], threshold: u8) -> Result<KeyBytes, Trouble> {
    let mut shares: Vec<Share> = Vec::new();
    let mut lines = io::stdin().lock().lines();
    for _ in 0..MOST_LINES {
        let Some(line) = lines.next() else { break };
        let line = line.map(Zeroizing::new).map_err(|e| Trouble(format!("não foi possível ler as partes: {e}")))?;
        if line.trim().is_empty() {
            continue;
        }
        match Share::parse(line.trim()) {
            Ok(share) if shares.iter().any(|known| known.number() == share.number()) => {
                eprintln!("  A parte {} já foi dada.", share.number());
            }
            Ok(share) => {
                shares.push(share);
                eprintln!("  {} de {threshold}", shares.len());
            }
            Err(error) => eprintln!("  {error}"),
        }
        if shares.len() >= threshold.into() {
            break;
        }
    }
    Ok(open_shared(file, &shares)?)
}

/// Whether the key was compared with a database here; an error when it is another's.
async fn confirm(data: &Path, root: &KeyBytes) -> Result<bool, Trouble> {
    let external = std::env::var_os("DATABASE_URL").is_some_and(|url| !url.is_empty());
    if !external && saved_urls(data).is_err() {
        return Ok(false);
    }
    match Databases::open(data).await?.root_check().await? {
        None => Ok(false),
        Some(known) if known == Keyring::new(root.expose()).check_value() => Ok(true),
        Some(_) => Err(Trouble("esta chave raiz não é a deste banco de dados; nada foi mudado".into())),
    }
}
