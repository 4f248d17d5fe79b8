//! Words for the codes of the access log. A code without words is shown as it is.

/// What happened.
pub(super) fn action(code: &str) -> &str {
    match code {
        "login" => "Entrada",
        "logout" => "Saída",
        "failed_login" => "Tentativa",
        "unlock" => "Desbloqueio",
        "session_ended" => "Sessão encerrada",
        other => other,
    }
}

/// Why it failed.
pub(super) fn reason(code: &str) -> &str {
    match code {
        "passkey_malformed" | "passkey_unknown" => "chave de acesso não reconhecida",
        "passkey_refused" => "chave de acesso não confirmada",
        "second_factor_wrong" => "segunda etapa não confirmada",
        "account_locked" => "conta bloqueada por tentativas demais",
        "unlock_wrong" => "desbloqueio não confirmado",
        "oidc_refused" | "oidc_state_mismatch" => "conta da clínica não confirmada",
        "link_expired" => "link vencido ou já usado",
        "invitation_finished" => "convite já concluído",
        "expired_or_replayed" => "pedido vencido ou repetido",
        other => other,
    }
}

/// How someone signed in: the factors, joined by `+`.
pub(super) fn method(codes: &str) -> String {
    let words: Vec<&str> = codes
        .split('+')
        .map(|code| match code {
            "passkey" => "chave de acesso",
            "oidc" => "conta da clínica",
            "totp" => "aplicativo autenticador",
            "recovery" => "código de recuperação",
            "link" => "link de convite",
            "demo_link" => "link de demonstração",
            other => other,
        })
        .collect();
    words.join(" + ")
}
