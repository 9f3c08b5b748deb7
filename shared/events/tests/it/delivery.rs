//! Delivery of events.

use std::time::Duration;

use futures::FutureExt as _;
use orchard_db::{Connection, Failure};
use orchard_events::{Outbox, RelayOptions};

use crate::world::{FINE, PENDING, REFUSED, World, impatient, publish};

#[tokio::test]
async fn only_committed_events_are_delivered() -> anyhow::Result<()> {
    let world = World::start().await?;
    let replica = world.replica(&impatient())?;
    let aggregate = world.aggregates(1).await?[0];
    replica.publish(aggregate, &[FINE, FINE]).await?;
    let outbox = replica.outbox.clone();
    let undone = async move |connection: &mut Connection| {
        publish(connection, &outbox, aggregate, &[FINE]).await?;
        Err::<(), _>(Failure::Internal("on purpose".to_owned()))
    };
    assert!(replica.db.write("undone", undone).await.is_err());
    replica.publish(aggregate, &[FINE]).await?;
    world.until(PENDING, 0).await?;
    assert_eq!(world.effects(aggregate).await?, [1, 2, 3]);
    Ok(())
}

#[tokio::test]
async fn events_wait_for_an_unavailable_consumer() -> anyhow::Result<()> {
    let mut world = World::start().await?;
    let replica = world.replica(&impatient())?;
    let aggregates = world.aggregates(3).await?;
    world.stop_consumer().await?;
    for aggregate in &aggregates {
        replica.publish(*aggregate, &[FINE, FINE]).await?;
    }
    // More sweeps than an event has attempts: an unavailable consumer does not count against its events.
    let client = world.producer.connect().await?;
    for _sweep in 0..4 {
        world.until("SELECT count(*) FROM outbox_leases WHERE expires_at > now()", 1).await?;
        client.batch_execute("UPDATE outbox_leases SET expires_at = now()").await?;
    }
    world.until("SELECT count(*) FROM outbox_failures", 0).await?;
    world.start_consumer().await?;
    world.until(PENDING, 0).await?;
    for aggregate in aggregates {
        assert_eq!(world.effects(aggregate).await?, [1, 2]);
    }
    Ok(())
}

/// While the earlier event waits for its next attempt, the later one must not be delivered.
#[tokio::test]
async fn an_event_waits_for_an_earlier_one_that_is_retried() -> anyhow::Result<()> {
    let world = World::start().await?;
    let replica = world.replica(&RelayOptions { event_retry_delay: Duration::from_secs(2), ..impatient() })?;
    let aggregate = world.aggregates(1).await?[0];
    replica.publish(aggregate, &[FINE, REFUSED]).await?;
    world.until("SELECT count(*) FROM outbox_failures", 1).await?;
    replica.publish(aggregate, &[FINE]).await?;
    world.mend().await?;
    world.until(PENDING, 0).await?;
    assert_eq!(world.effects(aggregate).await?, [1, 2, 3]);
    world.until("SELECT count(*) FROM outbox_failures", 0).await
}

/// Rows of a distributed database get positions of another range when they move to another node.
#[tokio::test]
async fn sequences_decide_the_order_even_if_positions_disagree() -> anyhow::Result<()> {
    let world = World::start().await?;
    let aggregate = world.aggregates(1).await?[0];
    let mut ended = world.replica(&impatient())?;
    ended.stop_relay();
    ended.publish(aggregate, &[FINE, FINE, FINE]).await?;
    let reverse = "WITH moved AS (DELETE FROM outbox RETURNING *)
        INSERT INTO outbox (consumer, position, event_id, aggregate_id, sequence, event_type, payload, created_at) OVERRIDING SYSTEM VALUE
        SELECT consumer, 1000 - position, event_id, aggregate_id, sequence, event_type, payload, created_at FROM moved";
    assert_eq!(world.producer.connect().await?.execute(reverse, &[]).await?, 3);
    let _other = world.replica(&impatient())?;
    world.until(PENDING, 0).await?;
    assert_eq!(world.effects(aggregate).await?, [1, 2, 3]);
    Ok(())
}

#[tokio::test]
async fn another_replica_delivers_what_was_left_behind() -> anyhow::Result<()> {
    let world = World::start().await?;
    let aggregate = world.aggregates(1).await?[0];
    let mut ended = world.replica(&impatient())?;
    ended.stop_relay();
    ended.publish(aggregate, &[FINE, FINE]).await?;
    let _others = [world.replica(&impatient())?, world.replica(&impatient())?];
    world.until(PENDING, 0).await?;
    assert_eq!(world.effects(aggregate).await?, [1, 2]);
    world.until("SELECT count(*) FROM outbox_leases", 0).await
}

/// The service would end together with the future.
#[tokio::test]
async fn an_outbox_without_consumers_writes_nothing_and_does_not_end() -> anyhow::Result<()> {
    let world = World::start().await?;
    let replica = world.replica(&impatient())?;
    let (outbox, _operations, deliver) = Outbox::builder("family", &replica.db, &impatient()).build();
    let aggregate = world.aggregates(1).await?[0];
    let unit = async move |connection: &mut Connection| publish(connection, &outbox, aggregate, &[FINE]).await;
    replica.db.write("publish", unit).await?;
    world.until(PENDING, 0).await?;
    assert_eq!(world.effects(aggregate).await?, [0; 0]);
    assert!(deliver.now_or_never().is_none());
    Ok(())
}
