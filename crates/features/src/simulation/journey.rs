//! Demonstrations 1 to 5: what a doctor does, and what is recorded of it.

use std::time::Instant;

use sigilo_domain::ConsentType;
use sigilo_report::{Finding, Stage};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    again_soon,
    cast::{Cast, DOCTOR, Person},
    eye::{Eye, Seen, Told, expect, problem},
};
use crate::{
    App, Error, Result,
    answer::{self, Decision, Update, Verdict},
    conversation, message, onboarding,
};

/// The number of the manual's script; its check digits are wrong on purpose, so that it is nobody's.
const CPF: &str = "123.456.789-00";
const NOTE: &str =
    "Paciente com CPF 123.456.789-00, 58 anos, com dor no peito em aperto há 2 horas, suor frio e náusea. PA 150x90.";
/// Drawn by a program: an oval on grey.
const IMAGE: &[u8] = include_bytes!("image.png");

/// What happened so far, for what comes after.
#[derive(Default)]
pub(super) struct Scene {
    pub(super) conversation: Option<Uuid>,
    answer: Option<Uuid>,
}

/// 1. Somebody joins.
pub(super) async fn sign_up(eye: &Eye<'_>, doctor: &Person) -> Result<Vec<Stage>> {
    let user = doctor.user;
    let profile = eye.look(
        Told {
            done: "Uma médica inventada recebeu um convite, abriu o link e cadastrou uma chave de acesso. O banco criou o perfil sozinho.",
            stored: "profiles",
            article: "LGPD, art. 7º, V",
        },
        format!("SELECT id, full_name, crm_number, crm_state, specialty, created_at\nFROM profiles\nWHERE id = '{user}'"),
        |seen| {
            let pending = seen.all("crm_number", |crm| crm == "PENDENTE") && seen.all("crm_state", |state| state == "XX");
            expect(
                seen.len() == 1 && pending && seen.all("full_name", |name| name == DOCTOR),
                "Há um perfil, com CRM “PENDENTE” e estado “XX” até que ela os informe.",
                "O perfil não foi criado como deveria.",
            )
        },
    );
    let access = eye.look(
        Told {
            done: "A entrada ficou registrada.",
            stored: "access_logs",
            article: "Marco Civil da Internet, art. 15",
        },
        format!("SELECT action, ip_address, user_agent, success, created_at\nFROM access_logs\nWHERE user_id = '{user}'\nORDER BY created_at"),
        |seen| {
            let whole = seen.all("ip_address", |ip| !ip.is_empty()) && seen.all("user_agent", |agent| !agent.is_empty());
            expect(
                whole && seen.column("action").contains(&"login"),
                "A entrada tem endereço IP, navegador e horário.",
                "Falta a entrada, ou o endereço IP dela.",
            )
        },
    );
    let trail = eye.look(
        Told {
            done: "O banco escreveu na trilha que o perfil foi criado, sem que a aplicação pedisse.",
            stored: "audit_logs",
            article: "LGPD, art. 37",
        },
        format!(
            "SELECT action, resource_type, resource_id, created_at\nFROM audit_logs\nWHERE action = 'create' AND resource_type = 'profiles' AND resource_id = '{user}'"
        ),
        |seen| expect(seen.len() == 1, "A trilha tem a criação do perfil, uma vez.", "A trilha não tem a criação do perfil."),
    );
    Ok(vec![profile.await?, access.await?, trail.await?])
}

