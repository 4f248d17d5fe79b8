//! The living manual: what happens at each step, where it is recorded and for how long, put together from the catalogue of
//! queries and the classification of every column, so that it cannot drift from the system. The page and
//! `docs/manual-de-auditoria.md` come from here.

use std::fmt::Write;

use sigilo_domain::{AuditQuery, audit_query::Step};
use sigilo_store::classification::{Classification, Table};

/// One chapter.
pub struct Chapter {
    /// The part of the journey.
    pub step: Step,
    /// What happens, a paragraph each.
    pub what: &'static [&'static str],
    /// The tables in which it is recorded.
    pub tables: &'static [&'static str],
}

/// Every chapter, in the order of a doctor's journey.
pub const CHAPTERS: [Chapter; 9] = [
    Chapter {
        step: Step::SignUp,
        what: &[
            "O médico entra com uma chave de acesso do próprio aparelho ou com a conta da clínica (por exemplo, do Google). Não existe senha: nada que se possa vazar ou adivinhar.",
            "Na primeira vez, o banco cria o perfil sozinho, com CRM “PENDENTE” e estado “XX”, e a trilha registra a criação. Cada entrada guarda endereço IP, navegador e horário.",
        ],
        tables: &["profiles", "members", "access_logs", "audit_logs"],
    },
    Chapter {
        step: Step::Consents,
        what: &[
            "O médico completa nome, CRM, estado e especialidade, e decide sobre quatro consentimentos, um por um, sem nenhuma caixa já marcada: termos de uso, tratamento de dados, uso de IA e processamento de imagens.",
            "Cada decisão vira um registro próprio, com o resumo do texto exato que foi mostrado. Revogar é tão simples quanto conceder e vale na hora: sem o consentimento de IA, o próprio banco recusa gravar mensagens.",
        ],
        tables: &["profiles", "consent_records", "audit_logs"],
    },
    Chapter {
        step: Step::Messages,
        what: &[
            "O texto passa pelo removedor no servidor, antes de ser gravado ou enviado. CPF, telefone, e-mail, RG, endereço, CEP, prontuário e nomes viram marcas como [CPF REMOVIDO]; números clínicos, como PA 120x80, ficam.",
            "O texto original nunca é gravado. Fica um resumo com chave, que só quem ainda tem o original consegue comprovar, e uma linha para cada dado encontrado. O texto resultante é “desidentificado”: o Sigilo não afirma que seja anônimo no sentido do art. 12 da LGPD.",
        ],
        tables: &["conversations", "messages", "anonymization_logs", "sensitive_data_detection_logs", "audit_logs"],
    },
    Chapter {
        step: Step::Images,
        what: &[
            "Até três imagens por mensagem, de 5 MB cada, em JPEG, PNG ou WebP. O formato é conferido por dentro, os metadados saem, e a imagem existe só na memória: não há pasta nem tabela que a guarde.",
            "Depois de usada, a memória é zerada, e o instante do descarte é registrado. Do arquivo ficam apenas o resumo, o tamanho e o tipo.",
        ],
        tables: &["image_processing_logs", "audit_logs"],
    },
    Chapter {
        step: Step::Answers,
        what: &[
            "A resposta traz hipóteses, raciocínio, referências e o aviso de que o diagnóstico é do médico. O aviso é escrito pelo servidor, e só conta como exibido quando o navegador confirma.",
            "A IA não pode escrever identificadores de artigos. Cada referência citada é procurada no índice local ou no PubMed e comparada campo por campo; a que não existe é mostrada como não encontrada, e um artigo retratado aparece em vermelho.",
            "O médico aceita, edita ou rejeita. A explicação de cada resposta diz modelo, versões, tempos e o que foi conferido.",
        ],
        tables: &[
            "messages",
            "ai_answers",
            "ai_reference_checks",
            "explainability_logs",
            "ai_review_events",
            "audit_logs",
        ],
    },
    Chapter {
        step: Step::Accesses,
        what: &[
            "Entradas, saídas, desbloqueios e tentativas sem sucesso são registrados, com o motivo da falha e a duração da sessão. Depois de alguns erros, a conta espera antes de aceitar outra tentativa.",
            "A tela se bloqueia sozinha depois de alguns minutos parada, e quem volta desbloqueia sem perder o que escrevia.",
        ],
        tables: &["access_logs", "audit_trail", "audit_logs"],
    },
    Chapter {
        step: Step::Deletion,
        what: &[
            "Na Área de Membros (/account), “Excluir minha conta” mostra o que sai e o que fica por lei, pede confirmação e encerra todas as sessões, com a frase “Sua conta sera excluida conforme previsto na LGPD” e um link para acompanhar.",
            "O banco calcula o prazo de 15 dias úteis. Uma pessoa responsável prepara o plano, tabela por tabela; outra o aprova; o Sigilo executa e assina um recibo que qualquer um confere.",
        ],
        tables: &["data_subject_requests", "request_events", "fulfilment_plans", "audit_logs"],
    },
    Chapter {
        step: Step::Rights,
        what: &[
            "Os direitos do art. 18 cabem em cinco tipos do registro: access, rectification, deletion, portability e objection. O acesso simplificado é imediato: os dados estão na Área de Membros e podem ser baixados.",
            "O que precisa de alguém fica na mesa de pedidos, com dois relógios: 15 dias úteis e, para informação, os 15 dias corridos do art. 19, II. Recusar exige motivo e artigo.",
        ],
        tables: &["data_subject_requests", "request_events"],
    },
    Chapter {
        step: Step::Protections,
        what: &[
            "Segurança por linha (RLS): o banco só entrega a cada pessoa as linhas que ela pode ver, em todas as tabelas, mesmo que alguém use a conexão da aplicação para escrever comandos próprios. Uma clínica nunca vê a outra.",
            "A trilha só cresce: duas regras (audit_logs_no_update e audit_logs_no_delete), gatilhos e permissões impedem mudar ou apagar. Isso detém a aplicação e as pessoas; ainda não detém quem administra a máquina, e o Sigilo não afirma o contrário.",
            "Gatilhos automáticos escrevem na trilha a cada mudança de profiles, conversations, messages, consent_records, data_subject_requests, audit_grants e fulfilment_plans.",
        ],
        tables: &["audit_logs", "audit_trail", "audit_grants", "audit_console_runs"],
    },
];

