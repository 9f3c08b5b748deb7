//! Questions to the family service: who is a child.

use std::time::Duration;

use orchard_client::Upstream;
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{Deadline, common};
use uuid::Uuid;

use crate::error::Error;

/// How long to wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Returns whether a user is a child. Without an answer the call fails: an unknown child must not count as an adult.
pub(crate) async fn is_child(family: &Upstream, user: Uuid) -> Result<bool, Error> {
    let unavailable = |cause: &dyn std::fmt::Display| {
        tracing::warn!(%cause, "cannot get memberships from the family service");
        Error::from(common(ErrorReason::UpstreamUnavailable, "the family service does not answer").with("upstream", "family"))
    };
    let mut client = MemberServiceClient::new(family.as_service().map_err(|cause| unavailable(&cause))?);
    let request = pb::BatchGetMembershipsRequest { user_ids: vec![user.to_string()] };
    let timeout = Deadline::after(TIMEOUT);
    let deadline = Deadline::current().map_or(timeout, |callers| callers.min(timeout));
    let answer = deadline.scope(client.batch_get_memberships(request)).await.map_err(|status| unavailable(&status.code()))?;
    Ok(!answer.into_inner().child_user_ids.is_empty())
}
