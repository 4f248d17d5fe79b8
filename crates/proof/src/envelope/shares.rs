//! The root key in an encrypted file that opens when enough people bring their shares (Shamir, over GF(2^8)).
//!
//! What is shared is the file's key, never the root key: shares without the file open nothing, a lost share is replaced
//! by sharing anew, and a wrong share is noticed because the file is authenticated.

use data_encoding::BASE32_NOPAD;
use thiserror::Error;
use vsss_rs::Gf256;
use zeroize::Zeroizing;

use super::KeyBytes;
use crate::{Keyring, aead, fill_random, random_bytes, sha256};

const MAGIC: &[u8; 16] = b"sigilo raiz v1\r\n";
const SET: usize = 4;
const CHECK: usize = 32;
const HEAD: usize = MAGIC.len() + SET + 2 + CHECK;
const FILE: usize = HEAD + 32 + aead::OVERHEAD;
/// Set, threshold and number; the point's 32 bytes; four bytes that notice a slip of the pen.
const SHARE: usize = SET + 2 + 32 + 4;
const PREFIX: &str = "SIGILO";
/// People who can be asked for a share.
const MOST: u8 = 20;

/// Why shares or their file are refused. For people, so in Portuguese.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ShareError {
    /// Fewer than two needed, more needed than there are, or too many.
    #[error("são de 2 a {MOST} partes, e o mínimo para abrir não passa do total")]
    Numbers,
    /// A slip of the pen, or no share at all.
    #[error("esta parte foi digitada com erro, ou não é uma parte do Sigilo")]
    Malformed,
    /// A share of another sharing.
    #[error("esta parte é de outra partilha, não da deste arquivo")]
    OtherSet,
    /// Not enough different shares.
    #[error("faltam partes: são precisas {needed}, e há {given} diferentes")]
    TooFew {
        /// How many open the file.
        needed: u8,
        /// How many different ones there are.
        given: u8,
    },
    /// The file is damaged or no such file.
    #[error("o arquivo da chave raiz partilhada está danificado")]
    File,
    /// Shares and file read well, and do not fit.
    #[error("as partes não abrem este arquivo")]
    Refused,
}

/// One person's share. Its text is a secret.
pub struct Share {
    set: [u8; SET],
    threshold: u8,
    /// `x` and 32 bytes `y`.
    point: Zeroizing<Vec<u8>>,
}

impl Share {
    /// Its number, from one.
    pub fn number(&self) -> u8 {
        self.point[0]
    }

    /// How many of its set open the file.
    pub fn threshold(&self) -> u8 {
        self.threshold
    }

    /// As people write it down: `SIGILO-…`, groups of four letters and digits, of which the last ones notice slips.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(SHARE));
        bytes.extend_from_slice(&self.set);
        bytes.push(self.threshold);
        bytes.extend_from_slice(&self.point);
        let check = slip(&bytes);
        bytes.extend_from_slice(&check);
        let letters = Zeroizing::new(BASE32_NOPAD.encode(&bytes));
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + 2 * letters.len()));
        text.push_str(PREFIX);
        for (at, letter) in letters.chars().enumerate() {
            if at % 4 == 0 {
                text.push('-');
            }
            text.push(letter);
        }
        text
    }

    /// Reads a share as somebody typed it: small letters, spaces and missing hyphens are no matter.
    ///
    /// # Errors
    /// [`ShareError::Malformed`].
    pub fn parse(text: &str) -> Result<Share, ShareError> {
        if text.len() > 512 {
            return Err(ShareError::Malformed);
        }
        let mut letters = Zeroizing::new(String::with_capacity(text.len()));
        letters.extend(text.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()));
        let body = letters.strip_prefix(PREFIX).ok_or(ShareError::Malformed)?;
        let bytes = BASE32_NOPAD.decode(body.as_bytes()).map(Zeroizing::new).map_err(|_| ShareError::Malformed)?;
        let (body, check) = bytes.split_last_chunk::<4>().ok_or(ShareError::Malformed)?;
        if bytes.len() != SHARE || slip(body) != *check {
            return Err(ShareError::Malformed);
        }
        let (set, rest) = body.split_first_chunk::<SET>().ok_or(ShareError::Malformed)?;
        let (&threshold, point) = rest.split_first().ok_or(ShareError::Malformed)?;
        if point[0] == 0 || threshold < 2 {
            return Err(ShareError::Malformed);
        }
        Ok(Share { set: *set, threshold, point: Zeroizing::new(point.to_vec()) })
    }
}

fn slip(bytes: &[u8]) -> [u8; 4] {
    let mut check = [0; 4];
    check.copy_from_slice(&sha256(&[b"sigilo share v1\0", bytes].concat())[..4]);
    check
}

/// Seals the root key into a new file and makes the shares of which `threshold` open it.
///
/// # Errors
/// [`ShareError::Numbers`].
pub fn share(root: &KeyBytes, threshold: u8, count: u8) -> Result<(Vec<u8>, Vec<Share>), ShareError> {
    if threshold < 2 || threshold > count || count > MOST {
        return Err(ShareError::Numbers);
    }
    let set: [u8; SET] = random_bytes();
    let mut head = Vec::with_capacity(HEAD);
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(&set);
    head.extend_from_slice(&[threshold, count]);
    head.extend_from_slice(&Keyring::new(root.expose()).check_value());

    let key = KeyBytes::random();
    let file = aead::seal(key.expose(), &head, &head, root.expose()).map_err(|_| ShareError::Refused)?;
    let points = Gf256::split_bytes(threshold.into(), count.into(), key.expose(), Provider)
        .map_err(|_| ShareError::Numbers)?
        .into_iter()
        .map(|point| Share { set, threshold, point: Zeroizing::new(point) });
    Ok((file, points.collect()))
}

