//! Every screen with invented data: rendered, linted, and written to `SIGILO_GALLERY` when that
//! names a folder, for whoever wants to look at them.

mod agenda;
mod catalogue;
mod clinic;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use askama::Template;
use sigilo_deid::Kind;
use sigilo_domain::{ConsentType, CouncilValidation, Role};
use sigilo_features::canary::Canary;
use sigilo_features::consent::text::{Change, Content, Piece, Version};
use sigilo_features::consent::{Checked, ConsentEvent, ConsentState, Shown};
use sigilo_features::conversation::{Message, Summary};
use sigilo_features::incident::{Incident, Report};
use sigilo_features::message::{Receipt, RemovedKind};
use sigilo_features::onboarding::State as Profile;
use sigilo_features::rights::{LegalHold, Subject};
use sigilo_features::session::Viewer;
use sigilo_features::sign_in::Methods;
use sigilo_features::small_agent::Declaration;
use sigilo_features::suspicion::Draft;
use sigilo_features::{FieldError, second_factor};
use time::Date;
use time::macros::{date, datetime};
use uuid::Uuid;

use crate::answer::{self, Ended, Failure, HypothesisView, RecordFragment, RecordPage, ReferenceView, View, sample};
use crate::conversation::{Conversations, ListFragment, Open, Sidebar};
use crate::governance::{self, EvaluationView, Month};
use crate::incident::draft::DraftView;
use crate::layout::{Frame, Section};
use crate::second_factor::{EnrolPage, RecoveryPage, grouped, qr_code};
use crate::{
    account, compliance, consent, incident, message, onboarding, rights, second_factor as factor_pages, session,
    sign_in, sign_up,
};

const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn viewer(roles: Vec<Role>, consents: Vec<ConsentType>) -> Viewer {
    Viewer {
        user_id: Uuid::nil(),
        clinic_id: Uuid::nil(),
        session_id: Uuid::nil(),
        clinic_name: "Clínica Jardim das Acácias".to_owned(),
        display_name: "Helena Duarte Prado".to_owned(),
        roles,
        onboarded: true,
        consents,
        demo: true,
        idle_timeout_seconds: 900,
    }
}

fn doctor() -> Viewer {
    viewer(vec![Role::Professional], ConsentType::ALL.to_vec())
}

fn profile() -> Profile {
    Profile {
        full_name: "Helena Duarte Prado".to_owned(),
        crm_number: "123456".to_owned(),
        crm_state: "SP".to_owned(),
        specialty: "Cardiologia".to_owned(),
        council_validation: CouncilValidation::Pending,
    }
}

fn message() -> Message {
    let at = datetime!(2026-11-23 17:05 UTC);
    let receipt = Receipt {
        message_id: Uuid::from_u128(7),
        removed: vec![RemovedKind { kind: Kind::Nome, count: 1 }, RemovedKind { kind: Kind::Cpf, count: 1 }],
        content_hash: HASH.to_owned(),
        original_hash: HASH.to_owned(),
        original_hash_algorithm: "HMAC-SHA-256".to_owned(),
        processing_time_ms: 0.42,
        created_at: at,
    };
    let content = format!("Paciente {}, CPF {}, <54> anos.\nPA 150x90.", Kind::Nome.tag(), Kind::Cpf.tag());
    Message {
        id: Uuid::from_u128(7),
        from_doctor: true,
        content,
        created_at: at,
        has_image: true,
        receipt: Some(receipt),
        answer: None,
    }
}

fn shown() -> message::Shown {
    message::Shown::new(message(), Uuid::nil())
}

/// The assistant's message with its parts.
fn answered(shown: sigilo_features::answer::Shown) -> message::Shown {
    let (id, created_at) = (shown.id, shown.created_at);
    let answer = Some(Box::new(shown));
    message::Shown::new(
        Message { id, from_doctor: false, created_at, has_image: false, receipt: None, answer, ..message() },
        Uuid::nil(),
    )
}

/// An answer half-way: reasoning and a hypothesis are there, a reference is being verified.
fn half_way() -> View {
    let done = sample::shown();
    let mut view = View::running(done.id, Uuid::nil(), done.question, &sample::card());
    view.reasoning =
        vec![message::Piece::Text("Dor retroesternal em aperto há 2 horas, com irradiação para o".to_owned())];
    view.hypotheses = vec![HypothesisView::new(0, done.answer.hipoteses[0].clone())];
    view.references = vec![ReferenceView::pending(done.id, Uuid::nil(), 1, &sample::cited())];
    view
}

