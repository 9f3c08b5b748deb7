//! Use cases of progress.

use orchard_db::Db;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::progress_service_server::ProgressService;
use orchard_rpc::{Currency, Page};
use orchard_server::{Caller, Clock};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{Day, ProgressError, batch, list, wire, write};
use crate::challenges::participant;
use crate::error::Error;

/// Serves `ProgressService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
    currency: Currency,
    clock: Clock,
}

impl Api {
    /// Serves progress from `db`.
    pub fn new(db: Db, currency: Currency, clock: Clock) -> Self {
        Self { db, currency, clock }
    }

    async fn list(&self, user: Uuid, request: &pb::ListProgressRequest) -> Result<Page<Day>, Error> {
        let (challenge, page) = wire::list(request, user)?;
        let connection = self.db.read().await?;
        let seat = list::seat(&connection, challenge, user).await?.ok_or_else(|| Error::from(ProgressError::NotParticipating))?;
        let days = list::days(&connection, seat, page.after, page.fetch()).await?;
        Ok(page.page(days, |day| day.date))
    }
}

#[tonic::async_trait]
impl ProgressService for Api {
    async fn record_progress(
        &self,
        request: Request<pb::RecordProgressRequest>,
    ) -> Result<Response<pb::RecordProgressResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let entry = wire::record(request.into_inner()).map_err(Error::from)?;
        let written = write::alone(&self.db, user, self.clock.ahead(), entry).await?;
        Ok(Response::new(pb::RecordProgressResponse {
            day: written.day.map(wire::day),
            participant: Some(participant::wire::participant(written.participant, &self.currency)),
        }))
    }

    async fn batch_record_progress(
        &self,
        request: Request<pb::BatchRecordProgressRequest>,
    ) -> Result<Response<pb::BatchRecordProgressResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let entries = wire::batch(request.into_inner()).map_err(Error::from)?;
        let (days, seats) = batch::all(&self.db, user, self.clock.ahead(), entries).await?.into_parts();
        Ok(Response::new(pb::BatchRecordProgressResponse {
            days: days.map(wire::day).collect(),
            participants: seats.into_iter().map(|seat| participant::wire::participant(seat, &self.currency)).collect(),
        }))
    }

    async fn delete_progress(
        &self,
        request: Request<pb::DeleteProgressRequest>,
    ) -> Result<Response<pb::DeleteProgressResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let entry = wire::deletion(request.get_ref()).map_err(Error::from)?;
        let written = write::alone(&self.db, user, self.clock.ahead(), entry).await?;
        Ok(Response::new(pb::DeleteProgressResponse {
            participant: Some(participant::wire::participant(written.participant, &self.currency)),
        }))
    }

    async fn list_progress(
        &self,
        request: Request<pb::ListProgressRequest>,
    ) -> Result<Response<pb::ListProgressResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let page = self.list(user, request.get_ref()).await?;
        let days = page.rows.into_iter().map(wire::day).collect();
        Ok(Response::new(pb::ListProgressResponse { days, next_page_token: page.next_page_token }))
    }
}
