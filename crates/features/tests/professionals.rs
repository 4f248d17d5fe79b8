//! Who attends: registered, checked, with their services and hours; and what nobody else can do to them.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use sigilo_assistant::provider::Stop;
use sigilo_features::{
    Error,
    professional::{self, Typed},
    schedule::{self, Saved, TypedException, TypedHours},
    service,
};
use sigilo_store::{Session, Token, WriteTx, professional as rows, server::Role};
use sigilo_testkit::people::{self, event};
use support::{Script, Scripted, Stand, colleague, document};
use uuid::Uuid;

struct Clinic {
    stand: Stand,
    /// An administrator, who attends nobody.
    admin: Session,
    admin_user: Uuid,
    desk: Session,
}

async fn clinic() -> Clinic {
    let stand = Stand::new(Scripted::new(Script::Say(document(), Stop::Complete))).await;
    let (admin_user, admin) = colleague(&stand, "Ivone Salgado", &["administrator"], 40).await;
    let desk = colleague(&stand, "Jussara Pinho", &["receptionist"], 41).await.1;
    Clinic { stand, admin, admin_user, desk }
}

fn typed(name: &str, number: &str) -> Typed {
    Typed {
        name: name.to_owned(),
        council: "CRM".to_owned(),
        number: number.to_owned(),
        state: "SP".to_owned(),
        ..Typed::default()
    }
}

fn fields<T>(result: Result<T, Error>) -> Vec<&'static str> {
    match result {
        Err(Error::Invalid(errors)) => errors.into_iter().map(|error| error.field).collect(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => Vec::new(),
    }
}

fn hours(day: &str, starts: &str, ends: &str) -> TypedHours {
    TypedHours { day: day.into(), starts: starts.into(), ends: ends.into() }
}

impl Clinic {
    async fn create(&self, typed: &Typed) -> Uuid {
        professional::create(&self.stand.app, &self.admin, typed).await.unwrap()
    }

    async fn service(&self, session: &Session, name: &str) -> Uuid {
        let typed = service::Typed { name: name.to_owned(), duration: "30".to_owned(), ..Default::default() };
        service::create(&self.stand.app, session, &typed).await.unwrap()
    }

    async fn standing(&self, id: Uuid) -> (String, i32) {
        let one = professional::open(&self.stand.app, &self.admin, id).await.unwrap().professional;
        (one.council_validation, one.version)
    }
}

