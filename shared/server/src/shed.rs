//! Turns calls away while there is more work than the service can do.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use http_body_util::BodyExt as _;
use metrics::Counter;
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{Refusal, common, overloaded};
use tokio::sync::Semaphore;

use crate::access::AccessTable;
use crate::{MAX_MESSAGE_BYTES, calls};

/// What requests that are still arriving may hold in memory, all of them together.
const MAX_ARRIVING_BYTES: usize = 64 * 1024 * 1024;
/// Before each message: whether it is compressed, and its length.
const FRAME_HEADER_BYTES: usize = 5;

/// The room that there is.
pub(crate) struct Capacity {
    domain: Arc<str>,
    access: Arc<AccessTable>,
    calls: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    arriving: Semaphore,
    shed: Counter,
}

impl Capacity {
    pub(crate) fn new(domain: Arc<str>, access: Arc<AccessTable>, max_calls: usize, max_streams: usize) -> Self {
        let shed = metrics::counter!("orchard_server_shed_calls_total");
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        let (calls, streams) = (semaphore(max_calls), semaphore(max_streams));
        Self { domain, access, calls, streams, arriving: Semaphore::new(MAX_ARRIVING_BYTES), shed }
    }

    /// A call takes its place when its request is there: whoever sends slowly keeps nobody else from theirs.
    async fn admit(&self, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Result<Response, Refusal> {
        let (places, request) = if self.access.streams(request.uri().path()) {
            (&self.streams, request)
        } else {
            (&self.calls, self.receive(request).await?)
        };
        let place = Arc::clone(places).try_acquire_owned().map_err(|_full| self.turn_away())?;
        Ok(next(request).await.map(|body| calls::held(body, place)))
    }

    fn turn_away(&self) -> Refusal {
        self.shed.increment(1);
        overloaded()
    }

    async fn receive(&self, request: Request) -> Result<Request, Refusal> {
        let (parts, mut body) = request.into_parts();
        let mut arrived: Vec<Bytes> = Vec::with_capacity(1);
        let mut length = 0;
        let mut held = None;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_gone| common(ErrorReason::MessageMalformed, "the request broke off"))?;
            let Ok(bytes) = frame.into_data() else { continue };
            length += bytes.len();
            if length > MAX_MESSAGE_BYTES + FRAME_HEADER_BYTES {
                let message = format!("the request is longer than {MAX_MESSAGE_BYTES} bytes");
                return Err(common(ErrorReason::MessageTooLarge, message));
            }
            let count = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            let more = self.arriving.try_acquire_many(count).map_err(|_full| self.turn_away())?;
            match &mut held {
                Some(held) => tokio::sync::SemaphorePermit::merge(held, more),
                None => held = Some(more),
            }
            arrived.push(bytes);
        }
        let whole = if let [only] = arrived.as_slice() { only.clone() } else { arrived.concat().into() };
        Ok(Request::from_parts(parts, Body::from(whole)))
    }
}

pub(crate) async fn shed(capacity: &Capacity, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    match capacity.admit(request, next).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_status(&capacity.domain).into_http(),
    }
}
