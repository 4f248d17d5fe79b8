//! What the deletion of an account does to each table, and why.

/// What happens to the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// They go.
    Delete,
    /// What identifies goes, the row stays.
    Anonymise,
    /// They stay, for a reason in the law.
    Keep,
}

impl Fate {
    fn label(self) -> &'static str {
        match self {
            Fate::Delete => "Apagar",
            Fate::Anonymise => "Anonimizar",
            Fate::Keep => "Manter",
        }
    }

    pub(super) fn code(self) -> &'static str {
        match self {
            Fate::Delete => "delete",
            Fate::Anonymise => "anonymise",
            Fate::Keep => "keep",
        }
    }
}

/// What the deletion of an account does to each table, in words: table, what happens, why with the article.
pub fn deletion_rules() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    RULES.iter().map(|rule| (rule.table, rule.fate.label(), rule.reason))
}

/// The fate of one table.
pub(super) struct Rule {
    pub(super) table: &'static str,
    pub(super) fate: Fate,
    /// Why, with the article.
    pub(super) reason: &'static str,
}

const fn rule(table: &'static str, fate: Fate, reason: &'static str) -> Rule {
    Rule { table, fate, reason }
}

const INCIDENT: &str = "Registro de incidentes, guardado ao menos 5 anos (Resolução CD/ANPD nº 15/2024, art. 10)";
const ATTENDED: &str = "Quem atendeu, e quando, consta do prontuário, que fica 20 anos (Lei 13.787/2018, art. 6º)";
const PROOF: &str = "Prova de que o tratamento foi correto; guardada 5 anos (LGPD, arts. 6º, X, e 16, I)";
const TRAIL: &str =
    "A trilha não pode ser alterada; não guarda conteúdo nem identificação direta (LGPD, arts. 16, I, e 37)";

