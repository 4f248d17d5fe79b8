//! The agenda's screens.

use askama::Template;
use sigilo_domain::Role;
use sigilo_features::FieldError;
use sigilo_features::appointment::{
    Agenda, Appointment, AppointmentRow, Choices, Conflict, Entry, Kind, PlaceChoice, ProfessionalChoice, Refusal,
    ServiceChoice, Status, Typed,
};
use time::PrimitiveDateTime;
use time::macros::datetime;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::clinic::brief;
use super::viewer;
use crate::appointment::{agenda, card, form, free};
use crate::layout::{Frame, Section};
use crate::patient::list::BriefView;

const NOW: PrimitiveDateTime = datetime!(2026-11-30 09:10);

/// Each by its name.
pub(super) fn screens() -> Vec<(&'static str, askama::Result<String>)> {
    let page = |some| agenda::AgendaPage { frame: desk("Agenda"), agenda: Some(day(some)), professional: None };
    let mut screens = vec![
        ("agenda", page(true).render()),
        ("agenda-vazia", page(false).render()),
        ("agenda-sem-chaves", agenda::AgendaPage { agenda: None, ..page(false) }.render()),
        ("agendar", booking().render()),
        ("agendar-erros", wrong().render()),
        ("agendar-recusa", refused().render()),
        ("agendar-mudou", changed().render()),
        ("horarios-livres", finder(true).render()),
        ("horarios-livres-vazio", finder(false).render()),
    ];
    for (name, status) in [
        ("agendamento", Status::Confirmed),
        ("agendamento-chegou", Status::Arrived),
        ("agendamento-cancelado", Status::Cancelled),
        ("agendamento-remarcado", Status::Rescheduled),
    ] {
        let error =
            (status == Status::Cancelled).then(|| "Este horário acabou de ser ocupado. Escolha outro.".to_owned());
        let card = card::Card { found: appointment(status), error };
        screens.push((name, card::CardPage { frame: desk("Agendamento"), card }.render()));
    }
    screens
}

fn desk(title: &str) -> Frame {
    Frame::inside(title, Section::Agenda, &viewer(vec![Role::Receptionist], Vec::new()))
}

fn name() -> Zeroizing<String> {
    Zeroizing::new("Ana Lúcia <i>Prado</i> de Souza e Vasconcelos".to_owned())
}

fn entry(n: u128, status: Status) -> Entry {
    Entry {
        id: Uuid::from_u128(n),
        patient: Uuid::from_u128(n),
        called: (n != 4).then(name),
        professional: (Uuid::from_u128(1), "Dra. Íris Campos".to_owned()),
        service: "Consulta de retorno".to_owned(),
        room: n.is_multiple_of(2).then(|| (Uuid::from_u128(9), "Sala 1".to_owned())),
        by_telemedicine: n == 3,
        status,
        is_exception: n == 2,
        no_show_risk: None,
        version: 1,
        starts: NOW,
        ends: datetime!(2026-11-30 09:40),
    }
}

fn day(some: bool) -> Agenda {
    let entries = (1..).zip(Status::ALL).filter(|_| some).map(|(n, status)| entry(n, status)).collect();
    Agenda {
        now: NOW,
        first: NOW.date(),
        days: 1,
        entries,
        hours: Vec::new(),
        professionals: choices(some).professionals,
        rooms: Vec::new(),
    }
}

fn choices(some: bool) -> Choices {
    let place = |n: u128, name: &str| PlaceChoice { id: Uuid::from_u128(n), name: name.to_owned() };
    let professional = ProfessionalChoice {
        id: Uuid::from_u128(1),
        full_name: "Dra. Íris Campos".to_owned(),
        specialization: Some("Dermatologia".to_owned()),
    };
    let service = ServiceChoice {
        id: Uuid::from_u128(2),
        name: "Consulta".to_owned(),
        category: Some("Consultas".to_owned()),
        duration_minutes: 30,
        by_telemedicine: true,
        professionals: vec![Uuid::from_u128(1)],
    };
    Choices {
        professionals: if some { vec![professional] } else { Vec::new() },
        services: if some { vec![service] } else { Vec::new() },
        rooms: if some { vec![place(9, "Sala 1")] } else { Vec::new() },
        equipment: if some { vec![place(8, "Laser")] } else { Vec::new() },
        now: NOW,
    }
}

