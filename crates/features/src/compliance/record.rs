//! The record of processing activities (LGPD art. 37): from the classification of every column and the settings.

use time::OffsetDateTime;

use sigilo_store::{
    Action, Session, WriteTx,
    classification::{Classification, Column, LegalBasis, Protection, Retention, Table},
};

use super::{Recipient, manages, recipients, viewed};
use crate::{App, Result};

/// What keeps the data, each sentence true of every installation.
pub const MEASURES: [&str; 8] = [
    "Isolamento por clínica com segurança por linha, ligada em todas as tabelas e obrigatória até para o dono delas.",
    "Entrada sem senha, com dois fatores; sessão que bloqueia por inatividade.",
    "Remoção dos identificadores diretos do texto clínico antes de gravar; o texto original não é guardado.",
    "E-mail e segredos cifrados (AES-256-GCM) com chave fora do banco; tokens guardados só como resumo.",
    "Imagens processadas na memória e descartadas, sem cópia em disco.",
    "Trilha de auditoria que só cresce, também para a aplicação.",
    "Papéis de banco separados, cada um com o mínimo; acesso de auditoria por prazo e só de leitura.",
    "Registros técnicos e mensagens de erro sem dados pessoais.",
];

/// One activity: the columns of a table that serve one purpose and are kept for one period.
pub struct Activity {
    /// The table.
    pub table: &'static Table,
    /// What for.
    pub purpose: &'static str,
    /// On which grounds; one of them may be that nothing is personal.
    pub legal_bases: Vec<&'static LegalBasis>,
    /// Whom it is about, in words.
    pub subjects: Vec<&'static str>,
    /// What it holds.
    pub columns: Vec<&'static Column>,
    /// The classes of what it holds, in words.
    pub categories: Vec<&'static str>,
    /// How it is kept from whoever reads the table, in words.
    pub protections: Vec<&'static str>,
    /// For how long.
    pub retention: &'static Retention,
}

/// The whole record.
pub struct Record {
    /// When it was generated.
    pub at: OffsetDateTime,
    /// The version of the product.
    pub version: &'static str,
    /// Who decides about the processing: the clinic.
    pub controller: String,
    /// How to reach the data-protection officer.
    pub officer: Option<String>,
    /// Every activity, in the order of the classification.
    pub activities: Vec<Activity>,
    /// To whom data goes.
    pub recipients: Vec<Recipient>,
}

impl Record {
    /// Those who are sent data of a table.
    pub fn recipients_of(&self, table: &Table) -> impl Iterator<Item = &Recipient> {
        self.recipients.iter().filter(|recipient| recipient.tables.contains(&table.name.as_str()))
    }
}

/// Generates the record. That it was looked at, or taken along as a file, goes into the trail.
///
/// # Errors
/// [`crate::Error::Forbidden`] for who answers for nothing.
pub async fn record(app: &App, session: &Session, as_file: bool) -> Result<Record> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            manages(tx)?;
            let settings = app.settings();
            let record = Record {
                at: app.now(),
                version: settings.version,
                controller: tx.entered().clinic_name.clone(),
                officer: settings.dpo_contact.clone(),
                activities: activities(),
                recipients: recipients::of(app),
            };
            let event = if as_file {
                viewed("processing_record_exported", Action::Export)
            } else {
                viewed("processing_record_viewed", Action::View)
            };
            Ok((record, event))
        })
        .await
}

/// Every activity of the product, whatever the installation: a table may have several.
pub fn activities() -> Vec<Activity> {
    let all = Classification::of_the_product();
    let mut activities: Vec<Activity> = Vec::new();
    for table in &all.tables {
        let first = activities.len();
        for column in &table.columns {
            let (purpose, retention) = (table.purpose_of(column), table.retention_of(column));
            let same = |activity: &&mut Activity| activity.purpose == purpose && activity.retention.code == retention;
            let found = activities[first..].iter_mut().find(same);
            let activity = match (found, all.retention(retention)) {
                (Some(found), _) => found,
                (None, None) => continue,
                (None, Some(retention)) => {
                    activities.push(Activity {
                        table,
                        purpose,
                        legal_bases: Vec::new(),
                        subjects: all.subjects_of(table),
                        columns: Vec::new(),
                        categories: Vec::new(),
                        protections: Vec::new(),
                        retention,
                    });
                    let last = activities.len() - 1;
                    &mut activities[last]
                }
            };
            activity.columns.push(column);
            if let Some(basis) = all.legal_basis(table.legal_basis_of(column))
                && !activity.legal_bases.iter().any(|known| known.code == basis.code)
            {
                activity.legal_bases.push(basis);
            }
            let class = all.class(column.class).map(|term| term.label.as_str());
            let protection = match column.protection {
                Protection::Plain => None,
                other => all.protection(other).map(|term| term.label.as_str()),
            };
            for (words, list) in [(class, &mut activity.categories), (protection, &mut activity.protections)] {
                list.extend(words.filter(|words| !list.contains(words)));
            }
        }
    }
    // That some columns say nothing about a person is no ground beside a real one.
    for activity in &mut activities {
        if activity.legal_bases.iter().any(|basis| basis.code != "none") {
            activity.legal_bases.retain(|basis| basis.code != "none");
        }
    }
    activities
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_and_every_column_is_in_the_record_once() {
        let all = Classification::of_the_product();
        let activities = activities();
        let mut recorded: Vec<String> = activities
            .iter()
            .flat_map(|one| one.columns.iter().map(|column| format!("{}.{}", one.table.name, column.name)))
            .collect();
        let mut classified: Vec<String> = all
            .tables
            .iter()
            .flat_map(|table| table.columns.iter().map(|column| format!("{}.{}", table.name, column.name)))
            .collect();
        recorded.sort();
        classified.sort();
        assert!(classified.len() > 300);
        assert_eq!(recorded, classified);
        for one in &activities {
            let personal = one.columns.iter().any(|column| column.class.is_personal());
            assert_eq!(personal, one.legal_bases.iter().any(|basis| basis.code != "none"), "{}", one.purpose);
            assert!(!personal || !one.subjects.is_empty(), "{}: of whom?", one.table.name);
            assert!(!one.categories.is_empty() && !one.purpose.is_empty(), "{}", one.table.name);
        }
        let messages: Vec<_> = activities.iter().filter(|one| one.table.name == "public.messages").collect();
        assert!(messages.len() > 1, "a purpose of its own is an activity of its own");
    }
}
