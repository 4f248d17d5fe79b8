//! What somebody without the key can do to a signed document, and what is said of it.

use lopdf::{Dictionary, Document, Object, Stream, dictionary};
use proptest::prelude::*;
use sigilo_signature::{Appearance, Details, Verdict};

use crate::sample::{
    ANA, Listing, appended, basic, catalog_id, complete, details, document, judge, long_term, open, reasons, stamp,
    stamped,
};

/// The verdict on the first signature, and why.
fn first(pdf: &[u8]) -> (Verdict, String) {
    let report = judge(pdf);
    (report.signatures.first().map_or(report.verdict, |signature| signature.verdict), reasons(&report))
}

#[track_caller]
fn assert_invalid(pdf: &[u8], reason: &str) {
    let (verdict, reasons) = first(pdf);
    assert!(verdict == Verdict::Invalid && reasons.contains(reason), "{reasons}");
}

#[track_caller]
fn assert_indeterminate(pdf: &[u8], reason: &str) {
    let (verdict, reasons) = first(pdf);
    assert!(verdict == Verdict::Indeterminate && reasons.contains(reason), "{reasons}");
}

fn find(pdf: &[u8], part: &[u8]) -> usize {
    pdf.windows(part.len()).position(|window| window == part).expect("the bytes are there")
}

fn page(document: &Document) -> (lopdf::ObjectId, Dictionary) {
    let id = document.get_pages()[&1];
    (id, document.get_dictionary(id).unwrap().clone())
}

fn catalog(document: &Document) -> (lopdf::ObjectId, Dictionary) {
    (catalog_id(document), document.catalog().unwrap().clone())
}

#[test]
fn a_changed_letter_shows() {
    let mut pdf = basic(&document(Listing::Table), &ANA);
    let at = find(&pdf, b"500 mg");
    pdf[at] = b'9';
    assert_invalid(&pdf, "o documento assinado foi alterado");
}

#[test]
fn what_is_appended_to_pages_shows() {
    for listing in [Listing::Table, Listing::Stream, Listing::Packed] {
        let signed = long_term(&document(listing), &ANA);
        let overlaid = appended(&signed, |old, new| {
            let (_, page) = page(old);
            let content = page.get(b"Contents").unwrap().as_reference().unwrap();
            new.set_object(content, Stream::new(Dictionary::new(), b"BT (Receita: morfina) Tj ET".to_vec()));
        });
        assert_invalid(&overlaid, "o conteúdo da página 1 foi alterado");
        let replaced = appended(&signed, |old, new| {
            let (id, mut page) = page(old);
            let content = new.add_object(Stream::new(Dictionary::new(), b"BT (Receita: morfina) Tj ET".to_vec()));
            page.set("Contents", content);
            new.set_object(id, page);
        });
        assert_invalid(&replaced, "a página 1 foi alterada (/Contents)");
        let rotated = appended(&signed, |old, new| {
            let (id, mut page) = page(old);
            page.set("Rotate", 180);
            new.set_object(id, page);
        });
        assert_invalid(&rotated, "a página 1 foi alterada (/Rotate)");
    }
}

#[test]
fn other_pages_actions_and_forms_show() {
    let signed = stamped(&document(Listing::Table), &ANA);
    let with_catalog = |change: &dyn Fn(&Document, &mut Document, &mut Dictionary)| {
        appended(&signed, |old, new| {
            let (id, mut catalog) = catalog(old);
            change(old, new, &mut catalog);
            new.set_object(id, catalog);
        })
    };
    let action = dictionary! { "S" => "JavaScript", "JS" => Object::string_literal("app.alert(1)") };
    let opened = with_catalog(&|_, _, catalog| catalog.set("OpenAction", action.clone()));
    assert_invalid(&opened, "o catálogo do documento foi alterado (/OpenAction)");
    let pages = with_catalog(&|old, new, catalog| {
        let kids = vec![Object::Reference(old.get_pages()[&2])];
        let pages = new.add_object(dictionary! { "Type" => "Pages", "Count" => 1, "Kids" => kids });
        catalog.set("Pages", pages);
    });
    assert_invalid(&pages, "(/Pages)");
    let removed = with_catalog(&|_, new, catalog| {
        let form = new.add_object(dictionary! { "Fields" => Vec::<Object>::new() });
        catalog.set("AcroForm", form);
    });
    assert_eq!(judge(&removed).verdict, Verdict::Indeterminate); // no signature is left to be judged
    let form = |document: &Document| document.catalog().unwrap().get(b"AcroForm").unwrap().as_reference().unwrap();
    let redrawn = appended(&signed, |old, new| {
        let mut changed = old.get_dictionary(form(old)).unwrap().clone();
        changed.set("NeedAppearances", true);
        new.set_object(form(old), changed);
    });
    assert_invalid(&redrawn, "(/NeedAppearances)");
    let text = appended(&signed, |old, new| {
        let field = new.add_object(
            dictionary! { "FT" => "Tx", "T" => Object::string_literal("x"), "V" => Object::string_literal("morfina") },
        );
        let mut changed = old.get_dictionary(form(old)).unwrap().clone();
        changed.get_mut(b"Fields").unwrap().as_array_mut().unwrap().push(field.into());
        new.set_object(form(old), changed);
    });
    assert_invalid(&text, "não é uma assinatura");
    let note = appended(&signed, |old, new| {
        let (id, mut page) = page(old);
        let note = new.add_object(
            dictionary! { "Type" => "Annot", "Subtype" => "FreeText", "Contents" => Object::string_literal("x") },
        );
        page.get_mut(b"Annots").unwrap().as_array_mut().unwrap().push(note.into());
        new.set_object(id, page);
    });
    assert_invalid(&note, "anotações que não são assinaturas");
}