fn failure() -> Failure {
    Failure::unanswered(
        Uuid::nil(),
        Uuid::from_u128(7),
        "O serviço do modelo está sobrecarregado. A sua mensagem está gravada.",
    )
}

fn open(messages: Vec<message::Shown>) -> Open {
    Open {
        id: Uuid::from_u128(0),
        title: "Dor torácica".to_owned(),
        messages,
        running: Vec::new(),
        failure: None,
        assistant: true,
        may_write: true,
        may_attach: true,
        sees_images: true,
        max_bytes: 65_536,
    }
}

fn sent() -> message::Sent {
    message::Sent {
        message: shown(),
        title: "Dor torácica".to_owned(),
        view: Some(half_way()),
        failure: None,
        notice: Some("A mensagem foi gravada.".to_owned()),
        list: Some(sidebar("")),
    }
}

fn governance_page(figures: bool) -> governance::Page {
    let list = if figures { governance::sample_figures() } else { Vec::new() };
    let card = if figures { sample::card() } else { sample::local_card() };
    governance::Page {
        frame: Frame::inside("IA: governança", Section::Governance, &doctor()),
        enabled: Some(figures),
        months: Month::all(&list, &card.model),
        versions: governance::versions(&list),
        evaluations: if figures {
            governance::sample_evaluations().iter().map(EvaluationView::from).collect()
        } else {
            Vec::new()
        },
        card,
    }
}

fn sidebar(query: &str) -> Sidebar {
    let at = datetime!(2026-11-23 17:05 UTC);
    let summary = |n: u128, title: &str| Summary {
        id: Uuid::from_u128(n),
        title: title.to_owned(),
        updated_at: at - time::Duration::days(n as i64),
        messages: 1,
        snippet: (!query.is_empty()).then(|| "…dor torácica há 2 horas…".to_owned()),
    };
    let list = vec![summary(0, "Dor torácica"), summary(1, "Cefaleia com aura"), summary(30, "Ajuste de dose")];
    Sidebar::new(list, Some(Uuid::from_u128(0)), query, &at)
}

fn conversations(open: Option<Open>) -> Conversations {
    Conversations { frame: Frame::inside("Dor torácica", Section::Conversations, &doctor()), list: sidebar(""), open }
}

fn texts() -> Vec<Shown> {
    ConsentType::ALL.into_iter().map(Shown::product).collect()
}

fn consents() -> Vec<ConsentState> {
    let at = datetime!(2026-11-23 17:05 UTC);
    let state = |kind: ConsentType, granted: bool| ConsentState {
        text: Shown::product(kind),
        granted,
        granted_at: granted.then_some(at),
        revoked_at: (!granted).then_some(at),
        version_granted: Some("1.0".to_owned()),
        expires_at: None,
        renewable: false,
        proof: granted.then(|| Uuid::from_u128(9)),
        signed_as: None,
        history: vec![ConsentEvent {
            kind: if granted { "granted" } else { "withdrawn" },
            at,
            version: "1.0".to_owned(),
            reason: (!granted).then(|| "Não uso imagens".to_owned()),
            proof: granted.then(|| Uuid::from_u128(9)),
        }],
    };
    ConsentType::ALL.into_iter().map(|kind| state(kind, kind != ConsentType::ImageProcessing)).collect()
}

fn account_page(viewer: &Viewer, professional: bool) -> account::Page {
    let text = str::to_owned;
    account::Page {
        frame: Frame::inside("Área de Membros", Section::Account, viewer),
        error: Some(text("Este é o seu último fator de acesso.")),
        profile: professional.then(profile),
        consents: if professional { consents() } else { Vec::new() },
        factors: vec![account::FactorRow {
            id: Uuid::from_u128(1),
            app: false,
            label: text("Notebook do consultório"),
            created: text("23/11/2026"),
            used: None,
        }],
        requests: Vec::new(),
        sightings: Vec::new(),
        recovery_left: 3,
        sessions: vec![account::SessionRow {
            id: Uuid::from_u128(2),
            current: false,
            locked: true,
            device: text("Chrome em Windows"),
            method: text("chave de acesso"),
            ip: text("203.0.113.7"),
            since: text("23/11/2026 às 14:05"),
            seen: text("23/11/2026 às 14:05"),
        }],
        accesses: vec![account::AccessRow {
            when: text("23/11/2026 às 14:05"),
            what: text("Tentativa"),
            why: Some(text("segunda etapa não confirmada")),
            success: false,
            ip: text("203.0.113.7"),
            device: text("Firefox em Linux"),
            duration: None,
        }],
        dpo_contact: Some(text("encarregado@clinica.example")),
        version: "0.1.0",
    }
}