/// 2. She decides.
pub(super) async fn consent(eye: &Eye<'_>, doctor: &Person, scene: &mut Scene) -> Result<Vec<Stage>> {
    let (app, user) = (eye.app, doctor.user);
    let conversation = conversation::create(app, &doctor.session()).await?;
    scene.conversation = Some(conversation);
    let early = send(app, doctor, conversation, "Tosse há 3 dias.", Vec::new()).await;
    let refused = Told {
        done: "Antes de qualquer consentimento, ela tentou mandar uma mensagem ao assistente.",
        stored: "nada é gravado",
        article: "LGPD, art. 8º",
    }
    .found(expect(
        matches!(early, Err(Error::ConsentRequired(_))),
        "O próprio banco recusou: sem o consentimento de IA nenhuma mensagem é gravada.",
        "A mensagem não foi recusada.",
    ));
    let command = onboarding::Command {
        full_name: DOCTOR.into(),
        crm_number: "123456".into(),
        crm_state: "SP".into(),
        specialty: "Clínica médica".into(),
        consents: ConsentType::ALL.to_vec(),
        shown: Vec::new(),
    };
    onboarding::complete(app, &doctor.session(), command).await?;
    let profile = eye.look(
        Told {
            done: "Ela informou um CRM de teste e a especialidade.",
            stored: "profiles",
            article: "LGPD, art. 6º, V",
        },
        format!("SELECT crm_number, crm_state, specialty\nFROM profiles\nWHERE id = '{user}'"),
        |seen| {
            expect(
                seen.all("crm_number", |crm| crm != "PENDENTE"),
                "O perfil está completo.",
                "O CRM continua pendente.",
            )
        },
    );
    let consents = eye.look(
        Told {
            done: "Marcou os quatro consentimentos, um por um; nenhum vinha marcado.",
            stored: "consent_records",
            article: "LGPD, arts. 7º, I, e 8º",
        },
        format!(
            "SELECT consent_type, consent_version, granted, granted_at, ip_address, legal_basis\nFROM consent_records\nWHERE user_id = '{user}'\nORDER BY created_at ASC"
        ),
        |seen| {
            let granted = seen.all("granted", |granted| granted == "true") && seen.all("ip_address", |ip| !ip.is_empty());
            expect(
                seen.len() == 4 && granted && seen.all("legal_basis", |basis| !basis.is_empty()),
                "Quatro registros, cada um com versão do texto, data, IP e base legal.",
                "Não há um registro inteiro para cada consentimento.",
            )
        },
    );
    let trail = eye.look(
        Told { done: "Cada decisão foi para a trilha.", stored: "audit_logs", article: "LGPD, art. 8º, § 2º" },
        format!("SELECT action, resource_type, details, created_at\nFROM audit_logs\nWHERE action = 'consent_granted' AND user_id = '{user}'"),
        |seen| expect(seen.len() == 4, "Quatro atos na trilha.", "A trilha não tem os quatro atos."),
    );
    Ok(vec![refused, profile.await?, consents.await?, trail.await?])
}

/// 3. She writes to the assistant.
pub(super) async fn deidentify(eye: &Eye<'_>, cast: &Cast, doctor: &Person, scene: &mut Scene) -> Result<Vec<Stage>> {
    let conversation = scene.conversation.ok_or(Error::NotFound)?;
    let sent = send(eye.app, doctor, conversation, NOTE, Vec::new()).await?;
    let id = sent.message.id;
    // Somebody has to watch: what nobody waits for is not written to its end.
    if let Some(answer) = sent.answer {
        scene.answer = hear(eye.app, doctor, answer).await?;
    }
    let stored = eye.look(
        Told {
            done: "Ela escreveu “Paciente com CPF 123.456.789-00, 58 anos, com dor no peito…”.",
            stored: "messages",
            article: "LGPD, arts. 6º, III, e 46",
        },
        format!("SELECT role, content, content_hash, created_at\nFROM messages\nWHERE id = '{id}'"),
        |seen| {
            expect(
                seen.all("content", |text| {
                    text.contains("[CPF REMOVIDO]") && !text.contains(CPF) && text.contains("150x90")
                }),
                "No lugar do CPF está [CPF REMOVIDO]; a pressão e a idade, que são clínicas, ficaram.",
                "O CPF não foi trocado pela marca.",
            )
        },
    );
    let proof = eye.look(
        Told { done: "Ficou a prova da remoção.", stored: "anonymization_logs", article: "LGPD, art. 6º, X" },
        format!(
            "SELECT original_content_hash, entities_detected, anonymization_method, sensitive_data_found, processing_time_ms\nFROM anonymization_logs\nWHERE message_id = '{id}'"
        ),
        |seen| {
            expect(
                seen.len() == 1 && seen.all("sensitive_data_found", |found| found == "true") && seen.all("original_content_hash", |hash| hash.len() == 64),
                "Há uma linha, com o resumo com chave do original, o método e o tempo.",
                "Falta a prova da remoção.",
            )
        },
    );
    let found = eye.look(
        Told {
            done: "Ficou também o que foi encontrado, sem o valor.",
            stored: "sensitive_data_detection_logs",
            article: "LGPD, art. 37",
        },
        format!(
            "SELECT detection_type, detection_method, confidence_score, action_taken\nFROM sensitive_data_detection_logs\nWHERE message_id = '{id}'"
        ),
        |seen| {
            expect(
                seen.column("detection_type").contains(&"cpf") && seen.all("action_taken", |action| action != "kept"),
                "O CPF está na lista, e foi removido.",
                "O CPF não está entre os achados.",
            )
        },
    );
    let nowhere = eye.look(
        Told {
            done: "Procuramos o número em todas as mensagens da clínica.",
            stored: "em lugar nenhum",
            article: "LGPD, art. 46",
        },
        format!("SELECT count(*) AS mensagens_com_o_numero\nFROM messages\nWHERE content LIKE '%{CPF}%' OR content LIKE '%12345678900%'"),
        |seen| expect(seen.all("mensagens_com_o_numero", |n| n == "0"), "O número não está guardado.", "O número está guardado."),
    );
    let (own, other) = (doctor.session(), cast.colleague.session());
    let opens = conversation::open(eye.app, &own, conversation).await.is_ok();
    let refused = conversation::open(eye.app, &other, conversation).await.err() == Some(Error::NotFound);
    let colleague = Told {
        done: "Um colega da mesma clínica tentou abrir a conversa dela, com o endereço certo.",
        stored: "nada é mostrado",
        article: "LGPD, art. 46",
    }
    .found(expect(
        opens && refused,
        "Para ele a conversa não existe; para ela, abre.",
        "O colega viu a conversa, ou a médica não a viu.",
    ));
    Ok(vec![stored.await?, proof.await?, found.await?, nowhere.await?, colleague])
}

