//! Doctors' journeys in Chromium, against the real binary, and what they leave in the database.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod pictures;
#[path = "../support/mod.rs"]
mod support;

use std::process::Command;

use support::assistant::{Dialect, StandIns};
use support::browser::{Provider, journey};
use support::doctor::{BRENO, HELENA, JUSSARA, LIVIA, MARTA, OTAVIO};
use support::site::{Site, Stand};
use support::{number, queries};

#[tokio::test]
async fn an_account_with_a_passkey() {
    let stand = Stand::shared().await;
    let site = stand.open(|_| {});
    let database = stand.superuser().await;
    journey("passkey", &site, &database, &[]).await;

    assert_eq!(number(&database, "SELECT count(*) FROM auth.passkeys").await, 1);
    let rows = database
        .query(
            "SELECT action, failure_reason, session_duration_seconds IS NOT NULL, count(*) FROM access_logs
              GROUP BY 1, 2, 3 ORDER BY 1, 2",
            &[],
        )
        .await
        .unwrap();
    let rows: Vec<(&str, Option<&str>, bool, i64)> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect();
    assert_eq!(
        rows,
        [
            ("failed_login", Some("expired_or_replayed"), false, 1),
            ("failed_login", Some("passkey_refused"), false, 1),
            ("login", None, false, 2),
            ("logout", None, true, 2),
        ],
        "the replayed assertion failed, and each sign-out tells how long the session lasted"
    );
    let email = "SELECT count(*) FROM auth.users WHERE email_sealed IS NOT NULL AND NOT email_verified";
    assert_eq!(number(&database, email).await, 1);
}

const SECRET: &str = "of-the-test-provider";

/// The settings of an installation with an identity provider.
fn with(command: &mut Command, provider: &Provider) {
    command
        .env("SIGILO_OIDC_ISSUER", &provider.issuer)
        .env("SIGILO_OIDC_CLIENT_ID", "sigilo")
        .env("SIGILO_OIDC_CLIENT_SECRET", SECRET)
        .env("SIGILO_OIDC_LABEL", "Entrar com a conta da clínica de teste");
}

#[tokio::test]
async fn a_provider_and_an_authenticator_app() {
    let provider = Provider::start(SECRET).await;
    let stand = Stand::shared().await;
    let site = stand.open(|command| with(command, &provider));
    let database = stand.superuser().await;
    journey("provider_sign_in", &site, &database, &[("SIGILO_OIDC_ISSUER", &provider.issuer)]).await;

    let methods = "SELECT count(DISTINCT method) FROM auth.sessions WHERE method IN ('oidc+totp', 'oidc+recovery')";
    assert_eq!(number(&database, methods).await, 2);
}

#[tokio::test]
async fn professional_data_and_four_consents() {
    let stand = Stand::shared().await;
    let site = stand.open(|_| {});
    journey("onboarding", &site, &stand.superuser().await, &[]).await;
}

#[tokio::test]
async fn sessions_lock_and_end() {
    let stand = Stand::shared().await;
    let site = stand.open(|_| {});
    journey("sessions", &site, &stand.superuser().await, &[]).await;
}

#[tokio::test]
async fn an_invited_colleague() {
    let stand = Stand::shared().await;
    let site = stand.invited_only(|_| {});
    let link = invite(&stand, &site);
    journey("invitation", &site, &stand.superuser().await, &[("SIGILO_E2E_LINK", &link)]).await;
}

#[tokio::test]
async fn an_invited_colleague_with_the_clinics_provider() {
    let provider = Provider::start(SECRET).await;
    let stand = Stand::shared().await;
    let site = stand.invited_only(|command| with(command, &provider));
    let link = invite(&stand, &site);
    let settings = [("SIGILO_E2E_LINK", link.as_str()), ("SIGILO_OIDC_ISSUER", &provider.issuer)];
    journey("invitation_provider", &site, &stand.superuser().await, &settings).await;
}

/// The link that `sigilo user invite` prints.
fn invite(stand: &Stand, site: &Site) -> String {
    let mut invite = stand.command("user");
    invite.args(["--origin", &site.origin, "invite", "--name", "Dr. Ivo Tenório Braga"]);
    invite.args(["--email", "ivo@convite.example", "--clinic", "Clínica do Convite", "--role", "professional"]);
    let output = invite.output().expect("sigilo user invite");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("a link").trim().to_owned()
}

