//! PostgreSQL on a full disk: one test fills it with data, the other leaves no space for the write-ahead log either.

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use orchard_db::{Db, Failure, Limits};
use orchard_testkit::answer::refused;
use orchard_testkit::cluster::{Cluster, Options, Tools};
use orchard_testkit::disk::Disk;
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::Client;
use tonic::{Code, Status};

use crate::wire::Wired;
use crate::world::{Error, sql};

const DISK: &str = "256m";
/// Enough for files other than data, such as statistics, and much less than a segment of the log, which has 16 MiB.
const ROOM: u64 = 3 * 1024 * 1024;
/// A sum and the rows that it counts, so that a partial unit of work would be visible. The rows are long and are not compressed.
const TABLES: &str = "CREATE TABLE rows (n int, filler text); ALTER TABLE rows ALTER filler SET STORAGE PLAIN;
    CREATE TABLE sums (sum int); INSERT INTO sums VALUES (0)";

/// Adds a row and counts it, or returns the count.
fn work(db: Db, text: String) -> BoxFuture<'static, Result<String, Failure>> {
    async move {
        if text == "read" {
            use diesel_async::RunQueryDsl as _;
            let sum = diesel::dsl::sql::<diesel::sql_types::BigInt>("(SELECT sum(sum) FROM sums)");
            let sum: i64 = diesel::select(sum).get_result(&mut db.connection().await?).await?;
            return Ok(sum.to_string());
        }
        let unit = db.write("row", async |connection| {
            sql(connection, "UPDATE sums SET sum = sum + 1").await?;
            sql(connection, "INSERT INTO rows SELECT 1, repeat('4711', 1900) FROM generate_series(1, 8)").await
        });
        unit.await.map(|()| String::new()).map_err(|Error(failure)| failure)
    }
    .boxed()
}

struct World {
    disk: Disk,
    cluster: Cluster,
    client: Client,
    wired: Wired,
}

impl World {
    async fn start(disk: Disk) -> anyhow::Result<Self> {
        let options = Options { max_connections: 20, ..Options::test() };
        let cluster = block_in_place(|| Cluster::create_or_open(&Tools::find()?, &disk.folder().join("pg"), options))?;
        assert_eq!(cluster.note(), None, "it is on the disk");
        let client = client(&cluster).await?;
        client.batch_execute(TABLES).await?;
        let db = Db::new(cluster.url("postgres").parse()?, 2, &Limits::default()).expect("a pool");
        let wired = Wired::start(&db, work).await?;
        Ok(Self { disk, cluster, client, wired })
    }

    /// Writes until a write is refused. Returns the number of writes before, and the refusal.
    async fn fill(&self) -> anyhow::Result<(i64, Status)> {
        for done in 0..10_000 {
            if let Err(status) = self.wired.call("write").await {
                return Ok((done, status));
            }
        }
        anyhow::bail!("the disk does not become full")
    }

    /// Retries a write until it succeeds. Until then every answer must say that the database is unavailable.
    async fn recovers(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            block_in_place(|| self.cluster.start())?;
            match self.wired.call("write").await {
                Ok(_) => return Ok(()),
                Err(status) => assert_unavailable(status),
            }
            assert!(Instant::now() < deadline, "the database does not recover");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn client(cluster: &Cluster) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(&cluster.url("postgres"), tokio_postgres::NoTls).await?;
    #[expect(clippy::disallowed_methods, reason = "ends with the client")]
    tokio::spawn(connection);
    Ok(client)
}

/// Returns the number of rows, and the count.
async fn rows(client: &Client) -> anyhow::Result<(i64, i64)> {
    let row = client.query_one("SELECT (SELECT count(*) / 8 FROM rows), (SELECT sum(sum) FROM sums)", &[]).await?;
    Ok((row.get(0), row.get(1)))
}

#[track_caller]
fn assert_unavailable(status: Status) {
    let said = format!("{} {}", status.message(), String::from_utf8_lossy(status.details())).to_lowercase();
    for word in ["4711", "rows", "sums", "insert", "update", "extend", "base/", "space", "53100", "log"] {
        assert!(!said.contains(word), "{word} is in {said:?}");
    }
    assert_eq!(refused::<()>(Err(status)), (Code::Unavailable, "DATABASE_UNAVAILABLE".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_full_of_data_allows_reads_and_later_writes_again() -> anyhow::Result<()> {
    let name = "disk::a_disk_full_of_data_allows_reads_and_later_writes_again";
    let Some(disk) = Disk::for_test(name, DISK)? else { return Ok(()) };
    let mut world = World::start(disk).await?;
    // Starts a new segment of the log, which has space for everything that follows.
    world.client.batch_execute("SELECT pg_switch_wal(); UPDATE sums SET sum = 0").await?;
    world.disk.leave(ROOM)?;
    let (done, status) = world.fill().await?;
    assert!(done > 4, "the disk was full from the beginning");
    assert_unavailable(status);
    for _ in 0..10 {
        assert_unavailable(world.wired.call("write").await.expect_err("still full"));
        assert_eq!(world.wired.call("read").await?, done.to_string());
    }
    assert_eq!(rows(&world.client).await?, (done, done));
    world.disk.leave(100 * ROOM)?;
    world.recovers().await?;
    // On the same connection: PostgreSQL did not stop.
    assert_eq!(rows(&world.client).await?, (done + 1, done + 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_full_of_log_stops_postgresql_without_loss() -> anyhow::Result<()> {
    let name = "disk::a_disk_full_of_log_stops_postgresql_without_loss";
    let Some(disk) = Disk::for_test(name, DISK)? else { return Ok(()) };
    let mut world = World::start(disk).await?;
    for _ in 0..5 {
        world.wired.call("write").await?;
    }
    // The next write needs another segment of the log, for which there is no space.
    world.disk.leave(ROOM)?;
    world.client.batch_execute("SELECT pg_switch_wal()").await?;
    assert_unavailable(world.wired.call("write").await.expect_err("no room"));
    // PostgreSQL has crashed, which its other sessions notice a moment later.
    let gone = async { while world.client.batch_execute("SELECT").await.is_ok() {} };
    timeout(Duration::from_secs(20), gone).await?;
    world.disk.leave(100 * ROOM)?;
    world.recovers().await?;
    assert_eq!(rows(&client(&world.cluster).await?).await?, (6, 6));
    Ok(())
}
