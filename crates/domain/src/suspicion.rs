//! What the system takes for an incident by itself, until a person has looked. Thresholds are the database's
//! (`app.suspicion_rules`).

/// A kind of suspicion.
#[derive(Debug, Clone, Copy)]
pub struct Suspicion {
    /// As stored.
    pub code: &'static str,
    /// Its name.
    pub label: &'static str,
    /// What it may mean, and what often explains it.
    pub about: &'static str,
    /// The kind of incident it becomes; see [`crate::incident::KINDS`].
    pub kind: &'static str,
    /// The severity it begins with; see [`crate::incident::SEVERITIES`].
    pub severity: &'static str,
}

/// Every kind.
pub const SUSPICIONS: [Suspicion; 5] = [
    Suspicion {
        code: "failed_sign_ins",
        label: "Muitas entradas recusadas",
        about: "Alguém pode estar tentando entrar na conta de outra pessoa. Também acontece com quem trocou de celular e insiste no código antigo.",
        kind: "credenciais",
        severity: "medium",
    },
    Suspicion {
        code: "mass_reading",
        label: "Leitura em massa",
        about: "Uma pessoa abriu ou exportou registros demais em poucos minutos. Pode ser cópia de dados, ou uma revisão que alguém pediu.",
        kind: "acesso_indevido",
        severity: "high",
    },
    Suspicion {
        code: "refusals",
        label: "Muitos acessos recusados",
        about: "Uma pessoa tentou repetidas vezes abrir o que não é da sua função ou não existe para ela. Nada foi mostrado.",
        kind: "acesso_indevido",
        severity: "medium",
    },
    Suspicion {
        code: "canary",
        label: "Paciente-isca visto",
        about: "O nome ou o CPF de um paciente inventado apareceu numa mensagem. Ninguém tem motivo para escrevê-lo.",
        kind: "vazamento",
        severity: "high",
    },
    Suspicion {
        code: "trail_altered",
        label: "Algo não é o que foi lacrado",
        about: "O exame da trilha achou um registro mudado, apagado ou incluído por fora. Isso não acontece pelo uso do sistema: alguém mexeu no banco de dados.",
        kind: "acesso_indevido",
        severity: "critical",
    },
];

impl Suspicion {
    /// The kind with this code.
    pub fn of(code: &str) -> Option<&'static Suspicion> {
        SUSPICIONS.iter().find(|one| one.code == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::{KINDS, SEVERITIES};

    #[test]
    fn a_suspicion_becomes_an_incident_of_a_known_kind() {
        for one in &SUSPICIONS {
            assert!(KINDS.iter().any(|(code, _)| *code == one.kind), "{}", one.code);
            assert!(SEVERITIES.iter().any(|(code, _)| *code == one.severity), "{}", one.code);
            assert_eq!(Suspicion::of(one.code).map(|found| found.label), Some(one.label));
        }
        assert!(Suspicion::of("x").is_none());
    }
}
