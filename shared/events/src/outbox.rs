//! Events that others are to be told of.

mod api;
mod delivery;
mod gauges;
mod parked;
mod relay;
mod store;

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all, pending};
use orchard_client::Upstream;
use orchard_db::{Connection, Db, after_commit};
use orchard_proto::events::v1::outbox_service_server::OutboxServiceServer;
use orchard_rpc::trace;
use prost::{Message, Name};
use tokio::sync::mpsc;
use uuid::Uuid;

use relay::Relay;
use store::New;

/// Aggregates that a relay may be behind with before it is no longer told of more: its sweep finds what it missed.
const HINTS: usize = 4_096;

/// What becomes of events that their consumer refuses.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Events")]
pub struct RelayOptions {
    /// How often an event that its consumer refuses is tried before it is parked
    #[arg(long, env = "ORCHARD_EVENT_ATTEMPTS", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100), value_name = "NUMBER")]
    pub event_attempts: u16,
    /// How long to wait after the first refusal; after each further one twice as long, up to five minutes
    #[arg(long, env = "ORCHARD_EVENT_RETRY_DELAY", default_value = "1s", value_parser = orchard_server::duration, value_name = "DURATION")]
    pub event_retry_delay: Duration,
}

/// Who is told of what.
#[derive(Debug)]
struct Consumer {
    name: &'static str,
    /// Full names of messages.
    event_types: Vec<String>,
    hints: mpsc::Sender<Uuid>,
}

/// A slice's outbox. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Outbox(Arc<[Consumer]>);

/// An outbox whose consumers are being named.
#[derive(Debug)]
pub struct Builder {
    domain: String,
    db: Db,
    options: RelayOptions,
    consumers: Vec<Consumer>,
    relays: Vec<(Relay, mpsc::Receiver<Uuid>)>,
}

impl Outbox {
    /// The outbox of the slice `name`, in its database.
    pub fn builder(name: &str, db: &Db, options: &RelayOptions) -> Builder {
        let domain = format!("orchard.{name}");
        Builder { domain, db: db.clone(), options: options.clone(), consumers: Vec::new(), relays: Vec::new() }
    }

    /// Has its consumers told of an event, if the transaction is committed, and after the earlier ones of its aggregate.
    ///
    /// `sequence` is the aggregate's next, counted under its row's lock.
    pub async fn publish<E: Message + Name>(
        &self,
        connection: &mut Connection,
        aggregate: Uuid,
        sequence: i64,
        event: &E,
    ) -> diesel::QueryResult<()> {
        self.publish_all(connection, &[(aggregate, sequence, event)]).await
    }

    /// The same of many events, each with its aggregate and that one's next sequence.
    pub async fn publish_all<E: Message + Name>(
        &self,
        connection: &mut Connection,
        events: &[(Uuid, i64, &E)],
    ) -> diesel::QueryResult<()> {
        let event_type = E::full_name();
        let traceparent = trace::traceparent();
        let encoded: Vec<_> = events.iter().map(|(_, _, event)| (Uuid::now_v7(), event.encode_to_vec())).collect();
        for consumer in self.0.iter().filter(|consumer| consumer.event_types.contains(&event_type)) {
            let rows = events.iter().zip(&encoded).map(|((aggregate, sequence, _), (event_id, payload))| New {
                consumer: consumer.name,
                event_id: *event_id,
                aggregate_id: *aggregate,
                sequence: *sequence,
                event_type: &event_type,
                payload,
                traceparent: traceparent.as_deref(),
            });
            store::insert(connection, &rows.collect::<Vec<_>>()).await?;
            for (aggregate, ..) in events {
                let (hints, aggregate) = (consumer.hints.clone(), *aggregate);
                after_commit(move || {
                    // Where there is no room the sweep finds it.
                    let _ = hints.try_send(aggregate);
                });
            }
        }
        Ok(())
    }
}

/// Forgets what nobody was told yet of these aggregates.
pub async fn forget(connection: &mut Connection, aggregates: &[Uuid]) -> diesel::QueryResult<()> {
    store::forget(connection, aggregates).await
}

impl Builder {
    /// Has `upstream` told of events of these types, full names of messages.
    #[must_use]
    pub fn consumer(mut self, upstream: Upstream, event_types: impl Into<Vec<String>>) -> Self {
        let (hints, hinted) = mpsc::channel(HINTS);
        self.consumers.push(Consumer { name: upstream.name(), event_types: event_types.into(), hints });
        self.relays.push((Relay::new(&self.db, upstream, &self.options), hinted));
        self
    }

    /// The outbox, what operators do with it, and the work of delivering, which goes on as long as it is polled.
    pub fn build(self) -> (Outbox, OutboxServiceServer<impl OutboxOperations>, BoxFuture<'static, ()>) {
        let operations = OutboxServiceServer::new(api::Api::new(self.db, self.domain));
        let deliver = join_all(self.relays.into_iter().map(|(relay, hinted)| relay.run(hinted)));
        // With nobody to tell there is nothing to do, and that does not end either.
        (Outbox(self.consumers.into()), operations, deliver.then(|_never| pending()).boxed())
    }
}

/// What operators do with events that were parked.
pub use orchard_proto::events::v1::outbox_service_server::OutboxService as OutboxOperations;
