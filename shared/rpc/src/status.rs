//! gRPC statuses as headers and trailers carry them.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, HeaderValue};
use tonic::{Code, Status};

const GRPC_STATUS: &str = "grpc-status";
const GRPC_MESSAGE: &str = "grpc-message";
const GRPC_DETAILS: &str = "grpc-status-details-bin";
/// Binary headers may come with padding and without.
const BINARY: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// Headers or trailers carry a status that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the status cannot be read")]
pub struct Unreadable;

/// Returns the status in headers or trailers of a peer that may send anything; `None` if they carry no status.
///
/// `Status::from_header_map` panics at details that are not base64, and reads a code or message that it cannot decode as UNKNOWN.
pub fn read(headers: &HeaderMap) -> Result<Option<Status>, Unreadable> {
    let Some(code) = headers.get(GRPC_STATUS) else { return Ok(None) };
    if headers.get(GRPC_DETAILS).is_some_and(|details| BINARY.decode(details).is_err()) {
        return Err(Unreadable);
    }
    if code == "0" && !headers.contains_key(GRPC_MESSAGE) {
        return Ok(Some(Status::ok("")));
    }
    match Status::from_header_map(headers) {
        Some(status) if status.code() != Code::Unknown || code == "2" => Ok(Some(status)),
        Some(_) | None => Err(Unreadable),
    }
}

/// Returns the code in headers or trailers; `None` if they carry no status.
pub fn code(headers: &HeaderMap) -> Option<Code> {
    headers.get(GRPC_STATUS).map(|code| Code::from_bytes(code.as_bytes()))
}

/// Returns the trailers that end a stream with `status`.
pub fn trailers(status: &Status) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    // Fails only for a message that no header can carry.
    if let Err(error) = status.add_header(&mut trailers) {
        tracing::error!(%error, "cannot send a status's message");
        trailers.insert(GRPC_STATUS, HeaderValue::from(i32::from(status.code())));
    }
    trailers
}

/// Returns the name of a code as the gRPC specification spells it.
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(entries: &[(&'static str, &[u8])]) -> HeaderMap {
        entries
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_bytes(value).expect("a value")))
            .collect()
    }

    #[test]
    fn a_status_is_read_or_refused_whatever_the_bytes() {
        let code = |entries: &[(&'static str, &[u8])]| read(&headers(entries)).map(|status| status.map(|status| status.code()));
        assert_eq!(code(&[]), Ok(None));
        assert_eq!(code(&[("grpc-status", b"0")]), Ok(Some(Code::Ok)));
        assert_eq!(code(&[("grpc-status", b"2")]), Ok(Some(Code::Unknown)));
        assert_eq!(code(&[("grpc-status", b"5"), ("grpc-message", b"%20"), (GRPC_DETAILS, b"CAU")]), Ok(Some(Code::NotFound)));
        assert_eq!(code(&[("grpc-status", b"5"), (GRPC_DETAILS, b"CAU=")]), Ok(Some(Code::NotFound)), "with padding");
        let unreadable: [&[(&'static str, &[u8])]; 8] = [
            &[("grpc-status", b"")],
            &[("grpc-status", b"99")],
            &[("grpc-status", b"-1")],
            &[("grpc-status", b"\xff\xfe")],
            &[("grpc-status", b"0"), (GRPC_DETAILS, b"%%%")],
            &[("grpc-status", b"5"), (GRPC_DETAILS, b"%%%")],
            &[("grpc-status", b"5"), (GRPC_DETAILS, b"A")],
            &[("grpc-status", b"5"), ("grpc-message", b"%FF")],
        ];
        for entries in unreadable {
            assert_eq!(code(entries), Err(Unreadable), "{entries:?}");
        }
    }
}
