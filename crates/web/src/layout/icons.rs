//! Line icons on a 24-unit grid, drawn with the text's colour. Always beside a word or under a
//! label, so they are hidden from screen readers.

use std::fmt;

use askama::filters::HtmlSafe;

/// Markup made of constants only.
pub(crate) struct Icon(&'static str);

impl HtmlSafe for Icon {}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            r#"<svg class="icon" width="18" height="18" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{}</svg>"#,
            self.0
        )
    }
}

/// The icon of a name; an empty drawing when there is none.
pub(crate) fn icon(name: &str) -> Icon {
    Icon(match name {
        "alert" => r#"<path d="M12 3.5 2.8 19.5h18.4z"/><path d="M12 10v4.5M12 17v.01"/>"#,
        "calendar" => {
            r#"<rect x="4" y="5.500" width="16" height="14.500" rx="2"/><path d="M4 10h16M8.500 3v4.500M15.500 3v4.500"/>"#
        }
        "chat" => r#"<path d="M4 5h16v11H9.5L5 19.5V16H4z"/>"#,
        "check" => r#"<path d="m5 12.5 4.5 4.5L19 7.5"/>"#,
        "clock" => r#"<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>"#,
        "copy" => {
            r#"<rect x="9" y="9" width="11" height="11" rx="2"/><path d="M15 9V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h3"/>"#
        }
        "down" => r#"<path d="M12 5v14M6 13l6 6 6-6"/>"#,
        "image" => {
            r#"<rect x="4" y="5" width="16" height="14" rx="2"/><circle cx="9" cy="10" r="1.500"/><path d="m5 17.500 5-5 3.500 3.500 2.500-2.500 3.500 3.500"/>"#
        }
        "info" => r#"<circle cx="12" cy="12" r="8.500"/><path d="M12 11v5M12 8v.01"/>"#,
        "out" => r#"<path d="M10 5H5v14h14v-5M13 5h6v6M19 5l-8.500 8.500"/>"#,
        "scale" => r#"<path d="M12 4v16M7.500 20h9M5 7h14M5 7l-2.500 6h5zM19 7l-2.500 6h5z"/>"#,
        "stop" => r#"<rect x="6" y="6" width="12" height="12" rx="1.500"/>"#,
        "device" => r#"<rect x="4" y="5" width="16" height="11" rx="1.5"/><path d="M2.5 19.5h19"/>"#,
        "eraser" => r#"<path d="m8 19-4.5-4.5 9-9L19 12l-7 7z"/><path d="m8.500 9.500 6 6M8 19h12"/>"#,
        "exit" => r#"<path d="M10 4.500H5v15h5M14.500 8l4 4-4 4M9 12h9.500"/>"#,
        "google" | "building" => {
            r#"<path d="M5 20V5l7-2.500V20M12 8.500h7V20M3 20h18"/><path d="M8 8v.01M8 12v.01M8 16v.01M15.500 12v.01M15.500 16v.01"/>"#
        }
        "key" => {
            r#"<circle cx="8" cy="15" r="4.500"/><path d="m11.300 11.700 8.200-8.200M16 7l3 3M13.500 9.500l2 2"/>"#
        }
        "list" => r#"<path d="M8 6h12M8 12h12M8 18h12M4 6v.01M4 12v.01M4 18v.01"/>"#,
        "lock" => {
            r#"<rect x="5" y="10.500" width="14" height="9.500" rx="2"/><path d="M8 10.500V8a4 4 0 0 1 8 0v2.500M12 14.500v2"/>"#
        }
        "menu" => r#"<path d="M4 7h16M4 12h16M4 17h16"/>"#,
        "pencil" => r#"<path d="M4 20h4L19 9l-4-4L4 16zM13 7l4 4"/>"#,
        "people" => {
            r#"<circle cx="9" cy="8" r="3.500"/><path d="M2.500 19.500c.500-4 3-6 6.500-6s6 2 6.500 6"/><path d="M15.500 4.800a3.500 3.500 0 0 1 0 6.400M18 14c2 .800 3.200 2.700 3.500 5.500"/>"#
        }
        "phone" => r#"<rect x="7" y="3" width="10" height="18" rx="2"/><path d="M11 18h2"/>"#,
        "plus" => r#"<path d="M12 5v14M5 12h14"/>"#,
        "print" => r#"<path d="M7 9V4h10v5M7 17H4V9h16v8h-3"/><path d="M7 14h10v6H7z"/>"#,
        "search" => r#"<circle cx="11" cy="11" r="6.500"/><path d="m16 16 4.500 4.500"/>"#,
        "send" => r#"<path d="M12 19V5M6 11l6-6 6 6"/>"#,
        "shield" => {
            r#"<path d="M12 3 5 5.500v6c0 4.500 3 7.500 7 9.500 4-2 7-5 7-9.500v-6z"/><path d="m9 12 2.200 2.200L15.200 10"/>"#
        }
        "theme" => {
            r#"<circle cx="12" cy="12" r="8.500"/><path d="M12 3.500v17a8.500 8.500 0 0 0 0-17z" fill="currentColor" stroke="none"/>"#
        }
        "trash" => r#"<path d="M4.500 7h15M9.500 7V4.500h5V7M6.500 7l1 13h9l1-13M10 11v5M14 11v5"/>"#,
        "user" => {
            r#"<circle cx="12" cy="8" r="4"/><path d="M4.500 20c.8-4 4-5.500 7.500-5.500s6.700 1.500 7.500 5.500"/>"#
        }
        "x" => r#"<path d="m6 6 12 12M18 6 6 18"/>"#,
        _ => "",
    })
}
