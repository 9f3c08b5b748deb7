//! Use cases of `BookingService`.

use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::booking_service_server::BookingService;
use orchard_rpc::Answer;
use tonic::{Request, Response};

use super::follow_up::book_follow_up;
use super::session::{Booking, book};
use super::{Party, hold, reschedule, wire};
use crate::professional::Viewer;
use crate::session::wire::session;
use crate::{Api, request};

#[tonic::async_trait]
impl BookingService for Api {
    async fn hold_slot(&self, request: Request<pb::HoldSlotRequest>) -> Answer<pb::HoldSlotResponse> {
        let caller = Viewer::without_roles(&request)?.user;
        let (key, client, slot) = wire::hold(request.get_ref(), caller, &self.currency)?;
        let hold = hold::hold(&self.db, key, Party::ask(&self.family, client, caller).await, slot).await?;
        Ok(Response::new(pb::HoldSlotResponse { slot_hold: wire::slot_hold(hold, &self.currency) }))
    }

    async fn release_slot_hold(&self, request: Request<pb::ReleaseSlotHoldRequest>) -> Answer<pb::ReleaseSlotHoldResponse> {
        let caller = Viewer::without_roles(&request)?.user;
        let id = request::id("slot_hold_id", &request.get_ref().slot_hold_id)?;
        hold::release(&self.db, id, caller).await?;
        Ok(Response::new(pb::ReleaseSlotHoldResponse {}))
    }

    async fn book_session(&self, request: Request<pb::BookSessionRequest>) -> Answer<pb::BookSessionResponse> {
        let caller = Viewer::without_roles(&request)?;
        let (key, client, slot, session_type) = wire::book(request.get_ref(), caller.user, &self.currency)?;
        let party = Party::ask(&self.family, client, caller.user).await;
        let booking = Booking { key, party, slot, session_type, follow_up_of: None };
        let found = book(&self.db, &self.outbox, booking, caller).await?;
        Ok(Response::new(pb::BookSessionResponse { session: session(found, &self.currency) }))
    }

    async fn reschedule_session(&self, request: Request<pb::RescheduleSessionRequest>) -> Answer<pb::RescheduleSessionResponse> {
        let caller = Viewer::without_roles(&request)?;
        let wanted = wire::reschedule(request.get_ref())?;
        let found = reschedule::reschedule_session(&self.db, &self.outbox, wanted, caller).await?;
        Ok(Response::new(pb::RescheduleSessionResponse { session: session(found, &self.currency) }))
    }

    async fn schedule_follow_up(&self, request: Request<pb::ScheduleFollowUpRequest>) -> Answer<pb::ScheduleFollowUpResponse> {
        let caller = Viewer::without_roles(&request)?;
        let wanted = wire::follow_up(request.get_ref(), caller.user, &self.currency)?;
        let found = book_follow_up(&self.db, (&self.family, &self.outbox), wanted, caller).await?;
        Ok(Response::new(pb::ScheduleFollowUpResponse { session: session(found, &self.currency) }))
    }
}
