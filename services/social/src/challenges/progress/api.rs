//! Use cases of `ProgressService`.

use orchard_db::Db;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::progress_service_server::ProgressService;
use orchard_rpc::{Answer, Currency, Page};
use orchard_server::{Caller, Clock};
use tonic::{Request, Response};

use super::{ProgressDay, batch, recording, store, wire};
use crate::challenges::participant::{self, Participant, ParticipantError};
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

    async fn list(&self, list: &wire::List) -> Result<Page<ProgressDay>, Error> {
        let connection = self.db.read().await?;
        let seat = participant::store::id_of(&connection, list.challenge, list.user).await?;
        let seat = seat.ok_or(ParticipantError::NotParticipating)?;
        let days = store::days(&connection, seat, list.page.after, list.page.fetch()).await?;
        Ok(list.page.page(days, |day| day.date))
    }

    fn seat(&self, participant: Participant) -> pb::Participant {
        participant::wire::participant(participant, &self.currency)
    }
}

#[tonic::async_trait]
impl ProgressService for Api {
    async fn record_progress(&self, request: Request<pb::RecordProgressRequest>) -> Answer<pb::RecordProgressResponse> {
        let user = Caller::user(&request)?.id;
        let write = wire::record(request.into_inner(), user)?;
        let written = recording::write(&self.db, &self.clock, write).await?;
        Ok(Response::new(pb::RecordProgressResponse {
            day: written.day.map(wire::day),
            participant: Some(self.seat(written.participant)),
        }))
    }

    async fn batch_record_progress(
        &self,
        request: Request<pb::BatchRecordProgressRequest>,
    ) -> Answer<pb::BatchRecordProgressResponse> {
        let user = Caller::user(&request)?.id;
        let writes = wire::batch(request.into_inner(), user)?;
        let (days, seats) = batch::write_all(&self.db, &self.clock, user, writes).await?.into_parts();
        Ok(Response::new(pb::BatchRecordProgressResponse {
            days: days.map(wire::day).collect(),
            participants: seats.into_iter().map(|seat| self.seat(seat)).collect(),
        }))
    }

    async fn delete_progress(&self, request: Request<pb::DeleteProgressRequest>) -> Answer<pb::DeleteProgressResponse> {
        let user = Caller::user(&request)?.id;
        let write = wire::deletion(request.get_ref(), user)?;
        let written = recording::write(&self.db, &self.clock, write).await?;
        Ok(Response::new(pb::DeleteProgressResponse { participant: Some(self.seat(written.participant)) }))
    }

    async fn list_progress(&self, request: Request<pb::ListProgressRequest>) -> Answer<pb::ListProgressResponse> {
        let user = Caller::user(&request)?.id;
        let list = wire::list(request.get_ref(), user)?;
        let page = self.list(&list).await?;
        let days = page.rows.into_iter().map(wire::day).collect();
        Ok(Response::new(pb::ListProgressResponse { days, next_page_token: page.next_page_token }))
    }
}
