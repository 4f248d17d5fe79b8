//! The clinic's screens: patients, and the trail past its time.

use askama::Template;
use sigilo_domain::Role;
use sigilo_features::FieldError;
use sigilo_features::evidence::{Disposal, ExpiredMonth};
use sigilo_features::patient::{Brief, Elimination, Found, Typed};
use time::Date;
use time::macros::{date, datetime};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::viewer;
use crate::layout::{Frame, Section};
use crate::{evidence, patient, team};

/// Each by its name.
pub(super) fn screens() -> Vec<(&'static str, askama::Result<String>)> {
    vec![
        ("pacientes", patients_page(true, "").render()),
        ("pacientes-vazio", patients_page(false, "").render()),
        ("pacientes-busca", patients_page(true, "prado").render()),
        ("pacientes-ninguem", patients_page(false, "<b>zé").render()),
        (
            "pacientes-sem-chaves",
            patient::list::ListPage { frame: desk("Pacientes"), query: String::new(), found: None }.render(),
        ),
        ("paciente-novo", patient_form(false).render()),
        ("paciente-erros", patient_form(true).render()),
        ("equipe", team_page(true).render()),
        ("equipe-erros", team_page(false).render()),
        ("convite", invited_page().render()),
        ("paciente-eliminar", eliminate_page(false).render()),
        ("paciente-eliminar-erro", eliminate_page(true).render()),
        ("paciente-eliminado", gone_page(true).render()),
        ("paciente-sem-recibo", gone_page(false).render()),
        ("eliminacoes", eliminations_page(true).render()),
        ("eliminacoes-vazia", eliminations_page(false).render()),
        ("trilha-vencida", disposals_page(true).render()),
        ("trilha-vencida-vazia", disposals_page(false).render()),
    ]
}

pub(super) fn brief(n: u128, social: bool, active: bool) -> Brief {
    Brief {
        id: Uuid::from_u128(n),
        number: i64::try_from(n).unwrap_or(0),
        is_active: active,
        called: Zeroizing::new("Ana Lúcia <i>Prado</i> de Souza e Vasconcelos".to_owned()),
        civil_name: social.then(|| Zeroizing::new("Antônio Prado de Souza".to_owned())),
        birth_date: Zeroizing::new("1980-02-29".to_owned()),
        age: Some(46),
        mother: Some(Zeroizing::new("Rita de Cássia Prado".to_owned())),
        phone: Some(Zeroizing::new("+5511987654321".to_owned())),
    }
}

fn desk(title: &str) -> Frame {
    Frame::inside(title, Section::Patients, &viewer(vec![Role::Receptionist], Vec::new()))
}

fn patients_page(some: bool, query: &str) -> patient::list::ListPage {
    let patients =
        if some { vec![brief(12, false, true), brief(7, true, true), brief(3, false, false)] } else { Vec::new() };
    let found = patient::list::FoundView::new(Found { patients, searched: !query.is_empty() });
    patient::list::ListPage { frame: desk("Pacientes"), query: query.to_owned(), found: Some(found) }
}