fn codes() -> Vec<String> {
    (0..10).map(|n| format!("ABCDE-{n:05}")).collect()
}

fn draft(rule: &str, subject: &str, actor: Option<Uuid>) -> DraftView {
    let first = datetime!(2026-11-23 17:05 UTC);
    DraftView::new(Draft {
        id: Uuid::now_v7(),
        rule: rule.to_owned(),
        subject_kind: subject.to_owned(),
        subject_id: Uuid::from_u128(3),
        actor_id: actor,
        member_name: (subject == "member" || actor.is_some()).then(|| "Jussara <Tavares> Pinho".to_owned()),
        event_count: if rule == "canary" { 1 } else { 64 },
        threshold: 10,
        window_minutes: 10,
        first_seen_at: first,
        last_seen_at: first + time::Duration::minutes(if rule == "canary" { 0 } else { 9 }),
        evidence_table: "access_logs".to_owned(),
        evidence: vec![Uuid::from_u128(4), Uuid::from_u128(5)],
        looked_at: first,
    })
}

fn incident() -> Incident {
    let at = datetime!(2026-11-23 17:05 UTC);
    Incident {
        id: Uuid::from_u128(6),
        incident_type: "credenciais".to_owned(),
        severity: "high".to_owned(),
        description: "Um notebook com sessão aberta foi furtado.".to_owned(),
        affected_users_count: 1,
        detected_at: at,
        occurred_at: None,
        knowledge_at: Some(at),
        status: "open".to_owned(),
        notifiable: None,
        not_notifiable_reason: None,
        anpd_deadline_at: Some(at + time::Duration::days(8)),
        supplement_deadline_at: Some(at + time::Duration::days(56)),
        subjects_deadline_at: Some(at + time::Duration::days(8)),
        anpd_reported_at: None,
        supplement_reported_at: None,
        subjects_notified_at: None,
        contents: serde_json::json!({}),
        resolved_at: None,
        is_simulation: false,
        small_agent: true,
        integrity_risk: false,
        version: 2,
    }
}

/// Incidents as the DPO sees them, or the owner, who has chosen periods and sees no evidence.
fn incidents_page(owner: bool) -> incident::page::ListPage {
    let at = datetime!(2026-11-23 17:05 UTC);
    let somebody = Some(Uuid::from_u128(8));
    incident::page::ListPage {
        frame: Frame::inside("Incidentes de segurança", Section::Compliance, &viewer(vec![Role::Dpo], Vec::new())),
        drafts: vec![
            draft("failed_sign_ins", "member", None),
            draft("failed_sign_ins", "address", None),
            draft("mass_reading", "member", None),
            draft("refusals", "member", None),
            draft("canary", "canary", None),
            draft("canary", "canary", somebody),
        ],
        audits: !owner,
        declared: owner.then(|| Declaration {
            small_agent: true,
            reason: "Parecer jurídico de 03/11/2026: sem larga escala.".to_owned(),
            declared_at: at,
            declared_by: Some("Helena Duarte Prado".to_owned()),
        }),
        owns: owner,
        incidents: vec![incident::view::View::new(incident(), at)],
        form: Report::default(),
        errors: Vec::new(),
        error: owner.then(|| "Outra pessoa já decidiu sobre esta suspeita. Veja a lista de novo.".to_owned()),
    }
}

