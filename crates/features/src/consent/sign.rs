//! The subject's own signature, beside the installation's: drawn, with a certificate of ICP-Brasil, or on paper.

use serde_json::json;
use uuid::Uuid;

use sigilo_proof::{
    cms,
    consent::{SignatureKind, SubjectSignature},
    icp::{DOCUMENT, verify_person},
    x509::Trust,
};
use sigilo_store::{Session, WriteTx, consent};

use super::{event, prove};
use crate::rights::{MAX_FILE, kind_of};
use crate::{App, Error, Result};

/// Largest drawing of a signature, in bytes.
const MAX_DRAWING: usize = 256 * 1024;

/// What was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// How.
    pub kind: SignatureKind,
}

/// The bytes that a certificate must sign, apart from them (CAdES-BES, detached).
///
/// # Errors
/// [`Error::NotFound`] for a consent that is not in the member's sight or has no proof.
pub async fn to_sign(app: &App, session: &Session, consent: Uuid) -> Result<Vec<u8>> {
    app.db()
        .write(session, async |tx: &WriteTx| {
            let row = consent::proof(tx, consent).await?;
            let bytes = prove::document(&prove::cells(app, tx, &row)?, &row).await?.seal.bytes();
            Ok((bytes, event("consent_proof_taken", &row.consent_type, Some(consent), json!({ "what": "to_sign" }))))
        })
        .await
}

/// Keeps a signature, once. With a certificate, the signature is verified now, and its CPF must be the subject's, or the
/// representative's where there is one; `trust` names the authorities that are believed.
///
/// # Errors
/// [`Error::Invalid`] for `assinatura`; [`Error::Conflict`] when there is one already; [`Error::Unavailable`] without `trust`.
pub async fn sign(
    app: &App,
    session: &Session,
    consent: Uuid,
    kind: SignatureKind,
    content: &[u8],
    trust: Option<Trust<'_>>,
) -> Result<Signed> {
    check_file(kind, content)?;
    app.db()
        .write(session, async |tx: &WriteTx| {
            let row = consent::proof(tx, consent).await?;
            if row.status != "granted" {
                return Err(Error::Conflict("Este consentimento já não está em vigor."));
            }
            let at = consent::now(tx).await?;
            let document = prove::document(&prove::cells(app, tx, &row)?, &row).await?;
            if kind == SignatureKind::IcpBrasil {
                let unknown = Error::Unavailable("a lista de autoridades da ICP-Brasil desta instalação");
                let trust = trust.ok_or(unknown)?;
                let wrong = |sentence: &str| Error::field("assinatura", sentence);
                let message = cms::verify_detached(content, &document.seal.bytes())
                    .map_err(|_| wrong("A assinatura não é deste consentimento, ou foi alterada."))?;
                let cpf = document.statement.subject.signing_cpf();
                let cpf = cpf.ok_or_else(|| wrong("Não há CPF registrado com que comparar o do certificado."))?;
                verify_person(&message.signer, &message.certificates, trust, at, DOCUMENT, cpf).map_err(|_| {
                    wrong("O certificado não vale agora como assinatura da ICP-Brasil desta pessoa: confira o CPF, a validade e o tipo.")
                })?;
            }
            let bound = SubjectSignature::bytes(&row.consent_hash, kind, content, &prove::instant(at)?);
            let binding = prove::signature(app, &bound)?.value;
            let sealed = prove::cells(app, tx, &row)?.seal("subject_signature_sealed", content).await?;
            if !consent::sign(tx, consent, kind.code(), &sealed, &binding).await? {
                return Err(Error::Conflict("Este consentimento já foi assinado."));
            }
            let details = json!({ "signature": kind.code() });
            Ok((Signed { kind }, event("consent_signed", &row.consent_type, Some(consent), details)))
        })
        .await
}

/// Refuses what cannot be a signature of its kind.
pub(crate) fn check_file(kind: SignatureKind, content: &[u8]) -> Result<()> {
    let wrong = match kind {
        SignatureKind::Drawn if content.len() > MAX_DRAWING || kind_of(content) != Some("image/png") => {
            "O desenho da assinatura deve ser uma imagem PNG de até 256 KB."
        }
        SignatureKind::Paper if content.len() > MAX_FILE || kind_of(content).is_none() => {
            "O papel assinado deve ser PDF, JPEG ou PNG, de até 5 MB."
        }
        SignatureKind::IcpBrasil if content.is_empty() || content.len() > cms::MAX_CMS => {
            "O arquivo não é uma assinatura digital (.p7s)."
        }
        _ => return Ok(()),
    };
    Err(Error::field("assinatura", wrong))
}
