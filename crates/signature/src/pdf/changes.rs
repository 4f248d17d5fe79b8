//! What was done to a document after a signature: two revisions are compared object by object.
//!
//! Everything that is not on a short list counts as a change of what was signed. On it are the security store, metadata
//! that no page shows, and new signature fields. The list is one of objects that may change, each by its own rule, so
//! that whatever hangs on them anew can be nothing else: content that was prepared before the signature and is only
//! shown after it (a "shadow attack") needs some other object to change, or one to appear that was missing.

use std::collections::{BTreeMap, BTreeSet};

use lopdf::{
    Dictionary, Document, Object, ObjectId, Writer,
    xref::{Xref, XrefEntry},
};

use super::field::{array, dictionary, resolve};

/// One thing that was done after a signature.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// Certificates and lists were put into the security store.
    Evidence,
    /// A document time stamp was added.
    TimeStamp,
    /// Another signature was added.
    Signature,
    /// Data about the document that no page shows.
    Metadata,
    /// A new signature draws on a page: it may hide or imitate what was signed.
    Drawing,
    /// Something that readers may take in different ways, told in Portuguese.
    Unclear(String),
    /// What was signed was changed, told in Portuguese.
    Forbidden(String),
}

/// What an object of the signed revision is, where that lets it change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Catalog,
    Form,
    /// The form's array of fields or a page's of annotations.
    Fields,
    Page(u32),
    /// A page's content, which may not change; known so as to be named.
    Content(u32),
    /// Of the security store, and of nothing else.
    Evidence,
    /// Information or metadata, and nothing else.
    Metadata,
}

/// Keys of a new signature field; others, such as actions, it must not have.
const FIELD_KEYS: &[&[u8]] =
    &[b"Type", b"Subtype", b"FT", b"T", b"TU", b"Ff", b"V", b"F", b"P", b"Rect", b"AP", b"Lock", b"SV", b"MK"];

/// What `new` does to `old`, the signed revision, whose bytes are the first of `bytes`.
pub(crate) fn changes(old: &Document, new: &Document, bytes: &[u8]) -> BTreeSet<Change> {
    let mut comparison =
        Comparison { old, new, bytes, roles: roles(old), fields: BTreeSet::new(), found: BTreeSet::new() };
    comparison.new_fields();
    comparison.objects();
    comparison.appeared();
    comparison.trailer();
    comparison.found
}

struct Comparison<'a> {
    old: &'a Document,
    new: &'a Document,
    bytes: &'a [u8],
    roles: BTreeMap<ObjectId, Role>,
    /// The new signature fields.
    fields: BTreeSet<ObjectId>,
    found: BTreeSet<Change>,
}

impl<'a> Comparison<'a> {
    fn forbid(&mut self, what: impl Into<String>) {
        self.found.insert(Change::Forbidden(what.into()));
    }

    fn new_fields(&mut self) {
        let (before, after) = (fields(self.old), fields(self.new));
        let Some(added) = after.strip_prefix(before) else {
            return self.forbid("os campos de formulário foram alterados");
        };
        for field in added {
            match field.as_reference() {
                Ok(id) if !self.old.has_object(id) && self.is_signature(id) => {
                    self.fields.insert(id);
                }
                _ => self.forbid("foi acrescentado um campo de formulário que não é uma assinatura"),
            }
        }
    }

    /// Whether a new field is a signature and nothing more; notes of which kind.
    fn is_signature(&mut self, id: ObjectId) -> bool {
        let new = self.new;
        let Ok(field) = new.get_dictionary(id) else { return false };
        let known = field.iter().all(|(key, _)| FIELD_KEYS.contains(&key.as_slice()));
        let kind = field.get(b"FT").and_then(Object::as_name);
        let Some(value) = dictionary(new, field, b"V") else { return false };
        if !known || kind.ok() != Some(b"Sig".as_slice()) {
            return false;
        }
        self.check_plain(id);
        let stamp = value.get(b"Type").and_then(Object::as_name).ok() == Some(b"DocTimeStamp".as_slice());
        self.found.insert(if stamp { Change::TimeStamp } else { Change::Signature });
        if !is_empty_rectangle(new, field) {
            self.found.insert(Change::Drawing);
        }
        true
    }