fn canaries_page(fresh: bool) -> incident::canary::CanariesPage {
    let at = datetime!(2026-11-23 17:05 UTC);
    let canary = |n: u128, retired: bool| {
        incident::canary::CanaryView::new(Canary {
            id: Uuid::from_u128(n),
            label: "Planilha da recepção".to_owned(),
            created_at: at,
            retired_at: retired.then_some(at),
            sightings: Some(n as i64),
        })
    };
    incident::canary::CanariesPage {
        frame: Frame::inside("Pacientes-isca", Section::Compliance, &viewer(vec![Role::Dpo], Vec::new())),
        canaries: if fresh { vec![canary(0, false), canary(1, false), canary(2, true)] } else { Vec::new() },
        invented: fresh.then(|| sigilo_domain::canary::invent(&[7; 10])),
        label: String::new(),
        error: (!fresh).then(|| "Dê um nome à isca, em 3 a 80 caracteres, como o lugar onde vai ficar.".to_owned()),
    }
}

fn holds_page(some: bool) -> rights::hold::HoldsPage {
    let at = datetime!(2026-11-23 17:05 UTC);
    let hold = |n: u128, review_on: Date, released: bool| LegalHold {
        id: Uuid::from_u128(n),
        patient_id: None,
        subject_name: "Ana Beatriz Lins".to_owned(),
        basis: "exercise_of_rights".to_owned(),
        reason: "Processo 0001234-55.2026.8.26.0100: manter tudo até a sentença.".to_owned(),
        review_on,
        placed_name: Some("Breno Sales".to_owned()),
        placed_at: at,
        released_name: released.then(|| "Helena Duarte Prado".to_owned()),
        released_at: released.then_some(at),
        release_reason: released.then(|| "O processo acabou e o prazo do recurso passou.".to_owned()),
    };
    let today = date!(2026 - 11 - 28);
    let holds = [hold(1, date!(2027 - 05 - 01), false), hold(2, date!(2026 - 11 - 24), false), hold(3, today, true)];
    rights::hold::HoldsPage {
        frame: Frame::inside("Guarda legal", Section::Compliance, &viewer(vec![Role::Dpo], Vec::new())),
        holds: holds.into_iter().filter(|_| some).map(|hold| rights::hold::HoldView::new(hold, today)).collect(),
        people: vec![Subject { user_id: Uuid::from_u128(9), display_name: "Ana Beatriz Lins".to_owned() }],
        typed: rights::hold::Typed { review_on: "2027-05-27".to_owned(), ..Default::default() },
        days: ("2026-11-29".to_owned(), "2027-11-29".to_owned()),
        error: (!some).then(|| "Escolha de quem são os dados.".to_owned()),
    }
}

fn text(status: &str) -> Version {
    let at = datetime!(2026-11-23 17:05 UTC);
    let product = ConsentType::AiProcessing.text();
    let own = status != "product";
    let reached = |states: &[&str]| states.contains(&status).then_some(at);
    Version {
        id: Uuid::from_u128(5),
        clinic_id: own.then_some(Uuid::nil()),
        consent_type: "ai_processing".to_owned(),
        version: if own { "1.1" } else { "1.0" }.to_owned(),
        language: "pt-BR".to_owned(),
        title: product.title.to_owned(),
        summary: product.summary.to_owned(),
        body: product.text.to_owned(),
        purpose: "Apoio ao diagnóstico com inteligência artificial".to_owned(),
        purposes: vec!["ai_assistant".to_owned()],
        legal_basis: product.legal_basis.to_owned(),
        data_categories: vec!["texto clínico sem identificação".to_owned()],
        retention_justification: "Prova do consentimento: por 5 anos após a revogação".to_owned(),
        valid_months: own.then_some(12),
        text_hash: HASH.to_owned(),
        status: if own { status } else { "approved" }.to_owned(),
        author_id: None,
        reviewed_by: None,
        reviewed_at: reached(&["reviewed", "approved"]),
        review_notes: own.then(|| "Conferidos a finalidade e o prazo.".to_owned()),
        approved_by: None,
        approved_at: reached(&["approved"]),
        retired_at: reached(&["retired"]),
        created_at: at,
        author_name: own.then(|| "Breno Sales".to_owned()),
        reviewer_name: own.then(|| "Breno Sales".to_owned()),
        approver_name: own.then(|| "Helena Duarte Prado".to_owned()),
    }
}

