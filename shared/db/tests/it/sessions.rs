//! Sessions after statements that failed unseen, were cancelled, or were prepared for an older schema.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use diesel::result::QueryResult;
use diesel::sql_types::{Integer, Text};
use orchard_db::{Connection, Db, Failure, Limits};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::failures::{Kind, assert_told};
use crate::world::{Error, World, sql};

const STORM: usize = 200;
const WRITERS: i32 = 6;
const LINES: &str =
    "CREATE TABLE lines (id int PRIMARY KEY, amount int); CREATE TABLE sums (writer int PRIMARY KEY, amount int NOT NULL);
    INSERT INTO sums SELECT n, 0 FROM generate_series(1, 6) n";

orchard_db::prepared! {
    /// Fails after its first row.
    struct FailsLate {} -> (Integer,) = "SELECT 1 / (2 - n) FROM generate_series(1, 2) n";
}

orchard_db::prepared! {
    struct AddLine { id: i32 } -> (Integer,) = "INSERT INTO lines VALUES (", id as Integer, ", 1) RETURNING id";
}

orchard_db::prepared! {
    struct AddSum { writer: i32 } -> (Integer,) =
        "UPDATE sums SET amount = amount + 1 WHERE writer = ", writer as Integer, " RETURNING amount";
}

orchard_db::prepared! {
    struct Label {} -> (Text,) = "SELECT label FROM labels";
}

async fn label(mut connection: &Connection) -> QueryResult<String> {
    use diesel_async::RunQueryDsl as _;

    Label {}.get_result::<(String,)>(&mut connection).await.map(|(label,)| label)
}

/// Two statements that are sent at once.
async fn add(connection: &Connection, writer: i32, id: i32) -> Result<(), Error> {
    use diesel_async::RunQueryDsl as _;

    let (mut one, mut other) = (connection, connection);
    let (line, sum) = (AddLine { id }.get_result::<(i32,)>(&mut one), AddSum { writer }.get_result::<(i32,)>(&mut other));
    tokio::try_join!(line, sum)?;
    Ok(())
}

async fn state(world: &World, state: &str) -> anyhow::Result<i64> {
    let query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND state LIKE $2";
    Ok(world.schema.connect().await?.query_one(query, &[&world.schema.name(), &state]).await?.get(0))
}

#[tokio::test]
async fn a_unit_is_not_done_if_its_commit_rolls_back() -> anyhow::Result<()> {
    use diesel_async::RunQueryDsl as _;

    let world = World::start(1).await?;
    let unit = world.db.write("fails late", async |connection| {
        sql(connection, "UPDATE accounts SET amount = 4711").await?;
        // The unit needs the first row only, and the error comes after it.
        Ok::<_, Error>(FailsLate {}.get_result::<(i32,)>(connection).await?)
    });
    let Err(Error(failure)) = unit.await else { anyhow::bail!("nothing was committed") };
    assert_told("22012", failure, &Kind::Internal);
    assert_eq!(world.amounts().await?, (100, 100));
    Ok(())
}

#[tokio::test]
async fn the_next_caller_gets_no_session_in_a_transaction() -> anyhow::Result<()> {
    let world = World::start(1).await?;
    for left_behind in ["BEGIN", "BEGIN; SELECT 1 / 0"] {
        // diesel does not know of this transaction, as if a COMMIT had been cancelled.
        let mut session = world.db.connection().await.map_err(|failure| anyhow::anyhow!("{failure}"))?;
        let _ = sql(&mut session, left_behind).await;
        drop(session);
        let unit = world.db.write("after", async |connection| sql(connection, "UPDATE accounts SET amount = amount + 1").await);
        unit.await.map_err(|Error(failure)| anyhow::anyhow!("{left_behind}: {failure}"))?;
    }
    assert_eq!(world.amounts().await?, (102, 102));
    Ok(())
}

#[tokio::test]
async fn a_failed_statement_costs_no_session() -> anyhow::Result<()> {
    let world = World::start(1).await?;
    let mut sessions = std::collections::BTreeSet::new();
    for _ in 0..50 {
        let failed = world.db.statement("fails", async |connection| sql(connection, "SELECT 1 / 0").await).await;
        assert!(failed.is_err());
        let pid = diesel::dsl::sql::<diesel::sql_types::Integer>("SELECT pg_backend_pid()");
        let mut session = world.db.connection().await.map_err(|failure| anyhow::anyhow!("{failure}"))?;
        sessions.insert(diesel_async::RunQueryDsl::get_result::<i32>(pid, &mut *session).await?);
    }
    assert_eq!(sessions.len(), 1);
    Ok(())
}

