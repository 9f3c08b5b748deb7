//! Events that are delivered repeatedly and concurrently.

use orchard_proto::events::v1 as pb;
use orchard_testkit::answer::{metadata, refused, violations};
use tokio::task::JoinSet;
use tonic::Code;

use crate::world::{FINE, UNREADABLE, World, deliver, sent};

#[tokio::test]
async fn events_are_applied_once_and_in_order() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (aggregate, other) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
    let family = world.inbox("family")?;
    let [first, second, third] = [1, 2, 3].map(|number| sent(aggregate, number, FINE));
    deliver(&family, vec![first.clone(), first.clone(), second.clone()]).await?;
    deliver(&family, vec![first.clone()]).await?;
    // A consumer that does not receive all events of an aggregate sees gaps.
    deliver(&family, vec![sent(aggregate, 7, FINE), sent(other, 1, FINE)]).await?;
    deliver(&family, vec![third, second]).await?;
    assert_eq!(world.effects(aggregate).await?, [1, 2, 7]);
    assert_eq!(world.effects(other).await?, [1]);
    Ok(())
}

#[tokio::test]
async fn fifty_concurrent_deliveries_have_one_effect() -> anyhow::Result<()> {
    let world = World::start().await?;
    let aggregates: Vec<_> = (0..5).map(|_| uuid::Uuid::new_v4()).collect();
    let family = world.inbox("family")?;
    let events: Vec<_> = aggregates.iter().flat_map(|aggregate| [1, 2].map(|number| sent(*aggregate, number, FINE))).collect();
    let deliveries = (0..50).map(|turn| {
        let (family, mut events) = (family.clone(), events.clone());
        // With the aggregates in different orders, as two relays may send them.
        events.rotate_left(2 * (turn % 5));
        async move { orchard_testkit::client::insist(|| deliver(&family, events.clone())).await }
    });
    for delivered in futures::future::join_all(deliveries).await {
        delivered?;
    }
    for aggregate in aggregates {
        assert_eq!(world.effects(aggregate).await?, [1, 2]);
    }
    Ok(())
}

/// While a delivery waits for an aggregate that another one delivers for the first time, it must not lock aggregates that the other may
/// need: the two would deadlock.
#[tokio::test]
async fn a_delivery_that_waits_for_a_new_aggregate_locks_no_later_one() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (new, known) = (uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2));
    let family = world.inbox("family")?;
    deliver(&family, vec![sent(known, 1, FINE)]).await?;
    let another = world.consumer.connect().await?;
    let begin = format!("BEGIN; INSERT INTO inbox (source, aggregate_id, sequence) VALUES ('family', '{new}', 0)");
    another.batch_execute(&begin).await?;
    let mut deliveries = JoinSet::new();
    let events = vec![sent(new, 1, FINE), sent(known, 2, FINE)];
    deliveries.spawn(async move { deliver(&family, events).await });
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))";
    while another.query_one(waits, &[]).await?.get::<_, i64>(0) == 0 {
        // Within a transaction PostgreSQL shows the sessions as it first saw them, unless the snapshot is cleared.
        another.batch_execute("SELECT pg_stat_clear_snapshot()").await?;
    }
    another.batch_execute(&format!("SELECT 1 FROM inbox WHERE aggregate_id = '{known}' FOR UPDATE NOWAIT; ROLLBACK")).await?;
    for delivered in deliveries.join_all().await {
        delivered?;
    }
    assert_eq!((world.effects(new).await?, world.effects(known).await?), (vec![1], vec![1, 2]));
    Ok(())
}

#[tokio::test]
async fn an_event_that_cannot_be_applied_is_named_and_its_batch_is_rolled_back() -> anyhow::Result<()> {
    let world = World::start().await?;
    let aggregate = uuid::Uuid::new_v4();
    let family = world.inbox("family")?;
    let bad = sent(aggregate, 2, UNREADABLE);
    let status = deliver(&family, vec![sent(aggregate, 1, FINE), bad.clone()]).await.expect_err("refused");
    assert_eq!(metadata(&status, "event_id"), Some(bad.event_id));
    assert_eq!(refused(Err::<(), _>(status)), (Code::FailedPrecondition, "EVENT_REJECTED".to_owned()));
    assert_eq!(world.effects(aggregate).await?, [0; 0]);
    // Another slice cannot deliver events of the family slice.
    let answer = deliver(&world.inbox("recipe")?, vec![sent(aggregate, 1, FINE)]).await;
    assert_eq!(refused(answer), (Code::FailedPrecondition, "EVENT_REJECTED".to_owned()));

    let wrong = pb::Event { event_id: "x".to_owned(), sequence: 0, payload: None, ..sent(aggregate, 1, FINE) };
    let answer = deliver(&family, vec![sent(aggregate, 1, FINE), wrong]).await;
    assert_eq!(violations(answer), ["events[1].event_id", "events[1].sequence", "events[1].payload"]);
    assert_eq!(violations(deliver(&family, Vec::new()).await), ["events"]);
    assert_eq!(violations(deliver(&family, vec![sent(aggregate, 1, FINE); 501]).await), ["events"]);
    assert_eq!(world.effects(aggregate).await?, [0; 0]);
    Ok(())
}
