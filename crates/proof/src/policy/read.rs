//! Reading a policy's lines.

use std::collections::HashSet;

use thiserror::Error;

use super::{Definition, Log, Policy, Witness};
use crate::note::{KeyError, SignatureType, VerifierKey};

/// The longest policy that is read, in bytes.
pub const MAX_POLICY: usize = 1 << 20;

/// How many logs, and how many witnesses and groups together, a policy may have. The specification asks for 32 each.
pub const MAX_DEFINITIONS: usize = 256;

/// The name that stands for no quorum.
const NONE: &str = "none";

/// Where and why a policy is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line} of the policy: {problem}")]
pub struct PolicySyntaxError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: PolicyProblem,
}

/// What is wrong with a line of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PolicyProblem {
    /// Longer than [`MAX_POLICY`], or more than [`MAX_DEFINITIONS`].
    #[error("the policy is too large")]
    TooLarge,
    /// Control characters other than tabs.
    #[error("there are control characters")]
    Characters,
    /// Not one of the four kinds of line, or with too few or too many items.
    #[error("the line is not understood")]
    Line,
    /// Not a verifier key.
    #[error(transparent)]
    Key(KeyError),
    /// A key whose signatures are not a log's, or not a witness's.
    #[error("the key has the wrong type for its use")]
    KeyType,
    /// A public key that another line has. A log can also not be its own witness.
    #[error("the public key is on another line too")]
    DuplicateKey,
    /// The name is taken or reserved.
    #[error("the name is taken")]
    Name,
    /// A name that no earlier line defines.
    #[error("no earlier line defines the name")]
    Undefined,
    /// A witness or group that is in a group already.
    #[error("a member is in a group already")]
    Member,
    /// A threshold below 1 or above the number of members.
    #[error("the threshold does not fit the number of members")]
    Threshold,
    /// No quorum line, or a second.
    #[error("there must be exactly one quorum line")]
    Quorum,
}

impl Policy {
    /// Reads a policy file. Stricter than the specification where that costs nobody: it must be UTF-8, and no public
    /// key may be both a log's and a witness's, since such a log would vouch for itself.
    ///
    /// # Errors
    /// [`PolicySyntaxError`], with the first line that is wrong.
    pub fn parse(text: &str) -> Result<Policy, PolicySyntaxError> {
        if text.len() > MAX_POLICY {
            return Err(PolicySyntaxError { line: 1, problem: PolicyProblem::TooLarge });
        }
        let mut reader = Reader::default();
        let mut last = 0;
        for (at, line) in text.split('\n').enumerate() {
            last = at + 1;
            reader.line(line).map_err(|problem| PolicySyntaxError { line: last, problem })?;
        }
        let missing = PolicySyntaxError { line: last, problem: PolicyProblem::Quorum };
        let quorum = reader.quorum.ok_or(missing)?;
        Ok(Policy { logs: reader.logs, definitions: reader.definitions, quorum })
    }
}

#[derive(Default)]
struct Reader {
    logs: Vec<Log>,
    definitions: Vec<Definition>,
    keys: HashSet<Vec<u8>>,
    grouped: HashSet<usize>,
    /// None before the quorum line; None within for no quorum.
    quorum: Option<Option<usize>>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), PolicyProblem> {
        if line.bytes().any(|byte| (byte < b' ' && byte != b'\t') || byte == 0x7f) {
            return Err(PolicyProblem::Characters);
        }
        let items: Vec<&str> = line.split([' ', '\t']).filter(|item| !item.is_empty()).collect();
        match items.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", key, url @ ..] => self.log(key, url),
            ["witness", name, key, url @ ..] => self.witness(name, key, url),
            ["group", name, threshold, members @ ..] => self.group(name, threshold, members),
            ["quorum", name] => self.quorum(name),
            _ => Err(PolicyProblem::Line),
        }
    }

    fn log(&mut self, key: &str, url: &[&str]) -> Result<(), PolicyProblem> {
        let url = optional(url)?;
        let key = self.key(key, &[SignatureType::Ed25519, SignatureType::MlDsa44])?;
        if self.logs.len() == MAX_DEFINITIONS {
            return Err(PolicyProblem::TooLarge);
        }
        self.logs.push(Log { key, url });
        Ok(())
    }

    fn witness(&mut self, name: &str, key: &str, url: &[&str]) -> Result<(), PolicyProblem> {
        let url = optional(url)?;
        let key = self.key(key, &[SignatureType::CosignatureV1, SignatureType::MlDsa44])?;
        self.define(Definition::Witness(Witness { name: name.to_owned(), key, url }))
    }

    fn group(&mut self, name: &str, threshold: &str, members: &[&str]) -> Result<(), PolicyProblem> {
        let needed = match threshold {
            "any" => 1,
            "all" => members.len(),
            number => {
                number.parse().ok().filter(|k: &usize| k.to_string() == number).ok_or(PolicyProblem::Threshold)?
            }
        };
        if needed == 0 || needed > members.len() {
            return Err(PolicyProblem::Threshold);
        }
        let mut indices = Vec::with_capacity(members.len());
        for member in members {
            let index = self.find(member)?;
            if !self.grouped.insert(index) {
                return Err(PolicyProblem::Member);
            }
            indices.push(index);
        }
        self.define(Definition::Group { name: name.to_owned(), needed, members: indices })
    }

    fn quorum(&mut self, name: &str) -> Result<(), PolicyProblem> {
        if self.quorum.is_some() {
            return Err(PolicyProblem::Quorum);
        }
        self.quorum = Some(if name == NONE { None } else { Some(self.find(name)?) });
        Ok(())
    }

    fn key(&mut self, key: &str, kinds: &[SignatureType]) -> Result<VerifierKey, PolicyProblem> {
        let key = VerifierKey::parse(key).map_err(PolicyProblem::Key)?;
        if !kinds.contains(&key.kind()) {
            return Err(PolicyProblem::KeyType);
        }
        if self.keys.insert(key.public_key().to_vec()) { Ok(key) } else { Err(PolicyProblem::DuplicateKey) }
    }

    fn define(&mut self, definition: Definition) -> Result<(), PolicyProblem> {
        if definition.name() == NONE || self.find(definition.name()).is_ok() {
            return Err(PolicyProblem::Name);
        }
        if self.definitions.len() == MAX_DEFINITIONS {
            return Err(PolicyProblem::TooLarge);
        }
        self.definitions.push(definition);
        Ok(())
    }

    fn find(&self, name: &str) -> Result<usize, PolicyProblem> {
        self.definitions.iter().position(|known| known.name() == name).ok_or(PolicyProblem::Undefined)
    }
}

fn optional(url: &[&str]) -> Result<Option<String>, PolicyProblem> {
    match url {
        [] => Ok(None),
        [url] => Ok(Some((*url).to_owned())),
        _ => Err(PolicyProblem::Line),
    }
}