#[tokio::test]
async fn a_professional_is_registered_once_and_changed_by_the_version_seen() {
    let c = clinic().await;
    let app = &c.stand.app;
    let doctor = Typed {
        specialty: "cardiologia".into(),
        member: c.stand.user.to_string(),
        ..typed("Dra. Alba Norte", "CRM 12.345")
    };
    let id = c.create(&doctor).await;
    let opened = professional::open(app, &c.admin, id).await.unwrap();
    assert_eq!(opened.professional.license_number, "12345");
    assert_eq!(opened.professional.specialization.as_deref(), Some("Cardiologia"));
    assert_eq!(opened.professional.member_name.as_deref(), Some("Dra. Alba Norte"));
    assert!(!opened.own);
    assert!(professional::open(app, &c.stand.session, id).await.unwrap().own, "the owner is the doctor");
    assert_eq!(c.stand.text("SELECT cfm_specialty_code FROM professionals").await, "5");

    // The same registration, the same member: once.
    assert_eq!(fields(professional::create(app, &c.admin, &typed("Outra Pessoa", "0012345")).await), ["numero"]);
    let twice = Typed { member: c.stand.user.to_string(), ..typed("Outra Pessoa", "54321") };
    assert_eq!(fields(professional::create(app, &c.admin, &twice).await), ["pessoa"]);
    let bad =
        Typed { specialty: "Curandeirismo".into(), daily_maximum: "0".into(), state: "XX".into(), ..typed("A", "12A") };
    assert_eq!(
        fields(professional::create(app, &c.admin, &bad).await),
        ["nome", "numero", "uf", "especialidade", "maximo"]
    );
    let council = Typed { council: "CNEP".into(), ..typed("Outra Pessoa", "1") };
    assert_eq!(fields(professional::create(app, &c.admin, &council).await), ["conselho"]);

    // What is no longer offered is kept where it is.
    c.stand
        .database
        .superuser()
        .await
        .batch_execute("UPDATE professionals SET council_license = 'CNEP'")
        .await
        .unwrap();
    let kept =
        Typed { council: "CNEP".into(), number: "12345".into(), specialty: "Qualquer uma".into(), ..doctor.clone() };
    professional::update(app, &c.admin, id, 2, &kept).await.unwrap();
    professional::update(app, &c.admin, id, 3, &Typed { daily_maximum: "12".into(), ..doctor.clone() }).await.unwrap();
    assert_eq!(fields(professional::update(app, &c.admin, id, 4, &kept).await), ["conselho"]);
    let late = professional::update(app, &c.admin, id, 3, &doctor).await;
    assert!(matches!(late, Err(Error::Conflict(_))));
    let said =
        "SELECT details ->> 'fields' FROM audit_logs WHERE action = 'professional_updated' ORDER BY seq DESC LIMIT 1";
    assert_eq!(c.stand.text(said).await, r#"["specialization", "council_license", "daily_maximum"]"#);

    professional::activate(app, &c.admin, id, 4, false).await.unwrap();
    assert!(matches!(professional::activate(app, &c.admin, id, 4, true).await, Err(Error::Conflict(_))));
    let listed = professional::list(app, &c.admin).await.unwrap();
    assert_eq!(listed.iter().map(|one| one.is_active).collect::<Vec<_>>(), [false]);
    professional::activate(app, &c.admin, id, 5, true).await.unwrap();
    let named = "SELECT count(*) FROM audit_logs WHERE category <> 'data' AND details::text ~ 'Alba|12345'";
    assert_eq!(c.stand.count(named).await, 0, "no name and no number in the trail");
}

#[tokio::test]
async fn a_registration_is_checked_step_by_step_and_never_by_whom_it_is_of() {
    let c = clinic().await;
    let (app, owner) = (&c.stand.app, &c.stand.session);
    let doctor = Typed { member: c.stand.user.to_string(), ..typed("Dra. Alba Norte", "12345") };
    let id = c.create(&doctor).await;
    let skipped = professional::check(app, &c.admin, id, 1, "registry_checked").await;
    assert!(matches!(skipped, Err(Error::Conflict(_))));
    let own = professional::check(app, owner, id, 1, "document_checked").await;
    assert!(matches!(own, Err(Error::Forbidden(_))), "{own:?}");
    professional::check(app, &c.admin, id, 1, "document_checked").await.unwrap();
    professional::check(app, &c.admin, id, 2, "registry_checked").await.unwrap();
    assert!(matches!(professional::check(app, &c.admin, id, 3, "pending").await, Err(Error::Conflict(_))));
    assert_eq!(c.standing(id).await, ("registry_checked".into(), 3));
    // A change of the name is not another registration; another number is.
    professional::update(app, &c.admin, id, 3, &Typed { name: "Dra. Alba do Norte".into(), ..doctor.clone() })
        .await
        .unwrap();
    assert_eq!(c.standing(id).await.0, "registry_checked");
    professional::update(app, &c.admin, id, 4, &Typed { number: "54321".into(), ..doctor.clone() }).await.unwrap();
    assert_eq!(c.standing(id).await.0, "format_ok");
    // Nobody's for a moment, checked by oneself, and one's own again: it was for nothing.
    let nobody = Typed { member: String::new(), number: "54321".into(), ..doctor.clone() };
    professional::update(app, owner, id, 5, &nobody).await.unwrap();
    professional::check(app, owner, id, 6, "document_checked").await.unwrap();
    professional::update(app, owner, id, 7, &Typed { number: "54321".into(), ..doctor }).await.unwrap();
    assert_eq!(c.standing(id).await.0, "format_ok");

    // And the database says the same to whoever goes past the use case, in one statement or two.
    let raw = c.stand.database.connect(Role::App).await;
    raw.query("SELECT set_config('app.token', $1, false)", &[&owner.token.expose()]).await.unwrap();
    for sql in [
        "UPDATE professionals SET council_validation = 'document_checked'",
        "UPDATE professionals SET council_validation = 'registry_checked'",
        "INSERT INTO professionals (full_name, council_license, license_number, license_state, council_validation)
         VALUES ('X Y Z', 'CRM', '1', 'SP', 'registry_checked')",
        "DELETE FROM professionals",
    ] {
        assert!(raw.batch_execute(sql).await.is_err(), "accepted: {sql}");
    }
    raw.batch_execute("UPDATE professionals SET user_id = NULL, council_validation = 'document_checked'")
        .await
        .unwrap();
    assert_eq!(c.standing(id).await.0, "format_ok", "the number's owner changed in the same breath");
}

#[tokio::test]
async fn a_week_is_kept_row_by_row_and_overlaps_are_refused() {
    let c = clinic().await;
    let app = &c.stand.app;
    let id = c.create(&typed("Dra. Alba Norte", "12345")).await;
    let week = [hours("1-5", "08:00", "12:00"), hours("1-5", "13:00", "18:00"), hours("6", "", "")];
    assert_eq!(schedule::set_week(app, &c.admin, id, 1, &week).await, Ok(Saved::Done));
    let opened = professional::open(app, &c.admin, id).await.unwrap();
    assert_eq!((opened.week.len(), opened.week[0].weekday, opened.professional.version), (10, 1, 2));
    let cross = [hours("1", "08:00", "12:00"), hours("1", "11:00", "13:00")];
    match schedule::set_week(app, &c.admin, id, 2, &cross).await.unwrap() {
        Saved::Wrong(wrong) => assert_eq!((wrong.len(), wrong[0].row), (1, 1)),
        Saved::Done => panic!("two at once"),
    }
    // What stays is not written again; what goes is ended.
    let monday = [hours("1", "08:00", "12:00"), hours("1", "14:00", "15:00")];
    assert_eq!(schedule::set_week(app, &c.admin, id, 2, &monday).await, Ok(Saved::Done));
    assert_eq!(c.stand.count("SELECT count(*) FROM working_hours").await, 11);
    assert_eq!(c.stand.count("SELECT count(*) FROM working_hours WHERE ended_at IS NULL").await, 2);
    assert!(matches!(schedule::set_week(app, &c.admin, id, 2, &week).await, Err(Error::Conflict(_))));
    // Past the use case, the database still lets no two share an hour.
    let crossing = c
        .stand
        .app
        .db()
        .write(&c.admin, async |tx: &WriteTx| {
            let hour = |hour| time::Time::from_hms(hour, 0, 0).unwrap();
            let row =
                |starts, ends| sigilo_store::schedule::HoursRow { weekday: 1, starts: hour(starts), ends: hour(ends) };
            sigilo_store::schedule::set_hours(tx, id, &[row(8, 12), row(9, 10)]).await?;
            Ok::<_, sigilo_store::Error>(((), event("attack")))
        })
        .await;
    assert!(matches!(crossing, Err(sigilo_store::Error::Taken(_))), "{crossing:?}");
}

/// Two people save the same week at once: one is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_at_once_one_saves() {
    let c = Arc::new(clinic().await);
    let id = c.create(&typed("Dra. Alba Norte", "12345")).await;
    let tries: Vec<_> = (0..6)
        .map(|n| {
            let c = c.clone();
            tokio::spawn(async move {
                let row = [hours("1", &format!("{:02}:00", 8 + n), &format!("{:02}:00", 10 + n))];
                schedule::set_week(&c.stand.app, &c.admin, id, 1, &row).await.is_ok()
            })
        })
        .collect();
    let mut done = 0;
    for one in tries {
        done += usize::from(one.await.unwrap());
    }
    assert_eq!(done, 1);
    assert_eq!(c.stand.count("SELECT count(*) FROM working_hours WHERE ended_at IS NULL").await, 1);
    let adding: Vec<_> = (0..4)
        .map(|_| {
            let c = c.clone();
            tokio::spawn(async move { schedule::add_holidays(&c.stand.app, &c.admin, year(&c)).await.unwrap() })
        })
        .collect();
    let mut added = 0;
    for one in adding {
        added += one.await.unwrap();
    }
    assert_eq!(added, 10, "each holiday once");
}

