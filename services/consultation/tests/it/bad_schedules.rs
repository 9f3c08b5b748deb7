//! Schedules that this release cannot use: they offer nothing, and are in nobody else's way.

use orchard_proto::consultation::v1 as pb;
use orchard_testkit::answer::refused;
use tonic::Code;

use crate::availability::{always, midnight};
use crate::world::Someone::{Operator, User};
use crate::world::{World, id, strings};

impl World {
    /// Changes the stored schedule of a professional.
    async fn spoil(&self, professional: &str, expression: &str) -> anyhow::Result<()> {
        let spoil = format!(
            "UPDATE health_professionals SET available_time_slots = {expression}, updated_at = now() WHERE id = '{professional}'"
        );
        Ok(self.slice.schema.connect().await?.batch_execute(&spoil).await?)
    }

    async fn schedule(&self, professional: &str) -> Result<pb::Schedule, tonic::Status> {
        let request = pb::GetScheduleRequest { professional_id: professional.to_owned() };
        Ok(self.availability(Operator(id())).get_schedule(request).await?.into_inner().schedule.expect("a schedule"))
    }

    /// Returns which of some professionals have a next slot.
    async fn have_next(&self, professionals: &[&str]) -> Result<Vec<bool>, tonic::Status> {
        let request = pb::BatchGetNextSlotsRequest { professional_ids: strings(professionals) };
        let found = self.availability(User(id())).batch_get_next_slots(request).await?.into_inner().next_slots;
        let has_next = |id: &&str| found.iter().find(|next| next.professional_id == *id).is_some_and(|next| next.slot.is_some());
        Ok(professionals.iter().map(has_next).collect())
    }
}

#[tokio::test]
async fn a_zone_that_this_release_does_not_know_offers_nothing_and_is_kept() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (entry, other) = (world.scheduled(always()).await?, world.scheduled(always()).await?);
    let before = world.schedule(&entry).await?;
    world.spoil(&entry, "jsonb_set(available_time_slots, '{time_zone}', '\"Mars/Olympus\"')").await?;
    assert_eq!(world.hours(&entry, midnight(2), 24).await?, Vec::<i64>::new(), "in UTC they would be wrong");
    assert_eq!(world.have_next(&[&entry, &other]).await?, [false, true]);
    let kept = world.schedule(&entry).await?;
    assert_ne!(kept.etag, before.etag);
    assert_eq!(kept, pb::Schedule { time_zone: "Mars/Olympus".to_owned(), etag: kept.etag.clone(), ..before });
    let moved = pb::Schedule { time_zone: "Europe/Berlin".to_owned(), ..kept };
    world.set_schedule(Operator(id()), &entry, moved).await?;
    assert_eq!(world.have_next(&[&entry, &other]).await?, [true, true]);
    Ok(())
}

#[tokio::test]
async fn a_schedule_that_cannot_be_read_is_in_nobody_elses_way() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (entry, other) = (world.scheduled(always()).await?, world.scheduled(always()).await?);
    world.spoil(&entry, "'{\"time_zone\": 7}'").await?;
    assert_eq!(world.have_next(&[&entry, &other]).await?, [false, true]);
    assert_eq!(world.hours(&entry, midnight(2), 24).await?, Vec::<i64>::new());
    assert_eq!(refused(world.schedule(&entry).await).0, Code::Internal, "which is a fault, not an empty schedule");
    world.set_schedule(Operator(id()), &entry, always()).await?;
    assert_eq!(world.have_next(&[&entry, &other]).await?, [true, true]);
    Ok(())
}
