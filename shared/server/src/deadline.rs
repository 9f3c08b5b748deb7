//! The deadline of each call: its caller's, or the service's limit if that is sooner.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{Deadline, Refusal, common};
use tokio_util::sync::CancellationToken;

use crate::access::AccessTable;
use crate::stream::Stream;

/// How long calls and streams may go on.
#[derive(Debug)]
pub(crate) struct Deadlines {
    pub(crate) domain: Arc<str>,
    pub(crate) access: Arc<AccessTable>,
    pub(crate) call_limit: Duration,
    pub(crate) stream_limit: Duration,
    /// Ends streams, which have no end of their own, when the service stops.
    pub(crate) stop: CancellationToken,
}

/// Ends a call at its deadline. The unit of work that it began goes on to its end.
pub(crate) async fn keep(State(deadlines): State<Arc<Deadlines>>, request: Request, next: Next) -> Response {
    let streams = deadlines.access.streams(request.uri().path());
    let limit = if streams { deadlines.stream_limit } else { deadlines.call_limit };
    let deadline = Deadline::after(timeout(request.headers()).map_or(limit, |asked| earlier(asked).min(limit)));
    let answered = tokio::time::timeout_at(deadline.instant(), deadline.scope(next.run(request)));
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
    answer.unwrap_or_else(|_late| late().into_status(&deadlines.domain).into_http())
}

pub(crate) fn late() -> Refusal {
    common(ErrorReason::DeadlineExceeded, "the call did not end in its time")
}

pub(crate) fn stopping() -> Refusal {
    common(ErrorReason::ShuttingDown, "the service is stopping; call again")
}

/// The answer has a way to go: a caller who gives up at the same moment would not see it. tonic's clients then say CANCELLED.
fn earlier(asked: Duration) -> Duration {
    asked - (asked / 20).clamp(Duration::from_micros(500).min(asked), Duration::from_millis(20).min(asked))
}

/// At most 8 digits and a unit, as the gRPC specification has it; what is not that is no deadline.
fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3_600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", text.parse().expect("a header"));
            timeout(&headers)
        };
        assert_eq!(read("1S"), Some(Duration::from_secs(1)));
        assert_eq!(read("99999999H"), Some(Duration::from_secs(99_999_999 * 3_600)));
        assert_eq!(read("250m"), Some(Duration::from_millis(250)));
        for bad in ["", "S", "1", "1s", "-1S", "123456789S", "1 S", "1.5S"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
