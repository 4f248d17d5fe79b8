//! Makes docs/data-map.md and the table of docs/retention.md from the classification.

use std::fmt::Write;

use sigilo_store::classification::{Class, Classification, Protection, Table};

const INTRODUCTION: &str = "\
# Mapa de dados

Este documento diz, coluna por coluna, que dados pessoais uma instalação do Sigilo guarda, para quê, com que base legal
e por quanto tempo. Serve de ponto de partida para o registro das operações de tratamento (LGPD, art. 37) e para
responder a titulares e à ANPD.

Ele é **gerado** de `migrations/classification.toml`; não o edite à mão. Um teste compara aquele arquivo com o banco de
dados real nos dois sentidos: uma coluna nova sem classificação, ou uma classificação sem coluna, impede a entrega.

## Como ler

- **A classe é do valor sozinho.** A linha inteira vale pela coluna mais delicada: um horário, ao lado do identificador
  de uma pessoa, diz o que ela fez e quando.
- **Guardado** diz como o valor está no banco: às claras, cifrado ou só como resumo.
- **Exporta** diz se a coluna entra na cópia que o titular pode pedir dos próprios dados (LGPD, arts. 18 e 19). A tela
  de exportação ainda não existe; a classificação já vale para ela.
- **Base legal.** A base indicada é a que o produto propõe para cada tratamento. O manual de auditoria pede ainda quatro
  consentimentos do médico, gravados com as palavras dele (“Art. 7, I” e outras) em `public.consent_records`: são atos à
  parte, e revogá-los não apaga o que a lei manda guardar. A palavra final sobre a base legal é da clínica, que é a
  controladora, e do seu encarregado.
- **Prazo.** O que acontece no fim de cada prazo, e o que disso ainda não está construído, está em
  [retention.md](retention.md).

Fora do mapa: as partições mensais do esquema `trail` (têm as mesmas colunas das tabelas a que pertencem) e o controle de
migrações em `ops`, que não guardam outros dados. Fora do banco, o Sigilo guarda a chave da instalação e as senhas do
próprio banco, na pasta `segredos/`; o que vai para os logs está em [logging.md](logging.md).
";

/// The whole document.
pub fn data_map(classification: &Classification) -> String {
    let mut page = String::from(INTRODUCTION);
    overview(&mut page, classification);
    closed_sets(&mut page, classification);
    page.push_str("\n## As tabelas\n");
    for table in &classification.tables {
        section(&mut page, classification, table);
    }
    page
}

/// One row a retention rule.
pub fn retention_table(classification: &Classification) -> String {
    let mut page = String::new();
    row(&mut page, &["O quê", "Por quanto tempo", "Por quê", "O que acontece no fim", "Quem faz", "Já acontece?"]);
    row(&mut page, &["---"; 6]);
    for rule in &classification.retentions {
        let tables: Vec<&str> = classification
            .tables
            .iter()
            .filter(|table| table.columns.iter().any(|column| table.retention_of(column) == rule.code))
            .map(|table| table.title.as_str())
            .collect();
        let period = format!("**{}.** {}", rule.title, rule.about);
        let built = if rule.built { "sim" } else { "**ainda não**" };
        row(&mut page, &[&tables.join("; "), &period, &rule.source, &rule.at_end, &rule.how, built]);
    }
    page
}

fn overview(page: &mut String, classification: &Classification) {
    page.push_str("\n## Em uma página\n\n");
    row(page, &["Tabela", "O que guarda", "Classe mais delicada", "Prazo"]);
    row(page, &["---"; 4]);
    for table in &classification.tables {
        // A secret says nothing about a person, so it does not speak for the row.
        let worst = table.columns.iter().map(|column| column.class).filter(|class| *class != Class::Secret).max();
        let name = format!("`{}`", table.name);
        let period = title_of(classification, table.retention());
        row(page, &[&name, &table.title, &label(classification, worst.unwrap_or(Class::Secret)), &period]);
    }
}

fn closed_sets(page: &mut String, classification: &Classification) {
    page.push_str("\n## Classes\n\n");
    row(page, &["Classe", "O que é", "Colunas"]);
    row(page, &["---", "---", "--:"]);
    for term in &classification.classes {
        let all = classification.tables.iter().flat_map(|table| &table.columns);
        let count = all.filter(|column| column.class == term.code).count();
        row(page, &[&term.label, &term.about, &count.to_string()]);
    }
    page.push_str("\n## Como os valores são guardados\n\n");
    row(page, &["Forma", "O que é"]);
    row(page, &["---"; 2]);
    for term in &classification.protections {
        row(page, &[&term.label, &term.about]);
    }
    page.push_str("\n## Bases legais usadas\n\n");
    row(page, &["Base legal", "O que diz"]);
    row(page, &["---"; 2]);
    for basis in classification.legal_bases.iter().filter(|basis| basis.code != "none") {
        row(page, &[&basis.code, &basis.about]);
    }
}

fn section(page: &mut String, classification: &Classification, table: &Table) {
    let basis = |code: &str| if code == "none" { "não há dado pessoal".to_owned() } else { code.to_owned() };
    let _ = write!(
        page,
        "\n### {} (`{}`)\n\n{}\n\n- **Finalidade:** {}\n- **Base legal:** {}\n- **Prazo:** {}\n\n",
        table.title,
        table.name,
        table.about,
        table.purpose(),
        basis(table.legal_basis()),
        title_of(classification, table.retention()),
    );
    row(page, &["Coluna", "O que é", "Classe", "Guardado", "Exporta"]);
    row(page, &["---"; 5]);
    let mut notes = String::new();
    for column in &table.columns {
        let kept = match column.protection {
            Protection::Plain => "às claras".to_owned(),
            other => classification.protection(other).map(|term| term.label.clone()).unwrap_or_default(),
        };
        let exported = if column.exported { "sim" } else { "não" };
        let name = format!("`{}`", column.name);
        row(page, &[&name, &column.about, &label(classification, column.class), &kept, exported]);

        let mut own = Vec::new();
        if column.class.is_personal() && table.legal_basis_of(column) != table.legal_basis() {
            own.push(format!("base legal: {}", table.legal_basis_of(column)));
        }
        if table.purpose_of(column) != table.purpose() {
            own.push(format!("finalidade: {}", table.purpose_of(column).trim_end_matches('.')));
        }
        if table.retention_of(column) != table.retention() {
            own.push(format!("prazo: {}", title_of(classification, table.retention_of(column))));
        }
        if !own.is_empty() {
            let _ = writeln!(notes, "- {name} tem regra própria: {}.", own.join("; "));
        }
    }
    if !notes.is_empty() {
        let _ = write!(page, "\n{notes}");
    }
}

fn label(classification: &Classification, class: Class) -> String {
    classification.class(class).map(|term| term.label.clone()).unwrap_or_default()
}

fn title_of(classification: &Classification, code: &str) -> String {
    classification.retention(code).map(|rule| rule.title.clone()).unwrap_or_default()
}

fn row(page: &mut String, cells: &[&str]) {
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}
