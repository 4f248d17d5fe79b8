//! Appointments: booked, refused with the reason, moved, followed to their end; and what nobody may do with them.
#![allow(clippy::unwrap_used)]

mod support;

use sigilo_assistant::provider::Stop;
use sigilo_domain::{Clock, SystemClock};
use sigilo_features::{
    App, Error,
    appointment::{self, Booked, Kind, Moved, Refusal, Slot, Status, Typed},
    patient::{self, Registered},
};
use sigilo_store::Session;
use sigilo_testkit::TestKeystore;
use support::{Script, Scripted, Stand, colleague, document, with_keys};
use time::{Duration, PrimitiveDateTime, Weekday, macros::time};
use uuid::Uuid;

/// A front desk with two professionals, two services, a room, an equipment and three patients.
struct Desk {
    stand: Stand,
    _keystore: TestKeystore,
    app: App,
    desk: Session,
    ids: Ids,
    monday: String,
}

#[derive(Clone, Copy)]
struct Ids {
    alba: Uuid,
    otavio: Uuid,
    visit: Uuid,
    remote: Uuid,
    room: Uuid,
    laser: Uuid,
    patients: [Uuid; 3],
}

async fn desk() -> Desk {
    let stand = Stand::new(Scripted::new(Script::Say(document(), Stop::Complete))).await;
    let keystore = TestKeystore::fresh().await;
    let app = with_keys(&stand, &keystore).await;
    let desk = colleague(&stand, "Jussara Pinho", &["receptionist"], 40).await.1;
    let ids = clinic(&stand, &app, stand.clinic, stand.user, &desk).await;
    Desk { monday: monday(), stand, _keystore: keystore, app, desk, ids }
}

/// A Monday that is still to come.
fn monday() -> String {
    (SystemClock.now().date() + Duration::days(2)).next_occurrence(Weekday::Monday).to_string()
}

async fn clinic(stand: &Stand, app: &App, clinic: Uuid, owner: Uuid, desk: &Session) -> Ids {
    let admin = stand.database.superuser().await;
    let one = async |sql: &str| -> Uuid { admin.query_one(sql, &[&clinic]).await.unwrap().get(0) };
    let professional = async |name: &str, number: &str| {
        one(&format!(
            "INSERT INTO professionals (clinic_id, full_name, council_license, license_number, license_state)
             VALUES ($1, '{name}', 'CRM', '{number}', 'SP') RETURNING id"
        ))
        .await
    };
    let (alba, otavio) =
        (professional("Dra. Alba Norte", "1001").await, professional("Dr. Otávio Lacerda", "1002").await);
    let service = async |name: &str, buffer: i32, remote: bool| {
        one(&format!(
            "INSERT INTO service_types (clinic_id, name, duration_minutes, buffer_minutes, by_telemedicine, tuss_code)
             VALUES ($1, '{name}', 30, {buffer}, {remote}, '10101012') RETURNING id"
        ))
        .await
    };
    let (visit, remote) = (service("Consulta", 0, false).await, service("Teleconsulta", 10, true).await);
    let room = one("INSERT INTO rooms (clinic_id, name) VALUES ($1, 'Sala 1') RETURNING id").await;
    let laser = one("INSERT INTO equipment (clinic_id, name) VALUES ($1, 'Laser') RETURNING id").await;
    admin
        .execute(
            "INSERT INTO professional_services (clinic_id, professional_id, service_type_id)
             SELECT $1, p.id, s.id FROM professionals p, service_types s
              WHERE p.clinic_id = $1 AND s.clinic_id = $1 AND (p.full_name LIKE 'Dra.%' OR s.name = 'Consulta')",
            &[&clinic],
        )
        .await
        .unwrap();
    admin
        .execute(
            "INSERT INTO working_hours (clinic_id, professional_id, weekday, starts, ends)
             SELECT $1, p.id, d, h.starts, h.ends FROM professionals p, generate_series(1, 5) d,
                    (VALUES (time '08:00', time '12:00'), ('13:00', '18:00')) h(starts, ends) WHERE p.clinic_id = $1",
            &[&clinic],
        )
        .await
        .unwrap();
    let _ = owner;
    let mut patients = Vec::new();
    for name in ["Ana Lúcia Prado", "Bento Queiroz", "Célia Ramos"] {
        let typed = patient::Typed::new(|field| match field {
            "nome" => name,
            "nascimento" => "1980-02-29",
            "sem_documento" => "undocumented",
            _ => "",
        });
        let Registered::Done(id, _) = patient::register(app, desk, &typed, true).await.unwrap() else {
            panic!("alike")
        };
        patients.push(id);
    }
    Ids { alba, otavio, visit, remote, room, laser, patients: patients.try_into().unwrap() }
}