fn year(c: &Clinic) -> i32 {
    *schedule::holiday_years(&c.stand.app).end()
}

fn closed(from: &str, from_hour: &str, to: &str, to_hour: &str) -> TypedException {
    TypedException {
        kind: "closed".into(),
        reason: "other".into(),
        from_day: from.into(),
        from_hour: from_hour.into(),
        to_day: to.into(),
        to_hour: to_hour.into(),
        ..TypedException::default()
    }
}

#[tokio::test]
async fn exceptions_are_on_the_clinics_clock_and_taken_back_not_deleted() {
    let c = clinic().await;
    let app = &c.stand.app;
    let id = c.create(&typed("Dra. Alba Norte", "12345")).await;
    let vacation = TypedException {
        professional: id.to_string(),
        reason: "vacation".into(),
        ..closed("2090-07-01", "", "15/07/2090", "")
    };
    let first = schedule::except(app, &c.admin, &vacation).await.unwrap();
    let kept = "SELECT to_char(starts_at AT TIME ZONE 'America/Sao_Paulo', 'DD HH24:MI') || ' ' ||
                       to_char(ends_at AT TIME ZONE 'America/Sao_Paulo', 'DD HH24:MI') FROM schedule_exceptions";
    assert_eq!(c.stand.text(kept).await, "01 00:00 16 00:00", "to the end of the last day");
    let (listed, who) = schedule::exceptions(app, &c.admin).await.unwrap();
    assert_eq!((listed.len(), who.len()), (1, 1));
    assert_eq!(listed[0].professional_name.as_deref(), Some("Dra. Alba Norte"));

    // In 2017 the clocks of São Paulo went from midnight of 15 October to one o'clock.
    for (wall, field) in [
        (closed("2017-10-15", "00:30", "2017-10-15", "12:00"), "de_hora"),
        (closed("2017-10-14", "08:00", "2017-10-15", "00:00"), "ate_hora"),
        (closed("2017-10-14", "08:00", "2017-10-14", ""), "ate_hora"),
    ] {
        assert_eq!(fields(schedule::except(app, &c.admin, &wall).await), [field]);
    }
    schedule::except(app, &c.admin, &closed("2017-10-15", "01:00", "2017-10-15", "12:00")).await.unwrap();
    // Manaus had no such change.
    let admin = c.stand.database.superuser().await;
    admin.batch_execute("UPDATE clinics SET time_zone = 'America/Manaus'").await.unwrap();
    schedule::except(app, &c.admin, &closed("2017-10-15", "00:30", "2017-10-15", "12:00")).await.unwrap();

    let bare = TypedException::default();
    assert_eq!(fields(schedule::except(app, &c.admin, &bare).await), ["tipo", "motivo", "de", "ate"]);
    let opened = TypedException { kind: "open".into(), ..closed("2090-01-01", "", "2090-01-01", "") };
    assert_eq!(fields(schedule::except(app, &c.admin, &opened).await), ["profissional"], "somebody has to be there");
    for (from, from_hour, to, to_hour, field) in [
        ("2090-01-02", "", "2090-01-01", "", "ate"),
        ("2090-01-01", "12:00", "2090-01-01", "12:00", "ate"),
        ("2090-01-01", "", "2091-12-01", "", "ate"),
        ("2090-02-30", "", "2090-03-01", "", "de"),
        ("2090-01-01", "24:00", "2090-01-02", "", "de_hora"),
        ("0001-01-01", "", "2090-01-02", "", "de"),
    ] {
        assert_eq!(
            fields(schedule::except(app, &c.admin, &closed(from, from_hour, to, to_hour)).await),
            [field],
            "{from} {to}"
        );
    }

    schedule::withdraw(app, &c.admin, first).await.unwrap();
    assert_eq!(schedule::withdraw(app, &c.admin, first).await, Err(Error::NotFound), "once");
    assert!(schedule::exceptions(app, &c.admin).await.unwrap().0.is_empty());
    assert_eq!(c.stand.count("SELECT count(*) FROM schedule_exceptions").await, 3, "nothing was deleted");
}

