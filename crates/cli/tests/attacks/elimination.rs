//! The end of a patient's registration over HTTP: who reaches it, what is sent twice, and what is left of every page.

use crate::support::doctor::{BRENO, HELENA, JUSSARA, LIVIA, MARTA, OTAVIO, doctor, enter};
use crate::support::number;
use crate::support::site::Stand;

const DESK: &str = "/conformidade/eliminacoes";
const ANA: [(&str, &str); 4] = [
    ("nome", "Ana Lúcia Xavantina de Souza"),
    ("nascimento", "1980-02-29"),
    ("cpf", "529.982.247-25"),
    ("telefone", "(11) 97777-1234"),
];
const NOTE: &str = "Pediu no balcão, com documento";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_registration_ends_by_two_people_and_no_page_breaks() {
    let stand = Stand::with_keys().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut jussara = enter(&site, JUSSARA).await;
    let record = jussara.form("/pacientes/novo", &ANA).await.header("location").to_owned();
    let number_of = "SELECT medical_record_number FROM patients ORDER BY created_at DESC LIMIT 1";
    let own = number(&database, number_of).await.to_string();
    let ask_at = format!("{record}/eliminar");
    let form = |typed: &str| -> Vec<(&'static str, String)> {
        vec![("numero", typed.to_owned()), ("motivo", "subject_request".to_owned()), ("fundamento", NOTE.to_owned())]
    };
    fn pairs<'a>(of: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
        of.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }
    let right = form(&own);
    let right = pairs(&right);

    // Neither who works with patients, nor who audits, nor another clinic.
    assert!(!jussara.get(&record).await.text().contains("Eliminar cadastro"));
    let mut otavio = doctor(&site, OTAVIO).await;
    let mut marta = enter(&site, MARTA).await;
    for who in [&mut jussara, &mut otavio, &mut marta] {
        for at in [ask_at.as_str(), DESK] {
            assert_eq!(who.get(at).await.status, 403, "{at}");
            assert_eq!(who.form(at, &right).await.status, 403, "{at}");
        }
    }
    let mut livia = doctor(&site, LIVIA).await;
    assert!([403, 404].contains(&livia.get(&ask_at).await.status));
    assert!([403, 404].contains(&livia.form(&ask_at, &right).await.status));

    // The number confirms; what was typed is there again.
    let mut helena = enter(&site, HELENA).await;
    assert!(helena.get(&record).await.text().contains("Eliminar cadastro"));
    let page = helena.get(&ask_at).await;
    assert!(page.text().contains("Ana Lúcia Xavantina") && page.text().contains("Lei 13.787/2018"));
    let wrong = form("999999");
    let refused = helena.form(&ask_at, &pairs(&wrong)).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains(NOTE) && refused.text().contains("999999"));
    for odd in ["", "-1", "1e3", "99999999999999999999", "<b>1", "'; DROP TABLE patients; --"] {
        let odd = form(odd);
        assert_eq!(helena.form(&ask_at, &pairs(&odd)).await.status, 422);
        assert_eq!(helena.form(DESK, &pairs(&odd)).await.status, 422);
    }
    assert_eq!(helena.form(&ask_at, &right).await.location(), DESK);
    assert_eq!(helena.form(&ask_at, &right).await.status, 409, "sent twice");
    let mut breno = enter(&site, BRENO).await;
    assert_eq!(breno.form(DESK, &right).await.status, 409);
    let list = breno.get(DESK).await.text().to_owned();
    assert!(list.contains(&format!("Prontuário nº {own}")) && !list.contains("Xavantina"), "without who it is");
    let id = list.split_once("/recusar").expect("a refusal").0.rsplit('/').next().expect("its id").to_owned();

    let (approve, refuse, withdraw) =
        (format!("{DESK}/{id}/aprovar"), format!("{DESK}/{id}/recusar"), format!("{DESK}/{id}/retirar"));
    assert_eq!(helena.form(&approve, &[("nota", "")]).await.status, 409, "not who asked");
    assert_eq!(breno.form(&withdraw, &[]).await.status, 409);
    assert_eq!(breno.form(&refuse, &[("nota", "")]).await.status, 422);
    assert_eq!(breno.form(&format!("{DESK}/{id}/rasgar"), &[]).await.status, 404);
    assert_eq!(breno.form(&format!("{DESK}/00000000-0000-0000-0000-000000000000/aprovar"), &[]).await.status, 404);
    for who in [&mut jussara, &mut otavio, &mut marta] {
        assert_eq!(who.form(&approve, &[("nota", "")]).await.status, 403);
    }
    assert!([403, 404].contains(&livia.form(&approve, &[("nota", "")]).await.status));
    let receipt = format!("{record}/recibo.json");
    assert_eq!(breno.get(&receipt).await.status, 404, "nothing is done yet");

    // A hold by the record's number stops it.
    let hold = |day: &str| {
        let values = [
            ("prontuario", own.as_str()),
            ("fundamento", "authority"),
            ("motivo", "Ofício 12/2026, do juízo"),
            ("revisao", day),
        ];
        values.map(|(name, value)| (name, value.to_owned()))
    };
    let sql = "SELECT to_char(now() + interval '30 days', 'YYYY-MM-DD')";
    let day: String = database.query_one(sql, &[]).await.expect("a day").get(0);
    let hold = hold(&day);
    assert_eq!(breno.form("/conformidade/guarda", &pairs(&hold)).await.status, 303);
    let holds = helena.get("/conformidade/guarda").await.text().to_owned();
    assert!(holds.contains(&format!("Paciente do prontuário nº {own}")));
    assert!(breno.form(&approve, &[("nota", "")]).await.text().contains("guarda legal"));
    let end = holds.split_once("/encerrar").expect("a hold").0.rsplit('/').next().expect("its id").to_owned();
    let end = format!("/conformidade/guarda/{end}/encerrar");
    assert_eq!(helena.form(&end, &[("motivo_fim", "O ofício foi revogado")]).await.status, 303);

    assert_eq!(breno.form(&approve, &[("nota", "")]).await.status, 303);
    let closed = "SELECT count(*) FROM patient_eliminations WHERE receipt IS NOT NULL";
    for _ in 0..600 {
        if number(&database, closed).await == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(number(&database, closed).await, 1);

    // Every page of who is gone is a clear answer.
    for who in [&mut jussara, &mut otavio, &mut helena] {
        let page = who.get(&record).await;
        assert!(
            page.status == 200 && page.text().contains("Cadastro eliminado em") && !page.text().contains("Xavantina")
        );
        assert!(page.text().contains(&receipt));
        assert!(who.get(&receipt).await.text().contains("eliminacao-de-cadastro-de-paciente"));
        assert_eq!(who.get(&format!("{record}/editar")).await.status, 303);
        assert_eq!(
            who.form(
                &format!("{record}/editar"),
                &[
                    ("versao", "1"),
                    ("nome", "Ana Lúcia Xavantina"),
                    ("nascimento", "1980-02-29"),
                    ("cpf", "529.982.247-25")
                ]
            )
            .await
            .status,
            409
        );
        for version in ["1", "2", "3"] {
            assert_eq!(who.form(&format!("{record}/situacao"), &[("versao", version)]).await.status, 409);
        }
        let consents = format!("{record}/consentimentos");
        assert_eq!(who.get(&consents).await.status, 409);
        assert_eq!(who.form(&format!("{consents}/marketing/revogar"), &[("como", "letter")]).await.status, 409);
        for text in ["xavantina", "52998224725", "11977771234", own.as_str()] {
            let found = who.form("/pacientes/busca", &[("q", text)]).await;
            assert!(found.status == 200 && !found.text().contains(&record), "{text}");
        }
        assert_eq!(who.get("/pacientes").await.status, 200);
        assert_eq!(who.get("/account/dados").await.status, 200);
    }
    assert_eq!(helena.get(&ask_at).await.status, 409);
    assert_eq!(helena.form(&ask_at, &right).await.status, 409);
    assert_eq!(breno.get(&receipt).await.status, 200);
    assert_eq!(marta.get(&receipt).await.status, 404);
    assert_eq!(livia.get(&receipt).await.status, 404);
    assert_eq!(livia.get(&record).await.status, 404);
    assert_eq!(breno.form(&approve, &[("nota", "")]).await.status, 409, "sent twice");
    assert_eq!(breno.get("/conformidade").await.status, 200);
    assert_eq!(breno.get("/conformidade/registro.csv").await.status, 200);
    let log = String::from_utf8_lossy(&site.output()).into_owned();
    for planted in ["Xavantina", "52998224725", "529.982", "97777", NOTE] {
        assert!(!log.contains(planted), "{planted} is in the log");
    }
}
