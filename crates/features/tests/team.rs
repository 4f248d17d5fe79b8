//! Who works in a clinic: asked in, given roles, deactivated; and what nobody may do to themselves or to the last owner.
#![allow(clippy::unwrap_used)]

mod support;

use sigilo_assistant::provider::Stop;
use sigilo_features::{
    Error, Session, session,
    team::{self, Member},
};
use support::{Script, Scripted, Stand, colleague, document};
use uuid::Uuid;

async fn stand() -> Stand {
    Stand::new(Scripted::new(Script::Say(document(), Stop::Complete))).await
}

fn roles(codes: &[&str]) -> Vec<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

async fn named(stand: &Stand, session: &Session, name: &str) -> Member {
    let members = team::list(&stand.app, session).await.unwrap();
    members.into_iter().find(|member| member.display_name == name).unwrap()
}

fn sentence(result: Result<(), Error>) -> &'static str {
    match result {
        Err(Error::Conflict(sentence)) => sentence,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn somebody_is_asked_in_by_a_link_that_is_used_once() {
    let stand = stand().await;
    let wanted = roles(&["receptionist", "professional", "receptionist"]);
    let first = team::invite(&stand.app, &stand.session, "  Iara  Campos ", &wanted).await.unwrap();
    let iara = named(&stand, &stand.session, "Iara Campos").await;
    assert_eq!(iara.roles, ["professional", "receptionist"]);
    assert!(iara.last_sign_in_at.is_none() && iara.invited_until.is_some() && !iara.is_own);
    // Only the hash of the link is kept; another link ends the first.
    let kept =
        format!("SELECT count(*) FROM auth.links WHERE encode(token_hash, 'escape') LIKE '%{}%'", first.expose());
    assert_eq!(stand.count(&kept).await, 0);
    team::renew(&stand.app, &stand.session, iara.user_id).await.unwrap();
    let usable = "SELECT count(*) FROM auth.links WHERE used_at IS NULL AND expires_at > now()";
    assert_eq!(stand.count(usable).await, 1);
    // Who has come in gets no other link from the clinic.
    stand
        .database
        .superuser()
        .await
        .execute("UPDATE auth.users SET last_sign_in_at = now() WHERE id = $1", &[&iara.user_id])
        .await
        .unwrap();
    assert!(sentence(team::renew(&stand.app, &stand.session, iara.user_id).await.map(drop)).contains("já entrou"));
    let told = "SELECT count(*) FROM audit_logs WHERE action = 'member_invited' AND details::text NOT LIKE '%Iara%'";
    assert_eq!(stand.count(told).await, 2);
    for (name, wanted, field) in
        [("", &["dpo"][..], "nome"), ("Iara Campos", &[], "funcoes"), ("Iara Campos", &["king"], "funcoes")]
    {
        let Err(Error::Invalid(wrong)) = team::invite(&stand.app, &stand.session, name, &roles(wanted)).await else {
            panic!("accepted")
        };
        assert_eq!(wrong[0].field, field);
    }
}

#[tokio::test]
async fn nobody_changes_their_own_permissions_and_a_clinic_keeps_an_owner() {
    let stand = stand().await;
    let (admin, admin_session) = colleague(&stand, "Célia Ramos", &["administrator"], 50).await;
    let (desk, desk_session) = colleague(&stand, "Jussara Pinho", &["receptionist"], 51).await;
    let app = &stand.app;
    // Their own: neither up nor down.
    assert!(
        sentence(team::change(app, &admin_session, admin, &roles(&["administrator", "dpo"])).await)
            .contains("próprias")
    );
    assert!(sentence(team::activate(app, &stand.session, stand.user, false).await).contains("próprias"));
    // An owner is an owner's to make, to change and to end.
    for attempt in [
        team::change(app, &admin_session, desk, &roles(&["owner"])).await,
        team::change(app, &admin_session, stand.user, &roles(&["receptionist"])).await,
        team::activate(app, &admin_session, stand.user, false).await,
        team::invite(app, &admin_session, "Outra Dona", &roles(&["owner"])).await.map(drop),
    ] {
        assert!(sentence(attempt).contains("Só quem responde pela clínica"));
    }
    team::change(app, &admin_session, desk, &roles(&["receptionist", "administrator"])).await.unwrap();
    assert_eq!(named(&stand, &admin_session, "Jussara Pinho").await.roles, ["administrator", "receptionist"]);
    // The desk and the database itself: whoever runs nothing changes nothing, with or without the use case.
    team::change(app, &admin_session, desk, &roles(&["receptionist"])).await.unwrap();
    assert!(matches!(team::list(app, &desk_session).await, Err(Error::Forbidden(_))));
    assert!(matches!(team::activate(app, &desk_session, admin, false).await, Err(Error::Forbidden(_))));
    let client = stand.database.connect(sigilo_store::server::Role::App).await;
    let token = desk_session.token.expose();
    client.execute("SELECT set_config('app.token', $1, false)", &[&token]).await.unwrap();
    for sql in [
        format!("SELECT app.set_member('{admin}', '{{owner}}', 'active')"),
        format!("SELECT app.set_member('{desk}', '{{owner}}', 'active')"),
        "SELECT app.invite_member('X', '{owner}', 't', 1)".into(),
        "SELECT * FROM app.team()".into(),
        format!("UPDATE members SET roles = '{{owner}}' WHERE user_id = '{desk}'"),
        format!(
            "INSERT INTO members (clinic_id, user_id, display_name, roles) VALUES ('{}', '{desk}', 'X', '{{owner}}')",
            stand.clinic
        ),
    ] {
        assert!(client.batch_execute(&sql).await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn who_is_deactivated_is_out_at_once_and_stays_in_the_trail() {
    let stand = stand().await;
    let (desk, desk_session) = colleague(&stand, "Jussara Pinho", &["receptionist"], 51).await;
    assert!(session::viewer(&stand.app, &desk_session).await.is_ok());
    team::activate(&stand.app, &stand.session, desk, false).await.unwrap();
    assert!(matches!(session::viewer(&stand.app, &desk_session).await, Err(Error::NotSignedIn)));
    assert_eq!(named(&stand, &stand.session, "Jussara Pinho").await.status, "deactivated");
    team::activate(&stand.app, &stand.session, desk, true).await.unwrap();
    let steps = "SELECT string_agg(action, ' ' ORDER BY seq) FROM audit_logs WHERE action LIKE 'member_%activated'";
    assert_eq!(stand.text(steps).await, "member_deactivated member_reactivated");
}

/// Each of two owners ends the other at the same moment.
#[tokio::test]
async fn two_owners_who_end_each_other_at_once_leave_one() {
    let stand = stand().await;
    let (other, other_session) = colleague(&stand, "Helena Prado", &["owner"], 52).await;
    let (one, two) = tokio::join!(
        team::activate(&stand.app, &stand.session, other, false),
        team::activate(&stand.app, &other_session, stand.user, false),
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    let active = "SELECT count(*) FROM members WHERE status = 'active' AND 'owner' = ANY (roles)";
    assert_eq!(stand.count(active).await, 1);
}

#[tokio::test]
async fn nobody_of_another_clinic_is_seen_or_changed() {
    let stand = stand().await;
    let stranger = stand.stranger().await;
    let app = &stand.app;
    assert_eq!(team::list(app, &stranger).await.unwrap().len(), 1);
    for member in [stand.user, Uuid::now_v7()] {
        assert!(matches!(team::change(app, &stranger, member, &roles(&["dpo"])).await, Err(Error::NotFound)));
        assert!(matches!(team::activate(app, &stranger, member, false).await, Err(Error::NotFound)));
        assert!(matches!(team::renew(app, &stranger, member).await, Err(Error::NotFound)));
    }
}