/// 4. She sends an image.
pub(super) async fn image(eye: &Eye<'_>, doctor: &Person, scene: &Scene) -> Result<Vec<Stage>> {
    let conversation = scene.conversation.ok_or(Error::NotFound)?;
    let images = answer::prepare_images(eye.app, vec![Zeroizing::new(IMAGE.to_vec())], true)?;
    let sent = send(eye.app, doctor, conversation, "Segue a imagem de teste. Há algo a notar?", images).await?;
    if let Some(answer) = sent.answer
        && let Some(stored) = hear(eye.app, doctor, answer).await?
    {
        answer::disclaimer_rendered(eye.app, &doctor.session(), stored).await?;
    }
    let told = || Told {
        done: "Ela mandou uma imagem de teste. O assistente respondeu, e a memória em que ela estava foi zerada.",
        stored: "image_processing_logs",
        article: "LGPD, art. 16",
    };
    let sql = format!(
        "SELECT image_hash, image_size_bytes, image_mime_type, processed_at, discarded_at, storage_proof\nFROM image_processing_logs\nWHERE conversation_id = '{conversation}'"
    );
    // Its row is written when the last holder has let go, which may be after the answer is whole.
    let began = Instant::now();
    let discarded = loop {
        let stage = eye.look(told(), sql.clone(), discarded).await?;
        let there = stage.evidence.as_ref().is_some_and(|evidence| evidence.count > 0);
        if there || !again_soon(began).await {
            break stage;
        }
    };
    let nowhere = eye.look(
        Told {
            done: "Listamos as colunas do banco em que uma imagem caberia.",
            stored: "em lugar nenhum",
            article: "LGPD, art. 6º, III",
        },
        "SELECT table_name, column_name, data_type\nFROM information_schema.columns\nWHERE table_schema = 'public' AND data_type = 'bytea' AND column_name !~ '_(hash|index|sealed|signature|key|token|binding)$'\nORDER BY 1, 2"
            .into(),
        |seen| {
            let reports = seen.column("table_name").into_iter().all(|table| table == "audit_report_files");
            expect(
                reports,
                "Tirando resumos, chaves, assinaturas, carimbos e valores cifrados, a única coluna de arquivos guarda relatórios de auditoria. Não há pasta, balde nem tabela de imagens.",
                "Há uma coluna de arquivos que pode guardar imagens.",
            )
        },
    );
    let proof = eye.manual(
        Told { done: "Fizemos a pergunta 30 do manual.", stored: "image_processing_logs", article: "LGPD, art. 16" },
        30,
        &[],
    );
    Ok(vec![discarded, nowhere.await?, proof.await?])
}

fn discarded(seen: &Seen<'_>) -> Finding {
    let proofs = ["processed_in_memory", "never_stored"];
    expect(
        seen.all("discarded_at", |at| !at.is_empty()) && seen.all("storage_proof", |proof| proofs.contains(&proof)),
        "Ficaram o resumo, o tamanho e o instante do descarte; a imagem, não. “never_stored” quer dizer que nem ao modelo ela foi: o motor local não lê imagens.",
        "Falta a prova do descarte.",
    )
}

