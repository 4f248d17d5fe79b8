//! The password of a key, which no command line holds: every process of the machine can read those.

use std::{
    env,
    io::{self, BufRead as _, Write as _},
};

use rustix::termios::{LocalModes, OptionalActions, Termios, isatty, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::args::Trouble;

const LONGEST: usize = 1024;

/// From SIGILO_A1_PASSWORD, or the first line of standard input, which a terminal does not show.
pub(super) fn ask() -> Result<Zeroizing<String>, Trouble> {
    if let Ok(password) = env::var("SIGILO_A1_PASSWORD") {
        return Ok(Zeroizing::new(password));
    }
    let input = io::stdin();
    let silent = Silent::start(&input);
    if silent.is_some() {
        let _ = write!(io::stderr(), "Senha do certificado: ");
    }
    let mut line = Zeroizing::new(String::with_capacity(LONGEST));
    let read = io::Read::take(input.lock(), LONGEST as u64).read_line(&mut line);
    if silent.is_some() {
        let _ = writeln!(io::stderr());
    }
    read.map_err(|error| Trouble(format!("não foi possível ler a senha: {error}")))?;
    let length = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(length);
    Ok(line)
}

/// A terminal that does not show what is typed, until this is dropped.
struct Silent<'a> {
    terminal: &'a io::Stdin,
    before: Termios,
}

impl<'a> Silent<'a> {
    fn start(terminal: &'a io::Stdin) -> Option<Silent<'a>> {
        let before = isatty(terminal).then(|| tcgetattr(terminal).ok()).flatten()?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Now, &quiet).ok()?;
        Some(Silent { terminal, before })
    }
}

impl Drop for Silent<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}
