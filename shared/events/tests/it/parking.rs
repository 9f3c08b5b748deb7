//! Parked events, and what operators do with them.

use orchard_proto::events::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use tonic::Code;
use uuid::Uuid;

use crate::world::{CONSTRAINT, FINE, PANICS, PARKED, PENDING, REFUSED, UNREADABLE, World, impatient};

fn not_found() -> (Code, String) {
    (Code::NotFound, "PARKED_EVENT_NOT_FOUND".to_owned())
}

#[tokio::test]
async fn a_refused_event_blocks_only_its_aggregate() -> anyhow::Result<()> {
    let world = World::start().await?;
    let replica = world.replica(&impatient())?;
    let aggregates = world.aggregates(9).await?;
    let (sick, well) = aggregates.split_at(4);
    let kinds: [&'static [&'static str]; 4] = [
        &[FINE, REFUSED, FINE, FINE],
        &[FINE, CONSTRAINT, FINE, FINE],
        &[FINE, PANICS, FINE, FINE],
        &[FINE, UNREADABLE, FINE, FINE],
    ];
    for (aggregate, what) in sick.iter().zip(kinds) {
        replica.publish(*aggregate, what).await?;
    }
    for aggregate in well {
        replica.publish(*aggregate, &[FINE, FINE, FINE]).await?;
    }
    world.until(PARKED, 3).await?;
    world.until(PENDING, 12).await?;
    // A fault of the consumer is no refusal: the event waits, each time longer, and is not parked.
    world.until("SELECT count(*) FROM outbox_failures WHERE parked_at IS NULL AND attempts = 2", 1).await?;
    for aggregate in well {
        assert_eq!(world.effects(*aggregate).await?, [1, 2, 3]);
    }
    for aggregate in sick {
        assert_eq!(world.effects(*aggregate).await?, [1], "a refused event has no effect");
    }

    let (_running, mut operator) = replica.operator(&world.keys).await?;
    let list = pb::ListParkedEventsRequest::default();
    let parked = operator.list_parked_events(list).await?.into_inner().parked_events;
    let told: Vec<_> = parked.iter().map(|p| (p.consumer.as_str(), p.attempts, p.refusal.as_str(), p.waiting)).collect();
    let rejected = ("social", 3, "FAILED_PRECONDITION EVENT_REJECTED", 2);
    assert_eq!(told, [rejected, rejected, rejected]);
    let first = parked[0].event.as_ref().expect("an event");
    assert_eq!((first.aggregate_id.as_str(), first.sequence), (sick[0].to_string().as_str(), 2));
    Ok(())
}

#[tokio::test]
async fn operators_replay_or_discard_parked_events() -> anyhow::Result<()> {
    let world = World::start().await?;
    let replica = world.replica(&impatient())?;
    let aggregates = world.aggregates(3).await?;
    for aggregate in &aggregates {
        replica.publish(*aggregate, &[FINE, REFUSED, FINE]).await?;
    }
    world.until(PARKED, 3).await?;
    let (_running, mut operator) = replica.operator(&world.keys).await?;
    let mut events = Vec::new();
    let mut page = pb::ListParkedEventsRequest { page_size: 2, ..Default::default() };
    loop {
        let listed = operator.list_parked_events(page.clone()).await?.into_inner();
        events.extend(listed.parked_events.into_iter().filter_map(|parked| parked.event));
        if listed.next_page_token.is_empty() {
            break;
        }
        page.page_token = listed.next_page_token;
    }
    let listed: Vec<_> = events.iter().map(|event| event.aggregate_id.clone()).collect();
    assert_eq!(listed, aggregates.iter().map(Uuid::to_string).collect::<Vec<_>>());

    let replay =
        |event: &pb::Event| pb::ReplayParkedEventRequest { consumer: "social".to_owned(), event_id: event.event_id.clone() };
    let discard =
        |event: &pb::Event| pb::DiscardParkedEventRequest { consumer: "social".to_owned(), event_id: event.event_id.clone() };
    operator.discard_parked_event(discard(&events[0])).await?;
    assert_eq!(refused(operator.discard_parked_event(discard(&events[0])).await), not_found());
    // The cause is not fixed yet, so the event is parked again.
    operator.replay_parked_event(replay(&events[1])).await?;
    assert_eq!(refused(operator.replay_parked_event(replay(&events[1])).await), not_found());
    world.until(PARKED, 2).await?;
    world.mend().await?;
    operator.replay_parked_event(replay(&events[1])).await?;
    world.until(PENDING, 2).await?;
    assert_eq!(world.effects(aggregates[0]).await?, [1, 3], "given up");
    assert_eq!(world.effects(aggregates[1]).await?, [1, 2, 3], "tried again");
    assert_eq!(world.effects(aggregates[2]).await?, [1], "left alone");

    let elsewhere = pb::ReplayParkedEventRequest { consumer: "recipe".to_owned(), ..replay(&events[2]) };
    assert_eq!(refused(operator.replay_parked_event(elsewhere).await), not_found());
    let bad = pb::ReplayParkedEventRequest { consumer: String::new(), event_id: "x".to_owned() };
    assert_eq!(violations(operator.replay_parked_event(bad).await), ["consumer", "event_id"]);
    Ok(())
}