/// On a server of its own, as `make demo` makes it; then the auditor's 34 queries, as the manual has them.
#[tokio::test]
async fn a_message_and_the_auditors_queries() {
    let stand = Stand::managed();
    let site = stand.demo();
    let database = stand.superuser().await;
    let link = format!("{}{}", site.origin, site.link(OTAVIO));
    journey("message", &site, &database, &[("SIGILO_E2E_LINK", &link)]).await;
    queries::check(&stand, &site).await;
}

/// The audit console, after a doctor's day.
#[tokio::test]
async fn an_audit() {
    let stand = Stand::shared().await;
    let site = stand.demo_with(|_| {});
    let link = |person: &str| format!("{}{}", site.origin, site.link(person));
    let (doctor, auditor, owner) = (link(OTAVIO), link(MARTA), link(HELENA));
    let (dpo, reception) = (link(BRENO), link(JUSSARA));
    let settings = [
        ("SIGILO_E2E_LINK", doctor.as_str()),
        ("SIGILO_E2E_AUDITOR", &auditor),
        ("SIGILO_E2E_OWNER", &owner),
        ("SIGILO_E2E_DPO", &dpo),
        ("SIGILO_E2E_RECEPTION", &reception),
    ];
    journey("audit", &site, &stand.superuser().await, &settings).await;
}

/// The simulation of an audit, the report on it, and the check of its files.
#[tokio::test]
async fn a_simulation_and_its_report() {
    let stand = Stand::shared().await;
    let site = stand.demo_with(|_| {});
    let link = |person: &str| format!("{}{}", site.origin, site.link(person));
    let (auditor, owner, reception) = (link(MARTA), link(HELENA), link(JUSSARA));
    let settings =
        [("SIGILO_E2E_AUDITOR", auditor.as_str()), ("SIGILO_E2E_OWNER", &owner), ("SIGILO_E2E_RECEPTION", &reception)];
    journey("simulation", &site, &stand.superuser().await, &settings).await;
}

/// Consents: receipts, texts under review, giving and withdrawing.
#[tokio::test]
async fn consents_that_prove_themselves() {
    let stand = Stand::shared().await;
    let site = stand.demo_with(|_| {});
    let link = |person: &str| format!("{}{}", site.origin, site.link(person));
    let (doctor, owner, dpo) = (link(OTAVIO), link(HELENA), link(BRENO));
    let settings = [
        ("SIGILO_E2E_LINK", doctor.as_str()),
        ("SIGILO_E2E_OWNER", &owner),
        ("SIGILO_E2E_DPO", &dpo),
        ("SIGILO_E2E_BINARY", env!("CARGO_BIN_EXE_sigilo")),
    ];
    journey("consents", &site, &stand.superuser().await, &settings).await;
}

/// The front desk's patients, with two people at once; and what the trail tells of it.
#[tokio::test]
async fn patients_at_the_front_desk() {
    let stand = Stand::with_keys().await;
    let site = stand.demo_with(|_| {});
    let link = |person: &str| format!("{}{}", site.origin, site.link(person));
    let (desk, owner, doctor, dpo) = (link(JUSSARA), link(HELENA), link(OTAVIO), link(BRENO));
    let settings = [
        ("SIGILO_E2E_DESK", desk.as_str()),
        ("SIGILO_E2E_OWNER", &owner),
        ("SIGILO_E2E_DOCTOR", &doctor),
        ("SIGILO_E2E_DPO", &dpo),
    ];
    let database = stand.superuser().await;
    journey("patients", &site, &database, &settings).await;
    let opened =
        "SELECT count(DISTINCT user_id) FROM audit_logs WHERE action = 'patient_opened' AND patient_id IS NOT NULL";
    assert_eq!(number(&database, opened).await, 3, "everybody who opened the record is in the trail");
}

