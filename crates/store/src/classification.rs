//! What every column holds, why, for how long and on which legal ground: `migrations/classification.toml`, parsed
//! and checked. The data map, the data subject's export, the auditor's table browser and retention read it here.

use std::{collections::BTreeSet, sync::LazyLock};

use serde::Deserialize;
use thiserror::Error;

const TEXT: &str = include_str!("../../../migrations/classification.toml");

/// The file contradicts itself; the sentence says where.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("migrations/classification.toml: {0}")]
pub struct Invalid(String);

/// How delicate a value is, least first. It is about the value by itself: a row is worth its most delicate column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Says nothing about a person.
    None,
    /// Leads to a person only with information kept elsewhere (LGPD art. 13, § 4).
    Pseudonymous,
    /// About an identified or identifiable person (LGPD art. 5, I).
    Personal,
    /// Clinical text without direct identifiers; not claimed to be anonymised (LGPD art. 12).
    Deidentified,
    /// Health and the other data of LGPD art. 5, II, tied to a person.
    Sensitive,
    /// Keys, hashes of tokens, proofs of authentication: never shown, never exported.
    Secret,
}

impl Class {
    /// Every class, least delicate first.
    pub const ALL: [Class; 6] =
        [Self::None, Self::Pseudonymous, Self::Personal, Self::Deidentified, Self::Sensitive, Self::Secret];

    /// Whether the law treats it as data of health (LGPD art. 11).
    pub fn is_health(self) -> bool {
        matches!(self, Self::Deidentified | Self::Sensitive)
    }

    /// Whether it is personal data at all.
    pub fn is_personal(self) -> bool {
        self != Self::None
    }
}

/// How a value is kept from whoever reads the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// As it is.
    #[default]
    Plain,
    /// Encrypted by the application.
    Sealed,
    /// SHA-256.
    Hash,
    /// HMAC-SHA-256 under a key outside the database.
    KeyedHash,
}

impl Protection {
    /// Every protection.
    pub const ALL: [Protection; 4] = [Self::Plain, Self::Sealed, Self::Hash, Self::KeyedHash];
}

/// A member of a closed set with its words for people.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term<Code> {
    /// The member.
    pub code: Code,
    /// Its name, in Portuguese.
    pub label: String,
    /// A sentence in Portuguese.
    pub about: String,
}

/// A ground on which personal data is processed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegalBasis {
    /// The article, as `LGPD art. 7º, V`; `none` where there is no personal data.
    pub code: String,
    /// What the article says, in Portuguese.
    pub about: String,
}

/// Whom data is about.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Its name in the file.
    pub code: String,
    /// Who they are, in Portuguese.
    pub about: String,
}

/// How long something is kept and what happens then.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Its name in the file.
    pub code: String,
    /// The period, in Portuguese.
    pub title: String,
    /// From when it counts, in Portuguese.
    pub about: String,
    /// The law it follows from, in Portuguese.
    pub source: String,
    /// What happens at its end, in Portuguese.
    pub at_end: String,
    /// Who makes it happen, in Portuguese; honest about what is not built.
    pub how: String,
    /// The scheduler's job that has a part in it.
    pub job: Option<String>,
    /// Whether the end of the period is carried out by the product as it is.
    pub built: bool,
    /// So long after a row's clock it ends, as PostgreSQL writes an interval; only where rows belong to a clinic.
    pub period: Option<String>,
    /// Or all rows end with this day, as `2027-12-31`.
    pub last_day: Option<String>,
}

/// A table with its columns.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Schema and name.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What a row is, in Portuguese.
    pub about: String,
    purpose: String,
    legal_basis: String,
    retention: String,
    clock: Option<String>,
    subjects: Option<Vec<String>>,
    /// The columns, in the order of the schema.
    pub columns: Vec<Column>,
}

/// A column; purpose, legal basis and retention come from its table unless it has its own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// How delicate it is.
    pub class: Class,
    /// How it is kept.
    #[serde(default)]
    pub protection: Protection,
    /// Whether the audit console hides it until it is asked for with a reason.
    #[serde(default)]
    pub masked: bool,
    /// Whether it goes into the data subject's own export (LGPD arts. 18 and 19).
    pub exported: bool,
    /// What it holds, in Portuguese.
    pub about: String,
    purpose: Option<String>,
    legal_basis: Option<String>,
    retention: Option<String>,
}

impl Table {
    /// The column with this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// What the table is for, in Portuguese; a column may serve another purpose.
    pub fn purpose(&self) -> &str {
        &self.purpose
    }

    /// What a column is for, in Portuguese.
    pub fn purpose_of<'a>(&'a self, column: &'a Column) -> &'a str {
        column.purpose.as_deref().unwrap_or(&self.purpose)
    }

    /// The codes of those whom it is about: the clinic's members unless it says otherwise, nobody where nothing is personal.
    pub fn subjects(&self) -> Vec<&str> {
        match &self.subjects {
            Some(own) => own.iter().map(String::as_str).collect(),
            None if self.columns.iter().any(|column| column.class.is_personal()) => vec!["member"],
            None => Vec::new(),
        }
    }

