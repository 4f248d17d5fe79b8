//! The desk of requests over HTTP: who is refused, what comes too late or twice, and what two managers do at once.

use reqwest::Method;

use crate::export;
use crate::routes::{ROUTES, SOMEBODY, filled};
use crate::support::doctor::{BRENO, HELENA, JUSSARA, LIVIA, OTAVIO, doctor, enter};
use crate::support::http::{Answer, Visitor};
use crate::support::site::Stand;
use crate::support::{digest, number, until};

const TABLES: [&str; 5] =
    ["data_subject_requests", "request_events", "request_evidence", "recipient_notices", "fulfilment_plans"];
const WORDS: &str = "O cadastro foi conferido e corrigido.";
const PDF: &[u8] = b"%PDF-1.7\nprocuracao";

/// Every act of the desk, with a request's and a notice's identifier in its place, and with what each of them wants typed.
async fn try_all(visitor: &mut Visitor, request: &str, notice: &str) -> Vec<(String, u16)> {
    let mut answers = Vec::new();
    for (method, path, _) in ROUTES.iter().filter(|(_, path, _)| path.starts_with("/conformidade/pedidos/{id}")) {
        visitor.roam();
        let at = filled(&path.replace("{aviso}", notice), request);
        let typed =
            [("versao", "1"), ("resposta", WORDS), ("motivo", WORDS), ("artigo", "LGPD, art. 16"), ("prova", WORDS)];
        let answer = match *method {
            "GET" => visitor.get(&at).await,
            _ => visitor.form(&at, &typed).await,
        };
        answers.push((format!("{method} {path}"), answer.status));
    }
    assert!(answers.len() > 8);
    answers
}

/// The identifier of the only request with this right.
async fn request(database: &sigilo_testkit::tokio_postgres::Client, right: &str) -> String {
    let sql = "SELECT id::text FROM data_subject_requests WHERE right_code = $1";
    database.query_one(sql, &[&right]).await.unwrap().get(0)
}

async fn ask(visitor: &mut Visitor, right: &str) {
    let fields = [("direito", right), ("descricao", "O nome no cadastro está errado.")];
    assert_eq!(visitor.form("/account/pedidos", &fields).await.status, 303);
}

/// The form of a request that came by letter, with a file.
async fn letter(visitor: &mut Visitor, fields: &[(&str, &str)], file: &[u8]) -> Answer {
    const BOUNDARY: &str = "limite";
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
        );
    }
    body.extend(
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"prova\"; filename=\"Joaquim.pdf\"\r\n\r\n")
            .bytes(),
    );
    body.extend(file);
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").bytes());
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    visitor.raw("/conformidade/pedidos/registrar", &kind, "text/html", body).await
}

