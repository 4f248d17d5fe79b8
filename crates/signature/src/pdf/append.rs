//! Appending a signature field with an empty signature (ISO 32000-2, §§ 7.5.6 and 12.7.5.5).

use lopdf::{Dictionary, Document, IncrementalDocument, Object, ObjectId, Stream, StringFormat, text_string};
use time::OffsetDateTime;

use super::{
    ByteRange, PdfError,
    field::{array, dictionary, value},
    hole::{placeholder, settle},
    load,
};
use crate::sign::{Appearance, Details};

/// Printed, and not to be moved (ISO 32000-2, table 167).
const PRINT_AND_LOCKED: i64 = 4 | 128;
/// Signatures exist, and only appending keeps them (ISO 32000-2, table 225).
const SIGNED_APPEND_ONLY: i64 = 3;
const FONT_SIZE: f32 = 8.0;
const LEADING: f32 = 10.0;

/// A document with room for a signature.
#[derive(Debug, Clone)]
pub(crate) struct Placeholder {
    pub(crate) pdf: Vec<u8>,
    pub(crate) range: ByteRange,
}

/// Appends to `pdf` a signature that is empty yet, with `room` bytes for it.
pub(crate) fn append_signature(pdf: &[u8], details: &Details, room: usize) -> Result<Placeholder, PdfError> {
    let mut update = Update::of(pdf)?;
    let page_number = details.appearance.as_ref().map_or(1, |appearance| appearance.page);
    let page = *update.old().get_pages().get(&page_number).ok_or(PdfError::NoPage)?;
    let signature = update.add(signature(details, room));
    let field = widget(&mut update, details, page, signature);
    let field = update.add(field);
    update.append_to_array(Place::Object(page), b"Annots", field)?;
    let form = update.form()?;
    update.append_to_array(form, b"Fields", field)?;
    update.dictionary(form)?.set("SigFlags", SIGNED_APPEND_ONLY);
    let mut pdf_out = update.write()?;
    let range = settle(&mut pdf_out, pdf.len(), room)?;
    Ok(Placeholder { pdf: pdf_out, range })
}

/// The signature dictionary (ISO 32000-2, table 255; ETSI EN 319 142-1, § 5.3).
fn signature(details: &Details, room: usize) -> Object {
    let mut dictionary = Dictionary::new();
    dictionary.set("Type", Object::Name(b"Sig".to_vec()));
    dictionary.set("Filter", Object::Name(b"Adobe.PPKLite".to_vec()));
    dictionary.set("SubFilter", Object::Name(b"ETSI.CAdES.detached".to_vec()));
    dictionary.set("ByteRange", placeholder());
    dictionary.set("Contents", Object::String(vec![0; room], StringFormat::Hexadecimal));
    dictionary.set("M", Object::string_literal(date(details.time)));
    let texts = [("Name", &details.name), ("Reason", &details.reason), ("Location", &details.location)];
    for (key, text) in texts.into_iter().filter_map(|(key, text)| Some((key, text.as_ref()?))) {
        dictionary.set(key, text_string(text));
    }
    dictionary.into()
}

fn widget(update: &mut Update, details: &Details, page: ObjectId, signature: ObjectId) -> Object {
    let mut field = Dictionary::new();
    field.set("Type", Object::Name(b"Annot".to_vec()));
    field.set("Subtype", Object::Name(b"Widget".to_vec()));
    field.set("FT", Object::Name(b"Sig".to_vec()));
    field.set("T", text_string(&free_name(update.old())));
    field.set("V", signature);
    field.set("F", PRINT_AND_LOCKED);
    field.set("P", page);
    match &details.appearance {
        // Nothing is drawn.
        None => field.set("Rect", vec![0.into(), 0.into(), 0.into(), 0.into()]),
        Some(appearance) => {
            field.set("Rect", appearance.rectangle.map(Object::Real).to_vec());
            let drawing = update.add(drawing(appearance).into());
            let mut states = Dictionary::new();
            states.set("N", drawing);
            field.set("AP", states);
        }
    }
    field.into()
}

/// A box with lines of text. The font is one that every reader has and that is not embedded.
fn drawing(appearance: &Appearance) -> Stream {
    let [left, bottom, right, top] = appearance.rectangle;
    let (width, height) = (right - left, top - bottom);
    let mut content = format!("q 0.5 w 0.25 0.25 {} {} re S Q\n", width - 0.5, height - 0.5).into_bytes();
    content.extend(format!("BT /F {FONT_SIZE} Tf {LEADING} TL 4 {} Td\n", height - LEADING).bytes());
    for line in &appearance.lines {
        content.push(b'(');
        for character in line.chars() {
            // The characters of Latin-1 have the same numbers in WinAnsiEncoding.
            match u8::try_from(character) {
                Ok(byte @ (b'(' | b')' | b'\\')) => content.extend([b'\\', byte]),
                Ok(byte) if !character.is_control() => content.push(byte),
                _ => content.push(b'?'),
            }
        }
        content.extend(b") Tj T*\n");
    }
    content.extend(b"ET\n");
    let mut font = Dictionary::new();
    font.set("Type", Object::Name(b"Font".to_vec()));
    font.set("Subtype", Object::Name(b"Type1".to_vec()));
    font.set("BaseFont", Object::Name(b"Helvetica".to_vec()));
    font.set("Encoding", Object::Name(b"WinAnsiEncoding".to_vec()));
    let mut fonts = Dictionary::new();
    fonts.set("F", font);
    let mut resources = Dictionary::new();
    resources.set("Font", fonts);
    let mut form = Dictionary::new();
    form.set("Type", Object::Name(b"XObject".to_vec()));
    form.set("Subtype", Object::Name(b"Form".to_vec()));
    form.set("BBox", [0.0, 0.0, width, height].map(Object::Real).to_vec());
    form.set("Resources", resources);
    Stream::new(form, content)
}

