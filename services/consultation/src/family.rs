//! Questions to the family service: who may book for whom.

use std::time::Duration;

use orchard_client::Upstream;
use orchard_db::Rule;
use orchard_proto::consultation::v1::ErrorReason;
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_rpc::{Deadline, Refusal, unanswered};
use tonic::Code;
use uuid::Uuid;

/// How long to wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Whether somebody may book for a client.
pub(crate) type Permission = Result<(), NotPermitted>;

/// Why somebody may not book for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotPermitted {
    #[error("the client is a child, for whom the guardian books")]
    GuardianRequired,
    #[error("the caller is not the client's guardian")]
    NotGuardian,
    /// An unknown child must not count as an adult.
    #[error("the family service does not answer")]
    Unanswered,
}

impl Rule for NotPermitted {
    fn refusal(&self) -> Refusal {
        let refuse = |reason: ErrorReason| Refusal::new(Code::PermissionDenied, reason, self);
        match self {
            Self::GuardianRequired => refuse(ErrorReason::GuardianRequired),
            Self::NotGuardian => refuse(ErrorReason::NotGuardian),
            Self::Unanswered => unanswered("family"),
        }
    }
}

/// Decides about a booking for `client` by `caller` from what the family service knows of the client.
fn decide(client: Uuid, caller: Uuid, known: &pb::BatchGetMembershipsResponse) -> Permission {
    let [client_id, caller_id] = [client, caller].map(|user| user.to_string());
    let is_guardian = |known: &pb::Guardianship| known.child_user_id == client_id && known.guardian_user_id == caller_id;
    if client == caller {
        if known.child_user_ids.contains(&client_id) { Err(NotPermitted::GuardianRequired) } else { Ok(()) }
    } else if known.guardianships.iter().any(is_guardian) {
        Ok(())
    } else {
        Err(NotPermitted::NotGuardian)
    }
}

/// Asks whether `caller` may book for `client`.
pub(crate) async fn may_book(family: &Upstream, client: Uuid, caller: Uuid) -> Permission {
    let unanswered = |cause: &dyn std::fmt::Display| {
        tracing::warn!(%cause, "cannot get guardians from the family service");
        NotPermitted::Unanswered
    };
    let mut asked = MemberServiceClient::new(family.as_service().map_err(|cause| unanswered(&cause))?);
    let request = pb::BatchGetMembershipsRequest { user_ids: vec![client.to_string()] };
    let answer = Deadline::within(TIMEOUT).scope(asked.batch_get_memberships(request)).await;
    decide(client, caller, answer.map_err(|status| unanswered(&status.code()))?.get_ref())
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
        let may = |client, caller| decide(client, caller, &known);
        assert_eq!(may(adult, adult), Ok(()));
        assert_eq!(may(child, adult), Ok(()));
        assert_eq!(may(child, child), Err(NotPermitted::GuardianRequired));
        assert_eq!(may(child, other), Err(NotPermitted::NotGuardian));
        assert_eq!(may(other, adult), Err(NotPermitted::NotGuardian));
    }
}
