use aws_lc_rs::cipher::{AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroizing;

/// Opens what PostgreSQL's pgcrypto encrypted with `encrypt_iv(…, 'aes-cbc')`: the initial vector, then AES-256-CBC with
/// PKCS #7 padding. Nothing here authenticates the text; the caller compares it with a commitment. None when the key or the
/// bytes have another length, or the padding is wrong.
pub fn cbc_decrypt(key: &[u8], bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (iv, text) = bytes.split_first_chunk::<16>()?;
    let key = UnboundCipherKey::new(&AES_256, key).ok()?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).ok()?;
    let mut text = Zeroizing::new(text.to_vec());
    let length = key.decrypt(&mut text, DecryptionContext::Iv128(FixedLength::from(iv))).ok()?.len();
    text.truncate(length);
    Some(text)
}
