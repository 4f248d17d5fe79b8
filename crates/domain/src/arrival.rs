//! How a data subject's request came, when it did not come through the subject's own account (LGPD art. 18, § 3).

/// Ways of coming, by code.
pub const CHANNELS: [(&str, &str); 3] = [("counter", "No balcão"), ("letter", "Por carta"), ("email", "Por e-mail")];

/// How it was made sure who asked, by code.
pub const IDENTITY_CHECKS: [(&str, &str); 4] = [
    ("document_seen", "Documento com foto visto na hora"),
    ("document_copy", "Cópia do documento conferida com o cadastro"),
    ("notarised", "Firma reconhecida em cartório"),
    ("signature", "Assinatura digital conferida"),
];

/// Who may ask for somebody else, and by what; by code.
pub const REPRESENTATIONS: [(&str, &str); 4] = [
    ("procuracao", "Procurador (procuração)"),
    ("curatela", "Curador (termo de curatela)"),
    ("responsavel", "Responsável legal (guarda ou tutela)"),
    ("inventariante", "Inventariante (termo de compromisso)"),
];

/// The words of a code.
pub fn label<'a>(of: &[(&str, &'a str)], code: &str) -> Option<&'a str> {
    of.iter().find(|(known, _)| *known == code).map(|(_, label)| *label)
}