/// A receptionist's day on the agenda, with somebody else at another desk; and what it leaves behind.
#[tokio::test]
async fn a_day_on_the_agenda() {
    let stand = Stand::with_keys().await;
    let site = stand.demo_with(|_| {});
    let database = stand.superuser().await;
    let clinic = "SELECT clinic_id FROM members WHERE display_name LIKE 'Jussara%'";
    database
        .batch_execute(&format!(
            "INSERT INTO professionals (clinic_id, full_name, council_license, license_number, license_state)
             VALUES (({clinic}), 'Dra. Íris Campos', 'CRM', '7001', 'SP');
             INSERT INTO service_types (clinic_id, name, duration_minutes) VALUES (({clinic}), 'Avaliação da jornada', 30);
             INSERT INTO professional_services (clinic_id, professional_id, service_type_id)
             SELECT p.clinic_id, p.id, s.id FROM professionals p JOIN service_types s ON s.clinic_id = p.clinic_id
              WHERE p.license_number = '7001' AND s.name = 'Avaliação da jornada';
             INSERT INTO working_hours (clinic_id, professional_id, weekday, starts, ends)
             SELECT p.clinic_id, p.id, d, h.starts, h.ends FROM professionals p, generate_series(1, 5) d,
                    (VALUES (time '08:00', time '12:00'), ('13:00', '18:00')) h(starts, ends) WHERE p.license_number = '7001'"
        ))
        .await
        .unwrap();
    let day: String = database
        .query_one("SELECT (date_trunc('week', now() + interval '15 days'))::date::text", &[])
        .await
        .unwrap()
        .get(0);
    let link = |person: &str| format!("{}{}", site.origin, site.link(person));
    let (desk, owner) = (link(JUSSARA), link(HELENA));
    let settings = [("SIGILO_E2E_DESK", desk.as_str()), ("SIGILO_E2E_OWNER", &owner), ("SIGILO_E2E_DAY", &day)];
    journey("agenda", &site, &database, &settings).await;
    let overlaps = "SELECT count(*) FROM appointments a JOIN appointments b
                       ON a.clinic_id = b.clinic_id AND a.professional_id = b.professional_id AND a.id < b.id
                      AND a.holds_time AND b.holds_time
                      AND tstzrange(a.start_time, a.busy_until) && tstzrange(b.start_time, b.busy_until)";
    assert_eq!(number(&database, overlaps).await, 0);
    let seen = "SELECT count(DISTINCT user_id) FROM audit_logs WHERE action = 'agenda_viewed'";
    assert_eq!(number(&database, seen).await, 2, "who had the agenda before them is in the trail");
}

/// Who runs the clinic sets it up; who does not sees none of it.
#[tokio::test]
async fn the_clinics_catalogue() {
    let stand = Stand::shared().await;
    let site = stand.demo_with(|_| {});
    let link = |person: &str| format!("{}{}", site.origin, site.link(person));
    let (owner, desk) = (link(HELENA), link(JUSSARA));
    let settings = [("SIGILO_E2E_OWNER", owner.as_str()), ("SIGILO_E2E_DESK", &desk)];
    let database = stand.superuser().await;
    journey("catalogue", &site, &database, &settings).await;
    let kept = "SELECT count(*) FROM working_hours w JOIN professionals p ON p.id = w.professional_id
                 WHERE p.license_number = '123456-ENF' AND w.ended_at IS NULL";
    assert_eq!(number(&database, kept).await, 6);
}

/// What a data subject may ask for, and the deletion of an account.
#[tokio::test]
async fn rights_of_a_data_subject() {
    let stand = Stand::shared().await;
    let site = stand.demo_with(|_| {});
    let link = |person: &str| format!("{}{}", site.origin, site.link(person));
    let (doctor, owner, dpo) = (link(OTAVIO), link(HELENA), link(BRENO));
    let settings = [
        ("SIGILO_E2E_LINK", doctor.as_str()),
        ("SIGILO_E2E_OWNER", &owner),
        ("SIGILO_E2E_DPO", &dpo),
        ("SIGILO_E2E_BINARY", env!("CARGO_BIN_EXE_sigilo")),
    ];
    journey("rights", &site, &stand.superuser().await, &settings).await;
}

