//! Invented patients: kept as hashes, found in any message of any clinic, without the writer noticing.
#![allow(clippy::unwrap_used)]

mod support;

use sigilo_assistant::provider::Stop;
use sigilo_domain::ConsentType;
use sigilo_domain::canary::Invented;
use sigilo_features::{
    Error, canary,
    message::{self, Sent},
    suspicion::{self, Draft},
};
use sigilo_store::{Session, SignInTx, Token, WriteTx, account, conversation, job, server::Role, session};
use sigilo_testkit::people::{self, client, event};
use support::{Script, Scripted, Stand, document};
use uuid::Uuid;
use zeroize::Zeroizing;

async fn stand() -> Stand {
    Stand::new(Scripted::new(Script::Say(document(), Stop::Complete))).await
}

/// The drafts after a look.
async fn drafts(stand: &Stand, who: &Session) -> Vec<Draft> {
    stand.database.superuser().await.execute("DELETE FROM ops.job_runs WHERE job = 'suspect'", &[]).await.unwrap();
    assert!(job::run_due(stand.app.db()).await.unwrap().contains(&"suspect"));
    suspicion::list(&stand.app, who).await.unwrap()
}

/// A doctor of another clinic who writes.
async fn writing_stranger(stand: &Stand) -> (Session, Uuid) {
    let stranger = stand.stranger().await;
    let conversation = stand
        .app
        .db()
        .write(&stranger, async |tx: &WriteTx| {
            people::consent(tx, ConsentType::AiProcessing.code()).await?;
            Ok::<_, sigilo_store::Error>((conversation::create(tx).await?, event("test")))
        })
        .await
        .unwrap();
    (stranger, conversation)
}

async fn write(stand: &Stand, who: &Session, conversation: Uuid, text: &str) -> Sent {
    let text = Zeroizing::new(text.to_owned());
    message::send(&stand.app, who, conversation, text, vec![], vec![]).await.unwrap()
}

async fn plant(stand: &Stand) -> Invented {
    canary::create(&stand.app, &stand.session, "Planilha da recepção").await.unwrap()
}

#[tokio::test]
async fn nothing_of_a_canary_is_kept_but_hashes() {
    let stand = stand().await;
    let one = plant(&stand).await;
    let words: Vec<&str> = one.name.split(' ').chain([one.cpf.as_str(), &one.cpf[4..11]]).collect();
    let tables = "SELECT string_agg(format('SELECT coalesce(jsonb_agg(t)::text, '''') FROM %s t', c.oid::regclass), ' UNION ALL ')
                    FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
                     AND c.relnamespace IN ('public'::regnamespace, 'auth'::regnamespace, 'ops'::regnamespace)";
    let everything = stand.text(tables).await;
    let everything = stand.text(&format!("SELECT string_agg(x, ' ') FROM ({everything}) AS all_of (x)")).await;
    assert!(everything.contains("Planilha da recepção"), "the tables are read");
    for word in words {
        assert!(!everything.contains(word), "{word}");
    }
    let [kept] = canary::list(&stand.app, &stand.session).await.unwrap().try_into().unwrap();
    assert_eq!((kept.label.as_str(), kept.retired_at, kept.sightings), ("Planilha da recepção", None, Some(0)));
    assert!(matches!(canary::create(&stand.app, &stand.session, " x ").await, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn from_another_clinic_only_that_it_came_from_outside() {
    let stand = stand().await;
    let one = plant(&stand).await;
    let (stranger, conversation) = writing_stranger(&stand).await;
    let text = format!("Paciente {}, 61 anos, com dor torácica.", one.name);
    let sent = write(&stand, &stranger, conversation, &text).await;
    let plain = write(&stand, &stranger, conversation, "Paciente com dor torácica há 2 horas.").await;
    assert!(sent.notice.is_none() && sent.notice == plain.notice, "the doctor notices nothing");
    assert!(!sent.message.content.contains(one.name.split(' ').next().unwrap()));

    let found = drafts(&stand, &stand.session).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].rule.as_str(), found[0].actor_id, found[0].member_name.clone()), ("canary", None, None));
    assert!(suspicion::list(&stand.app, &stranger).await.unwrap().is_empty(), "the other clinic is told nothing");

    // Neither the other clinic, nor its member, nor its message can be read out of what the canary's clinic sees.
    let clinic = "SELECT clinic_id::text FROM conversations WHERE id = ";
    let other = stand.text(&format!("{clinic}'{conversation}'")).await;
    let member = stand.text(&format!("SELECT user_id::text FROM conversations WHERE id = '{conversation}'")).await;
    let seen = format!(
        "SELECT (SELECT jsonb_agg(s)::text FROM canary_sightings s) || (SELECT jsonb_agg(d)::text FROM incident_drafts d)
             || coalesce((SELECT jsonb_agg(l)::text FROM audit_logs l WHERE l.clinic_id = '{}'), '')",
        stand.clinic
    );
    let seen = stand.text(&seen).await;
    for secret in [other, member, conversation.to_string(), sent.message.id.to_string()] {
        assert!(!seen.contains(&secret), "{secret} in {seen}");
    }
    // The other clinic's own trail does not speak of canaries; the operator follows the request.
    assert_eq!(stand.count("SELECT count(*) FROM audit_logs WHERE resource_type = 'canary_sightings'").await, 0);
    let operator = "SELECT count(*) FROM canary_sightings s JOIN audit_trail t ON t.request_id = s.request_id
                     WHERE t.resource = 'message_sent' AND t.clinic_id <> s.clinic_id";
    assert!(stand.count(operator).await >= 1);
}