#[test]
fn content_that_lay_in_wait_shows() {
    // Before the signature the page draws something that is missing; after it, that appears.
    let prepared = appended(&document(Listing::Table), |old, new| {
        let (id, mut page) = page(old);
        let content = page.get(b"Contents").unwrap().clone();
        page.set("Contents", vec![content, Object::Reference((99, 0))]);
        new.set_object(id, page);
    });
    let signed = stamped(&prepared, &ANA);
    assert_eq!(judge(&signed).verdict, Verdict::Valid);
    let shown = appended(&signed, |_, new| {
        new.set_object((99, 0), Stream::new(Dictionary::new(), b"BT (morfina) Tj ET".to_vec()));
    });
    assert_invalid(&shown, "apareceu o objeto 99");

    // The page draws what the security store, which may change, also holds.
    let prepared = appended(&document(Listing::Table), |old, new| {
        let (id, mut catalog) = catalog(old);
        let content = page(old).1.get(b"Contents").unwrap().clone();
        catalog.set("DSS", dictionary! { "Certs" => vec![content] });
        new.set_object(id, catalog);
    });
    let signed = stamped(&prepared, &ANA);
    let shown = appended(&signed, |old, new| {
        let content = page(old).1.get(b"Contents").unwrap().as_reference().unwrap();
        new.set_object(content, Stream::new(Dictionary::new(), b"BT (morfina) Tj ET".to_vec()));
    });
    assert_invalid(&shown, "o conteúdo da página 1 foi alterado");
}

#[test]
fn a_key_that_is_there_twice_shows() {
    let signed = stamped(&document(Listing::Table), &ANA);
    let mut pdf = appended(&signed, |old, new| {
        let (id, catalog) = catalog(old);
        let evil = new.add_object(dictionary! { "Type" => "Pages", "Count" => 0, "Kids" => Vec::<Object>::new() });
        let mut twice = Dictionary::new();
        twice.set("Pagez", evil);
        catalog.iter().for_each(|(key, value)| twice.set(key.clone(), value.clone()));
        new.set_object(id, twice);
    });
    let at = find(&pdf, b"/Pagez");
    pdf[at..at + 6].copy_from_slice(b"/Pages");
    assert_indeterminate(&pdf, "de forma ambígua");
}

#[test]
fn only_revisions_may_follow() {
    let signed = stamped(&document(Listing::Table), &ANA);
    assert_eq!(first(&[&signed[..], b"\n\r\n"].concat()).0, Verdict::Valid);
    let object = b"5 0 obj << /Type /Catalog >> endobj\n";
    assert_indeterminate(
        &[&signed[..], object, b"startxref\n", start(&signed).as_bytes(), b"\n%%EOF\n"].concat(),
        "não formam",
    );
    assert_ne!(first(&[&signed[..], object].concat()).0, Verdict::Valid);
    // Cut to before the signature there is none, and in the midst of it the document is none.
    assert_ne!(judge(&signed[..document(Listing::Table).len()]).verdict, Verdict::Valid);
    assert_ne!(judge(&signed[..signed.len() - 30]).verdict, Verdict::Valid);
}

/// The position that the last `startxref` gives.
fn start(pdf: &[u8]) -> String {
    let at = pdf.windows(9).rposition(|window| window == b"startxref").unwrap() + 10;
    pdf[at..].iter().take_while(|byte| byte.is_ascii_digit()).map(|byte| char::from(*byte)).collect()
}

/// Where the hole lies, without its brackets.
fn hole(pdf: &[u8]) -> std::ops::Range<usize> {
    let start = find(pdf, b"/Contents<") + 10;
    start..start + pdf[start..].iter().position(|byte| *byte == b'>').unwrap()
}

fn with_message(pdf: &[u8], message: &[u8]) -> Vec<u8> {
    let mut pdf = pdf.to_vec();
    let hole = hole(&pdf);
    let digits: String = message.iter().map(|byte| format!("{byte:02X}")).collect();
    pdf[hole.clone()].fill(b'0');
    pdf[hole.start..hole.start + digits.len()].copy_from_slice(digits.as_bytes());
    pdf
}

/// The message in the hole, by its length.
fn message(pdf: &[u8]) -> Vec<u8> {
    let hole = hole(pdf);
    let digits = std::str::from_utf8(&pdf[hole]).unwrap();
    let bytes: Vec<u8> =
        (0..digits.len() / 2).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap()).collect();
    assert_eq!(bytes[..2], [0x30, 0x82]);
    bytes[..4 + usize::from(bytes[2]) * 256 + usize::from(bytes[3])].to_vec()
}

