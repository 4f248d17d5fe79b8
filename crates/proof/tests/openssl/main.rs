//! Time stamps, signed documents and certificates against the `openssl` command as the other side: it issues, stamps,
//! revokes and signs in a temporary folder, and this crate judges.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod cms;
mod consent;
mod icp;
mod pki;
mod timestamp;
