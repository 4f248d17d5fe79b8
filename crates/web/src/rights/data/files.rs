//! The own data as files.

use std::fmt;
use std::io::{Cursor, Write};

use askama::Template;
use askama::filters::HtmlSafe;
use sigilo_features::rights::{Export, ExportedTable};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::cell::{Cell, plain};
use super::{Shown, shown};
use crate::{format, sheet};

/// The file's own look. The site's pages have none of this: their content policy refuses it.
struct Style;

impl HtmlSafe for Style {}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<style>\n{}</style>", include_str!("file.css"))
    }
}

/// One file that shows itself: no script, nothing from elsewhere.
#[derive(Template)]
#[template(path = "rights/data/file.html")]
struct FilePage<'a> {
    clinic: &'a str,
    version: &'a str,
    made: String,
    style: Style,
    tables: Vec<Shown>,
}

pub(super) fn page(export: &Export) -> Option<Vec<u8>> {
    let page = FilePage {
        clinic: &export.clinic_name,
        version: export.version,
        made: format::moment(&export.made_at),
        style: Style,
        tables: shown(export),
    };
    page.render().ok().map(String::into_bytes)
}

/// A CSV a table in one archive.
pub(super) fn zip(export: &Export) -> Option<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for table in &export.tables {
        archive.start_file(format!("{}.csv", table.name), options).ok()?;
        archive.write_all(&csv(table)?).ok()?;
    }
    archive.finish().ok().map(Cursor::into_inner)
}

fn csv(table: &ExportedTable) -> Option<Vec<u8>> {
    let head = table.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    let rows = table.rows.iter().map(|row| row.iter().map(plain).collect());
    sheet::csv(std::iter::once(head).chain(rows)).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Read;

    use serde_json::{Value, json};
    use sigilo_features::rights::ExportedTable;
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;

    /// A table of the product with values that each form could get wrong.
    fn export() -> Export {
        let about = sigilo_store::classification::Classification::of_the_product().table("public.messages").unwrap();
        let columns =
            vec![("content", "O texto."), ("ordinal", "A ordem."), ("structure", "As partes."), ("sent_at", "Quando.")];
        let rows = vec![
            vec![
                json!("=1+1;\"x\"\n<script>alert('a')</script>"),
                json!(-3),
                json!({ "b": [1, null, "&"] }),
                json!("2026-11-28T01:05:00.5+00:00"),
            ],
            vec![json!("2026-11-28T01:05:00Z"), Value::Null, json!(true), Value::Null],
            vec![json!(""), json!(0), json!([]), json!("nunca")],
        ];
        let table = ExportedTable { name: "messages", about, kept: None, columns, rows };
        Export {
            version: "0",
            made_at: datetime!(2026-11-28 01:05 UTC),
            subject: Uuid::nil(),
            clinic: Uuid::nil(),
            clinic_name: "Clínica <b>".into(),
            tables: vec![table],
        }
    }

    fn unzipped(export: &Export) -> Vec<Vec<String>> {
        let mut archive = zip::ZipArchive::new(Cursor::new(zip(export).unwrap())).unwrap();
        assert_eq!(archive.len(), export.tables.len());
        let mut text = String::new();
        archive.by_name("messages.csv").unwrap().read_to_string(&mut text).unwrap();
        let text = text.strip_prefix('\u{feff}').unwrap();
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').has_headers(false).from_reader(text.as_bytes());
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn the_three_forms_hold_the_same_cells() {
        let export = export();
        let table = &export.tables[0];
        let document = export.json();
        let rows = document["tabelas"]["messages"]["linhas"].as_array().unwrap();
        let sheet = unzipped(&export);
        assert_eq!(sheet[0], table.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        assert_eq!((rows.len(), sheet.len()), (3, 4));
        let page = String::from_utf8(page(&export).unwrap()).unwrap();
        let mut shown = page.split("<dd>").skip(1).map(|rest| rest.split_once("</dd>").unwrap().0);
        for (row, line) in rows.iter().zip(&sheet[1..]) {
            for ((name, _), cell) in table.columns.iter().zip(line) {
                let value = &row[*name];
                match value {
                    Value::Null => assert_eq!(cell, ""),
                    Value::String(text) => assert_eq!(cell.strip_prefix('\'').unwrap_or(cell), text),
                    other => assert_eq!(&serde_json::from_str::<Value>(cell).unwrap(), other),
                }
                let seen = shown.next().unwrap();
                match value {
                    Value::Null => assert_eq!(seen, "<i>sem valor</i>"),
                    Value::Bool(truth) => assert_eq!(seen, if *truth { "sim" } else { "não" }),
                    Value::String(text) if name.ends_with("_at") && text != "nunca" => {
                        assert_eq!(seen, format!("<time datetime=\"{text}\">27/11/2026 às 22:05</time>"));
                    }
                    Value::String(text) => assert_eq!(unescaped(seen), *text),
                    other => assert_eq!(&serde_json::from_str::<Value>(&unescaped(seen)).unwrap(), other),
                }
            }
        }
        assert_eq!(shown.next(), None);
    }

    fn unescaped(text: &str) -> String {
        [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")]
            .iter()
            .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    }

    #[test]
    fn no_cell_runs() {
        let export = export();
        assert!(unzipped(&export)[1][0].starts_with("'=1+1"));
        assert_eq!(unzipped(&export)[1][1], "-3", "a number is no formula");
        let page = String::from_utf8(page(&export).unwrap()).unwrap();
        assert!(!page.contains("<script") && !page.contains("<b>"));
        for outside in ["http://", "https://", "src=", "href="] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}
