//! A report about invented people.
#![allow(dead_code, reason = "each test file uses its part")]

use sigilo_domain::audit_query::{AuditQuery, Level};
use sigilo_report::{
    Answered, Clock, Demonstration, Evidence, Fact, Finding, Incident, Outcome, Period, Report, Request, Retention,
    SCHEMA, Stage,
};
use time::macros::{date, datetime};

pub fn finding(level: Level, sentence: &str) -> Finding {
    Finding { level, sentence: sentence.into() }
}

fn clock(name: &str, done: Option<&str>, level: Level, sentence: &str) -> Clock {
    Clock {
        name: name.into(),
        until: "18/11/2026".into(),
        done: done.map(str::to_owned),
        finding: finding(level, sentence),
    }
}

/// One of the manual's, with these columns and rows.
pub fn answered(number: u8, columns: &[&str], rows: Vec<Vec<Option<String>>>) -> Answered {
    let query = AuditQuery::of(number).expect("from 1 to 34");
    Answered {
        code: query.code(),
        step: query.step.label().into(),
        title: query.title.into(),
        question: query.question.into(),
        expected: query.expected.into(),
        article: query.article.into(),
        parameters: Vec::new(),
        sql: query.sql().into(),
        outcome: Outcome::Rows {
            finding: finding(Level::ALL[usize::from(number) % 5], "O que as linhas dizem, em uma frase."),
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            rows,
            truncated: false,
            masked: true,
            hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
            run: "01a21e90-2773-7973-81d3-98e6fe09a0c0".into(),
        },
    }
}

pub fn report() -> Report {
    let rows = |n: usize, columns: usize| -> Vec<Vec<Option<String>>> {
        (0..n)
            .map(|row| {
                (0..columns)
                    .map(|column| match column {
                        0 => Some(format!("01a21e90-2773-7973-81d3-98e6fe09a{row:03}")),
                        1 => Some("•••".into()),
                        2 => None,
                        _ => Some(format!("2026-11-{:02} 14:05:09.123456+00", 1 + row % 28)),
                    })
                    .collect()
            })
            .collect()
    };
    let mut queries: Vec<Answered> = (1..=34)
        .map(|number| match number % 3 {
            0 => answered(number, &["id", "full_name", "crm_number", "created_at"], rows(12, 4)),
            1 => answered(
                number,
                &["id", "user_id", "role", "created_at", "updated_at", "expires_at", "revoked_at", "seen_at"],
                rows(3, 8),
            ),
            _ => answered(number, &["resultado"], vec![vec![Some("OK: Nenhuma imagem foi armazenada.".into())]]),
        })
        .collect();
    queries[3].parameters = vec![Fact::new("Médico", "CRM 123456/SP, desde 03/11/2026")];
    queries[4].outcome = Outcome::NotAsked { why: "Nenhuma conversa foi feita ainda.".into() };
    queries[5].outcome = Outcome::Failed {
        why: "A consulta passou de 20 segundos e foi cancelada.".into(),
        run: "01a21e90-2773-7973-81d3-98e6fe09a0c1".into(),
    };
    Report {
        schema: SCHEMA,
        id: "01a21e90-2773-7973-81d3-98e6fe09a0ff".into(),
        clinic: "Clínica Jardim das Acácias".into(),
        issued_by: "Breno Salgueiro (encarregado)".into(),
        issued_at: datetime!(2026-11-28 17:05:09 UTC),
        period: Period { from: date!(2026 - 11 - 01), to: date!(2026 - 11 - 28) },
        demo: true,
        versions: vec![Fact::new("Sigilo", "0.1.0"), Fact::new("Esquema do banco", "0011")],
        figures: vec![Fact::new("Entradas", "42"), Fact::new("Mensagens enviadas", "317")],
        queries,
        demonstrations: vec![Demonstration {
            title: "Cadastro".into(),
            what: "Crie uma conta de teste.".into(),
            article: "LGPD, art. 37".into(),
            finding: finding(Level::Ok, "Perfil, entrada e trilha foram criados."),
            stages: vec![Stage {
                done: "Criou uma conta com chave de acesso.".into(),
                stored: "profiles".into(),
                article: "LGPD, art. 7º, V".into(),
                finding: finding(Level::Ok, "Um perfil com CRM pendente."),
                evidence: Some(Evidence {
                    code: "SQL-01".into(),
                    sql: "SELECT crm_number\nFROM profiles".into(),
                    columns: vec!["crm_number".into()],
                    rows: vec![vec![Some("PENDENTE".into())]],
                    count: 1,
                    hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
                    run: "01a21e90-2773-7973-81d3-98e6fe09a0c2".into(),
                }),
            }],
        }],
        requests: Some(vec![Request {
            reference: "e6fe09a0".into(),
            right: "Acesso aos dados".into(),
            article: "LGPD, art. 18, II".into(),
            asked: "03/11/2026".into(),
            status: "Concluído".into(),
            clock: clock("Responder", Some("10/11/2026"), Level::Ok, "Respondido dentro do prazo."),
        }]),
        incidents: Some(vec![Incident {
            reference: "e6fe09b1".into(),
            kind: "Acesso não autorizado".into(),
            severity: "Alta".into(),
            detected: "13/11/2026 às 09:12".into(),
            affected: "3".into(),
            judgement: "Precisa ser comunicado".into(),
            status: "Em aberto".into(),
            drill: false,
            clocks: vec![
                clock("Comunicar a ANPD", Some("16/11/2026"), Level::Ok, "Comunicado dentro do prazo."),
                clock("Comunicar os titulares", None, Level::Problem, "O prazo venceu e não há registro."),
            ],
        }]),
        retention: vec![Retention {
            table: "sensitive_data_detection_logs".into(),
            about: "Uma linha por dado encontrado em uma mensagem.".into(),
            basis: "Obrigação legal".into(),
            period: "5 anos".into(),
        }],
    }
}