    fn objects(&mut self) {
        let (old, new) = (self.old, self.new);
        for (id, before) in &old.objects {
            let role = self.roles.get(id).copied();
            // Also where it reads the same: another reader may read the new place in another way.
            let places = [old, new].map(|document| place(document, *id));
            if places[0] != places[1] {
                self.check_plain(*id);
            }
            match new.objects.get(id) {
                Some(after) if same(before, after) => {}
                Some(after) => self.changed(*id, role, before, after),
                None => self.forbid(named(*id, role, "foi removido")),
            }
        }
    }

    fn changed(&mut self, id: ObjectId, role: Option<Role>, before: &Object, after: &Object) {
        match (role, before, after) {
            (Some(Role::Evidence), ..) => {
                self.found.insert(Change::Evidence);
            }
            (Some(Role::Metadata), ..) => {
                self.found.insert(Change::Metadata);
            }
            (Some(Role::Catalog), Object::Dictionary(before), Object::Dictionary(after)) => self.catalog(before, after),
            (Some(Role::Form), Object::Dictionary(before), Object::Dictionary(after)) => self.form(before, after),
            (Some(Role::Page(number)), Object::Dictionary(before), Object::Dictionary(after)) => {
                self.page(number, before, after);
            }
            (Some(Role::Fields), Object::Array(before), Object::Array(after)) => self.appended(before, after),
            _ => self.forbid(named(id, role, "foi alterado")),
        }
    }

    fn catalog(&mut self, before: &Dictionary, after: &Dictionary) {
        for key in different(before, after) {
            match key.as_slice() {
                b"DSS" => {
                    self.found.insert(Change::Evidence);
                }
                b"Metadata" => {
                    self.found.insert(Change::Metadata);
                }
                // Names of extensions in use: nothing is shown by it.
                b"Extensions" => {}
                b"AcroForm" => {
                    let (old, new) = (self.old, self.new);
                    let none = Dictionary::new();
                    let old_form = dictionary(old, before, b"AcroForm").unwrap_or(&none);
                    let new_form = dictionary(new, after, b"AcroForm").unwrap_or(&none);
                    if let Ok(id) = after.get(b"AcroForm").and_then(Object::as_reference) {
                        self.check_plain(id);
                    }
                    self.form(old_form, new_form);
                }
                other => self.forbid(format!("o catálogo do documento foi alterado ({})", text(other))),
            }
        }
    }

    /// The arrays of fields themselves are compared in [`Self::new_fields`].
    fn form(&mut self, before: &Dictionary, after: &Dictionary) {
        for key in different(before, after) {
            let flags = after.get(b"SigFlags").and_then(Object::as_i64).is_ok();
            if key != b"Fields" && !(key == b"SigFlags" && flags) {
                self.forbid(format!("o formulário do documento foi alterado ({})", text(&key)));
            }
        }
    }