/// The first name of the form's that no field has.
fn free_name(document: &Document) -> String {
    let form = document.catalog().ok().and_then(|catalog| dictionary(document, catalog, b"AcroForm"));
    let fields = form.and_then(|form| array(document, form, b"Fields")).map(Vec::as_slice).unwrap_or_default();
    let taken: Vec<String> = fields
        .iter()
        .filter_map(|field| value(document, document.dereference(field).ok()?.1.as_dict().ok()?, b"T"))
        .filter_map(|name| lopdf::decode_text_string(name).ok())
        .collect();
    let names = (1..=taken.len() + 1).map(|number| format!("Assinatura {number}"));
    names.into_iter().find(|name| !taken.contains(name)).unwrap_or_default()
}

/// A date of PDF (ISO 32000-2, § 7.9.4), in UTC.
fn date(time: OffsetDateTime) -> String {
    let time = time.to_offset(time::UtcOffset::UTC);
    let (date, clock) = (time.date(), time.time());
    let (hour, minute, second) = clock.as_hms();
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    format!("D:{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z")
}

/// A dictionary that can be changed: an object of its own, or one inside of it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Object(ObjectId),
    Inside(ObjectId, &'static [u8]),
}

/// An incremental update in the making.
pub(super) struct Update(IncrementalDocument);

impl Update {
    pub(super) fn of(pdf: &[u8]) -> Result<Update, PdfError> {
        let document = load(pdf)?;
        let mut update = IncrementalDocument::create_from(pdf.to_vec(), document);
        // It would name the old table's second half as the new one's.
        update.new_document.trailer.remove(b"XRefStm");
        Ok(Update(update))
    }

    pub(super) fn old(&self) -> &Document {
        self.0.get_prev_documents()
    }

    pub(super) fn add(&mut self, object: Object) -> ObjectId {
        self.0.new_document.add_object(object)
    }

    pub(super) fn catalog(&self) -> Result<ObjectId, PdfError> {
        self.old().trailer.get(b"Root").and_then(Object::as_reference).map_err(|_| PdfError::Malformed)
    }

    /// The form of fields, which is made if there is none.
    fn form(&mut self) -> Result<Place, PdfError> {
        self.child(b"AcroForm")
    }

    /// The dictionary in the catalog under `key`, which is made if there is none.
    pub(super) fn child(&mut self, key: &'static [u8]) -> Result<Place, PdfError> {
        let catalog = self.catalog()?;
        let entry = self.dictionary(Place::Object(catalog))?.get(key).ok().cloned();
        match entry {
            Some(Object::Reference(id)) => Ok(Place::Object(id)),
            Some(Object::Dictionary(_)) => Ok(Place::Inside(catalog, key)),
            None | Some(Object::Null) => {
                let new = self.add(Dictionary::new().into());
                self.dictionary(Place::Object(catalog))?.set(key, new);
                Ok(Place::Object(new))
            }
            Some(_) => Err(PdfError::Malformed),
        }
    }

    /// A dictionary, to be changed in the update.
    pub(super) fn dictionary(&mut self, place: Place) -> Result<&mut Dictionary, PdfError> {
        let (id, key) = match place {
            Place::Object(id) => (id, None),
            Place::Inside(id, key) => (id, Some(key)),
        };
        self.0.opt_clone_object_to_new_document(id).map_err(|_| PdfError::Malformed)?;
        let object = self.0.new_document.get_object_mut(id).map_err(|_| PdfError::Malformed)?;
        let dictionary = object.as_dict_mut().map_err(|_| PdfError::Malformed)?;
        match key {
            None => Ok(dictionary),
            Some(key) => dictionary.get_mut(key).and_then(Object::as_dict_mut).map_err(|_| PdfError::Malformed),
        }
    }

    /// Appends a reference to the array under `key`, which is made if there is none.
    pub(super) fn append_to_array(&mut self, place: Place, key: &[u8], id: ObjectId) -> Result<(), PdfError> {
        let entry = self.dictionary(place)?.get(key).ok().cloned();
        let array = match entry {
            None | Some(Object::Null) => {
                self.dictionary(place)?.set(key, vec![Object::Reference(id)]);
                return Ok(());
            }
            Some(Object::Reference(array)) => {
                self.0.opt_clone_object_to_new_document(array).map_err(|_| PdfError::Malformed)?;
                self.0.new_document.get_object_mut(array)
            }
            Some(_) => self.dictionary(place)?.get_mut(key),
        };
        let array = array.and_then(Object::as_array_mut).map_err(|_| PdfError::Malformed)?;
        array.push(Object::Reference(id));
        Ok(())
    }

    /// The old bytes with the update behind them.
    pub(super) fn write(mut self) -> Result<Vec<u8>, PdfError> {
        let mut out = Vec::new();
        self.0.save_to(&mut out).map_err(|_| PdfError::Write)?;
        out.push(b'\n');
        if out.len() > super::MAX_PDF { Err(PdfError::TooLong) } else { Ok(out) }
    }
}
