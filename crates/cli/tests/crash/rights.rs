//! A deletion that was approved is carried out once and to its end, whatever is killed in the middle.

use sigilo_testkit::tokio_postgres::Client;

use crate::support::doctor::{BRENO, HELENA, LIVIA, OTAVIO, doctor, enter};
use crate::support::site::Stand;
use crate::support::{number, until};

/// Enough for several pieces of the job, of 500 rows each.
const MESSAGES: i64 = 4000;

/// Many messages of a doctor, and each piece of their deletion slow enough to be killed in.
async fn prepare(database: &Client, name: &str) {
    let many = format!(
        "SET session_replication_role = replica;
         INSERT INTO messages (clinic_id, conversation_id, user_id, role, content)
         SELECT c.clinic_id, c.id, c.user_id, 'user', 'Retorno ' || n
           FROM conversations c JOIN members m USING (clinic_id, user_id), generate_series(1, {MESSAGES}) n
          WHERE m.display_name = '{name}';
         SET session_replication_role = origin;
         CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END $$;
         CREATE TRIGGER slow AFTER DELETE ON messages FOR EACH STATEMENT EXECUTE FUNCTION public.slow();"
    );
    database.batch_execute(&many).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_of_a_deletion() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut otavio = doctor(&site, OTAVIO).await;
    otavio.conversation().await;
    let mut livia = doctor(&site, LIVIA).await;
    let theirs = livia.conversation().await;
    assert_eq!(livia.say(&theirs, "Retorno em um mês.").await.status, 200);
    crate::support::all_answered(&database).await;
    prepare(&database, OTAVIO).await;
    let others =
        "SELECT count(*) FROM messages m JOIN members USING (clinic_id, user_id) WHERE display_name LIKE '%Lívia%'";
    let (mine, untouched) = (
        "SELECT count(*) FROM messages WHERE content LIKE 'Retorno %' AND content NOT LIKE '%mês%'",
        number(&database, others).await,
    );
    assert_eq!(number(&database, mine).await, MESSAGES);

    let done = otavio.form("/account/excluir", &[("confirmacao", "EXCLUIR")]).await.text();
    let link = done.split_once("/recibo/").unwrap().1.split_once('"').unwrap().0.to_owned();
    let id: String = database.query_one("SELECT id::text FROM data_subject_requests", &[]).await.unwrap().get(0);
    let at = format!("/conformidade/pedidos/{id}");
    let mut breno = enter(&site, BRENO).await;
    assert_eq!(breno.form(&format!("{at}/assumir"), &[("versao", "1")]).await.status, 303);
    assert_eq!(breno.form(&format!("{at}/plano"), &[]).await.status, 303);
    let mut helena = enter(&site, HELENA).await;
    assert_eq!(helena.form(&format!("{at}/aprovar"), &[]).await.status, 303);
    until("some are gone", async || (number(&database, mine).await < MESSAGES).then_some(())).await;
    site.kill();
    until("the dead process's connections end", async || {
        let sql =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'sigilo_jobs'";
        (number(&database, sql).await == 0).then_some(())
    })
    .await;

    // Whole pieces are gone, and the plan knows of each; nothing that comes later has begun.
    let left = number(&database, mine).await;
    assert!(left > 0 && left < MESSAGES, "{left} left: the kill came too late to mean anything");
    let known = "SELECT (done ->> 'messages')::bigint FROM fulfilment_plans WHERE status = 'running'";
    assert_eq!(number(&database, known).await, MESSAGES - left);
    assert_eq!(number(&database, "SELECT count(*) FROM fulfilment_plans WHERE receipt IS NOT NULL").await, 0);
    let named = format!("SELECT count(*) FROM members WHERE display_name = '{OTAVIO}' AND status = 'active'");
    assert_eq!(number(&database, &named).await, 1);

    // As if a minute had passed since the job last ran.
    database.execute("UPDATE ops.job_runs SET started_at = started_at - interval '5 minutes'", &[]).await.unwrap();
    let site = stand.demo();
    let closed = "SELECT count(*) FROM fulfilment_plans WHERE status = 'closed'";
    until("the deletion goes on by itself", async || (number(&database, closed).await == 1).then_some(())).await;
    assert_eq!(number(&database, mine).await, 0);
    assert_eq!(number(&database, &named).await, 0);
    assert_eq!(number(&database, others).await, untouched, "nobody else's");
    for kind in ["plan_running", "plan_executed", "plan_closed", "completed"] {
        let sql = format!("SELECT count(*) FROM request_events WHERE kind = '{kind}'");
        assert_eq!(number(&database, &sql).await, 1, "{kind}");
    }
    // One receipt, with every row of both lives of the process.
    let mut stranger = crate::support::http::Visitor::new(&site.origin);
    let receipt = stranger.get(&format!("/recibo/{link}/recibo.json")).await.value();
    assert_eq!(receipt["recibo"]["apagado"]["messages"], MESSAGES);
    let path = stand.data().join("recibo.json");
    std::fs::write(&path, receipt.to_string()).unwrap();
    let checked =
        std::process::Command::new(env!("CARGO_BIN_EXE_sigilo")).args(["receipt", "verify"]).arg(&path).output();
    assert!(checked.unwrap().status.success());
}
