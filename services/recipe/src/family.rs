//! Questions to the family service: who is a child.

use std::time::Duration;

use orchard_client::Upstream;
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_rpc::{Deadline, unanswered};
use uuid::Uuid;

use crate::error::Error;

/// How long to wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Returns whether a user is a child, or `None` if the family service does not answer. An unknown child must not count as an adult.
pub(crate) async fn is_child(family: &Upstream, user: Uuid) -> Option<bool> {
    let unanswered = |cause: &dyn std::fmt::Display| tracing::warn!(%cause, "cannot get memberships from the family service");
    let channel = family.as_service().inspect_err(|cause| unanswered(cause)).ok()?;
    let request = pb::BatchGetMembershipsRequest { user_ids: vec![user.to_string()] };
    let mut client = MemberServiceClient::new(channel);
    let answer = Deadline::within(TIMEOUT)
        .scope(client.batch_get_memberships(request))
        .await
        .inspect_err(|status| unanswered(&status.code()))
        .ok()?;
    Some(!answer.into_inner().child_user_ids.is_empty())
}

/// Returns the error of a call that needs an answer of the family service and has none.
pub(crate) fn unavailable() -> Error {
    unanswered("family").into()
}
