//! Callers that cancel a transfer at any moment and in every way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use orchard_db::{Db, Failure, Limits};
use orchard_testkit::cable::Cable;
use orchard_testkit::client::Client;
use orchard_testkit::probe::pb::WriteRequest;
use orchard_testkit::probe::pb::probe_service_client::ProbeServiceClient;
use orchard_testkit::service::channel;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, Request};
use uuid::Uuid;

use crate::wire::Wired;
use crate::world::{Error, World, sql};

const CANCELS: usize = 10_000;
/// After each round no calls are made for a moment: a connection in use would hide a transaction that was left open on it.
const ROUND: usize = 250;
const CALLERS: usize = 10;
const CONNECTIONS: usize = 4;
/// As many units as connections, so that calls are cancelled during a unit and not in a queue behind cancelled ones.
static PLACES: Semaphore = Semaphore::const_new(CONNECTIONS);
/// Few accounts, so that transfers wait for each other.
const ACCOUNTS: u128 = 6;
const TABLES: &str =
    "CREATE TABLE lines (transfer uuid, account int REFERENCES accounts, amount int, PRIMARY KEY (transfer, account));
    INSERT INTO accounts SELECT id, 0 FROM generate_series(3, 6) id;
    UPDATE accounts SET amount = 1000000";

/// Two statements, each of which inserts a line and updates its account.
fn transfer(db: Db, id: String) -> BoxFuture<'static, Result<String, Failure>> {
    async move {
        let number = Uuid::parse_str(&id).expect("an id").as_u128();
        let (from, to) = (number % ACCOUNTS + 1, (number + 1) % ACCOUNTS + 1);
        // In the order of the accounts, so that transfers do not deadlock.
        let moves = if from < to { [(from, -1), (to, 1)] } else { [(to, 1), (from, -1)] };
        let place = Arc::new(PLACES.acquire().await.expect("a place"));
        let unit = db.write("transfer", async move |connection| {
            let _until_the_end = place;
            for (account, amount) in moves {
                let line = format!("INSERT INTO lines VALUES ('{id}', {account}, {amount})");
                let change = format!("UPDATE accounts SET amount = amount + {amount} WHERE id = {account}");
                sql(connection, &format!("WITH line AS ({line}) {change}")).await?;
            }
            Ok(id)
        });
        unit.await.map_err(|Error(failure)| failure)
    }
    .boxed()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Done,
    Refused,
    /// The caller did not learn the outcome.
    GivenUp,
}

/// A caller with a connection of its own, which the test can cut.
struct Caller {
    cable: Cable,
    client: ProbeServiceClient<Client>,
}

impl Caller {
    async fn new(wired: &Wired) -> anyhow::Result<Self> {
        let cable = Cable::to(wired.running.address).await?;
        let client = wired.client(channel(cable.address)?)?;
        Ok(Self { cable, client })
    }

    /// Makes a call and then hangs up, exceeds its deadline or loses the connection, between at once and long after the usual answer. One of
    /// sixteen calls waits for its answer.
    async fn call(&mut self, id: Uuid) -> End {
        let chance = Uuid::new_v4().as_u128();
        let (way, moment) = (chance % 16, Duration::from_micros(u64::try_from((chance >> 64) % 9_000).expect("small")));
        let mut request = Request::new(WriteRequest { text: id.to_string() });
        if way < 6 {
            request.set_timeout(moment);
        }
        let call = self.client.write(request);
        let answer = match way {
            0..6 => call.await,
            6 | 7 => {
                let cut = async {
                    sleep(moment).await;
                    self.cable.cut();
                };
                tokio::join!(call, cut).0
            }
            8 => {
                let answer = call.await;
                // The cut of the previous call may also have affected this one.
                let refusal = answer.as_ref().err().filter(|status| !status.details().is_empty());
                assert!(
                    refusal.is_none_or(|status| status.code() == Code::ResourceExhausted),
                    "it waited for a transaction that never ends: {answer:?}"
                );
                answer
            }
            _ => match timeout(moment, call).await {
                Ok(answer) => answer,
                Err(_hung_up) => return End::GivenUp,
            },
        };
        match answer {
            Ok(_) => End::Done,
            // A refusal by the service has details, unlike a lost connection or an exceeded deadline.
            Err(status) if !status.details().is_empty() && status.code() != Code::DeadlineExceeded => End::Refused,
            Err(_) => End::GivenUp,
        }
    }
}