fn text_page(status: &str) -> consent::TextPage {
    let piece = |change, words: &str| Piece { change, words: words.to_owned() };
    let pieces = vec![
        piece(Change::Same, "Guardamos por "),
        piece(Change::Removed, "5"),
        piece(Change::Added, "6"),
        piece(Change::Same, " anos."),
    ];
    consent::TextPage {
        frame: Frame::inside("Texto", Section::Compliance, &viewer(vec![Role::Dpo], Vec::new())),
        text: text(status),
        changes: (status != "product").then(|| ("1.0".to_owned(), pieces)),
        own: status == "draft",
        notes: String::new(),
        error: (status == "reviewed").then(|| "Este texto já passou desta etapa.".to_owned()),
    }
}

fn text_form(errors: Vec<FieldError>) -> consent::FormPage {
    let content = Content {
        consent_type: "telemedicine".to_owned(),
        version: "1.0".to_owned(),
        purposes: vec!["telemedicine".to_owned()],
        ..Content::default()
    };
    consent::FormPage {
        frame: Frame::inside("Nova versão", Section::Compliance, &viewer(vec![Role::Dpo], Vec::new())),
        id: None,
        kind: "Telemedicina",
        content,
        months: String::new(),
        errors,
    }
}

fn check_page(status: Option<&str>) -> consent::CheckPage {
    let at = datetime!(2026-11-23 17:05 UTC);
    let found = status.map(|status| consent::Shape {
        checked: Checked {
            status: status.to_owned(),
            kind: "Telemedicina",
            given_at: at,
            ended_at: (status != "granted").then_some(at),
            expires_at: (status == "granted").then_some(at),
            version: "1.0".to_owned(),
            language: "pt-BR".to_owned(),
            text_hash: HASH.to_owned(),
            consent_hash: HASH.to_owned(),
            signature_holds: status == "granted",
            stamped: status == "granted",
            signed_as: (status == "granted").then(|| "icp_brasil".to_owned()),
        },
    });
    consent::CheckPage { frame: Frame::entry("Conferir um consentimento", true), found }
}