/// What may be shown to an auditor, step by step, each with the queries that prove it.
pub const SCRIPT: [(&str, &str, &[u8]); 8] = [
    ("Cadastro", "Crie uma conta de teste e mostre o perfil, a entrada e a trilha.", &[1, 2, 3]),
    ("Consentimento", "Complete o cadastro e mostre os quatro registros.", &[4, 5, 6]),
    (
        "Remoção de dados",
        "Envie “Paciente com CPF 123.456.789-00” e mostre a marca no lugar do número, a prova e o dado encontrado.",
        &[7, 8, 9, 10],
    ),
    ("Imagem que não fica", "Envie uma imagem de teste e mostre o descarte.", &[11, 12, 30]),
    (
        "Explicação da IA",
        "Mostre a resposta, abra uma referência e mostre a explicação e o aviso.",
        &[13, 14, 15, 16, 32],
    ),
    ("Direitos do titular", "Clique em “Excluir minha conta” e mostre o pedido com o prazo.", &[20, 21, 22, 26, 31]),
    ("Segurança", "Mostre a segurança por linha, as regras da trilha e os acessos.", &[17, 18, 24, 25]),
    ("Prazos de guarda", "Execute as perguntas rápidas e confira a tabela de guarda.", &[27, 28, 29, 33, 34]),
];

/// Words that an auditor may ask about.
pub const GLOSSARY: [(&str, &str); 14] = [
    ("ANPD", "Agência Nacional de Proteção de Dados, que fiscaliza a LGPD."),
    ("DPO ou encarregado", "Quem responde pelos dados pessoais na clínica (LGPD, art. 41)."),
    ("Desidentificar", "Tirar do texto o que diz de quem ele é. Não é o mesmo que anonimizar."),
    (
        "Hash, SHA-256 ou resumo",
        "Um código calculado de um texto ou arquivo. Muda se uma letra mudar; do código não se volta ao texto.",
    ),
    ("HMAC", "Um resumo que só pode ser calculado com uma chave, guardada fora do banco."),
    ("NTAV", "“Never trust, always verify”: toda referência da IA é conferida antes de ser dada por certa."),
    ("PMID", "O número de um artigo no PubMed. A IA nunca o escreve; o Sigilo o obtém do próprio PubMed."),
    ("OAuth / OpenID Connect", "Entrar com a conta de outro serviço, sem que o Sigilo veja a senha."),
    ("Chave de acesso (passkey)", "Uma chave guardada no aparelho e liberada por digital, rosto ou PIN."),
    ("RLS", "Segurança por linha: o banco decide quais linhas cada pessoa pode ver."),
    ("ROPA", "Registro das operações de tratamento (LGPD, art. 37)."),
    ("SSE", "Forma de a resposta aparecer na tela enquanto é escrita."),
    ("Trigger ou gatilho", "O que o banco faz sozinho quando algo muda, como escrever na trilha."),
    ("Trilha", "O registro de tudo o que foi feito, que só cresce."),
];

/// The queries of a part, in order.
pub fn queries(step: Step) -> impl Iterator<Item = &'static AuditQuery> {
    AuditQuery::all().iter().filter(move |query| query.step == step)
}

/// A table's description and its period.
pub fn table(name: &str) -> Option<(&'static Table, &'static str)> {
    let all = Classification::of_the_product();
    let table = all.public_tables().find(|(known, _)| *known == name)?.1;
    Some((table, all.retention(table.retention())?.title.as_str()))
}