/// 5. She reads the answer.
pub(super) async fn answer(eye: &Eye<'_>, doctor: &Person, scene: &Scene) -> Result<Vec<Stage>> {
    let Some(id) = scene.answer else {
        let told = Told { done: "Ela esperou a resposta do assistente.", stored: "messages", article: "LGPD, art. 20" };
        return Ok(vec![told.found(problem("O assistente não respondeu: veja se o modelo configurado está no ar."))]);
    };
    let app = eye.app;
    answer::disclaimer_rendered(app, &doctor.session(), id).await?;
    answer::review(app, &doctor.session(), id, "resposta", Decision::Accepted, "").await?;
    let shown = answer::one(app, &doctor.session(), id).await?;
    let fits = shown.references.iter().all(|reference| {
        let claimed = matches!(reference.check.verdict, Verdict::Verified | Verdict::VerifiedWithCorrection);
        let link = reference.check.record.as_ref().map(|record| answer::article_link(record.pmid));
        !claimed || link.is_some_and(|link| link.host_str() == Some("pubmed.ncbi.nlm.nih.gov"))
    });
    let references = shown.references.len();
    let written = eye.look(
        Told { done: "A resposta chegou e foi guardada.", stored: "messages", article: "LGPD, art. 6º, VI" },
        format!("SELECT role, left(content, 400) AS inicio, content_hash, model_used, created_at\nFROM messages\nWHERE id = '{id}'"),
        |seen| expect(seen.all("role", |role| role == "assistant"), "A resposta está guardada, com o modelo que a escreveu.", "A resposta não foi guardada."),
    );
    let checked = eye.look(
        Told {
            done: "Cada referência citada foi conferida; o link de cada uma conferida leva ao artigo no PubMed.",
            stored: "ai_reference_checks",
            article: "CFM 2.454/2026",
        },
        format!("SELECT ordinal, verdict, pmid, source, retracted\nFROM ai_reference_checks\nWHERE message_id = '{id}'\nORDER BY ordinal"),
        |seen| {
            let yes = match references {
                0 => "Esta resposta não citou artigos, e o Sigilo não inventou nenhum.".to_owned(),
                n => format!("{n} referências, cada uma com o seu veredito; nenhuma é dada por certa sem ter sido encontrada."),
            };
            expect(fits && seen.len() >= references, &yes, "Há referência sem conferência, ou conferida sem link para o PubMed.")
        },
    );
    let explained = eye.look(
        Told {
            done: "Ela viu o aviso de que o diagnóstico é dela (aqui a simulação faz o papel do navegador, que confirma que o aviso apareceu) e aceitou a resposta.",
            stored: "explainability_logs",
            article: "LGPD, art. 20; CFM 2.454/2026, art. 15",
        },
        format!(
            "SELECT ai_model_used, explanation_content, disclaimer_shown, human_in_the_loop_confirmed\nFROM explainability_logs\nWHERE message_id = '{id}'"
        ),
        |seen| {
            expect(
                seen.all("disclaimer_shown", |shown| shown == "true")
                    && seen.all("human_in_the_loop_confirmed", |confirmed| confirmed == "true")
                    && seen.all("explanation_content", |text| !text.is_empty()),
                "Há a explicação de como a resposta foi feita, o aviso consta como exibido e a decisão da médica também.",
                "Falta a explicação, o aviso ou a decisão.",
            )
        },
    );
    let message = [("[ID_DA_MENSAGEM]", id.to_string())];
    let trail = eye.manual(
        Told { done: "Olhamos o que a trilha guarda da resposta.", stored: "audit_logs", article: "LGPD, art. 37" },
        16,
        &message,
    );
    Ok(vec![written.await?, checked.await?, explained.await?, trail.await?])
}

async fn send(
    app: &App,
    doctor: &Person,
    conversation: Uuid,
    text: &str,
    images: Vec<answer::Attached>,
) -> Result<message::Sent> {
    message::send(app, &doctor.session(), conversation, Zeroizing::new(text.to_owned()), Vec::new(), images).await
}

/// Watches an answer to its end; its identifier, if it was stored.
async fn hear(app: &App, doctor: &Person, answer: Uuid) -> Result<Option<Uuid>> {
    let mut watch = answer::watch(app, &doctor.session(), answer).await?;
    let mut stored = None;
    while let Some(update) = watch.next().await {
        match update {
            Update::Done(shown) => stored = Some(shown.id),
            Update::Failed(trouble) => stored = trouble.kept.map(|shown| shown.id),
            _ => {}
        }
    }
    Ok(stored)
}
