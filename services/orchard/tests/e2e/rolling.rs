//! Replacing and killing replicas of a slice under load.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};
use orchard_client::Resolve;
use orchard_db::Db;
use orchard_proto::family::v1 as family;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_server::{DatabaseOptions, slice_server};
use orchard_testkit::cable::Cable;
use orchard_testkit::client::{Client, Headers};
use orchard_testkit::service::{Running, options};
use tokio::sync::Notify;
use tonic::Status;
use uuid::Uuid;

use crate::suite::{Suite, euros, id};

/// A resolver that returns the addresses of a test for `family`.
#[derive(Debug, Default)]
pub struct Names {
    family: Mutex<Vec<SocketAddr>>,
    looked_up: Notify,
}

impl Names {
    fn set_family(&self, replicas: &[SocketAddr]) {
        *self.family.lock().expect("list") = replicas.to_vec();
    }

    /// Sets the addresses and waits for a lookup: replacing all replicas faster would leave the edge without any.
    async fn announce_family(&self, replicas: &[SocketAddr]) {
        let mut looked_up = std::pin::pin!(self.looked_up.notified());
        looked_up.as_mut().enable();
        self.set_family(replicas);
        looked_up.await;
    }
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        async move {
            match host {
                "family" => {
                    let replicas = self.family.lock().expect("list").clone();
                    self.looked_up.notify_waiters();
                    Ok(replicas)
                }
                _ => Ok(tokio::net::lookup_host((host, port)).await?.collect()),
            }
        }
        .boxed()
    }
}

/// Starts another replica of the family slice.
async fn replica(suite: &Suite) -> anyhow::Result<Running> {
    let database = DatabaseOptions::for_url(suite.family.schema.url(), 8);
    let db = Db::new(database.url()?, 8, &database.limits())?;
    let options = options(&suite.keys);
    Running::start(slice_server::<orchard_family::Service>(&db, &suite.family_settings(), &options)?, &options).await
}

/// A user who reads a plan and spends from its wallet, at an edge of their own.
struct Load<'a> {
    suite: &'a Suite,
    names: Arc<Names>,
    client: Client,
    plan: String,
    done: AtomicUsize,
    spent: AtomicUsize,
    _edge: Running,
}

const CALLS: usize = 480;
const CALLERS: usize = 12;

impl<'a> Load<'a> {
    async fn new(suite: &'a Suite, replicas: &[SocketAddr]) -> anyhow::Result<Self> {
        let holder = id();
        let plan = suite.plan(holder).await?;
        suite.deposit(&plan, 10_000).await?;
        let names = Arc::new(Names::default());
        names.set_family(replicas);
        let edge = suite.edge_with(Arc::clone(&names) as Arc<dyn Resolve>).await?;
        let token = suite.keys.user_token(holder, &[], Duration::from_secs(600))?;
        let client = Headers::bearer(&token)?.on(edge.channel()?);
        Ok(Self { suite, names, client, plan, done: AtomicUsize::new(0), spent: AtomicUsize::new(0), _edge: edge })
    }

    /// Makes a call; every second one spends, with a request id of its own.
    async fn call(&self, number: usize) -> Result<(), Status> {
        let (client, family_plan_id) = (self.client.clone(), self.plan.clone());
        if number.is_multiple_of(2) {
            PlanServiceClient::new(client).get_plan(family::GetPlanRequest { family_plan_id }).await?;
        } else {
            let (amount, request_id) = (euros(1), id().to_string());
            let spend = family::SpendRequest { family_plan_id, amount, reason: "Pears".to_owned(), request_id };
            WalletServiceClient::new(client).spend(spend).await?;
            self.spent.fetch_add(1, Ordering::SeqCst);
        }
        self.done.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// Makes all calls, and more until `meanwhile` has ended, and returns the failures.
    async fn run<T>(&self, meanwhile: impl Future<Output = T>) -> (Vec<String>, T) {
        let over = AtomicBool::new(false);
        let meanwhile = async {
            let ended = meanwhile.await;
            over.store(true, Ordering::SeqCst);
            ended
        };
        let numbers = (0..).take_while(|number| *number < CALLS || !over.load(Ordering::SeqCst));
        let calls = futures::stream::iter(numbers.map(|number| Box::pin(self.call(number)))).buffer_unordered(CALLERS);
        let failures = calls.filter_map(async |answer| answer.err().map(|status| status.to_string())).collect();
        tokio::join!(failures, meanwhile)
    }

    /// Waits until this number of calls have succeeded.
    async fn reached(&self, done: usize) {
        while self.done.load(Ordering::SeqCst) < done {
            tokio::task::yield_now().await;
        }
    }

    async fn assert_each_purchase_is_in_the_ledger_once(&self) -> anyhow::Result<()> {
        let client = self.suite.family.schema.connect().await?;
        let ledger = "SELECT count(*), count(DISTINCT reference), sum(amount)::text FROM wallet_entries
                      WHERE family_plan_id = $1 AND kind = 'spend'";
        let row = client.query_one(ledger, &[&Uuid::parse_str(&self.plan)?]).await?;
        let spent = i64::try_from(self.spent.load(Ordering::SeqCst))?;
        assert_eq!((row.get(0), row.get(1), row.get(2)), (spent, spent, format!("-{spent}.00")));
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_while_replicas_are_replaced_under_load() -> anyhow::Result<()> {
    let suite = Suite::start().await?;
    let (a, b) = (replica(&suite).await?, replica(&suite).await?);
    let load = Load::new(&suite, &[a.address, b.address]).await?;
    let roll = async {
        load.reached(CALLS / 4).await;
        let c = replica(&suite).await?;
        // The resolver returns the dead address for a while.
        let address = b.address;
        a.stop().await?;
        load.names.announce_family(&[address, c.address]).await;
        load.reached(CALLS / 2).await;
        let d = replica(&suite).await?;
        b.stop().await?;
        load.names.set_family(&[c.address, d.address]);
        load.reached(load.done.load(Ordering::SeqCst) + CALLS / 4).await;
        anyhow::Ok((c, d))
    };
    let (failures, rolled) = load.run(Box::pin(roll)).await;
    let _running = rolled?;
    assert_eq!(failures, Vec::<String>::new());
    load.assert_each_purchase_is_in_the_ledger_once().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_when_a_replica_is_killed_under_load() -> anyhow::Result<()> {
    let suite = Suite::start().await?;
    let (a, b) = (replica(&suite).await?, replica(&suite).await?);
    let (killed, left) = (Cable::to(a.address).await?, Cable::to(b.address).await?);
    let load = Load::new(&suite, &[killed.address, left.address]).await?;
    let kill = async {
        load.reached(CALLS / 4).await;
        drop(killed);
        load.reached(CALLS / 2).await;
        // A new replica starts, and the other loses all its connections at once.
        let c = Cable::to(a.address).await?;
        load.names.set_family(&[left.address, c.address]);
        load.reached(CALLS * 3 / 4).await;
        left.cut();
        anyhow::Ok(c)
    };
    let (failures, replaced) = load.run(Box::pin(kill)).await;
    let _cable = replaced?;
    assert_eq!(failures, Vec::<String>::new());
    load.assert_each_purchase_is_in_the_ledger_once().await
}