#[tokio::test]
async fn from_the_same_clinic_the_account_is_named() {
    let stand = stand().await;
    let one = plant(&stand).await;
    let bare: String = one.cpf.chars().filter(char::is_ascii_digit).collect();
    for text in [format!("CPF {}, retorno em um mês.", one.cpf), format!("cpf: {bare}")] {
        stand.send(&text).await;
    }
    let found = drafts(&stand, &stand.session).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].actor_id, found[0].event_count), (Some(stand.user), 2));
    assert_eq!(found[0].member_name.as_deref(), Some("Dra. Alba Norte"));
    assert_eq!(stand.count("SELECT count(*) FROM canary_sightings WHERE matched = 'cpf'").await, 2);
    // What comes from outside is another draft.
    let (stranger, conversation) = writing_stranger(&stand).await;
    write(&stand, &stranger, conversation, &format!("{} ({})", one.name.to_uppercase(), one.cpf)).await;
    assert_eq!(drafts(&stand, &stand.session).await.len(), 2);
    assert_eq!(stand.count("SELECT count(*) FROM canary_sightings WHERE matched = 'both'").await, 1);

    let confirmed = suspicion::confirm(&stand.app, &stand.session, found[0].id, None).await.unwrap();
    let kind = stand.text(&format!("SELECT incident_type FROM security_incident_logs WHERE id = '{confirmed}'")).await;
    assert_eq!(kind, "vazamento");
}

#[tokio::test]
async fn names_are_found_as_people_paste_them() {
    let stand = stand().await;
    let seen = async || stand.count("SELECT count(*) FROM canary_sightings").await;
    let mut expected = 0;
    for _ in 0..12 {
        let one = plant(&stand).await;
        let list = format!("1. Maria da Silva Souza\n2. {}\n3. João Pedro Alves", one.name);
        let table = format!("Nome;CPF\n{};{}\nAna Paula Ribeiro;529.982.247-25", one.name, one.cpf);
        for text in [format!("Paciente {} veio hoje.", one.name), list, table] {
            stand.send(&text).await;
            expected += 1;
            assert_eq!(seen().await, expected, "{text}");
        }
    }
    // Others' names and numbers, and a part of the name, are nobody's canary.
    let one = plant(&stand).await;
    let part = one.name.rsplit_once(' ').unwrap().0;
    for text in ["Paciente Maria Aparecida da Silva Santos, CPF 529.982.247-25", &format!("Paciente {part} veio.")] {
        stand.send(text).await;
    }
    assert_eq!(seen().await, expected);
}

