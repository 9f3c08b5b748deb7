//! Many events, while replicas are killed, the consumer is unavailable for a while, and some events are delivered twice or refused.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use orchard_proto::events::v1 as pb;
use orchard_testkit::client::insist;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::world::{FINE, PARKED, PENDING, REFUSED, Replica, World, deliver, impatient, sent};

/// Events of one aggregate.
const EVENTS: usize = 5;
/// One of so many events is refused, and one of so many is delivered a second time.
const POISON: usize = 100;
const REPEATED: usize = 20;
const WRITERS: usize = 4;
/// How long a replica runs before it is killed.
const LIFE: Duration = Duration::from_secs(3);

/// Returns the number of events. `cargo xtask soak` sets a larger one.
fn number_of_events() -> usize {
    std::env::var("ORCHARD_SOAK").ok().map_or(20_000, |_| 100_000)
}

/// A process that only delivers events.
#[tokio::test]
#[ignore = "it is the child process of the test below"]
async fn relay() -> anyhow::Result<()> {
    let read = |name: &str| std::env::var(name).with_context(|| name.to_owned());
    let (producer, key): (String, PathBuf) = (read("STORM_PRODUCER")?, read("STORM_KEY")?.into());
    let consumer: SocketAddr = read("STORM_CONSUMER")?.parse()?;
    let _replica = Replica::new(&producer, &key, consumer, &impatient())?;
    std::future::pending().await
}

fn start_relay(world: &World) -> anyhow::Result<Child> {
    let relay = Command::new(std::env::current_exe()?)
        .args(["--exact", "storm::relay", "--ignored", "--quiet"])
        .env("STORM_PRODUCER", world.producer.url())
        .env("STORM_KEY", world.keys.workload_key_file("family"))
        .env("STORM_CONSUMER", world.address.to_string())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn();
    Ok(relay?)
}

/// Runs two relays at a time, and kills and replaces them until dropped.
async fn kill_relays(world: &World) -> anyhow::Result<()> {
    let (mut older, mut younger) = (start_relay(world)?, start_relay(world)?);
    loop {
        tokio::time::sleep(LIFE / 2).await;
        older.kill().await?;
        older = std::mem::replace(&mut younger, start_relay(world)?);
    }
}

/// Returns the events of an aggregate, by its index.
fn plan(aggregate: usize) -> [&'static str; EVENTS] {
    std::array::from_fn(
        |event| if (aggregate * EVENTS + event) % POISON == POISON / 2 + aggregate % EVENTS { REFUSED } else { FINE },
    )
}

/// Writes events in a process whose own relay is stopped, so that the killed relays deliver all of them.
async fn write(world: &World, aggregates: &[Uuid]) -> anyhow::Result<()> {
    let mut writer = world.replica(&impatient())?;
    writer.stop_relay();
    let (outbox, db) = (writer.outbox.clone(), writer.db.clone());
    let mut writers = JoinSet::new();
    for part in 0..WRITERS {
        let own: Vec<_> = aggregates.iter().copied().enumerate().skip(part).step_by(WRITERS).collect();
        let (outbox, db) = (outbox.clone(), db.clone());
        writers.spawn(async move {
            for (index, aggregate) in own {
                let (outbox, what) = (outbox.clone(), plan(index));
                let unit = async move |connection: &mut orchard_db::Connection| {
                    crate::world::publish(connection, &outbox, aggregate, &what).await
                };
                db.write("publish", unit).await?;
            }
            anyhow::Ok(())
        });
    }
    writers.join_all().await.into_iter().collect()
}

/// Delivers some events again, or before the relays do.
async fn repeat(world: &World, aggregates: &[Uuid]) -> anyhow::Result<()> {
    let family = world.inbox("family")?;
    for (index, aggregate) in aggregates.iter().enumerate().step_by(REPEATED / EVENTS) {
        // The first event of the aggregate, which follows no other.
        let first = sent(*aggregate, 1, plan(index)[0]);
        let _ = insist(|| deliver(&family, vec![first.clone()])).await;
    }
    Ok(())
}

/// Returns the effects that an aggregate must have before and after the cause of refusals is fixed.
fn expected(index: usize) -> (Vec<i32>, Vec<i32>) {
    let numbers = 1..=i32::try_from(EVENTS).expect("a few");
    let refused = plan(index).iter().position(|what| *what == REFUSED).unwrap_or(EVENTS);
    (numbers.clone().take(refused).collect(), numbers.collect())
}

async fn effects(world: &World) -> anyhow::Result<HashMap<Uuid, Vec<i32>>> {
    let query = "SELECT aggregate, array_agg(number ORDER BY position) FROM effects GROUP BY aggregate";
    let rows = world.consumer.connect().await?.query(query, &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_relays_lose_repeat_and_reorder_nothing() -> anyhow::Result<()> {
    let mut world = World::start().await?;
    let aggregates = world.aggregates(number_of_events() / EVENTS).await?;
    let refused: HashSet<_> = (0..aggregates.len()).filter(|index| plan(*index).contains(&REFUSED)).collect();
    let waiting: usize = refused.iter().map(|index| EVENTS - expected(*index).0.len()).sum();

    let (first, second) = aggregates.split_at(aggregates.len() / 2);
    let storm = async {
        tokio::try_join!(write(&world, first), repeat(&world, first))?;
        anyhow::Ok(())
    };
    tokio::select! { done = storm => done?, ended = kill_relays(&world) => ended? }
    world.stop_consumer().await?;
    tokio::select! { done = write(&world, second) => done?, ended = kill_relays(&world) => ended? }
    world.start_consumer().await?;
    let delivered = async {
        repeat(&world, second).await?;
        world.until(PARKED, i64::try_from(refused.len())?).await?;
        world.until(PENDING, i64::try_from(waiting)?).await
    };
    tokio::select! { done = delivered => done?, ended = kill_relays(&world) => ended? }

    let had = effects(&world).await?;
    for (index, aggregate) in aggregates.iter().enumerate() {
        assert_eq!(had.get(aggregate).cloned().unwrap_or_default(), expected(index).0, "{index}");
    }

    world.mend().await?;
    let replica = world.replica(&impatient())?;
    let (_running, mut operator) = replica.operator(&world.keys).await?;
    let mut list = pb::ListParkedEventsRequest::default();
    let mut replayed = 0;
    loop {
        let page = operator.list_parked_events(list.clone()).await?.into_inner();
        for parked in page.parked_events {
            let event_id = parked.event.context("an event")?.event_id;
            operator.replay_parked_event(pb::ReplayParkedEventRequest { consumer: parked.consumer, event_id }).await?;
            replayed += 1;
        }
        if page.next_page_token.is_empty() {
            break;
        }
        list.page_token = page.next_page_token;
    }
    assert_eq!(replayed, refused.len());
    world.until(PENDING, 0).await?;
    let had = effects(&world).await?;
    for (index, aggregate) in aggregates.iter().enumerate() {
        assert_eq!(had.get(aggregate), Some(&expected(index).1), "{index}");
    }
    Ok(())
}