/// Makes calls until the round's number of them has been cancelled.
async fn round(callers: Vec<Caller>) -> Vec<(Caller, Vec<(Uuid, End)>)> {
    let given_up = Arc::new(AtomicUsize::new(0));
    let calls = callers.into_iter().map(|mut caller| {
        let given_up = Arc::clone(&given_up);
        async move {
            let mut ends = Vec::new();
            while given_up.load(Ordering::Relaxed) < ROUND {
                let id = Uuid::new_v4();
                let end = caller.call(id).await;
                given_up.fetch_add(usize::from(end == End::GivenUp), Ordering::Relaxed);
                ends.push((id, end));
            }
            (caller, ends)
        }
    });
    calls.collect::<JoinSet<_>>().join_all().await
}

async fn assert_quiet(world: &World) -> anyhow::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(2);
    while world.schema.open_transactions().await? > 0 {
        assert!(Instant::now() < deadline, "a transaction is still open");
        sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

async fn count(client: &tokio_postgres::Client, of: &str) -> anyhow::Result<i64> {
    Ok(client.query_one(&format!("SELECT count(*) FROM {of}"), &[]).await?.get(0))
}

/// Takes all connections of the pool at once, and then runs a unit of work on each.
async fn assert_whole(db: &Db) {
    let mut held = Vec::new();
    for _ in 0..db.connections() {
        let mut connection = db.connection().await.expect("a connection");
        sql(&mut connection, "SELECT FROM accounts").await.expect("one that works");
        held.push(connection);
    }
    drop(held);
    let units =
        (0..db.connections()).map(|_| db.write("after", async |connection| sql(connection, "SELECT pg_sleep(0.1)").await));
    futures::future::try_join_all(units).await.expect("units");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_cancelled_calls_leave_no_open_or_partial_transaction() -> anyhow::Result<()> {
    let world = World::start_with(CONNECTIONS, Limits::default()).await?;
    let client = world.schema.connect().await?;
    client.batch_execute(TABLES).await?;
    let wired = Wired::start(&world.db, transfer).await?;
    let mut callers = Vec::new();
    for _ in 0..CALLERS {
        callers.push(Caller::new(&wired).await?);
    }
    let (begun, mut ends) = (Instant::now(), Vec::new());
    for _ in 0..CANCELS / ROUND {
        for (caller, ended) in round(callers.split_off(0)).await {
            callers.push(caller);
            ends.extend(ended);
        }
        assert_quiet(&world).await?;
    }

    let half = "(SELECT FROM lines GROUP BY transfer HAVING count(*) <> 2 OR sum(amount) <> 0) half";
    assert_eq!(count(&client, half).await?, 0);
    let wrong = "accounts a WHERE amount <> 1000000 + (SELECT coalesce(sum(l.amount), 0) FROM lines l WHERE l.account = a.id)";
    assert_eq!(count(&client, wrong).await?, 0);
    assert_eq!(count(&client, "accounts HAVING sum(amount) = 6000000").await?, 6);

    let rows = client.query("SELECT DISTINCT transfer FROM lines", &[]).await?;
    let done: std::collections::HashSet<Uuid> = rows.iter().map(|row| row.get(0)).collect();
    let of = |end| ends.iter().filter(move |(_, found)| *found == end);
    assert!(of(End::Done).all(|(id, _)| done.contains(id)), "an answered transfer is committed");
    assert!(of(End::Refused).all(|(id, _)| !done.contains(id)), "a refused transfer is not");
    let (gone, carried_out) = (of(End::GivenUp).count(), of(End::GivenUp).filter(|(id, _)| done.contains(id)).count());
    let answered = of(End::Done).count();
    eprintln!(
        "{gone} given up, {carried_out} of them done; {answered} answered, {} refused; {:?}",
        of(End::Refused).count(),
        begun.elapsed()
    );
    assert!(
        gone >= CANCELS && carried_out > 500 && gone - carried_out > 500 && answered > 300,
        "too few calls of some kind to prove anything"
    );
    assert_whole(&world.db).await;
    Ok(())
}
