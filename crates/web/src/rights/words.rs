//! Words for the codes of requests.

use sigilo_domain::{SubjectRight, arrival};
use sigilo_features::rights::{Request, Show};
use time::{Duration, OffsetDateTime};

/// The right's name.
pub(super) fn right(code: &str) -> &str {
    match SubjectRight::from_code(code) {
        Some(right) => right.label(),
        None => code,
    }
}

/// The right's name for who answers.
pub(crate) fn noun(code: &str) -> &str {
    match SubjectRight::from_code(code) {
        Some(right) => right.noun(),
        None => code,
    }
}

/// Style and words of a state.
pub(super) fn status(code: &str) -> (&'static str, &'static str) {
    match code {
        "pending" => ("tag-warn", "Recebido"),
        "in_progress" => ("tag-soft", "Em atendimento"),
        "completed" => ("tag-ok", "Concluído"),
        "refused" => ("tag-bad", "Recusado"),
        _ => ("tag-off", "Retirado"),
    }
}

/// What happened.
pub(super) fn event(kind: &str) -> &str {
    match kind {
        "created" => "Pedido feito",
        "in_progress" => "Atendimento iniciado, recebimento confirmado",
        "completed" => "Concluído",
        "refused" => "Recusado",
        "cancelled" => "Retirado por quem pediu",
        "plan_draft" => "Plano de exclusão preparado",
        "plan_approved" => "Plano aprovado por uma segunda pessoa",
        "plan_discarded" => "Plano descartado",
        "plan_running" => "Exclusão iniciada",
        "plan_executed" => "Exclusão concluída",
        "plan_closed" => "Recibo assinado",
        "stuck_pending" => "Alerta: em 3 dias úteis ninguém começou a atender",
        "stuck_approved" => "Alerta: o plano aprovado não terminou em 1 hora",
        "stuck_executed" => "Alerta: a exclusão terminou e o recibo não saiu",
        "overdue" => "Alerta: o prazo venceu sem resposta",
        "recipient_told" => "Aviso a quem recebeu os dados registrado",
        other => other,
    }
}

/// How the request came, in words; none: through the subject's own account.
pub(super) fn channel(code: &str) -> Option<&'static str> {
    arrival::label(&arrival::CHANNELS, code)
}

/// How it was made sure who asked.
pub(super) fn identity(code: &str) -> &'static str {
    arrival::label(&arrival::IDENTITY_CHECKS, code).unwrap_or("Sessão com dois fatores")
}

/// Who asked, by what right.
pub(super) fn representation(code: &str) -> &'static str {
    arrival::label(&arrival::REPRESENTATIONS, code).unwrap_or("A própria pessoa")
}

/// What a choice of requests is called in an address, and its heading.
pub(super) fn show(show: Show) -> (&'static str, &'static str) {
    match show {
        Show::Open => ("abertos", "Em aberto"),
        Show::Late => ("atrasados", "Atrasados"),
        Show::All => ("todos", "Todos"),
    }
}

/// Whether nobody has answered in time.
pub(super) fn is_late(request: &Request, now: OffsetDateTime) -> bool {
    is_open(request) && request.alert_at < now
}

/// Whether the earlier deadline comes within three days.
pub(super) fn is_soon(request: &Request, now: OffsetDateTime) -> bool {
    let left = request.alert_at - now;
    is_open(request) && !left.is_negative() && left <= Duration::days(3)
}

/// Why and for how long a request stands still.
pub(super) fn stall(request: &Request, now: OffsetDateTime) -> Option<String> {
    let why = match request.stall.as_deref()? {
        "stuck_pending" => "ninguém começou a atender",
        "stuck_approved" => "o plano foi aprovado e ainda não terminou de ser executado",
        "stuck_executed" => "a exclusão terminou e falta o recibo",
        _ => "o prazo venceu sem resposta",
    };
    let past = now - request.stalled_since?;
    let since = match (past.whole_days(), past.whole_hours()) {
        (0, 0) => format!("{} min", past.whole_minutes()),
        (0, hours) => format!("{hours} h"),
        (days, _) => count(days),
    };
    Some(format!("Parado há {since}: {why}."))
}

/// Whether it still waits for its answer.
pub(super) fn is_open(request: &Request) -> bool {
    matches!(request.status.as_str(), "pending" | "in_progress")
}

/// The time that is left, in words and with its style. Whole days by the calendar of hours, rounded down.
pub(crate) fn left(request: &Request, now: OffsetDateTime) -> Option<(&'static str, String)> {
    if !is_open(request) {
        return None;
    }
    let left = request.alert_at - now;
    let days = left.whole_days();
    Some(match days {
        _ if left.is_negative() && days == 0 => ("tag-bad", "Venceu hoje".into()),
        _ if left.is_negative() => ("tag-bad", format!("Venceu há {}", count(-days))),
        0 => ("tag-bad", "Vence em menos de 1 dia".into()),
        1 => ("tag-warn", "Falta 1 dia".into()),
        _ if is_soon(request, now) => ("tag-warn", format!("Faltam {}", count(days))),
        _ => ("tag-ok", format!("Faltam {}", count(days))),
    })
}

fn count(days: i64) -> String {
    if days == 1 { "1 dia".into() } else { format!("{days} dias") }
}

/// Style and words of what happens to a table of a plan.
pub(super) fn action(code: &str) -> (&'static str, &'static str) {
    match code {
        "delete" => ("tag-bad", "Apagar"),
        "anonymise" => ("tag-warn", "Anonimizar"),
        _ => ("tag-off", "Manter"),
    }
}
