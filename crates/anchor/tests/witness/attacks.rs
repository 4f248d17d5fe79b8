//! Forks, races, spoilt input, and a folder that somebody has touched.

use std::{fs, sync::Barrier, thread};

use proptest::prelude::*;
use sigilo_anchor::witness::{AddCheckpoint, FolderError, Keys, Logs, MAX_BODY, Refusal, Witness};
use sigilo_proof::{checkpoint::Checkpoint, note::Note};
use tempfile::TempDir;

use crate::support::{Answer, Fixed, NAME, ORIGIN, Site, lines, log, note, open, request, tree};

/// Shows a witness these requests at the same moment, each from a thread of its own. Gives the places of those cosigned.
fn at_once(witness: &Witness, requests: &[AddCheckpoint]) -> Vec<usize> {
    let start = Barrier::new(requests.len());
    let show = |request: &AddCheckpoint| {
        let body = request.to_string();
        start.wait();
        match witness.add(body.as_bytes()) {
            Ok(_) => true,
            Err(Refusal::Conflict(_)) => false,
            Err(refusal) => panic!("{refusal}"),
        }
    };
    let cosigned: Vec<bool> = thread::scope(|scope| {
        let shown: Vec<_> = requests.iter().map(|request| scope.spawn(|| show(request))).collect();
        shown.into_iter().map(|one| one.join().unwrap()).collect()
    });
    (0..requests.len()).filter(|place| cosigned[*place]).collect()
}

#[test]
fn of_forks_at_the_same_moment_one_is_cosigned() {
    let folder = TempDir::new().unwrap();
    let (witness, _) = open(folder.path());
    let mut common = tree(4, "a");
    witness.add(request(&common, 0).to_string().as_bytes()).unwrap();
    for round in 0..5 {
        let size = common.len() as u64;
        let grown = |fork| [common.clone(), tree(3, &format!("fork {round} {fork}"))].concat();
        let forks: Vec<_> = (0..8).map(grown).collect();
        let requests: Vec<_> = forks.iter().map(|fork| request(fork, size)).collect();
        let cosigned = at_once(&witness, &requests);
        assert_eq!(cosigned.len(), 1, "{cosigned:?}");
        let won = cosigned[0];
        assert!(witness.seen(ORIGIN).unwrap().unwrap().note.starts_with(&requests[won].note));
        common.clone_from(&forks[won]);
    }
}

