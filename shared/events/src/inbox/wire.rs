//! Delivered events as received.

use orchard_proto::events::v1 as pb;
use orchard_rpc::{Fields, Invalid, read};
use prost_types::Any;

use super::{Delivered, Handler};
use crate::error::Error;

/// The most events of one request.
const MAX_EVENTS: usize = 500;

/// An event whose payload has not been read yet.
type Envelope = Delivered<Any>;

/// Reads the events of a request. Invalid fields are refused by their paths, and events that the slice cannot apply by their ids.
pub(super) fn events<H: Handler>(
    handler: &H,
    source: &str,
    request: pb::DeliverEventsRequest,
) -> Result<Vec<Delivered<H::Event>>, Error> {
    let mut fields = Fields::default();
    let envelopes = fields.each("events", 1..=MAX_EVENTS, request.events, envelope);
    let envelopes = fields.finish(|| envelopes)?;
    envelopes.into_iter().map(|envelope| open(handler, source, envelope)).collect()
}

fn envelope(fields: &mut Fields, event: pb::Event) -> Result<Envelope, Invalid> {
    let id = fields.read("event_id", read::uuid(&event.event_id));
    let aggregate = fields.read("aggregate_id", read::uuid(&event.aggregate_id));
    let sequence = fields.read("sequence", read::within(event.sequence, 1..=i64::MAX));
    let payload = fields.read("payload", read::required(event.payload));
    Ok(Delivered { id: id?, aggregate: aggregate?, sequence: sequence?, traceparent: event.traceparent, event: payload? })
}

fn open<H: Handler>(handler: &H, source: &str, envelope: Envelope) -> Result<Delivered<H::Event>, Error> {
    let Delivered { id, aggregate, sequence, traceparent, event: payload } = envelope;
    match handler.read(source, &payload) {
        Ok(event) => Ok(Delivered { id, aggregate, sequence, traceparent, event }),
        Err(cause) => {
            tracing::error!(event_id = %id, source, event_type = payload.type_url, cause, "an event cannot be read");
            Err(Error::EventRejected { event_id: id })
        }
    }
}
