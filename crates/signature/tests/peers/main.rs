//! Documents signed and verified with a private chain of certificates, made by `openssl`; pyHanko and `pdfsig` judge what
//! is signed here and sign what is judged here, where they are installed.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod attacks;
mod foreign;
#[path = "../../../proof/tests/openssl/pki.rs"]
#[allow(dead_code)]
mod pki;
mod sample;
mod signing;
mod verifying;
