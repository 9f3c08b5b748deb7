//! Conflicts with other writers, after which a unit is retried: three attempts at most.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use orchard_db::{Connection, Failure, Limits};
use orchard_testkit::database::Schema;
use tokio_postgres::Client;

use crate::failures::{Kind, assert_told};
use crate::world::{Error, World, sql, waiting};

/// Another session, which makes the first `losses` attempts of a unit fail.
struct Other {
    client: Client,
    schema: Schema,
    losses: usize,
    attempts: AtomicUsize,
}

impl Other {
    async fn new(world: &World, losses: usize) -> anyhow::Result<Arc<Self>> {
        let client = world.schema.connect().await?;
        // So the unit's own session detects the deadlock first, and PostgreSQL aborts that one.
        client.batch_execute("SET deadlock_timeout = '60s'").await?;
        Ok(Arc::new(Self { client, schema: world.schema.clone(), losses, attempts: AtomicUsize::new(0) }))
    }

    fn is_in_the_way(&self) -> bool {
        self.attempts.fetch_add(1, Ordering::Relaxed) < self.losses
    }

    /// The unit reads an account that the other session then changes.
    async fn overtakes(&self, connection: &mut Connection) -> Result<(), Error> {
        sql(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT FROM accounts").await?;
        if self.is_in_the_way() {
            self.client.batch_execute("UPDATE accounts SET amount = amount + 1 WHERE id = 2").await.expect("changed");
        }
        sql(connection, "UPDATE accounts SET amount = amount + 4711 WHERE id = 2").await
    }

    /// The unit and the other session lock the same rows in opposite order.
    async fn deadlocks(&self, connection: &mut Connection) -> Result<(), Error> {
        // The other session must have ended what the attempt before let it do, or the two could deadlock again.
        self.client.batch_execute("SELECT").await.expect("committed");
        sql(connection, "UPDATE accounts SET amount = amount WHERE id = 1").await?;
        if self.is_in_the_way() {
            self.client.batch_execute("BEGIN; UPDATE accounts SET amount = amount + 1 WHERE id = 2").await.expect("taken");
            // The first poll sends it. It continues when the unit has been aborted.
            tokio::select! {
                biased;
                done = self.client.batch_execute("UPDATE accounts SET amount = amount WHERE id = 1; COMMIT") => panic!("{done:?}"),
                pid = waiting(&self.schema, "transactionid") => pid.expect("it waits"),
            };
        }
        sql(connection, "UPDATE accounts SET amount = amount + 4711 WHERE id = 2").await
    }
}

async fn overtaken(losses: usize) -> anyhow::Result<(Result<(), Failure>, usize, i32)> {
    let world = World::start_with(1, Limits::default()).await?;
    let other = Other::new(&world, losses).await?;
    let inside = Arc::clone(&other);
    let done = world.db.write("overtaken", async move |connection| inside.overtakes(connection).await).await;
    Ok((done.map_err(|Error(failure)| failure), other.attempts.load(Ordering::Relaxed), world.amounts().await?.1))
}

async fn deadlocked(losses: usize) -> anyhow::Result<(Result<(), Failure>, usize, i32)> {
    let world = World::start_with(1, Limits::default()).await?;
    let other = Other::new(&world, losses).await?;
    let inside = Arc::clone(&other);
    let done = world.db.write("deadlocked", async move |connection| inside.deadlocks(connection).await).await;
    // Waits for the other session's statements.
    other.client.batch_execute("SELECT").await?;
    Ok((done.map_err(|Error(failure)| failure), other.attempts.load(Ordering::Relaxed), world.amounts().await?.1))
}

#[tokio::test]
async fn a_unit_is_retried_after_one_conflict() -> anyhow::Result<()> {
    for (done, attempts, amount) in [overtaken(1).await?, deadlocked(1).await?] {
        done.expect("the second attempt");
        assert_eq!((attempts, amount), (2, 100 + 1 + 4711));
    }
    Ok(())
}

#[tokio::test]
async fn a_unit_fails_after_three_conflicts() -> anyhow::Result<()> {
    for (sqlstate, (done, attempts, amount)) in [("40001", overtaken(5).await?), ("40P01", deadlocked(5).await?)] {
        assert_told(sqlstate, done.expect_err("given up"), &Kind::Conflict);
        assert_eq!((attempts, amount), (3, 103), "the other session won each time, and the unit had no effect");
    }
    Ok(())
}