impl Desk {
    fn typed(&self, patient: usize, hour: &str) -> Typed {
        Typed {
            patient: self.ids.patients[patient].to_string(),
            service: self.ids.visit.to_string(),
            professional: self.ids.alba.to_string(),
            day: self.monday.clone(),
            hour: hour.into(),
            ..Typed::default()
        }
    }

    async fn book(&self, typed: &Typed) -> Uuid {
        match appointment::book(&self.app, &self.desk, typed, false, None).await.unwrap() {
            Booked::Done(id) => id,
            Booked::Refused(refusal) => panic!("{refusal:?}"),
        }
    }

    async fn refused(&self, typed: &Typed) -> Refusal {
        match appointment::book(&self.app, &self.desk, typed, false, None).await.unwrap() {
            Booked::Refused(refusal) => refusal,
            Booked::Done(_) => panic!("booked"),
        }
    }

    async fn kinds(&self, typed: &Typed) -> Vec<Kind> {
        self.refused(typed).await.conflicts.iter().map(|conflict| conflict.kind).collect()
    }

    async fn opened(&self, id: Uuid) -> appointment::Appointment {
        appointment::open(&self.app, &self.desk, id).await.unwrap()
    }

    async fn advance(&self, id: Uuid, to: Status) -> Result<i32, Error> {
        let seen = self.opened(id).await.row.version;
        let reason = (to == Status::Cancelled).then_some("patient");
        appointment::advance(&self.app, &self.desk, id, seen, to, reason).await
    }

    async fn run(&self, sql: &str) {
        self.stand.database.superuser().await.batch_execute(sql).await.unwrap();
    }
}

fn fields(result: Result<impl Sized, Error>) -> Vec<&'static str> {
    match result {
        Err(Error::Invalid(wrong)) => wrong.into_iter().map(|error| error.field).collect(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("accepted"),
    }
}

fn hours(times: &[PrimitiveDateTime]) -> Vec<(u8, u8)> {
    times.iter().map(|at| (at.hour(), at.minute())).collect()
}

