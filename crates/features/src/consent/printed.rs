//! The receipt of a consent as PDF/A, with the proof in it.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use sigilo_domain::{BRASILIA, consent::Purpose, consent::minor::RELATIONS};
use sigilo_proof::consent::{Document, SignatureKind, Stamp};
use sigilo_report::{ConsentReceipt, consent_receipt, digest};
use sigilo_store::Session;

use super::{Receipt, receipt};
use crate::{App, Error, Result, moment::moment, report::drawn};

/// The receipt as PDF/A-3a. Each time it is taken is an event.
///
/// # Errors
/// As [`super::receipt`].
pub async fn printed(app: &App, session: &Session, id: Uuid) -> Result<Vec<u8>> {
    let receipt = receipt(app, session, id).await?;
    let printed = view(&receipt, app.now())?;
    drawn(move || consent_receipt(&printed)).await
}

fn view(receipt: &Receipt, now: OffsetDateTime) -> Result<ConsentReceipt> {
    let Document { statement, seal, signature, subject_signature, stamp, withdrawal } = &receipt.document;
    let given = OffsetDateTime::parse(&statement.given_at, &Rfc3339).map_err(|_| Error::Internal)?.to_offset(BRASILIA);
    let subject = &statement.subject;
    let mut facts = vec![("De quem", subject.name.clone())];
    facts.extend(subject.birth_date.clone().map(|day| ("Nascimento", day)));
    facts.extend(subject.cpf.clone().map(|cpf| ("CPF", cpf)));
    if let Some(who) = &subject.representative {
        let by = RELATIONS.iter().find(|(code, _)| *code == who.relation).map_or("representante", |(_, label)| label);
        facts.push(("Quem decidiu por ela", format!("{} ({by}), CPF {}", who.name, who.cpf)));
    }
    let purposes = statement.purposes.iter().filter_map(|code| Purpose::from_code(code)).map(Purpose::label);
    facts.extend([
        ("Autoriza", purposes.collect::<Vec<_>>().join("; ")),
        ("Dados", receipt.data_categories.join(", ")),
        ("Base legal", format!("LGPD, {}", receipt.legal_basis)),
        ("Quando", moment(given)),
        ("Vale", receipt.expires_at.map_or("até ser revogado".into(), |end| format!("até {}", moment(end)))),
        ("Por que fica guardado", receipt.retention_justification.clone()),
    ]);
    let state = match withdrawal {
        Some(end) => {
            let at = OffsetDateTime::parse(&end.at, &Rfc3339).map_err(|_| Error::Internal)?;
            let why = end.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("Revogado em {}{why}", moment(at))
        }
        None if receipt.status == "renewed" => "Outro consentimento, mais novo, tomou o lugar deste.".into(),
        None if receipt.expires_at.is_some_and(|end| end <= now) => "O prazo deste consentimento acabou.".into(),
        None => format!("Em vigor em {}, quando este comprovante foi feito.", moment(now)),
    };
    let base64 = |bytes: &[u8]| data_encoding::BASE64.encode(bytes);
    let signed = match subject_signature.as_ref().map(|own| own.kind) {
        Some(SignatureKind::Drawn) => "desenhada pela pessoa",
        Some(SignatureKind::IcpBrasil) => "da pessoa, com certificado ICP-Brasil",
        Some(SignatureKind::Paper) => "da pessoa, em papel digitalizado",
        None => "só a da instalação",
    };
    let proofs = vec![
        ("Texto, versão", format!("{} ({})", statement.text.version, statement.text.language)),
        ("SHA-256 do texto", statement.text_hash.clone()),
        ("Resumo do consentimento", seal.consent_hash.clone()),
        ("Assinatura (Ed25519)", base64(&signature.value)),
        ("Chave", base64(&signature.key)),
        ("Assinatura da pessoa", signed.into()),
        (
            "Carimbo do tempo",
            match stamp {
                Stamp::Granted(_) => "na prova anexa".into(),
                Stamp::Pending => "pendente; por ora, valem os da trilha de auditoria".into(),
            },
        ),
    ];
    let own = |list: Vec<(&str, String)>| list.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let document = receipt.document.write().into_bytes();
    Ok(ConsentReceipt {
        title: statement.text.title.clone(),
        summary: statement.text.summary.clone(),
        body: statement.text.body.clone(),
        facts: own(facts),
        state,
        proofs: own(proofs),
        drawing: subject_signature
            .as_ref()
            .filter(|own| own.kind == SignatureKind::Drawn)
            .map(|own| own.content.clone()),
        address: receipt.address.clone(),
        hash: digest(&document),
        document,
        date: (given.year(), given.month().into(), given.day()),
    })
}
