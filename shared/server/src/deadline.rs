//! The deadline of each call: its caller's, or the service's limit if that is earlier.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use orchard_rpc::{Deadline, timeout};
use tokio_util::sync::CancellationToken;

use crate::access::AccessTable;
use crate::errors::{late, stopping};
use crate::stream::Stream;

/// The limits of calls and streams.
#[derive(Debug)]
pub(crate) struct Deadlines {
    pub(crate) domain: Arc<str>,
    pub(crate) access: Arc<AccessTable>,
    pub(crate) call_limit: Duration,
    pub(crate) stream_limit: Duration,
    /// Ends streams when the service stops, because they may not end by themselves.
    pub(crate) stop: CancellationToken,
}

/// Ends a call at its deadline. A unit of work that it began continues to its end.
pub(crate) async fn keep(deadlines: &Deadlines, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let streams = deadlines.access.streams(request.uri().path());
    let limit = if streams { deadlines.stream_limit } else { deadlines.call_limit };
    let deadline = Deadline::after(timeout::asked(request.headers()).map_or(limit, |asked| earlier(asked).min(limit)));
    let answered = tokio::time::timeout_at(deadline.instant(), deadline.scope(next(request)));
    let answer = if streams {
        tokio::select! {
            answer = answered => answer.map(|response| {
                response.map(|body| Body::new(Stream::new(body, deadline, deadlines.stop.clone(), Arc::clone(&deadlines.domain))))
            }),
            () = deadlines.stop.cancelled() => return stopping().into_status(&deadlines.domain).into_http(),
        }
    } else {
        answered.await
    };
    let mut answer = answer.unwrap_or_else(|_late| late().into_status(&deadlines.domain).into_http());
    // For the connection, which sends the answer until then.
    answer.extensions_mut().insert(deadline);
    answer
}

/// Shortens the caller's timeout so that the answer arrives in time. A tonic client that gives up first reports CANCELLED.
fn earlier(asked: Duration) -> Duration {
    asked - (asked / 20).clamp(Duration::from_micros(500).min(asked), Duration::from_millis(20).min(asked))
}