fn screens() -> Vec<(&'static str, String)> {
    let entry = |title: &str| Frame::entry(title, true);
    let inside = |title: &str| Frame::inside(title, Section::Account, &doctor());
    let secret = grouped("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP");
    let qr = || qr_code("otpauth://totp/Sigilo:ana?secret=JBSWY3DPEHPK3PXP");
    let errors = vec![
        FieldError { field: "crm_number", message: "Informe o número do CRM.".to_owned() },
        FieldError { field: "terms_of_service", message: "É preciso aceitar os termos de uso.".to_owned() },
    ];
    let choices = second_factor::Choices {
        display_name: "Helena Duarte Prado".to_owned(),
        totp: true,
        security_key: true,
        recovery: true,
        may_enrol_totp: true,
    };
    let reception = viewer(vec![Role::Receptionist], Vec::new());
    let sign_in = sign_in::Page {
        frame: entry("Entrar"),
        methods: Methods { oidc: Some("Entrar com Google".to_owned()), sign_up: true },
        dpo_contact: Some("encarregado@clinica.example".to_owned()),
        error: Some("Não foi possível confirmar sua identidade.".to_owned()),
    };
    let enrol = |totp| EnrolPage {
        frame: entry("Proteger a conta"),
        totp,
        provider: (!totp).then(|| "Entrar com Google".to_owned()),
        qr: qr(),
        secret: secret.clone(),
        error: None,
        codes: Vec::new(),
        next: "/",
    };
    let totp = account::TotpPage { frame: inside("Aplicativo"), qr: qr(), secret: secret.clone(), error: None };
    let list = [
        ("entrar", sign_in.render()),
        (
            "encarregado",
            compliance::OfficerPage { frame: entry("Encarregado"), contact: Some("dpo@clinica.example".into()) }
                .render(),
        ),
        ("encarregado-sem-contato", compliance::OfficerPage { frame: entry("Encarregado"), contact: None }.render()),
        ("link", sign_in::LinkPage { frame: entry("Continuar"), name: "Helena".to_owned() }.render()),
        ("criar-conta", sign_up::Page { frame: entry("Criar conta"), codes: Vec::new(), next: "/" }.render()),
        ("segundo-fator", factor_pages::Page { frame: entry("Confirmar"), choices, error: None }.render()),
        ("cadastrar", enrol(true).render()),
        ("cadastrar-so-chave", enrol(false).render()),
        ("codigos", RecoveryPage { frame: entry("Códigos"), codes: codes(), next: "/" }.render()),
        ("boas-vindas", onboarding::Page::new(&doctor(), profile(), texts(), Vec::new(), Vec::new()).render()),
        (
            "boas-vindas-erros",
            onboarding::Page::new(&doctor(), profile(), texts(), vec![ConsentType::AiProcessing], errors).render(),
        ),
        ("conversas", conversations(None).render()),
        ("conversa", conversations(Some(open(vec![shown()]))).render()),
        ("conversa-vazia", conversations(Some(open(Vec::new()))).render()),
        ("conversa-fechada", conversations(Some(Open { may_write: false, ..open(Vec::new()) })).render()),
        (
            "conversa-desligada",
            conversations(Some(Open { assistant: false, may_attach: false, ..open(vec![shown()]) })).render(),
        ),
        ("resposta", conversations(Some(open(vec![shown(), answered(sample::shown())]))).render()),
        ("resposta-abstencao", conversations(Some(open(vec![shown(), answered(sample::abstained())]))).render()),
        (
            "resposta-escrevendo",
            conversations(Some(Open { running: vec![half_way()], ..open(vec![shown()]) })).render(),
        ),
        (
            "resposta-interrompida",
            conversations(Some(Open {
                failure: Some(failure()),
                ..open(vec![shown(), answered(sample::interrupted())])
            }))
            .render(),
        ),
        ("resposta-fim", Ended { view: Some(View::stored(sample::shown(), Uuid::nil())), failure: None }.render()),
        ("resposta-falha", Ended { view: None, failure: Some(failure()) }.render()),
        ("resposta-nova", answer::Fragment { view: half_way() }.render()),
        ("registro", RecordFragment { id: Uuid::from_u128(9), text: sample::RECORD.to_owned() }.render()),
        (
            "registro-pagina",
            RecordPage {
                frame: inside("Registro para o prontuário"),
                id: Uuid::from_u128(9),
                conversation: Uuid::nil(),
                text: sample::RECORD.to_owned(),
            }
            .render(),
        ),
        ("governanca", governance_page(true).render()),
        ("governanca-vazia", governance_page(false).render()),
        ("busca", ListFragment { list: sidebar("dor") }.render()),
        ("mensagem", sent().render()),
        ("account", account_page(&doctor(), true).render()),
        ("account-recepcao", account_page(&reception, false).render()),
        ("account-aplicativo", totp.render()),
        ("account-codigos", account::CodesPage { frame: inside("Códigos"), codes: codes(), next: "/account" }.render()),
        ("incidentes", incidents_page(false).render()),
        ("incidentes-responsavel", incidents_page(true).render()),
        (
            "textos",
            consent::ListPage {
                frame: Frame::inside("Textos", Section::Compliance, &viewer(vec![Role::Dpo], Vec::new())),
                texts: vec![text("draft"), text("product"), text("retired")],
            }
            .render(),
        ),
        ("texto-rascunho", text_page("draft").render()),
        ("texto-revisado", text_page("reviewed").render()),
        ("texto-aprovado", text_page("approved").render()),
        ("texto-do-produto", text_page("product").render()),
        ("texto-novo", text_form(Vec::new()).render()),
        (
            "texto-novo-erros",
            text_form(vec![FieldError { field: "titulo", message: "Escreva de 3 a 200 caracteres.".to_owned() }])
                .render(),
        ),
        ("consentimento-conferido", check_page(Some("granted")).render()),
        ("consentimento-revogado", check_page(Some("withdrawn")).render()),
        ("consentimento-desconhecido", check_page(None).render()),
        ("guarda", holds_page(true).render()),
        ("guarda-vazia", holds_page(false).render()),
        ("iscas", canaries_page(true).render()),
        ("iscas-vazia", canaries_page(false).render()),
        ("bloqueio", session::LockPage { frame: inside("Sessão bloqueada") }.render()),
    ];
    list.into_iter()
        .chain(clinic::screens())
        .chain(agenda::screens())
        .chain(catalogue::screens())
        .map(|(name, html)| (name, html.unwrap()))
        .collect()
}

