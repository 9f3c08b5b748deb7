//! Sessions as received and sent.

use chrono::{DateTime, Utc};
use orchard_proto::consultation::v1 as pb;
use orchard_rpc::{Currency, Fields, Invalid, PageRequest, read, timestamp_to_wire};
use prost_types::Timestamp;
use uuid::Uuid;

use super::rating::Feedback;
use super::store::{Filter, Found};
use super::{CancelledBy, PaymentStatus, Session, SessionStatus, SessionType, Side};
use crate::error::Error;
use crate::request;

orchard_rpc::wire_enum!(SessionType <=> pb::SessionType: Video, Phone, Chat);
orchard_rpc::wire_enum!(SessionStatus <=> pb::SessionStatus: Scheduled, Completed, Cancelled, NoShow);
orchard_rpc::wire_enum!(PaymentStatus => pb::PaymentStatus: Pending, Paid, Refunded);
orchard_rpc::wire_enum!(CancelledBy => pb::CancelledBy: Client, Professional, Operator, Service);

/// A page of a list of sessions.
pub(super) type Page = PageRequest<(DateTime<Utc>, Uuid)>;

/// The fields of a request for a list.
pub(super) struct List<'a> {
    pub(super) method: &'static str,
    pub(super) status: i32,
    pub(super) from_time: Option<Timestamp>,
    pub(super) to_time: Option<Timestamp>,
    pub(super) professional_id: &'a str,
    pub(super) page_size: i32,
    pub(super) page_token: &'a str,
}

impl List<'_> {
    /// Reads which sessions to list for a caller.
    pub(super) fn read(&self, caller: Uuid, as_professional: bool) -> Result<(Filter, Page), Error> {
        let mut fields = Fields::default();
        let status = fields.read("session_status", read::optional_enumeration(self.status));
        let from = fields.read("from_time", self.from_time.map(|from| request::moment(Some(from))).transpose());
        let to = fields.read("to_time", self.to_time.map(|to| request::moment(Some(to))).transpose());
        let professional = fields.read("professional_id", read::optional_uuid(self.professional_id));
        let Self { method, status: of, from_time, to_time, professional_id, .. } = self;
        let query = format!("{method} {caller} {of:?} {from_time:?} {to_time:?} {professional_id}");
        let page = PageRequest::read(&mut fields, query, self.page_size, self.page_token);
        Ok(fields.finish(|| {
            let filter = Filter { as_professional, status: status?, from: from?, to: to?, professional: professional? };
            Ok((filter, page?))
        })?)
    }
}

/// Reads a session's id and another field.
pub(super) fn id_and<T>(session_id: &str, name: &str, value: Result<T, String>) -> Result<(Uuid, T), Error> {
    let mut fields = Fields::default();
    let id = fields.read("session_id", read::uuid(session_id));
    let value = fields.read(name, value);
    Ok(fields.finish(|| Ok((id?, value?)))?)
}

/// Reads a text that may be empty.
pub(super) fn optional_text(text: &str, longest: usize) -> Result<Option<String>, String> {
    Ok(Some(read::long_text(text, 0..=longest)?).filter(|text| !text.is_empty()))
}

pub(super) fn rating(request: &pb::RateSessionRequest) -> Result<(Uuid, Feedback), Error> {
    let mut fields = Fields::default();
    let id = fields.read("session_id", read::uuid(&request.session_id));
    let rating = fields.read("rating", read::within(request.rating, 1..=5));
    let text = fields.read("feedback_text", optional_text(&request.feedback_text, 2_000));
    Ok(fields.finish(|| -> Result<_, Invalid> { Ok((id?, Feedback { rating: rating?, text: text? })) })?)
}

/// Converts a session as a caller with this side in it may see it.
pub(crate) fn session(found: Found, currency: &Currency) -> Option<pb::Session> {
    let Found { session, side, .. } = found;
    let [is_professional, takes_part] = [side == Side::Professional, side != Side::Operator];
    let notes = session.notes.clone().filter(|_| is_professional).unwrap_or_default();
    let feedback_text = session.feedback_text.clone().filter(|_| takes_part).unwrap_or_default();
    let recording_url = session.recording_url.clone().filter(|_| takes_part).unwrap_or_default();
    let cancel_reason = session.cancel_reason.clone().filter(|_| takes_part).unwrap_or_default();
    Some(pb::Session {
        session_notes: notes,
        user_feedback_text: feedback_text,
        recording_url,
        cancel_reason,
        ..listed(session, currency)
    })
}

/// Converts a session as lists have it.
pub(super) fn listed(session: Session, currency: &Currency) -> pb::Session {
    let text = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let refund = |is_given| {
        let amount = session.refund_amount.as_ref().filter(|_| (session.payment_status == PaymentStatus::Refunded) == is_given);
        amount.map(|amount| currency.to_wire(amount))
    };
    pb::Session {
        session_id: session.id.to_string(),
        user_id: session.client.to_string(),
        booked_by_user_id: text(session.booked_by),
        professional_id: session.professional.to_string(),
        start_time: Some(timestamp_to_wire(session.start)),
        duration_minutes: session.minutes,
        session_type: session.session_type.into(),
        session_status: session.status.into(),
        payment_due_time: session.due().map(timestamp_to_wire),
        refunded_amount: refund(true),
        pending_refund_amount: refund(false),
        session_cost: session.cost.map(|cost| currency.to_wire(&cost)),
        payment_status: session.payment_status.into(),
        cancelled_by: session.cancelled_by.map(i32::from).unwrap_or_default(),
        cancel_reason: session.cancel_reason.unwrap_or_default(),
        follow_up_of_session_id: text(session.follow_up_of),
        follow_up_scheduled: session.follow_up_scheduled,
        recording_consent: session.recording_consent,
        recording_url: session.recording_url.unwrap_or_default(),
        session_notes: String::new(),
        user_feedback_rating: session.rating,
        user_feedback_text: String::new(),
        create_time: Some(timestamp_to_wire(session.created_at)),
        update_time: Some(timestamp_to_wire(session.updated_at)),
    }
}