fn booking() -> form::FormPage {
    form::FormPage {
        frame: desk("Agendar"),
        choices: choices(true),
        typed: Typed { day: "2026-11-30".into(), hour: "09:00".into(), ..Typed::default() },
        patient: None,
        found: Some(vec![BriefView::new(brief(12, false, true)), BriefView::new(brief(7, true, true))]),
        query: "prado".to_owned(),
        instead_of: None,
        errors: Vec::new(),
        conflict: None,
        refusal: None,
    }
}

fn wrong() -> form::FormPage {
    let fields = [
        "paciente",
        "servico",
        "profissional",
        "sala",
        "equipamento",
        "modalidade",
        "dia",
        "hora",
        "minutos",
        "semanas",
    ];
    let errors = fields.into_iter().map(|field| FieldError::new(field, "Confira este campo.")).collect();
    form::FormPage { errors, found: Some(Vec::new()), ..booking() }
}

fn conflict(kind: Kind) -> Conflict {
    let taken = kind.is_final();
    Conflict {
        kind,
        appointment: taken.then(|| Uuid::from_u128(1)),
        patient: taken.then(name),
        detail: Some(if kind == Kind::Closed { "holiday" } else { "12" }.to_owned()),
        asked: NOW,
        times: (taken || kind == Kind::Closed).then_some((NOW, datetime!(2026-12-01 09:40))),
    }
}

fn refused() -> form::FormPage {
    let kinds = [
        Kind::Professional,
        Kind::Patient,
        Kind::Room,
        Kind::Equipment,
        Kind::Past,
        Kind::Closed,
        Kind::OutsideHours,
        Kind::DailyMaximum,
    ];
    let refusal = Refusal { conflicts: kinds.map(conflict).to_vec(), free: vec![NOW, datetime!(2026-12-01 08:00)] };
    form::FormPage {
        refusal: Some(refusal),
        patient: Some(BriefView::new(brief(7, true, true))),
        found: None,
        ..booking()
    }
}

fn changed() -> form::FormPage {
    form::FormPage {
        conflict: Some("Alguém mudou este agendamento enquanto você o via.".to_owned()),
        instead_of: Some((Uuid::from_u128(3), 2)),
        refusal: Some(Refusal { conflicts: vec![conflict(Kind::OutsideHours)], free: Vec::new() }),
        ..refused()
    }
}

fn finder(some: bool) -> free::FreePage {
    let times = |day: &str| (day.to_owned(), vec![("2026-11-30T08:00".to_owned(), "08:00".to_owned())]);
    let row = |days| free::Row { professional: Uuid::from_u128(1), name: "Dra. Íris Campos".to_owned(), days };
    free::FreePage {
        frame: desk("Horários livres"),
        choices: choices(some),
        service: some.then(|| Uuid::from_u128(2)),
        professional: None,
        day: String::new(),
        rows: some.then(|| vec![row(vec![times("seg. 30/11"), times("ter. 01/12")]), row(Vec::new())]),
    }
}

fn appointment(status: Status) -> Appointment {
    let gone = status == Status::Rescheduled;
    let row = AppointmentRow {
        id: Uuid::from_u128(3),
        patient_id: Uuid::from_u128(7),
        professional_id: Uuid::from_u128(1),
        professional: "Dra. Íris Campos".to_owned(),
        service_type_id: Uuid::from_u128(2),
        service: "Consulta".to_owned(),
        room_id: Some(Uuid::from_u128(9)),
        room: Some("Sala 1".to_owned()),
        equipment_id: Some(Uuid::from_u128(8)),
        equipment: Some("Laser".to_owned()),
        modality: "telemedicine".to_owned(),
        status: status.code().to_owned(),
        cancellation_reason: (status == Status::Cancelled).then(|| "patient".to_owned()),
        rescheduled_from: Some(Uuid::from_u128(5)),
        rescheduled_to: gone.then(|| Uuid::from_u128(6)),
        series_id: None,
        is_exception: true,
        times_moved: 2,
        no_show_risk_score: None,
        version: 4,
        starts: NOW,
        ends: datetime!(2026-11-30 09:40),
        confirmed_at: Some(NOW),
        arrived_at: (status == Status::Arrived).then_some(NOW),
        started_at: None,
        ended_at: None,
        created_at: NOW,
        booked_by: Some("Jussara Pinho".to_owned()),
        full_name_sealed: None,
        social_name_sealed: None,
    };
    Appointment { row, status, called: Some(name()), is_due: true }
}
