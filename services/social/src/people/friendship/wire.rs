//! Friendships as messages.

use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, PageRequest, read, timestamp_to_wire};
use uuid::Uuid;

use super::Relation;
use super::list::{BlockedUser, Friend, FriendRequest};
use crate::error::Error;
use crate::people::profile::wire as profile;

/// Reads the other user of a request, who must not be the caller.
pub(super) fn other(user_id: &str, caller: Uuid) -> Result<Uuid, Error> {
    let other = read::uuid(user_id);
    let other = other.and_then(|id| if id == caller { Err("must be another user".to_owned()) } else { Ok(id) });
    Ok(Fields::one("user_id", other)?)
}

/// Which requests are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Incoming,
    Outgoing,
}

orchard_rpc::wire_enum!(Direction <=> pb::FriendRequestDirection: Incoming, Outgoing);

pub(super) fn requests(request: &pb::ListFriendRequestsRequest, caller: Uuid) -> Result<(Direction, PageRequest<Uuid>), Error> {
    let mut fields = Fields::default();
    let direction = fields.read("direction", request.direction.try_into());
    let query = format!("ListFriendRequests {} {caller}", request.direction);
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    Ok(fields.finish(|| Ok((direction?, page?)))?)
}

/// Converts the relation after a request was sent or accepted.
pub(super) fn status(relation: Relation) -> i32 {
    let status = match relation {
        Relation::RequestSent => pb::FriendshipStatus::RequestSent,
        Relation::Friends => pb::FriendshipStatus::Friends,
        Relation::None | Relation::RequestReceived | Relation::RequestHidden => pb::FriendshipStatus::Unspecified,
    };
    status.into()
}

/// Converts what there is between the caller and another user. A request that is hidden from the caller is none to them.
pub(super) fn friendship(relation: Relation, is_family: bool) -> pb::Friendship {
    let status = match relation {
        _ if is_family => pb::FriendshipStatus::Friends,
        Relation::Friends => pb::FriendshipStatus::Friends,
        Relation::RequestSent => pb::FriendshipStatus::RequestSent,
        Relation::RequestReceived => pb::FriendshipStatus::RequestReceived,
        Relation::None | Relation::RequestHidden => pb::FriendshipStatus::None,
    };
    pb::Friendship { status: status.into(), is_family }
}

pub(super) fn friend(friend: Friend) -> pb::Friend {
    pb::Friend {
        profile: Some(profile::others(friend.profile)),
        is_family: friend.is_family,
        accept_time: friend.accepted_at.map(timestamp_to_wire),
    }
}

pub(super) fn request(request: FriendRequest) -> pb::FriendRequest {
    pb::FriendRequest {
        user_id: request.user.to_string(),
        profile: request.profile.map(profile::others),
        create_time: Some(timestamp_to_wire(request.sent_at)),
    }
}

pub(super) fn blocked(blocked: BlockedUser) -> pb::BlockedUser {
    pb::BlockedUser { user_id: blocked.user.to_string(), create_time: Some(timestamp_to_wire(blocked.blocked_at)) }
}