/// Every table with its period, in the order in which people read them.
pub fn tables() -> Vec<(&'static str, &'static Table, &'static str)> {
    let all = Classification::of_the_product();
    all.public_tables()
        .map(|(name, table)| (name, table, all.retention(table.retention()).map_or("", |rule| rule.title.as_str())))
        .collect()
}

/// The manual as Markdown.
pub fn markdown() -> String {
    let mut out = String::from(
        "# Manual de auditoria\n\n\
         Como mostrar a um auditor da ANPD o que o Sigilo faz com dados pessoais. Gerado do próprio sistema: tabelas, prazos e\n\
         consultas são os desta versão. No produto, a mesma página está em `/manual`.\n\n\
         Para ver os registros, entre como auditor ou encarregado e abra **Auditoria → Consultas do manual**: cada número\n\
         citado aqui é uma consulta pronta. Todas só leem.\n\n\
         ## Mapa das tabelas\n\n| Tabela | O que guarda | Por quanto tempo |\n| --- | --- | --- |\n",
    );
    for (name, table, period) in tables() {
        let _ = writeln!(out, "| `{name}` | {} | {period} |", table.about);
    }
    out.push_str("\n# A jornada, passo a passo\n");
    for chapter in &CHAPTERS {
        let _ = write!(out, "\n## {}\n\n", chapter.step.label());
        for paragraph in chapter.what {
            let _ = write!(out, "{paragraph}\n\n");
        }
        out.push_str("**Onde fica registrado**\n\n");
        for name in chapter.tables {
            if let Some((table, period)) = table(name) {
                let _ = writeln!(out, "- `{name}`: {} Guarda: {period}.", table.about);
            }
        }
        out.push_str(
            "\n**Como ver**\n\n| Consulta | Pergunta | O que se espera | Fundamento |\n| --- | --- | --- | --- |\n",
        );
        for query in queries(chapter.step) {
            let _ = writeln!(out, "| {} | {} | {} | {} |", query.code(), query.question, query.expected, query.article);
        }
    }
    out.push_str(
        "\n# Perguntas rápidas\n\n| Pergunta do auditor | Consulta | O que se espera | Fundamento |\n| --- | --- | --- | --- |\n",
    );
    for query in queries(Step::Quick) {
        let _ = writeln!(out, "| {} | {} | {} | {} |", query.question, query.code(), query.expected, query.article);
    }
    out.push_str("\n# Roteiro de demonstração\n\n");
    for (at, (title, what, numbers)) in SCRIPT.iter().enumerate() {
        let codes: Vec<String> = numbers.iter().map(|number| format!("SQL-{number:02}")).collect();
        let _ = writeln!(out, "{}. **{title}.** {what} ({})", at + 1, codes.join(", "));
    }
    out.push_str("\n# Glossário\n\n| Termo | O que é |\n| --- | --- |\n");
    for (term, meaning) in GLOSSARY {
        let _ = writeln!(out, "| {term} | {meaning} |");
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::{env, fs};

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/manual-de-auditoria.md");

    #[test]
    fn the_file_says_what_the_system_does() {
        let manual = markdown();
        if env::var_os("UPDATE_DOCS").is_some() {
            fs::write(FILE, &manual).unwrap();
        }
        assert_eq!(
            fs::read_to_string(FILE).unwrap(),
            manual,
            "run: UPDATE_DOCS=1 cargo test -p sigilo-features manual"
        );
    }

    #[test]
    fn every_table_query_and_question_of_the_manual_is_in_it() {
        let manual = markdown();
        for name in [
            "profiles",
            "conversations",
            "messages",
            "audit_logs",
            "access_logs",
            "anonymization_logs",
            "image_processing_logs",
            "consent_records",
            "sensitive_data_detection_logs",
            "data_subject_requests",
            "explainability_logs",
            "security_incident_logs",
        ] {
            assert!(manual.contains(&format!("| `{name}` |")), "{name}");
        }
        for query in AuditQuery::all() {
            assert!(manual.contains(&query.code()) && manual.contains(query.question), "{}", query.code());
        }
        for chapter in &CHAPTERS {
            for name in chapter.tables {
                assert!(table(name).is_some(), "{name} is no table");
            }
        }
        let shown: std::collections::BTreeSet<u8> =
            SCRIPT.iter().flat_map(|(_, _, numbers)| *numbers).copied().collect();
        assert!(shown.len() >= 28 && shown.iter().all(|number| AuditQuery::of(*number).is_some()));
        for article in [
            "art. 8º",
            "art. 16",
            "arts. 16 e 18, VI",
            "art. 19",
            "art. 20",
            "art. 37",
            "art. 46",
            "art. 48",
            "Marco Civil",
        ] {
            assert!(manual.contains(article), "{article}");
        }
    }
}
