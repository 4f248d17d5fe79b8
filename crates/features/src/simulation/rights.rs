//! Demonstrations 6 to 8: the rights of the doctor, the protections, and what is kept.

use std::time::Instant;

use sigilo_domain::audit_query::Level;
use sigilo_report::{Finding, Stage};

use super::{
    cast::{Cast, Person},
    eye::{Eye, Told, expect},
};
use crate::{
    Error, Result,
    console::{self, Kind, Question},
    manual,
    rights::{self, Receipt, Show, Verified},
};

/// 6. She asks for her account to be deleted.
pub(super) async fn deletion(eye: &Eye<'_>, cast: &Cast, doctor: &Person) -> Result<Vec<Stage>> {
    let (app, user) = (eye.app, doctor.user);
    let link = rights::delete_account(app, &doctor.session(), rights::CONFIRMATION).await?;
    let out = rights::own(app, &doctor.session()).await;
    let asked = eye.look(
        Told {
            done: "Na Área de Membros, ela clicou em “Excluir minha conta” e confirmou.",
            stored: "data_subject_requests",
            article: "LGPD, art. 18, VI, e § 5º",
        },
        format!(
            "SELECT request_type, status, requested_at, deadline_at, deadline_at - requested_at AS dias_corridos\nFROM data_subject_requests\nWHERE requester_user_id = '{user}'"
        ),
        |seen| {
            let days = |span: &str| span.split(' ').next().and_then(|days| days.parse::<u32>().ok());
            expect(
                seen.len() == 1 && seen.all("dias_corridos", |span| days(span).is_some_and(|days| (19..=21).contains(&days))),
                "O pedido existe, e o banco calculou o prazo de 15 dias úteis.",
                "O pedido ou o prazo não está lá.",
            )
        },
    );
    let trail = eye.look(
        Told { done: "O pedido foi para a trilha sozinho.", stored: "audit_logs", article: "LGPD, art. 37" },
        format!("SELECT action, resource_type, details, created_at\nFROM audit_logs\nWHERE action = 'data_request_created' AND user_id = '{user}'"),
        |seen| expect(seen.len() == 1, "A trilha tem o pedido.", "A trilha não tem o pedido."),
    );
    let signed_out = Told {
        done: "Todas as sessões dela terminaram; ela tentou abrir uma página.",
        stored: "access_logs",
        article: "LGPD, art. 46",
    }
    .found(expect(
        out.err() == Some(Error::NotSignedIn),
        "Ela não entra mais.",
        "A sessão dela continuou valendo.",
    ));
    let mut stages = vec![asked.await?, trail.await?, signed_out];
    stages.extend(fulfilment(eye, cast, doctor, link.expose()).await?);
    Ok(stages)
}

