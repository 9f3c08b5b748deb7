//! A slice that publishes events and a slice that consumes them, each with its own schema.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use diesel_async::SimpleAsyncConnection as _;
use futures::FutureExt as _;
use orchard_client::{CallOptions, Calls};
use orchard_db::{Connection, Db, Failure, Limits, Migrations};
use orchard_events::migrations;
use orchard_events::{Handler, INBOX, Inbox, NotApplied, OUTBOX, Outbox, RelayOptions};
use orchard_proto::DESCRIPTORS;
use orchard_proto::events::v1 as pb;
use orchard_proto::events::v1::inbox_service_client::InboxServiceClient;
use orchard_proto::events::v1::outbox_service_client::OutboxServiceClient;
use orchard_proto::family::v1::MemberJoined;
use orchard_server::{ServeOptions, Server};
use orchard_testkit::client::{Client, Headers};
use orchard_testkit::database::Schema;
use orchard_testkit::keys::{AUDIENCE, DevKeys, WORKLOAD_ISSUER};
use orchard_testkit::service::{Running, calls, channel, free_address, options};
use prost::Name as _;
use prost_types::Any;
use tokio::task::JoinSet;
use tonic::Status;
use tonic::service::RoutesBuilder;
use uuid::Uuid;

const HOUR: Duration = Duration::from_secs(3600);
/// Users, by which the consumer decides what it does with an event.
pub const FINE: &str = "fine";
pub const REFUSED: &str = "refused";
pub const CONSTRAINT: &str = "constraint";
pub const PANICS: &str = "panics";
pub const UNREADABLE: &str = "unreadable";

const PRODUCER: &str = "CREATE TABLE aggregates (id uuid PRIMARY KEY, event_sequence bigint NOT NULL DEFAULT 0);";
const CONSUMER: &str = "CREATE TABLE effects (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, aggregate uuid NOT NULL, number int NOT NULL,
        what text CONSTRAINT effects_check CHECK (what <> 'constraint')
    );
    CREATE TABLE mended ();";

/// Records each effect every time it happens.
pub struct Effects;

impl Handler for Effects {
    type Event = MemberJoined;

    fn read(&self, source: &str, payload: &Any) -> Result<MemberJoined, String> {
        let event: MemberJoined = payload.to_msg().map_err(|error| error.to_string())?;
        if source != "family" || event.user_id == UNREADABLE { Err("unreadable".to_owned()) } else { Ok(event) }
    }

    async fn apply(&self, connection: &mut Connection, event: &MemberJoined) -> Result<(), NotApplied> {
        // The effect precedes the refusal, so it must be rolled back.
        let effect = |what: &str| {
            format!("INSERT INTO effects (aggregate, number, what) VALUES ('{}', {}, '{what}')", event.family_plan_id, event.role)
        };
        connection.batch_execute(&effect(&event.user_id)).await?;
        match event.user_id.as_str() {
            REFUSED if connection.batch_execute("SELECT 1 / count(*) FROM mended").await.is_err() => {
                Err(NotApplied::Refused("on purpose".to_owned()))
            }
            PANICS => panic!("on purpose"),
            _ => Ok(()),
        }
    }
}

/// Options with three attempts, which take a moment. The default of ten takes half a minute.
pub fn impatient() -> RelayOptions {
    RelayOptions { event_attempts: 3, event_retry_delay: Duration::from_millis(50) }
}

pub struct World {
    pub keys: DevKeys,
    pub producer: Schema,
    pub consumer: Schema,
    pub address: SocketAddr,
    running: Option<Running>,
}

impl World {
    /// Creates both slices and starts the consumer.
    pub async fn start() -> anyhow::Result<Self> {
        let mut world = Self::prepare().await?;
        world.start_consumer().await?;
        Ok(world)
    }

    /// Creates both slices.
    pub async fn prepare() -> anyhow::Result<Self> {
        let (producer, consumer) = (Schema::create().await?, Schema::create().await?);
        producer.connect().await?.batch_execute(PRODUCER).await?;
        producer.migrate(Migrations::new([migrations::OUTBOX])).await?;
        consumer.connect().await?.batch_execute(CONSUMER).await?;
        consumer.migrate(Migrations::new([migrations::INBOX])).await?;
        Ok(Self { keys: DevKeys::ephemeral()?, producer, consumer, address: free_address(), running: None })
    }

    pub async fn start_consumer(&mut self) -> anyhow::Result<()> {
        let mut routes = RoutesBuilder::default();
        routes.add_service(Inbox::server("social", &db(self.consumer.url())?, Effects));
        let serve = ServeOptions { listen: self.address, ..options(&self.keys) };
        self.running = Some(Running::start(server("social", INBOX, routes), &serve).await?);
        Ok(())
    }

    pub async fn stop_consumer(&mut self) -> anyhow::Result<()> {
        self.running.take().context("it runs")?.stop().await
    }

    /// Starts a replica of the publishing slice.
    pub fn replica(&self, options: &RelayOptions) -> anyhow::Result<Replica> {
        self.replica_telling(self.address, options)
    }

    /// Starts a replica of the publishing slice with another consumer.
    pub fn replica_telling(&self, consumer: SocketAddr, options: &RelayOptions) -> anyhow::Result<Replica> {
        let calls = calls(&self.keys, "family");
        Replica::new(self.producer.url(), &calls.workload_key_file, consumer, options)
    }

    /// Creates aggregates.
    pub async fn aggregates(&self, number: usize) -> anyhow::Result<Vec<Uuid>> {
        let ids: Vec<Uuid> = (0..number).map(|_| Uuid::new_v4()).collect();
        self.producer.connect().await?.execute("INSERT INTO aggregates SELECT unnest($1::uuid[])", &[&ids]).await?;
        Ok(ids)
    }