#[tokio::test]
async fn a_booked_time_is_on_the_agenda_and_on_the_trail() {
    let desk = desk().await;
    let id = desk.book(&Typed { room: desk.ids.room.to_string(), ..desk.typed(0, "09:00") }).await;
    let found = desk.opened(id).await;
    assert_eq!(found.called.as_deref().map(String::as_str), Some("Ana Lúcia Prado"));
    assert_eq!(
        (found.status, found.row.starts.time(), found.row.ends.time()),
        (Status::Scheduled, time!(09:00), time!(09:30))
    );
    let first = found.row.starts.date();
    let agenda = appointment::agenda(&desk.app, &desk.desk, Some(first), 1, None).await.unwrap();
    assert_eq!(agenda.entries.len(), 1);
    let entry = &agenda.entries[0];
    assert_eq!((entry.id, entry.service.as_str(), entry.room.as_ref().unwrap().1.as_str()), (id, "Consulta", "Sala 1"));
    assert_eq!(agenda.hours.iter().filter(|hours| hours.professional_id == desk.ids.alba).count(), 2);
    let other = appointment::agenda(&desk.app, &desk.desk, Some(first), 1, Some(desk.ids.otavio)).await.unwrap();
    assert!(other.entries.is_empty());
    // The code of the procedure comes with the service; who was shown and what was done stands in the trail, without a name.
    assert_eq!(desk.stand.text("SELECT tuss_code FROM appointments").await, "10101012");
    for (action, wanted) in [("appointment_booked", 1), ("agenda_viewed", 1), ("appointment_opened", 1)] {
        let sql = format!("SELECT count(*) FROM audit_logs WHERE action = '{action}'");
        assert_eq!(desk.stand.count(&sql).await, wanted, "{action}");
    }
    // Read again at each change, the agenda tells only of whom it did not tell before.
    let day = Some(first);
    appointment::agenda(&desk.app, &desk.desk, day, 7, None).await.unwrap();
    desk.book(&desk.typed(1, "10:00")).await;
    appointment::agenda(&desk.app, &desk.desk, day, 1, None).await.unwrap();
    let told =
        "SELECT string_agg(details->>'patients', ' ' ORDER BY seq) FROM audit_logs WHERE action = 'agenda_viewed'";
    let [ana, bento, _] = desk.ids.patients;
    assert_eq!(desk.stand.text(told).await, format!("[\"{ana}\"] [\"{bento}\"]"));
    let named = "SELECT count(*) FROM audit_logs WHERE details::text LIKE '%Prado%'";
    assert_eq!(desk.stand.count(named).await, 0);
    let listed = format!(
        "SELECT count(*) FROM audit_logs WHERE action = 'agenda_viewed' AND details->'patients' ? '{}'",
        desk.ids.patients[0]
    );
    assert_eq!(desk.stand.count(&listed).await, 1);
    assert_eq!(desk.stand.count("SELECT count(*) FROM appointments").await, 2);
}

#[tokio::test]
async fn a_refusal_says_everything_that_stands_against_and_three_free_times() {
    let desk = desk().await;
    let place =
        |typed: Typed| Typed { room: desk.ids.room.to_string(), equipment: desk.ids.laser.to_string(), ..typed };
    let first = desk.book(&place(desk.typed(0, "09:00"))).await;
    // Everything at once: professional, patient, room and equipment.
    let refusal = desk.refused(&place(desk.typed(0, "09:15"))).await;
    let found: Vec<_> = refusal.conflicts.iter().map(|conflict| (conflict.kind, conflict.appointment)).collect();
    let all = [Kind::Professional, Kind::Patient, Kind::Room, Kind::Equipment];
    assert_eq!(found, all.map(|kind| (kind, Some(first))));
    assert_eq!(refusal.conflicts[0].patient.as_deref().map(String::as_str), Some("Ana Lúcia Prado"));
    assert_eq!(hours(&refusal.free), [(9, 30), (10, 0), (10, 30)]);
    assert!(!refusal.may_insist());
    // Nobody's word overrules it.
    let again = appointment::book(&desk.app, &desk.desk, &desk.typed(1, "09:15"), true, None).await.unwrap();
    assert!(matches!(again, Booked::Refused(_)));
    // One after the other is no conflict, and neither is another professional, elsewhere, with somebody else.
    desk.book(&place(desk.typed(0, "09:30"))).await;
    desk.book(&Typed { professional: desk.ids.otavio.to_string(), ..desk.typed(1, "09:00") }).await;
    assert_eq!(
        desk.kinds(&Typed { professional: desk.ids.otavio.to_string(), ..desk.typed(0, "09:15") }).await,
        [Kind::Professional, Kind::Patient, Kind::Patient]
    );
    // What a service needs afterwards keeps the professional, not the patient.
    let remote =
        Typed { service: desk.ids.remote.to_string(), modality: "telemedicine".into(), ..desk.typed(2, "10:00") };
    desk.book(&remote).await;
    assert_eq!(desk.kinds(&desk.typed(1, "10:35")).await, [Kind::Professional]);
    desk.book(&Typed { professional: desk.ids.otavio.to_string(), ..desk.typed(2, "10:30") }).await;
    let refused = "SELECT count(*) FROM audit_logs WHERE action = 'appointment_refused'";
    assert_eq!(desk.stand.count(refused).await, 4);
}

