//! What the family slice is asked: who is a child, and who has a plan.

use std::collections::BTreeSet;
use std::time::Duration;

use orchard_client::Upstream;
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_proto::rpc::v1::ErrorReason;
use orchard_rpc::{Deadline, common};
use uuid::Uuid;

use crate::error::Error;

/// Longest that is waited for an answer.
const LIMIT: Duration = Duration::from_secs(2);

/// Those of these users who are children in any family.
pub(crate) async fn children(family: &Upstream, users: &[Uuid]) -> Result<BTreeSet<Uuid>, Error> {
    let memberships = memberships(family, users).await?;
    let child = memberships.iter().filter(|membership| membership.role() == pb::MemberRole::Child);
    Ok(child.filter_map(|membership| membership.user_id.parse().ok()).collect())
}

/// Whether a user belongs to a family plan that is in use, not as a guest.
pub(crate) async fn has_plan(family: &Upstream, user: Uuid) -> Result<bool, Error> {
    let memberships = memberships(family, &[user]).await?;
    Ok(memberships.iter().any(|membership| membership.role() != pb::MemberRole::Guest))
}

/// The seats of these users in plans that are in use. No answer is not a no: whoever asks gives up.
async fn memberships(family: &Upstream, users: &[Uuid]) -> Result<Vec<pb::Membership>, Error> {
    let unavailable = |cause: &dyn std::fmt::Display| {
        tracing::warn!(%cause, "the family service does not say who is in which family");
        Error::from(common(ErrorReason::UpstreamUnavailable, "the family service does not answer").with("upstream", "family"))
    };
    let mut client = MemberServiceClient::new(family.as_service().map_err(|cause| unavailable(&cause))?);
    let request = pb::BatchGetMembershipsRequest { user_ids: users.iter().map(Uuid::to_string).collect() };
    let limit = Deadline::after(LIMIT);
    let deadline = Deadline::current().map_or(limit, |callers| callers.min(limit));
    let answer = deadline.scope(client.batch_get_memberships(request)).await.map_err(|status| unavailable(&status.code()))?;
    Ok(answer.into_inner().memberships)
}
