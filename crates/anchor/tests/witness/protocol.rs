//! What C2SP tlog-witness asks for, status by status.

use sigilo_proof::{
    checkpoint::LogKey,
    merkle::empty_root,
    note::{Note, Signature},
};

use crate::support::{Answer, ORIGIN, Site, TIME, lines, log, note, proof, request, times, tree};

#[tokio::test]
async fn a_log_that_grows_is_cosigned_with_both_keys() {
    let site = Site::new().await;
    let mut old_size = 0;
    for size in [0, 1, 1, 3, 8, 9, 64] {
        let tree = tree(size, "a");
        let answer = site.add(request(&tree, old_size)).await;
        assert_eq!(answer.status, 200, "{old_size} to {size}: {answer:?}");
        assert_eq!(times(&note(&log(), &tree), &answer.text, &site.keys), [TIME, TIME]);
        assert_eq!(answer.text.lines().count(), 2);
        old_size = size;
    }
}

#[tokio::test]
async fn each_refusal_has_its_status() {
    let site = Site::new().await;
    let three = tree(3, "a");
    assert_eq!(site.add(request(&three, 0)).await.status, 200);
    let five = tree(5, "a");

    // A log that does not know where the witness is asks from zero and is told.
    assert_eq!(site.add(request(&five, 0)).await, Answer::conflict(3));
    assert_eq!(site.add(request(&five, 4)).await, Answer::conflict(3));
    assert_eq!(site.add(request(&tree(2, "a"), 0)).await, Answer::conflict(3));
    assert_eq!(site.add(request(&five, 3)).await.status, 200);

    // Another tree of the same size, and one that grew from another tree.
    assert_eq!(site.add(request(&tree(5, "b"), 5)).await, Answer::conflict(5));
    assert_eq!(site.add(request(&tree(8, "b"), 5)).await.status, 422);
    let mut cut = request(&tree(8, "a"), 5);
    cut.proof.pop();
    assert_eq!(site.add(cut).await.status, 422);
    let mut more = request(&five, 5);
    more.proof.push([0; 32]);
    assert_eq!(site.add(more).await.status, 422);

    // An older size above the newer one, before anything that was seen is told.
    let mut turned = request(&three, 3);
    turned.old_size = 4;
    assert_eq!(site.add(turned).await.status, 400);

    let stranger = LogKey::from_seed("outra.example", &[1; 32]).unwrap();
    let mut other = request(&five, 5);
    other.note = note(&stranger, &five);
    assert_eq!(site.add(other.clone()).await.status, 404);
    let thief = LogKey::from_seed(ORIGIN, &[2; 32]).unwrap();
    other.note = note(&thief, &five);
    assert_eq!(site.add(other).await.status, 403);

    assert_eq!(site.get("add-checkpoint").await.status, 405);
    assert_eq!(site.add("x".repeat(200_000)).await.status, 413);
    assert_eq!(site.add(request(&five, 5)).await.status, 200);
}

#[tokio::test]
async fn the_first_proof_is_empty_and_the_empty_tree_has_its_root() {
    let site = Site::new().await;
    let mut request = request(&tree(3, "a"), 0);
    request.proof.push([0; 32]);
    assert_eq!(site.add(&request).await.status, 422);
    request.proof.clear();
    let log = log();
    request.note = log.sign(&log.checkpoint(0, [7; 32]), TIME, false).unwrap();
    assert_eq!(site.add(&request).await, Answer::conflict(0));
    request.note = log.sign(&log.checkpoint(0, empty_root()), TIME, false).unwrap();
    assert_eq!(site.add(&request).await.status, 200);
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let site = Site::new().await;
    let good = request(&tree(5, "a"), 0).to_string();
    let (_, note) = good.split_once("\n\n").unwrap();
    let hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    let bad = [
        String::new(),
        "old 0\n\n".into(),
        format!("old 0\n{note}"),
        format!("\nold 0\n\n{note}"),
        format!("old 00\n\n{note}"),
        format!("old +0\n\n{note}"),
        format!("old  0\n\n{note}"),
        format!("Old 0\n\n{note}"),
        format!("old 0 \n\n{note}"),
        format!("old 18446744073709551616\n\n{note}"),
        format!("old 0\r\n\r\n{note}"),
        format!("old 0\nAAAA\n\n{note}"),
        format!("old 0\n{}\n\n{note}", &hash[..42]),
        format!("old 0\n{}\n{note}", hash.repeat(64)),
        format!("old 0\n\n\n{note}"),
        format!("old 0\n\n{}", note.trim_end()),
        format!("old 0\n\n{}", note.replacen("\n5\n", "\n05\n", 1)),
        // A line that an ML-DSA-44 signature does not cover.
        format!("old 0\n\n{}", note.replacen("\n\n", "\nextra\n\n", 1)),
    ];
    for body in bad {
        assert_eq!(site.add(&body).await.status, 400, "{body:?}");
    }
    // 63 hashes are a request, if not a proof.
    assert_eq!(site.add(format!("old 0\n{}\n{note}", hash.repeat(63))).await.status, 422);
    assert_eq!(site.add(good).await.status, 200);
}

