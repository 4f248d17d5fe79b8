//! Patients over HTTP: who sees them, what stays out of addresses and logs, and what bad input gets.

use crate::support::doctor::{BRENO, HELENA, JUSSARA, LIVIA, MARTA, OTAVIO, doctor, enter};
use crate::support::number;
use crate::support::site::Stand;

const NEW: &str = "/pacientes/novo";
const SEARCH: &str = "/pacientes/busca";

const ANA: [(&str, &str); 5] = [
    ("nome", "Ana Lúcia Xavantina de Souza"),
    ("nascimento", "1980-02-29"),
    ("cpf", "529.982.247-25"),
    ("telefone", "(11) 97777-1234"),
    ("mae", "Rita Xavantina"),
];

fn with<'a>(fields: &[(&'a str, &'a str)], name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    fields.iter().copied().filter(|(known, _)| *known != name).chain([(name, value)]).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_patient_is_the_clinics_and_of_who_has_to_do_with_them() {
    let stand = Stand::with_keys().await;
    let site = stand.demo();
    let mut jussara = enter(&site, JUSSARA).await;
    let done = jussara.form(NEW, &ANA).await;
    assert_eq!(done.status, 303);
    let record = done.header("location").to_owned();
    let page = jussara.get(&record).await;
    assert!(page.text().contains("Ana Lúcia Xavantina de Souza") && page.text().contains("529.982.247-25"));
    assert_eq!(page.header("cache-control"), "no-store");

    let mut livia = doctor(&site, LIVIA).await;
    let (edit, standing) = (format!("{record}/editar"), format!("{record}/situacao"));
    for at in [&record, &edit] {
        assert_eq!(livia.get(at).await.status, 404, "another clinic's");
    }
    assert_eq!(livia.form(&edit, &with(&ANA, "versao", "1")).await.status, 404);
    assert_eq!(livia.form(&standing, &[("versao", "1"), ("motivo", "moved")]).await.status, 404);
    for text in ["xavantina", "52998224725", "11977771234"] {
        assert!(!livia.form(SEARCH, &[("q", text)]).await.text().contains("Xavantina"), "{text}");
    }
    for name in [BRENO, MARTA] {
        let mut other = enter(&site, name).await;
        for at in ["/pacientes", NEW, &record, &edit] {
            assert_eq!(other.get(at).await.status, 403, "{name} {at}");
        }
        assert_eq!(other.form(SEARCH, &[("q", "xavantina")]).await.status, 403, "{name}");
        assert_eq!(other.form(NEW, &ANA).await.status, 403, "{name}");
        assert_eq!(other.form(&edit, &with(&ANA, "versao", "1")).await.status, 403, "{name}");
    }
    let mut otavio = doctor(&site, OTAVIO).await;
    assert_eq!(otavio.get(&record).await.status, 200);
    let opened = "SELECT count(*) FROM audit_logs WHERE action = 'patient_opened' AND patient_id IS NOT NULL
                   AND details ->> 'purpose' IN ('care', 'scheduling')";
    assert_eq!(number(&stand.superuser().await, opened).await, 2);
    // The patient's consents are as much the clinic's as the patient.
    let consents = format!("{record}/consentimentos");
    let page = jussara.get(&consents).await.text().to_owned();
    let hidden = |name: &str| {
        let rest = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap().1;
        rest.split('"').next().unwrap().to_owned()
    };
    let (text, hash) = (hidden("texto"), hidden("resumo"));
    let agree = [("texto", text.as_str()), ("resumo", hash.as_str()), ("finalidade", "marketing")];
    let changed = [("texto", text.as_str()), ("resumo", "00"), ("finalidade", "marketing")];
    assert_eq!(jussara.form(&consents, &changed).await.status, 409, "another text than was shown");
    assert_eq!(jussara.form(&consents, &with(&agree, "desenho", "data:image/png;base64,AAAA")).await.status, 422);
    assert_eq!(jussara.form(&consents, &with(&agree, "finalidade", "ai_in_care")).await.status, 422);
    assert_eq!(livia.form(&consents, &agree).await.status, 404);
    assert_eq!(livia.get(&consents).await.status, 404);
    assert_eq!(jussara.form(&consents, &agree).await.status, 303);
    assert_eq!(jussara.form(&consents, &agree).await.status, 409, "once");
    let page = jussara.get(&consents).await.text().to_owned();
    let act = page.split_once("/comprovante.pdf").unwrap().0.rsplit('/').next().unwrap().to_owned();
    let proof = format!("{consents}/{act}/comprovante.json");
    assert!(jussara.get(&proof).await.text().contains("Xavantina"));
    assert_eq!(livia.get(&proof).await.status, 404);
    let end = format!("{consents}/marketing/revogar");
    assert_eq!(livia.form(&end, &[("como", "in_person")]).await.status, 404);
    assert_eq!(jussara.form(&end, &[("como", "telepathy")]).await.status, 409);
    assert_eq!(jussara.form(&end, &[("como", "letter")]).await.status, 303);
    let standing = "SELECT count(*) FROM patients WHERE data_consent_status = 'withdrawn' AND version = 1";
    assert_eq!(number(&stand.superuser().await, standing).await, 1);
    // Nothing of it in an address or in the server's log.
    let log = String::from_utf8_lossy(&site.output()).into_owned();
    for planted in ["Xavantina", "xavantina", "52998224725", "529.982", "97777"] {
        assert!(!log.contains(planted), "{planted} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn bad_input_is_named_and_nothing_typed_is_lost() {
    let stand = Stand::with_keys().await;
    let site = stand.demo();
    let mut jussara = enter(&site, JUSSARA).await;
    let long = "a".repeat(300);
    for (field, wrong) in [
        ("nome", "Q"),
        ("nome", long.as_str()),
        ("nome", "😀😀😀"),
        ("nome", "Ana\u{202e}aicúL"),
        ("nascimento", "2999-01-01"),
        ("nascimento", "29/02/1981"),
        ("cpf", "529.982.247-26"),
        ("telefone", "97777-1234"),
        ("mae", "<script>alert(1)</script>"),
    ] {
        let refused = jussara.form(NEW, &with(&ANA, field, wrong)).await;
        assert_eq!(refused.status, 422, "{field} {wrong}");
        let page = refused.text();
        assert!(page.contains(&format!("id=\"{field}-erro\"")), "{field} {wrong}");
        assert!(field == "nome" || page.contains("Ana Lúcia Xavantina de Souza"), "what was typed is there again");
        assert!(!page.contains("<script>alert"));
    }
    for odd in ["'; DROP TABLE patients; --", "%", "_", "\\", "(", "😀", "\u{202e}", "null"] {
        assert_eq!(jussara.form(SEARCH, &[("q", odd)]).await.status, 200, "{odd}");
    }
    assert_eq!(jussara.form(SEARCH, &[("q", "a\0b")]).await.status, 422);
    assert_eq!(jussara.form(SEARCH, &[("q", &"a".repeat(201))]).await.status, 422);
    for odd in ["x", "00000000-0000-0000-0000-000000000000", "..%2f..", "1"] {
        assert_eq!(jussara.get(&format!("/pacientes/{odd}")).await.status, 404, "{odd}");
    }

    // Twice the same: refused by document, asked about by name; two at one record: the later one is told.
    let record = jussara.form(NEW, &ANA).await.header("location").to_owned();
    let same = jussara.form(NEW, &ANA).await;
    assert!(same.status == 422 && same.text().contains("já tem este documento"));
    let alike = with(&with(&ANA, "cpf", ""), "sem_documento", "undocumented");
    let asked = jussara.form(NEW, &alike).await;
    assert!(asked.status == 409 && asked.text().contains("Já é paciente?"));
    assert_eq!(jussara.form(NEW, &with(&alike, "mesmo_assim", "sim")).await.status, 303);
    let edit = format!("{record}/editar");
    let mut helena = enter(&site, HELENA).await;
    let seen = |fields: &[(&'static str, &'static str)]| with(fields, "versao", "1");
    assert_eq!(helena.form(&edit, &seen(&with(&ANA, "telefone", "(11) 96666-0000"))).await.status, 303);
    let late = jussara.form(&edit, &seen(&with(&ANA, "mae", "Rita de Cássia"))).await;
    assert!(late.status == 409 && late.text().contains("Rita de Cássia"), "what the later one typed is there");
    assert!(jussara.get(&record).await.text().contains("(11) 96666-0000"), "what the first one saved stays");
    let standing = format!("{record}/situacao");
    assert_eq!(jussara.form(&standing, &[("versao", "2"), ("motivo", "")]).await.status, 422);
    assert_eq!(jussara.form(&standing, &[("versao", "1"), ("motivo", "moved")]).await.status, 409);
    assert_eq!(jussara.form(&standing, &[("versao", "2"), ("motivo", "moved")]).await.status, 303);
    assert!(jussara.get(&record).await.text().contains("Inativo: Mudou de clínica ou de cidade"));
    assert_eq!(jussara.form(&standing, &[("versao", "3")]).await.status, 303);
}
