//! The manual as a file.

use std::fmt::Write;

use sigilo_domain::{AuditQuery, audit_query::Step};

use super::{CHAPTERS, GLOSSARY, ROLES, SCRIPT, WHY, deletion, kept_for, periods, queries, table, tables};

/// The manual as Markdown.
pub fn markdown() -> String {
    let mut out = String::from(
        "# Manual de auditoria\n\n\
         Como mostrar a um auditor da ANPD o que o Sigilo faz com dados pessoais. Gerado do próprio sistema: tabelas, prazos e\n\
         consultas são os desta versão. No produto, a mesma página está em `/manual`, com os números da clínica; o que cada\n\
         coluna guarda está lá e em [data-map.md](data-map.md).\n\n\
         Para ver os registros, entre como auditor ou encarregado e abra **Auditoria → Consultas do manual**: cada número\n\
         citado aqui é uma consulta pronta. Todas só leem.\n\n\
         ## Quem pode o quê\n\n| Perfil | O que faz |\n| --- | --- |\n",
    );
    for (role, may) in ROLES {
        let _ = writeln!(out, "| {role} | {may} |");
    }
    out.push_str(
        "\n## Mapa das tabelas\n\n| Nome | Tabela | O que guarda | Por quanto tempo |\n| --- | --- | --- | --- |\n",
    );
    for (name, table, period) in tables() {
        let _ = writeln!(out, "| {} | `{name}` | {} | {period} |", table.title, table.about);
    }
    out.push_str("\n# Capítulos\n");
    for chapter in &CHAPTERS {
        let _ = write!(out, "\n## {}\n\n", chapter.title);
        for paragraph in chapter.what {
            let _ = write!(out, "{paragraph}\n\n");
        }
        if !chapter.places.is_empty() {
            out.push_str("**Onde fica na tela**\n\n");
            for (way, path) in chapter.places {
                let _ = writeln!(out, "- {way}: `{path}`");
            }
        }
        if !chapter.tables.is_empty() {
            out.push_str("\n**Onde fica registrado**\n\n");
            for name in chapter.tables {
                if let Some((table, period)) = table(name) {
                    let _ = writeln!(out, "- {} (`{name}`): {} Guarda: {period}.", table.title, table.about);
                }
            }
        }
        if let Some(step) = chapter.step {
            out.push_str(
                "\n**Como ver**\n\n| Consulta | Pergunta | O que se espera | Fundamento |\n| --- | --- | --- | --- |\n",
            );
            for query in queries(step) {
                let _ =
                    writeln!(out, "| {} | {} | {} | {} |", query.code(), query.question, query.expected, query.article);
            }
        }
    }
    let _ = write!(
        out,
        "\n# Prazos de guarda\n\n{WHY} A Visão geral da conformidade conta quantas linhas passaram de cada prazo.\n"
    );
    out.push_str("\n| Prazo | De quê | Como se conta | Fundamento | No fim | Quem faz |\n| --- | --- | --- | --- | --- | --- |\n");
    for period in periods() {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            period.title,
            kept_for(&period.code),
            period.about,
            period.source,
            period.at_end,
            period.how
        );
    }
    out.push_str(
        "\n# O que a exclusão de uma conta faz\n\n| Tabela | O que acontece | Por quê |\n| --- | --- | --- |\n",
    );
    for (name, fate, reason) in deletion() {
        let title = table(name).map_or(name, |(table, _)| table.title.as_str());
        let _ = writeln!(out, "| {title} (`{name}`) | {fate} | {reason} |");
    }
    out.push_str(
        "\n# Perguntas rápidas\n\n| Pergunta do auditor | Consulta | O que se espera | Fundamento |\n| --- | --- | --- | --- |\n",
    );
    for query in AuditQuery::all().iter().filter(|query| query.step == Step::Quick) {
        let _ = writeln!(out, "| {} | {} | {} | {} |", query.question, query.code(), query.expected, query.article);
    }
    out.push_str(
        "\n# Roteiro de demonstração\n\n\
         São as oito demonstrações da simulação de auditoria (capítulo 12), que o Sigilo faz sozinho numa clínica inventada. À mão,\n\
         na sua clínica, deixam registros de teste que não se apagam.\n\n",
    );
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
