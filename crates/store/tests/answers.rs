//! Answers, verifications and reviews: whose they are, what cannot be claimed by hand, what the figures count.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::json;
use sigilo_deid::deidentify;
use sigilo_domain::ConsentType;
use sigilo_store::{
    Error, ReadTx, WriteTx,
    answer::{self, Explanation, New, NewCheck, NewReview},
    governance, job,
    server::Role,
};
use support::{Member, TwoClinics, event, two_clinics};
use uuid::Uuid;

struct Case<'a> {
    complete: bool,
    confidence: Option<f32>,
    verdicts: &'a [(&'static str, Option<&'static str>, bool)],
    codes: (i32, i32),
}

const PLAIN: Case<'static> = Case { complete: true, confidence: None, verdicts: &[], codes: (0, 0) };

async fn answer(two: &TwoClinics, who: &Member, conversation: Uuid, case: Case<'_>) -> Result<Uuid, Error> {
    let question = who.say(&two.db, conversation, "Dor torácica há 2 horas").await?;
    let id = Uuid::now_v7();
    let (text, _) = deidentify("Hipótese: angina instável.", &[]);
    let explanation = Explanation {
        model: "modelo-de-teste".into(),
        content: "Como foi feita.".into(),
        confidence: case.confidence,
        provider: "conhecimento_local".into(),
        stop_reason: "complete".into(),
        temperature_reason: Some("regras".into()),
        cid10_codes: case.codes.0,
        invalid_cid10: case.codes.1,
        risk_class: "medio".into(),
        ..Explanation::default()
    };
    let checks: Vec<NewCheck> = case
        .verdicts
        .iter()
        .enumerate()
        .map(|(at, (verdict, reason, retracted))| NewCheck {
            ordinal: i32::try_from(at).unwrap() + 1,
            cited: json!({ "titulo": "Um artigo" }),
            verdict,
            reason: reason.map(str::to_owned),
            pmid: Some(1),
            findings: json!({}),
            retracted: *retracted,
            source: if *verdict == "nao_verificada" { "nenhuma" } else { "eutils" },
            latency_ms: 5,
        })
        .collect();
    two.db
        .write(&who.session, async |tx: &WriteTx| {
            let new = New {
                id,
                conversation,
                question,
                text: &text,
                structure: &json!({ "raciocinio": "x" }),
                complete: case.complete,
                detections: &[("cpf".into(), "regex".into(), 0.9)],
                explanation: &explanation,
            };
            answer::insert(tx, &new).await?;
            answer::add_checks(tx, id, &checks).await?;
            Ok((id, event("message_received")))
        })
        .await
}

async fn review(two: &TwoClinics, who: &Member, new: NewReview<'_>) -> Result<(), Error> {
    two.db
        .write(&who.session, async |tx: &WriteTx| {
            answer::review(tx, &new).await?;
            Ok(((), event("ai_answer_reviewed")))
        })
        .await
}

