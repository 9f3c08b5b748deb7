//! What operators do with events that were parked.

use std::collections::HashMap;

use orchard_db::{Db, Failure};
use orchard_proto::events::v1 as pb;
use orchard_proto::events::v1::outbox_service_server::OutboxService;
use orchard_rpc::{Fields, PageRequest, Violations, read, timestamp_to_wire};
use orchard_server::Caller;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::delivery::event;
use super::parked::{self, Parked};
use crate::error::Error;

/// Serves `OutboxService`.
#[derive(Debug)]
pub(super) struct Api {
    db: Db,
    domain: String,
}

impl Api {
    pub(super) fn new(db: Db, domain: String) -> Self {
        Self { db, domain }
    }

    fn status(&self, error: impl Into<Error>) -> Status {
        error.into().into_status(&self.domain)
    }
}

#[tonic::async_trait]
impl OutboxService for Api {
    async fn list_parked_events(
        &self,
        request: Request<pb::ListParkedEventsRequest>,
    ) -> Result<Response<pb::ListParkedEventsResponse>, Status> {
        let asked = page(request.get_ref()).map_err(|violations| self.status(violations))?;
        let listed = async {
            let mut connection = self.db.connection().await?;
            let rows = parked::list(&mut connection, asked.after, asked.fetch()).await?;
            let aggregates: Vec<Uuid> = rows.iter().map(|row| row.event.aggregate_id).collect();
            Ok::<_, Failure>((rows, parked::pending_of(&mut connection, &aggregates).await?))
        };
        let (rows, pending) = listed.await.map_err(|failure| self.status(failure))?;
        let page = asked.page(rows, |row| row.event.position);
        Ok(Response::new(pb::ListParkedEventsResponse {
            parked_events: page.rows.into_iter().map(|row| to_wire(row, &pending)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn replay_parked_event(
        &self,
        request: Request<pb::ReplayParkedEventRequest>,
    ) -> Result<Response<pb::ReplayParkedEventResponse>, Status> {
        let operator = Caller::user(&request)?.id;
        let request = request.into_inner();
        let (consumer, id) = named(&request.consumer, &request.event_id).map_err(|violations| self.status(violations))?;
        let (of, found) = (consumer.clone(), id);
        let replay = self.db.write("replay parked event", async move |connection| parked::replay(connection, &of, found).await);
        replay.await.map_err(|error| self.status(error))?;
        tracing::info!(%operator, consumer, event_id = %id, "a parked event is tried again");
        Ok(Response::new(pb::ReplayParkedEventResponse {}))
    }

    async fn discard_parked_event(
        &self,
        request: Request<pb::DiscardParkedEventRequest>,
    ) -> Result<Response<pb::DiscardParkedEventResponse>, Status> {
        let operator = Caller::user(&request)?.id;
        let request = request.into_inner();
        let (consumer, id) = named(&request.consumer, &request.event_id).map_err(|violations| self.status(violations))?;
        let (of, found) = (consumer.clone(), id);
        let discard =
            self.db.write("discard parked event", async move |connection| parked::discard(connection, &of, found).await);
        discard.await.map_err(|error| self.status(error))?;
        tracing::warn!(%operator, consumer, event_id = %id, "a parked event was given up");
        Ok(Response::new(pb::DiscardParkedEventResponse {}))
    }
}

fn page(request: &pb::ListParkedEventsRequest) -> Result<PageRequest<i64>, Violations> {
    let mut fields = Fields::default();
    let page = PageRequest::read(&mut fields, "ListParkedEvents".to_owned(), request.page_size, &request.page_token);
    fields.finish(|| page)
}

fn named(consumer: &str, event_id: &str) -> Result<(String, Uuid), Violations> {
    let mut fields = Fields::default();
    let consumer = fields.read("consumer", read::text(consumer, 1..=30));
    let event_id = fields.read("event_id", read::uuid(event_id));
    fields.finish(|| Ok((consumer?, event_id?)))
}

fn to_wire(parked: Parked, pending: &HashMap<(String, Uuid), i64>) -> pb::ParkedEvent {
    let all = pending.get(&(parked.consumer.clone(), parked.event.aggregate_id)).copied().unwrap_or_default();
    pb::ParkedEvent {
        event: Some(event(&parked.event)),
        consumer: parked.consumer,
        attempts: parked.event.attempts(),
        refusal: parked.refusal,
        park_time: parked.parked_at.map(timestamp_to_wire),
        waiting: (all - 1).max(0),
    }
}
