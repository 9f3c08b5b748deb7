//! Bookings as received, and holds as sent.

use orchard_db::idempotency::{Keep, Key};
use orchard_proto::consultation::v1 as pb;
use orchard_rpc::{Currency, Fields, read, timestamp_to_wire};
use uuid::Uuid;

use super::Slot;
use super::follow_up::FollowUp;
use super::reschedule::Move;
use crate::claim::Hold;
use crate::error::Error;
use crate::professional::read_price;
use crate::request;
use crate::session::SessionType;

/// Reads a hold: its key, the client, and the slot.
pub(super) fn hold(request: &pb::HoldSlotRequest, caller: Uuid, currency: &Currency) -> Result<(Key, Uuid, Slot), Error> {
    let mut fields = Fields::default();
    let professional = fields.read("professional_id", read::uuid(&request.professional_id));
    let start = fields.read("start_time", request::moment(request.start_time));
    let price = fields.read("price", read_price(request.price.clone(), currency));
    let client = fields.read("user_id", read::optional_uuid(&request.user_id));
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    Ok(fields.finish(|| {
        let slot = Slot { professional: professional?, start: start?, price: price? };
        Ok((Key::new(caller, "HoldSlot", request_id?, Keep::Days30, request), client?.unwrap_or(caller), slot))
    })?)
}

/// Reads a session to book: its key, the client, the slot, and how it is held.
pub(super) fn book(
    request: &pb::BookSessionRequest,
    caller: Uuid,
    currency: &Currency,
) -> Result<(Key, Uuid, Slot, SessionType), Error> {
    let mut fields = Fields::default();
    let professional = fields.read("professional_id", read::uuid(&request.professional_id));
    let start = fields.read("start_time", request::moment(request.start_time));
    let session_type = fields.read("session_type", request.session_type.try_into());
    let price = fields.read("price", read_price(request.price.clone(), currency));
    let client = fields.read("user_id", read::optional_uuid(&request.user_id));
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    Ok(fields.finish(|| {
        let slot = Slot { professional: professional?, start: start?, price: price? };
        let key = Key::new(caller, "BookSession", request_id?, Keep::Days30, request);
        Ok((key, client?.unwrap_or(caller), slot, session_type?))
    })?)
}

pub(super) fn follow_up(request: &pb::ScheduleFollowUpRequest, caller: Uuid, currency: &Currency) -> Result<FollowUp, Error> {
    let mut fields = Fields::default();
    let of = fields.read("session_id", read::uuid(&request.session_id));
    let start = fields.read("start_time", request::moment(request.start_time));
    let session_type = fields.read("session_type", request.session_type.try_into());
    let price = fields.read("price", read_price(request.price.clone(), currency));
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    Ok(fields.finish(|| {
        let key = Key::new(caller, "ScheduleFollowUp", request_id?, Keep::Days30, request);
        Ok(FollowUp { key, of: of?, start: start?, session_type: session_type?, price: price? })
    })?)
}

pub(super) fn reschedule(request: &pb::RescheduleSessionRequest) -> Result<Move, Error> {
    let mut fields = Fields::default();
    let session = fields.read("session_id", read::uuid(&request.session_id));
    let from = fields.read("current_start_time", request::moment(request.current_start_time));
    let is_move = request.current_start_time != request.new_start_time;
    let differs = is_move.then_some(()).ok_or_else(|| "must be another time than current_start_time".to_owned());
    let to = fields.read("new_start_time", request::moment(request.new_start_time).and_then(|to| differs.map(|()| to)));
    Ok(fields.finish(|| Ok(Move { session: session?, from: from?, to: to? }))?)
}

pub(super) fn slot_hold(hold: Hold, currency: &Currency) -> Option<pb::SlotHold> {
    Some(pb::SlotHold {
        slot_hold_id: hold.id.to_string(),
        professional_id: hold.professional.to_string(),
        user_id: hold.client.to_string(),
        start_time: Some(timestamp_to_wire(hold.start)),
        end_time: Some(timestamp_to_wire(hold.end)),
        price: Some(currency.to_wire(&hold.price)),
        expire_time: Some(timestamp_to_wire(hold.expires_at)),
    })
}
