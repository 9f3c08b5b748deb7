//! Servers that refuse connections or end them. Each test has a server of its own.

use std::time::Duration;

use orchard_db::{Db, Failure, Limits};
use orchard_testkit::cluster::process::Signal;
use orchard_testkit::cluster::{Cluster, Options, Tools, free_port, scratch};

use crate::failures::{Kind, assert_told};
use crate::world::{Error, sql};

async fn cluster(max_connections: u16) -> anyhow::Result<Cluster> {
    let options = Options { max_connections, ..Options::test() };
    let start = move || Cluster::temporary(&Tools::find()?, &scratch(), options);
    Ok(tokio::task::spawn_blocking(start).await??)
}

/// Runs blocking work on the cluster outside of the runtime.
async fn with(mut cluster: Cluster, work: impl FnOnce(&mut Cluster) + Send + 'static) -> anyhow::Result<Cluster> {
    let done = tokio::task::spawn_blocking(move || {
        work(&mut cluster);
        cluster
    });
    Ok(done.await?)
}

fn db(url: &str, connections: usize) -> Db {
    Db::new(url.parse().expect("url"), connections, &Limits::default()).expect("pool")
}

async fn refused(db: &Db) -> Failure {
    db.connection().await.map(drop).expect_err("no connection")
}

async fn client(url: &str) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    #[expect(clippy::disallowed_methods, reason = "ends with the client")]
    tokio::spawn(connection);
    Ok(client)
}

#[tokio::test]
async fn refused_connections_become_failures() -> anyhow::Result<()> {
    // Three connections are reserved for superusers.
    let mut cluster = cluster(6).await?;
    let url = cluster.url("postgres");
    let admin = client(&url).await?;
    admin.batch_execute("CREATE ROLE account LOGIN PASSWORD 'amount4711' CONNECTION LIMIT 1").await?;
    let role_url = format!("postgres://account:amount4711@127.0.0.1:{}/postgres", cluster.port());

    assert_told("28P01", refused(&db(&role_url.replace("amount4711", "amount4712"), 1)).await, &Kind::Unavailable);
    assert_told("3D000", refused(&db(&cluster.url("accounts"), 1)).await, &Kind::Unavailable);
    assert_told(
        "08001",
        refused(&db(&role_url.replace(&cluster.port().to_string(), &free_port()?.to_string()), 1)).await,
        &Kind::Unavailable,
    );

    let limited = db(&role_url, 2);
    let one = limited.connection().await.expect("one");
    let failure = refused(&limited).await;
    assert!(failure.to_string().contains("for role"), "{failure}");
    assert_told("53300", failure, &Kind::Busy);
    admin.batch_execute("ALTER ROLE account CONNECTION LIMIT -1").await?;
    let (_two, failure) = (limited.connection().await.expect("two"), refused(&db(&role_url, 1)).await);
    assert!(failure.to_string().contains("reserved"), "{failure}");
    assert_told("53300", failure, &Kind::Busy);
    let mut rest = Vec::new();
    while let Ok(client) = client(&url).await {
        rest.push(client);
    }
    let failure = refused(&db(&url, 1)).await;
    assert!(failure.to_string().contains("too many clients"), "{failure}");
    assert_told("53300", failure, &Kind::Busy);
    drop((one, rest));

    // The server waits for its sessions to end, and `admin` stays connected.
    cluster.signal(Signal::TERM)?;
    let stopping = db(&url, 1);
    let failure = loop {
        match stopping.connection().await.map(|connection| drop(deadpool::managed::Object::take(connection))) {
            Err(failure @ Failure::Unavailable(_)) => break failure,
            // The server has not seen the signal yet, or the sessions above are still ending.
            Ok(()) | Err(_) => tokio::task::yield_now().await,
        }
    };
    assert!(failure.to_string().contains("the database system is shutting down"), "{failure}");
    assert_told("57P03", failure, &Kind::Unavailable);
    drop(admin);
    Ok(())
}

/// Runs a unit on a pool of one while `disturb` stops the server or kills a session, and checks the failures until the pool works again.
async fn recovers_from(cluster: Cluster, disturb: impl FnOnce(&mut Cluster, i32) + Send + 'static) -> anyhow::Result<Cluster> {
    let url = cluster.url("postgres");
    let db = db(&url, 1);
    let watch = client(&url).await?;
    let sleeping = db.write("sleeps", async |connection| sql(connection, "SELECT pg_sleep(30)").await);
    let disturb = async {
        while watch.query("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'", &[]).await?.is_empty() {
            tokio::task::yield_now().await;
        }
        let session: i32 = watch.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
        with(cluster, move |cluster| disturb(cluster, session)).await
    };
    let (done, cluster) = tokio::join!(sleeping, disturb);
    let Err::<(), _>(Error(failure)) = done else { anyhow::bail!("the unit cannot succeed") };
    assert_told("08006", failure, &Kind::Unavailable);
    let cluster = cluster?;
    loop {
        match db.write("after", async |connection| sql(connection, "SELECT 1").await).await {
            Ok(()) => return Ok(cluster),
            Err(Error(failure)) => assert_told("57P03", failure, &Kind::Unavailable),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn the_pool_recovers_after_a_server_restart() -> anyhow::Result<()> {
    let restart = |cluster: &mut Cluster| cluster.start().expect("it starts again");
    let cluster = recovers_from(cluster(20).await?, move |cluster, _| {
        cluster.stop().expect("fast shutdown");
        restart(cluster);
    });
    let cluster = recovers_from(cluster.await?, move |cluster, _| {
        cluster.kill().expect("immediate shutdown");
        restart(cluster);
    });
    // One session is killed: PostgreSQL ends all the others and recovers.
    let cluster = recovers_from(cluster.await?, |_, session| {
        let kill = std::process::Command::new("kill").args(["-KILL", &session.to_string()]).status();
        assert!(kill.expect("kill runs").success());
    });
    drop(cluster.await?);
    Ok(())
}