#[tokio::test]
async fn a_years_holidays_are_added_once_and_those_taken_back_stay_so() {
    let c = clinic().await;
    let app = &c.stand.app;
    let year = year(&c);
    assert!(matches!(schedule::add_holidays(app, &c.admin, year + 1).await, Err(Error::Conflict(_))));
    let christmas = TypedException {
        reason: "holiday".into(),
        ..closed(&format!("{year}-12-25"), "", &format!("{year}-12-25"), "")
    };
    schedule::except(app, &c.admin, &christmas).await.unwrap();
    assert_eq!(fields(schedule::except(app, &c.admin, &christmas).await), ["de"], "twice");
    assert_eq!(schedule::add_holidays(app, &c.admin, year).await, Ok(9));
    let (listed, _) = schedule::exceptions(app, &c.admin).await.unwrap();
    assert_eq!(listed.iter().filter(|one| one.reason == "holiday" && one.professional_id.is_none()).count(), 10);
    schedule::withdraw(app, &c.admin, listed[0].id).await.unwrap();
    assert_eq!(schedule::add_holidays(app, &c.admin, year).await, Ok(0), "whoever took it off knew why");
    assert_eq!(schedule::exceptions(app, &c.admin).await.unwrap().0.len(), 9);
}

#[tokio::test]
async fn nothing_of_another_clinic_is_seen_or_named() {
    let c = clinic().await;
    let app = &c.stand.app;
    let stranger = c.stand.stranger().await;
    let (theirs, their_service) = {
        let id = professional::create(app, &stranger, &typed("Dr. Caio Sul", "777")).await.unwrap();
        (id, c.service(&stranger, "Consulta").await)
    };
    let their_exception = schedule::except(app, &stranger, &closed("2090-01-01", "", "2090-01-01", "")).await.unwrap();
    let own = c.create(&typed("Dra. Alba Norte", "777")).await;
    let own_service = c.service(&c.admin, "Consulta").await;
    assert_eq!(professional::open(app, &c.admin, theirs).await.err(), Some(Error::NotFound));
    for refused in [
        professional::update(app, &c.admin, theirs, 1, &typed("Dra. Outra Pessoa", "1")).await,
        professional::activate(app, &c.admin, theirs, 1, false).await,
        professional::check(app, &c.admin, theirs, 1, "document_checked").await,
        professional::set_services(app, &c.admin, theirs, 1, &[own_service]).await,
        professional::set_services(app, &c.admin, own, 1, &[own_service, their_service]).await,
        schedule::set_week(app, &c.admin, theirs, 1, &[hours("1", "08:00", "09:00")]).await.map(drop),
        schedule::withdraw(app, &c.admin, their_exception).await,
    ] {
        assert_eq!(refused, Err(Error::NotFound));
    }
    let of_theirs = TypedException { professional: theirs.to_string(), ..closed("2090-01-01", "", "2090-01-01", "") };
    assert_eq!(fields(schedule::except(app, &c.admin, &of_theirs).await), ["profissional"]);
    // A member of another clinic, and one of nowhere, is nobody here.
    let token = Token::from_random(&[77; 32]);
    let elsewhere = people::member(app.db(), "Clínica Leste", "Rita Leste", &["owner"], token).await;
    for user in [elsewhere.user, Uuid::nil()] {
        let linked = Typed { member: user.to_string(), ..typed("Dra. Rita Leste", "888") };
        assert_eq!(fields(professional::create(app, &c.admin, &linked).await), ["pessoa"]);
    }
    // Past the use cases, the keys themselves lead nowhere else.
    for attempt in ["service", "member"] {
        let db = app.db().clone();
        let refused = db
            .write(&c.admin, async |tx: &WriteTx| {
                match attempt {
                    "service" => drop(rows::set_services(tx, own, &[their_service]).await?),
                    _ => {
                        let known = rows::Known {
                            user: Some(elsewhere.user),
                            full_name: "Dra. Rita Leste".into(),
                            specialization: None,
                            specialty_code: None,
                            council: "CRM",
                            number: "999".into(),
                            state: "SP",
                            daily_maximum: None,
                        };
                        rows::insert(tx, Uuid::now_v7(), &known).await?;
                    }
                }
                Ok::<_, sigilo_store::Error>(((), event("attack")))
            })
            .await;
        assert!(matches!(refused, Err(sigilo_store::Error::Rule(_))), "{attempt}: {refused:?}");
    }
    professional::set_services(app, &c.admin, own, 1, &[own_service]).await.unwrap();
    let performed = professional::open(app, &c.admin, own).await.unwrap().services;
    assert_eq!(
        performed.iter().map(|service| (service.id, service.performed)).collect::<Vec<_>>(),
        [(own_service, true)]
    );
    professional::set_services(app, &c.admin, own, 2, &[]).await.unwrap();
    professional::set_services(app, &c.admin, own, 3, &[own_service]).await.unwrap();
    assert_eq!(c.stand.count("SELECT count(*) FROM professional_services").await, 1, "the same row again");
}

