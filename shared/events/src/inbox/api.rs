//! The service that other slices deliver events to.

use std::sync::Arc;

use orchard_db::{Connection, Db, Failure};
use orchard_proto::events::v1 as pb;
use orchard_proto::events::v1::inbox_service_server::{InboxService, InboxServiceServer};
use orchard_rpc::{Answer, trace};
use orchard_server::Caller;
use tonic::{Request, Response};
use tracing::Instrument as _;
use uuid::Uuid;

use super::{Delivered, Handler, NotApplied, store, wire};
use crate::error::Error;

/// Serves `InboxService`.
#[derive(Debug)]
pub struct Inbox<H> {
    db: Db,
    domain: String,
    handler: Arc<H>,
}

impl<H: Handler> Inbox<H> {
    /// Returns the inbox of the slice `name` in its database, whose events `handler` applies.
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
    async fn deliver_events(&self, request: Request<pb::DeliverEventsRequest>) -> Answer<pb::DeliverEventsResponse> {
        let source = Caller::service(&request)?;
        self.deliver(source, request.into_inner()).await.map_err(|error| error.into_status(&self.domain))?;
        Ok(Response::new(pb::DeliverEventsResponse {}))
    }
}

/// Applies the events that were not applied before: all of them, or none.
async fn apply<H: Handler>(
    connection: &mut Connection,
    handler: &H,
    source: &str,
    events: &[Delivered<H::Event>],
) -> Result<(), Error> {
    let mut sequences = store::lock(connection, source, events.iter().map(|event| event.aggregate).collect()).await?;
    let mut new = Vec::with_capacity(events.len());
    for event in events {
        let last = sequences.entry(event.aggregate).or_default();
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
    Ok(store::advance(connection, source, sequences).await?)
}

/// Returns an error that blames the event, unless the database is to blame.
fn rejected(event_id: Uuid, cause: NotApplied) -> Error {
    match cause {
        NotApplied::Refused(_) | NotApplied::Database(Failure::Constraint { .. } | Failure::Internal(_)) => {
            tracing::error!(%event_id, %cause, "an event cannot be applied");
            Error::EventRejected { event_id }
        }
        NotApplied::Database(failure) => failure.into(),
    }
}
