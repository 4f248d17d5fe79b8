//! Signed-in people of a demonstration.

use serde_json::json;

use super::http::{Answer, SESSION, Visitor};
use super::site::Site;

/// A professional of the first invented clinic.
pub const OTAVIO: &str = "Dr. Otávio Lacerda Nunes";
/// A professional of the second one.
pub const LIVIA: &str = "Dra. Lívia Sampaio Rocha";
/// The owner of the first one, not a professional.
pub const HELENA: &str = "Helena Prado Vasconcelos";

/// Its receptionist, its DPO and its auditor.
pub const JUSSARA: &str = "Jussara Tavares Pinho";
/// See [`JUSSARA`].
pub const BRENO: &str = "Breno Alcântara Dias";
/// See [`JUSSARA`].
pub const MARTA: &str = "Marta Quintela Abreu";

/// Enters by the link that the demonstration printed.
pub async fn enter(site: &Site, name: &str) -> Visitor {
    let mut visitor = Visitor::new(&site.origin);
    let answer = visitor.form(&site.link(name), &[]).await;
    assert_eq!(answer.location(), "/");
    assert!(visitor.cookies.contains_key(SESSION));
    visitor
}

/// Enters, and completes the onboarding with all four consents.
pub async fn doctor(site: &Site, name: &str) -> Visitor {
    let mut visitor = enter(site, name).await;
    let answer = onboard(&mut visitor, name).await;
    assert_eq!(answer.location(), "/");
    visitor
}

/// Sends the onboarding's form.
pub async fn onboard(visitor: &mut Visitor, name: &str) -> Answer {
    let fields = [
        ("full_name", name),
        ("crm_number", "54321"),
        ("crm_state", "SP"),
        ("specialty", "Cardiologia"),
        ("terms_of_service", "sim"),
        ("data_processing", "sim"),
        ("ai_processing", "sim"),
        ("image_processing", "sim"),
    ];
    visitor.form("/boas-vindas", &fields).await
}

impl Visitor {
    /// A new conversation's identifier.
    pub async fn conversation(&mut self) -> String {
        let answer = self.form("/conversas", &[]).await;
        answer.location().strip_prefix("/conversas/").expect("a conversation").to_owned()
    }

    /// Sends a message by the API.
    pub async fn say(&mut self, conversation: &str, text: &str) -> Answer {
        self.json("/api/v1/process-message", &json!({ "conversation_id": conversation, "message": text })).await
    }
}