    /// The code of the table's retention rule; a column may have another.
    pub fn retention(&self) -> &str {
        &self.retention
    }

    /// The code of a column's retention rule.
    pub fn retention_of<'a>(&'a self, column: &'a Column) -> &'a str {
        column.retention.as_deref().unwrap_or(&self.retention)
    }

    /// The code of the table's legal basis; a column may have another.
    pub fn legal_basis(&self) -> &str {
        &self.legal_basis
    }

    /// The code of a column's legal basis; `none` where it says nothing about a person.
    pub fn legal_basis_of<'a>(&'a self, column: &'a Column) -> &'a str {
        match &column.legal_basis {
            Some(own) => own,
            None if column.class.is_personal() => &self.legal_basis,
            None => "none",
        }
    }
}

/// The whole file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classification {
    /// The classes in words.
    #[serde(rename = "class")]
    pub classes: Vec<Term<Class>>,
    /// The protections in words.
    #[serde(rename = "protection")]
    pub protections: Vec<Term<Protection>>,
    /// The grounds in use.
    #[serde(rename = "legal_basis")]
    pub legal_bases: Vec<LegalBasis>,
    /// Whom data is about.
    #[serde(rename = "subject")]
    pub subjects: Vec<Subject>,
    /// The periods in use.
    #[serde(rename = "retention")]
    pub retentions: Vec<Retention>,
    /// The tables, in the order in which people read them.
    #[serde(rename = "table")]
    pub tables: Vec<Table>,
}

impl Classification {
    /// The classification of this program's schema.
    ///
    /// # Errors
    /// [`Invalid`] when the embedded file contradicts itself; a test keeps that from being released.
    pub fn embedded() -> Result<Classification, Invalid> {
        Classification::parse(TEXT)
    }

    /// The one that comes along, read once. Empty only in a damaged program, which a test would have caught.
    pub fn of_the_product() -> &'static Classification {
        static READ: LazyLock<Classification> =
            LazyLock::new(|| Classification::embedded().unwrap_or_else(|_| Classification::default()));
        &READ
    }

    /// The tables of schema `public`, by the name that a query uses.
    pub fn public_tables(&self) -> impl Iterator<Item = (&str, &Table)> {
        self.tables.iter().filter_map(|table| Some((table.name.strip_prefix("public.")?, table)))
    }

    /// Reads and checks a classification.
    ///
    /// # Errors
    /// [`Invalid`] for a member outside its closed set, a duplicate, health data on another ground than
    /// LGPD art. 11, personal data on no ground, or a secret that would be exported.
    pub fn parse(text: &str) -> Result<Classification, Invalid> {
        let read: Classification = toml::from_str(text).map_err(|error| Invalid(error.to_string()))?;
        read.check()?;
        Ok(read)
    }

    /// Every table of a clinic whose period ends, with its rule and the column from which the period counts:
    /// `created_at`, unless the table names another.
    pub fn ending(&self) -> impl Iterator<Item = (&Retention, &Table, &str)> {
        self.tables.iter().filter_map(|table| {
            let rule = self.retention(&table.retention)?;
            let ends = rule.period.is_some() || rule.last_day.is_some();
            (ends && table.column("clinic_id").is_some())
                .then(|| (rule, table, table.clock.as_deref().unwrap_or("created_at")))
        })
    }

    /// The table with this schema and name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// The retention rule with this code.
    pub fn retention(&self, code: &str) -> Option<&Retention> {
        self.retentions.iter().find(|rule| rule.code == code)
    }

    /// The legal basis with this code.
    pub fn legal_basis(&self, code: &str) -> Option<&LegalBasis> {
        self.legal_bases.iter().find(|basis| basis.code == code)
    }

    /// Those whom a table is about, in words.
    pub fn subjects_of(&self, table: &Table) -> Vec<&str> {
        let words =
            |code| self.subjects.iter().find(|subject| subject.code == code).map(|subject| subject.about.as_str());
        table.subjects().into_iter().filter_map(words).collect()
    }

    /// The words of a class.
    pub fn class(&self, class: Class) -> Option<&Term<Class>> {
        self.classes.iter().find(|term| term.code == class)
    }

    /// The words of a protection.
    pub fn protection(&self, protection: Protection) -> Option<&Term<Protection>> {
        self.protections.iter().find(|term| term.code == protection)
    }

    fn check(&self) -> Result<(), Invalid> {
        if !self.classes.iter().map(|term| term.code).eq(Class::ALL) {
            return Err(Invalid("[[class]] must hold every class once, least delicate first".into()));
        }
        if !self.protections.iter().map(|term| term.code).eq(Protection::ALL) {
            return Err(Invalid("[[protection]] must hold every protection once, plain first".into()));
        }
        let bases = distinct("legal basis", self.legal_bases.iter().map(|basis| basis.code.as_str()))?;
        let rules = distinct("retention", self.retentions.iter().map(|rule| rule.code.as_str()))?;
        let subjects = distinct("subject", self.subjects.iter().map(|subject| subject.code.as_str()))?;
        for table in &self.tables {
            if table.subjects().iter().any(|code| !subjects.contains(code)) {
                return Err(Invalid(format!("{}: a subject is not in the closed set", table.name)));
            }
            if table.subjects.is_none() && table.columns.iter().any(|column| column.class.is_health()) {
                return Err(Invalid(format!("{}: data of health must say whom it is about", table.name)));
            }
        }
        distinct("table", self.tables.iter().map(|table| table.name.as_str()))?;
        let (mut used_bases, mut used_rules) = (BTreeSet::from(["none"]), BTreeSet::new());
        for table in &self.tables {
            distinct(&format!("column of {}", table.name), table.columns.iter().map(|column| column.name.as_str()))?;
            for column in &table.columns {
                let (basis, rule) = (table.legal_basis_of(column), table.retention_of(column));
                let faults = [
                    (!bases.contains(basis), "the legal basis is not in the closed set"),
                    (!rules.contains(rule), "the retention is not in the closed set"),
                    (column.class.is_personal() && basis == "none", "needs a legal basis"),
                    (column.class.is_health() && !basis.starts_with("LGPD art. 11"), "needs a basis of LGPD art. 11"),
                    (column.class == Class::Secret && column.exported, "a secret is never exported"),
                    (!is_sentence(&column.about), "the description is no sentence"),
                    (!is_sentence(table.purpose_of(column)), "the purpose is no sentence"),
                ];
                if let Some((_, what)) = faults.into_iter().find(|(wrong, _)| *wrong) {
                    return Err(Invalid(format!("{}.{}: {what}", table.name, column.name)));
                }
                used_bases.insert(basis);
                used_rules.insert(rule);
            }
        }
        if let Some(rule) = self.retentions.iter().find(|rule| rule.period.is_some() && rule.last_day.is_some()) {
            return Err(Invalid(format!("{}: a period or a last day, not both", rule.code)));
        }
        if let Some((_, table, clock)) = self.ending().find(|(_, table, clock)| table.column(clock).is_none()) {
            return Err(Invalid(format!("{}: its period counts from `{clock}`, which is not there", table.name)));
        }
        match bases.difference(&used_bases).chain(rules.difference(&used_rules)).next() {
            Some(unused) => Err(Invalid(format!("nothing uses `{unused}`"))),
            None => Ok(()),
        }
    }
}

