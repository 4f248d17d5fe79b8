//! Who answers and who verifies, as this installation is set up.

use std::sync::Arc;

use serde::Serialize;

use sigilo_assistant::{
    provider::{self, Provider},
    verify::Verifier,
};

/// How the process treats memory, checked at start-up and recorded with each image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MemoryChecks {
    /// No swap that memory could be written to.
    pub swap_off: bool,
    /// No core files.
    pub core_off: bool,
    /// Other processes of the same user cannot read the memory.
    pub dumpable_off: bool,
    /// Freed memory is overwritten with zeros.
    pub wipe_allocator: bool,
}

/// Who answers and who verifies. Cheap to clone.
#[derive(Clone)]
pub struct Assistant {
    /// Who answers.
    pub provider: Arc<dyn Provider>,
    /// Who verifies references.
    pub verifier: Arc<Verifier>,
    /// How the process treats memory.
    pub memory: MemoryChecks,
}

impl Assistant {
    /// Whether the local engine answers: no language model, nothing leaves.
    pub fn is_local(&self) -> bool {
        self.provider.name() == provider::LOCAL
    }
}
