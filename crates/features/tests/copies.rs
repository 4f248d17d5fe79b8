//! Copies and drills at the desk: asked for once, taken once, and told.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::json;
use sigilo_assistant::provider::Stop;
use sigilo_domain::audit_query::Level;
use sigilo_features::{Error, compliance, copies};
use sigilo_store::{
    Db,
    copies::{self as rows, Kind},
};
use support::{Script, Scripted, Stand, colleague, document};
use time::Duration;

#[tokio::test]
async fn one_drill_at_a_time_and_the_desk_says_how_it_ended() {
    let stand = Stand::new(Scripted::new(Script::Say(document(), Stop::Complete))).await;
    let (app, db) = (&stand.app, stand.app.db());
    let (_, doctor) = colleague(&stand, "Dra. Célia Montenegro", &["professional"], 41).await;
    assert!(matches!(copies::standing(app, &doctor).await, Err(Error::Forbidden(_))));
    assert!(matches!(copies::request_drill(app, &doctor).await, Err(Error::Forbidden(_))));
    let verdict = async || copies::standing(app, &stand.session).await.unwrap().verdict(app.now());
    assert_eq!(verdict().await.level, Level::Attention, "nobody has tried");
    assert_eq!(rows::take(db).await.unwrap(), None);

    // Two at the same moment: one is asked for, and one process takes it.
    let (one, two) =
        tokio::join!(copies::request_drill(app, &stand.session), copies::request_drill(app, &stand.session));
    assert!(one.is_ok() ^ two.is_ok(), "{one:?} {two:?}");
    let other = Db::new(stand.database.urls(), 2).unwrap();
    let (mine, theirs) = tokio::join!(rows::take(db), rows::take(&other));
    let taken = [mine.unwrap(), theirs.unwrap()];
    let id = taken.iter().flatten().next().copied().unwrap();
    assert_eq!(taken.iter().flatten().count(), 1);
    assert!(copies::standing(app, &stand.session).await.unwrap().is_busy());
    assert!(matches!(copies::request_drill(app, &stand.session).await, Err(Error::Conflict(_))), "while it runs");

    let step = |passed: bool| json!([{ "name": "Trilha conferida", "passed": passed, "found": "x", "seconds": 1.5 }]);
    rows::finish(db, id, "failed", &step(false)).await.unwrap();
    assert_eq!(verdict().await.level, Level::Problem);
    rows::record(db, Kind::Drill, "passed", 12.0, &step(true)).await.unwrap();
    rows::record(db, Kind::Backup, "passed", 3.0, &json!([])).await.unwrap();
    let standing = copies::standing(app, &stand.session).await.unwrap();
    assert_eq!((standing.verdict(app.now()).level, standing.backups.len(), standing.is_busy()), (Level::Ok, 1, false));
    // A month on, another one is due; whoever looks at the desk is told.
    let later = standing.verdict(app.now() + Duration::days(32));
    assert!(later.level == Level::Attention && later.sentence.contains("32 dias"), "{}", later.sentence);
    let overview = compliance::overview(app, &stand.session).await.unwrap();
    assert!(overview.checks.iter().any(|check| check.title == "As cópias de segurança voltam"));

    // The process that ran one died: whoever comes next says so.
    copies::request_drill(app, &stand.session).await.unwrap();
    rows::take(db).await.unwrap().unwrap();
    rows::abandon(db, &json!([])).await.unwrap();
    let standing = copies::standing(app, &stand.session).await.unwrap();
    assert_eq!((standing.drills[0].status.as_str(), standing.is_busy()), ("incomplete", false));
    let events = "SELECT count(*) FROM audit_logs WHERE action = 'restore_drill_requested'";
    assert_eq!(stand.count(events).await, 4, "who asked in vain, too");
}
