//! The agenda over HTTP: whose it is, what is refused, and what bad input gets.

use serde_json::{Value, json};

use crate::support::doctor::{BRENO, HELENA, JUSSARA, LIVIA, MARTA, doctor, enter};
use crate::support::number;
use crate::support::site::Stand;

const NEW: &str = "/agenda/novo";
const DAY: &str = "2030-03-04";

/// A professional, a service and hours in every clinic, with one patient of Jussara's.
async fn furnish(stand: &Stand) -> [String; 3] {
    let admin = stand.superuser().await;
    admin
        .batch_execute(
            "INSERT INTO professionals (clinic_id, full_name, council_license, license_number, license_state)
             SELECT id, 'Dra. Íris Campos', 'CRM', '7001', 'SP' FROM clinics;
             INSERT INTO service_types (clinic_id, name, duration_minutes)
             SELECT id, 'Avaliação da portaria', 30 FROM clinics;
             INSERT INTO professional_services (clinic_id, professional_id, service_type_id)
             SELECT p.clinic_id, p.id, s.id FROM professionals p JOIN service_types s ON s.clinic_id = p.clinic_id
              WHERE p.license_number = '7001' AND s.name = 'Avaliação da portaria';
             INSERT INTO working_hours (clinic_id, professional_id, weekday, starts, ends)
             SELECT clinic_id, id, d, '08:00', '18:00' FROM professionals, generate_series(1, 5) d WHERE license_number = '7001'",
        )
        .await
        .unwrap();
    let clinic = "(SELECT clinic_id FROM members WHERE display_name LIKE 'Jussara%')";
    let mut ids = Vec::new();
    for sql in [
        "SELECT id::text FROM patients WHERE is_active AND clinic_id = {} ORDER BY medical_record_number LIMIT 1",
        "SELECT id::text FROM professionals WHERE license_number = '7001' AND clinic_id = {}",
        "SELECT id::text FROM service_types WHERE name = 'Avaliação da portaria' AND clinic_id = {}",
    ] {
        ids.push(admin.query_one(&sql.replace("{}", clinic), &[]).await.unwrap().get(0));
    }
    ids.try_into().unwrap()
}

fn booking<'a>(ids: &'a [String; 3], hour: &'a str) -> Vec<(&'a str, &'a str)> {
    let [patient, professional, service] = ids;
    vec![
        ("paciente", patient.as_str()),
        ("profissional", professional),
        ("servico", service),
        ("dia", DAY),
        ("hora", hour),
        ("modalidade", "in_person"),
    ]
}

fn with<'a>(fields: &[(&'a str, &'a str)], name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    fields.iter().copied().filter(|(known, _)| *known != name).chain([(name, value)]).collect()
}

