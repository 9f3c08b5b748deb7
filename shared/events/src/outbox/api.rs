//! The service for operators, who decide what happens to parked events.

use orchard_db::{Connection, Db, Failure};
use orchard_proto::events::v1 as pb;
use orchard_proto::events::v1::outbox_service_server::OutboxService;
use orchard_rpc::Answer;
use orchard_server::Caller;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::parked::{self, Target};
use super::wire;
use crate::error::Error;

/// Serves `OutboxService`.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) db: Db,
    pub(super) domain: String,
}

impl Api {
    fn status(&self, error: impl Into<Error>) -> Status {
        error.into().into_status(&self.domain)
    }
}

#[tonic::async_trait]
impl OutboxService for Api {
    async fn list_parked_events(&self, request: Request<pb::ListParkedEventsRequest>) -> Answer<pb::ListParkedEventsResponse> {
        let operator = Caller::user(&request)?.id;
        let asked = wire::page(request.get_ref(), operator).map_err(|violations| self.status(violations))?;
        let listed = async {
            let mut connection = self.db.connection().await?;
            let rows = parked::list(&mut connection, asked.after, asked.fetch()).await?;
            let aggregates: Vec<Uuid> = rows.iter().map(|row| row.event.aggregate_id).collect();
            Ok::<_, Failure>((rows, parked::count_pending(&mut connection, &aggregates).await?))
        };
        let (rows, pending) = listed.await.map_err(|failure| self.status(failure))?;
        let page = asked.page(rows, |row| row.event.position);
        Ok(Response::new(pb::ListParkedEventsResponse {
            parked_events: page.rows.into_iter().map(|row| wire::parked_event(row, &pending)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn replay_parked_event(&self, request: Request<pb::ReplayParkedEventRequest>) -> Answer<pb::ReplayParkedEventResponse> {
        let operator = Caller::user(&request)?.id;
        let pb::ReplayParkedEventRequest { consumer, event_id } = request.get_ref();
        let target = wire::target(consumer, event_id).map_err(|violations| self.status(violations))?;
        let Target { consumer, event_id } = target.clone();
        let replay = async move |connection: &mut Connection| parked::replay(connection, &target).await;
        self.db.write("replay parked event", replay).await.map_err(|error| self.status(error))?;
        tracing::info!(%operator, consumer, %event_id, "a parked event is retried");
        Ok(Response::new(pb::ReplayParkedEventResponse {}))
    }

    async fn discard_parked_event(
        &self,
        request: Request<pb::DiscardParkedEventRequest>,
    ) -> Answer<pb::DiscardParkedEventResponse> {
        let operator = Caller::user(&request)?.id;
        let pb::DiscardParkedEventRequest { consumer, event_id } = request.get_ref();
        let target = wire::target(consumer, event_id).map_err(|violations| self.status(violations))?;
        let Target { consumer, event_id } = target.clone();
        let discard = async move |connection: &mut Connection| parked::discard(connection, &target).await;
        self.db.write("discard parked event", discard).await.map_err(|error| self.status(error))?;
        tracing::warn!(%operator, consumer, %event_id, "a parked event was discarded");
        Ok(Response::new(pb::DiscardParkedEventResponse {}))
    }
}
