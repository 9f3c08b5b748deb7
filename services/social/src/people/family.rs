//! Questions to the family service: who is a child, and who has a plan.

use std::collections::BTreeSet;
use std::time::Duration;

use orchard_client::Upstream;
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_rpc::{Deadline, unanswered};
use uuid::Uuid;

use crate::error::Error;

/// How long to wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Returns those of these users who are children.
pub(crate) async fn children(family: &Upstream, users: &[Uuid]) -> Result<BTreeSet<Uuid>, Error> {
    Ok(memberships(family, users).await?.child_user_ids.iter().filter_map(|user| user.parse().ok()).collect())
}

/// Returns whether a user belongs to an active family plan, other than as a guest.
pub(crate) async fn has_plan(family: &Upstream, user: Uuid) -> Result<bool, Error> {
    let memberships = memberships(family, &[user]).await?.memberships;
    Ok(memberships.iter().any(|membership| membership.role() != pb::MemberRole::Guest))
}

/// Returns whether a user is a child in a plan in which `adult` is an adult.
pub(crate) async fn is_child_of(family: &Upstream, user: Uuid, adult: Uuid) -> Result<bool, Error> {
    let memberships = memberships(family, &[user, adult]).await?.memberships;
    let plans = |user: Uuid, roles: &'static [pb::MemberRole]| {
        let own = memberships.iter().filter(move |own| own.user_id.parse() == Ok(user) && roles.contains(&own.role()));
        own.map(|own| own.family_plan_id.as_str())
    };
    let adults = [pb::MemberRole::Admin, pb::MemberRole::Member].as_slice();
    Ok(plans(user, &[pb::MemberRole::Child]).any(|plan| plans(adult, adults).any(|other| other == plan)))
}

/// Returns the memberships of these users in active plans, and which of them are children. Without an answer the call fails: an unknown
/// child must not count as an adult.
async fn memberships(family: &Upstream, users: &[Uuid]) -> Result<pb::BatchGetMembershipsResponse, Error> {
    let unavailable = |cause: &dyn std::fmt::Display| {
        tracing::warn!(%cause, "cannot get memberships from the family service");
        Error::from(unanswered("family"))
    };
    let mut client = MemberServiceClient::new(family.as_service().map_err(|cause| unavailable(&cause))?);
    let request = pb::BatchGetMembershipsRequest { user_ids: users.iter().map(Uuid::to_string).collect() };
    let answer = Deadline::within(TIMEOUT)
        .scope(client.batch_get_memberships(request))
        .await
        .map_err(|status| unavailable(&status.code()))?;
    Ok(answer.into_inner())
}