#[tokio::test]
async fn signatures_by_strangers_are_ignored_and_not_kept() {
    let site = Site::new().await;
    let five = tree(5, "a");
    let strangers = LogKey::from_seed(ORIGIN, &[9; 32]).unwrap();
    let foreign = Note::parse(&note(&strangers, &five)).unwrap().signatures;
    let mut note = Note::parse(&note(&log(), &five)).unwrap();
    note.signatures.splice(0..0, foreign);
    let mut asked = request(&five, 0);
    asked.note = note.to_string();
    assert_eq!(site.add(&asked).await.status, 200);
    let kept = Note::parse(&site.get(&format!("last/{ORIGIN}")).await.text).unwrap();
    assert_eq!(kept.signatures.len(), 4, "two of the log, two of the witness");

    // Post-quantum alone is enough.
    note.signatures.retain(|signature| log().verifier_keys()[1].claims(signature));
    asked = request(&five, 5);
    asked.note = note.to_string();
    assert_eq!(site.add(&asked).await.status, 200);
    // One known signature that does not hold spoils the note.
    let bad = Signature { name: ORIGIN.into(), id: log().verifier_keys()[0].id(), bytes: vec![0; 64] };
    note.signatures.push(bad);
    asked.note = note.to_string();
    assert_eq!(site.add(&asked).await.status, 403);
}

#[tokio::test]
async fn people_see_what_was_seen() {
    let site = Site::new().await;
    let page = site.get("").await;
    assert_eq!((page.status, page.kind.as_str()), (200, "text/plain; charset=utf-8"));
    assert!(page.text.contains("nada visto ainda"), "{}", page.text);
    assert!(site.keys.iter().all(|key| page.text.contains(&key.to_string())));
    assert_eq!(site.get(&format!("last/{ORIGIN}")).await.status, 404);

    let shown = request(&tree(5, "a"), 0);
    site.add(&shown).await;
    let last = site.get(&format!("last/{ORIGIN}")).await;
    assert!(last.text.starts_with(&shown.note));
    assert_eq!(times(&last.text, "", &site.keys), [TIME, TIME]);
    assert_eq!(site.get(&format!("refused/{ORIGIN}")).await.status, 404);
    assert!(!site.get("").await.text.contains("ATENÇÃO"));

    // The first contradiction is kept as it came; later ones are not, so that nobody fills the disk.
    let first = request(&tree(9, "b"), 5);
    assert_eq!(site.add(&first).await.status, 422);
    assert_eq!(site.add(request(&tree(5, "c"), 5)).await.status, 409);
    assert_eq!(site.get(&format!("refused/{ORIGIN}")).await.text, first.note);
    assert!(site.get("").await.text.contains("ATENÇÃO"));
    assert_eq!(site.get(&format!("last/{ORIGIN}")).await, last);
    for path in ["last/outra.example", "refused/outra.example", "last/../testemunha.chave"] {
        assert_eq!(site.get(path).await.status, 404);
    }
}

#[test]
fn a_list_of_logs_is_read_with_care() {
    use sigilo_anchor::witness::{Logs, LogsError};
    let list = lines(&log());
    assert!(Logs::parse(&format!("# a clínica\n\n{list}")).is_ok());
    assert_eq!(Logs::parse("# nada\n").unwrap_err(), LogsError::Empty);
    for bad in [format!("{list}{list}"), format!("{list}quorum none\n"), "log x\n".into(), "registro y\n".into()] {
        assert!(matches!(Logs::parse(&bad), Err(LogsError::Line(_))), "{bad}");
    }
    assert_eq!(proof(&tree(5, "a"), 0), [[0; 32]; 0]);
}