#[tokio::test]
async fn who_answers_for_nothing_and_who_answers_elsewhere_do_nothing_here() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut otavio = doctor(&site, OTAVIO).await;
    ask(&mut otavio, "correction").await;
    let id = request(&database, "correction").await;
    // A notice and an evidence to reach for.
    let notice: String = database
        .query_one(
            "INSERT INTO recipient_notices (clinic_id, request_id, kind, recipient)
             SELECT clinic_id, id, 'language_model', 'api.modelo.example' FROM data_subject_requests RETURNING id::text",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    let before = digest(&database, &TABLES).await;

    for name in [OTAVIO, JUSSARA] {
        let mut visitor = if name == OTAVIO { otavio.clone() } else { enter(&site, name).await };
        for (what, status) in try_all(&mut visitor, &id, &notice).await {
            assert_eq!(status, 403, "{name}: {what}");
        }
        for path in ["/conformidade/pedidos", "/conformidade/pedidos/registrar"] {
            assert_eq!(visitor.get(path).await.status, 403, "{name}: {path}");
        }
        assert_eq!(letter(&mut visitor, &[("canal", "letter")], PDF).await.status, 403, "{name}");
    }

    // The owner of the other clinic.
    let mut livia = doctor(&site, LIVIA).await;
    for (what, status) in try_all(&mut livia, &id, &notice).await {
        assert_eq!(status, 404, "{what}");
    }
    for path in ["/conformidade/pedidos?mostrar=todos", "/conformidade/pedidos/registrar"] {
        let page = livia.get(path).await;
        assert_eq!(page.status, 200);
        assert!(!page.text().contains("Otávio") && !page.text().contains(&id), "{path}");
    }
    let subject: String = database
        .query_one("SELECT user_id::text FROM members WHERE display_name = $1", &[&OTAVIO])
        .await
        .unwrap()
        .get(0);
    let fields = [("envio", SOMEBODY), ("titular", &subject), ("direito", "access"), ("canal", "letter")];
    let foreign = letter(&mut livia, &fields, PDF).await;
    assert_eq!(foreign.status, 422);
    assert!(foreign.text().contains("Escolha a pessoa a quem os dados pertencem."));
    assert_eq!(digest(&database, &TABLES).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_first_of_two_managers_counts_and_the_other_loses_no_word() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut otavio = doctor(&site, OTAVIO).await;
    ask(&mut otavio, "correction").await;
    let at = format!("/conformidade/pedidos/{}", request(&database, "correction").await);
    let (mut breno, mut helena) = (enter(&site, BRENO).await, enter(&site, HELENA).await);
    assert_eq!(breno.form(&format!("{at}/assumir"), &[("versao", "1")]).await.status, 303);

    // What was seen is no longer so.
    let typed = "Um texto longo que ninguém quer escrever de novo.";
    let stale = helena.form(&format!("{at}/responder"), &[("versao", "1"), ("resposta", typed)]).await;
    assert_eq!(stale.status, 409);
    assert!(stale.text().contains("Outra pessoa mudou este pedido enquanto você o via. Recarregue a página."));
    assert!(stale.text().contains(typed), "what was typed is shown again");
    let without = breno.form(&format!("{at}/responder"), &[("resposta", typed)]).await;
    assert_eq!(without.status, 409, "no version at all");
    let markup = [("versao", "1"), ("motivo", "<script>alert(1)</script> não"), ("artigo", "art. 16")];
    let escaped = helena.form(&format!("{at}/recusar"), &markup).await;
    assert!(escaped.status == 409 && !escaped.text().contains("<script>alert"));

    // Both at once, each with the version that is right.
    let (answer, refuse) = (format!("{at}/responder"), format!("{at}/recusar"));
    let yes = [("versao", "2"), ("resposta", WORDS)];
    let no = [("versao", "2"), ("motivo", WORDS), ("artigo", "LGPD, art. 16, I")];
    let (one, two) = tokio::join!(breno.form(&answer, &yes), helena.form(&refuse, &no));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    let ended = "SELECT count(*) FROM request_events WHERE kind IN ('completed', 'refused')";
    assert_eq!(number(&database, ended).await, 1);
    // Ended, it stays as it is, with whichever version.
    for version in ["2", "3", "4"] {
        let again = breno.form(&answer, &[("versao", version), ("resposta", typed)]).await;
        assert!(again.status == 409 && again.text().contains(typed), "{version}");
    }
    assert_eq!(number(&database, ended).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn data_is_held_by_who_answers_for_it_and_by_nobody_else() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut breno = enter(&site, BRENO).await;
    let otavio: String = database
        .query_one("SELECT user_id::text FROM members WHERE display_name LIKE '%Otávio%'", &[])
        .await
        .unwrap()
        .get(0);
    let day: String = database.query_one("SELECT (current_date + 30)::text", &[]).await.unwrap().get(0);
    let reason = "Ofício <b>12/2026</b>, do juízo";
    let form =
        [("titular", otavio.as_str()), ("fundamento", "authority"), ("motivo", reason), ("revisao", day.as_str())];
    let (mut jussara, mut professional) = (enter(&site, JUSSARA).await, doctor(&site, OTAVIO).await);
    for person in [&mut jussara, &mut professional] {
        assert_eq!(person.get("/conformidade/guarda").await.status, 403);
        assert_eq!(person.form("/conformidade/guarda", &form).await.status, 403);
    }
    let mut livia = doctor(&site, LIVIA).await;
    assert_eq!(livia.form("/conformidade/guarda", &form).await.status, 422, "another clinic's doctor");
    // What is wrong is said, and what was typed is not lost.
    for (field, wrong) in
        [("titular", "x"), ("fundamento", "x"), ("motivo", "curto"), ("revisao", "2020-01-01"), ("revisao", "amanhã")]
    {
        let typed = form.map(|(name, value)| (name, if name == field { wrong } else { value }));
        let refused = breno.form("/conformidade/guarda", &typed).await;
        assert_eq!(refused.status, 422, "{field}");
        assert!(field == "motivo" || refused.text().contains("Ofício &#60;b&#62;12/2026"), "{field}");
    }
    assert_eq!(number(&database, "SELECT count(*) FROM legal_holds").await, 0);

    assert_eq!(breno.form("/conformidade/guarda", &form).await.status, 303);
    let page = breno.get("/conformidade/guarda").await.text().to_owned();
    assert!(page.contains("Em guarda") && !page.contains("<b>12/2026"));
    let id: String = database.query_one("SELECT id::text FROM legal_holds", &[]).await.unwrap().get(0);
    let release = format!("/conformidade/guarda/{id}/encerrar");
    let why = [("motivo_fim", "O ofício foi revogado")];
    assert_eq!(livia.form(&release, &why).await.status, 404);
    assert!(!livia.get("/conformidade/guarda").await.text().contains("12/2026"));
    assert_eq!(professional.form(&release, &why).await.status, 403);
    assert_eq!(breno.form(&release, &[("motivo_fim", "fim")]).await.status, 422);
    assert_eq!(breno.form(&release, &why).await.status, 303);
    assert_eq!(breno.form(&release, &why).await.status, 409, "once");
    assert!(breno.get("/conformidade/guarda").await.text().contains("Encerrada"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_trail_past_its_time_is_decided_by_two_who_answer_for_it() {
    const PAGE: &str = "/conformidade/trilha";
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let (mut breno, mut livia) = (enter(&site, BRENO).await, doctor(&site, LIVIA).await);
    let (mut jussara, mut professional) = (enter(&site, JUSSARA).await, doctor(&site, OTAVIO).await);
    for person in [&mut jussara, &mut professional] {
        assert_eq!(person.get(PAGE).await.status, 403);
        assert_eq!(person.form(PAGE, &[("mes", "2020-01")]).await.status, 403);
    }
    assert!(breno.get(PAGE).await.text().contains("Nenhum mês espera decisão"));
    for month in ["2020-13", "", "2026-11-01", "2020-01'--", "0000-00", "9999-12", "2026-11"] {
        let refused = breno.form(PAGE, &[("mes", month)]).await;
        assert_eq!(refused.status, 409, "{month}");
    }
    assert_eq!(number(&database, "SELECT count(*) FROM trail_disposals").await, 0);

    assert_eq!(breno.form(PAGE, &[("mes", "2020-01")]).await.status, 303);
    let id: String = database.query_one("SELECT id::text FROM trail_disposals", &[]).await.unwrap().get(0);
    let (approve, discard) = (format!("{PAGE}/{id}/aprovar"), format!("{PAGE}/{id}/descartar"));
    assert_eq!(livia.form(&approve, &[]).await.status, 404, "another clinic's");
    assert_eq!(livia.form(&discard, &[]).await.status, 404);
    assert!(!livia.get(PAGE).await.text().contains("janeiro de 2020"));
    assert_eq!(professional.form(&approve, &[]).await.status, 403);
    let own = breno.form(&approve, &[]).await;
    assert_eq!(own.status, 409);
    assert!(own.text().contains("Quem propôs a eliminação não a aprova"));
    let page = breno.get(PAGE).await.text().to_owned();
    assert!(page.contains("Espera aprovação") && !page.contains(&approve), "who proposed is not offered to approve");
    assert_eq!(breno.form(&discard, &[]).await.status, 303);
    assert_eq!(breno.form(&discard, &[]).await.status, 409, "once");
    assert!(breno.get(PAGE).await.text().contains("Descartada"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deletion_is_approved_once_by_another_whoever_sends_it_again() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut otavio = doctor(&site, OTAVIO).await;
    let done = otavio.form("/account/excluir", &[("confirmacao", "EXCLUIR")]).await;
    assert_eq!(done.status, 200);
    let at = format!("/conformidade/pedidos/{}", request(&database, "deletion").await);
    let (mut breno, helena) = (enter(&site, BRENO).await, enter(&site, HELENA).await);
    assert_eq!(breno.form(&format!("{at}/aprovar"), &[]).await.status, 404, "there is no plan");
    assert_eq!(breno.form(&format!("{at}/assumir"), &[("versao", "1")]).await.status, 303);
    let (mut other, path) = (breno.clone(), format!("{at}/plano"));
    let (one, two) = tokio::join!(breno.form(&path, &[]), other.form(&path, &[]));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409], "one plan");
    let own = breno.form(&format!("{at}/aprovar"), &[]).await;
    assert!(own.status == 409 && own.text().contains("Quem preparou o plano não o aprova"));

    let mut all = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let (mut helena, path) = (helena.clone(), format!("{at}/aprovar"));
        all.spawn(async move { helena.form(&path, &[]).await.status });
    }
    let mut statuses = all.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409, 409, 409, 409]);
    let closed = "SELECT count(*) FROM fulfilment_plans WHERE status = 'closed'";
    until("the deletion ends", async || (number(&database, closed).await == 1).then_some(())).await;
    let mut helena = helena;
    for act in ["aprovar", "descartar", "plano", "recusar", "responder", "assumir"] {
        let typed = [("versao", "2"), ("resposta", WORDS), ("motivo", WORDS), ("artigo", "art. 16")];
        assert_eq!(helena.form(&format!("{at}/{act}"), &typed).await.status, 409, "{act}");
    }
    for kind in ["plan_approved", "plan_closed", "completed"] {
        let sql = format!("SELECT count(*) FROM request_events WHERE kind = '{kind}'");
        assert_eq!(number(&database, &sql).await, 1, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn evidence_is_taken_as_what_it_is_and_given_to_nobody_else() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut breno = enter(&site, BRENO).await;
    let form = breno.get("/conformidade/pedidos/registrar").await.text();
    let id = form.split_once("name=\"envio\" value=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    let today: String = database
        .query_one("SELECT ((now() AT TIME ZONE 'America/Sao_Paulo')::date - 2)::text", &[])
        .await
        .unwrap()
        .get(0);
    let subject: String = database
        .query_one("SELECT user_id::text FROM members WHERE display_name = $1", &[&OTAVIO])
        .await
        .unwrap()
        .get(0);
    let fields = [
        ("envio", id.as_str()),
        ("titular", &subject),
        ("direito", "access"),
        ("descricao", "Pede cópia de todos os dados."),
        ("canal", "letter"),
        ("recebido", &today),
        ("representacao", "procuracao"),
        ("representante", "Joaquim Prado Teles"),
        ("identidade", "notarised"),
    ];
    for wrong in [&b"<html><script>"[..], b"MZ\x90", b"", &[PDF, &[0; 5 * 1024 * 1024]].concat()] {
        let refused = letter(&mut breno, &fields, wrong).await;
        assert_eq!(refused.status, 422, "{}", wrong.len());
        assert!(refused.text().contains("Joaquim Prado Teles"), "what was typed stays");
    }
    assert_eq!(number(&database, "SELECT count(*) FROM data_subject_requests").await, 0);
    // Sent twice at once, and once more by somebody who goes back.
    let mut second = breno.clone();
    let (one, two) = tokio::join!(letter(&mut breno, &fields, PDF), letter(&mut second, &fields, PDF));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(letter(&mut breno, &fields, PDF).await.status, 409);
    for table in ["data_subject_requests", "request_evidence"] {
        assert_eq!(number(&database, &format!("SELECT count(*) FROM {table}")).await, 1, "{table}");
    }

    let at = format!("/conformidade/pedidos/{id}/prova");
    let file = enter(&site, HELENA).await.get(&at).await;
    assert_eq!((file.status, &file.body[..]), (200, PDF));
    assert_eq!(file.header("content-type"), "application/pdf");
    assert!(file.header("content-disposition").starts_with("attachment; filename=\"prova-"));
    let mut otavio = doctor(&site, OTAVIO).await;
    assert_eq!(otavio.get(&at).await.status, 403, "nor the subject");
    let taken = "SELECT count(*) FROM audit_logs WHERE action = 'request_evidence_downloaded'";
    assert_eq!(number(&database, taken).await, 1);
    // The subject's own data names the request and not who asked.
    let own = export::download(&mut otavio, "json").await;
    assert!(own.text().contains("\"letter\"") && !own.text().contains("Joaquim"));
    assert!(!String::from_utf8_lossy(&site.output()).contains("Joaquim"), "nor does the log");
    let put = breno.request(Method::PUT, &at);
    assert_eq!(breno.send(put).await.status, 405);
}
