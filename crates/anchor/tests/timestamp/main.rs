//! Asking authorities of time over HTTP and over sockets. The authority is `openssl ts`; the faults are ours.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

mod authority;
mod http;
mod tcp;