fn act(answer: Uuid, kind: &'static str) -> NewReview<'static> {
    NewReview { answer, kind, section: "resposta", reason: None, edited_text: None, outcome: None }
}

async fn ready() -> (TwoClinics, Uuid) {
    let two = two_clinics().await;
    two.a.grant(&two.db, ConsentType::AiProcessing).await.unwrap();
    let conversation = two.a.conversation(&two.db).await.unwrap();
    (two, conversation)
}

#[tokio::test]
async fn an_answer_is_its_doctors_alone() {
    let (two, conversation) = ready().await;
    let id =
        answer(&two, &two.a, conversation, Case { verdicts: &[("verificada", None, false)], ..PLAIN }).await.unwrap();
    let read = async |who: &Member| {
        two.db
            .read(&who.session, async |tx: &ReadTx| {
                let all = answer::stored(tx, conversation).await?.len();
                let checks = answer::checks(tx, &[id]).await?.len();
                Ok::<_, Error>((all, checks, answer::one(tx, id).await.is_ok()))
            })
            .await
            .unwrap()
    };
    assert_eq!(read(&two.a).await, (1, 1, true));
    assert_eq!(read(&two.b).await, (0, 0, false));
    for kind in ["disclaimer_rendered", "accepted", "record_copied"] {
        assert!(matches!(review(&two, &two.b, act(id, kind)).await, Err(Error::NotFound)), "{kind}");
    }
    // Nor does another's verification stick to it: it would belong to B's clinic and stay invisible to A.
    let foreign = two
        .db
        .write(&two.b.session, async |tx: &WriteTx| {
            let check = NewCheck {
                ordinal: 1,
                cited: json!({}),
                verdict: "nao_encontrada",
                reason: None,
                pmid: None,
                findings: json!({}),
                retracted: false,
                source: "eutils",
                latency_ms: 0,
            };
            answer::add_checks(tx, id, &[check]).await?;
            Ok::<_, Error>(((), event("attack")))
        })
        .await;
    assert!(foreign.is_ok(), "a row about nothing, in B's own clinic");
    assert_eq!(read(&two.a).await, (1, 1, true));
}

#[tokio::test]
async fn neither_flag_can_be_claimed_only_earned() {
    let (two, conversation) = ready().await;
    let id = answer(&two, &two.a, conversation, PLAIN).await.unwrap();
    let flags = async || {
        let row = two.db.read(&two.a.session, async |tx: &ReadTx| answer::one(tx, id).await).await.unwrap();
        (row.disclaimer_shown, row.human_in_the_loop_confirmed)
    };
    assert_eq!(flags().await, (false, false));

    let app = two.database.connect(Role::App).await;
    let columns = |sql: &str| {
        format!("{sql} explainability_logs SET disclaimer_shown = true, human_in_the_loop_confirmed = true")
    };
    let token = two.a.session.token.expose().to_owned();
    app.query("SELECT set_config('app.token', $1, false)", &[&token]).await.unwrap();
    assert!(app.execute(&columns("UPDATE"), &[]).await.is_err());
    for column in ["disclaimer_shown", "human_in_the_loop_confirmed"] {
        let sql = format!(
            "INSERT INTO explainability_logs (message_id, conversation_id, ai_model_used, explanation_level, explanation_content, {column})
             VALUES ('{id}', '{conversation}', 'x', 'x', 'x', true)"
        );
        let error = app.execute(&sql, &[]).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501", "{column}");
    }

    review(&two, &two.a, act(id, "disclaimer_rendered")).await.unwrap();
    assert_eq!(flags().await, (true, false));
    review(&two, &two.a, NewReview { outcome: Some(1), ..act(id, "outcome") }).await.unwrap();
    review(&two, &two.a, act(id, "record_copied")).await.unwrap();
    assert_eq!(flags().await, (true, false), "only a decision confirms");
    assert!(matches!(review(&two, &two.a, act(id, "rejected")).await, Err(Error::Rule(_))), "a rejection has a reason");
    review(&two, &two.a, act(id, "accepted")).await.unwrap();
    assert_eq!(flags().await, (true, true));
    for sql in ["UPDATE ai_review_events SET kind = 'rejected'", "DELETE FROM ai_review_events"] {
        assert_eq!(app.execute(sql, &[]).await.unwrap_err().code().unwrap().code(), "42501", "{sql}");
    }
}

#[tokio::test]
async fn without_consent_or_switched_off_no_answer_is_stored() {
    let two = two_clinics().await;
    let conversation = two.a.conversation(&two.db).await.unwrap();
    assert!(answer(&two, &two.a, conversation, PLAIN).await.is_err());
    two.a.grant(&two.db, ConsentType::AiProcessing).await.unwrap();
    let switch = async |on: bool| {
        two.db
            .write(&two.a.session, async |tx: &WriteTx| {
                answer::switch(tx, on).await?;
                Ok::<_, Error>(((), event("switch")))
            })
            .await
            .unwrap();
    };
    switch(false).await;
    assert!(matches!(answer(&two, &two.a, conversation, PLAIN).await, Err(Error::Denied)));
    two.a.say(&two.db, conversation, "Só uma anotação").await.unwrap();
    // B's switch is B's own.
    two.b.grant(&two.db, ConsentType::AiProcessing).await.unwrap();
    let other = two.b.conversation(&two.db).await.unwrap();
    answer(&two, &two.b, other, PLAIN).await.unwrap();
    switch(true).await;
    answer(&two, &two.a, conversation, PLAIN).await.unwrap();
}

#[tokio::test]
async fn a_verified_reference_needs_an_article_and_somebody_who_was_asked() {
    let (two, conversation) = ready().await;
    let id = answer(&two, &two.a, conversation, PLAIN).await.unwrap();
    let add = async |pmid: Option<i32>, source: &'static str| {
        two.db
            .write(&two.a.session, async |tx: &WriteTx| {
                let check = NewCheck {
                    ordinal: 1,
                    cited: json!({}),
                    verdict: "verificada",
                    reason: None,
                    pmid,
                    findings: json!({}),
                    retracted: false,
                    source,
                    latency_ms: 0,
                };
                answer::add_checks(tx, id, &[check]).await?;
                Ok::<_, Error>(((), event("reference_verified")))
            })
            .await
    };
    assert!(matches!(add(None, "eutils").await, Err(Error::Rule(_))));
    assert!(matches!(add(Some(1), "nenhuma").await, Err(Error::Rule(_))));
    add(Some(1), "eutils").await.unwrap();
}

