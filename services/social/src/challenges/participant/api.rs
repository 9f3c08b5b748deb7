//! Use cases of `ParticipantService`.

use chrono::{DateTime, Utc};
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::participant_service_server::ParticipantService;
use orchard_rpc::{Answer, Page, PageRequest};
use orchard_server::Caller;
use tonic::{Request, Response};
use uuid::Uuid;

use super::{CompletionStatus, Participant, ParticipantError, store, wire};
use crate::Api;
use crate::error::Error;
use crate::request;

impl Api {
    async fn get_seat(&self, challenge: Uuid, user: Uuid) -> Result<Participant, Error> {
        let connection = self.db.read().await?;
        Ok(store::get(&connection, challenge, user).await?.ok_or(ParticipantError::NotParticipating)?)
    }

    async fn list_seats(
        &self,
        user: Uuid,
        status: Option<CompletionStatus>,
        page: &PageRequest<(DateTime<Utc>, Uuid)>,
    ) -> Result<Page<Participant>, Error> {
        let connection = self.db.read().await?;
        let seats = store::list(&connection, user, status, page.after, page.fetch()).await?;
        Ok(page.page(seats, |seat| (seat.joined_at, seat.id)))
    }

    async fn withdraw(&self, challenge: Uuid, user: Uuid) -> Result<Participant, Error> {
        self.db
            .write("withdraw participant", async move |connection| {
                store::lock_seats(connection, challenge).await?;
                let seat = store::lock(connection, challenge, user).await?.ok_or(ParticipantError::NotParticipating)?;
                if seat.completion_status == CompletionStatus::Withdrawn {
                    return Ok(seat);
                }
                seat.check_active()?;
                store::count_seats(connection, challenge, -1).await?;
                Ok::<_, Error>(store::set_status(connection, &seat, CompletionStatus::Withdrawn).await?)
            })
            .await
    }

    async fn set_visibility(&self, challenge: Uuid, user: Uuid, is_visible: bool) -> Result<Participant, Error> {
        self.db
            .write("set participant visibility", async move |connection| {
                let seat = store::lock(connection, challenge, user).await?.ok_or(ParticipantError::NotParticipating)?;
                if seat.is_visible == is_visible {
                    return Ok(seat);
                }
                Ok::<_, Error>(store::set_visibility(connection, &seat, is_visible).await?)
            })
            .await
    }

    /// Converts a seat for its user.
    pub(crate) fn seat(&self, participant: Participant) -> pb::Participant {
        wire::participant(participant, &self.currency)
    }
}

#[tonic::async_trait]
impl ParticipantService for Api {
    async fn get_participant(&self, request: Request<pb::GetParticipantRequest>) -> Answer<pb::GetParticipantResponse> {
        let user = Caller::user(&request)?.id;
        let challenge = request::id("challenge_id", &request.get_ref().challenge_id)?;
        let participant = self.get_seat(challenge, user).await?;
        Ok(Response::new(pb::GetParticipantResponse { participant: Some(self.seat(participant)) }))
    }

    async fn list_participants(&self, request: Request<pb::ListParticipantsRequest>) -> Answer<pb::ListParticipantsResponse> {
        let user = Caller::user(&request)?.id;
        let (status, page) = wire::list(request.get_ref(), user)?;
        let page = self.list_seats(user, status, &page).await?;
        Ok(Response::new(pb::ListParticipantsResponse {
            participants: page.rows.into_iter().map(|seat| self.seat(seat)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn withdraw_participant(
        &self,
        request: Request<pb::WithdrawParticipantRequest>,
    ) -> Answer<pb::WithdrawParticipantResponse> {
        let user = Caller::user(&request)?.id;
        let challenge = request::id("challenge_id", &request.get_ref().challenge_id)?;
        let participant = self.withdraw(challenge, user).await?;
        Ok(Response::new(pb::WithdrawParticipantResponse { participant: Some(self.seat(participant)) }))
    }

    async fn set_participant_visibility(
        &self,
        request: Request<pb::SetParticipantVisibilityRequest>,
    ) -> Answer<pb::SetParticipantVisibilityResponse> {
        let user = Caller::user(&request)?.id;
        let pb::SetParticipantVisibilityRequest { challenge_id, is_public } = request.into_inner();
        let challenge = request::id("challenge_id", &challenge_id)?;
        let participant = self.set_visibility(challenge, user, is_public).await?;
        Ok(Response::new(pb::SetParticipantVisibilityResponse { participant: Some(self.seat(participant)) }))
    }
}
