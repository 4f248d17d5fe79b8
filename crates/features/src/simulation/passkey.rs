//! A passkey that is registered once and never used: its private half is gone before it is registered, so that nobody can
//! ever sign in with it (WebAuthn Level 2, § 6.5, attestation "none").

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use sigilo_proof::{random_bytes, sha256, throw_away_public_key};

use crate::{Error, Result};

/// User present, user verified, and a credential follows (§ 6.1).
const FLAGS: u8 = 0b0100_0101;

/// What a browser would answer to the options of a registration.
pub(super) fn register(options: &Value, origin: &url::Url) -> Result<Value> {
    let challenge = options["publicKey"]["challenge"].as_str().ok_or(Error::Internal)?;
    let host = origin.domain().ok_or(Error::Internal)?;
    let client = json!({
        "type": "webauthn.create",
        "challenge": challenge,
        "origin": origin.origin().ascii_serialization(),
        "crossOrigin": false,
    });
    let id = random_bytes::<32>();
    let encoded = BASE64URL_NOPAD.encode(&id);
    Ok(json!({
        "id": encoded,
        "rawId": encoded,
        "type": "public-key",
        "response": {
            "attestationObject": BASE64URL_NOPAD.encode(&attestation(host, id)?),
            "clientDataJSON": BASE64URL_NOPAD.encode(client.to_string().as_bytes()),
        },
        "clientExtensionResults": { "credProps": { "rk": true } },
    }))
}

/// The attestation object in CBOR: `{"fmt": "none", "attStmt": {}, "authData": …}`.
fn attestation(host: &str, id: [u8; 32]) -> Result<Vec<u8>> {
    let mut data = sha256(host.as_bytes()).to_vec();
    data.push(FLAGS);
    // Counter and model, neither of which it has.
    data.extend([0; 4 + 16]);
    data.extend([0, 32]);
    data.extend(id);
    data.extend(cose_key()?);
    let mut out = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
    out.push(u8::try_from(data.len()).map_err(|_| Error::Internal)?);
    out.extend(data);
    Ok(out)
}

/// An ES256 key as COSE has it (RFC 9053, § 7.1): `{1: 2, 3: -7, -1: 1, -2: x, -3: y}`.
fn cose_key() -> Result<Vec<u8>> {
    // Uncompressed: a byte that says so, then x and y.
    let point = throw_away_public_key().ok_or(Error::Internal)?;
    let (x, y) = point.get(1..).and_then(|both| both.split_at_checked(32)).ok_or(Error::Internal)?;
    let mut out = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20".to_vec();
    out.extend(x);
    out.extend(b"\x22\x58\x20");
    out.extend(y);
    Ok(out)
}
