//! The signature fields of a document (ISO 32000-2, § 12.7.5.5).

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId, decode_text_string};

/// More fields than that are no form of a clinic.
const MAX_FIELDS: usize = 4096;

/// A field with its signature.
#[derive(Debug, Clone)]
pub(crate) struct SignatureField {
    /// The field's name, with those above it.
    pub(crate) name: String,
    /// The signature dictionary.
    pub(crate) value: Dictionary,
}

/// An object, or what it refers to; nothing for a reference to nothing.
pub(super) fn resolve<'a>(document: &'a Document, object: &'a Object) -> Option<&'a Object> {
    document.dereference(object).ok().map(|(_, object)| object)
}

/// The value of a key, through references.
pub(super) fn value<'a>(document: &'a Document, dictionary: &'a Dictionary, key: &[u8]) -> Option<&'a Object> {
    resolve(document, dictionary.get(key).ok()?)
}

pub(super) fn dictionary<'a>(document: &'a Document, of: &'a Dictionary, key: &[u8]) -> Option<&'a Dictionary> {
    value(document, of, key)?.as_dict().ok()
}

pub(super) fn array<'a>(document: &'a Document, of: &'a Dictionary, key: &[u8]) -> Option<&'a Vec<Object>> {
    value(document, of, key)?.as_array().ok()
}

/// All signed fields, in the form's order.
pub(crate) fn signature_fields(document: &Document) -> Vec<SignatureField> {
    let mut found = Vec::new();
    let form = document.catalog().ok().and_then(|catalog| dictionary(document, catalog, b"AcroForm"));
    let Some(fields) = form.and_then(|form| array(document, form, b"Fields")) else { return found };
    let mut seen = BTreeSet::new();
    let mut open: Vec<(&Object, String, bool)> =
        fields.iter().rev().map(|field| (field, String::new(), false)).collect();
    while let Some((object, above, inherited)) = open.pop() {
        // A field that is its own descendant ends here.
        let fresh = object.as_reference().map_or(seen.len() < MAX_FIELDS, |id: ObjectId| seen.insert(id));
        if !fresh || seen.len() > MAX_FIELDS {
            continue;
        }
        let Some(field) = resolve(document, object).and_then(|object| object.as_dict().ok()) else { continue };
        let own = value(document, field, b"T").and_then(|name| decode_text_string(name).ok()).unwrap_or_default();
        let name = match (above.is_empty(), own.is_empty()) {
            (false, false) => format!("{above}.{own}"),
            (false, true) => above,
            _ => own,
        };
        let kind = value(document, field, b"FT").and_then(|kind| kind.as_name().ok());
        let is_signature = kind.map_or(inherited, |kind| kind == b"Sig");
        if is_signature && let Some(value) = dictionary(document, field, b"V") {
            found.push(SignatureField { name, value: value.clone() });
        } else if let Some(kids) = array(document, field, b"Kids") {
            open.extend(kids.iter().rev().map(|kid| (kid, name.clone(), is_signature)));
        }
    }
    found
}
