use std::sync::Arc;
use std::time::{Duration, Instant};

use orchard_db::Failure;
use tokio::sync::{Barrier, Notify};
use tokio::time::timeout;

use crate::world::{Error, World, sql};

const TAKE: &str = "UPDATE accounts SET amount = amount - 10 WHERE id = 1";
const GIVE: &str = "UPDATE accounts SET amount = amount + 10 WHERE id = 2";

#[tokio::test]
async fn a_unit_is_committed_as_a_whole_or_not_at_all() -> anyhow::Result<()> {
    let world = World::start(2).await?;
    let whole = world.db.write("transfer", async |connection| {
        sql(connection, TAKE).await?;
        sql(connection, GIVE).await
    });
    whole.await.expect("done");
    let torn = world.db.write("transfer", async |connection| {
        sql(connection, GIVE).await?;
        sql(connection, "UPDATE accounts SET amount = amount - 1000 WHERE id = 1").await
    });
    let Err(Error(Failure::Constraint { name, .. })) = torn.await else { anyhow::bail!("the CHECK refuses it") };
    assert_eq!(name, "accounts_amount_check");
    assert_eq!(world.amounts().await?, (90, 110));
    Ok(())
}

#[tokio::test]
async fn the_moment_of_a_unit_is_when_it_began() -> anyhow::Result<()> {
    let world = World::start(2).await?;
    let moments = world.db.write("moments", async |connection| {
        let first = orchard_db::moment(connection).await?;
        sql(connection, "SELECT pg_sleep(0.01)").await?;
        Ok::<_, Error>((first, orchard_db::moment(connection).await?))
    });
    let (first, second) = moments.await.expect("done");
    assert_eq!(first, second);
    let connection = world.db.read().await.map_err(|failure| anyhow::anyhow!("{failure}"))?;
    assert!(orchard_db::moment(&connection).await? > first, "outside of a transaction each statement has its own time");
    Ok(())
}

#[tokio::test]
async fn a_unit_outlives_its_caller() -> anyhow::Result<()> {
    let world = World::start(2).await?;
    let (taken, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (inside, outside) = ((Arc::clone(&taken), Arc::clone(&go)), world.db.clone());
    let call = outside.write("transfer", async move |connection| {
        sql(connection, TAKE).await?;
        inside.0.notify_one();
        inside.1.notified().await;
        sql(connection, GIVE).await
    });
    // The caller hangs up between the two statements.
    tokio::select! {
        done = call => anyhow::bail!("not yet: {done:?}"),
        () = taken.notified() => {}
    }
    go.notify_one();
    world.db.settle().await;
    assert_eq!(world.amounts().await?, (90, 110));
    assert_eq!(world.schema.open_transactions().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_panic_rolls_the_unit_back_and_reaches_the_caller() -> anyhow::Result<()> {
    let world = World::start(1).await?;
    let db = world.db.clone();
    #[expect(clippy::disallowed_methods, reason = "the test awaits its panic")]
    let call = tokio::spawn(async move {
        db.write("panic", async |connection| {
            sql(connection, TAKE).await?;
            panic!("on purpose");
            #[expect(unreachable_code, reason = "says what the unit would return")]
            Ok::<(), Error>(())
        })
        .await
    });
    assert!(call.await.expect_err("a panic").is_panic());
    // The only connection of the pool can be used again, without the transaction.
    world.db.write("after", async |connection| sql(connection, GIVE).await).await.expect("done");
    assert_eq!(world.amounts().await?, (100, 110));
    Ok(())
}

/// Two units take the same two locks in opposite order: PostgreSQL aborts one of them, which is retried.
#[tokio::test]
async fn a_unit_is_retried_after_a_deadlock() -> anyhow::Result<()> {
    let world = World::start(2).await?;
    let both = Arc::new(Barrier::new(2));
    let transfer = |first: &'static str, second: &'static str| {
        let (db, both) = (world.db.clone(), Arc::clone(&both));
        async move {
            db.write("transfer", async move |connection| {
                sql(connection, first).await?;
                // Only the first attempts meet.
                let _ = timeout(Duration::from_millis(200), both.wait()).await;
                sql(connection, second).await
            })
            .await
        }
    };
    let (one, other) = tokio::join!(transfer(TAKE, GIVE), transfer(GIVE, TAKE));
    one.expect("done");
    other.expect("done");
    assert_eq!(world.amounts().await?, (80, 120));
    Ok(())
}

#[tokio::test]
async fn statements_and_waits_for_connections_time_out() -> anyhow::Result<()> {
    let world = World::start(1).await?;
    let slow = world.db.write("slow", async |connection| sql(connection, "SELECT pg_sleep(30)").await);
    let Err(Error(Failure::TimedOut(_))) = slow.await else { anyhow::bail!("the statement timeout ends it") };

    let held = world.db.connection().await.expect("a connection");
    let asked = Instant::now();
    let busy = world.db.write("waits", async |connection| sql(connection, TAKE).await);
    let Err(Error(Failure::Busy(_))) = busy.await else { anyhow::bail!("no connection is free") };
    assert!(asked.elapsed() < Duration::from_secs(2), "waited {:?}", asked.elapsed());
    drop(held);
    world.db.write("after", async |connection| sql(connection, TAKE).await).await.expect("done");
    Ok(())
}

#[tokio::test]
async fn a_snapshot_reads_one_moment() -> anyhow::Result<()> {
    let world = World::start(2).await?;
    let (begun, moved) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let inside = (Arc::clone(&begun), Arc::clone(&moved));
    let read = world.db.snapshot(async move |connection| {
        use diesel_async::RunQueryDsl;
        let sum =
            || diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>("(SELECT sum(amount) FROM accounts WHERE id = 1)"));
        let before: i64 = sum().get_result(connection).await?;
        inside.0.notify_one();
        inside.1.notified().await;
        let after: i64 = sum().get_result(connection).await?;
        Ok::<_, Error>((before, after))
    });
    let write = async {
        begun.notified().await;
        let done = world.db.write("transfer", async |connection| sql(connection, TAKE).await).await;
        moved.notify_one();
        done
    };
    let (read, written) = tokio::join!(read, write);
    written.expect("done");
    assert_eq!(read.expect("read"), (100, 100));
    Ok(())
}
