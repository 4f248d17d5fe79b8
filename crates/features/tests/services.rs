//! What the clinic offers, and where: named once, priced, changed by the version seen, and never another clinic's.
#![allow(clippy::unwrap_used)]

mod support;

use sigilo_assistant::provider::Stop;
use sigilo_features::{
    Error,
    room::{self, Kind},
    service::{self, Typed},
};
use sigilo_store::Session;
use support::{Script, Scripted, Stand, colleague, document};
use uuid::Uuid;

async fn clinic() -> (Stand, Session) {
    let stand = Stand::new(Scripted::new(Script::Say(document(), Stop::Complete))).await;
    let admin = colleague(&stand, "Ivone Salgado", &["administrator"], 40).await.1;
    (stand, admin)
}

fn typed(name: &str) -> Typed {
    Typed { name: name.to_owned(), duration: "30".to_owned(), ..Typed::default() }
}

fn fields<T>(result: Result<T, Error>) -> Vec<&'static str> {
    match result {
        Err(Error::Invalid(errors)) => errors.into_iter().map(|error| error.field).collect(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => Vec::new(),
    }
}

#[tokio::test]
async fn a_service_is_named_once_priced_and_changed_by_the_version_seen() {
    let (stand, admin) = clinic().await;
    let app = &stand.app;
    let group = service::create_category(app, &admin, " Consultas ").await.unwrap();
    assert_eq!(fields(service::create_category(app, &admin, "CONSULTAS").await), ["nome"]);
    let whole = Typed {
        category: group.to_string(),
        buffer: "10".into(),
        price: "1.234,56".into(),
        tuss: "1010.1012".into(),
        by_telemedicine: true,
        ..typed("Primeira consulta")
    };
    let id = service::create(app, &admin, &whole).await.unwrap();
    let (one, _) = service::open(app, &admin, id).await.unwrap();
    assert_eq!((one.centavos, one.duration_minutes, one.buffer_minutes), (123_456, 30, 10));
    assert_eq!((one.tuss_code.as_deref(), one.category_name.as_deref()), (Some("10101012"), Some("Consultas")));
    assert_eq!(stand.text("SELECT price::text FROM service_types").await, "1234.56");
    assert_eq!(Typed::of(&one).price, "1.234,56");
    assert_eq!(fields(service::create(app, &admin, &typed("PRIMEIRA consulta")).await), ["nome"]);

    for (field, wrong) in [
        ("nome", Typed { name: " ".into(), ..typed("") }),
        ("nome", typed("<b>x</b>")),
        ("nome", typed(&"a".repeat(121))),
        ("duracao", Typed { duration: "4".into(), ..typed("Y") }),
        ("duracao", Typed { duration: "721".into(), ..typed("Y") }),
        ("duracao", Typed { duration: "meia hora".into(), ..typed("Y") }),
        ("preparo", Typed { buffer: "121".into(), ..typed("Y") }),
        ("preco", Typed { price: "-1".into(), ..typed("Y") }),
        ("preco", Typed { price: "1,234".into(), ..typed("Y") }),
        ("tuss", Typed { tuss: "1010101".into(), ..typed("Y") }),
        ("categoria", Typed { category: Uuid::nil().to_string(), ..typed("Y") }),
        ("categoria", Typed { category: "x".into(), ..typed("Y") }),
    ] {
        assert_eq!(fields(service::create(app, &admin, &wrong).await), [field], "{wrong:?}");
    }
    let cheaper = Typed { price: "99.90".into(), ..whole.clone() };
    service::update(app, &admin, id, 1, &cheaper).await.unwrap();
    assert!(matches!(service::update(app, &admin, id, 1, &whole).await, Err(Error::Conflict(_))), "seen too long ago");
    let said = "SELECT details ->> 'fields' FROM audit_logs WHERE action = 'service_updated'";
    assert_eq!(stand.text(said).await, r#"["price"]"#);
    service::activate(app, &admin, id, 2, false).await.unwrap();
    assert!(matches!(service::activate(app, &admin, id, 2, true).await, Err(Error::Conflict(_))));
    assert!(!service::list(app, &admin).await.unwrap().0[0].is_active);

    service::rename_category(app, &admin, group, "Consultas", "Ambulatório").await.unwrap();
    let late = service::rename_category(app, &admin, group, "Consultas", "Outra").await;
    assert!(matches!(late, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn rooms_and_equipment_are_named_once_each() {
    let (stand, admin) = clinic().await;
    let app = &stand.app;
    for (kind, table) in [(Kind::Room, "rooms"), (Kind::Equipment, "equipment")] {
        let id = room::create(app, &admin, kind, " Sala  1 ").await.unwrap();
        assert_eq!(fields(room::create(app, &admin, kind, "sala 1").await), ["nome"]);
        assert_eq!(fields(room::create(app, &admin, kind, "").await), ["nome"]);
        room::create(app, &admin, kind, "Sala 2").await.unwrap();
        assert_eq!(fields(room::rename(app, &admin, kind, id, "Sala 1", "SALA 2").await), ["nome"]);
        room::rename(app, &admin, kind, id, "Sala 1", "Consultório").await.unwrap();
        assert!(matches!(room::rename(app, &admin, kind, id, "Sala 1", "Outra").await, Err(Error::Conflict(_))));
        room::activate(app, &admin, kind, id, false).await.unwrap();
        assert_eq!(stand.count(&format!("SELECT count(*) FROM {table} WHERE NOT is_active")).await, 1);
        room::activate(app, &admin, kind, id, true).await.unwrap();
    }
    let (rooms, equipment) = room::list(app, &admin).await.unwrap();
    assert_eq!((rooms.len(), equipment.len()), (2, 2));
    let events = "SELECT count(DISTINCT action) FROM audit_logs WHERE action ~ '^(room|equipment)_'";
    assert_eq!(stand.count(events).await, 8);
}

#[tokio::test]
async fn nothing_of_another_clinic_and_nothing_for_who_does_not_run_it() {
    let (stand, admin) = clinic().await;
    let app = &stand.app;
    let stranger = stand.stranger().await;
    let group = service::create_category(app, &stranger, "Consultas").await.unwrap();
    let id = service::create(app, &stranger, &typed("Consulta")).await.unwrap();
    let place = room::create(app, &stranger, Kind::Room, "Sala 1").await.unwrap();
    assert!(service::list(app, &admin).await.unwrap().0.is_empty());
    assert_eq!(service::open(app, &admin, id).await.err(), Some(Error::NotFound));
    for refused in [
        service::update(app, &admin, id, 1, &typed("Outra")).await,
        service::activate(app, &admin, id, 1, false).await,
        service::rename_category(app, &admin, group, "Consultas", "Outra").await,
        room::rename(app, &admin, Kind::Room, place, "Sala 1", "Outra").await,
        room::activate(app, &admin, Kind::Room, place, false).await,
    ] {
        assert_eq!(refused, Err(Error::NotFound));
    }
    let grouped = Typed { category: group.to_string(), ..typed("Retorno") };
    assert_eq!(fields(service::create(app, &admin, &grouped).await), ["categoria"]);
    let raw = stand.database.connect(sigilo_store::server::Role::App).await;
    raw.query("SELECT set_config('app.token', $1, false)", &[&admin.token.expose()]).await.unwrap();
    let sql = format!("INSERT INTO service_types (category_id, name, duration_minutes) VALUES ('{group}', 'X', 30)");
    assert_eq!(raw.batch_execute(&sql).await.unwrap_err().code().unwrap().code(), "23503");

    let own = service::create(app, &admin, &typed("Consulta")).await.unwrap();
    let desk = colleague(&stand, "Jussara Pinho", &["receptionist"], 41).await.1;
    for refused in [
        service::list(app, &desk).await.map(drop),
        service::open(app, &desk, own).await.map(drop),
        service::create(app, &desk, &typed("Retorno")).await.map(drop),
        service::update(app, &desk, own, 1, &typed("Retorno")).await,
        service::activate(app, &desk, own, 1, false).await,
        service::create_category(app, &desk, "Outra").await.map(drop),
        room::list(app, &desk).await.map(drop),
        room::create(app, &desk, Kind::Room, "Sala").await.map(drop),
    ] {
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    }
}
