//! Use cases of `BookingService`.

use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::booking_service_server::BookingService;
use orchard_rpc::Answer;
use tonic::{Request, Response};
use uuid::Uuid;

use super::session::{Booking, book};
use super::{Party, Slot, hold, reschedule, wire};
use crate::error::Error;
use crate::family::{Permission, may_book};
use crate::professional::Viewer;
use crate::session::ending::find;
use crate::session::wire::session;
use crate::session::{SessionError, Side};
use crate::{Api, request};

impl Api {
    /// Asks whether somebody may book for a client. No transaction waits for the answer.
    async fn party(&self, client: Uuid, booked_by: Uuid) -> Party {
        Party { client, booked_by, permission: may_book(&self.family, client, booked_by).await }
    }
}

/// Returns who calls, as one who may have a part in a session.
fn caller<T>(request: &Request<T>) -> Result<Viewer, tonic::Status> {
    Ok(Viewer { is_operator: false, ..Viewer::of(request)? })
}

#[tonic::async_trait]
impl BookingService for Api {
    async fn hold_slot(&self, request: Request<pb::HoldSlotRequest>) -> Answer<pb::HoldSlotResponse> {
        let caller = caller(&request)?.user;
        let (key, client, slot) = wire::hold(request.get_ref(), caller, &self.currency)?;
        let hold = hold::hold(&self.db, key, self.party(client, caller).await, slot).await?;
        Ok(Response::new(pb::HoldSlotResponse { slot_hold: wire::slot_hold(hold, &self.currency) }))
    }

    async fn release_slot_hold(&self, request: Request<pb::ReleaseSlotHoldRequest>) -> Answer<pb::ReleaseSlotHoldResponse> {
        let caller = caller(&request)?.user;
        let id = request::id("slot_hold_id", &request.get_ref().slot_hold_id)?;
        hold::release(&self.db, id, caller).await?;
        Ok(Response::new(pb::ReleaseSlotHoldResponse {}))
    }

    async fn book_session(&self, request: Request<pb::BookSessionRequest>) -> Answer<pb::BookSessionResponse> {
        let caller = caller(&request)?;
        let (key, client, slot, session_type) = wire::book(request.get_ref(), caller.user, &self.currency)?;
        let party = self.party(client, caller.user).await;
        let booking = Booking { key, party, slot, session_type, follow_up_of: None, by_professional: false };
        let found = book(&self.db, &self.outbox, booking, caller).await?;
        Ok(Response::new(pb::BookSessionResponse { session: session(found, &self.currency) }))
    }

    async fn reschedule_session(&self, request: Request<pb::RescheduleSessionRequest>) -> Answer<pb::RescheduleSessionResponse> {
        let caller = caller(&request)?;
        let wanted = wire::reschedule(request.get_ref())?;
        let found = reschedule::reschedule_session(&self.db, &self.outbox, wanted, caller).await?;
        Ok(Response::new(pb::RescheduleSessionResponse { session: session(found, &self.currency) }))
    }

    async fn schedule_follow_up(&self, request: Request<pb::ScheduleFollowUpRequest>) -> Answer<pb::ScheduleFollowUpResponse> {
        let caller = caller(&request)?;
        let (key, id, slot, session_type) = wire::follow_up(request.get_ref(), caller.user, &self.currency)?;
        let followed_up = {
            let connection = self.db.read().await.map_err(Error::from)?;
            find(&connection, id, caller).await?
        };
        if followed_up.side == Side::Ward {
            return Err(Error::from(SessionError::NotClient).into());
        }
        let by_professional = followed_up.side == Side::Professional;
        // The follow-up is of the same two, booked by the same one.
        let original = followed_up.session;
        let party = self.party(original.client, original.booked_by.unwrap_or(original.client)).await;
        if by_professional && matches!(party.permission, Permission::GuardianRequired | Permission::NotGuardian) {
            // Who is whose guardian is not the professional's business.
            return Err(Error::from(SessionError::NotClient).into());
        }
        let slot = Slot { professional: original.professional, ..slot };
        let booking = Booking { key, party, slot, session_type, follow_up_of: Some(id), by_professional };
        let found = book(&self.db, &self.outbox, booking, caller).await?;
        Ok(Response::new(pb::ScheduleFollowUpResponse { session: session(found, &self.currency) }))
    }
}