/// An incident from its registration to its end, and a drill.
#[tokio::test]
async fn an_incident() {
    let stand = Stand::shared().await;
    let site = stand.demo_with(|_| {});
    let link = |person: &str| format!("{}{}", site.origin, site.link(person));
    let (dpo, owner, reception) = (link(BRENO), link(HELENA), link(JUSSARA));
    let settings =
        [("SIGILO_E2E_DPO", dpo.as_str()), ("SIGILO_E2E_OWNER", &owner), ("SIGILO_E2E_RECEPTION", &reception)];
    journey("incident", &site, &stand.superuser().await, &settings).await;
}

/// The DPO at the desk: what waits, what runs out, and what is in place.
#[tokio::test]
async fn the_compliance_desk() {
    let stand = Stand::shared().await;
    let site = stand.demo_with(|_| {});
    let link = |person: &str| format!("{}{}", site.origin, site.link(person));
    let (doctor, dpo, reception) = (link(OTAVIO), link(BRENO), link(JUSSARA));
    let settings =
        [("SIGILO_E2E_LINK", doctor.as_str()), ("SIGILO_E2E_DPO", &dpo), ("SIGILO_E2E_RECEPTION", &reception)];
    journey("compliance", &site, &stand.superuser().await, &settings).await;
}

/// The settings of a journey that steers the stand-ins, as the person whose link it is.
async fn with_stand_ins(
    name: &str,
    stand: &Stand,
    site: &Site,
    stand_ins: &StandIns,
    person: &str,
    more: &[(&str, &str)],
) {
    let link = format!("{}{}", site.origin, site.link(person));
    let steering = stand_ins.settings();
    let mut settings = vec![("SIGILO_E2E_LINK", link.as_str())];
    settings.extend(steering.iter().map(|(key, value)| (*key, value.as_str())));
    settings.extend(more);
    journey(name, site, &stand.superuser().await, &settings).await;
}

/// Answers of a language model whose references PubMed verifies, then images; then the auditor's queries about both.
#[tokio::test]
async fn the_assistant_and_images_with_the_messages_api() {
    let stand_ins = StandIns::start(Dialect::Anthropic).await;
    let stand = Stand::shared().await;
    let site = stand.demo_with(|command| stand_ins.wire(command, "somente-pubmed"));
    let verification = ("SIGILO_E2E_VERIFICATION", "somente-pubmed");
    with_stand_ins("assistant", &stand, &site, &stand_ins, OTAVIO, &[verification]).await;
    assert!(stand_ins.model.requests().iter().all(|seen| seen.path == "/v1/messages"));
    assert!(stand_ins.pubmed.requests().iter().all(|asked| asked.param("tool") == "sigilo"));
    queries::answers(&stand).await;

    let before = stand_ins.model.requests().len();
    with_stand_ins("images", &stand, &site, &stand_ins, LIVIA, &[]).await;
    let requests = stand_ins.model.requests();
    pictures::in_bodies(&requests[before..]);
    queries::images(&stand).await;
}

/// The same core with the other wire format, verified by the local index and PubMed in turn.
#[tokio::test]
async fn the_assistant_with_chat_completions() {
    let stand_ins = StandIns::start(Dialect::OpenAi).await;
    let stand = Stand::shared().await;
    let site = stand.demo_with(|command| stand_ins.wire(command, "local-depois-pubmed"));
    with_stand_ins("assistant", &stand, &site, &stand_ins, OTAVIO, &[]).await;
    assert!(stand_ins.model.requests().iter().all(|seen| seen.path == "/v1/chat/completions"));
}

#[tokio::test]
async fn the_assistant_when_things_go_wrong() {
    let stand_ins = StandIns::start(Dialect::Anthropic).await;
    let stand = Stand::shared().await;
    let site = stand.demo_with(|command| stand_ins.wire(command, "local-depois-pubmed"));
    with_stand_ins("assistant_faults", &stand, &site, &stand_ins, OTAVIO, &[]).await;
}

/// Without keys and with every way out closed.
#[tokio::test]
async fn the_assistant_without_network() {
    let stand = Stand::shared().await;
    let site = stand.demo_with(|command| {
        // Whatever tried to leave would have to go through a proxy that is not there.
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env(name, "http://127.0.0.1:9");
        }
    });
    let link = format!("{}{}", site.origin, site.link(OTAVIO));
    journey("assistant_local", &site, &stand.superuser().await, &[("SIGILO_E2E_LINK", &link)]).await;
}