fn data(first: &str, days: i64) -> String {
    format!("/agenda/dados?dia={first}&dias={days}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_agenda_is_the_clinics_and_of_who_works_with_patients() {
    let stand = Stand::with_keys().await;
    let site = stand.demo();
    let ids = furnish(&stand).await;
    let mut jussara = enter(&site, JUSSARA).await;
    assert_eq!(jussara.form(NEW, &booking(&ids, "09:00")).await.status, 303);
    let day = jussara.get_json(&data(DAY, 1)).await.value();
    let entry =
        day["entries"].as_array().unwrap().iter().find(|entry| entry["professional"] == ids[1].as_str()).unwrap();
    let at = format!("/agenda/{}", entry["id"].as_str().unwrap());
    let page = jussara.get(&at).await;
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));

    let moved =
        json!({ "version": 1, "starts": "2030-03-04T10:00", "minutes": 30, "professional": ids[1], "room": null });
    let mut livia = doctor(&site, LIVIA).await;
    assert_eq!(livia.get(&at).await.status, 404, "another clinic's");
    assert_eq!(livia.form(&format!("{at}/situacao"), &[("versao", "1"), ("situacao", "arrived")]).await.status, 404);
    assert_eq!(livia.json(&format!("{at}/mover"), &moved).await.status, 404);
    let theirs = livia.get_json(&data(DAY, 42)).await.value();
    assert!(!theirs.to_string().contains(&ids[1]), "nobody of another clinic");
    for (field, id) in [("paciente", &ids[0]), ("profissional", &ids[1]), ("servico", &ids[2])] {
        let page = livia.form(NEW, &with(&booking(&ids, "11:00"), field, id)).await;
        assert_eq!(page.status, 422, "{field} of another clinic");
    }
    for name in [BRENO, MARTA] {
        let mut other = enter(&site, name).await;
        for path in ["/agenda", NEW, "/agenda/horarios", at.as_str(), &data(DAY, 1)] {
            assert_eq!(other.get(path).await.status, 403, "{name} {path}");
        }
        assert_eq!(other.form(NEW, &booking(&ids, "11:00")).await.status, 403, "{name}");
        assert_eq!(other.json(&format!("{at}/mover"), &moved).await.status, 403, "{name}");
    }
    let mut helena = enter(&site, HELENA).await;
    assert_eq!(helena.json(&format!("{at}/mover"), &moved).await.status, 200);
    let late = jussara.json(&format!("{at}/mover"), &moved).await;
    assert_eq!(late.status, 409, "of two, the later one is told");
    // Which patients each of them had before them is in the trail; no name is in the log.
    let seen = "SELECT count(DISTINCT user_id) FROM audit_logs WHERE action IN ('agenda_viewed', 'appointment_opened')";
    assert_eq!(number(&stand.superuser().await, seen).await, 2);
    let log = String::from_utf8_lossy(&site.output()).into_owned();
    let called = entry["patient"].as_str().unwrap();
    assert!(!log.contains(called), "a patient's name is in the log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn bad_input_at_the_agenda_is_named_and_nothing_chosen_is_lost() {
    let stand = Stand::with_keys().await;
    let site = stand.demo();
    let ids = furnish(&stand).await;
    let mut jussara = enter(&site, JUSSARA).await;
    let good = booking(&ids, "09:00");
    for (field, wrong) in [
        ("paciente", "x"),
        ("paciente", "00000000-0000-0000-0000-000000000000"),
        ("profissional", "'; DROP TABLE appointments; --"),
        ("servico", ""),
        ("sala", "00000000-0000-0000-0000-000000000000"),
        ("equipamento", "1"),
        ("dia", "2030-02-30"),
        ("dia", "0000-00-00"),
        ("dia", "99999-01-01"),
        ("hora", "25:00"),
        ("hora", "9h"),
        ("minutos", "0"),
        ("minutos", "99999999999999999999"),
        ("semanas", "-1"),
        ("semanas", "53"),
        ("modalidade", "telemedicine"),
        ("modalidade", "<script>"),
    ] {
        let refused = jussara.form(NEW, &with(&good, field, wrong)).await;
        assert_eq!(refused.status, 422, "{field} {wrong}");
        let page = refused.text();
        assert!(page.contains("field-error"), "{field} {wrong}");
        assert!(
            field == "servico" || page.contains(&format!("value=\"{}\" selected", ids[2])),
            "what was chosen is there"
        );
    }
    for query in
        ["dia=x&dias=1", "dia=2030-01-01&dias=0", "dia=2030-01-01&dias=43", "dia=2030-01-01&dias=-9223372036854775808"]
    {
        assert_eq!(jussara.get_json(&format!("/agenda/dados?{query}")).await.status, 422, "{query}");
    }
    assert_eq!(jussara.get_json("/agenda/dados").await.status, 400);
    for odd in ["x", "00000000-0000-0000-0000-000000000000", "..%2f..", "1"] {
        assert_eq!(jussara.get(&format!("/agenda/{odd}")).await.status, 404, "{odd}");
    }
    // Days that there are not, and services of nobody, are no way to make the page fail.
    assert_eq!(jussara.get("/agenda?dia=2030-13-45&profissional=x").await.status, 200);
    assert_eq!(jussara.get("/agenda/horarios?servico=00000000-0000-0000-0000-000000000000").await.status, 404);

    assert_eq!(jussara.form(NEW, &good).await.status, 303);
    let refused = jussara.form(NEW, &good).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("O profissional já atende") && refused.text().contains("O paciente já tem"));
    let day = jussara.get_json(&data(DAY, 1)).await.value();
    let id = day["entries"][0]["id"].as_str().unwrap().to_owned();
    let step = |status| vec![("versao", "1"), ("situacao", status)];
    let act = format!("/agenda/{id}/situacao");
    assert_eq!(jussara.form(&act, &step("married")).await.status, 422);
    assert_eq!(jussara.form(&act, &step("cancelled")).await.status, 422, "without a reason");
    assert_eq!(jussara.form(&act, &step("rescheduled")).await.status, 409);
    assert_eq!(jussara.form(&act, &step("completed")).await.status, 409);
    let to = format!("/agenda/{id}/mover");
    let whole =
        json!({ "version": 1, "starts": "2030-03-04T10:00", "minutes": 30, "professional": ids[1], "room": null });
    for (member, wrong) in [
        ("starts", json!("2030-03-04T10:00:00Z")),
        ("starts", json!("9999-12-31T23:59")),
        ("minutes", json!(0)),
        ("minutes", json!(i64::MAX)),
        ("professional", json!("x")),
        ("version", Value::Null),
    ] {
        let mut body = whole.clone();
        body[member] = wrong;
        assert_eq!(jussara.json(&to, &body).await.status, 422, "{member}");
    }
    let mut outside = whole.clone();
    outside["starts"] = json!("2030-03-04T20:00");
    let refused = jussara.json(&to, &outside).await;
    assert_eq!((refused.status, refused.header("content-type")), (409, "application/problem+json"));
    assert_eq!(refused.value()["may_insist"], true);
    outside["anyway"] = json!(true);
    assert_eq!(jussara.json(&to, &outside).await.status, 200);
}
