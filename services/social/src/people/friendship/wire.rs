//! Friendships as sent.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, PageRequest, Violations, read, timestamp_to_wire};
use uuid::Uuid;

use super::Standing;
use crate::people::profile::{Profile, wire as profile};

/// The other of a pair; nobody is anything to themselves.
pub(super) fn other(user_id: &str, me: Uuid) -> Result<Uuid, Violations> {
    let other = read::uuid(user_id).and_then(|id| if id == me { Err("must be somebody else".to_owned()) } else { Ok(id) });
    Fields::one("user_id", other)
}

pub(super) fn page(method: &str, me: Uuid, page_size: i32, page_token: &str) -> Result<PageRequest<Uuid>, Violations> {
    let mut fields = Fields::default();
    let page = PageRequest::read(&mut fields, format!("{method} {me}"), page_size, page_token);
    fields.finish(|| page)
}

/// Which requests are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Incoming,
    Outgoing,
}

pub(super) fn requests(request: &pb::ListFriendRequestsRequest, me: Uuid) -> Result<(Direction, PageRequest<Uuid>), Violations> {
    let mut fields = Fields::default();
    let direction = fields.read("direction", read_direction(request.direction));
    let query = format!("ListFriendRequests {} {me}", request.direction);
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    fields.finish(|| Ok((direction?, page?)))
}

fn read_direction(value: i32) -> Result<Direction, String> {
    match read::enumeration(value)? {
        pb::FriendRequestDirection::Incoming => Ok(Direction::Incoming),
        pb::FriendRequestDirection::Outgoing => Ok(Direction::Outgoing),
        pb::FriendRequestDirection::Unspecified => Err("is required".to_owned()),
    }
}

/// How the caller stands after they have asked or accepted.
pub(super) fn status(standing: Standing) -> i32 {
    let status = match standing {
        Standing::AskedByMe => pb::FriendshipStatus::RequestSent,
        Standing::Friend => pb::FriendshipStatus::Friends,
        Standing::Stranger | Standing::AskedByThem => pb::FriendshipStatus::Unspecified,
    };
    status.into()
}

/// A friend by request, by family, or both.
#[derive(Debug, Clone)]
pub(super) struct Friend {
    profile: Profile,
    is_family: bool,
    accepted_at: Option<DateTime<Utc>>,
}

/// The first of both lists, each of which has its first, each friend once.
pub(super) fn merged(by_request: Vec<(Profile, DateTime<Utc>)>, by_family: Vec<Profile>, count: usize) -> Vec<Friend> {
    let mut friends: BTreeMap<Uuid, Friend> = BTreeMap::new();
    for profile in by_family {
        friends.insert(profile.id, Friend { profile, is_family: true, accepted_at: None });
    }
    for (profile, since) in by_request {
        let friend = friends.entry(profile.id).or_insert(Friend { profile, is_family: false, accepted_at: None });
        friend.accepted_at = Some(since);
    }
    friends.into_values().take(count).collect()
}

impl Friend {
    /// Their id, in whose order they are listed.
    pub(super) fn id(&self) -> Uuid {
        self.profile.id
    }
}

pub(super) fn friend(friend: Friend) -> pb::Friend {
    pb::Friend {
        profile: Some(profile::others(friend.profile)),
        is_family: friend.is_family,
        accept_time: friend.accepted_at.map(timestamp_to_wire),
    }
}

pub(super) fn request((user, seen, since): (Uuid, Option<Profile>, DateTime<Utc>)) -> pb::FriendRequest {
    let create_time = Some(timestamp_to_wire(since));
    pb::FriendRequest { user_id: user.to_string(), profile: seen.map(profile::others), create_time }
}

pub(super) fn blocked((user, since): (Uuid, DateTime<Utc>)) -> pb::BlockedUser {
    pb::BlockedUser { user_id: user.to_string(), create_time: Some(timestamp_to_wire(since)) }
}
