//! Slots that are held.

use orchard_proto::consultation::v1 as pb;
use orchard_testkit::answer::refused;
use tonic::Code;
use uuid::Uuid;

use super::failed;
use crate::practice::{PRICE, hours, round_the_clock, wanted, wire};
use crate::world::{World, euros, id};

const LIVE: &str = "SELECT count(*) FROM time_claims WHERE expires_at > now()";

impl World {
    /// Ends all holds by the clock.
    async fn expire_holds(&self) -> anyhow::Result<()> {
        let client = self.slice.schema.connect().await?;
        client.batch_execute("UPDATE time_claims SET expires_at = now() WHERE expires_at IS NOT NULL").await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_held_slot_is_its_holders_at_the_price_of_the_hold() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, ann, bob) = (world.practice().await?, id(), id());
    let hold = world.hold(ann, &practice, hours(24)).await?;
    let expected = pb::SlotHold {
        slot_hold_id: hold.slot_hold_id.clone(),
        professional_id: practice.id.clone(),
        user_id: ann.to_string(),
        start_time: wire(hours(24)),
        end_time: wire(hours(24) + chrono::TimeDelta::minutes(30)),
        price: euros(PRICE),
        expire_time: hold.expire_time,
    };
    assert_eq!(hold, expected);
    assert_eq!(refused(world.book(bob, &practice, hours(24)).await), failed("SLOT_TAKEN"));
    assert_eq!(refused(world.hold(bob, &practice, hours(24)).await), failed("SLOT_TAKEN"));

    // Whatever changes meanwhile.
    world.set("consultation_rate = 99, available_time_slots = NULL, is_available = false").await?;
    let changed = pb::BookSessionRequest { price: euros(9_900), ..wanted(&practice, hours(24)) };
    assert_eq!(refused(world.book_as(ann, changed).await), failed("PRICE_CHANGED"));
    let booked = world.book(ann, &practice, hours(24)).await?;
    assert_eq!((booked.session_cost, booked.start_time), (euros(PRICE), wire(hours(24))));
    assert_eq!((world.count(LIVE).await?, world.count("SELECT count(*) FROM time_claims").await?), (0, 1));
    Ok(())
}

#[tokio::test]
async fn a_client_holds_three_slots_of_three_professionals() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (ann, too_many) = (id(), (Code::ResourceExhausted, "TOO_MANY_HOLDS".to_owned()));
    let mut practices = Vec::new();
    for _ in 0..4 {
        practices.push(world.practice().await?);
    }
    let first = world.hold(ann, &practices[0], hours(24)).await?;
    assert_eq!(refused(world.hold(ann, &practices[0], hours(25)).await), too_many, "one with each");
    assert_eq!(refused(world.hold(ann, &practices[1], hours(24)).await), failed("CLIENT_BUSY"), "two at once");
    world.hold(ann, &practices[1], hours(25)).await?;
    world.hold(ann, &practices[2], hours(26)).await?;
    assert_eq!(refused(world.hold(ann, &practices[3], hours(27)).await), too_many);

    // A stranger ends no hold, and its holder as often as they like.
    world.release(id(), &first).await?;
    assert_eq!(world.count(LIVE).await?, 3);
    world.release(ann, &first).await?;
    world.release(ann, &first).await?;
    assert_eq!(world.count(LIVE).await?, 2);
    world.hold(ann, &practices[3], hours(27)).await?;
    world.expire_holds().await?;
    world.hold(ann, &practices[0], hours(24)).await?;
    Ok(())
}

#[tokio::test]
async fn an_expired_hold_is_in_nobodys_way() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, ann, bob) = (world.practice().await?, id(), id());
    world.hold(ann, &practice, hours(24)).await?;
    world.expire_holds().await?;
    world.book(bob, &practice, hours(24)).await?;
    assert_eq!(refused(world.book(ann, &practice, hours(24)).await), failed("SLOT_TAKEN"));
    // Nor is one's own of another slot, also before it expires.
    world.hold(ann, &practice, hours(25)).await?;
    world.book(ann, &practice, hours(26)).await?;
    world.book(bob, &practice, hours(25)).await?;
    Ok(())
}

/// The start is so soon that the hold would outlive it.
#[tokio::test]
async fn a_hold_ends_when_its_slot_begins() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let schedule = pb::Schedule { slot_minutes: 5, step_minutes: 5, ..round_the_clock() };
    let (practice, ann) = (world.practice_with(schedule).await?, id());
    let now = chrono::Utc::now().timestamp();
    let start = chrono::DateTime::from_timestamp(now - now % 300 + 300, 0).expect("a time");
    // The clock may pass the start meanwhile; then the next one will do.
    let (hold, start) = match world.hold(ann, &practice, start).await {
        Ok(hold) => (hold, start),
        Err(_) => {
            (world.hold(ann, &practice, start + chrono::TimeDelta::minutes(5)).await?, start + chrono::TimeDelta::minutes(5))
        }
    };
    assert!(hold.expire_time.expect("a time").seconds <= start.timestamp());
    Ok(())
}

#[tokio::test]
async fn a_repeated_hold_is_the_same_until_it_ends() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, ann) = (world.practice().await?, id());
    let request = pb::HoldSlotRequest {
        professional_id: practice.id.clone(),
        start_time: wire(hours(24)),
        price: euros(PRICE),
        user_id: String::new(),
        request_id: Uuid::new_v4().to_string(),
    };
    let hold = async || world.bookings(ann).hold_slot(request.clone()).await.map(|hold| hold.into_inner().slot_hold);
    let first = hold().await?.expect("a hold");
    assert_eq!(hold().await?.as_ref(), Some(&first));
    world.expire_holds().await?;
    assert_eq!(refused(hold().await), failed("SLOT_HOLD_ENDED"), "also before anybody has deleted it");
    world.release(ann, &first).await?;
    assert_eq!(refused(hold().await), failed("SLOT_HOLD_ENDED"));
    Ok(())
}
