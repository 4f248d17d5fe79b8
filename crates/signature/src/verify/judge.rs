//! One signature after the other.

use lopdf::Object;
use sigilo_proof::{
    cms::{self, Signed},
    icp::{self, check_time_authority},
    timestamp::{self, Timestamp},
    x509::{PathError, RevocationStatus},
};
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

use super::{Kind, Level, Reason, Signature, Subject, Verdict, coverage::Coverage, words};
use crate::pdf::{Change, SignatureField};

/// More signatures than that are no document of a clinic, and each costs the comparison of two revisions.
pub(super) const MAX_SIGNATURES: usize = 64;

/// A document time stamp that holds: the length of its revision, and its time.
struct Proof {
    revision: usize,
    time: OffsetDateTime,
}

impl Subject<'_> {
    /// All signatures, the oldest first. Document time stamps prove the time of those before them.
    pub(super) fn signatures(&self, fields: &[SignatureField]) -> Vec<Signature> {
        let (stamps, people): (Vec<_>, Vec<_>) =
            fields.iter().partition(|field| name(field, b"SubFilter") == b"ETSI.RFC3161");
        let mut proofs = Vec::new();
        let mut all: Vec<Signature> = stamps.into_iter().map(|field| self.time_stamp(field, &mut proofs)).collect();
        all.extend(people.into_iter().map(|field| self.signature(field, &proofs)));
        all.sort_by_key(|signature| signature.revision.unwrap_or(usize::MAX));
        all
    }

    fn time_stamp(&self, field: &SignatureField, proofs: &mut Vec<Proof>) -> Signature {
        let mut signature = blank(field, Kind::TimeStamp);
        match self.coverage(field) {
            Err(reason) => signature.reasons.push(reason),
            Ok(coverage) => {
                signature.revision = Some(coverage.revision);
                later(&mut signature, &coverage);
                match self.stamp(&coverage.message, &coverage.data) {
                    Err(reason) => signature.reasons.push(reason),
                    Ok(stamp) => {
                        signature.certificate = stamp.path.certificates.first().cloned();
                        signature.proved_time = Some(stamp.gen_time);
                        signature.level = Level::Time;
                        proofs.push(Proof { revision: coverage.revision, time: stamp.gen_time });
                    }
                }
            }
        }
        conclude(signature)
    }

    fn signature(&self, field: &SignatureField, proofs: &[Proof]) -> Signature {
        let mut signature = blank(field, Kind::Signature);
        match self.coverage(field) {
            Err(reason) => signature.reasons.push(reason),
            Ok(coverage) => {
                signature.revision = Some(coverage.revision);
                later(&mut signature, &coverage);
                self.message(field, &coverage, proofs, &mut signature);
            }
        }
        conclude(signature)
    }

    fn message(&self, field: &SignatureField, coverage: &Coverage, proofs: &[Proof], signature: &mut Signature) {
        let filter = name(field, b"SubFilter");
        if ![b"ETSI.CAdES.detached".as_slice(), b"adbe.pkcs7.detached"].contains(&filter) {
            let text = format!("o tipo de assinatura não é aceito: {}", String::from_utf8_lossy(filter));
            return signature.reasons.push(Reason { verdict: Verdict::Indeterminate, text });
        }
        let signed = match cms::verify_detached(&coverage.message, &coverage.data) {
            Ok(signed) => signed,
            Err(error) => return signature.reasons.push(words::cms(error)),
        };
        signature.certificate = Some(signed.signer.clone());
        signature.signer = icp::claimed_person(&signed.signer).ok();
        signature.policy = signed.signature_policy;
        signature.claimed_time = signature.claimed_time.or(signed.claimed_time);
        self.time(&signed, coverage, proofs, signature);
        self.certificate(&signed, signature);
    }

    /// The earliest time that somebody vouches for, and the level that follows.
    fn time(&self, signed: &Signed, coverage: &Coverage, proofs: &[Proof], signature: &mut Signature) {
        let later = || proofs.iter().filter(|proof| proof.revision > coverage.revision).map(|proof| proof.time);
        let mut times: Vec<OffsetDateTime> = later().collect();
        for token in &signed.timestamps {
            match self.stamp(token, &signed.signature) {
                Ok(stamp) => times.push(stamp.gen_time),
                Err(reason) => signature.reasons.push(reason),
            }
        }
        signature.proved_time = times.into_iter().min();
        let kept = !self.evidence.certificates.is_empty() && !self.evidence.crls.is_empty();
        signature.level = match (signature.proved_time.is_some(), kept) {
            (false, _) => Level::Basic,
            (true, false) => Level::Time,
            (true, true) if later().next().is_none() => Level::LongTerm,
            (true, true) => Level::Archive,
        };
    }

    /// The certificate at that time (DOC-ICP-04), or now when there is none.
    fn certificate(&self, signed: &Signed, signature: &mut Signature) {
        let checks = self.checks;
        if signature.proved_time.is_none() {
            let text = "sem carimbo do tempo: o certificado foi avaliado na hora desta conferência".to_owned();
            signature.reasons.push(Reason { verdict: Verdict::Valid, text });
        }
        let at = signature.proved_time.unwrap_or(checks.now);
        let Some(person) = &signature.signer else {
            let text = "o certificado não é de uma pessoa da ICP-Brasil: falta o CPF".to_owned();
            return signature.reasons.push(Reason { verdict: Verdict::Indeterminate, text });
        };
        signature.cpf_matches = checks.cpf.map(|cpf| cpf == person.cpf);
        if signature.cpf_matches == Some(false) {
            let text = "quem assinou é outra pessoa: o CPF não é o esperado".to_owned();
            signature.reasons.push(Reason { verdict: Verdict::Invalid, text });
        }
        let extra = &signed.certificates;
        match icp::verify_person(&signed.signer, extra, checks.trust, at, checks.kinds, person.cpf) {
            Ok(verified) if verified.path.revocation == RevocationStatus::Unknown => {
                let text = "não se sabe se o certificado foi revogado: falta a lista".to_owned();
                signature.reasons.push(Reason { verdict: Verdict::Valid, text });
            }
            Ok(_) => {}
            Err(error) => signature.reasons.push(words::icp(&error, signature.proved_time)),
        }
    }

    /// A time stamp of `data` by an authority of ICP-Brasil.
    fn stamp(&self, token: &[u8], data: &[u8]) -> Result<Timestamp, Reason> {
        let stamp = timestamp::verify(token, data, None, self.checks.time_policies, self.checks.trust)
            .map_err(|error| words::timestamp(&error))?;
        check_time_authority(&stamp.path).map_err(|_| Reason {
            verdict: Verdict::Indeterminate,
            text: "o carimbo do tempo não é de uma autoridade da ICP-Brasil".to_owned(),
        })?;
        Ok(stamp)
    }
}

