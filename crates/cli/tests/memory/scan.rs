//! Looking at all that a process has in memory.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem::Finder;

const PART: usize = 1 << 20;

/// How often a marker was found.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Hits {
    /// As it is.
    pub raw: usize,
    /// In base64, wherever it stood in a group of three.
    pub base64: usize,
    /// How many bytes were looked at.
    pub bytes: u64,
}

/// The letters that stand for the marker in base64, whatever surrounds it.
fn base64_of(marker: &[u8], shift: usize) -> Vec<u8> {
    let padded = [&b"\0\0\0"[..shift], marker].concat();
    let whole = STANDARD.encode(&padded);
    let from = if shift == 0 { 0 } else { 4 };
    whole.as_bytes()[from..padded.len() / 3 * 4].to_vec()
}

/// Counts the marker in all memory that the process can write to.
///
/// # Errors
/// `PermissionDenied` where the process is closed to whoever asks.
pub fn scan(pid: u32, marker: &[u8]) -> io::Result<Hits> {
    let memory = File::open(format!("/proc/{pid}/mem"))?;
    let mut needles = vec![(true, marker.to_vec())];
    needles.extend((0..3).map(|shift| (false, base64_of(marker, shift))));
    let longest = needles.iter().map(|(_, needle)| needle.len()).max().unwrap_or(0);
    let mut hits = Hits::default();
    let mut part = vec![0; PART + longest];
    for (start, end) in writable(pid)? {
        let mut at = start;
        while at < end {
            // Parts overlap, so that nothing is missed on a border; what begins in the overlap counts with the next.
            let length = (end - at).min(part.len() as u64) as usize;
            let own = (end - at).min(PART as u64) as usize;
            match memory.read_exact_at(&mut part[..length], at) {
                Ok(()) => {}
                // A mapping may go away between the list and the look.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof || error.raw_os_error() == Some(5) => break,
                Err(error) => return Err(error),
            }
            for (raw, needle) in &needles {
                let found = Finder::new(needle).find_iter(&part[..length]).filter(|place| *place < own).count();
                if *raw {
                    hits.raw += found;
                } else {
                    hits.base64 += found;
                }
            }
            hits.bytes += own as u64;
            at += own as u64;
        }
    }
    Ok(hits)
}

fn writable(pid: u32) -> io::Result<Vec<(u64, u64)>> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps"))?;
    let range = |line: &str| {
        let (place, rest) = line.split_once(' ')?;
        let (start, end) = place.split_once('-')?;
        let hexadecimal = |text| u64::from_str_radix(text, 16).ok();
        rest.starts_with("rw").then_some((hexadecimal(start)?, hexadecimal(end)?))
    };
    Ok(maps.lines().filter_map(range).collect())
}

/// The time a process has worked, in ticks of a hundredth of a second.
pub fn ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a running process");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    // utime and stime, the 14th and 15th of all, the name being the second.
    fields[11..13].iter().map(|field| field.parse::<u64>().expect("a number")).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letters_are_those_inside_a_longer_text() {
        let marker = b"marca-de-imagem-0123456789";
        for before in 0..7 {
            let text = [&vec![0x5a; before][..], marker, b"depois"].concat();
            let letters = STANDARD.encode(text);
            let found =
                (0..3).filter(|shift| Finder::new(&base64_of(marker, *shift)).find(letters.as_bytes()).is_some());
            assert_eq!(found.collect::<Vec<_>>(), [before % 3], "after {before}");
        }
    }
}
