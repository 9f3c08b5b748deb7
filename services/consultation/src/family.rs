//! Questions to the family service: who may book for whom.

use std::time::Duration;

use orchard_client::Upstream;
use orchard_db::Rule;
use orchard_proto::consultation::v1::ErrorReason;
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_proto::rpc::v1::ErrorReason as Common;
use orchard_rpc::{Deadline, Refusal, common};
use tonic::Code;
use uuid::Uuid;

use crate::error::Error;

/// How long to wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Whether somebody may book for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    Granted,
    /// The client is a child.
    GuardianRequired,
    /// The client is another user, of whom they are not the guardian.
    NotGuardian,
    /// The family service does not answer. An unknown child must not count as an adult.
    Unknown,
}

/// Why somebody may not book for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum NotPermitted {
    #[error("the client is a child, for whom the guardian books")]
    GuardianRequired,
    #[error("the caller is not the client's guardian")]
    NotGuardian,
}

impl Rule for NotPermitted {
    fn refusal(&self) -> Refusal {
        let refuse = |reason: ErrorReason| Refusal::new(Code::PermissionDenied, reason, self);
        match self {
            Self::GuardianRequired => refuse(ErrorReason::GuardianRequired),
            Self::NotGuardian => refuse(ErrorReason::NotGuardian),
        }
    }
}

impl Permission {
    /// Checks that the booking may be made.
    pub(crate) fn check(self) -> Result<(), Error> {
        match self {
            Self::Granted => Ok(()),
            Self::GuardianRequired => Err(NotPermitted::GuardianRequired.into()),
            Self::NotGuardian => Err(NotPermitted::NotGuardian.into()),
            Self::Unknown => {
                let refusal = common(Common::UpstreamUnavailable, "the family service does not answer");
                Err(refusal.with("upstream", "family").into())
            }
        }
    }

    /// Decides about a booking for `client` by `caller` from what the family service knows of the client.
    fn of(client: Uuid, caller: Uuid, known: &pb::BatchGetMembershipsResponse) -> Self {
        let [client_id, caller_id] = [client, caller].map(|user| user.to_string());
        let is_guardian = |known: &pb::Guardianship| known.child_user_id == client_id && known.guardian_user_id == caller_id;
        if client == caller {
            if known.child_user_ids.contains(&client_id) { Self::GuardianRequired } else { Self::Granted }
        } else if known.guardianships.iter().any(is_guardian) {
            Self::Granted
        } else {
            Self::NotGuardian
        }
    }
}

/// Asks whether `caller` may book for `client`.
pub(crate) async fn may_book(family: &Upstream, client: Uuid, caller: Uuid) -> Permission {
    let unanswered = |cause: &dyn std::fmt::Display| tracing::warn!(%cause, "cannot get guardians from the family service");
    let Ok(channel) = family.as_service().inspect_err(|cause| unanswered(cause)) else { return Permission::Unknown };
    let request = pb::BatchGetMembershipsRequest { user_ids: vec![client.to_string()] };
    let mut asked = MemberServiceClient::new(channel);
    let answer = Deadline::within(TIMEOUT).scope(asked.batch_get_memberships(request)).await;
    match answer.inspect_err(|status| unanswered(&status.code())) {
        Ok(known) => Permission::of(client, caller, known.get_ref()),
        Err(_) => Permission::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adults_book_for_themselves_and_for_their_wards() {
        let [adult, child, other] = [1, 2, 3].map(Uuid::from_u128);
        let guardianship = pb::Guardianship { child_user_id: child.to_string(), guardian_user_id: adult.to_string() };
        let known = pb::BatchGetMembershipsResponse {
            child_user_ids: vec![child.to_string()],
            guardianships: vec![guardianship],
            ..Default::default()
        };
        let may = |client, caller| Permission::of(client, caller, &known);
        assert_eq!(may(adult, adult), Permission::Granted);
        assert_eq!(may(child, adult), Permission::Granted);
        assert_eq!(may(child, child), Permission::GuardianRequired);
        assert_eq!(may(child, other), Permission::NotGuardian);
        assert_eq!(may(other, adult), Permission::NotGuardian);
    }
}
