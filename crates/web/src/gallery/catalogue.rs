//! The clinic's catalogue: people and their week, services, rooms, holidays and exceptions.

use askama::Template;
use sigilo_domain::Role;
use sigilo_features::FieldError;
use sigilo_features::professional::{Colleague, Opened, Performed, Professional, Typed};
use sigilo_features::room::{Kind, Place};
use sigilo_features::schedule::{Exception, Hours, TypedException, TypedHours, WrongRow};
use sigilo_features::service::{self, Category, Service};
use time::PrimitiveDateTime;
use time::macros::{datetime, time};
use uuid::Uuid;

use super::viewer;
use crate::clinic::{exceptions, hours, named::Trouble, people, person, person_form, rooms, service_form, services};
use crate::layout::{Frame, Section};

/// Each by its name.
pub(super) fn screens() -> Vec<(&'static str, askama::Result<String>)> {
    vec![
        (
            "clinica-profissionais",
            people::PeoplePage::new(
                frame("Profissionais"),
                vec![one(1, "registry_checked", true), one(2, "format_ok", true), one(3, "document_checked", false)],
            )
            .render(),
        ),
        ("clinica-profissionais-vazio", people::PeoplePage::new(frame("Profissionais"), Vec::new()).render()),
        ("clinica-profissional", person_page(true, "document_checked", false).render()),
        ("clinica-profissional-proprio", person_page(false, "format_ok", true).render()),
        ("clinica-profissional-novo", form(false).render()),
        ("clinica-profissional-erros", form(true).render()),
        ("clinica-horarios", week(false).render()),
        ("clinica-horarios-erro", week(true).render()),
        ("clinica-servicos", services_page(true).render()),
        ("clinica-servicos-vazio", services_page(false).render()),
        ("clinica-servico-erros", service_page().render()),
        ("clinica-salas", rooms_page(true).render()),
        ("clinica-salas-vazio", rooms_page(false).render()),
        ("clinica-excecoes", exceptions_page(true).render()),
        ("clinica-excecoes-erros", exceptions_page(false).render()),
    ]
}

fn frame(title: &str) -> Frame {
    Frame::inside(title, Section::Clinic, &viewer(vec![Role::Owner], Vec::new()))
}

fn one(n: u128, validation: &str, active: bool) -> Professional {
    Professional {
        id: Uuid::from_u128(n),
        user_id: (n == 1).then(|| Uuid::from_u128(7)),
        member_name: (n == 1).then(|| "Rosana <i>Peixoto</i>".to_owned()),
        full_name: "Rosana Peixoto <i>Aguiar</i> de Vasconcelos e Albuquerque".to_owned(),
        specialization: Some("Enfermagem dermatológica e estomaterapia".to_owned()),
        council_license: "COREN".to_owned(),
        license_number: "123456-ENF".to_owned(),
        license_state: "SP".to_owned(),
        council_validation: validation.to_owned(),
        daily_maximum: (n == 1).then_some(12),
        is_active: active,
        version: 3,
    }
}

fn person_page(whole: bool, validation: &str, own: bool) -> person::PersonPage {
    let performed = |n: u128, group: Option<&str>| Performed {
        id: Uuid::from_u128(n),
        name: "Curativo de grande porte".to_owned(),
        category_name: group.map(str::to_owned),
        performed: n == 1,
    };
    let hours = |weekday, starts, ends| Hours { weekday, starts, ends };
    let week = [
        hours(1, time!(08:00), time!(12:00)),
        hours(1, time!(13:00), time!(18:00)),
        hours(6, time!(08:00), time!(11:30)),
    ];
    let opened = Opened {
        professional: one(1, validation, whole),
        services: if whole { vec![performed(1, Some("Procedimentos")), performed(2, None)] } else { Vec::new() },
        week: if whole { week.to_vec() } else { Vec::new() },
        own,
    };
    let error = (!whole).then(|| "Alguém mudou este cadastro enquanto você o editava.".to_owned());
    let mut page = person::PersonPage::new(frame("Profissional"), opened);
    page.error = error;
    page
}

fn form(errors: bool) -> person_form::PersonForm {
    let colleagues = vec![Colleague { user_id: Uuid::from_u128(7), display_name: "Rosana <i>Peixoto</i>".to_owned() }];
    let typed =
        Typed { council: "CNEP".to_owned(), number: "\"1\"".to_owned(), ..Typed::of(&one(1, "format_ok", true)) };
    let page = person_form::PersonForm::new(frame("Novo profissional"), None, typed, colleagues);
    if !errors {
        let refusal = Some("Alguém mudou este cadastro.".to_owned());
        return person_form::PersonForm { of: Some((Uuid::from_u128(1), 3)), refusal, ..page };
    }
    let wrong = ["nome", "conselho", "numero", "uf", "especialidade", "pessoa", "maximo"];
    let errors = wrong.map(|field| FieldError::new(field, "Confira este campo."));
    person_form::PersonForm { errors: errors.to_vec(), ..page }
}

