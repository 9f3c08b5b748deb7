//! Use cases of seats.

use orchard_db::Db;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::participant_service_server::ParticipantService;
use orchard_rpc::{Currency, Fields, read};
use orchard_server::Caller;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{CompletionStatus, Participant, ParticipantError, store, wire};
use crate::challenges::challenge;
use crate::challenges::leaderboard;
use crate::error::Error;

/// Serves `ParticipantService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
    currency: Currency,
}

impl Api {
    /// Serves seats from `db`.
    pub fn new(db: Db, currency: Currency) -> Self {
        Self { db, currency }
    }

    async fn withdraw(&self, id: Uuid, user: Uuid) -> Result<Participant, Error> {
        self.db
            .write("withdraw participant", async move |connection| {
                challenge::store::lock(connection, id).await?.ok_or_else(|| Error::from(ParticipantError::NotParticipating))?;
                let seated =
                    store::lock(connection, id, user).await?.ok_or_else(|| Error::from(ParticipantError::NotParticipating))?;
                match seated.completion_status {
                    CompletionStatus::Withdrawn => return Ok(seated),
                    CompletionStatus::Completed | CompletionStatus::Failed => return Err(ParticipantError::Ended.into()),
                    CompletionStatus::Active => (),
                }
                store::count_seats(connection, id, -1).await?;
                let left = store::set_status(connection, seated.id, CompletionStatus::Withdrawn).await?;
                leaderboard::moved(connection, &seated, &left).await?;
                Ok::<_, Error>(left)
            })
            .await
    }

    async fn show(&self, id: Uuid, user: Uuid, is_visible: bool) -> Result<Participant, Error> {
        self.db
            .write("set participant visibility", async move |connection| {
                let before =
                    store::lock(connection, id, user).await?.ok_or_else(|| Error::from(ParticipantError::NotParticipating))?;
                if before.is_visible == is_visible {
                    return Ok(before);
                }
                let now = store::set_visibility(connection, before.id, is_visible).await?;
                leaderboard::moved(connection, &before, &now).await?;
                Ok::<_, Error>(now)
            })
            .await
    }
}

#[tonic::async_trait]
impl ParticipantService for Api {
    async fn get_participant(
        &self,
        request: Request<pb::GetParticipantRequest>,
    ) -> Result<Response<pb::GetParticipantResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let id = Fields::one("challenge_id", read::uuid(&request.get_ref().challenge_id)).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let found = store::get(&connection, id, user)
            .await
            .map_err(Error::from)?
            .ok_or_else(|| Error::from(ParticipantError::NotParticipating))?;
        Ok(Response::new(pb::GetParticipantResponse { participant: Some(wire::participant(found, &self.currency)) }))
    }

    async fn list_participants(
        &self,
        request: Request<pb::ListParticipantsRequest>,
    ) -> Result<Response<pb::ListParticipantsResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let (status, asked) = wire::list(request.get_ref(), user).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows = store::list(&connection, user, status, asked.after, asked.fetch()).await.map_err(Error::from)?;
        let page = asked.page(rows, |seat| (seat.joined_at, seat.id));
        Ok(Response::new(pb::ListParticipantsResponse {
            participants: page.rows.into_iter().map(|seat| wire::participant(seat, &self.currency)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn withdraw_participant(
        &self,
        request: Request<pb::WithdrawParticipantRequest>,
    ) -> Result<Response<pb::WithdrawParticipantResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let id = Fields::one("challenge_id", read::uuid(&request.get_ref().challenge_id)).map_err(Error::from)?;
        let participant = self.withdraw(id, user).await?;
        Ok(Response::new(pb::WithdrawParticipantResponse { participant: Some(wire::participant(participant, &self.currency)) }))
    }

    async fn set_participant_visibility(
        &self,
        request: Request<pb::SetParticipantVisibilityRequest>,
    ) -> Result<Response<pb::SetParticipantVisibilityResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let pb::SetParticipantVisibilityRequest { challenge_id, is_visible } = request.into_inner();
        let id = Fields::one("challenge_id", read::uuid(&challenge_id)).map_err(Error::from)?;
        let participant = self.show(id, user, is_visible).await?;
        Ok(Response::new(pb::SetParticipantVisibilityResponse {
            participant: Some(wire::participant(participant, &self.currency)),
        }))
    }
}
