//! Every statement this installation can run, with the shape that the code expects of its rows.

include!(concat!(env!("OUT_DIR"), "/statements.rs"));

use crate::row::{ColumnSpec, FromRow};

/// A statement whose rows are read into a struct.
pub struct Shape {
    /// The statement's text.
    pub sql: &'static str,
    /// What the struct reads, in order.
    pub columns: &'static [ColumnSpec],
}

const fn shape<R: FromRow>(sql: &'static str) -> Shape {
    Shape { sql, columns: R::COLUMNS }
}

/// The statements whose rows become structs. A test compares each with the migrated schema.
pub fn shapes() -> Vec<Shape> {
    use crate as store;
    vec![
        shape::<store::console::Run>(console::RUNS),
        shape::<store::console::Run>(console::RUN),
        shape::<store::console::Grant>(console::GRANTS),
        shape::<store::console::Candidate>(console::CANDIDATES),
        shape::<store::manual::Count>(manual::COUNTS),
        shape::<store::report::Issued>(report::RECENT),
        shape::<store::report::Known>(report::BY_HASH),
        shape::<store::simulation::Simulation>(simulation::RECENT),
        shape::<store::simulation::Simulation>(simulation::ONE),
        shape::<store::rights::Request>(rights::OWN),
        shape::<store::rights::Request>(rights::ALL),
        shape::<store::rights::Request>(rights::ONE),
        shape::<store::rights::RequestEvent>(rights::EVENTS),
        shape::<store::rights::Sighting>(rights::WHO_SAW_ME),
        shape::<store::compliance::Requests>(compliance::REQUESTS),
        shape::<store::compliance::Protections>(compliance::PROTECTIONS),
        shape::<store::compliance::Proofs>(compliance::PROOFS),
        shape::<store::compliance::JobRuns>(compliance::JOBS),
        shape::<store::compliance::Consents>(compliance::CONSENTS),
        shape::<store::compliance::Aged>(compliance::RETENTION),
        shape::<store::incident::Incident>(incident::ALL),
        shape::<store::incident::Incident>(incident::ONE),
        shape::<store::incident::Declaration>(incident::SMALL_AGENT),
        shape::<store::canary::Canary>(canary::ALL),
        shape::<store::suspicion::Draft>(suspicion::OPEN),
        shape::<store::suspicion::Draft>(suspicion::TAKE),
        shape::<store::legal_hold::LegalHold>(legal_hold::ALL),
        shape::<store::rights::Destroyed>(rights::DESTROYED),
        shape::<store::rights::Plan>(rights::PLAN),
        shape::<store::rights::TableCount>(rights::COUNT),
        shape::<store::rights::Followed>(rights::BY_LINK),
        shape::<store::rights::Executed>(rights::EXECUTED),
        shape::<store::session::Entered>(session::ENTER),
        shape::<store::session::Standing>(session::STANDING),
        shape::<store::session::Access>(session::RECENT_ACCESS),
        shape::<store::session::Found>(session::FIND),
        shape::<store::session::Ended>(session::END),
        shape::<store::session::Ended>(session::END_EXCESS),
        shape::<store::session::Ended>(session::END_OTHERS),
        shape::<store::session::Summary>(session::LIST),
        shape::<store::account::Created>(account::CREATE),
        shape::<store::account::Standing>(account::STANDING),
        shape::<store::account::CeremonyRow>(account::TAKE_CEREMONY),
        shape::<store::account::CeremonyRow>(account::PEEK_CEREMONY),
        shape::<store::account::ByEmail>(account::BY_EMAIL),
        shape::<store::account::LinkOwner>(account::PEEK_LINK),
        shape::<store::account::UsedLink>(account::USE_LINK),
        shape::<store::factor::PasskeyRow>(factor::PASSKEYS),
        shape::<store::factor::TotpRow>(factor::TOTP),
        shape::<store::profile::Profile>(profile::OWN),
        shape::<store::consent::Act>(consent::HISTORY),
        shape::<store::conversation::Summary>(conversation::LIST),
        shape::<store::conversation::Summary>(conversation::SEARCH),
        shape::<store::conversation::Opened>(conversation::OPEN),
        shape::<store::conversation::MessageRow>(conversation::MESSAGES),
        shape::<store::message::Inserted>(message::INSERT),
        shape::<store::answer::HistoryRow>(answer::HISTORY),
        shape::<store::answer::Inserted>(answer::INSERT),
        shape::<store::answer::StoredRow>(answer::STORED),
        shape::<store::answer::StoredRow>(answer::ONE),
        shape::<store::answer::CheckRow>(answer::CHECKS),
        shape::<store::answer::ReviewRow>(answer::EVENTS),
        shape::<store::answer::Reviewer>(answer::REVIEWER),
        shape::<store::governance::Figure>(governance::FIGURES),
        shape::<store::governance::Evaluation>(governance::EVALUATIONS),
        shape::<store::trail::Last>(trail::LAST),
        shape::<store::trail::Here>(trail::HERE),
        shape::<store::trail::LedgerRow>(trail::UNSEALED),
        shape::<store::trail::LedgerRow>(trail::UNSEALED_ANYWHERE),
        shape::<store::trail::LedgerRow>(trail::ROWS),
        shape::<store::trail::Behind>(trail::BEHIND),
        shape::<store::trail::Head>(trail::HEAD),
        shape::<store::trail::Head>(trail::HEADS_AT),
        shape::<store::trail::TileRow>(trail::TILES),
        shape::<store::trail::HeadRow>(trail::HEADS),
        shape::<store::trail::HeadRow>(trail::LEAF),
        shape::<store::trail::Round>(trail::ROUNDS),
        shape::<store::trail::Checkpoint>(trail::CHECKPOINT),
        shape::<store::trail::Witness>(trail::WITNESSES),
        shape::<store::trail::WantedStamp>(trail::WANTED_STAMPS),
        shape::<store::trail::Stamp>(trail::STAMPS),
        shape::<store::trail::Images>(trail::IMAGES),
        shape::<store::trail::Waiting>(trail::WAITING),
        shape::<store::trail::ExaminationRow>(trail::EXAMINATION),
        shape::<store::trail::Difference>(trail::RECONCILE),
        shape::<store::setup::Installation>(setup::INSTALLATION),
        shape::<store::setup::Person>(setup::DEMO_PEOPLE),
    ]
}