fn team_page(is_owner: bool) -> team::list::TeamPage {
    let member = |n: u128, roles: &[&str], active: bool, came: bool| sigilo_features::team::Member {
        user_id: Uuid::from_u128(n),
        display_name: "Helena <i>Duarte</i> Prado de Vasconcelos".to_owned(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        status: if active { "active" } else { "deactivated" }.to_owned(),
        joined_at: datetime!(2026-11-20 12:00 UTC),
        last_sign_in_at: came.then_some(datetime!(2026-11-23 12:00 UTC)),
        invited_until: (!came && active).then_some(datetime!(2026-11-29 12:00 UTC)),
        is_own: n == 1,
    };
    let error = |field| FieldError::new(field, "Confira este campo.");
    team::list::TeamPage {
        frame: Frame::inside("Equipe", Section::Clinic, &viewer(vec![Role::Owner], Vec::new())),
        members: vec![
            member(1, &["owner", "professional"], true, true),
            member(2, &["receptionist"], true, false),
            member(3, &["dpo", "auditor"], false, true),
        ],
        is_owner,
        name: "Iara".to_owned(),
        chosen: vec!["dpo".to_owned()],
        errors: if is_owner { Vec::new() } else { vec![error("nome"), error("funcoes")] },
        refusal: (!is_owner).then(|| "Ninguém muda as próprias permissões.".to_owned()),
    }
}

fn invited_page() -> team::invited::InvitedPage {
    team::invited::InvitedPage {
        frame: Frame::inside("Convite pronto", Section::Clinic, &viewer(vec![Role::Owner], Vec::new())),
        name: "Iara Campos".to_owned(),
        link: format!("https://sigilo.clinica.example/entrar/link/{}", "a1B2".repeat(11)),
    }
}

fn typed_patient() -> Typed {
    Typed::new(|name| match name {
        "nome" => "Ana Lúcia \"Prado\"",
        "nascimento" => "1980-02-29",
        "cpf" => "529.982.247-26",
        "telefone" => "+5511987654321",
        "sexo" => "female",
        _ => "",
    })
}

fn patient_form(errors: bool) -> patient::form::FormPage {
    let page = patient::form::FormPage::new(desk("Novo paciente"), None, typed_patient());
    if !errors {
        return patient::form::FormPage { alike: vec![patient::list::BriefView::new(brief(7, true, true))], ..page };
    }
    let cpf = FieldError::new("cpf", "Confira o CPF: os dois últimos números não correspondem aos outros.");
    let of = Some((Uuid::from_u128(7), 3));
    patient::form::FormPage { of, errors: vec![cpf, FieldError::new("sexo", "Escolha uma das opções.")], ..page }
}

fn owner(title: &str, section: Section) -> Frame {
    Frame::inside(title, section, &viewer(vec![Role::Owner], Vec::new()))
}

fn eliminate_page(error: bool) -> patient::eliminate::EliminatePage {
    let typed = patient::eliminate::Typed {
        number: "13".to_owned(),
        reason: "subject_request".to_owned(),
        note: "Pediu no balcão em 20/11/2026, com <b>documento</b>.".to_owned(),
    };
    patient::eliminate::EliminatePage {
        frame: owner("Eliminar cadastro", Section::Patients),
        id: Uuid::from_u128(12),
        number: 12,
        called: "Ana Lúcia <i>Prado</i> de Souza e Vasconcelos".to_owned(),
        typed: if error { typed } else { Default::default() },
        error: error.then(|| "Digite o número deste prontuário, para confirmar que é ele.".to_owned()),
    }
}

fn gone_page(receipt: bool) -> patient::record::GonePage {
    patient::record::GonePage {
        frame: desk("Prontuário nº 12"),
        number: 12,
        at: "28/11/2026".to_owned(),
        id: Uuid::from_u128(12),
        receipt,
    }
}

fn eliminations_page(some: bool) -> patient::eliminate::EliminationsPage {
    let at = datetime!(2026-11-28 14:05 UTC);
    let row = |n: u128, status: &str, own: bool, receipt: bool| Elimination {
        id: Uuid::from_u128(n),
        patient_id: Uuid::from_u128(n + 100),
        medical_record_number: i64::try_from(n).unwrap_or(0),
        reason: "subject_request".to_owned(),
        basis_note: "Pediu no balcão em 20/11/2026, com documento, e assinou o pedido.".to_owned(),
        status: status.to_owned(),
        asked_by: Uuid::from_u128(u128::from(!own)),
        asked_name: Some("Breno Sales".to_owned()),
        asked_at: at,
        decided_name: (status != "asked").then(|| "Helena Duarte Prado".to_owned()),
        decided_at: (status != "asked").then_some(at),
        decision_note: (status == "refused").then(|| "O pedido veio de outra pessoa, sem procuração.".to_owned()),
        executed_at: (status == "executed").then_some(at),
        has_receipt: receipt,
    };
    let states = [
        ("asked", false, false),
        ("asked", true, false),
        ("approved", false, false),
        ("approved", true, false),
        ("executed", false, false),
        ("executed", false, true),
        ("refused", true, false),
        ("withdrawn", true, false),
    ];
    let rows = (1..).zip(states).map(|(n, (status, own, receipt))| row(n, status, own, receipt)).filter(|_| some);
    patient::eliminate::EliminationsPage {
        frame: owner("Eliminação de pacientes", Section::Compliance),
        eliminations: rows.map(|row| patient::eliminate::EliminationView::new(row, Uuid::nil())).collect(),
        sees_patients: some,
        typed: Default::default(),
        error: (!some).then(|| "A clínica não tem prontuário com este número.".to_owned()),
    }
}

fn disposals_page(some: bool) -> evidence::disposal::DisposalsPage {
    let at = datetime!(2031-12-03 14:05 UTC);
    let month = |month: Date, may_go: i64| ExpiredMonth {
        month,
        may_go,
        medical_record: 310,
        last_word: 12,
        legal_hold: i64::from(may_go == 0),
        sealed_late: 0,
    };
    let disposal = |n: u128, status: &str, own: bool| Disposal {
        id: Uuid::from_u128(n),
        month: date!(2026 - 08 - 01),
        status: status.to_owned(),
        proposed_by: Uuid::from_u128(u128::from(!own)),
        proposed_name: Some("Breno Sales".to_owned()),
        proposed_at: at,
        decided_name: (status != "proposed").then(|| "Helena Duarte Prado".to_owned()),
        decided_at: (status != "proposed").then_some(at),
        declared_rows: matches!(status, "declared" | "done").then_some(8421),
        done_at: (status == "done").then_some(at),
    };
    let states = [
        ("proposed", true),
        ("proposed", false),
        ("approved", false),
        ("declared", false),
        ("done", false),
        ("discarded", true),
    ];
    let disposals: Vec<Disposal> =
        (1..).zip(states).map(|(n, (status, own))| disposal(n, status, own)).filter(|_| some).collect();
    let months: &[ExpiredMonth] =
        if some { &[month(date!(2026 - 09 - 01), 0), month(date!(2026 - 10 - 01), 9310)] } else { &[] };
    let frame = Frame::inside("Trilha vencida", Section::Compliance, &viewer(vec![Role::Dpo], Vec::new()));
    evidence::disposal::DisposalsPage {
        error: (!some).then(|| "A eliminação deste mês já foi proposta.".to_owned()),
        ..evidence::disposal::DisposalsPage::new(frame, months, &disposals, Uuid::nil(), at)
    }
}
