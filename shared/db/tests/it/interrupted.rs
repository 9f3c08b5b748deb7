//! Units that are interrupted by a limit, by an operator or by the end of their session.

use std::time::{Duration, Instant};

use orchard_db::{Failure, Limits};
use tokio::sync::Notify;

use crate::failures::{Kind, assert_told};
use crate::world::{Error, World, sql, waiting};

const HOLD: &str = "UPDATE accounts SET amount = amount + 4711 WHERE id = 2";

fn failed(done: Result<(), Error>) -> Failure {
    let Error(failure) = done.expect_err("it fails");
    failure
}

/// Runs a unit that sleeps after its first statement, while another session calls the function `interruption` for it.
async fn interrupted_by(world: &World, interruption: &str) -> anyhow::Result<Failure> {
    let unit = world.db.write("interrupted", async |connection| {
        sql(connection, HOLD).await?;
        sql(connection, "SELECT pg_sleep(30) FROM accounts").await
    });
    let interrupt = async {
        let pid = waiting(&world.schema, "PgSleep").await?;
        world.schema.connect().await?.execute(&format!("SELECT {interruption}($1)"), &[&pid]).await?;
        anyhow::Ok(())
    };
    let (done, interrupt) = tokio::join!(unit, interrupt);
    interrupt?;
    Ok(failed(done))
}

#[tokio::test]
async fn an_operator_may_cancel_a_statement_or_end_its_session() -> anyhow::Result<()> {
    let world = World::start_with(1, Limits { statement: Duration::from_secs(20), ..Limits::default() }).await?;
    assert_told("57014", interrupted_by(&world, "pg_cancel_backend").await?, &Kind::TimedOut);
    assert_told("57P01", interrupted_by(&world, "pg_terminate_backend").await?, &Kind::Unavailable);
    assert_eq!(world.amounts().await?, (100, 100));
    // The pool of one has a session again.
    world.db.write("after", async |connection| sql(connection, HOLD).await).await.expect("done");
    assert_eq!(world.amounts().await?, (100, 4811));
    Ok(())
}

/// The outcome of the unit is unknown then, so it must not count as a conflict and be retried.
#[tokio::test]
async fn a_session_that_ends_during_the_commit_is_not_retried() -> anyhow::Result<()> {
    let world = World::start_with(1, Limits { statement: Duration::from_secs(20), ..Limits::default() }).await?;
    let client = world.schema.connect().await?;
    let slow_commit = "CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(30); RETURN NULL; END';
        CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON accounts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sleep()";
    client.batch_execute(slow_commit).await?;
    let attempts = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&attempts);
    let unit = world.db.write("commits", async move |connection| {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        sql(connection, HOLD).await
    });
    let end = async {
        let pid = waiting(&world.schema, "PgSleep").await?;
        client.execute("SELECT pg_terminate_backend($1)", &[&pid]).await?;
        anyhow::Ok(())
    };
    let (done, ended) = tokio::join!(unit, end);
    ended?;
    assert_told("57P01", failed(done), &Kind::Unavailable);
    assert_eq!((attempts.load(std::sync::atomic::Ordering::Relaxed), world.amounts().await?), (1, (100, 100)));
    Ok(())
}

#[tokio::test]
async fn a_lock_timeout_is_not_retried() -> anyhow::Result<()> {
    let world = World::start_with(2, Limits { lock: Duration::from_millis(100), ..Limits::default() }).await?;
    let holder = world.schema.connect().await?;
    holder.batch_execute(&format!("BEGIN; {HOLD}")).await?;
    let done = world.db.write("waits", async |connection| sql(connection, HOLD).await).await;
    assert_told("55P03", failed(done), &Kind::Locked);
    let nowait = "SELECT FROM accounts WHERE id = 2 FOR UPDATE NOWAIT";
    let done = world.db.write("asks", async move |connection| sql(connection, nowait).await).await;
    assert_told("55P03", failed(done), &Kind::Locked);
    holder.batch_execute("ROLLBACK").await?;
    world.db.write("after", async |connection| sql(connection, HOLD).await).await.expect("done");
    Ok(())
}

#[tokio::test]
async fn an_idle_transaction_is_ended() -> anyhow::Result<()> {
    let limits = Limits { idle_in_transaction: Duration::from_millis(100), ..Limits::default() };
    let world = World::start_with(1, limits).await?;
    let (schema, gone) = (world.schema.clone(), std::sync::Arc::new(Notify::new()));
    let inside = std::sync::Arc::clone(&gone);
    let unit = world.db.write("idles", async move |connection| {
        sql(connection, HOLD).await?;
        inside.notified().await;
        sql(connection, HOLD).await
    });
    let watch = async {
        let client = schema.connect().await?;
        // After its statement: it also idles for a moment between BEGIN and the statement.
        let query = "SELECT count(*) FROM pg_stat_activity
            WHERE application_name = $1 AND state = 'idle in transaction' AND query LIKE 'UPDATE%'";
        let mut seen = false;
        loop {
            let idle: i64 = client.query_one(query, &[&schema.name()]).await?.get(0);
            if seen && idle == 0 {
                gone.notify_one();
                return anyhow::Ok(());
            }
            seen |= idle == 1;
            tokio::task::yield_now().await;
        }
    };
    let (done, watched) = tokio::join!(unit, watch);
    watched?;
    assert_told("25P03", failed(done), &Kind::Unavailable);
    assert_eq!(world.amounts().await?, (100, 100));
    world.db.write("after", async |connection| sql(connection, HOLD).await).await.expect("done");
    Ok(())
}

#[tokio::test]
async fn waiting_for_a_pooled_connection_times_out() -> anyhow::Result<()> {
    let world = World::start_with(1, Limits::default()).await?;
    let held = world.db.connection().await.expect("a connection");
    let asked = Instant::now();
    let done = world.db.write("waits", async |connection| sql(connection, HOLD).await).await;
    assert_told("pool", failed(done), &Kind::Busy);
    let waited = asked.elapsed();
    // At least the limit, and at most what still feels immediate to a caller, even on a busy machine.
    assert!((Duration::from_millis(190)..Duration::from_secs(2)).contains(&waited), "{waited:?}");
    drop(held);
    world.db.write("after", async |connection| sql(connection, HOLD).await).await.expect("done");
    Ok(())
}
