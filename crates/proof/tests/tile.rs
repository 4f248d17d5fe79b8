//! Tiles: their paths, their widths and their contents.

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use sigilo_proof::{
    merkle::{Hash, leaf_hash, range_root},
    tile::{FULL, Tile, TileError, encode_entries},
};

#[test]
fn paths_are_those_of_the_specification() {
    for (tile, path) in [
        ((0, 0, 256), "tile/0/000"),
        ((0, 1_234_067, 256), "tile/0/x001/x234/067"),
        ((1, 999, 17), "tile/1/999.p/17"),
        ((2, 1000, 1), "tile/2/x001/000.p/1"),
        ((63, u64::MAX, 255), "tile/63/x018/x446/x744/x073/x709/x551/615.p/255"),
    ] {
        let (level, index, width) = tile;
        let tile = Tile::new(level, index, width).unwrap();
        assert_eq!(tile.path(), path);
        assert_eq!(Tile::parse(path), Ok(tile));
    }
    let tile = Tile::new(0, 1_234_067, 8).unwrap();
    assert_eq!(tile.entries_path(), "tile/entries/x001/x234/067.p/8");
    assert_eq!(Tile::parse_entries("tile/entries/x001/x234/067.p/8"), Ok(tile));
    for (level, width) in [(64, 1), (0, 0), (0, 257)] {
        assert_eq!(Tile::new(level, 0, width), Err(TileError::Place));
    }
}

#[test]
fn other_paths_are_refused() {
    for path in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/0/000/",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/1234",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/x1/000",
        "tile/0/X001/000",
        "tile/0/../000",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/+1",
        "tile/0/000.p/1/",
        "tile/0/000.p/99999",
        "tile/0/000\n",
        "tile/0/٠٠٠",
        "tile/entries/000",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert_eq!(Tile::parse(path), Err(TileError::Path), "{path:?}");
    }
    for path in ["tile/0/000", "tile/entries/", "tile/entries/0", "tile/entries/000.p/256"] {
        assert_eq!(Tile::parse_entries(path), Err(TileError::Path), "{path:?}");
    }
}

#[test]
fn a_tree_has_the_tiles_of_the_specification() {
    // The example of "Partial Tiles".
    let tiles: Vec<Tile> = Tile::all(70_000).collect();
    assert_eq!(tiles.len(), 274 + 2 + 1);
    assert_eq!(tiles[272], Tile::new(0, 272, FULL).unwrap());
    assert_eq!(
        tiles[273..],
        [(0, 273, 112), (1, 0, FULL), (1, 1, 17), (2, 0, 1)].map(|(l, n, w)| Tile::new(l, n, w).unwrap())
    );
    assert_eq!(
        Tile::all(256).collect::<Vec<_>>(),
        [(0, 0, FULL), (1, 0, 1)].map(|(l, n, w)| Tile::new(l, n, w).unwrap())
    );
    assert_eq!(Tile::all(0).count(), 0);
    assert_eq!(Tile::of(0, 274, 70_000), None);
    assert_eq!(Tile::of(0, u64::MAX, 70_000), None);
    assert_eq!(Tile::of(9, 0, u64::MAX), None);
    assert_eq!(Tile::of(7, 0, u64::MAX).map(|tile| tile.width()), Some(255));
    assert_eq!(Tile::new(1, 1, 17).unwrap().leaves(), Some(65_536..65_536 + 17 * 256));
    assert_eq!(Tile::new(63, 0, 1).unwrap().leaves(), None);
    assert_eq!(Tile::new(7, 1, 1).unwrap().leaves(), None);
    // Every leaf is in one tile of level 0, and the levels above hold the roots of full tiles.
    let leaves: Vec<Hash> = (0..1000_u64).map(|index| leaf_hash(&index.to_be_bytes())).collect();
    let spans: Vec<_> = Tile::all(1000).filter(|tile| tile.level() == 0).map(|tile| tile.leaves().unwrap()).collect();
    assert_eq!(spans, [0..256, 256..512, 512..768, 768..1000]);
    let above =
        spans[..3].iter().map(|span| range_root(leaves[span.start as usize..span.end as usize].iter().copied()));
    let partial = range_root(leaves[768..].iter().copied());
    let root = sigilo_proof::merkle::node_hash(
        &range_root(above.clone().take(2)),
        &sigilo_proof::merkle::node_hash(&above.clone().next_back().unwrap(), &partial),
    );
    assert_eq!(root, range_root(leaves));
}

#[test]
fn contents_have_exactly_the_tiles_width() {
    let tile = Tile::new(0, 0, 3).unwrap();
    let hashes = [[1; 32], [2; 32], [3; 32]];
    assert_eq!(tile.hashes(&hashes.concat()), Ok(hashes.to_vec()));
    for length in [0, 64, 95, 97, 128] {
        assert_eq!(tile.hashes(&vec![0; length]), Err(TileError::Width));
    }
    let entries: [&[u8]; 3] = [b"", b"{}", &[b'x'; 65_535]];
    let content = encode_entries(&entries).unwrap();
    assert_eq!(content[..7], [0, 0, 0, 2, b'{', b'}', 0xff]);
    assert_eq!(tile.entries(&content), Ok(entries.to_vec()));
    assert_eq!(tile.entries(&content[..content.len() - 1]), Err(TileError::Width));
    assert_eq!(tile.entries(&[&content[..], &[0]].concat()), Err(TileError::Width));
    assert_eq!(tile.entries(&[&content[..], &[0, 0]].concat()), Err(TileError::Width));
    assert_eq!(Tile::new(0, 0, 2).unwrap().entries(&content), Err(TileError::Width));
    assert_eq!(Tile::new(0, 0, 4).unwrap().entries(&content), Err(TileError::Width));
    assert_eq!(encode_entries(&[vec![0; 65_536]]), Err(TileError::EntryTooLong));
    assert_eq!(encode_entries::<&[u8]>(&[]), Err(TileError::Place));
    assert_eq!(encode_entries(&[b""; 257]), Err(TileError::Place));
}

proptest! {
    #[test]
    fn every_path_is_read_back(level in 0..=63_u8, index in any::<u64>(), short in 0..2000_u64, width in 1..=256_u16) {
        for index in [index, short] {
            let tile = Tile::new(level, index, width).unwrap();
            prop_assert_eq!(Tile::parse(&tile.path()), Ok(tile));
            prop_assert!(Tile::parse_entries(&tile.path()).is_err());
            let _ = tile.leaves();
        }
    }

    #[test]
    fn noise_is_refused(path in "(tile/)?([0-9x./pe]|entries){0,30}", content in prop::collection::vec(any::<u8>(), 0..600)) {
        for tile in [Tile::parse(&path), Tile::parse_entries(&path)].into_iter().flatten() {
            prop_assert!(path == tile.path() || path == tile.entries_path());
        }
        let tile = Tile::new(0, 0, 4).unwrap();
        if let Ok(entries) = tile.entries(&content) {
            prop_assert_eq!(encode_entries(&entries).unwrap(), content.clone());
        }
        let _ = tile.hashes(&content);
    }
}
