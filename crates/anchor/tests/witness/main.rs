//! A witness over loopback: the protocol, attacks on it, crashes, and the client.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

mod attacks;
mod client;
mod command;
mod crash;
mod foreign;
mod protocol;
mod support;
