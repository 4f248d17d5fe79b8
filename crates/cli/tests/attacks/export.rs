//! A member's own data: the page shows what the file holds, and neither holds anybody else's.

use serde_json::Value;

use crate::support::doctor::{LIVIA, OTAVIO, doctor};
use crate::support::http::Visitor;
use crate::support::site::Stand;

pub async fn download(visitor: &mut Visitor, form: &str) -> crate::support::http::Answer {
    visitor.form("/account/exportar", &[("formato", form)]).await
}

/// The values of each table as a page shows them, by the table's name.
fn shown(page: &str) -> Vec<(String, usize, Vec<String>)> {
    let sections = page.split("<section class=\"own-table\" id=\"").skip(1);
    sections
        .map(|section| {
            let section = section.split_once("</section>").unwrap().0;
            let (name, rest) = section.split_once('"').unwrap();
            let rows = rest.split_once("data-rows=\"").unwrap().1.split_once('"').unwrap().0.parse().unwrap();
            let cells = rest.split("<dd>").skip(1).map(|cell| plain(cell.split_once("</dd>").unwrap().0)).collect();
            (name.to_owned(), rows, cells)
        })
        .collect()
}

fn plain(cell: &str) -> String {
    let text = match cell.strip_prefix("<time datetime=\"") {
        Some(rest) => rest.split_once('"').unwrap().0,
        None => cell,
    };
    [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn wanted(value: &Value) -> String {
    match value {
        Value::Null => "<i>sem valor</i>".into(),
        Value::Bool(true) => "sim".into(),
        Value::Bool(false) => "não".into(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(list) if !list.is_empty() && list.iter().all(Value::is_string) => {
            list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        other => format!("{other:#}"),
    }
}

/// The values of a page, table by table, are those of the JSON document. The page says of no column which it is, so the
/// values of a row are compared as a set.
fn same(page: &str, document: &Value) {
    let tables = document["tabelas"].as_object().unwrap();
    let shown = shown(page);
    assert_eq!(shown.len(), tables.len());
    for (name, rows, cells) in shown {
        let lines = tables[&name]["linhas"].as_array().unwrap();
        assert_eq!(rows, lines.len(), "{name}");
        let width = cells.len() / rows.max(1);
        for (line, seen) in lines.iter().zip(cells.chunks(width.max(1))) {
            let mut wanted: Vec<_> = line.as_object().unwrap().values().map(wanted).collect();
            let mut seen = seen.to_vec();
            wanted.sort();
            seen.sort();
            assert_eq!(seen, wanted, "{name}");
        }
    }
}

#[tokio::test]
async fn the_page_shows_exactly_what_the_file_holds() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let mut otavio = doctor(&site, OTAVIO).await;
    let id = otavio.conversation().await;
    assert_eq!(otavio.say(&id, "=1+1 <b>dor</b> & \"febre\" há 3 dias").await.status, 200);
    let words = "<script>alert(1)</script> a especialidade está errada";
    assert_eq!(otavio.form("/account/pedidos", &[("direito", "correction"), ("descricao", words)]).await.status, 303);
    crate::support::all_answered(&stand.superuser().await).await;

    let document = download(&mut otavio, "json").await.value();
    assert_eq!(document["tabelas"]["messages"]["linhas"].as_array().unwrap().len(), 2);
    let page = otavio.get("/account/dados").await;
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("<script>alert"));
    same(&page.text(), &document);
    let file = download(&mut otavio, "html").await;
    assert!(file.header("content-disposition").contains("meus-dados-sigilo.html"));
    same(&file.text(), &document);
    let sheets = download(&mut otavio, "csv").await;
    assert_eq!((sheets.header("content-type"), &sheets.body[..4]), ("application/zip", &b"PK\x03\x04"[..]));
    let packed = String::from_utf8_lossy(&sheets.body);
    for table in document["tabelas"].as_object().unwrap().keys() {
        assert!(packed.contains(&format!("{table}.csv")), "{table}");
    }

    let mut livia = doctor(&site, LIVIA).await;
    for form in ["json", "html", "csv"] {
        let theirs = download(&mut livia, form).await;
        assert!(!String::from_utf8_lossy(&theirs.body).contains("Otávio"), "{form}");
    }
    assert_eq!(download(&mut livia, "xml").await.status, 422);
    assert!(!livia.get("/account/dados").await.text().contains("Otávio"));
}