#[tokio::test]
async fn hours_closures_and_the_days_limit_give_way_to_somebodys_word_alone() {
    let desk = desk().await;
    assert_eq!(desk.kinds(&desk.typed(0, "12:15")).await, [Kind::OutsideHours]);
    // From before noon into the break: the whole of it must fit.
    assert_eq!(desk.kinds(&desk.typed(0, "11:45")).await, [Kind::OutsideHours]);
    let yesterday = (SystemClock.now().date() - Duration::days(1)).to_string();
    assert!(desk.kinds(&Typed { day: yesterday, ..desk.typed(0, "09:00") }).await.contains(&Kind::Past));
    desk.run(&format!(
        "INSERT INTO schedule_exceptions (clinic_id, professional_id, kind, reason, starts_at, ends_at, created_by)
         VALUES ('{c}', NULL, 'closed', 'holiday', '{d} 14:00-03', '{d} 16:00-03', '{u}'),
                ('{c}', '{a}', 'open', 'extra', '{d} 19:00-03', '{d} 20:00-03', '{u}');
         UPDATE professionals SET daily_maximum = 2 WHERE id = '{a}'",
        c = desk.stand.clinic,
        u = desk.stand.user,
        a = desk.ids.alba,
        d = desk.monday
    ))
    .await;
    let closed = desk.refused(&desk.typed(0, "14:30")).await;
    assert_eq!((closed.conflicts[0].kind, closed.conflicts[0].detail.as_deref()), (Kind::Closed, Some("holiday")));
    assert_eq!((closed.conflicts.len(), hours(&closed.free)), (1, vec![(16, 0), (16, 30), (17, 0)]));
    assert!(closed.may_insist());
    desk.book(&desk.typed(0, "19:00")).await;
    desk.book(&desk.typed(1, "08:00")).await;
    let full = desk.refused(&desk.typed(2, "09:00")).await;
    assert_eq!((full.conflicts[0].kind, full.conflicts[0].detail.as_deref()), (Kind::DailyMaximum, Some("2")));
    // The next day is free.
    assert!(full.free.iter().all(|at| at.date().to_string() > desk.monday));
    let insisted = appointment::book(&desk.app, &desk.desk, &desk.typed(2, "09:00"), true, None).await.unwrap();
    let Booked::Done(id) = insisted else { panic!("refused") };
    assert!(desk.opened(id).await.row.is_exception);
    assert_eq!(desk.stand.count("SELECT count(*) FROM audit_logs WHERE details->>'exception' = 'true'").await, 1);
}

#[tokio::test]
async fn a_hundred_at_once_for_one_time_are_one_appointment() {
    let desk = desk().await;
    let tries = (0..100).map(|number| {
        let typed = desk.typed(number % 3, "09:00");
        let (app, session) = (desk.app.clone(), desk.desk.clone());
        tokio::spawn(async move { appointment::book(&app, &session, &typed, number % 2 == 0, None).await })
    });
    let mut done = 0;
    for attempt in futures_util::future::join_all(tries).await {
        match attempt.unwrap().unwrap() {
            Booked::Done(_) => done += 1,
            Booked::Refused(refusal) => assert!(!refusal.conflicts.is_empty() && !refusal.free.is_empty()),
        }
    }
    assert_eq!((done, desk.stand.count("SELECT count(*) FROM appointments").await), (1, 1));
}