#[tokio::test]
async fn most_messages_cost_no_statement_and_no_message_costs_two() {
    let stand = stand().await;
    let one = plant(&stand).await;
    let admin = stand.database.superuser().await;
    // Counts its calls besides doing its work.
    admin
        .batch_execute(
            "CREATE SEQUENCE public.looks; GRANT USAGE ON SEQUENCE public.looks TO sigilo_app;
             ALTER FUNCTION app.canary_look(bytea[], bytea[]) RENAME TO canary_look_itself;
             CREATE FUNCTION app.canary_look(cpfs bytea[], names bytea[]) RETURNS void LANGUAGE sql
               AS 'SELECT nextval(''public.looks''); SELECT app.canary_look_itself(cpfs, names)';
             GRANT EXECUTE ON FUNCTION app.canary_look(bytea[], bytea[]) TO sigilo_app",
        )
        .await
        .unwrap();
    let looks = async || stand.count("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM public.looks").await;
    for text in [
        "Dor torácica opressiva há 2 horas, PA 150x90.",
        "Paciente Maria, CPF 529.982.247-25, telefone (11) 98765-4321, ana@clinica.example",
        "Sr. João Batista Alves, prontuário 123456, nascido em 02/03/1961",
    ] {
        stand.send(text).await;
        assert_eq!(looks().await, 0, "{text}");
    }
    let many = format!("{0} {1}\n", one.name, one.cpf).repeat(200);
    stand.send(&many).await;
    assert_eq!(looks().await, 1);
    assert_eq!(stand.count("SELECT count(*) FROM canary_sightings").await, 1, "one message is one sighting");

    // The look reads two indexes, however many canaries there are.
    admin
        .batch_execute(&format!(
            "INSERT INTO canaries (clinic_id, label, cpf_index, name_index, created_by)
               SELECT '{}', 'isca', uuid_send(gen_random_uuid()), uuid_send(gen_random_uuid()), '{}' FROM generate_series(1, 5000);
             ANALYZE canaries",
            stand.clinic, stand.user
        ))
        .await
        .unwrap();
    let plan = admin
        .query(
            "EXPLAIN SELECT FROM canaries c WHERE c.retired_at IS NULL
                AND (c.cpf_index = ANY (ARRAY['\\x00'::bytea, '\\x01']) OR c.name_index = ANY (ARRAY['\\x00'::bytea, '\\x01']))",
            &[],
        )
        .await
        .unwrap();
    let plan: Vec<&str> = plan.iter().map(|row| row.get(0)).collect();
    let plan = plan.join("\n");
    assert!(plan.contains("canaries_cpf") && plan.contains("canaries_name") && !plan.contains("Seq Scan"), "{plan}");
}

#[tokio::test]
async fn a_retired_canary_watches_no_longer() {
    let stand = stand().await;
    let one = plant(&stand).await;
    let [kept] = canary::list(&stand.app, &stand.session).await.unwrap().try_into().unwrap();
    let stranger = stand.stranger().await;
    assert_eq!(canary::retire(&stand.app, &stranger, kept.id).await, Err(Error::NotFound));
    assert!(canary::list(&stand.app, &stranger).await.unwrap().is_empty());
    canary::retire(&stand.app, &stand.session, kept.id).await.unwrap();
    let again = canary::retire(&stand.app, &stand.session, kept.id).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    stand.send(&format!("Paciente {}, CPF {}.", one.name, one.cpf)).await;
    assert_eq!(stand.count("SELECT count(*) FROM canary_sightings").await, 0);
    assert_eq!(stand.count("SELECT count(*) FROM canaries WHERE retired_by IS NOT NULL").await, 1);
}

#[tokio::test]
async fn only_who_answers_for_the_clinic_makes_canaries_and_nobody_reads_anothers() {
    let stand = stand().await;
    plant(&stand).await;
    stand.stranger().await;
    let (client, token) = (client(), Token::from_random(&[50; 32]));
    stand
        .app
        .db()
        .sign_in(&client, async |tx: &SignInTx| -> Result<_, sigilo_store::Error> {
            let user = account::create(tx, true).await?;
            account::create_member(tx, stand.clinic, user.id, "Jussara Tavares", &["receptionist"]).await?;
            session::create(tx, &client, &token, user.id, stand.clinic, "passkey").await
        })
        .await
        .unwrap();
    let reception = Session { token, client };
    assert!(matches!(canary::list(&stand.app, &reception).await, Err(Error::Forbidden(_))));
    assert!(matches!(canary::create(&stand.app, &reception, "Armário da sala 2").await, Err(Error::Forbidden(_))));

    let app_role = stand.database.connect(Role::App).await;
    let set = "SELECT set_config('app.token', $1, false)";
    app_role.execute(set, &[&reception.token.expose()]).await.unwrap();
    assert!(app_role.query("SELECT 1 FROM canaries", &[]).await.unwrap().is_empty());
    let make = "INSERT INTO canaries (label, cpf_index, name_index) VALUES ('isca', '\\x00112233445566778899aabbccddeeff', '\\x00112233445566778899aabbccddeeff')";
    assert_eq!(app_role.execute(make, &[]).await.unwrap_err().code().unwrap().code(), "42501");
    app_role.execute(set, &[&stand.session.token.expose()]).await.unwrap();
    for sql in [
        "DELETE FROM canaries",
        "UPDATE canaries SET label = 'outra'",
        "INSERT INTO canary_sightings (clinic_id, canary_id, matched) SELECT clinic_id, id, 'cpf' FROM canaries",
        "DELETE FROM canary_sightings",
    ] {
        assert_eq!(app_role.execute(sql, &[]).await.unwrap_err().code().unwrap().code(), "42501", "{sql}");
    }
    // The scheduler sees that one was seen, and no hash of any.
    let jobs = stand.database.connect(Role::Jobs).await;
    assert!(jobs.query("SELECT 1 FROM canaries", &[]).await.is_err());
}
