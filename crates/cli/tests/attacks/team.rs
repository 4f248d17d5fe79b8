//! The clinic's team over HTTP: the link works, is told once and never logged; who runs nothing sees and changes nothing.

use crate::support::doctor::{BRENO, HELENA, JUSSARA, LIVIA, OTAVIO, doctor, enter};
use crate::support::http::Visitor;
use crate::support::number;
use crate::support::site::Stand;

const TEAM: &str = "/clinica/equipe";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_invitation_is_told_once_and_leads_to_a_key_of_ones_own() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let mut helena = enter(&site, HELENA).await;
    assert!(helena.get(TEAM).await.text().contains("Jussara Tavares Pinho"));
    let fields = [("nome", "Iara Campos Melo"), ("funcao", "receptionist"), ("funcao", "dpo")];
    let told = helena.form(TEAM, &fields).await;
    assert_eq!((told.status, told.header("cache-control")), (200, "no-store"));
    let page = told.text();
    let path =
        page.split_once("/entrar/link/").unwrap().1.split('<').next().unwrap().split('"').next().unwrap().to_owned();
    let link = format!("/entrar/link/{path}");
    assert!(!helena.get(TEAM).await.text().contains(&path), "shown once");
    let mut iara = Visitor::new(&site.origin);
    assert!(iara.get(&link).await.text().contains("Iara Campos Melo"));
    // The link opens the registration of a key, not a session.
    assert_eq!(iara.form(&link, &[]).await.location(), "/segundo-fator/cadastrar");
    assert_eq!(iara.get("/agenda").await.status, 303);
    let log = String::from_utf8_lossy(&site.output()).into_owned();
    assert!(!log.contains(&path) && !log.contains("Iara"), "neither the link nor the name is in the log");

    let empty = helena.form(TEAM, &[("nome", "Iara Campos Melo")]).await;
    assert!(empty.status == 422 && empty.text().contains("Escolha ao menos uma função."));
    assert!(empty.text().contains("value=\"Iara Campos Melo\""), "what was typed is there again");

    let database = stand.superuser().await;
    let of = async |name: &str| -> String {
        let sql = "SELECT user_id::text FROM members WHERE display_name LIKE $1";
        database.query_one(sql, &[&format!("{name}%")]).await.unwrap().get(0)
    };
    let (desk, own) = (of("Jussara").await, of("Helena").await);
    let (roles, standing) = (format!("{TEAM}/{desk}/funcoes"), format!("{TEAM}/{desk}/situacao"));
    let (mut jussara, mut breno) = (enter(&site, JUSSARA).await, enter(&site, BRENO).await);
    for (name, other) in [(JUSSARA, &mut jussara), (BRENO, &mut breno)] {
        assert_eq!(other.get(TEAM).await.status, 403, "{name}");
        assert_eq!(other.form(TEAM, &fields).await.status, 403, "{name}");
        assert_eq!(other.form(&roles, &[("funcao", "owner")]).await.status, 403, "{name}");
    }
    let mut otavio = doctor(&site, OTAVIO).await;
    assert_eq!(otavio.form(&standing, &[("situacao", "deactivated")]).await.status, 403);
    let mut livia = doctor(&site, LIVIA).await;
    assert_eq!(livia.form(&roles, &[("funcao", "owner")]).await.status, 404, "another clinic's");
    assert_eq!(helena.form(&format!("{TEAM}/{own}/funcoes"), &[("funcao", "auditor")]).await.status, 409, "one's own");
    // Out at once.
    assert_eq!(jussara.get("/pacientes").await.status, 200);
    assert_eq!(helena.form(&standing, &[("situacao", "deactivated")]).await.status, 303);
    assert_eq!(jussara.get("/pacientes").await.status, 303);
    let told = "SELECT count(*) FROM audit_logs WHERE action = 'member_deactivated'";
    assert_eq!(number(&database, told).await, 1);
}
