//! Wallets of family plans, which the family service keeps.
//!
//! Every call may be repeated: the family service knows it by its reference.

use std::fmt;
use std::time::Duration;

use bigdecimal::BigDecimal;
use orchard_client::{Authorized, Unsendable, Upstream};
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::hold_service_client::HoldServiceClient;
use orchard_rpc::{Currency, Deadline, code_name};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

/// How long to wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(2);
/// The domain of the family service's own answers.
const DOMAIN: &str = "orchard.family";
/// What the members of a plan read. It says nothing of the professional.
const REASON: &str = "Consultation";

/// Names money in a wallet.
#[derive(Debug, Clone)]
pub(crate) struct HoldKey {
    pub(crate) plan: Uuid,
    pub(crate) reference: String,
}

/// Why a call has no effect, or none that is known of.
#[derive(Debug)]
pub(crate) enum NotDone {
    /// The family service refuses, so the call has no effect.
    Refused(Refused),
    /// Nobody knows whether the call has an effect: code and reason of the answer.
    Unknown(String),
}

/// A refusal of the family service.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) code: Code,
    pub(crate) reason: pb::ErrorReason,
    /// The amount that the refusal names, such as a shortfall.
    pub(crate) amount: Option<String>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", code_name(self.code), self.reason.as_str_name().trim_start_matches("ERROR_REASON_"))
    }
}

impl fmt::Display for NotDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refused) => refused.fmt(f),
            Self::Unknown(answer) => f.write_str(answer),
        }
    }
}

impl From<Status> for NotDone {
    fn from(status: Status) -> Self {
        let info = status.get_details_error_info();
        let reason = info.as_ref().filter(|info| info.domain == DOMAIN);
        let reason = reason.and_then(|info| pb::ErrorReason::from_str_name(&format!("ERROR_REASON_{}", info.reason)));
        match (reason, info) {
            (Some(reason), Some(info)) => {
                let amount = info.metadata.into_values().next();
                Self::Refused(Refused { code: status.code(), reason, amount })
            }
            // What is no rule of the family service is no answer: it may have been given after the effect, or by somebody in between.
            (_, info) => {
                let reason = info.map(|info| format!(" {}", info.reason)).unwrap_or_default();
                Self::Unknown(format!("{}{reason}", code_name(status.code())))
            }
        }
    }
}

impl From<Unsendable> for NotDone {
    fn from(cause: Unsendable) -> Self {
        Self::Unknown(cause.to_string())
    }
}

/// Holds money for a user.
pub(crate) async fn hold(
    family: &Upstream,
    token: &str,
    key: &HoldKey,
    (amount, currency): (&BigDecimal, &Currency),
) -> Result<(), NotDone> {
    let request = pb::CreateHoldRequest {
        family_plan_id: key.plan.to_string(),
        reference: key.reference.clone(),
        amount: Some(currency.to_wire(amount)),
        reason: REASON.to_owned(),
    };
    let mut wallet = HoldServiceClient::new(family.on_behalf_of(token)?);
    Deadline::within(TIMEOUT).scope(wallet.create_hold(request)).await?;
    Ok(())
}

/// Takes all the money that is held.
pub(crate) async fn capture(family: &Upstream, key: &HoldKey) -> Result<(), NotDone> {
    let HoldKey { plan, reference } = key.clone();
    let request = pb::CaptureHoldRequest { family_plan_id: plan.to_string(), reference, amount: None };
    Deadline::within(TIMEOUT).scope(wallet(family)?.capture_hold(request)).await?;
    Ok(())
}

/// Gives back the money that is held.
pub(crate) async fn release(family: &Upstream, key: &HoldKey) -> Result<(), NotDone> {
    let HoldKey { plan, reference } = key.clone();
    let request = pb::ReleaseHoldRequest { family_plan_id: plan.to_string(), reference };
    Deadline::within(TIMEOUT).scope(wallet(family)?.release_hold(request)).await?;
    Ok(())
}

/// Gives back money that was taken. There is one refund of it.
pub(crate) async fn refund(
    family: &Upstream,
    key: &HoldKey,
    (amount, currency): (&BigDecimal, &Currency),
) -> Result<(), NotDone> {
    let HoldKey { plan, reference } = key.clone();
    let request = pb::RefundHoldRequest {
        family_plan_id: plan.to_string(),
        refund_reference: format!("{reference}/refund"),
        reference,
        amount: Some(currency.to_wire(amount)),
        reason: REASON.to_owned(),
    };
    Deadline::within(TIMEOUT).scope(wallet(family)?.refund_hold(request)).await?;
    Ok(())
}

fn wallet(family: &Upstream) -> Result<HoldServiceClient<Authorized>, Unsendable> {
    Ok(HoldServiceClient::new(family.as_service()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchard_proto::rpc::v1::ErrorReason as Common;
    use orchard_rpc::{Refusal, common};

    #[test]
    fn only_a_rule_of_the_family_service_refuses() {
        let read = |status: Status| match NotDone::from(status) {
            NotDone::Refused(Refused { reason, amount, .. }) => (Some(reason), amount),
            NotDone::Unknown(_) => (None, None),
        };
        let funds = || Refusal::new(Code::FailedPrecondition, pb::ErrorReason::InsufficientFunds, "no").with("shortfall", "5.50");
        assert_eq!(read(funds().into_status(DOMAIN)), (Some(pb::ErrorReason::InsufficientFunds), Some("5.50".to_owned())));
        for status in [
            funds().into_status("orchard.social"),
            common(Common::Overloaded, "no").into_status(DOMAIN),
            common(Common::TokenExpired, "no").into_status(DOMAIN),
            Status::unavailable("a reset"),
            Status::failed_precondition("a proxy"),
        ] {
            assert_eq!(read(status.clone()), (None, None), "{status}");
        }
    }
}
