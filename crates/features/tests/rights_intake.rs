//! Requests that came another way, and what proves who asked: the use and the attack.
#![allow(clippy::unwrap_used)]

mod support;

use sigilo_assistant::provider::Stop;
use sigilo_domain::{Clock, SystemClock};
use sigilo_features::{Error, rights, rights::Arrival};
use sigilo_store::{Session, server::Role};
use sigilo_testkit::people::client;
use support::{Script, Scripted, Stand, colleague, document};
use time::{Duration, OffsetDateTime, UtcOffset};
use uuid::Uuid;
use zeroize::Zeroizing;

const PDF: &[u8] = b"%PDF-1.7\nProcura\xc3\xa7\xc3\xa3o de Joaquim Prado Teles";

/// The beginning of a day in Brasília, so many days ago.
fn days_ago(days: i64) -> Option<OffsetDateTime> {
    let brasilia = UtcOffset::from_hms(-3, 0, 0).unwrap();
    let today = SystemClock.now().to_offset(brasilia);
    Some(today.replace_time(time::Time::MIDNIGHT) - Duration::days(days))
}

/// A curator's request by letter for a member, as the form sends it.
fn letter(subject: Uuid) -> Arrival {
    Arrival {
        id: Some(Uuid::now_v7()),
        subject: Some(subject),
        right: "access".into(),
        description: "Pede cópia de todos os dados.".into(),
        channel: "letter".into(),
        received_at: days_ago(3),
        identity: "notarised".into(),
        representation: "curatela".into(),
        representative: "Joaquim Prado Teles".into(),
        file: Zeroizing::new(PDF.to_vec()),
    }
}

struct Desk {
    stand: Stand,
    dpo: Session,
    doctor: (Uuid, Session),
}

async fn desk() -> Desk {
    let stand = Stand::new(Scripted::new(Script::Say(document(), Stop::Complete))).await;
    let dpo = colleague(&stand, "Breno Alcântara Dias", &["dpo"], 40).await.1;
    let doctor = colleague(&stand, "Dra. Célia Montenegro", &["professional"], 41).await;
    Desk { stand, dpo, doctor }
}

#[tokio::test]
async fn a_representatives_request_is_kept_with_its_evidence_sealed() {
    let Desk { stand, dpo, doctor } = desk().await;
    let app = &stand.app;
    let new = letter(doctor.0);
    let id = new.id.unwrap();
    let link = rights::register(app, &dpo, &new).await.unwrap();
    let followed = rights::follow(app, &client(), link.expose()).await.unwrap();
    assert_eq!(followed.requested_at, days_ago(3), "the clocks run from the day of receipt");
    assert_eq!(followed.alert_at, days_ago(3).map(|at| at + Duration::days(15)));

    let opened = rights::open(app, &stand.session, id).await.unwrap();
    assert_eq!((opened.request.channel.as_str(), opened.request.identity_check.as_str()), ("letter", "notarised"));
    let evidence = opened.evidence.unwrap();
    assert_eq!(evidence.representative.as_deref(), Some("Joaquim Prado Teles"));
    assert_eq!((evidence.kind.as_str(), usize::try_from(evidence.size).unwrap()), ("application/pdf", PDF.len()));
    let file = rights::evidence_file(app, &stand.session, id).await.unwrap();
    assert_eq!(*file.bytes, PDF);
    let sum =
        format!("SELECT encode(sha256('\\x{}'), 'hex')", PDF.iter().map(|b| format!("{b:02x}")).collect::<String>());
    assert_eq!(evidence.sha256, stand.text(&sum).await);
    // The subject hears of it, and sees neither the file nor who asked.
    let own = rights::own(app, &doctor.1).await.unwrap();
    assert_eq!((own.len(), own[0].channel.as_str()), (1, "letter"));

    // Nothing of it lies open anywhere in the database.
    for table in ["request_evidence", "data_subject_requests", "audit_logs", "audit_trail", "request_events"] {
        let open =
            format!("SELECT count(*) FROM {table} t WHERE t::text LIKE '%Joaquim%' OR t::text LIKE '%25504446%'");
        assert_eq!(stand.count(&open).await, 0, "{table}");
    }
    // Taken by who answers for the clinic or its data alone, and each time kept in the trail.
    for other in [&doctor.1, &stand.stranger().await] {
        let refused = rights::evidence_file(app, other, id).await.err();
        assert!(matches!(refused, Some(Error::Forbidden(_) | Error::NotFound)), "{refused:?}");
    }
    rights::evidence_file(app, &dpo, id).await.unwrap();
    let taken = "SELECT count(*) FROM audit_logs WHERE action = 'request_evidence_downloaded'";
    assert_eq!(stand.count(taken).await, 2);

    // A sealed file opens in its own row only.
    let other = letter(doctor.0);
    rights::register(app, &dpo, &other).await.unwrap();
    let swap = format!(
        "UPDATE request_evidence SET file_sealed = (SELECT file_sealed FROM request_evidence WHERE request_id = '{id}')
          WHERE request_id = '{}' RETURNING 'ok'",
        other.id.unwrap()
    );
    stand.text(&swap).await;
    assert_eq!(rights::evidence_file(app, &dpo, other.id.unwrap()).await.err(), Some(Error::Internal));
}