/// Writes until the storm is over, and returns the ids of what was done.
async fn write(db: Db, writer: i32, is_over: Arc<AtomicBool>, failed: Arc<AtomicUsize>) -> Vec<i32> {
    let mut done = Vec::new();
    for id in (0..).map(|n| writer + WRITERS * n) {
        let unit = async move |connection: &mut Connection| {
            add(connection, writer, id).await?;
            // Other statements are over too soon to be hit often.
            sql(connection, "SELECT pg_sleep(0.002)").await
        };
        match db.write("add", unit).await {
            Ok(()) => done.push(id),
            Err(Error(failure)) => {
                assert!(matches!(failure, Failure::TimedOut(_)), "{failure}");
                failed.fetch_add(1, Ordering::Relaxed);
            }
        }
        if is_over.load(Ordering::Relaxed) {
            break;
        }
    }
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_cancelled_statements_leaves_nothing() -> anyhow::Result<()> {
    let world = World::start_with(WRITERS as usize, Limits::default()).await?;
    let client = world.schema.connect().await?;
    client.batch_execute(LINES).await?;
    let (is_over, failed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let writers = (1..=WRITERS).map(|writer| write(world.db.clone(), writer, Arc::clone(&is_over), Arc::clone(&failed)));
    let mut writers: JoinSet<_> = writers.collect();
    // It spares those that have just been opened.
    let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity
        WHERE application_name = $1 AND pid <> pg_backend_pid() AND state <> 'idle' AND query NOT LIKE '%set_config%'";
    let cancel = client.prepare(cancel).await?;
    while failed.load(Ordering::Relaxed) < STORM {
        client.query(&cancel, &[&world.schema.name()]).await?;
        assert!(writers.try_join_next().is_none(), "a writer ended early");
    }
    is_over.store(true, Ordering::Relaxed);
    let done: Vec<i32> = writers.join_all().await.concat();

    assert_eq!(state(&world, "idle in transaction%").await?, 0);
    let lines: i64 = client.query_one("SELECT count(*) FROM lines WHERE id = ANY($1)", &[&done]).await?.get(0);
    assert_eq!(lines, i64::try_from(done.len())?, "what is done is there");
    let sums: bool = client.query_one("SELECT sum(amount) = (SELECT count(*) FROM lines) FROM sums", &[]).await?.get(0);
    assert!(sums, "each unit is whole");
    for id in 0..WRITERS {
        let unit = world.db.write("after", async move |connection| add(connection, 1, -id).await);
        unit.await.map_err(|Error(failure)| anyhow::anyhow!("{failure}"))?;
    }
    Ok(())
}

/// Reads in two units at the same time, so that each has a session of its own.
async fn labels(db: &Db) -> Result<(String, String), Error> {
    let both = Arc::new(Barrier::new(2));
    let read = || {
        let both = Arc::clone(&both);
        db.write("labels", async move |connection| {
            let label = label(connection).await?;
            // Attempts after the first do not meet.
            let _ = tokio::time::timeout(std::time::Duration::from_millis(200), both.wait()).await;
            Ok(label)
        })
    };
    tokio::try_join!(read(), read())
}

#[tokio::test]
async fn statements_are_prepared_again_when_the_schema_has_changed() -> anyhow::Result<()> {
    let world = World::start(2).await?;
    let client = world.schema.connect().await?;
    client.batch_execute("CREATE TABLE labels (label text); INSERT INTO labels VALUES ('a')").await?;
    let read = async || Ok::<_, Error>(label(&*world.db.read().await?).await?);
    let snapshot = || world.db.snapshot(async |connection| Ok::<_, Error>(label(connection).await?));
    let a = || "a".to_owned();
    labels(&world.db).await.expect("labels");
    let (_one, _other) = (read().await.expect("a label"), read().await.expect("a label"));

    client.batch_execute("ALTER TABLE labels ALTER COLUMN label TYPE varchar(10)").await?;
    assert_eq!(labels(&world.db).await.expect("labels"), (a(), a()));
    assert_eq!(snapshot().await.expect("a label"), "a");
    // The units have shown that statements are outdated. Nothing of an older session is left.
    assert_eq!((read().await.expect("a label"), read().await.expect("a label")), (a(), a()));

    client.batch_execute("ALTER TABLE labels ALTER COLUMN label TYPE text").await?;
    // A read has nothing that repeats it here, and says that it may be repeated.
    let Err(Error(failure)) = read().await else { anyhow::bail!("the reader has prepared the statement") };
    assert_told("0A000", failure, &Kind::Unavailable);
    assert_eq!((read().await.expect("a label"), read().await.expect("a label")), (a(), a()));
    assert_eq!(snapshot().await.expect("a label"), "a");
    Ok(())
}