fn distinct<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<BTreeSet<&'a str>, Invalid> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(Invalid(format!("{what} `{name}` appears twice")));
        }
    }
    Ok(seen)
}

fn is_sentence(text: &str) -> bool {
    text.ends_with('.') && text.chars().next().is_some_and(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The embedded file with one thing changed.
    fn changed(from: &str, to: &str) -> Result<Classification, Invalid> {
        assert!(TEXT.contains(from), "{from}");
        Classification::parse(&TEXT.replacen(from, to, 1))
    }

    fn refusal(from: &str, to: &str) -> String {
        changed(from, to).unwrap_err().to_string()
    }

    #[test]
    fn the_embedded_file_is_sound() {
        let read = Classification::embedded().unwrap();
        let email = read.table("auth.users").unwrap().column("email_sealed").unwrap();
        assert_eq!((email.class, email.protection), (Class::Personal, Protection::Sealed));
    }

    #[test]
    fn contradictions_are_refused_by_name() {
        let title = r#"name = "title", class = "deidentified", legal_basis = "LGPD art. 11, II, f""#;
        assert!(refusal(title, r#"name = "title", class = "deidentified""#).contains("public.conversations.title"));
        let secret = r#"name = "code_mac", class = "secret", protection = "keyed_hash", exported = false"#;
        assert!(refusal(secret, &secret.replace("false", "true")).contains("never exported"));
        assert!(refusal(r#"class = "pseudonymous""#, r#"class = "public""#).contains("public"));
        assert!(refusal(r#"name = "auth.totp""#, r#"name = "auth.users""#).contains("appears twice"));
        let ground = "legal_basis = \"LGPD art. 7º, IX\"";
        assert!(refusal(ground, "legal_basis = \"LGPD art. 99\"").contains("auth.throttle.address"));
        assert!(refusal(ground, "legal_basis = \"LGPD art. 7º, V\"").contains("nothing uses"));
        let about = "subjects = [\"patient\", \"member\"]\n";
        assert!(refusal(about, "").contains("must say whom it is about"));
        assert!(refusal(about, "subjects = [\"neighbour\"]\n").contains("a subject is not in the closed set"));
        let clock = "clock = \"withdrawn_at\"";
        assert!(refusal(clock, "clock = \"ended_at\"").contains("public.consent_records: its period counts from"));
        let period = "period = \"12 months\"";
        assert!(refusal(period, &format!("{period}\nlast_day = \"2027-12-31\"")).contains("not both"));
    }
}
