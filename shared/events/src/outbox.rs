//! Events of this slice, until they are delivered to their consumers.

mod api;
mod blame;
mod delivery;
mod gauges;
mod options;
mod parked;
mod relay;
mod store;
mod wire;

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all, pending};
use orchard_client::Upstream;
use orchard_db::{Connection, Db, after_commit};
use orchard_proto::events::v1::outbox_service_server::OutboxServiceServer;
use orchard_rpc::trace;
use prost::{Message, Name};
use tokio::sync::mpsc;
use uuid::Uuid;

pub use options::RelayOptions;

use relay::Relay;
use store::NewEvent;

/// The most aggregates whose new events a relay is told about and has not delivered yet. Its sweep finds the others.
const HINTS: usize = 4_096;

/// A service that receives events of some types.
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

/// Collects the consumers of an outbox.
#[derive(Debug)]
pub struct Builder {
    domain: String,
    db: Db,
    options: RelayOptions,
    consumers: Vec<Consumer>,
    relays: Vec<(Relay, mpsc::Receiver<Uuid>)>,
}

impl Outbox {
    /// Starts building the outbox of the slice `name` in its database.
    pub fn builder(name: &str, db: &Db, options: &RelayOptions) -> Builder {
        let domain = format!("orchard.{name}");
        Builder { domain, db: db.clone(), options: options.clone(), consumers: Vec::new(), relays: Vec::new() }
    }

    /// Publishes an event to its consumers. They receive it after the transaction is committed, and after the earlier events of its
    /// aggregate.
    ///
    /// `sequence` is the aggregate's next one, which the caller takes under a lock on the aggregate's row.
    pub async fn publish<E: Message + Name>(
        &self,
        connection: &mut Connection,
        aggregate: Uuid,
        sequence: i64,
        event: &E,
    ) -> diesel::QueryResult<()> {
        self.publish_all(connection, &[(aggregate, sequence, event)]).await
    }

    /// Publishes several events, each with its aggregate and the aggregate's next sequence.
    pub async fn publish_all<E: Message + Name>(
        &self,
        connection: &mut Connection,
        events: &[(Uuid, i64, &E)],
    ) -> diesel::QueryResult<()> {
        let event_type = E::full_name();
        let traceparent = trace::traceparent();
        let encoded: Vec<_> = events.iter().map(|(_, _, event)| (Uuid::now_v7(), event.encode_to_vec())).collect();
        for consumer in self.0.iter().filter(|consumer| consumer.event_types.contains(&event_type)) {
            let rows = events.iter().zip(&encoded).map(|((aggregate, sequence, _), (event_id, payload))| NewEvent {
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
                    // If the channel is full, the sweep finds the event.
                    let _ = hints.try_send(aggregate);
                });
            }
        }
        Ok(())
    }
}

/// Deletes the events of these aggregates and types that are not delivered yet, and returns the aggregate and sequence of each, by which another
/// one can be published in its place. What is withdrawn from several consumers is returned several times.
pub async fn withdraw(
    connection: &mut Connection,
    aggregates: &[Uuid],
    event_types: &[String],
) -> diesel::QueryResult<Vec<(Uuid, i64)>> {
    store::withdraw(connection, aggregates, event_types).await
}

/// Deletes the events of these aggregates that are not delivered yet.
pub async fn forget(connection: &mut Connection, aggregates: &[Uuid]) -> diesel::QueryResult<()> {
    store::forget(connection, aggregates).await
}

impl Builder {
    /// Adds a consumer of events of these types, which are full names of messages.
    #[must_use]
    pub fn consumer(mut self, upstream: Upstream, event_types: impl Into<Vec<String>>) -> Self {
        let (hints, hinted) = mpsc::channel(HINTS);
        self.consumers.push(Consumer { name: upstream.name(), event_types: event_types.into(), hints });
        self.relays.push((Relay::new(&self.db, upstream, &self.options), hinted));
        self
    }

    /// Returns the outbox, the service for operators, and a future that delivers events as long as it is polled.
    pub fn build(self) -> (Outbox, OutboxServiceServer<impl OutboxOperations>, BoxFuture<'static, ()>) {
        let operations = OutboxServiceServer::new(api::Api { db: self.db, domain: self.domain });
        let deliver = join_all(self.relays.into_iter().map(|(relay, hinted)| relay.run(hinted)));
        // Without consumers there is nothing to deliver, and the future must not end either.
        (Outbox(self.consumers.into()), operations, deliver.then(|_never| pending()).boxed())
    }
}

/// The trait of the service for operators.
pub use orchard_proto::events::v1::outbox_service_server::OutboxService as OutboxOperations;