/// The same request, carried out by two people and a job.
async fn fulfilment(eye: &Eye<'_>, cast: &Cast, doctor: &Person, link: &str) -> Result<Vec<Stage>> {
    let app = eye.app;
    let open = rights::list(app, &cast.dpo.session(), Show::Open, None).await?;
    let request = open.iter().find(|request| request.requester_user_id == doctor.user).ok_or(Error::NotFound)?;
    rights::take_up(app, &cast.dpo.session(), request.id, request.version).await?;
    rights::draft(app, &cast.dpo.session(), request.id).await?;
    let alone = rights::approve(app, &cast.dpo.session(), request.id).await;
    let second = Told {
        done: "O encarregado preparou o plano de exclusão, tabela por tabela, e tentou aprová-lo sozinho.",
        stored: "fulfilment_plans",
        article: "LGPD, arts. 16 e 18, VI",
    }
    .found(expect(
        matches!(alone, Err(Error::Conflict(_))),
        "O banco exigiu uma segunda pessoa.",
        "Uma pessoa só conseguiu preparar e aprovar.",
    ));
    rights::approve(app, &cast.owner.session(), request.id).await?;
    let began = Instant::now();
    let receipt = loop {
        let followed = rights::follow(app, &cast.owner.session().client, link).await?;
        let receipt = followed.receipt.zip(followed.receipt_signature);
        if receipt.is_some() || !super::again_soon(began).await {
            break receipt;
        }
    };
    let verified = match receipt {
        Some((receipt, signature)) => {
            let document = Receipt { receipt, signature, key: rights::public_key(app)? }.document();
            rights::verify(&document, None) == Verified::Yes
        }
        None => false,
    };
    let closed = Told {
        done: "A dona da clínica aprovou, o Sigilo executou o plano e assinou um recibo. Conferimos a assinatura.",
        stored: "fulfilment_plans",
        article: "LGPD, art. 18, § 4º",
    }
    .found(expect(
        verified,
        "O recibo está assinado pela chave desta instalação, e qualquer pessoa o confere com “sigilo receipt verify”.",
        "O recibo não veio em um minuto, ou a assinatura não confere.",
    ));
    let user = doctor.user;
    let gone = eye.look(
        Told {
            done: "Procuramos o que restou dela.",
            stored: "messages, conversations, profiles; as provas ficam",
            article: "LGPD, arts. 16, I, e 18, VI",
        },
        format!(
            "SELECT (SELECT count(*) FROM messages WHERE user_id = '{user}') AS mensagens,\n       (SELECT count(*) FROM conversations WHERE user_id = '{user}') AS conversas,\n       (SELECT full_name FROM profiles WHERE id = '{user}') AS nome,\n       (SELECT count(*) FROM anonymization_logs WHERE user_id = '{user}') AS provas_guardadas"
        ),
        |seen| {
            let none = seen.all("mensagens", |n| n == "0") && seen.all("conversas", |n| n == "0");
            expect(
                none && seen.all("nome", |name| name == "Conta encerrada") && seen.all("provas_guardadas", |n| n != "0"),
                "Conversas e mensagens foram apagadas, o nome foi anonimizado, e ficaram só as provas que a lei manda guardar.",
                "Ainda há dados dela que o plano mandava apagar, ou faltam provas.",
            )
        },
    );
    Ok(vec![second, closed, gone.await?])
}

/// 7. What holds even against somebody who tries.
pub(super) async fn protections(eye: &Eye<'_>, cast: &Cast, doctor: &Person) -> Result<Vec<Stage>> {
    let app = eye.app;
    let rls = eye.manual(
        Told {
            done: "Perguntamos ao catálogo do banco pela segurança por linha.",
            stored: "pg_tables",
            article: "LGPD, art. 46",
        },
        24,
        &[],
    );
    let rules = eye.manual(
        Told {
            done: "E pelas regras que tornam a trilha imutável.",
            stored: "pg_rewrite",
            article: "LGPD, arts. 37 e 46",
        },
        25,
        &[],
    );
    let guards = eye.look(
        Told {
            done: "E pelos gatilhos que recusam mudar, apagar ou esvaziar as três tabelas de registro, e pelos que escrevem na trilha sozinhos.",
            stored: "pg_trigger",
            article: "LGPD, arts. 37 e 46",
        },
        "SELECT c.relname AS tabela, t.tgname AS gatilho\nFROM pg_trigger t\nJOIN pg_class c ON c.oid = t.tgrelid\nJOIN pg_namespace n ON n.oid = c.relnamespace\nWHERE n.nspname = 'public' AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgname IN ('no_change', 'no_truncate', 'audit_insert', 'audit_update', 'audit_delete')\nORDER BY t.tgname DESC, c.relname".into(),
        |seen| {
            let pairs: Vec<(&str, &str)> = seen.column("tabela").into_iter().zip(seen.column("gatilho")).collect();
            let guarded = ["access_logs", "audit_trail", "audit_logs"]
                .iter()
                .all(|table| pairs.contains(&(table, "no_change")) && pairs.contains(&(table, "no_truncate")));
            const WRITERS: [&str; 3] = ["audit_insert", "audit_update", "audit_delete"];
            let watched = ["profiles", "conversations", "messages", "consent_records", "data_subject_requests"];
            expect(
                guarded && watched.iter().all(|table| WRITERS.iter().all(|name| pairs.contains(&(table, name)))),
                "Os registros de acesso e as duas tabelas da trilha são guardados, e as tabelas vigiadas escrevem sozinhas.",
                "Falta um gatilho que protege ou que escreve.",
            )
        },
    );
    let user = [("[ID_DO_MEDICO]", doctor.user.to_string())];
    let accesses = eye.manual(
        Told {
            done: "Olhamos os acessos da médica.",
            stored: "access_logs",
            article: "Marco Civil da Internet, art. 15",
        },
        17,
        &user,
    );
    let question = Question { kind: Kind::Sql, sql: "DELETE FROM audit_logs".into(), unmask: None };
    let refused = console::ask(app, &cast.dpo.session(), &question).await?;
    let erased = Told {
        done: "O encarregado escreveu “DELETE FROM audit_logs” no console de auditoria.",
        stored: "audit_console_runs guarda a tentativa",
        article: "LGPD, art. 46",
    }
    .found(expect(
        refused.result.is_err(),
        "Recusado: o console só lê, e a tentativa ficou registrada.",
        "O comando foi aceito.",
    ));
    let all = rights::list(app, &cast.dpo.session(), Show::All, None).await?;
    let request = all.first().ok_or(Error::NotFound)?.id;
    let stranger = rights::open(app, &cast.outsider.session(), request).await.err();
    let own = rights::open(app, &cast.dpo.session(), request).await.is_ok();
    let neighbour = Told {
        done: "A responsável por outra clínica tentou abrir o pedido da médica, com o identificador certo.",
        stored: "nada é mostrado",
        article: "LGPD, art. 46",
    }
    .found(expect(
        own && stranger == Some(Error::NotFound),
        "Para ela o pedido não existe; para o encarregado desta clínica, abre.",
        "A outra clínica viu o pedido, ou o encarregado não o viu.",
    ));
    Ok(vec![rls.await?, rules.await?, guards.await?, accesses.await?, erased, neighbour])
}