#[tokio::test]
async fn what_is_wrong_is_said_by_field_and_keeps_nothing() {
    let Desk { stand, dpo, doctor } = desk().await;
    let app = &stand.app;
    let refused = async |change: &dyn Fn(&mut Arrival)| {
        let mut new = letter(doctor.0);
        change(&mut new);
        match rights::register(app, &dpo, &new).await {
            Err(Error::Invalid(wrong)) => wrong.into_iter().map(|one| one.field).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(&|new| new.received_at = days_ago(31)).await, ["recebido"]);
    assert_eq!(refused(&|new| new.received_at = days_ago(-1)).await, ["recebido"]);
    assert_eq!(refused(&|new| new.received_at = None).await, ["recebido"]);
    assert_eq!(refused(&|new| new.file = Zeroizing::new(b"<html>%PDF-</html>".to_vec())).await, ["prova"]);
    assert_eq!(refused(&|new| new.file = Zeroizing::new([PDF, &vec![0; rights::MAX_FILE]].concat())).await, ["prova"]);
    assert_eq!(refused(&|new| new.file = Zeroizing::default()).await, ["prova"], "a representative proves it");
    assert_eq!(refused(&|new| new.representative = "J".into()).await, ["representante"]);
    assert_eq!(refused(&|new| new.representation = String::new()).await, ["representacao"]);
    assert_eq!(refused(&|new| new.subject = Some(Uuid::nil())).await, ["titular"]);
    let codes = |new: &mut Arrival| {
        (new.right, new.channel, new.identity) = ("all".into(), "session".into(), "session".into());
        new.representation = "vizinho".into();
    };
    assert_eq!(refused(&codes).await, ["direito", "canal", "identidade", "representacao"]);
    // Of another clinic, or the own: both are nobody for whom the DPO may write a request down.
    let foreign =
        "SELECT m.user_id::text FROM members m JOIN clinics c ON c.id = m.clinic_id WHERE c.name = 'Clínica 2'";
    let stranger = stand.stranger().await;
    let foreign: Uuid = stand.text(foreign).await.parse().unwrap();
    assert_eq!(refused(&|new| new.subject = Some(foreign)).await, ["titular"]);
    let own = rights::subjects(app, &stand.session).await.unwrap();
    assert!(own.len() == 2 && own.iter().all(|one| one.user_id != stand.user && one.user_id != foreign));
    for who in [&doctor.1, &stranger] {
        let refused = rights::register(app, who, &letter(stand.user)).await.err();
        assert!(matches!(refused, Some(Error::Forbidden(_) | Error::Invalid(_))), "{refused:?}");
    }
    assert_eq!(stand.count("SELECT count(*) FROM data_subject_requests").await, 0);
    assert_eq!(stand.count("SELECT count(*) FROM request_evidence").await, 0);
}

#[tokio::test]
async fn the_same_form_sent_twice_is_one_request() {
    let Desk { stand, dpo, doctor } = desk().await;
    let app = &stand.app;
    let new = Arrival { right: "deletion".into(), ..letter(doctor.0) };
    let (one, two) = tokio::join!(rights::register(app, &dpo, &new), rights::register(app, &stand.session, &new));
    assert!(one.is_ok() != two.is_ok(), "{:?} {:?}", one.err(), two.err());
    let again = rights::register(app, &dpo, &new).await.err();
    assert!(matches!(again, Some(Error::Conflict(_))), "{again:?}");
    let second = rights::register(app, &dpo, &Arrival { right: "deletion".into(), ..letter(doctor.0) }).await.err();
    assert!(matches!(second, Some(Error::Conflict(_))), "one deletion at a time: {second:?}");
    assert_eq!(stand.count("SELECT count(*) FROM data_subject_requests").await, 1);
    assert_eq!(stand.count("SELECT count(*) FROM request_evidence").await, 1);
    // In person, nothing needs to be attached.
    let person = Arrival {
        representation: String::new(),
        representative: String::new(),
        file: Zeroizing::default(),
        received_at: days_ago(30),
        channel: "counter".into(),
        identity: "document_seen".into(),
        ..letter(doctor.0)
    };
    rights::register(app, &dpo, &person).await.unwrap();
    assert_eq!(rights::evidence_file(app, &dpo, person.id.unwrap()).await.err(), Some(Error::NotFound));
}

#[tokio::test]
async fn the_database_itself_keeps_the_time_of_receipt_honest() {
    let Desk { stand, dpo, doctor } = desk().await;
    let raw = stand.database.connect(Role::App).await;
    let be = async |session: &Session| {
        raw.query("SELECT set_config('app.token', $1, false)", &[&session.token.expose()]).await.unwrap();
    };
    let insert = |subject: Uuid, by: &str, at: &str| {
        format!(
            "INSERT INTO data_subject_requests (requester_user_id, request_type, right_code, legal_article, requested_at,
                                                channel, identity_check, registered_by)
             VALUES ('{subject}', 'access', 'access', 'x', {at}, 'letter', 'signature', {by})"
        )
    };
    be(&dpo).await;
    for (subject, by, at) in [
        (doctor.0, "app.user_id()", "now() + interval '1 minute'"),
        (doctor.0, "app.user_id()", "now() - interval '32 days'"),
        (doctor.0, "NULL", "now()"),
        (doctor.0, "gen_random_uuid()", "now()"),
    ] {
        assert!(raw.execute(&insert(subject, by, at), &[]).await.is_err(), "{by} {at}");
    }
    be(&doctor.1).await;
    let registered = raw.execute(&insert(stand.user, "app.user_id()", "now()"), &[]).await;
    assert!(registered.is_err(), "who answers for nothing writes nothing down");
    assert!(raw.execute(&insert(doctor.0, "app.user_id()", "now() - interval '9 days'"), &[]).await.is_err());
    // Through the own account the time is the database's, whatever is sent.
    let own = "INSERT INTO data_subject_requests (request_type, right_code, legal_article, requested_at)
               VALUES ('access', 'access', 'x', now() - interval '9 days')";
    raw.execute(own, &[]).await.unwrap();
    let late = "SELECT count(*) FROM data_subject_requests WHERE requested_at < now() - interval '1 day'";
    assert_eq!(stand.count(late).await, 0);
    // Evidence is neither changed nor added by who did not write the request down.
    be(&dpo).await;
    let add = "INSERT INTO request_evidence (request_id, file_sealed, file_type, file_size, file_sha256)
               SELECT id, 'x', 'image/png', 1, repeat('0', 64) FROM data_subject_requests";
    assert!(raw.execute(add, &[]).await.is_err());
    assert!(raw.execute("UPDATE request_evidence SET file_size = 2", &[]).await.is_err());
}
