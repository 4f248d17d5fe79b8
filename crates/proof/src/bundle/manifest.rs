use crate::jcs::{self, Object};

/// What a bundle says of itself. Nothing in it is believed: each statement is checked against what is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The clinic's log: the clinic's identifier.
    pub log: String,
    /// The platform's log.
    pub origin: String,
    /// How many leaves the platform's log has.
    pub platform_size: u64,
    /// How many leaves the clinic's log has.
    pub size: u64,
}

impl Manifest {
    /// As the file has it.
    pub fn to_jcs(&self) -> String {
        Object::new()
            .text("log", &self.log)
            .text("origin", &self.origin)
            .integer("platform_size", self.platform_size)
            .integer("size", self.size)
            .integer("v", 1)
            .finish()
    }

    /// Reads the file. None when it is no manifest of this version.
    pub fn parse(bytes: &[u8]) -> Option<Manifest> {
        let value = jcs::parse(bytes).ok()?;
        (value.integer("v") == Some(1)).then_some(())?;
        Some(Manifest {
            log: value.text("log")?.to_owned(),
            origin: value.text("origin")?.to_owned(),
            platform_size: value.integer("platform_size")?,
            size: value.integer("size")?,
        })
    }
}
