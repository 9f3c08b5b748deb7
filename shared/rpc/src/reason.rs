//! The reasons that contracts have for refusals.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::HeaderMap;
use orchard_proto::{consultation, events, family, intents, privacy, recipe, rpc, social};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

const DETAILS: &str = "grpc-status-details-bin";
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// A value of a package's `ErrorReason`.
pub trait Reason {
    /// The name as `ErrorInfo.reason` carries it: the value's name without the enum's prefix, such as `PLAN_FULL`.
    fn name(&self) -> &'static str;
}

macro_rules! reasons {
    ($($package:ident),+) => {
        $(impl Reason for $package::v1::ErrorReason {
            fn name(&self) -> &'static str {
                let name = self.as_str_name();
                name.strip_prefix("ERROR_REASON_").unwrap_or(name)
            }
        })+

        fn known(name: &str) -> Option<&'static str> {
            let name = format!("ERROR_REASON_{name}");
            $(if let Some(reason) = $package::v1::ErrorReason::from_str_name(&name) {
                return Some(reason.name());
            })+
            None
        }
    };
}

reasons!(rpc, events, intents, privacy, family, social, recipe, consultation);

/// Returns the reason of the status in headers or trailers, if a contract has it: other texts are a peer's inventions.
pub fn reason(headers: &HeaderMap) -> Option<&'static str> {
    let details = BASE64.decode(headers.get(DETAILS)?.as_bytes()).ok()?;
    let status = Status::with_details(Code::Unknown, "", details.into());
    known(&status.get_details_error_info()?.reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common;
    use crate::status::trailers;
    use orchard_proto::rpc::v1::ErrorReason;

    #[test]
    fn only_reasons_of_contracts_are_read() {
        let sent = trailers(&common(ErrorReason::Overloaded, "busy").into_status("orchard.test"));
        assert_eq!(reason(&sent), Some("OVERLOADED"));
        let invented = Status::with_error_details(Code::Aborted, "", tonic_types::ErrorDetails::with_error_info("MINE", "x", []));
        assert_eq!(reason(&trailers(&invented)), None);
        for bad in ["%%%", "", "AAAA", "CAM=", "\u{ff}"] {
            let mut headers = HeaderMap::new();
            headers.insert(DETAILS, http::HeaderValue::from_bytes(bad.as_bytes()).expect("a header"));
            assert_eq!(reason(&headers), None, "{bad}");
        }
    }
}
