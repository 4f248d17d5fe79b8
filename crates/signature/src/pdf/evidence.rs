//! What a signature is verified with years later, kept in the document: the Document Security Store
//! (ETSI EN 319 142-1, § 5.4.2).

use lopdf::{Dictionary, Document, Object, Stream};
use sigilo_proof::x509::{Certificate, Crl};

use super::{
    PdfError,
    append::{Place, Update},
    field::{array, dictionary, resolve},
};

const MAX_CERTIFICATES: usize = 256;
const MAX_CRLS: usize = 64;

/// Certificates and lists of a document's store.
#[derive(Clone, Default)]
pub(crate) struct Evidence {
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) crls: Vec<Crl>,
}

/// What the document's store holds. What cannot be read is left out: it can help nobody.
pub(crate) fn evidence(document: &Document) -> Evidence {
    let store = document.catalog().ok().and_then(|catalog| dictionary(document, catalog, b"DSS"));
    let Some(store) = store else { return Evidence::default() };
    let streams = |key: &[u8], most: usize| -> Vec<Vec<u8>> {
        let list = array(document, store, key).map(Vec::as_slice).unwrap_or_default();
        let streams = list.iter().take(most).filter_map(|item| resolve(document, item)?.as_stream().ok());
        streams.filter_map(content).collect()
    };
    Evidence {
        certificates: streams(b"Certs", MAX_CERTIFICATES)
            .iter()
            .filter_map(|der| Certificate::parse(der).ok())
            .collect(),
        crls: streams(b"CRLs", MAX_CRLS).iter().filter_map(|der| Crl::parse(der).ok()).collect(),
    }
}

fn content(stream: &Stream) -> Option<Vec<u8>> {
    stream.get_plain_content_with_limit(super::MAX_PDF).ok()
}

/// Appends to a signed document what it will be verified with: the certificates of the paths, the time authority's
/// among them, and the revocation lists. That makes a stamped signature one of level B-LT. What the document already
/// holds is not repeated.
///
/// # Errors
/// [`PdfError`] when the document cannot be read or added to.
pub fn keep_evidence(pdf: &[u8], certificates: &[Certificate], crls: &[Crl]) -> Result<Vec<u8>, PdfError> {
    let mut update = Update::of(pdf)?;
    let old = evidence(update.old());
    let mut known: Vec<&[u8]> =
        old.certificates.iter().map(Certificate::der).chain(old.crls.iter().map(Crl::der)).collect();
    let certificates = certificates.iter().map(|certificate| (b"Certs".as_slice(), certificate.der()));
    let new: Vec<_> = certificates.chain(crls.iter().map(|crl| (b"CRLs".as_slice(), crl.der()))).collect();
    let store = update.child(b"DSS")?;
    update.dictionary(store)?.set("Type", Object::Name(b"DSS".to_vec()));
    for (key, der) in new {
        if !known.contains(&der) {
            known.push(der);
            let stream = update.add(Stream::new(Dictionary::new(), der.to_vec()).into());
            update.append_to_array(store, key, stream)?;
        }
    }
    declare_extension(&mut update)?;
    update.write()
}

/// ETSI EN 319 142-1, § 5.6: the document says that it uses the extension; PDF 2.0 needs no such word.
fn declare_extension(update: &mut Update) -> Result<(), PdfError> {
    if update.old().version.as_str() >= "2.0" {
        return Ok(());
    }
    let mut level = Dictionary::new();
    level.set("BaseVersion", Object::Name(b"1.7".to_vec()));
    level.set("ExtensionLevel", 5);
    let catalog = Place::Object(update.catalog()?);
    let catalog = update.dictionary(catalog)?;
    if !catalog.has(b"Extensions") {
        let mut extensions = Dictionary::new();
        extensions.set("ESIC", level);
        catalog.set("Extensions", extensions);
    }
    Ok(())
}
