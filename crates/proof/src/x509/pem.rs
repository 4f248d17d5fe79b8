use der::{Document, pem::PemLabel};

/// The certificates in a PEM text (RFC 7468), in DER. None when one does not read, or there is none.
pub fn from_pem(text: &str) -> Option<Vec<Vec<u8>>> {
    const END: &str = "-----END CERTIFICATE-----";
    let mut found = Vec::new();
    for part in text.split_inclusive(END).filter(|part| part.contains(END)) {
        let start = part.find("-----BEGIN")?;
        let (label, document) = Document::from_pem(&part[start..]).ok()?;
        (label == x509_cert::Certificate::PEM_LABEL).then_some(())?;
        found.push(document.as_bytes().to_vec());
    }
    (!found.is_empty()).then_some(found)
}