/// Opens the file with at least as many different shares as it needs.
///
/// # Errors
/// Says which of file and shares is wrong, and how.
pub fn open_shared(file: &[u8], shares: &[Share]) -> Result<KeyBytes, ShareError> {
    let (head, sealed) = file.split_at_checked(HEAD).ok_or(ShareError::File)?;
    let (magic, rest) = head.split_at(MAGIC.len());
    let (set, rest) = rest.split_at(SET);
    if magic != MAGIC || file.len() != FILE {
        return Err(ShareError::File);
    }
    let (needed, check) = (rest[0], &rest[2..]);
    let mut points: Vec<Vec<u8>> = Vec::new();
    for share in shares {
        if share.set != set || share.threshold != needed {
            return Err(ShareError::OtherSet);
        }
        if points.iter().all(|point| point[0] != share.point[0]) {
            points.push(share.point.to_vec());
        }
    }
    let given = u8::try_from(points.len()).unwrap_or(u8::MAX);
    let mut points = Zeroizing::new(points);
    if given < needed || needed < 2 {
        return Err(ShareError::TooFew { needed, given });
    }
    points.truncate(needed.into());
    let key = Gf256::combine_bytes(points.as_slice()).map(Zeroizing::new).map_err(|_| ShareError::Refused)?;
    let key = KeyBytes::copy(&key).map_err(|_| ShareError::Refused)?;
    let root = aead::open(key.expose(), head, sealed).map_err(|_| ShareError::Refused)?;
    let root = KeyBytes::copy(&root).map_err(|_| ShareError::File)?;
    // Authenticated already; this shows that the whole way to the derived keys is the one that was gone before.
    if Keyring::new(root.expose()).check_value() != check {
        return Err(ShareError::Refused);
    }
    Ok(root)
}

/// The check value of the root key that a shared file holds, and how many shares of how many open it.
///
/// # Errors
/// [`ShareError::File`].
pub fn describe_shared(file: &[u8]) -> Result<([u8; 32], u8, u8), ShareError> {
    if file.len() != FILE || !file.starts_with(MAGIC) {
        return Err(ShareError::File);
    }
    let rest = &file[MAGIC.len() + SET..HEAD];
    let mut check = [0; 32];
    check.copy_from_slice(&rest[2..]);
    Ok((check, rest[0], rest[1]))
}

/// aws-lc's generator, as the sharing library wants to see one.
struct Provider;

impl rand_core::TryRng for Provider {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(u32::from_ne_bytes(random_bytes()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(u64::from_ne_bytes(random_bytes()))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        fill_random(out);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Provider {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(share: &Share) -> Share {
        Share::parse(&share.to_text()).unwrap()
    }

    #[test]
    fn any_three_of_five_open_the_file_and_no_two_do() {
        let root = KeyBytes::random();
        let (file, shares) = share(&root, 3, 5).unwrap();
        assert_eq!(describe_shared(&file).unwrap(), (Keyring::new(root.expose()).check_value(), 3, 5));
        for a in 0..5 {
            for b in 0..5 {
                for c in 0..5 {
                    let opened = open_shared(&file, &[read(&shares[a]), read(&shares[b]), read(&shares[c])]);
                    let mut different = vec![a, b, c];
                    different.sort();
                    different.dedup();
                    let given = different.len() as u8;
                    match opened {
                        Ok(opened) => assert!(given == 3 && opened.expose() == root.expose()),
                        Err(error) => assert_eq!((error, given < 3), (ShareError::TooFew { needed: 3, given }, true)),
                    }
                }
            }
        }
        let all: Vec<_> = shares.iter().map(read).collect();
        assert_eq!(open_shared(&file, &all).unwrap().expose(), root.expose());
    }

    #[test]
    fn other_shares_a_changed_file_and_slips_of_the_pen_are_told_apart() {
        let root = KeyBytes::random();
        let (file, shares) = share(&root, 2, 3).unwrap();
        let (other_file, other) = share(&root, 2, 3).unwrap();
        assert_eq!(open_shared(&file, &[read(&shares[0]), read(&other[1])]).err(), Some(ShareError::OtherSet));
        assert_eq!(open_shared(&other_file, &shares).err(), Some(ShareError::OtherSet));
        let mut forged = read(&shares[1]);
        forged.point[7] ^= 1;
        assert_eq!(open_shared(&file, &[read(&shares[0]), forged]).err(), Some(ShareError::Refused));
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(open_shared(&changed, &shares[..2]).is_err());
            assert_eq!(open_shared(&file[..at], &shares).err(), Some(ShareError::File));
        }

        let text = shares[0].to_text();
        assert!(Share::parse(&text.to_lowercase().replace('-', " ")).is_ok());
        for at in 0..text.len() {
            let mut typed: Vec<char> = text.chars().collect();
            typed[at] = if typed[at] == 'A' { 'B' } else { 'A' };
            let typed: String = typed.into_iter().collect();
            assert_eq!(Share::parse(&typed).err(), Some(ShareError::Malformed), "{at}");
        }
        assert!(Share::parse("").is_err() && Share::parse("SIGILO-é").is_err());
        for (threshold, count) in [(1, 3), (0, 0), (4, 3), (2, MOST + 1)] {
            assert_eq!(share(&root, threshold, count).err(), Some(ShareError::Numbers));
        }
    }
}