/// The values of an attribute, in order.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    let opening = format!(" {attribute}=\"");
    html.split(opening.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn screens_are_whole() {
    let folder = env::var_os("SIGILO_GALLERY").map(PathBuf::from);
    for (name, html) in screens() {
        let ids = values(&html, "id");
        let unique: HashSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: an id stands twice");
        for attribute in ["for", "aria-labelledby", "aria-describedby", "aria-controls", "data-dialog"] {
            for id in values(&html, attribute).iter().flat_map(|list| list.split_whitespace()) {
                assert!(unique.contains(id), "{name}: {attribute} names #{id}, which is not there");
            }
        }
        for button in html.split("<button").skip(1) {
            assert!(button.starts_with(" type="), "{name}: a button without a type sends its form");
        }
        if html.starts_with("<!doctype") {
            assert_eq!(html.matches("<main ").count(), 1, "{name}: one main landmark");
            assert!(html.contains("lang=\"pt-BR\""), "{name}");
        }
        if let Some(folder) = &folder {
            fs::write(folder.join(format!("{name}.html")), &html).unwrap();
        }
    }
}

#[test]
fn what_people_wrote_is_escaped() {
    let html = sent().render().unwrap();
    assert!(html.contains("&#60;54&#62;") && !html.contains("<54>"));
    assert!(html.contains("CPF REMOVIDO</span>"));
}

/// Whatever the model writes, the server's own sentence stands there, before its first word and after its last.
#[test]
fn every_answer_carries_the_disclaimer() {
    for (name, html) in screens() {
        let answers = ["<section class=\"answer\"", "<section class=\"answer answer-live\""]
            .map(|start| html.matches(start).count());
        assert_eq!(html.matches(answer::DISCLAIMER).count(), answers.iter().sum::<usize>(), "{name}");
    }
}

/// Links out of the site lead to PubMed only, and give nothing away.
#[test]
fn an_answer_links_only_to_pubmed() {
    for shown in [sample::shown(), sample::abstained()] {
        let html = Ended { view: Some(View::stored(shown, Uuid::nil())), failure: None }.render().unwrap();
        let outside: Vec<&str> =
            values(&html, "href").into_iter().filter(|address| !address.starts_with('/')).collect();
        assert!(!outside.is_empty());
        for address in outside {
            assert!(address.starts_with("https://pubmed.ncbi.nlm.nih.gov/"), "{address}");
        }
        assert_eq!(
            html.matches("target=\"_blank\"").count(),
            html.matches("rel=\"noopener noreferrer nofollow\"").count()
        );
    }
}

/// What a suspicion says of people is escaped, and evidence is linked only for who may see it.
#[test]
fn suspicions_name_their_evidence_to_whom_it_concerns() {
    let html = incidents_page(false).render().unwrap();
    assert!(html.contains("Jussara &#60;Tavares&#62; Pinho") && !html.contains("<Tavares>"));
    assert_eq!(html.matches("/auditoria/tabelas/access_logs?linha=").count(), 12);
    assert!(html.contains("Fora da clínica, em outra clínica desta instalação"));
    assert!(!incidents_page(true).render().unwrap().contains("?linha="));
}

#[test]
fn no_consent_comes_ticked() {
    let html = onboarding::Page::new(&doctor(), profile(), texts(), Vec::new(), Vec::new()).render().unwrap();
    assert_eq!(html.matches("type=\"checkbox\"").count(), 4);
    assert!(!html.contains(" checked"));
}

#[test]
fn a_member_without_conversations_sees_none() {
    let html = account_page(&viewer(vec![Role::Receptionist], Vec::new()), false).render().unwrap();
    assert!(!html.contains("/conversas") && !html.contains("Consentimentos"));
}

fn templates(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            templates(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "html") {
            found.push(path);
        }
    }
}

/// The content policy would silently break what this finds.
#[test]
fn templates_keep_to_the_content_policy() {
    let mut found = Vec::new();
    templates(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 20);
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        for forbidden in
            [" style=", "<style", "<script>", "javascript:", "hx-on", "js:", "|safe", "| safe", "http:", "https:"]
        {
            assert!(!text.contains(forbidden), "{}: {forbidden}", path.display());
        }
        for word in text.split_whitespace() {
            let handler = word.strip_prefix("on").and_then(|rest| rest.split_once('='));
            let is_handler = handler.is_some_and(|(event, _)| event.chars().all(|c| c.is_ascii_lowercase()));
            assert!(!is_handler, "{}: {word}", path.display());
        }
        for script in text.split("<script").skip(1) {
            assert!(script.starts_with(" src="), "{}: a script inside the page", path.display());
        }
    }
}