#[tokio::test]
async fn the_figures_count_what_they_say_for_each_clinic_by_itself() {
    let (two, conversation) = ready().await;
    let verdicts: &[(&str, Option<&str>, bool)] = &[
        ("verificada", None, false),
        ("verificada", None, true),
        ("verificada_com_correcao", None, false),
        ("nao_encontrada", Some("no_similar_title"), false),
        ("nao_encontrada", Some("guideline"), false),
        ("nao_verificada", Some("unavailable"), false),
    ];
    let first = answer(&two, &two.a, conversation, Case { verdicts, confidence: Some(0.8), codes: (4, 1), ..PLAIN })
        .await
        .unwrap();
    let second = answer(&two, &two.a, conversation, Case { confidence: Some(0.4), ..PLAIN }).await.unwrap();
    review(&two, &two.a, act(first, "accepted")).await.unwrap();
    let (why, _) = deidentify("não ajudou", &[]);
    // A change of mind: only the last decision counts.
    review(&two, &two.a, act(second, "accepted")).await.unwrap();
    review(&two, &two.a, NewReview { reason: Some(&why), ..act(second, "rejected") }).await.unwrap();
    review(&two, &two.a, NewReview { outcome: Some(1), ..act(first, "outcome") }).await.unwrap();
    review(&two, &two.a, NewReview { outcome: Some(0), ..act(second, "outcome") }).await.unwrap();

    assert!(job::run_due(&two.db).await.unwrap().contains(&"governance"));
    let figures = async |who: &Member| {
        two.db.read(&who.session, async |tx: &ReadTx| governance::figures(tx).await).await.unwrap()
    };
    let all = figures(&two.a).await;
    let get = |metric: &str| {
        let one = all.iter().find(|figure| figure.metric == metric).unwrap_or_else(|| panic!("{metric}"));
        (one.numerator, one.denominator)
    };
    assert_eq!(get("alucinacao"), (1.0, 4), "neither the guideline nor the unavailable one counts");
    assert_eq!(get("correcao"), (1.0, 3));
    assert_eq!(get("retratacao"), (1.0, 3));
    assert_eq!(get("cobertura"), (4.0, 5));
    assert_eq!(get("diretrizes"), (1.0, 6));
    assert_eq!(get("cid10_invalido"), (1.0, 4));
    assert_eq!(get("aceita"), (1.0, 2));
    assert_eq!(get("rejeitada"), (1.0, 2));
    assert_eq!(get("acerto_top1"), (1.0, 2));
    let calibration = all.iter().find(|figure| figure.metric == "calibracao").unwrap();
    assert!((calibration.value - 0.1).abs() < 1e-6, "mean 0.6 against 0.5: {}", calibration.value);
    // Wilson, 1 of 4: 0.0456 to 0.6994.
    let rate = all.iter().find(|figure| figure.metric == "alucinacao").unwrap();
    let (low, high) = (rate.ci_low.unwrap(), rate.ci_high.unwrap());
    assert!((low - 0.0456).abs() < 1e-3 && (high - 0.6994).abs() < 1e-3, "{low} {high}");
    assert!(figures(&two.b).await.is_empty());
}
