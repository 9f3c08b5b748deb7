//! Reads each request and refuses calls beyond the service's capacity, or beyond their caller's share of it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use http_body::Body as _;
use http_body_util::BodyExt as _;
use metrics::Counter;
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{Refusal, beyond_share, common, metadata_bytes, overloaded};

use crate::access::AccessTable;
use crate::elements::{self, MAX_FIELDS};
use crate::identity::Caller;
use crate::listener::Peer;
use crate::shares::{Held, Holder, Percentages, Refused, Shares};
use crate::{MAX_MESSAGE_BYTES, calls};

/// The memory that the requests of all open calls may take together.
const MAX_REQUEST_BYTES: usize = 32 * 1024 * 1024;
/// What a call takes besides its headers and message.
const CALL_BYTES: usize = 4 * 1024;
/// The size of the header before each message: a compression flag and the length.
const FRAME_HEADER_BYTES: usize = 5;
/// The calls or streams that a caller may have, however small its share is.
const FEW: usize = 4;

/// The capacity of a service.
pub(crate) struct Capacity {
    domain: Arc<str>,
    access: Arc<AccessTable>,
    calls: Arc<Shares>,
    streams: Arc<Shares>,
    bytes: Arc<Shares>,
    shed: Counter,
}

impl Capacity {
    pub(crate) fn new(
        domain: Arc<str>,
        access: Arc<AccessTable>,
        max_calls: usize,
        max_streams: usize,
        shares: Percentages,
    ) -> Self {
        let shed = metrics::counter!("orchard_server_shed_calls_total");
        let (calls, streams) = (Shares::new(max_calls, FEW, shares), Shares::new(max_streams, FEW, shares));
        Self { domain, access, calls, streams, bytes: Shares::new(MAX_REQUEST_BYTES, 2 * MAX_MESSAGE_BYTES, shares), shed }
    }

    /// Admits a call once its request has arrived, so that slow senders take up no capacity.
    async fn admit(&self, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Result<Response, Refusal> {
        let path = request.uri().path();
        let places = if self.access.streams(path) { &self.streams } else { &self.calls };
        let peer = request.extensions().get::<Arc<Peer>>();
        let (holder, is_known) = holder(request.extensions().get(), peer);
        let in_use = peer.filter(|_| is_known).map(Peer::call);
        let mut bytes = self.charged(self.bytes.take(holder, CALL_BYTES + metadata_bytes(request.headers())))?;
        let request = if self.access.streams_requests(path) { request } else { self.receive(request, &mut bytes).await? };
        let place = self.charged(places.take(holder, 1))?;
        let answer = next(request).await;
        drop(bytes);
        Ok(answer.map(|body| calls::hold(body, (place, in_use))))
    }

    fn charged<T>(&self, taken: Result<T, Refused>) -> Result<T, Refusal> {
        taken.map_err(|refused| {
            self.shed.increment(1);
            match refused {
                Refused::Full => overloaded(),
                Refused::Share => beyond_share(),
            }
        })
    }

    /// Reads a request, which must be one message.
    async fn receive(&self, request: Request, bytes: &mut Held) -> Result<Request, Refusal> {
        let (parts, mut body) = request.into_parts();
        let (mut only, mut copied) = (Bytes::new(), Vec::new());
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_broken| common(ErrorReason::MessageMalformed, "the request broke off"))?;
            let Ok(data) = frame.into_data() else { continue };
            if copied.len() + data.len() > MAX_MESSAGE_BYTES + FRAME_HEADER_BYTES {
                let message = format!("the request is longer than {MAX_MESSAGE_BYTES} bytes");
                return Err(common(ErrorReason::MessageTooLarge, message));
            }
            self.charged(bytes.add(data.len()))?;
            // Most requests are one frame. The others are copied: a frame of one byte would keep the whole buffer that it was read into.
            if copied.is_empty() && body.is_end_stream() {
                only = data;
            } else {
                copied.extend_from_slice(&data);
            }
        }
        let whole = if copied.is_empty() { only } else { copied.into() };
        check(&whole)?;
        if let Some(shape) = self.access.request(parts.uri.path())
            && elements::are_too_many(&whole[FRAME_HEADER_BYTES..], shape)
        {
            return Err(common(ErrorReason::MessageTooLarge, format!("the request has more than {MAX_FIELDS} fields")));
        }
        Ok(Request::from_parts(parts, Body::from(whole)))
    }
}

/// Requires one frame with one uncompressed message. Of several messages, a handler would see the first alone and the caller not learn of it.
fn check(whole: &[u8]) -> Result<(), Refusal> {
    let fault = match whole.split_first_chunk::<FRAME_HEADER_BYTES>() {
        None if whole.is_empty() => "the request has no message",
        None => "the request ends within the header of a message",
        Some(([0, length @ ..], message)) => match u32::from_be_bytes(*length).try_into() {
            Ok(length) if message.len() == length => return Ok(()),
            Ok(length) if message.len() < length => "the request ends within its message",
            Ok(_) | Err(_) => "the request has more than one message",
        },
        Some(([1, ..], _)) => "the message is compressed, and no encoding is named",
        Some(_) => "the header of the message is malformed",
    };
    Err(common(ErrorReason::MessageMalformed, fault))
}

/// Returns whom a call is charged to, and whether its caller has a token.
fn holder(caller: Option<&Caller>, peer: Option<&Arc<Peer>>) -> (Holder, bool) {
    match caller {
        Some(Caller { user: Some(user), .. }) => (Holder::User(user.id), true),
        Some(Caller { service: Some(_), .. }) => (Holder::Services, true),
        Some(_) | None => {
            let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
            (Holder::Address(peer.map_or(unknown, |peer| peer.address())), false)
        }
    }
}

/// Passes a call on if there is capacity for it, or refuses it.
pub(crate) async fn shed(capacity: &Capacity, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    match capacity.admit(request, next).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_status(&capacity.domain).into_http(),
    }
}