/// The quick questions, and for how long each table is kept.
pub(super) async fn retention(eye: &Eye<'_>) -> Result<Vec<Stage>> {
    let mut stages = Vec::new();
    for number in 27..=34 {
        let query = sigilo_domain::AuditQuery::of(number).ok_or(Error::Internal)?;
        let told = Told { done: query.question, stored: "perguntas rápidas do manual", article: query.article };
        stages.push(eye.manual(told, number, &[]).await?);
    }
    let known = manual::tables();
    let kept = eye.look(
        Told {
            done: "Comparamos as tabelas que existem no banco com a tabela de guarda.",
            stored: "pg_tables",
            article: "LGPD, arts. 15 e 16",
        },
        "SELECT tablename\nFROM pg_tables\nWHERE schemaname = 'public'\nORDER BY tablename".into(),
        |seen| {
            let has_period = |name: &str| known.iter().any(|(table, _, period)| *table == name && !period.is_empty());
            let sentence = format!(
                "As {} tabelas têm finalidade, base legal e prazo de guarda, que o relatório e o manual listam.",
                seen.len()
            );
            expect(seen.all("tablename", has_period), &sentence, "Há tabela sem prazo de guarda.")
        },
    );
    stages.push(kept.await?);
    Ok(stages)
}

/// The level of a demonstration: as its worst stage; what is nothing to judge here should have been there.
pub(super) fn worst(stages: &[Stage]) -> Finding {
    let with = |level: Level| stages.iter().filter(|stage| stage.finding.level == level).count();
    let (problems, attention) = (with(Level::Problem), with(Level::Attention));
    match (stages.len(), problems, attention) {
        (0, ..) => Finding { level: Level::Problem, sentence: "Nada foi mostrado.".into() },
        (_, 0, 0) => Finding { level: Level::Ok, sentence: format!("{} passos, todos como se espera.", stages.len()) },
        (_, 0, n) => {
            Finding { level: Level::Attention, sentence: format!("{n} de {} passos pedem atenção.", stages.len()) }
        }
        (_, n, _) => Finding {
            level: Level::Problem,
            sentence: format!("{n} de {} passos não saíram como se espera.", stages.len()),
        },
    }
}
