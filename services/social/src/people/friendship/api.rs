//! Use cases of friendships.

use std::collections::BTreeSet;

use orchard_db::Connection;
use orchard_events::Outbox;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::friendship_service_server::FriendshipService;
use orchard_rpc::{Answer, PageRequest};
use orchard_server::Caller;
use strum::IntoStaticStr;
use tonic::{Request, Response};
use uuid::Uuid;

use super::wire::Direction;
use super::{Friendship, FriendshipError, Pair, Relation, list, store, wire};
use crate::Api;
use crate::error::Error;
use crate::people::family;
use crate::people::membership::store::relatives_of;
use crate::people::profile;
use crate::{request, roll};

/// What the caller does to another user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
enum Action {
    #[strum(serialize = "send friend request")]
    SendRequest,
    #[strum(serialize = "accept friend request")]
    AcceptRequest,
    #[strum(serialize = "decline friend request")]
    DeclineRequest,
    #[strum(serialize = "withdraw friend request")]
    WithdrawRequest,
    #[strum(serialize = "remove friend")]
    RemoveFriend,
    #[strum(serialize = "block user")]
    Block,
    #[strum(serialize = "unblock user")]
    Unblock,
}

impl Api {
    /// Takes an action, and returns how the two are related afterwards.
    async fn act(&self, action: Action, caller: Uuid, other: &str) -> Result<Relation, Error> {
        let other = wire::other(other, caller)?;
        let children = match action {
            Action::SendRequest | Action::AcceptRequest => family::children(&self.family, &[caller, other]).await?,
            _ => BTreeSet::new(),
        };
        let outbox = self.outbox.clone();
        let unit = async move |connection: &mut Connection| {
            let changed = apply(connection, action, (caller, other), &children).await?;
            publish_block(connection, &outbox, (caller, other), changed).await?;
            Ok(changed.1.relation)
        };
        self.db.write(action.into(), unit).await
    }

    /// Returns how another user is related to the caller, who must see their profile, and whether the two are of one family.
    async fn relation(&self, caller: Uuid, other: &str) -> Result<(Relation, bool), Error> {
        let other = wire::other(other, caller)?;
        let connection = self.db.read().await?;
        profile::store::is_visible(&connection, other, caller).await?.then_some(()).ok_or(FriendshipError::NoSuchProfile)?;
        let relation = store::find(&connection, caller, other).await?.friendship.relation;
        Ok((relation, relatives_of(&connection, caller).await?.contains(&other)))
    }

    async fn list_friends(&self, caller: Uuid, page: &PageRequest<Uuid>) -> Result<Vec<list::Friend>, Error> {
        let connection = self.db.read().await?;
        let relatives = relatives_of(&connection, caller).await?;
        Ok(list::friends(&connection, caller, &relatives, page).await?)
    }

    async fn list_requests(
        &self,
        caller: Uuid,
        direction: Direction,
        page: &PageRequest<Uuid>,
    ) -> Result<Vec<list::FriendRequest>, Error> {
        let connection = self.db.read().await?;
        Ok(match direction {
            Direction::Incoming => list::incoming(&connection, caller, page).await?,
            Direction::Outgoing => list::outgoing(&connection, caller, page).await?,
        })
    }

    async fn list_blocked(&self, caller: Uuid, page: &PageRequest<Uuid>) -> Result<Vec<list::BlockedUser>, Error> {
        Ok(list::blocked(&*self.db.read().await?, caller, page).await?)
    }

    async fn count_related(&self, caller: Uuid) -> Result<[i64; 3], Error> {
        let connection = self.db.read().await?;
        let relatives = relatives_of(&connection, caller).await?;
        let friends = list::count_friends(&connection, caller, &relatives).await?;
        let incoming = list::count_incoming(&connection, caller).await?;
        Ok([friends, incoming, list::count_outgoing(&connection, caller).await?])
    }
}

/// Takes an action of the caller, and returns what there was between the two, and what there is now. `children` are those of the two who are children, according to the family service.
///
/// All transactions that write about a user lock them, so each finds what the one before it has left.
async fn apply(
    connection: &mut Connection,
    action: Action,
    (caller, other): (Uuid, Uuid),
    children: &BTreeSet<Uuid>,
) -> Result<(Friendship, Friendship), Error> {
    roll::enrol(connection, caller).await?;
    let known = roll::lock(connection, &BTreeSet::from([caller, other])).await?;
    if action == Action::Block && !known.contains(&other) {
        return Err(FriendshipError::NoSuchProfile.into());
    }
    let stored = store::find(connection, caller, other).await?;
    let before = stored.friendship;
    let after = match action {
        Action::SendRequest => {
            let eligibility = store::eligibility(connection, (caller, other), children).await?;
            before.send_request(eligibility, list::count_outgoing(connection, caller).await?)?
        }
        Action::AcceptRequest => before.accept_request(store::eligibility(connection, (caller, other), children).await?)?,
        Action::DeclineRequest => before.decline_request()?,
        Action::WithdrawRequest => before.withdraw_request()?,
        Action::RemoveFriend => before.remove_friend(),
        Action::Block => before.block(),
        Action::Unblock => before.unblock(),
    };
    store::write(connection, &stored, after).await?;
    Ok((before, after))
}