fn week(wrong: bool) -> hours::HoursPage {
    let row = |day: &str, starts: &str, ends: &str| TypedHours {
        day: day.to_owned(),
        starts: starts.to_owned(),
        ends: ends.to_owned(),
    };
    hours::HoursPage {
        frame: frame("Horários da semana"),
        id: Uuid::from_u128(1),
        version: 3,
        name: "Rosana Peixoto <i>Aguiar</i>".to_owned(),
        rows: vec![row("1-5", "08:00", "12:00"), row("3", "11:00", "18:00"), row("6", "", "")],
        wrong: wrong
            .then(|| WrongRow {
                row: 1,
                message: "Cruza com outro horário de quarta-feira: 08:00 às 12:00.".to_owned(),
            })
            .into_iter()
            .collect(),
        refusal: (!wrong).then(|| "Alguém mudou este cadastro.".to_owned()),
    }
}

fn services_page(some: bool) -> services::ServicesPage {
    let service = |n: u128, group: Option<&str>, active: bool| Service {
        id: Uuid::from_u128(n),
        category_id: None,
        category_name: group.map(str::to_owned),
        name: "Primeira <b>consulta</b> de dermatologia".to_owned(),
        duration_minutes: 40,
        buffer_minutes: if active { 10 } else { 0 },
        centavos: if active { 123_456 } else { 0 },
        tuss_code: active.then(|| "10101012".to_owned()),
        by_telemedicine: active,
        is_active: active,
        version: 1,
    };
    let group = Category { id: Uuid::from_u128(90), name: "Consultas <i>".to_owned() };
    let (list, groups) = if some {
        (vec![service(1, Some("Consultas <i>"), true), service(2, None, true), service(3, None, false)], vec![group])
    } else {
        (Vec::new(), Vec::new())
    };
    let trouble = some.then(|| Trouble {
        at: Some(Uuid::from_u128(90)),
        typed: "\"".to_owned(),
        error: "A clínica já tem uma categoria com este nome.".to_owned(),
    });
    let error = (!some).then(|| "Alguém mudou este cadastro.".to_owned());
    let mut page = services::ServicesPage::new(frame("Serviços"), list, groups, trouble);
    page.error = error;
    page
}

fn service_page() -> service_form::ServiceForm {
    let typed = service::Typed { price: "1,234".to_owned(), ..service::Typed::default() };
    let wrong = ["nome", "categoria", "duracao", "preparo", "preco", "tuss"];
    service_form::ServiceForm {
        errors: wrong.map(|field| FieldError::new(field, "Confira este campo.")).to_vec(),
        ..service_form::ServiceForm::new(frame("Corrigir serviço"), Some((Uuid::from_u128(1), 2)), typed, Vec::new())
    }
}

fn rooms_page(some: bool) -> rooms::RoomsPage {
    let place = |n: u128, active| Place { id: Uuid::from_u128(n), name: format!("Sala <i>{n}</i>"), is_active: active };
    let (places, trouble) = if some { (vec![place(1, true), place(2, false)], None) } else { (Vec::new(), Some(())) };
    let trouble = trouble.map(|()| {
        let error = "A clínica já tem um equipamento com este nome.".to_owned();
        (Kind::Equipment, Trouble { at: None, typed: "ultrassom".to_owned(), error })
    });
    rooms::RoomsPage::new(frame("Salas e equipamentos"), places, Vec::new(), trouble)
}

fn exceptions_page(some: bool) -> exceptions::ExceptionsPage {
    let exception = |n: u128, kind: &str, reason: &str, starts: PrimitiveDateTime, ends: PrimitiveDateTime| Exception {
        id: Uuid::from_u128(n),
        professional_id: (reason != "holiday").then(|| Uuid::from_u128(1)),
        professional_name: (reason != "holiday").then(|| "Rosana <i>Peixoto</i> Aguiar".to_owned()),
        kind: kind.to_owned(),
        reason: reason.to_owned(),
        starts: Some(starts),
        ends: Some(ends),
    };
    let list = [
        exception(1, "closed", "holiday", datetime!(2026-12-25 0:00), datetime!(2026-12-26 0:00)),
        exception(2, "closed", "vacation", datetime!(2027-01-04 0:00), datetime!(2027-01-16 0:00)),
        exception(3, "open", "extra", datetime!(2027-01-23 8:00), datetime!(2027-01-23 12:00)),
    ];
    let people = vec![(Uuid::from_u128(1), "Rosana <i>Peixoto</i> Aguiar".to_owned())];
    let shown: &[Exception] = if some { &list } else { &[] };
    let mut page = exceptions::ExceptionsPage::new(frame("Feriados e exceções"), shown, people, vec![2026, 2027]);
    if some {
        page.note = Some("10 feriados de 2027 foram acrescentados.".to_owned());
        return page;
    }
    let wrong = ["tipo", "profissional", "de", "de_hora", "ate", "ate_hora", "motivo"];
    page.errors = wrong.map(|field| FieldError::new(field, "Confira este campo.")).to_vec();
    page.typed = TypedException { from_day: "2026-12-24".to_owned(), ..TypedException::default() };
    page
}
