//! What went wrong, in Portuguese, and what it makes of a signature.

use sigilo_proof::{
    cms::CmsError,
    icp::{HolderError, IcpError, PolicyError},
    timestamp::TimestampError,
    x509::PathError,
};
use time::OffsetDateTime;

use super::{Reason, Verdict, judge::without_proof};
use crate::pdf::PdfError;

fn reason(verdict: Verdict, text: impl Into<String>) -> Reason {
    Reason { verdict, text: text.into() }
}

pub(super) fn pdf(error: PdfError) -> &'static str {
    match error {
        PdfError::TooLong => "o documento é grande demais",
        PdfError::Encrypted => "o documento está cifrado",
        PdfError::Damaged => "a tabela de objetos do documento está danificada",
        _ => "o arquivo não é um documento PDF legível",
    }
}

pub(super) fn cms(error: CmsError) -> Reason {
    use Verdict::{Indeterminate, Invalid};
    match error {
        CmsError::TooLong => reason(Indeterminate, "a assinatura é grande demais"),
        CmsError::Malformed | CmsError::NotSignedData => reason(Invalid, "a assinatura não pode ser lida"),
        CmsError::ContentPresent | CmsError::ContentMissing | CmsError::ContentType => {
            reason(Invalid, "a assinatura é de outro tipo de conteúdo")
        }
        CmsError::NotOneSigner => reason(Invalid, "a assinatura deve ter exatamente um signatário"),
        CmsError::NoSignerCertificate => reason(Indeterminate, "falta o certificado de quem assinou"),
        CmsError::Attribute(name) => {
            reason(Indeterminate, format!("o atributo {name} falta, está repetido ou não pode ser lido"))
        }
        CmsError::MessageDigest => reason(Invalid, "o documento assinado foi alterado"),
        CmsError::SigningCertificate => reason(Invalid, "a assinatura nomeia outro certificado"),
        CmsError::Algorithm => reason(Indeterminate, "a assinatura usa um algoritmo que não é aceito"),
        CmsError::Signature => reason(Invalid, "a assinatura não confere com o certificado"),
    }
}

/// `proved` is the time that a stamp proves, at which the certificate was judged.
pub(super) fn icp(error: &IcpError, proved: Option<OffsetDateTime>) -> Reason {
    use Verdict::{Indeterminate, Invalid};
    match error {
        IcpError::Path(error) if proved.is_none() && without_proof(error) => {
            reason(Indeterminate, format!("{}, e nada prova que a assinatura é anterior", path(error).text))
        }
        IcpError::Path(error) => path(error),
        IcpError::Policy(PolicyError::NotOne) => {
            reason(Indeterminate, "o certificado não tem uma política da ICP-Brasil")
        }
        IcpError::Policy(PolicyError::UnknownKind(oid)) => {
            reason(Indeterminate, format!("a política do certificado é de tipo desconhecido: {oid}"))
        }
        IcpError::Policy(PolicyError::NotListed(oid)) => {
            reason(Invalid, format!("a autoridade que emitiu o certificado não pode usar a política {oid}"))
        }
        IcpError::Policy(PolicyError::Kind(kind)) => {
            reason(Invalid, format!("um certificado do tipo {kind:?} não serve para a assinatura de uma pessoa"))
        }
        IcpError::KeyUsage => reason(Invalid, "a chave do certificado não é para assinaturas"),
        IcpError::Holder(HolderError::Value(_)) => {
            reason(Indeterminate, "os dados da pessoa no certificado faltam ou não podem ser lidos")
        }
        IcpError::Holder(HolderError::OtherCpf | HolderError::OtherCnpj) => {
            reason(Invalid, "o certificado é de outra pessoa")
        }
    }
}

fn path(error: &PathError) -> Reason {
    use Verdict::{Indeterminate, Invalid};
    match error {
        PathError::NoPath => reason(Indeterminate, "nenhuma cadeia leva o certificado a uma raiz confiável"),
        PathError::NotYetValid { subject } => reason(Invalid, format!("o certificado ainda não valia: {subject}")),
        PathError::Expired { subject } => reason(Invalid, format!("o certificado estava vencido: {subject}")),
        PathError::Algorithm { subject } => {
            reason(Indeterminate, format!("o certificado usa um algoritmo que não é aceito: {subject}"))
        }
        PathError::Signature { subject } => {
            reason(Invalid, format!("a assinatura da autoridade no certificado não confere: {subject}"))
        }
        PathError::Rule { subject, .. } => {
            reason(Invalid, format!("o certificado fere uma regra da cadeia: {subject}"))
        }
        PathError::Revoked { subject, since } => {
            let since = since.map(|since| format!(" em {}", day(since))).unwrap_or_default();
            reason(Invalid, format!("o certificado foi revogado{since}: {subject}"))
        }
        PathError::RevocationUnknown { subject } => {
            reason(Indeterminate, format!("falta a lista que diria se o certificado foi revogado: {subject}"))
        }
    }
}

fn day(time: OffsetDateTime) -> String {
    format!("{:02}/{:02}/{}", time.day(), u8::from(time.month()), time.year())
}

/// A stamp that does not hold leaves the time unproved; that alone does not make a signature invalid.
pub(super) fn timestamp(error: &TimestampError) -> Reason {
    let text = match error {
        TimestampError::Imprint => "é de outros dados".to_owned(),
        TimestampError::Policy(oid) => format!("é de uma política que não é aceita ({oid})"),
        TimestampError::Authority(error) => path(error).text,
        TimestampError::Cms(error) => cms(*error).text,
        _ => "não pode ser lido ou fere uma regra".to_owned(),
    };
    reason(Verdict::Indeterminate, format!("o carimbo do tempo não confere: {text}"))
}