fn blank(field: &SignatureField, kind: Kind) -> Signature {
    let claimed_time = field.value.get(b"M").and_then(Object::as_str).ok().and_then(date);
    Signature {
        field: field.name.clone(),
        kind,
        verdict: Verdict::Valid,
        reasons: Vec::new(),
        signer: None,
        cpf_matches: None,
        certificate: None,
        claimed_time,
        proved_time: None,
        policy: None,
        level: Level::Basic,
        revision: None,
    }
}

fn conclude(mut signature: Signature) -> Signature {
    signature.verdict = signature.reasons.iter().map(|reason| reason.verdict).max().unwrap_or(Verdict::Valid);
    signature
}

fn later(signature: &mut Signature, coverage: &Coverage) {
    signature.reasons.extend(coverage.changes.iter().map(|change| {
        let (verdict, text) = match change {
            Change::Evidence => (Verdict::Valid, "certificados e listas foram acrescentados depois"),
            Change::TimeStamp => (Verdict::Valid, "um carimbo do tempo do documento foi acrescentado depois"),
            Change::Signature => (Verdict::Valid, "outra assinatura foi acrescentada depois"),
            Change::Metadata => (Verdict::Valid, "dados sobre o documento, que nenhuma página mostra, mudaram depois"),
            Change::Drawing => (
                Verdict::Indeterminate,
                "uma assinatura posterior desenha sobre uma página e pode esconder o que foi assinado",
            ),
            Change::Unclear(text) => (Verdict::Indeterminate, text.as_str()),
            Change::Forbidden(text) => {
                let text = format!("o documento foi alterado depois da assinatura: {text}");
                return Reason { verdict: Verdict::Invalid, text };
            }
        };
        Reason { verdict, text: text.to_owned() }
    }));
}

fn name<'a>(field: &'a SignatureField, key: &[u8]) -> &'a [u8] {
    field.value.get(key).and_then(Object::as_name).unwrap_or_default()
}

/// A date of PDF (ISO 32000-2, § 7.9.4) to the second, in UTC or with an offset.
fn date(bytes: &[u8]) -> Option<OffsetDateTime> {
    let text = std::str::from_utf8(bytes).ok()?.strip_prefix("D:")?;
    let number = |from: usize, to: usize| -> Option<u8> { text.get(from..to)?.parse().ok() };
    let month = Month::try_from(number(4, 6)?).ok()?;
    let date = Date::from_calendar_date(text.get(..4)?.parse().ok()?, month, number(6, 8)?).ok()?;
    let time = Time::from_hms(number(8, 10)?, number(10, 12)?, number(12, 14)?).ok()?;
    let sign = match text.as_bytes().get(14) {
        None | Some(b'Z') => 0,
        Some(b'+') => 1,
        Some(b'-') => -1,
        Some(_) => return None,
    };
    let offset = match sign {
        0 => 0,
        sign => sign * (i64::from(number(15, 17)?) * 60 + i64::from(number(18, 20).unwrap_or(0))),
    };
    PrimitiveDateTime::new(date, time).assume_utc().checked_sub(time::Duration::minutes(offset))
}

/// Whether a certificate's fault may be only that nobody proves the time.
pub(super) fn without_proof(error: &PathError) -> bool {
    matches!(error, PathError::Expired { .. } | PathError::Revoked { .. })
}