/// Publishes that the caller has blocked another user, or does not block them any more.
async fn publish_block(
    connection: &mut Connection,
    outbox: &Outbox,
    (caller, other): (Uuid, Uuid),
    (before, after): (Friendship, Friendship),
) -> Result<(), Error> {
    if before.blocked_by_caller == after.blocked_by_caller {
        return Ok(());
    }
    let pair = Pair::of(caller, other);
    let sequence = store::next_block_event(connection, pair).await?;
    let (blocker_user_id, blocked_user_id) = (caller.to_string(), other.to_string());
    if after.blocked_by_caller {
        let event = pb::UserBlocked { blocker_user_id, blocked_user_id };
        outbox.publish(connection, pair.aggregate(), sequence, &event).await?;
    } else {
        let event = pb::UserUnblocked { blocker_user_id, blocked_user_id };
        outbox.publish(connection, pair.aggregate(), sequence, &event).await?;
    }
    Ok(())
}

#[tonic::async_trait]
impl FriendshipService for Api {
    async fn send_friend_request(&self, request: Request<pb::SendFriendRequestRequest>) -> Answer<pb::SendFriendRequestResponse> {
        let caller = Caller::user(&request)?.id;
        let relation = self.act(Action::SendRequest, caller, &request.get_ref().user_id).await?;
        Ok(Response::new(pb::SendFriendRequestResponse { status: wire::status(relation) }))
    }

    async fn accept_friend_request(
        &self,
        request: Request<pb::AcceptFriendRequestRequest>,
    ) -> Answer<pb::AcceptFriendRequestResponse> {
        let caller = Caller::user(&request)?.id;
        let relation = self.act(Action::AcceptRequest, caller, &request.get_ref().user_id).await?;
        Ok(Response::new(pb::AcceptFriendRequestResponse { status: wire::status(relation) }))
    }

    async fn decline_friend_request(
        &self,
        request: Request<pb::DeclineFriendRequestRequest>,
    ) -> Answer<pb::DeclineFriendRequestResponse> {
        self.act(Action::DeclineRequest, Caller::user(&request)?.id, &request.get_ref().user_id).await?;
        Ok(Response::new(pb::DeclineFriendRequestResponse {}))
    }

    async fn withdraw_friend_request(
        &self,
        request: Request<pb::WithdrawFriendRequestRequest>,
    ) -> Answer<pb::WithdrawFriendRequestResponse> {
        self.act(Action::WithdrawRequest, Caller::user(&request)?.id, &request.get_ref().user_id).await?;
        Ok(Response::new(pb::WithdrawFriendRequestResponse {}))
    }

    async fn remove_friend(&self, request: Request<pb::RemoveFriendRequest>) -> Answer<pb::RemoveFriendResponse> {
        self.act(Action::RemoveFriend, Caller::user(&request)?.id, &request.get_ref().user_id).await?;
        Ok(Response::new(pb::RemoveFriendResponse {}))
    }

    async fn block_user(&self, request: Request<pb::BlockUserRequest>) -> Answer<pb::BlockUserResponse> {
        self.act(Action::Block, Caller::user(&request)?.id, &request.get_ref().user_id).await?;
        Ok(Response::new(pb::BlockUserResponse {}))
    }

    async fn unblock_user(&self, request: Request<pb::UnblockUserRequest>) -> Answer<pb::UnblockUserResponse> {
        self.act(Action::Unblock, Caller::user(&request)?.id, &request.get_ref().user_id).await?;
        Ok(Response::new(pb::UnblockUserResponse {}))
    }

    async fn list_friends(&self, request: Request<pb::ListFriendsRequest>) -> Answer<pb::ListFriendsResponse> {
        let caller = Caller::user(&request)?.id;
        let request = request.into_inner();
        let page = request::page(format!("ListFriends {caller}"), request.page_size, &request.page_token)?;
        let page = page.page(self.list_friends(caller, &page).await?, |friend| friend.profile.id);
        Ok(Response::new(pb::ListFriendsResponse {
            friends: page.rows.into_iter().map(wire::friend).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn list_friend_requests(
        &self,
        request: Request<pb::ListFriendRequestsRequest>,
    ) -> Answer<pb::ListFriendRequestsResponse> {
        let caller = Caller::user(&request)?.id;
        let (direction, page) = wire::requests(request.get_ref(), caller)?;
        let page = page.page(self.list_requests(caller, direction, &page).await?, |request| request.user);
        Ok(Response::new(pb::ListFriendRequestsResponse {
            friend_requests: page.rows.into_iter().map(wire::request).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn list_blocked_users(&self, request: Request<pb::ListBlockedUsersRequest>) -> Answer<pb::ListBlockedUsersResponse> {
        let caller = Caller::user(&request)?.id;
        let request = request.into_inner();
        let page = request::page(format!("ListBlockedUsers {caller}"), request.page_size, &request.page_token)?;
        let page = page.page(self.list_blocked(caller, &page).await?, |blocked| blocked.user);
        Ok(Response::new(pb::ListBlockedUsersResponse {
            blocked_users: page.rows.into_iter().map(wire::blocked).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn get_friendship(&self, request: Request<pb::GetFriendshipRequest>) -> Answer<pb::GetFriendshipResponse> {
        let (relation, is_family) = self.relation(Caller::user(&request)?.id, &request.get_ref().user_id).await?;
        Ok(Response::new(pb::GetFriendshipResponse { friendship: Some(wire::friendship(relation, is_family)) }))
    }

    async fn count_friends(&self, request: Request<pb::CountFriendsRequest>) -> Answer<pb::CountFriendsResponse> {
        let counts = self.count_related(Caller::user(&request)?.id).await?;
        let [friends, incoming_requests, outgoing_requests] = counts.map(|count| i32::try_from(count).unwrap_or(i32::MAX));
        Ok(Response::new(pb::CountFriendsResponse { friends, incoming_requests, outgoing_requests }))
    }
}
