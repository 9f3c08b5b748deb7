//! Sessions that follow up others.

use orchard_proto::consultation::v1 as pb;
use orchard_testkit::answer::refused;
use tonic::Code;

use super::failed;
use crate::practice::hours;
use crate::world::{World, id};

/// Whatever else the client does, and however often the professional asks.
#[tokio::test]
async fn a_professional_does_not_learn_when_the_client_is_busy() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, elsewhere, ann) = (world.practice().await?, world.practice().await?, id());
    let session = world.begun(ann, &practice).await?;
    world.book(ann, &elsewhere, hours(48)).await?;
    world.book(id(), &practice, hours(49)).await?;
    assert_eq!(refused(world.follow_up(ann, &session, hours(48)).await), failed("CLIENT_BUSY"));
    for start in [hours(48), hours(49)] {
        assert_eq!(refused(world.follow_up(practice.account, &session, start).await), failed("SLOT_TAKEN"));
    }
    // What the client holds stays theirs.
    world.hold(ann, &practice, hours(50)).await?;
    assert_eq!(refused(world.follow_up(practice.account, &session, hours(50)).await), failed("SLOT_TAKEN"));
    world.follow_up(practice.account, &session, hours(51)).await?;
    world.book(ann, &practice, hours(50)).await?;
    let again = (Code::AlreadyExists, "FOLLOW_UP_SCHEDULED".to_owned());
    for start in [hours(48), hours(52)] {
        assert_eq!(refused(world.follow_up(practice.account, &session, start).await), again);
    }
    Ok(())
}

#[tokio::test]
async fn a_session_has_one_follow_up_besides_cancelled_ones() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, ann) = (world.practice().await?, id());
    let to_come = world.book(ann, &practice, hours(30)).await?;
    assert_eq!(refused(world.follow_up(ann, &to_come, hours(48)).await), failed("SESSION_NOT_STARTED"));
    world.cancel(ann, &to_come).await?;
    assert_eq!(refused(world.follow_up(ann, &to_come, hours(48)).await), failed("WRONG_SESSION_STATUS"));

    let session = world.begun(ann, &practice).await?;
    let unknown = (Code::NotFound, "SESSION_NOT_FOUND".to_owned());
    assert_eq!(refused(world.follow_up(id(), &session, hours(48)).await), unknown);
    // The professional books it, too, for the same client.
    let first = world.follow_up(practice.account, &session, hours(48)).await?;
    assert_eq!((&first.user_id, first.session_type()), (&ann.to_string(), pb::SessionType::Phone));
    assert_eq!(first.follow_up_of_session_id, session.session_id);
    assert!(world.session(ann, &session.session_id).await?.follow_up_scheduled);
    let again = (Code::AlreadyExists, "FOLLOW_UP_SCHEDULED".to_owned());
    assert_eq!(refused(world.follow_up(ann, &session, hours(50)).await), again);
    assert_eq!(world.count("SELECT count(*) FROM time_claims").await?, 2);

    world.cancel(ann, &first).await?;
    assert!(!world.session(ann, &session.session_id).await?.follow_up_scheduled);
    world.follow_up(ann, &session, hours(50)).await?;
    assert!(world.session(ann, &session.session_id).await?.follow_up_scheduled);
    Ok(())
}
