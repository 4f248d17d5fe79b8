//! What a time stamp says: TSTInfo (RFC 3161, § 2.4.2).

use std::time::Duration;

use der::{
    Decode, DecodeValue, Encode, FixedTag, Header, Reader, SliceReader, Tag, TagMode, TagNumber,
    asn1::{ContextSpecific, IntRef, OctetStringRef},
};
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};
use x509_cert::{
    ext::{Extensions, pkix::name::GeneralName},
    spki::AlgorithmIdentifierOwned,
};

use crate::x509::{Oid, hex_integer};

pub(super) struct TstInfo {
    pub(super) policy: Oid,
    pub(super) imprint_algorithm: Oid,
    pub(super) imprint: Vec<u8>,
    pub(super) serial: String,
    pub(super) gen_time: OffsetDateTime,
    pub(super) accuracy: Option<Duration>,
    pub(super) nonce: Option<Vec<u8>>,
    pub(super) authority: Option<GeneralName>,
    pub(super) extensions: Extensions,
}

impl TstInfo {
    pub(super) fn parse(der: &[u8]) -> der::Result<TstInfo> {
        let mut reader = SliceReader::new(der)?;
        let info = reader.sequence(|reader| {
            if u8::decode(reader)? != 1 {
                return Err(Tag::Integer.value_error().into());
            }
            let policy = Oid::decode(reader)?;
            let (imprint_algorithm, imprint) = reader.sequence(|reader| {
                let algorithm = AlgorithmIdentifierOwned::decode(reader)?;
                Ok::<_, der::Error>((algorithm.oid, <&OctetStringRef>::decode(reader)?.as_bytes().to_vec()))
            })?;
            let serial = hex_integer(IntRef::decode(reader)?.as_bytes());
            let gen_time = GenTime::decode(reader)?.0;
            let accuracy = Option::<Accuracy>::decode(reader)?.map(|accuracy| accuracy.0);
            Option::<bool>::decode(reader)?; // ordering: no two stamps are compared here
            let nonce = Option::<IntRef<'_>>::decode(reader)?.map(|nonce| nonce.to_der()).transpose()?;
            let authority = ContextSpecific::<GeneralName>::decode_explicit(reader, TagNumber(0))?;
            let extensions = reader.context_specific::<Extensions>(TagNumber(1), TagMode::Implicit)?;
            Ok::<_, der::Error>(TstInfo {
                policy,
                imprint_algorithm,
                imprint,
                serial,
                gen_time,
                accuracy,
                nonce,
                authority: authority.map(|field| field.value),
                extensions: extensions.unwrap_or_default(),
            })
        })?;
        reader.finish()?;
        Ok(info)
    }
}

/// GeneralizedTime in UTC with seconds and, if wanted, a fraction of up to nine digits.
struct GenTime(OffsetDateTime);

impl FixedTag for GenTime {
    const TAG: Tag = Tag::GeneralizedTime;
}

impl<'a> DecodeValue<'a> for GenTime {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        let text = reader.read_slice(header.length())?;
        gen_time(text).map(GenTime).ok_or_else(|| Self::TAG.value_error().into())
    }
}

fn gen_time(text: &[u8]) -> Option<OffsetDateTime> {
    let (whole, rest) = text.strip_suffix(b"Z")?.split_at_checked(14)?;
    let nanosecond = match rest {
        [] => 0,
        [b'.', fraction @ ..] if (1..=9).contains(&fraction.len()) => {
            number(fraction)? * 10_u32.pow(9 - u32::try_from(fraction.len()).ok()?)
        }
        _ => return None,
    };
    let part = |from: usize, to: usize| number(&whole[from..to]);
    let byte = |from: usize, to: usize| part(from, to).and_then(|value| u8::try_from(value).ok());
    let month = Month::try_from(byte(4, 6)?).ok()?;
    let date = Date::from_calendar_date(i32::try_from(part(0, 4)?).ok()?, month, byte(6, 8)?).ok()?;
    let time = Time::from_hms_nano(byte(8, 10)?, byte(10, 12)?, byte(12, 14)?, nanosecond).ok()?;
    Some(PrimitiveDateTime::new(date, time).assume_utc())
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
        value.checked_mul(10)?.checked_add(digit.into())
    })
}

/// By how much the time may be wrong, either way.
struct Accuracy(Duration);

impl FixedTag for Accuracy {
    const TAG: Tag = Tag::Sequence;
}

impl<'a> DecodeValue<'a> for Accuracy {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        reader.read_nested(header.length(), |reader| {
            let seconds = Option::<u32>::decode(reader)?.unwrap_or(0);
            let millis = reader.context_specific::<u16>(TagNumber(0), TagMode::Implicit)?.unwrap_or(0);
            let micros = reader.context_specific::<u16>(TagNumber(1), TagMode::Implicit)?.unwrap_or(0);
            if millis > 999 || micros > 999 {
                return Err(Tag::Integer.value_error().into());
            }
            let below = Duration::from_millis(millis.into()) + Duration::from_micros(micros.into());
            Ok(Accuracy(Duration::from_secs(seconds.into()) + below))
        })
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn times_are_read_to_the_nanosecond_and_others_refused() {
        assert_eq!(gen_time(b"20261128031500Z"), Some(datetime!(2026-11-28 3:15 UTC)));
        assert_eq!(gen_time(b"20261128031500.25Z"), Some(datetime!(2026-11-28 3:15:00.25 UTC)));
        for wrong in [
            "",
            "Z",
            "20261128031500",
            "20261128031500.Z",
            "20261128031500.1234567890Z",
            "20261328031500Z",
            "20260230031500Z",
            "20261128031560Z",
            "2026112803150Z",
            "20261128031500+0300",
            "202611280315+0Z",
        ] {
            assert_eq!(gen_time(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