#[test]
fn growth_at_the_same_moment_never_goes_back() {
    let folder = TempDir::new().unwrap();
    let (witness, _) = open(folder.path());
    witness.add(request(&tree(1, "a"), 0).to_string().as_bytes()).unwrap();
    let requests: Vec<_> = (2..10).map(|size| request(&tree(size, "a"), 1)).collect();
    let cosigned = at_once(&witness, &requests);
    assert_eq!(cosigned.len(), 1, "{cosigned:?}");
    assert_eq!(witness.seen(ORIGIN).unwrap().unwrap().checkpoint.size, cosigned[0] as u64 + 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn forks_over_http_are_no_different() {
    let site = Site::new().await;
    let common = tree(4, "a");
    assert_eq!(site.add(request(&common, 0)).await.status, 200);
    let grown = |fork| request(&[common.clone(), tree(3, &format!("fork {fork}"))].concat(), 4);
    let answers = futures_util::future::join_all((0..8).map(|fork| site.add(grown(fork)))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|answer| *answer == Answer::conflict(7)), "{lost:?}");
}

#[test]
fn no_spoilt_byte_is_cosigned() {
    let folder = TempDir::new().unwrap();
    let (witness, _) = open(folder.path());
    witness.add(request(&tree(3, "a"), 0).to_string().as_bytes()).unwrap();
    let mut asked = request(&tree(6, "a"), 3);
    // The Ed25519 line alone: no other signature makes up for it.
    let text = Note::parse(&asked.note).unwrap().text;
    asked.note = log().sign(&Checkpoint::parse(&text).unwrap(), 0, false).unwrap();
    let good = asked.to_string().into_bytes();
    for at in 0..good.len() {
        for bit in [0, 5] {
            let mut bad = good.clone();
            bad[at] ^= 1 << bit;
            assert!(witness.add(&bad).is_err(), "byte {at}");
        }
        assert!(witness.add(&good[..at]).is_err());
    }
    assert_eq!(witness.seen(ORIGIN).unwrap().unwrap().checkpoint.size, 3);
    witness.add(&good).unwrap();
}

#[test]
fn nothing_leaves_that_was_not_kept() {
    let folder = TempDir::new().unwrap();
    let (witness, _) = open(folder.path());
    let three = request(&tree(3, "a"), 0).to_string();
    witness.add(three.as_bytes()).unwrap();
    let last = kept(&folder);
    // What is in the way of the draft stands for a disk that takes nothing more.
    let draft = last.with_added_extension("parte");
    fs::create_dir(&draft).unwrap();
    let six = request(&tree(6, "a"), 3).to_string();
    assert!(matches!(witness.add(six.as_bytes()), Err(Refusal::Folder(FolderError::File { .. }))));
    assert_eq!(witness.seen(ORIGIN).unwrap().unwrap().checkpoint.size, 3);
    fs::remove_dir(&draft).unwrap();
    // Half a draft of a crash is nothing.
    fs::write(&draft, "half").unwrap();
    witness.add(six.as_bytes()).unwrap();
    assert!(!draft.exists());
}

#[test]
fn what_was_damaged_is_not_taken_for_nothing_seen() {
    let folder = TempDir::new().unwrap();
    let (witness, _) = open(folder.path());
    witness.add(request(&tree(3, "a"), 0).to_string().as_bytes()).unwrap();
    let last = kept(&folder);
    let whole = fs::read_to_string(&last).unwrap();

    let elsewhere = TempDir::new().unwrap();
    let (other, _) = open(elsewhere.path());
    other.add(request(&tree(1, "b"), 0).to_string().as_bytes()).unwrap();
    let foreign = fs::read_to_string(kept(&elsewhere)).unwrap();

    let cut = &whole[..whole.len() - 10];
    let without_us = note(&log(), &tree(3, "a"));
    let smaller = whole.replacen("\n3\n", "\n2\n", 1);
    let binary = "\0".repeat(40);
    for bad in ["", cut, &without_us, &smaller, &foreign, &binary] {
        fs::write(&last, bad).unwrap();
        let asked = request(&tree(3, "b"), 0).to_string();
        assert!(matches!(witness.add(asked.as_bytes()), Err(Refusal::Folder(FolderError::Damaged(_)))), "{bad:?}");
    }
    drop(witness);
    let reopened = Witness::open(folder.path(), Logs::parse(&lines(&log())).unwrap(), Fixed);
    assert!(matches!(reopened, Err(FolderError::Damaged(_))));
    fs::write(&last, whole).unwrap();
    assert_eq!(open(folder.path()).0.seen(ORIGIN).unwrap().unwrap().checkpoint.size, 3);
}

#[test]
fn a_folder_has_one_witness_at_a_time() {
    let folder = TempDir::new().unwrap();
    let (witness, _) = open(folder.path());
    let again = || Witness::open(folder.path(), Logs::parse(&lines(&log())).unwrap(), Fixed);
    assert!(matches!(again(), Err(FolderError::InUse(_))));
    drop(witness);
    assert!(again().is_ok());
}

#[test]
fn a_key_that_others_read_or_that_is_spoilt_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let keys = Keys::create(folder.path(), NAME).unwrap().verifier_keys().map(Clone::clone);
    let path = folder.path().join("testemunha.chave");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(Keys::open(folder.path()).unwrap().verifier_keys().map(Clone::clone), keys);
    let text = fs::read_to_string(&path).unwrap();
    for bad in ["", "\n\n", NAME, &text[..text.len() - 3], &text.replacen(NAME, "a b", 1), &"x".repeat(1000)] {
        fs::write(&path, bad).unwrap();
        assert!(matches!(Keys::open(folder.path()), Err(FolderError::BadKey(_))), "{bad:?}");
    }
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(Keys::open(folder.path()), Err(FolderError::Exposed(_))));
}

fn kept(folder: &TempDir) -> std::path::PathBuf {
    let mut files = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
    files.find(|path| path.extension().is_some_and(|kind| kind == "ultimo")).unwrap()
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Some(read) = AddCheckpoint::parse(&body) {
            prop_assert_eq!(read.to_string().into_bytes(), body);
        }
    }

    #[test]
    fn what_looks_like_a_request_is_read_as_it_is_written(body in "old [0-9]{1,21}\n([A-Za-z0-9+/]{43}=\n){0,3}\n[a-z\n]{0,40}") {
        if let Some(read) = AddCheckpoint::parse(body.as_bytes()) {
            prop_assert_eq!(read.to_string(), body);
        }
    }
}

#[test]
fn a_body_has_a_limit() {
    let note = "x".repeat(MAX_BODY);
    assert!(AddCheckpoint::parse(format!("old 0\n\n{note}").as_bytes()).is_none());
    assert!(AddCheckpoint::parse(format!("old 0\n\n{}", &note[..MAX_BODY - 7]).as_bytes()).is_some());
}