    fn page(&mut self, number: u32, before: &Dictionary, after: &Dictionary) {
        for key in different(before, after) {
            if key != b"Annots" {
                self.forbid(format!("a página {number} foi alterada ({})", text(&key)));
                continue;
            }
            let list = |document: &'a Document, page: &Dictionary| -> Option<Vec<Object>> {
                match page.get(b"Annots") {
                    Ok(object) => resolve(document, object)?.as_array().ok().cloned(),
                    Err(_) => Some(Vec::new()),
                }
            };
            match (list(self.old, before), list(self.new, after)) {
                (Some(before), Some(after)) => self.appended(&before, &after),
                _ => self.forbid(format!("as anotações da página {number} foram alteradas")),
            }
        }
    }

    /// An array to which only the new signature fields may have been added.
    fn appended(&mut self, before: &[Object], after: &[Object]) {
        let added = after.strip_prefix(before);
        let known = |object: &Object| object.as_reference().is_ok_and(|id| self.fields.contains(&id));
        if !added.is_some_and(|added| added.iter().all(known)) {
            self.forbid("foram acrescentadas ou alteradas anotações que não são assinaturas");
        }
    }

    /// Nothing may appear where the signed revision pointed to nothing.
    fn appeared(&mut self) {
        let mut numbers = BTreeSet::new();
        let roots = self.old.trailer.iter().map(|(_, value)| value);
        for object in self.old.objects.values().chain(roots) {
            references(object, &mut |id| {
                numbers.insert(id.0);
            });
        }
        let old: BTreeSet<u32> = self.old.objects.keys().map(|id| id.0).collect();
        let appeared: Vec<u32> =
            self.new.objects.keys().map(|id| id.0).filter(|id| numbers.contains(id) && !old.contains(id)).collect();
        for number in appeared {
            self.forbid(format!("apareceu o objeto {number}, que faltava no documento assinado"));
        }
    }

    fn trailer(&mut self) {
        let root = |document: &Document| document.trailer.get(b"Root").and_then(Object::as_reference).ok();
        if root(self.old) != root(self.new) {
            self.forbid("o documento tem outro catálogo");
        }
        // A table with a second half is read by some readers and not by others.
        if self.old.trailer.get(b"XRefStm").ok() != self.new.trailer.get(b"XRefStm").ok() {
            self.found.insert(Change::Unclear("a tabela de objetos acrescentada tem duas leituras".to_owned()));
        }
        if self.old.trailer.get(b"Info").ok() != self.new.trailer.get(b"Info").ok() {
            self.found.insert(Change::Metadata);
        }
    }

    /// Of a key that is there twice one reader takes the first and another the last. What was read, written again, has
    /// as many names as the bytes it came from, or there was such a key.
    fn check_plain(&mut self, id: ObjectId) {
        if slashes_read(self.new, id).is_none_or(|read| Some(read) != slashes_written(self.new, self.bytes, id)) {
            let number = id.0;
            self.found.insert(Change::Unclear(format!("o objeto {number} está escrito de forma ambígua")));
        }
    }
}

fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'/').count()
}

/// The objects that lie together in one object stream.
fn together(xref: &Xref, container: u32) -> impl Iterator<Item = ObjectId> + '_ {
    let inside =
        move |entry: &XrefEntry| matches!(entry, XrefEntry::Compressed { container: own, .. } if *own == container);
    xref.entries.iter().filter(move |(_, entry)| inside(entry)).map(|(id, _)| (*id, 0))
}

/// Where an object lies: the container of a packed one, or its offset.
fn place(document: &Document, id: ObjectId) -> Option<u32> {
    match document.reference_table.get(id.0)? {
        XrefEntry::Normal { offset, .. } => Some(*offset),
        XrefEntry::Compressed { container, .. } => Some(*container),
        _ => None,
    }
}

/// A stream's bytes say nothing of its keys.
fn serialized(object: &Object) -> Option<usize> {
    let mut out = Vec::new();
    let result = match object {
        Object::Stream(stream) => Writer::write_object(&mut out, &Object::Dictionary(stream.dict.clone())),
        other => Writer::write_object(&mut out, other),
    };
    result.ok()?;
    Some(count(&out))
}

fn slashes_read(document: &Document, id: ObjectId) -> Option<usize> {
    match document.reference_table.get(id.0)? {
        XrefEntry::Compressed { container, .. } => {
            let all = together(&document.reference_table, *container);
            all.map(|id| serialized(document.objects.get(&id)?)).sum()
        }
        _ => serialized(document.objects.get(&id)?),
    }
}

fn slashes_written(document: &Document, bytes: &[u8], id: ObjectId) -> Option<usize> {
    match document.reference_table.get(id.0)? {
        XrefEntry::Normal { offset, .. } => {
            let rest = bytes.get(usize::try_from(*offset).ok()?..)?;
            // `endobj`, or the `stream` behind a stream's dictionary.
            let end = rest.windows(6).position(|window| window == b"endobj" || window == b"stream")?;
            Some(count(rest.get(..end)?))
        }
        XrefEntry::Compressed { container, .. } => {
            let stream = document.get_object((*container, 0)).ok()?.as_stream().ok()?;
            Some(count(&stream.get_plain_content_with_limit(super::MAX_PDF).ok()?))
        }
        _ => None,
    }
}

/// Where a stream lies is of no account.
fn same(before: &Object, after: &Object) -> bool {
    match (before, after) {
        (Object::Stream(before), Object::Stream(after)) => before.dict == after.dict && before.content == after.content,
        _ => before == after,
    }
}