    /// Returns a client of the inbox.
    pub fn inbox(&self, service: &str) -> anyhow::Result<InboxServiceClient<Client>> {
        let token = self.keys.workload_token(service, HOUR)?;
        Ok(InboxServiceClient::new(Headers::bearer(&token)?.on(channel(self.address)?)))
    }

    /// Returns the numbers of the aggregate's events in the order of their effects.
    pub async fn effects(&self, aggregate: Uuid) -> anyhow::Result<Vec<i32>> {
        let query = "SELECT number FROM effects WHERE aggregate = $1 ORDER BY position";
        let rows = self.consumer.connect().await?.query(query, &[&aggregate]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Stops refusing [`REFUSED`] events.
    pub async fn mend(&self) -> anyhow::Result<()> {
        Ok(self.consumer.connect().await?.batch_execute("INSERT INTO mended DEFAULT VALUES").await?)
    }

    /// Waits until a query in the producer's schema returns the expected number.
    pub async fn until(&self, query: &str, expected: i64) -> anyhow::Result<()> {
        self.producer.until(query, expected).await
    }
}

/// Counts undelivered events.
pub const PENDING: &str = "SELECT count(*) FROM outbox";
/// Counts parked events.
pub const PARKED: &str = "SELECT count(*) FROM outbox_failures WHERE parked_at IS NOT NULL";

/// A replica of the publishing slice. Dropping it is like killing it.
pub struct Replica {
    pub db: Db,
    pub outbox: Outbox,
    pub routes: RoutesBuilder,
    relay: JoinSet<()>,
}

impl Replica {
    pub fn new(producer: &str, key: &Path, consumer: SocketAddr, options: &RelayOptions) -> anyhow::Result<Self> {
        let db = db(producer)?;
        let calls = CallOptions { workload_key_file: PathBuf::from(key), tls: Default::default() };
        let calls: Calls = calls.load("family", WORKLOAD_ISSUER, AUDIENCE)?;
        let social = calls.to("social", &format!("http://{consumer}").parse()?).build()?;
        let outbox = Outbox::builder("family", &db, options).consumer(social, [MemberJoined::full_name()]);
        let (outbox, operations, deliver) = outbox.build();
        let mut routes = RoutesBuilder::default();
        routes.add_service(operations);
        let mut relay = JoinSet::new();
        relay.spawn(deliver);
        Ok(Self { db, outbox, routes, relay })
    }

    /// Stops the relay. The replica still publishes.
    pub fn stop_relay(&mut self) {
        self.relay.abort_all();
    }

    /// Publishes events of an aggregate in one transaction. Their numbers are their sequences.
    pub async fn publish(&self, aggregate: Uuid, what: &'static [&'static str]) -> Result<(), Failure> {
        let outbox = self.outbox.clone();
        let unit = async move |connection: &mut Connection| publish(connection, &outbox, aggregate, what).await;
        self.db.write("publish", unit).await
    }

    /// Starts the service for operators, and returns an operator's client.
    pub async fn operator(&self, keys: &DevKeys) -> anyhow::Result<(Running, OutboxServiceClient<Client>)> {
        let running = Running::start(server("family", OUTBOX, self.routes.clone()), &options(keys)).await?;
        let token = keys.user_token(Uuid::new_v4(), &["operator"], HOUR)?;
        let client = OutboxServiceClient::new(Headers::bearer(&token)?.on(running.channel()?));
        Ok((running, client))
    }
}

pub async fn publish(connection: &mut Connection, outbox: &Outbox, aggregate: Uuid, what: &[&str]) -> Result<(), Failure> {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;

    diesel::table! { aggregates (id) { id -> Uuid, event_sequence -> Int8, } }
    let count = i64::try_from(what.len()).expect("a few");
    let last: i64 = diesel::update(aggregates::table.find(aggregate))
        .set(aggregates::event_sequence.eq(aggregates::event_sequence + count))
        .returning(aggregates::event_sequence)
        .get_result(connection)
        .await?;
    for (sequence, user) in (last - count + 1..).zip(what) {
        outbox.publish(connection, aggregate, sequence, &event(aggregate, sequence, user)).await?;
    }
    Ok(())
}

/// Returns the event with this number.
pub fn event(aggregate: Uuid, number: i64, user: &str) -> MemberJoined {
    let role = i32::try_from(number).expect("a small number");
    MemberJoined { family_plan_id: aggregate.to_string(), user_id: user.to_owned(), role, ..MemberJoined::default() }
}

/// Returns the event with this number as it is sent.
pub fn sent(aggregate: Uuid, number: i64, user: &str) -> pb::Event {
    pb::Event {
        event_id: Uuid::new_v4().to_string(),
        aggregate_id: aggregate.to_string(),
        sequence: number,
        payload: Some(Any::from_msg(&event(aggregate, number, user)).expect("an event")),
        ..pb::Event::default()
    }
}

pub async fn deliver(client: &InboxServiceClient<Client>, events: Vec<pb::Event>) -> Result<(), Status> {
    client.clone().deliver_events(pb::DeliverEventsRequest { events }).await.map(drop)
}

fn db(url: &str) -> anyhow::Result<Db> {
    Ok(Db::new(url.parse()?, 8, &Limits::default())?)
}

fn server(name: &'static str, service: &'static str, routes: RoutesBuilder) -> Server {
    Server {
        name,
        contracts: DESCRIPTORS,
        served: vec![service],
        front_door: false,
        routes,
        fallback: None,
        rates: None,
        web: None,
        max_calls: 16,
        readiness: Box::new(|| async { Ok(()) }.boxed()),
        gauges: Vec::new(),
        background: Vec::new(),
    }
}