/// One rule a table of schema `public`, in the order in which the plan lists them. `auth` tables go with the account.
pub(super) const RULES: &[Rule] = &[
    rule("messages", Fate::Delete, "Conversas do titular (LGPD, art. 18, VI)"),
    rule("ai_answers", Fate::Delete, "Partes das respostas às conversas (LGPD, art. 18, VI)"),
    rule("conversations", Fate::Delete, "Conversas do titular (LGPD, art. 18, VI)"),
    rule("assistant_preferences", Fate::Delete, "Preferência do titular (LGPD, art. 18, VI)"),
    rule(
        "profiles",
        Fate::Anonymise,
        "Nome, CRM e especialidade saem; o identificador fica, para que a trilha seja compreensível (SBIS NGS1.03.09)",
    ),
    rule("members", Fate::Anonymise, "O nome sai e a pessoa deixa de ser membro ativo (SBIS NGS1.03.09)"),
    rule(
        "consent_records",
        Fate::Keep,
        "Os consentimentos são revogados e ficam 5 anos: o ônus da prova é do controlador (LGPD, art. 8º, § 2º)",
    ),
    rule(
        "lgpd_consents",
        Fate::Keep,
        "As provas ficam 5 anos (LGPD, art. 8º, § 2º), mas as chaves da pessoa são destruídas: o nome e o sal não abrem mais",
    ),
    rule("consent_events", Fate::Keep, "Histórico dos consentimentos; guardado 5 anos (LGPD, art. 8º, § 2º)"),
    rule("anonymization_logs", Fate::Keep, PROOF),
    rule("sensitive_data_detection_logs", Fate::Keep, PROOF),
    rule("image_processing_logs", Fate::Keep, PROOF),
    rule("explainability_logs", Fate::Keep, PROOF),
    rule("ai_reference_checks", Fate::Keep, PROOF),
    rule("ai_review_events", Fate::Keep, PROOF),
    rule("data_subject_requests", Fate::Keep, "Prova de que o pedido foi atendido; guardada 5 anos (LGPD, art. 16, I)"),
    rule("request_events", Fate::Keep, "Prova de que o pedido foi atendido; guardada 5 anos (LGPD, art. 16, I)"),
    rule("legal_holds", Fate::Keep, "Prova de por que os dados foram mantidos; guardada 5 anos (LGPD, art. 16, I)"),
    rule(
        "patients",
        Fate::Keep,
        "O prontuário é do paciente e fica 20 anos; quem o cadastrou fica como identificador (Lei 13.787/2018, art. 6º)",
    ),
    rule(
        "patient_identities",
        Fate::Keep,
        "É do paciente, cifrado com a chave dele, e fica com o prontuário (Lei 13.787/2018, art. 6º)",
    ),
    rule("professionals", Fate::Keep, ATTENDED),
    rule("professional_services", Fate::Keep, ATTENDED),
    rule("working_hours", Fate::Keep, ATTENDED),
    rule("schedule_exceptions", Fate::Keep, ATTENDED),
    rule("appointments", Fate::Keep, ATTENDED),
    rule(
        "trail_disposals",
        Fate::Keep,
        "Prova de quem decidiu eliminar a trilha vencida; guardada 5 anos (LGPD, art. 16, I)",
    ),
    rule(
        "patient_eliminations",
        Fate::Keep,
        "Prova de quem decidiu eliminar um cadastro de paciente; guardada 5 anos (LGPD, art. 16, I)",
    ),
    rule("fulfilment_plans", Fate::Keep, "Prova do que foi excluído; guardada 5 anos (LGPD, art. 16, I)"),
    rule(
        "request_evidence",
        Fate::Keep,
        "Prova de quem pediu, cifrada; guardada 5 anos com o pedido (LGPD, art. 16, I)",
    ),
    rule(
        "recipient_notices",
        Fate::Keep,
        "Prova de que quem recebeu os dados foi avisado (LGPD, arts. 16, I, e 18, § 6º)",
    ),
    rule("audit_grants", Fate::Keep, "Prova de quem autorizou auditorias (LGPD, arts. 6º, X, e 16, I)"),
    rule("audit_console_runs", Fate::Keep, "Prova do que foi visto em auditorias (LGPD, arts. 6º, X, e 16, I)"),
    rule("audit_simulations", Fate::Keep, "Prova do que foi demonstrado (LGPD, arts. 6º, X, e 16, I)"),
    rule("audit_reports", Fate::Keep, "Prova dos relatórios emitidos em auditorias (LGPD, arts. 6º, X, e 16, I)"),
    rule("audit_report_files", Fate::Keep, "Os próprios relatórios, que outros têm em mãos (LGPD, art. 16, I)"),
    rule("incident_drafts", Fate::Keep, INCIDENT),
    rule("canaries", Fate::Keep, INCIDENT),
    rule("canary_sightings", Fate::Keep, INCIDENT),
    rule("small_agent_declarations", Fate::Keep, INCIDENT),
    rule("access_logs", Fate::Keep, "Registro de acesso, guardado de 6 a 12 meses (Marco Civil da Internet, art. 15)"),
    rule("audit_trail", Fate::Keep, TRAIL),
    rule("audit_logs", Fate::Keep, TRAIL),
];

#[cfg(test)]
mod tests {
    use super::*;
    use sigilo_store::classification::Classification;

    #[test]
    fn every_table_that_says_something_of_a_member_has_a_fate() {
        // These say nothing of one member.
        const OTHERS: &[&str] = &[
            "clinics",
            "security_incident_logs",
            "ai_governance_metrics",
            "consent_texts",
            "service_categories",
            "service_types",
            "rooms",
            "equipment",
        ];
        for (name, table) in Classification::of_the_product().public_tables() {
            let personal = table.columns.iter().any(|column| column.class.is_personal());
            let ruled = RULES.iter().filter(|rule| rule.table == name).count();
            assert_eq!(ruled, usize::from(personal && !OTHERS.contains(&name)), "{name}");
        }
    }
}
