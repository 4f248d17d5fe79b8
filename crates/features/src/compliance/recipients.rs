//! To whom data goes, as this installation is set up.

use std::net::IpAddr;

use url::{Host, Url};

use sigilo_assistant::verify::Policy;

use crate::App;

/// Where somebody who is sent data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On the installation's own machine or network.
    Inside,
    /// Outside Brazil.
    Abroad(&'static str),
    /// Not to be told from an address alone.
    Unknown,
}

/// Somebody who is sent data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Who.
    pub name: String,
    /// What for.
    pub purpose: &'static str,
    /// What they get, and what not.
    pub data: &'static str,
    /// Where they are.
    pub place: Place,
    /// Whether any of it may be about a person; text without direct identifiers may.
    pub personal: bool,
    /// The tables whose data it is.
    pub tables: &'static [&'static str],
}

impl Recipient {
    /// Where they are, on screen; for personal data abroad, with what the law calls it (LGPD art. 33).
    pub fn place_in_words(&self) -> String {
        match (self.place, self.personal) {
            (Place::Inside, _) => "Na própria instalação.".into(),
            (Place::Abroad(country), true) => {
                format!("Fora do Brasil ({country}): transferência internacional de dados (LGPD, art. 33).")
            }
            (Place::Abroad(country), false) => format!("Fora do Brasil ({country})."),
            (Place::Unknown, _) => "País não conhecido pelo Sigilo: confirme com o fornecedor.".into(),
        }
    }
}

const ABROAD: [(&str, &str); 4] = [
    ("api.anthropic.com", "Estados Unidos"),
    ("api.openai.com", "Estados Unidos"),
    ("accounts.google.com", "Estados Unidos"),
    ("login.microsoftonline.com", "Estados Unidos"),
];

/// Where a host is, as far as its name tells.
fn place(host: &str) -> Place {
    let address = match Host::parse(host) {
        Ok(Host::Domain(name)) if name.eq_ignore_ascii_case("localhost") => return Place::Inside,
        Ok(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Ok(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        _ => None,
    };
    let inside = address.is_some_and(|address| match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    });
    match ABROAD.iter().find(|(known, _)| known.eq_ignore_ascii_case(host)) {
        Some((_, country)) => Place::Abroad(country),
        None if inside => Place::Inside,
        None => Place::Unknown,
    }
}

/// Everybody who is sent data as the installation is set up; nobody who is not.
pub(super) fn of(app: &App) -> Vec<Recipient> {
    let assistant = app.assistant();
    let model = assistant.provider.recipient().map(|host| Recipient {
        name: format!("Provedor do modelo de linguagem: {host}, modelo {}", assistant.provider.model()),
        purpose: "Responder ao médico.",
        data: if assistant.provider.capabilities().images {
            "Texto das mensagens depois da remoção dos dados pessoais, e imagens sem metadados. Nomes, documentos e contatos não são enviados."
        } else {
            "Texto das mensagens depois da remoção dos dados pessoais. Nomes, documentos e contatos não são enviados."
        },
        place: place(host),
        personal: true,
        tables: &["public.messages", "public.ai_answers", "public.image_processing_logs"],
    });
    let pubmed = (assistant.verifier.policy() != Policy::SomenteLocal).then(|| Recipient {
        name: "PubMed E-utilities, da National Library of Medicine".into(),
        purpose: "Conferir se as referências citadas existem.",
        data: "Título, autores, revista e ano dos artigos citados, e o contato técnico da instalação, se configurado. Nenhum dado de paciente nem de quem pergunta.",
        place: Place::Abroad("Estados Unidos"),
        personal: false,
        tables: &["public.ai_reference_checks"],
    });
    let identity = app.settings().oidc.as_ref().map(|oidc| {
        let issuer = Url::parse(&oidc.issuer).ok();
        let host = issuer.as_ref().and_then(Url::host_str).unwrap_or(&oidc.issuer);
        Recipient {
            name: format!("Provedor de identidade: {host}"),
            purpose: "Entrar com uma conta que a pessoa já tem.",
            data: "O provedor fica sabendo que a pessoa entrou no Sigilo, e informa o código dela, o nome e o e-mail. Nada do que é feito depois é enviado.",
            place: place(host),
            personal: true,
            tables: &["auth.identities", "auth.users"],
        }
    });
    [model, pubmed, identity].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_is_said_of_a_place() {
        assert_eq!(place("api.anthropic.com"), Place::Abroad("Estados Unidos"));
        for inside in ["localhost", "127.0.0.1", "10.0.0.7", "192.168.1.4", "[::1]", "[fd00::1]"] {
            assert_eq!(place(inside), Place::Inside, "{inside}");
        }
        for unknown in ["8.8.8.8", "ia.clinica.example", "api.anthropic.com.example", "ollama"] {
            assert_eq!(place(unknown), Place::Unknown, "{unknown}");
        }
    }
}
