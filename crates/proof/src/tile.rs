//! Tiles (C2SP tlog-tiles): a log's hashes and entries cut into files of 256 that never change once full.

use std::ops::Range;

use thiserror::Error;

use crate::{checkpoint::decimal, merkle::Hash};

/// How many hashes or entries a full tile has.
pub const FULL: u16 = 256;

/// The highest level that a path can name.
const MAX_LEVEL: u8 = 63;

/// Why something is no tile or its content does not fit it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TileError {
    /// A level above 63 or a width that is not from 1 to 256.
    #[error("there is no such tile")]
    Place,
    /// Not a path as it would be written.
    #[error("this is not the path of a tile")]
    Path,
    /// More or fewer bytes than the tile's width asks for.
    #[error("the content does not have the tile's width")]
    Width,
    /// An entry of 65536 bytes or more.
    #[error("an entry is too long")]
    EntryTooLong,
}

/// A tile's place, or that of the bundle of entries under a tile of level 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

impl Tile {
    /// The tile `index` of a level, with the first `width` of its 256 hashes.
    ///
    /// # Errors
    /// [`TileError::Place`].
    pub fn new(level: u8, index: u64, width: u16) -> Result<Tile, TileError> {
        if level > MAX_LEVEL || width == 0 || width > FULL {
            return Err(TileError::Place);
        }
        Ok(Tile { level, index, width })
    }

    /// The tile as a tree of `size` leaves has it; none where the tree has nothing in it.
    pub fn of(level: u8, index: u64, size: u64) -> Option<Tile> {
        let hashes = hashes_at(level, size).checked_sub(index.checked_mul(u64::from(FULL))?)?;
        Tile::new(level, index, u16::try_from(hashes).map_or(FULL, |hashes| hashes.min(FULL))).ok()
    }

    /// Every tile of a tree of `size` leaves, level by level.
    pub fn all(size: u64) -> impl Iterator<Item = Tile> {
        let tiles = move |level: u8| {
            (0..hashes_at(level, size).div_ceil(u64::from(FULL))).filter_map(move |index| Tile::of(level, index, size))
        };
        (0..8).flat_map(tiles)
    }

    /// The level: 0 for leaf hashes.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// The place within the level.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries there are, from 1 to 256.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// The leaves that the tile's hashes span. None for leaves that no log of 64-bit size has.
    pub fn leaves(&self) -> Option<Range<u64>> {
        let span = 1_u64.checked_shl(8 * u32::from(self.level))?;
        let start = self.index.checked_mul(u64::from(FULL))?.checked_mul(span)?;
        Some(start..start.checked_add(span.checked_mul(u64::from(self.width))?)?)
    }

    /// Where the hashes are, below the log's prefix.
    pub fn path(&self) -> String {
        format!("tile/{}/{}", self.level, self.place())
    }

    /// Where the entries under a tile of level 0 are, below the log's prefix.
    pub fn entries_path(&self) -> String {
        format!("tile/entries/{}", self.place())
    }

    /// The index in groups of three digits, all but the last marked, and the width where it is not full.
    fn place(&self) -> String {
        let mut place = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            place = format!("x{:03}/{place}", rest % 1000);
            rest /= 1000;
        }
        if self.width < FULL {
            place.push_str(&format!(".p/{}", self.width));
        }
        place
    }

    /// Reads a path that [`Tile::path`] writes.
    ///
    /// # Errors
    /// [`TileError::Path`].
    pub fn parse(path: &str) -> Result<Tile, TileError> {
        let (level, place) = path.strip_prefix("tile/").and_then(|rest| rest.split_once('/')).ok_or(TileError::Path)?;
        let level = level.parse().map_err(|_| TileError::Path)?;
        read_place(level, place).filter(|tile| tile.path() == path).ok_or(TileError::Path)
    }

    /// Reads a path that [`Tile::entries_path`] writes; gives the tile of level 0 above the entries.
    ///
    /// # Errors
    /// [`TileError::Path`].
    pub fn parse_entries(path: &str) -> Result<Tile, TileError> {
        let place = path.strip_prefix("tile/entries/").ok_or(TileError::Path)?;
        read_place(0, place).filter(|tile| tile.entries_path() == path).ok_or(TileError::Path)
    }

    /// Reads the tile's hashes from its content, 32 bytes each.
    ///
    /// # Errors
    /// [`TileError::Width`].
    pub fn hashes(&self, content: &[u8]) -> Result<Vec<Hash>, TileError> {
        let (hashes, rest) = content.as_chunks::<32>();
        if !rest.is_empty() || hashes.len() != usize::from(self.width) {
            return Err(TileError::Width);
        }
        Ok(hashes.to_vec())
    }

    /// Reads the bundle of entries under the tile: each has its length before it, in two bytes, highest first.
    ///
    /// # Errors
    /// [`TileError::Width`].
    pub fn entries<'a>(&self, content: &'a [u8]) -> Result<Vec<&'a [u8]>, TileError> {
        let mut rest = content;
        let mut entries = Vec::with_capacity(usize::from(self.width));
        for _ in 0..self.width {
            let (length, after) = rest.split_first_chunk::<2>().ok_or(TileError::Width)?;
            let length = usize::from(u16::from_be_bytes(*length));
            let (entry, after) = after.split_at_checked(length).ok_or(TileError::Width)?;
            entries.push(entry);
            rest = after;
        }
        if rest.is_empty() { Ok(entries) } else { Err(TileError::Width) }
    }
}

/// The content of a bundle of entries.
///
/// # Errors
/// [`TileError::EntryTooLong`] when one has 65536 bytes or more, [`TileError::Place`] when there are none or more
/// than 256.
pub fn encode_entries<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, TileError> {
    if entries.is_empty() || entries.len() > usize::from(FULL) {
        return Err(TileError::Place);
    }
    let mut content = Vec::new();
    for entry in entries {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| TileError::EntryTooLong)?;
        content.extend_from_slice(&length.to_be_bytes());
        content.extend_from_slice(entry);
    }
    Ok(content)
}

/// How many whole subtrees a tree of `size` leaves has that are a hash of this level.
fn hashes_at(level: u8, size: u64) -> u64 {
    size.checked_shr(8 * u32::from(level)).unwrap_or(0)
}

fn read_place(level: u8, place: &str) -> Option<Tile> {
    let (index, width) = match place.split_once(".p/") {
        Some((index, width)) => (index, decimal(width)?),
        None => (place, u64::from(FULL)),
    };
    // Seven groups are more than the digits of any index.
    if index.len() > 7 * 5 {
        return None;
    }
    let digits: String = index.chars().filter(char::is_ascii_digit).collect();
    Tile::new(level, digits.parse().ok()?, u16::try_from(width).ok()?).ok()
}
