//! The deadline that a caller sends along.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::common;

/// Ends a call when its `grpc-timeout` is over. The unit of work that it began goes on to its end.
///
/// tonic does this too, outside of all layers, and answers CANCELLED without a reason: this must come first.
pub(crate) async fn keep(State(domain): State<Arc<str>>, request: Request, next: Next) -> Response {
    let Some(timeout) = timeout(request.headers()) else { return next.run(request).await };
    let earlier = timeout - (timeout / 20).clamp(Duration::from_micros(500).min(timeout), Duration::from_millis(20).min(timeout));
    match tokio::time::timeout(earlier, next.run(request)).await {
        Ok(response) => response,
        Err(_late) => common(ErrorReason::DeadlineExceeded, "the call did not end in its time").into_status(&domain).into_http(),
    }
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