#[tokio::test]
async fn who_does_not_run_the_clinic_changes_nothing_even_past_the_use_cases() {
    let c = clinic().await;
    let app = &c.stand.app;
    let id = c.create(&Typed { member: c.admin_user.to_string(), ..typed("Dra. Ivone Salgado", "12345") }).await;
    let service = c.service(&c.admin, "Consulta").await;
    let doctor = colleague(&c.stand, "Dr. Davi Reis", &["professional"], 42).await.1;
    let dpo = colleague(&c.stand, "Breno Dias", &["dpo"], 43).await.1;
    for session in [&c.desk, &doctor, &dpo] {
        let exception = closed("2090-01-01", "", "2090-01-01", "");
        for refused in [
            professional::list(app, session).await.map(drop),
            professional::colleagues(app, session).await.map(drop),
            professional::open(app, session, id).await.map(drop),
            professional::create(app, session, &typed("Outra Pessoa", "2")).await.map(drop),
            professional::update(app, session, id, 1, &typed("Outra Pessoa", "2")).await,
            professional::activate(app, session, id, 1, false).await,
            professional::check(app, session, id, 1, "document_checked").await,
            professional::set_services(app, session, id, 1, &[service]).await,
            schedule::set_week(app, session, id, 1, &[]).await.map(drop),
            schedule::exceptions(app, session).await.map(drop),
            schedule::except(app, session, &exception).await.map(drop),
            schedule::add_holidays(app, session, year(&c)).await.map(drop),
        ] {
            assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
        }
        let raw = c.stand.database.connect(Role::App).await;
        raw.query("SELECT set_config('app.token', $1, false)", &[&session.token.expose()]).await.unwrap();
        for sql in [
            "UPDATE professionals SET is_active = false RETURNING 1".to_owned(),
            "UPDATE professionals SET council_validation = 'document_checked' RETURNING 1".to_owned(),
            format!("INSERT INTO working_hours (professional_id, weekday, starts, ends) VALUES ('{id}', 1, '08:00', '09:00') RETURNING 1"),
            format!("INSERT INTO professional_services (professional_id, service_type_id) VALUES ('{id}', '{service}') RETURNING 1"),
            "INSERT INTO schedule_exceptions (kind, reason, starts_at, ends_at) VALUES ('closed', 'other', now(), now() + interval '1 h') RETURNING 1".to_owned(),
            "INSERT INTO rooms (name) VALUES ('X') RETURNING 1".to_owned(),
            "UPDATE service_types SET price = 0 RETURNING 1".to_owned(),
        ] {
            let touched = raw.query(&sql, &[]).await.map(|rows| rows.len()).unwrap_or(0);
            assert_eq!(touched, 0, "{sql}");
        }
    }
    assert_eq!(c.standing(id).await, ("format_ok".into(), 1));
}