#[tokio::test]
async fn the_database_allows_the_ways_that_the_product_shows_and_no_other() {
    let desk = desk().await;
    let id = desk.book(&desk.typed(0, "09:00")).await;
    let admin = desk.stand.database.superuser().await;
    for from in Status::ALL {
        for to in Status::ALL.into_iter().filter(|to| *to != from) {
            admin
                .batch_execute(&format!(
                    "BEGIN; ALTER EVENT TRIGGER sigilo_guard_alter DISABLE;
                     ALTER TABLE appointments DISABLE TRIGGER kept;
                     UPDATE appointments SET status = '{}', start_time = start_time - interval '30 days',
                            end_time = end_time - interval '30 days', busy_until = busy_until - interval '30 days',
                            cancellation_reason = {};
                     ALTER TABLE appointments ENABLE TRIGGER kept",
                    from.code(),
                    if from == Status::Cancelled { "'patient'" } else { "NULL" }
                ))
                .await
                .unwrap();
            let reason = if to == Status::Cancelled { "'patient'" } else { "NULL" };
            let sql = format!(
                "UPDATE appointments SET status = '{}', cancellation_reason = {reason} WHERE id = '{id}'",
                to.code()
            );
            let done = admin.execute(&sql, &[]).await;
            assert_eq!(done.is_ok(), from.next().contains(&to), "{from:?} -> {to:?}: {done:?}");
            admin.batch_execute("ROLLBACK").await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_visit_goes_its_way_and_a_step_is_taken_back() {
    let desk = desk().await;
    let id = desk.book(&desk.typed(0, "09:00")).await;
    for to in
        [Status::Confirmed, Status::Scheduled, Status::Confirmed, Status::Arrived, Status::Confirmed, Status::Arrived]
    {
        desk.advance(id, to).await.unwrap();
    }
    assert!(desk.opened(id).await.row.arrived_at.is_some() && desk.opened(id).await.row.confirmed_at.is_some());
    desk.advance(id, Status::InProgress).await.unwrap();
    desk.advance(id, Status::Completed).await.unwrap();
    let row = desk.opened(id).await.row;
    assert!(row.started_at.is_some() && row.ended_at.is_some() && row.version == 9);
    assert!(matches!(desk.advance(id, Status::Cancelled).await, Err(Error::Conflict(_))));
    // Before its hour nobody has missed it; and only a new appointment makes an old one rescheduled.
    let other = desk.book(&desk.typed(1, "10:00")).await;
    assert!(
        matches!(desk.advance(other, Status::NoShow).await, Err(Error::Conflict(sentence)) if sentence.contains("hora"))
    );
    assert!(matches!(desk.advance(other, Status::Rescheduled).await, Err(Error::Conflict(_))));
    let seen = desk.opened(other).await.row.version;
    let none = appointment::advance(&desk.app, &desk.desk, other, seen, Status::Cancelled, None).await;
    assert_eq!(fields(none), ["motivo"]);
    let stale = appointment::advance(&desk.app, &desk.desk, other, seen - 1, Status::Arrived, None).await;
    assert!(matches!(stale, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn a_cancelled_time_is_free_and_taken_up_again_only_while_it_is() {
    let desk = desk().await;
    let id = desk.book(&desk.typed(0, "09:00")).await;
    desk.advance(id, Status::Cancelled).await.unwrap();
    desk.advance(id, Status::Scheduled).await.unwrap();
    assert_eq!(desk.kinds(&desk.typed(1, "09:00")).await, [Kind::Professional]);
    desk.advance(id, Status::Cancelled).await.unwrap();
    desk.book(&desk.typed(1, "09:00")).await;
    assert!(
        matches!(desk.advance(id, Status::Scheduled).await, Err(Error::Conflict(sentence)) if sentence.contains("ocupado"))
    );
    assert_eq!(desk.opened(id).await.status, Status::Cancelled);
}

#[tokio::test]
async fn a_move_obeys_the_rules_of_a_booking_and_is_undone_by_moving_back() {
    let desk = desk().await;
    let id = desk.book(&desk.typed(0, "09:00")).await;
    desk.book(&desk.typed(1, "10:00")).await;
    let before = desk.opened(id).await;
    let at = |hour| Slot { starts: before.row.starts.replace_time(hour), ..before.slot() };
    let relocate = async |seen: i32, slot: &Slot, anyway| {
        appointment::relocate(&desk.app, &desk.desk, id, seen, slot, anyway).await
    };
    let Moved::Refused(refusal) = relocate(before.row.version, &at(time!(09:45)), true).await.unwrap() else {
        panic!("moved")
    };
    assert_eq!(refusal.conflicts[0].kind, Kind::Professional);
    assert_eq!(desk.opened(id).await.row.version, before.row.version);
    // Over its own old time: that is no conflict.
    let Moved::Done(version) = relocate(before.row.version, &at(time!(09:15)), false).await.unwrap() else {
        panic!("refused")
    };
    assert!(matches!(relocate(before.row.version, &at(time!(11:00)), false).await, Err(Error::Conflict(_))));
    let other = Slot { professional: desk.ids.otavio, ..at(time!(10:00)) };
    let Moved::Done(version) = relocate(version, &other, false).await.unwrap() else { panic!("refused") };
    let Moved::Done(_) = relocate(version, &before.slot(), false).await.unwrap() else { panic!("refused") };
    let row = desk.opened(id).await.row;
    assert_eq!((row.starts, row.professional_id, row.times_moved), (before.row.starts, desk.ids.alba, 3));
    // Professionals who do not perform it, places that are not there, lengths that are none.
    let wrong = Slot { room: Some(Uuid::now_v7()), ..before.slot() };
    assert_eq!(fields(relocate(row.version, &wrong, false).await), ["sala"]);
    assert_eq!(fields(relocate(row.version, &Slot { minutes: 0, ..before.slot() }, false).await), ["minutos"]);
    assert_eq!(
        fields(relocate(row.version, &Slot { professional: Uuid::now_v7(), ..before.slot() }, false).await),
        ["profissional"]
    );
    // What has begun stays.
    desk.advance(id, Status::Arrived).await.unwrap();
    let seen = desk.opened(id).await.row.version;
    assert!(matches!(relocate(seen, &at(time!(11:00)), false).await, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn a_rescheduled_appointment_gives_its_place_to_the_new_one() {
    let desk = desk().await;
    let old = desk.book(&desk.typed(0, "09:00")).await;
    let seen = desk.opened(old).await.row.version;
    let book =
        async |typed: &Typed, seen| appointment::book(&desk.app, &desk.desk, typed, false, Some((old, seen))).await;
    assert_eq!(fields(book(&desk.typed(1, "09:30"), seen).await), ["paciente"]);
    assert!(matches!(book(&desk.typed(0, "09:15"), seen + 1).await, Err(Error::Conflict(_))));
    // The new time may lie over the old one.
    let Booked::Done(new) = book(&desk.typed(0, "09:15"), seen).await.unwrap() else { panic!("refused") };
    let (was, is) = (desk.opened(old).await, desk.opened(new).await);
    assert_eq!(
        (was.status, was.row.rescheduled_to, is.row.rescheduled_from),
        (Status::Rescheduled, Some(new), Some(old))
    );
    assert_eq!(desk.stand.count("SELECT count(*) FROM appointments").await, 2);
}

#[tokio::test]
async fn a_series_is_booked_whole_or_not_at_all() {
    let desk = desk().await;
    let third = monday_after(&desk.monday, 2);
    desk.book(&Typed { day: third, ..desk.typed(1, "09:00") }).await;
    let series = Typed { weeks: "4".into(), ..desk.typed(0, "09:00") };
    let refusal = desk.refused(&series).await;
    assert_eq!(refusal.conflicts.len(), 1);
    assert_eq!(refusal.conflicts[0].asked.date().to_string(), monday_after(&desk.monday, 2));
    assert_eq!(desk.stand.count("SELECT count(*) FROM appointments").await, 1);
    desk.book(&Typed { hour: "10:00".into(), ..series }).await;
    let one = "SELECT count(*) FROM appointments WHERE series_id IS NOT NULL AND patient_confirmed = false";
    assert_eq!(desk.stand.count(one).await, 4);
    assert_eq!(desk.stand.count("SELECT count(DISTINCT series_id) FROM appointments").await, 1);
}

fn monday_after(monday: &str, weeks: i64) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    (time::Date::parse(monday, format).unwrap() + Duration::weeks(weeks)).to_string()
}

#[tokio::test]
async fn hours_are_the_clinics_own() {
    let desk = desk().await;
    desk.run("UPDATE clinics SET time_zone = 'America/Manaus'").await;
    let id = desk.book(&desk.typed(0, "09:00")).await;
    let stored =
        format!("SELECT to_char(start_time AT TIME ZONE 'UTC', 'HH24:MI') FROM appointments WHERE id = '{id}'");
    assert_eq!(desk.stand.text(&stored).await, "13:00");
    assert_eq!(desk.opened(id).await.row.starts.time(), time!(09:00));
    // Over midnight, and the first minute of the day: they belong to the day on which they begin.
    let late = Typed { minutes: "60".into(), ..desk.typed(1, "23:30") };
    let Booked::Done(_) = appointment::book(&desk.app, &desk.desk, &late, true, None).await.unwrap() else {
        panic!("refused")
    };
    let day = desk.opened(id).await.row.starts.date();
    let agenda = appointment::agenda(&desk.app, &desk.desk, Some(day), 1, None).await.unwrap();
    assert_eq!(agenda.entries.len(), 2);
    let next = appointment::agenda(&desk.app, &desk.desk, day.next_day(), 1, None).await.unwrap();
    assert!(next.entries.is_empty());
    // At midnight of 15 October 2017 clocks in São Paulo went on to one o'clock: there was no half past twelve.
    desk.run("UPDATE clinics SET time_zone = 'America/Sao_Paulo'").await;
    let gap = Typed { day: "2017-10-15".into(), ..desk.typed(0, "00:30") };
    assert_eq!(fields(appointment::book(&desk.app, &desk.desk, &gap, true, None).await), ["hora"]);
    let after = Typed { day: "2017-10-15".into(), ..desk.typed(0, "01:00") };
    assert!(matches!(appointment::book(&desk.app, &desk.desk, &after, true, None).await.unwrap(), Booked::Done(_)));
}

#[tokio::test]
async fn nothing_of_another_clinic_is_booked_seen_or_changed() {
    let desk = desk().await;
    let id = desk.book(&desk.typed(0, "09:00")).await;
    let stranger = desk.stand.stranger().await;
    let admin = desk.stand.database.superuser().await;
    let other: Uuid =
        admin.query_one("SELECT id FROM clinics WHERE id <> $1", &[&desk.stand.clinic]).await.unwrap().get(0);
    let theirs = clinic(&desk.stand, &desk.app, other, desk.stand.user, &stranger).await;
    let mine = desk.typed(1, "11:00");
    for (typed, field) in [
        (Typed { patient: theirs.patients[0].to_string(), ..mine.clone() }, "paciente"),
        (Typed { service: theirs.visit.to_string(), ..mine.clone() }, "servico"),
        (Typed { professional: theirs.alba.to_string(), ..mine.clone() }, "profissional"),
        (Typed { room: theirs.room.to_string(), ..mine.clone() }, "sala"),
        (Typed { equipment: theirs.laser.to_string(), ..mine.clone() }, "equipamento"),
    ] {
        let booked = appointment::book(&desk.app, &desk.desk, &typed, true, None).await;
        assert_eq!(fields(booked), [field], "{field}");
    }
    assert!(matches!(appointment::open(&desk.app, &stranger, id).await, Err(Error::NotFound)));
    let moved = appointment::advance(&desk.app, &stranger, id, 1, Status::Arrived, None).await;
    assert!(matches!(moved, Err(Error::NotFound)));
    let slot = desk.opened(id).await.slot();
    assert!(matches!(appointment::relocate(&desk.app, &stranger, id, 1, &slot, true).await, Err(Error::NotFound)));
    let day = desk.opened(id).await.row.starts.date();
    assert!(appointment::agenda(&desk.app, &stranger, Some(day), 42, None).await.unwrap().entries.is_empty());
    assert!(appointment::visits(&desk.app, &stranger, desk.ids.patients[0]).await.unwrap().is_empty());
    assert_eq!(appointment::visits(&desk.app, &desk.desk, desk.ids.patients[0]).await.unwrap().len(), 1);
    // And who answers for the data has no business with patients' hours.
    let dpo = colleague(&desk.stand, "Breno Dias", &["dpo"], 41).await.1;
    assert!(matches!(appointment::agenda(&desk.app, &dpo, None, 1, None).await, Err(Error::Forbidden(_))));
    assert!(matches!(appointment::book(&desk.app, &dpo, &mine, true, None).await, Err(Error::Forbidden(_))));
}

#[tokio::test]
async fn who_has_an_agenda_open_is_told_of_their_own_clinics_changes() {
    let desk = desk().await;
    let (clinic, mut heard) = appointment::changes(&desk.app, &desk.desk).await.unwrap();
    assert_eq!(clinic, desk.stand.clinic);
    desk.book(&desk.typed(0, "09:00")).await;
    assert_eq!(heard.try_recv().unwrap(), clinic);
    // A refusal changes nothing.
    desk.refused(&desk.typed(1, "09:00")).await;
    assert!(heard.try_recv().is_err());
}

#[tokio::test]
async fn free_times_are_those_of_who_performs_the_service() {
    let desk = desk().await;
    desk.book(&desk.typed(0, "08:00")).await;
    let from = Some(desk.opened(desk.book(&desk.typed(1, "08:30")).await).await.row.starts.replace_time(time!(00:00)));
    let found = appointment::free(&desk.app, &desk.desk, desk.ids.remote, None, from).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].0.id, hours(&found[0].1)[..2].to_vec()), (desk.ids.alba, vec![(9, 0), (9, 30)]));
    let both = appointment::free(&desk.app, &desk.desk, desk.ids.visit, None, from).await.unwrap();
    assert_eq!(both.len(), 2);
    assert!(matches!(appointment::free(&desk.app, &desk.desk, Uuid::now_v7(), None, None).await, Err(Error::NotFound)));
}

#[tokio::test]
async fn who_is_expected_or_was_attended_is_not_eliminated() {
    let desk = desk().await;
    let ask = async |number: &str| {
        let note = "Pediu por escrito, no balcão, que o cadastro saísse.";
        patient::ask_elimination(&desk.app, &desk.stand.session, None, number, "subject_request", note).await
    };
    let id = desk.book(&desk.typed(0, "09:00")).await;
    assert!(matches!(ask("1").await, Err(Error::Conflict(sentence)) if sentence.contains("marcados")));
    desk.advance(id, Status::Arrived).await.unwrap();
    desk.advance(id, Status::InProgress).await.unwrap();
    desk.advance(id, Status::Completed).await.unwrap();
    assert!(matches!(ask("1").await, Err(Error::Conflict(sentence)) if sentence.contains("20 anos")));
    // Whose appointment was cancelled was never attended.
    let other = desk.book(&desk.typed(1, "10:00")).await;
    desk.advance(other, Status::Cancelled).await.unwrap();
    ask("2").await.unwrap();
}
