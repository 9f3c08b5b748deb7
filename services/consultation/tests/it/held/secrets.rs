//! What each of the two keeps from the other, and both from everybody else.

use orchard_testkit::answer::{refused, violations};
use tonic::Code;

use super::Case;
use crate::booking::failed;
use crate::practice::hours;
use crate::world::{World, id};

const URL: &str = "https://example.org/recording";

#[tokio::test]
async fn notes_are_the_professionals_alone() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let Case { practice, client, session } = world.case().await?;
    let not_professional = (Code::PermissionDenied, "NOT_PROFESSIONAL".to_owned());
    assert_eq!(refused(world.note(client, &session, "Mine").await), not_professional);
    assert_eq!(violations(world.note(practice.account, &session, &"x".repeat(5_001)).await), ["session_notes"]);
    let noted = world.note(practice.account, &session, "Canary\nnotes").await?;
    assert_eq!(noted.session_notes, "Canary\nnotes");
    assert_eq!(world.session(practice.account, &session.session_id).await?, noted);
    // Whatever the client is answered.
    world.complete(practice.account, &session).await?;
    for answer in [
        world.session(client, &session.session_id).await?,
        world.consent(client, &session, true).await?,
        world.rate(client, &session, 5, "").await?,
    ] {
        assert_eq!(answer.session_notes, "");
    }
    let unsaid = world.note(practice.account, &session, "").await?;
    assert_eq!(unsaid.session_notes, "");
    Ok(())
}

#[tokio::test]
async fn a_recording_needs_the_clients_consent() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let Case { practice, client, session } = world.case().await?;
    let account = practice.account;
    assert_eq!(refused(world.record(account, &session, URL).await), failed("RECORDING_NOT_CONSENTED"));
    let denied = |reason: &str| (Code::PermissionDenied, reason.to_owned());
    assert_eq!(refused(world.consent(account, &session, true).await), denied("NOT_CLIENT"));
    world.consent(client, &session, true).await?;
    assert_eq!(refused(world.record(client, &session, URL).await), denied("NOT_PROFESSIONAL"));
    assert_eq!(violations(world.record(account, &session, "http://example.org/recording").await), ["recording_url"]);
    world.record(account, &session, URL).await?;
    for user in [client, account] {
        assert_eq!(world.session(user, &session.session_id).await?.recording_url, URL);
    }
    // The professional takes it away at any time.
    world.no_show(account, &session).await?;
    assert_eq!(refused(world.record(account, &session, "https://example.org/b").await), failed("WRONG_SESSION_STATUS"));
    assert_eq!(world.record(account, &session, "").await?.recording_url, "");
    let Case { practice, client, session } = world.case().await?;
    let account = practice.account;
    world.consent(client, &session, true).await?;
    world.record(account, &session, URL).await?;
    // With the consent goes the recording, and a new consent brings none back.
    assert_eq!(world.consent(client, &session, false).await?.recording_url, "");
    assert_eq!(world.consent(client, &session, true).await?.recording_url, "");
    Ok(())
}

#[tokio::test]
async fn to_others_a_session_does_not_exist() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let Case { practice, client, session } = world.case().await?;
    let to_come = world.book(client, &practice, hours(24)).await?;
    let (stranger, unknown) = (id(), (Code::NotFound, "SESSION_NOT_FOUND".to_owned()));
    let other = world.practice().await?.account;
    for user in [stranger, other] {
        let answers = [
            world.session(user, &session.session_id).await,
            world.cancel(user, &to_come).await,
            world.complete(user, &session).await,
            world.no_show(user, &session).await,
            world.rate(user, &session, 5, "").await,
            world.note(user, &session, "").await,
            world.consent(user, &session, true).await,
            world.record(user, &session, "").await,
            world.reschedule(user, &to_come, hours(30)).await,
            world.follow_up(user, &session, hours(30)).await,
        ];
        for answer in answers {
            assert_eq!(refused(answer), unknown);
        }
        assert_eq!(refused(world.calendar(user, &session).await), unknown);
    }
    // An operator cancels it, and reads nothing of what the two say.
    let operator = world.slice.user_with(stranger, &["operator"])?;
    let mut operator = orchard_proto::consultation::v1::session_service_client::SessionServiceClient::new(operator);
    let get = orchard_proto::consultation::v1::GetSessionRequest { session_id: session.session_id.clone() };
    assert_eq!(refused(operator.get_session(get).await), unknown);
    world.note(practice.account, &to_come, "Canary").await?;
    world.cancel(client, &to_come).await?;
    let seen = world.cancel_as_operator(&to_come).await?;
    assert_eq!((seen.session_notes.as_str(), seen.cancel_reason.as_str()), ("", ""));
    Ok(())
}
