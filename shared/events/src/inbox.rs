//! Events of other slices, and their effects here.

mod store;
mod wire;

use std::sync::Arc;

use orchard_db::{Connection, Db, Failure};
use orchard_proto::events::v1 as pb;
use orchard_proto::events::v1::inbox_service_server::{InboxService, InboxServiceServer};
use orchard_rpc::trace;
use orchard_server::Caller;
use prost_types::Any;
use tonic::{Request, Response, Status};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::error::Error;

/// Why an event has no effect.
#[derive(Debug, thiserror::Error)]
pub enum NotApplied {
    /// It is not one that this slice can apply, whatever happens.
    #[error("{0}")]
    Refused(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] Failure),
}

impl From<diesel::result::Error> for NotApplied {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// What a slice does with events of others.
pub trait Handler: Send + Sync + 'static {
    /// An event as the slice knows it.
    type Event: Send + Sync + 'static;

    /// Reads an event of the service `source`, or says why it is none for this slice.
    fn read(&self, source: &str, payload: &Any) -> Result<Self::Event, String>;

    /// Does what the effects of all these events need, before the first of them: one statement where each would need one of its own.
    fn prepare(
        &self,
        _connection: &mut Connection,
        _events: &[&Self::Event],
    ) -> impl Future<Output = Result<(), Failure>> + Send {
        std::future::ready(Ok(()))
    }

    /// Has the event's effect, in the transaction that remembers that it had.
    fn apply(&self, connection: &mut Connection, event: &Self::Event) -> impl Future<Output = Result<(), NotApplied>> + Send;
}

/// Serves `InboxService`.
#[derive(Debug)]
pub struct Inbox<H> {
    db: Db,
    domain: String,
    handler: Arc<H>,
}

/// An event that arrived.
#[derive(Debug)]
struct Delivered<E> {
    id: Uuid,
    aggregate: Uuid,
    sequence: i64,
    traceparent: String,
    event: E,
}

impl<H: Handler> Inbox<H> {
    /// The inbox of the slice `name`, in its database, whose events `handler` applies.
    pub fn server(name: &str, db: &Db, handler: H) -> InboxServiceServer<Self> {
        let inbox = Self { db: db.clone(), domain: format!("orchard.{name}"), handler: Arc::new(handler) };
        InboxServiceServer::new(inbox)
    }

    async fn deliver(&self, source: String, request: pb::DeliverEventsRequest) -> Result<(), Error> {
        let events: Arc<[_]> = wire::events(&*self.handler, &source, request)?.into();
        let handler = Arc::clone(&self.handler);
        let unit = async move |connection: &mut Connection| apply(connection, &*handler, &source, &events).await;
        self.db.write("apply events", unit).await
    }
}

#[tonic::async_trait]
impl<H: Handler> InboxService for Inbox<H> {
    async fn deliver_events(
        &self,
        request: Request<pb::DeliverEventsRequest>,
    ) -> Result<Response<pb::DeliverEventsResponse>, Status> {
        let source = Caller::service(&request)?;
        self.deliver(source, request.into_inner()).await.map_err(|error| error.into_status(&self.domain))?;
        Ok(Response::new(pb::DeliverEventsResponse {}))
    }
}

/// Applies those that were not applied before: all of them, or the unit of work fails.
async fn apply<H: Handler>(
    connection: &mut Connection,
    handler: &H,
    source: &str,
    events: &[Delivered<H::Event>],
) -> Result<(), Error> {
    let mut reached = store::lock(connection, source, events.iter().map(|event| event.aggregate).collect()).await?;
    let mut new = Vec::with_capacity(events.len());
    for event in events {
        let last = reached.entry(event.aggregate).or_default();
        if event.sequence > *last {
            *last = event.sequence;
            new.push(event);
        }
    }
    handler.prepare(connection, &new.iter().map(|event| &event.event).collect::<Vec<_>>()).await?;
    for event in new {
        let span = tracing::info_span!("apply event", event_id = %event.id, source);
        trace::follow(&span, &event.traceparent);
        handler.apply(connection, &event.event).instrument(span).await.map_err(|cause| rejected(event.id, cause))?;
    }
    Ok(store::reach(connection, source, reached).await?)
}

/// What the event is to blame for, and what the database is.
fn rejected(event_id: Uuid, cause: NotApplied) -> Error {
    match cause {
        NotApplied::Refused(_) | NotApplied::Database(Failure::Constraint { .. } | Failure::Internal(_)) => {
            tracing::error!(%event_id, %cause, "an event cannot be applied");
            Error::EventRejected { event_id }
        }
        NotApplied::Database(failure) => failure.into(),
    }
}
