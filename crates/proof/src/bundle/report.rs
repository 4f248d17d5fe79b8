use serde::Serialize;

/// How an examination ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything was there and everything held.
    Valid,
    /// Nothing contradicts, but something that is needed for a conclusion is missing.
    Incomplete,
    /// Something contradicts what was signed.
    Tampered,
}

impl Verdict {
    /// The exit code of a program that ends with it: 0 valid, 1 tampered, 2 incomplete.
    pub fn code(self) -> u8 {
        match self {
            Verdict::Valid => 0,
            Verdict::Tampered => 1,
            Verdict::Incomplete => 2,
        }
    }
}

/// One thing that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it makes of the whole.
    pub verdict: Verdict,
    /// Its name for programs.
    pub code: &'static str,
    /// For people, in Portuguese.
    pub sentence: String,
}

/// What is true of the bundle, as far as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// The platform's log.
    pub origin: Option<String>,
    /// The clinic's log.
    pub log: Option<String>,
    /// Rounds in the platform's log.
    pub rounds: u64,
    /// Leaves in the clinic's log.
    pub leaves: u64,
    /// Entries that were there and had their leaf's hash.
    pub entries: u64,
    /// Leaves whose rows are gone because their time was over, as the log declares.
    pub expired: u64,
    /// Those of them whose age a time stamp confirms.
    pub expired_stamped: u64,
    /// Instants of the first and the last entry.
    pub from: Option<String>,
    /// See `from`.
    pub to: Option<String>,
    /// When the last round was sealed.
    pub sealed_at: Option<String>,
    /// The signatures of the log that held.
    pub signatures: Vec<String>,
    /// Witnesses whose cosignatures held, with the instant they state.
    pub witnesses: Vec<String>,
    /// Time stamps that held: authority and instant.
    pub stamps: Vec<String>,
    /// Time stamps that nobody gave a root for.
    pub stamps_unread: u64,
    /// Earlier checkpoints that this history goes on from.
    pub previous: Vec<String>,
}

/// What an examination found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How it ends.
    pub verdict: Verdict,
    /// What is not as it must be, the first thousand.
    pub findings: Vec<Finding>,
    /// How many there are in all.
    pub finding_count: u64,
    /// What is true.
    pub facts: Facts,
}

/// How many findings are kept in full.
const KEPT: usize = 1000;

impl Report {
    pub(super) fn new() -> Report {
        Report { verdict: Verdict::Valid, findings: Vec::new(), finding_count: 0, facts: Facts::default() }
    }

    pub(super) fn tampered(&mut self, code: &'static str, sentence: String) {
        self.note(Verdict::Tampered, code, sentence);
    }

    pub(super) fn incomplete(&mut self, code: &'static str, sentence: String) {
        self.note(Verdict::Incomplete, code, sentence);
    }

    fn note(&mut self, verdict: Verdict, code: &'static str, sentence: String) {
        self.verdict = self.verdict.max(verdict);
        self.finding_count += 1;
        if self.findings.len() < KEPT {
            self.findings.push(Finding { verdict, code, sentence });
        }
    }
}