#[test]
fn the_hole_holds_the_signature_and_nothing_else() {
    let signed = basic(&document(Listing::Table), &ANA);
    let message = message(&signed);
    assert_eq!(first(&with_message(&signed, &message)).0, Verdict::Valid);
    // An indefinite length is another way to write the same.
    let indefinite = [&[0x30, 0x80][..], &message[4..], &[0, 0]].concat();
    assert_eq!(first(&with_message(&signed, &indefinite)).0, Verdict::Valid);
    let stuffed = [&message[..], &[0; 100], b"hidden"].concat();
    assert_invalid(&with_message(&signed, &stuffed), "outros dados no lugar reservado");
    assert_invalid(&with_message(&signed, &[]), "assinatura");
    assert_invalid(&with_message(&signed, &[0x30, 0x03, 2, 1, 1]), "não pode ser lida");
    let mut blank = signed.clone();
    let at = hole(&signed).end - 1;
    blank[at] = b' ';
    assert_invalid(&blank, "o que a assinatura não cobre");
}

#[test]
fn the_byte_range_covers_all_but_the_hole() {
    let signed = basic(&document(Listing::Table), &ANA);
    let at = find(&signed, b"/ByteRange[") + 11;
    let length = signed[at..].iter().position(|byte| *byte == b']').unwrap();
    let values: Vec<usize> = std::str::from_utf8(&signed[at..at + length])
        .unwrap()
        .split_whitespace()
        .map(|value| value.parse().unwrap())
        .collect();
    let with = |values: &[usize]| {
        let mut pdf = signed.clone();
        let text = values.iter().map(usize::to_string).collect::<Vec<_>>().join(" ");
        pdf[at..at + length].fill(b' ');
        pdf[at..at + text.len()].copy_from_slice(text.as_bytes());
        pdf
    };
    let (hole, behind, rest) = (values[1], values[2], values[3]);
    assert_eq!(first(&with(&values)).0, Verdict::Valid);
    assert_invalid(&with(&[1, hole, behind, rest]), "não cobre o arquivo desde o começo");
    assert_invalid(&with(&[0, hole, behind, rest + 1]), "não cobre o arquivo desde o começo");
    assert_invalid(&with(&[0, behind, hole, rest]), "não cobre o arquivo desde o começo");
    assert_invalid(&with(&[0, hole, behind]), "não cobre o arquivo desde o começo");
    assert_invalid(&with(&[0, hole - 40, behind, rest]), "o que a assinatura não cobre");
    assert_invalid(&with(&[0, hole, behind + 8, rest - 8]), "o que a assinatura não cobre");
    assert_invalid(&with(&[0, hole, behind, rest - 20]), "não cobre uma versão inteira");
}

#[test]
fn a_later_signature_that_draws_leaves_the_first_undecided() {
    let signed = stamped(&document(Listing::Table), &ANA);
    let appearance = Appearance { page: 1, rectangle: [60.0, 700.0, 400.0, 740.0], lines: vec!["morfina".to_owned()] };
    let second = complete(&signed, &open(&ANA), &Details { appearance: Some(appearance), ..details() });
    assert_indeterminate(&second.into_pdf().unwrap(), "desenha sobre uma página");
}

#[test]
fn a_stamp_of_something_else_proves_nothing() {
    let completed = complete(&document(Listing::Table), &open(&ANA), &details());
    let pdf = completed.stamp(stamp(b"something else")).into_pdf().unwrap();
    assert_indeterminate(&pdf, "o carimbo do tempo não confere: é de outros dados");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_spoilt_document_is_valid(at in any::<prop::sample::Index>(), flip in 1..=255_u8, cut: bool) {
        use std::sync::LazyLock;
        static SIGNED: LazyLock<Vec<u8>> = LazyLock::new(|| basic(&document(Listing::Stream), &ANA));
        let mut pdf = SIGNED.clone();
        let hole = hole(&pdf);
        // Outside of the hole all is covered; inside, a letter may be written large or small.
        let place = at.index(pdf.len() - hole.len());
        let place = if place < hole.start { place } else { place + hole.len() };
        pdf[place] ^= flip;
        if cut { pdf.truncate(place + 1) }
        // White space behind the document's end is the one thing that may be lost.
        let only_end = cut && SIGNED[place..].trim_ascii().is_empty();
        prop_assert!(only_end || judge(&pdf).verdict != Verdict::Valid);
    }

    #[test]
    fn spoilt_signatures_and_updates_never_panic(at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        use std::sync::LazyLock;
        static SIGNED: LazyLock<Vec<u8>> = LazyLock::new(|| long_term(&document(Listing::Packed), &ANA));
        let mut pdf = SIGNED.clone();
        let start = hole(&pdf).start;
        let place = start + at.index(pdf.len() - start);
        pdf[place] ^= flip;
        let _ = judge(&pdf);
    }
}
