//! What makes a request a gRPC call, before anybody reads it.

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{MAX_METADATA_BYTES, Refusal, common, metadata_bytes, timeout};

/// Room for two tokens of the greatest length and other headers.
pub(crate) const MAX_HEADER_BYTES: usize = MAX_METADATA_BYTES + 1024;

/// Returns the answer to a request that is not a call of gRPC as this service speaks it.
pub(crate) fn refuse(domain: &str, request: &Request) -> Option<Response> {
    let headers = request.headers();
    if request.method() != Method::POST {
        return Some((StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "POST")], Body::empty()).into_response());
    }
    if !is_grpc(headers) {
        return Some((StatusCode::UNSUPPORTED_MEDIA_TYPE, Body::empty()).into_response());
    }
    let refused = |refusal: Refusal| refusal.into_status(domain).into_http();
    if metadata_bytes(headers) > MAX_HEADER_BYTES {
        let message = format!("the metadata is larger than {MAX_HEADER_BYTES} bytes");
        return Some(refused(common(ErrorReason::MetadataTooLarge, message).with("limit", MAX_HEADER_BYTES)));
    }
    if headers.get("grpc-encoding").is_some_and(|encoding| encoding != "identity") {
        let mut answer = refused(common(ErrorReason::EncodingUnsupported, "the service reads no compressed messages"));
        answer.headers_mut().insert("grpc-accept-encoding", HeaderValue::from_static("identity"));
        return Some(answer);
    }
    let message = "grpc-timeout must be one number of at most 8 digits with a unit, such as 500m";
    timeout::is_malformed(headers).then(|| refused(common(ErrorReason::TimeoutMalformed, message)))
}

/// Returns whether headers say that the content is gRPC's, with messages of protobuf.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    [&b"application/grpc"[..], b"application/grpc+proto"].iter().any(|known| known.eq_ignore_ascii_case(essence(headers)))
}

/// Returns the content type without its parameters.
pub(crate) fn essence(headers: &HeaderMap) -> &[u8] {
    let whole = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    whole.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_are_those_of_protobuf_in_grpc() {
        for (text, is) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("Application/GRPC ; charset=utf-8", true),
            ("application/grpc+json", false),
            ("application/grpc-web+proto", false),
            ("application/grpc+protobuf", false),
            ("application/json", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(text))]);
            assert_eq!(is_grpc(&headers), is, "{text}");
        }
    }
}
