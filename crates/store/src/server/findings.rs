//! What an examination of the server found, for `sigilo doctor` and for refusals.

use std::fmt;

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Works, and could be better.
    Warn,
    /// Sigilo will not work, or not safely.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Short name of the check, in Portuguese.
    pub check: &'static str,
    /// How serious it is.
    pub level: Level,
    /// What was found, in Portuguese, without passwords.
    pub sentence: String,
    /// The SQL or command that mends it.
    pub mend: Option<String>,
}

/// Everything that was looked at, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// Adds something that is as it should be.
    pub fn ok(&mut self, check: &'static str, sentence: impl Into<String>) {
        self.push(check, Level::Ok, sentence.into(), None);
    }

    /// Adds something that works and could be better.
    pub fn warn(&mut self, check: &'static str, sentence: impl Into<String>, mend: Option<String>) {
        self.push(check, Level::Warn, sentence.into(), mend);
    }

    /// Adds something that keeps Sigilo from working safely.
    pub fn fail(&mut self, check: &'static str, sentence: impl Into<String>, mend: Option<String>) {
        self.push(check, Level::Fail, sentence.into(), mend);
    }

    fn push(&mut self, check: &'static str, level: Level, sentence: String, mend: Option<String>) {
        self.0.push(Finding { check, level, sentence, mend });
    }

    /// Appends what another examination found.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The findings, in the order of the checks.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }

    /// The most serious level found; [`Level::Ok`] when nothing was looked at.
    pub fn worst(&self) -> Level {
        self.0.iter().map(|f| f.level).max().unwrap_or(Level::Ok)
    }
}

/// What is not ok, one paragraph each, with its mending.
impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in self.0.iter().filter(|f| f.level > Level::Ok) {
            writeln!(f, "- {}: {}", finding.check, finding.sentence)?;
            for line in finding.mend.iter().flat_map(|mend| mend.lines()) {
                writeln!(f, "    {line}")?;
            }
        }
        Ok(())
    }
}
