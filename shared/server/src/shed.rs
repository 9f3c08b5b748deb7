//! Refuses calls beyond the service's capacity.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use http_body_util::BodyExt as _;
use metrics::Counter;
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{Refusal, common, overloaded};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::access::AccessTable;
use crate::{MAX_MESSAGE_BYTES, calls};

/// The memory that all arriving requests together may take.
const MAX_ARRIVING_BYTES: usize = 64 * 1024 * 1024;
/// The size of the header before each message: a compression flag and the length.
const FRAME_HEADER_BYTES: usize = 5;

/// The capacity of a service.
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

    /// Admits a call once its request has arrived, so that slow senders take up no capacity.
    async fn admit(&self, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Result<Response, Refusal> {
        let path = request.uri().path();
        let permits = if self.access.streams(path) { &self.streams } else { &self.calls };
        let request = if self.access.streams_requests(path) { request } else { self.receive(request).await? };
        let permit = Arc::clone(permits).try_acquire_owned().map_err(|_full| self.turn_away())?;
        Ok(next(request).await.map(|body| calls::hold(body, permit)))
    }

    fn turn_away(&self) -> Refusal {
        self.shed.increment(1);
        overloaded()
    }

    async fn receive(&self, request: Request) -> Result<Request, Refusal> {
        let (parts, mut body) = request.into_parts();
        let mut arrived: Vec<Bytes> = Vec::with_capacity(1);
        let mut length = 0;
        let mut reserved: Option<SemaphorePermit<'_>> = None;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_broken| common(ErrorReason::MessageMalformed, "the request broke off"))?;
            let Ok(bytes) = frame.into_data() else { continue };
            length += bytes.len();
            if length > MAX_MESSAGE_BYTES + FRAME_HEADER_BYTES {
                let message = format!("the request is longer than {MAX_MESSAGE_BYTES} bytes");
                return Err(common(ErrorReason::MessageTooLarge, message));
            }
            let count = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            let more = self.arriving.try_acquire_many(count).map_err(|_full| self.turn_away())?;
            match &mut reserved {
                Some(reserved) => reserved.merge(more),
                None => reserved = Some(more),
            }
            arrived.push(bytes);
        }
        let whole = if let [only] = arrived.as_slice() { only.clone() } else { arrived.concat().into() };
        Ok(Request::from_parts(parts, Body::from(whole)))
    }
}

/// Passes a call on if there is capacity for it, or refuses it.
pub(crate) async fn shed(capacity: &Capacity, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    match capacity.admit(request, next).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_status(&capacity.domain).into_http(),
    }
}
