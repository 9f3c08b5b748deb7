//! Sessions that are moved.

use chrono::TimeDelta;
use orchard_proto::consultation::v1 as pb;
use orchard_testkit::answer::refused;
use tonic::Code;

use super::failed;
use crate::practice::{PRICE, hours, round_the_clock, wire};
use crate::world::{World, euros, id};

#[tokio::test]
async fn a_moved_session_keeps_its_price_and_frees_its_time() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, ann) = (world.practice().await?, id());
    let booked = world.book(ann, &practice, hours(24)).await?;
    world.set("consultation_rate = 99").await?;
    let moved = world.reschedule(ann, &booked, hours(30)).await?;
    let expected =
        pb::Session { start_time: wire(hours(30)), session_cost: euros(PRICE), update_time: moved.update_time, ..booked.clone() };
    assert_eq!(moved, expected);
    // The same request once more, and one that knows the start of before, change nothing.
    let stale = (Code::Aborted, "SESSION_MOVED".to_owned());
    assert_eq!(refused(world.reschedule(ann, &booked, hours(30)).await), stale);
    assert_eq!(refused(world.reschedule(ann, &booked, hours(31)).await), stale);
    assert_eq!(world.session(ann, &booked.session_id).await?, moved);
    assert_eq!(world.count("SELECT count(*) FROM time_claims").await?, 1);
    world.set("consultation_rate = 65.5").await?;
    world.book(id(), &practice, hours(24)).await?;
    assert_eq!(refused(world.book(id(), &practice, hours(30)).await), failed("SLOT_TAKEN"));
    assert_eq!(refused(world.reschedule(ann, &moved, hours(24)).await), failed("SLOT_TAKEN"));
    Ok(())
}

#[tokio::test]
async fn a_session_is_not_in_its_own_way() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let schedule = pb::Schedule { slot_minutes: 60, max_per_day: Some(1), ..round_the_clock() };
    let (practice, ann) = (world.practice_with(schedule).await?, id());
    let noon = hours(72).date_naive().and_hms_opt(12, 0, 0).expect("noon").and_utc();
    let booked = world.book(ann, &practice, noon).await?;
    world.reschedule(ann, &booked, noon + TimeDelta::minutes(30)).await?;
    Ok(())
}

#[tokio::test]
async fn only_the_client_moves_and_two_hours_before_at_the_latest() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, ann) = (world.practice().await?, id());
    let booked = world.book(ann, &practice, hours(24)).await?;
    let not_client = (Code::PermissionDenied, "NOT_CLIENT".to_owned());
    assert_eq!(refused(world.reschedule(practice.account, &booked, hours(30)).await), not_client);
    let unknown = (Code::NotFound, "SESSION_NOT_FOUND".to_owned());
    assert_eq!(refused(world.reschedule(id(), &booked, hours(30)).await), unknown);

    let soon = world.bring_forward(ann, &booked, 22).await?;
    assert_eq!(refused(world.reschedule(ann, &soon, hours(30)).await), failed("TOO_LATE_TO_MOVE"));
    let begun = world.bring_forward(ann, &soon, 2).await?;
    assert_eq!(refused(world.reschedule(ann, &begun, hours(30)).await), failed("SESSION_STARTED"));
    let other = world.book(ann, &practice, hours(40)).await?;
    world.cancel(ann, &other).await?;
    assert_eq!(refused(world.reschedule(ann, &other, hours(41)).await), failed("WRONG_SESSION_STATUS"));
    let third = world.book(ann, &practice, hours(40)).await?;
    world.set("is_available = false").await?;
    assert_eq!(refused(world.reschedule(ann, &third, hours(41)).await), failed("PROFESSIONAL_UNAVAILABLE"));
    assert_eq!(world.session(ann, &third.session_id).await?, third);
    Ok(())
}
