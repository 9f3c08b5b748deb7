//! Use cases of `ProgressService`.

use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::progress_service_server::ProgressService;
use orchard_rpc::{Answer, Page};
use orchard_server::Caller;
use tonic::{Request, Response};

use super::{ProgressDay, batch, recording, store, wire};
use crate::Api;
use crate::challenges::participant::{self, ParticipantError};
use crate::error::Error;

impl Api {
    async fn list_days(&self, list: &wire::List) -> Result<Page<ProgressDay>, Error> {
        let connection = self.db.read().await?;
        let seat = participant::store::id_of(&connection, list.challenge, list.user).await?;
        let seat = seat.ok_or(ParticipantError::NotParticipating)?;
        let days = store::days(&connection, seat, list.page.after, list.page.fetch()).await?;
        Ok(list.page.page(days, |day| day.date))
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
        let page = self.list_days(&list).await?;
        let days = page.rows.into_iter().map(wire::day).collect();
        Ok(Response::new(pb::ListProgressResponse { days, next_page_token: page.next_page_token }))
    }
}