/// The keys whose values differ or that only one has.
fn different(before: &Dictionary, after: &Dictionary) -> BTreeSet<Vec<u8>> {
    let keys = before.iter().chain(after.iter()).map(|(key, _)| key);
    keys.filter(|key| before.get(key).ok() != after.get(key).ok()).cloned().collect()
}

fn fields(document: &Document) -> &[Object] {
    let form = document.catalog().ok().and_then(|catalog| dictionary(document, catalog, b"AcroForm"));
    form.and_then(|form| array(document, form, b"Fields")).map(Vec::as_slice).unwrap_or_default()
}

fn is_empty_rectangle(document: &Document, field: &Dictionary) -> bool {
    if !field.has(b"Rect") {
        return true;
    }
    let Some(sides) = array(document, field, b"Rect") else { return false };
    match sides.iter().map(Object::as_float).collect::<Result<Vec<_>, _>>().as_deref() {
        Ok(&[left, bottom, right, top]) => left == right || bottom == top,
        _ => false,
    }
}

/// The references in an object.
fn references(object: &Object, visit: &mut impl FnMut(ObjectId)) {
    match object {
        Object::Reference(id) => visit(*id),
        Object::Array(items) => items.iter().for_each(|item| references(item, visit)),
        Object::Dictionary(dictionary) => dictionary.iter().for_each(|(_, value)| references(value, visit)),
        Object::Stream(stream) => stream.dict.iter().for_each(|(_, value)| references(value, visit)),
        _ => {}
    }
}

/// All objects that can be reached from `start`.
fn reachable(document: &Document, start: &Object) -> BTreeSet<ObjectId> {
    let mut seen = BTreeSet::new();
    let mut open = Vec::new();
    references(start, &mut |id| open.push(id));
    while let Some(id) = open.pop() {
        if seen.insert(id)
            && let Ok(object) = document.get_object(id)
        {
            references(object, &mut |id| open.push(id));
        }
    }
    seen
}

fn roles(document: &Document) -> BTreeMap<ObjectId, Role> {
    let mut roles = BTreeMap::new();
    let Ok(catalog) = document.catalog() else { return roles };
    let mut shown = catalog.clone();
    shown.remove(b"DSS");
    shown.remove(b"Metadata");
    let shown = reachable(document, &shown.into());
    let mut apart = |start: Option<&Object>, role: Role| {
        let all = start.map(|start| reachable(document, start)).unwrap_or_default();
        roles.extend(all.difference(&shown).map(|id| (*id, role)));
    };
    apart(catalog.get(b"DSS").ok(), Role::Evidence);
    apart(catalog.get(b"Metadata").ok(), Role::Metadata);
    apart(document.trailer.get(b"Info").ok(), Role::Metadata);

    for (number, page) in document.get_pages() {
        if let Ok(dictionary) = document.get_dictionary(page) {
            let content = dictionary.get(b"Contents").map(|content| reachable(document, content)).unwrap_or_default();
            roles.extend(content.into_iter().map(|id| (id, Role::Content(number))));
            if let Ok(annotations) = dictionary.get(b"Annots").and_then(Object::as_reference) {
                roles.insert(annotations, Role::Fields);
            }
        }
        roles.insert(page, Role::Page(number));
    }
    if let Ok(form) = catalog.get(b"AcroForm") {
        if let Ok(id) = form.as_reference() {
            roles.insert(id, Role::Form);
        }
        let fields = resolve(document, form).and_then(|form| form.as_dict().ok()?.get(b"Fields").ok());
        if let Some(Ok(id)) = fields.map(Object::as_reference) {
            roles.insert(id, Role::Fields);
        }
    }
    if let Ok(root) = document.trailer.get(b"Root").and_then(Object::as_reference) {
        roles.insert(root, Role::Catalog);
    }
    roles
}

fn named(id: ObjectId, role: Option<Role>, what: &str) -> String {
    match role {
        Some(Role::Page(number)) => format!("a página {number}: o objeto dela {what}"),
        Some(Role::Content(number)) => format!("o conteúdo da página {number} {what}"),
        Some(Role::Catalog) => format!("o catálogo do documento {what}"),
        _ => format!("o objeto {} {what}", id.0),
    }
}

fn text(key: &[u8]) -> String {
    format!("/{}", String::from_utf8_lossy(key))
}
