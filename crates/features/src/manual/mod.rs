//! The living manual: what happens at each step, where it is recorded and for how long, put together from the catalogue of
//! queries and the classification of every column, so that it cannot drift from the system. The page and
//! `docs/manual-de-auditoria.md` come from here.

mod chapters;
mod markdown;

use std::collections::HashMap;

use sigilo_domain::{AuditQuery, audit_query::Step};
use sigilo_store::{
    ReadTx, Session,
    classification::{Classification, Retention, Table},
    manual as rows,
};

pub use chapters::{CHAPTERS, Chapter, ROLES, WHY};
pub use markdown::markdown;

use crate::{App, Result, rights};

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
pub const GLOSSARY: [(&str, &str); 24] = [
    ("ANPD", "Agência Nacional de Proteção de Dados, que fiscaliza a LGPD."),
    ("LGPD", "Lei Geral de Proteção de Dados, Lei nº 13.709/2018."),
    ("Marco Civil", "Lei nº 12.965/2014, que manda guardar os registros de acesso."),
    ("CFM, CRM", "O Conselho Federal de Medicina e o registro do médico no conselho do estado."),
    ("DPO ou encarregado", "Quem responde pelos dados pessoais na clínica (LGPD, art. 41)."),
    ("Desidentificar", "Tirar do texto o que diz de quem ele é. Não é o mesmo que anonimizar."),
    (
        "Hash, SHA-256 ou resumo",
        "Um código calculado de um texto ou arquivo. Muda se uma letra mudar; do código não se volta ao texto.",
    ),
    ("HMAC ou resumo com chave", "Um resumo que só pode ser calculado com uma chave, guardada fora do banco."),
    ("NTAV", "“Never trust, always verify”: toda referência da IA é conferida antes de ser dada por certa."),
    (
        "PubMed, PMID",
        "O acervo de artigos médicos da biblioteca nacional dos EUA, e o número de um artigo nele. A IA nunca escreve o número; o Sigilo o obtém do próprio PubMed.",
    ),
    ("Índice local", "A cópia de títulos do PubMed que fica na instalação, para conferir sem internet."),
    ("OAuth / OpenID Connect", "Entrar com a conta de outro serviço, sem que o Sigilo veja a senha."),
    ("Chave de acesso (passkey)", "Uma chave guardada no aparelho e liberada por digital, rosto ou PIN."),
    ("RLS", "Segurança por linha: o banco decide quais linhas cada pessoa pode ver. Nas consultas, “rowsecurity”."),
    ("ROPA", "Registro das operações de tratamento (LGPD, art. 37)."),
    (
        "SQL, consulta",
        "A língua em que se fazem perguntas ao banco, e uma pergunta. SQL-01 a SQL-34 são as do manual, prontas.",
    ),
    ("Linha, coluna, tabela", "O banco guarda tudo em tabelas, como planilhas: cada registro é uma linha."),
    ("NULL", "Sem valor: nada foi escrito ali."),
    ("Metadados", "O que um arquivo traz escondido: data, lugar, aparelho."),
    (
        "Paciente-isca",
        "Um paciente inventado. Se alguém escrever o nome ou o CPF dele, é porque um dado foi parar onde não devia.",
    ),
    ("Token", "Um pedaço de palavra: a medida do que um modelo de IA leu e escreveu."),
    ("SSE", "Forma de a resposta aparecer na tela enquanto é escrita."),
    ("Trigger ou gatilho", "O que o banco faz sozinho quando algo muda, como escrever na trilha."),
    ("Trilha", "O registro de tudo o que foi feito, que só cresce: as tabelas audit_trail e audit_logs."),
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

/// How many rows the member's clinic has of each table, by its name; nothing for who neither audits it nor answers for it.
///
/// # Errors
/// [`crate::Error::NotSignedIn`] or [`crate::Error::Locked`].
pub async fn counts(app: &App, session: &Session) -> Result<HashMap<String, i64>> {
    let names: Vec<&str> = tables().into_iter().map(|(name, ..)| name).collect();
    app.db()
        .read(session, async |tx: &ReadTx| {
            let counts = rows::counts(tx, &names).await?;
            Ok(counts.into_iter().filter_map(|count| count.table_name.zip(count.row_count)).collect())
        })
        .await
}

/// The periods, from the classification: name, from when, by which law, what happens at the end and who makes it happen.
pub fn periods() -> &'static [Retention] {
    &Classification::of_the_product().retentions
}

/// The names of what is kept for a period, by its code; a table some of whose columns have another counts by its own.
pub fn kept_for(code: &str) -> String {
    let tables = Classification::of_the_product().tables.iter().filter(|table| table.retention() == code);
    tables.map(|table| table.title.to_lowercase()).collect::<Vec<_>>().join(", ")
}

/// What the deletion of an account does: table, `Apagar`, `Anonimizar` or `Manter`, and why.
pub fn deletion() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    rights::deletion_rules()
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
