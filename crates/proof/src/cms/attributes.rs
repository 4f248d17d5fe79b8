//! The attributes of a signer (RFC 5652, § 5.3).

use der::{Decode, DecodeValue, Encode, Header, Reader, SliceReader, Tag, asn1::AnyRef};

use super::{CmsError, signed_data::RawSet};
use crate::x509::Oid;

const MAX_ATTRIBUTES: usize = 64;

/// A SET OF Attribute, in the order it came in.
pub(crate) struct Attributes<'a> {
    raw: RawSet<'a>,
    encodings: Vec<&'a [u8]>,
    values: Vec<(Oid, Vec<&'a [u8]>)>,
}

impl<'a> Attributes<'a> {
    pub(super) fn parse(raw: RawSet<'a>) -> Result<Attributes<'a>, CmsError> {
        let encodings = raw.elements().map_err(|_| CmsError::Malformed)?;
        if encodings.len() > MAX_ATTRIBUTES {
            return Err(CmsError::TooLong);
        }
        let values = encodings.iter().map(|der| attribute(der)).collect::<der::Result<_>>();
        Ok(Attributes { raw, encodings, values: values.map_err(|_| CmsError::Malformed)? })
    }

    /// The values of all attributes of a type: their encodings, tag and length included.
    pub(super) fn all(&self, kind: Oid) -> impl Iterator<Item = &'a [u8]> {
        self.values.iter().filter(move |(oid, _)| *oid == kind).flat_map(|(_, values)| values.iter().copied())
    }

    /// The one value of the one attribute of a type.
    pub(super) fn only(&self, kind: Oid, name: &'static str) -> Result<&'a [u8], CmsError> {
        let mut all = self.all(kind);
        match (all.next(), all.next()) {
            (Some(value), None) => Ok(value),
            _ => Err(CmsError::Attribute(name)),
        }
    }

    /// The SET in the order of DER (X.690, § 11.6).
    pub(super) fn sorted(&self) -> Result<Vec<u8>, CmsError> {
        let mut encodings = self.encodings.clone();
        encodings.sort_unstable();
        set(&encodings.concat())
    }

    /// The SET in the order it came in.
    pub(super) fn as_transmitted(&self) -> Result<Vec<u8>, CmsError> {
        set(self.raw.0)
    }
}

fn set(content: &[u8]) -> Result<Vec<u8>, CmsError> {
    AnyRef::new(Tag::Set, content).and_then(|set| set.to_der()).map_err(|_| CmsError::Malformed)
}

fn attribute(der: &[u8]) -> der::Result<(Oid, Vec<&[u8]>)> {
    let mut reader = SliceReader::new(der)?;
    let parts = reader.sequence(|reader| {
        let kind = Oid::decode(reader)?;
        let header = Header::decode(reader)?;
        header.tag().assert_eq(Tag::Set)?;
        let values = RawSet::decode_value(reader, header)?.elements()?;
        Ok::<_, der::Error>((kind, values))
    })?;
    reader.finish()?;
    Ok(parts)
}
