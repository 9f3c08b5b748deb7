//! Events and parked events as sent, and the requests of operators.

use std::collections::HashMap;

use orchard_proto::events::v1 as pb;
use orchard_rpc::{Fields, PageRequest, Violations, read, timestamp_to_wire};
use prost_types::Any;
use uuid::Uuid;

use super::parked::{Parked, Target};
use super::store::Pending;

pub(super) fn event(event: &Pending) -> pb::Event {
    pb::Event {
        event_id: event.event_id.to_string(),
        aggregate_id: event.aggregate_id.to_string(),
        sequence: event.sequence,
        occur_time: Some(timestamp_to_wire(event.created_at)),
        traceparent: event.traceparent.clone().unwrap_or_default(),
        payload: Some(Any { type_url: format!("type.googleapis.com/{}", event.event_type), value: event.payload.clone() }),
    }
}

/// Converts a parked event. `pending` has the number of undelivered events by consumer and aggregate, the parked one included.
pub(super) fn parked_event(parked: Parked, pending: &HashMap<(String, Uuid), i64>) -> pb::ParkedEvent {
    let all = pending.get(&(parked.consumer.clone(), parked.event.aggregate_id)).copied().unwrap_or_default();
    pb::ParkedEvent {
        event: Some(event(&parked.event)),
        consumer: parked.consumer,
        attempts: parked.event.attempts(),
        refusal: parked.refusal,
        park_time: parked.parked_at.map(timestamp_to_wire),
        waiting: (all - 1).max(0),
    }
}

pub(super) fn page(request: &pb::ListParkedEventsRequest, operator: Uuid) -> Result<PageRequest<i64>, Violations> {
    let mut fields = Fields::default();
    let page = PageRequest::read(&mut fields, format!("ListParkedEvents {operator}"), request.page_size, &request.page_token);
    fields.finish(|| page)
}

pub(super) fn target(consumer: &str, event_id: &str) -> Result<Target, Violations> {
    let mut fields = Fields::default();
    let consumer = fields.read("consumer", read::text(consumer, 1..=30));
    let event_id = fields.read("event_id", read::uuid(event_id));
    fields.finish(|| Ok(Target { consumer: consumer?, event_id: event_id? }))
}
