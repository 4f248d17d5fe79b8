//! Time stamps of an authority (RFC 3161, with RFC 5816): asking for one, reading the answer, and verifying it, also
//! years later and without a network.

mod request;
mod response;
mod tst_info;
mod verify;

pub use request::Request;
pub use response::{Failure, MAX_RESPONSE, Response, ResponseError, Status, read_response};
pub use verify::{Timestamp, TimestampError, policy_of, verify};
