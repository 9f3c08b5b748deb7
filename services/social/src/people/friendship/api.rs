//! Use cases of friendships.

use std::collections::BTreeSet;

use orchard_client::Upstream;
use orchard_db::{Connection, Db};
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::friendship_service_server::FriendshipService;
use orchard_rpc::PageRequest;
use orchard_server::Caller;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::wire::Direction;
use super::{Bond, FriendshipError, Standing, family, list, store, wire};
use crate::error::Error;
use crate::people::membership;
use crate::roll;

/// Serves `FriendshipService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
    family: Upstream,
}

impl Api {
    /// Serves friendships from `db`, and asks `family` who is a child.
    pub fn new(db: Db, family: Upstream) -> Self {
        Self { db, family }
    }

    /// What a caller does about another user.
    async fn changed(&self, name: &'static str, me: Uuid, other: Uuid, step: Step) -> Result<Standing, Error> {
        self.db.write(name, async move |connection| change(connection, me, other, step).await).await
    }
}

/// What is done.
#[derive(Debug, Clone)]
enum Step {
    /// Those of the two are children whom the family slice says to be.
    Ask(BTreeSet<Uuid>),
    Accept(BTreeSet<Uuid>),
    Decline,
    Withdraw,
    Part,
    Block,
    Unblock,
}

/// All that write about two users take turns: each step finds what the one before it has left.
async fn change(connection: &mut Connection, me: Uuid, other: Uuid, step: Step) -> Result<Standing, Error> {
    roll::enrol(connection, me).await?;
    let known = roll::take_turns(connection, &BTreeSet::from([me, other])).await?;
    if !known.contains(&other) && matches!(step, Step::Block) {
        return Err(FriendshipError::NoSuchProfile.into());
    }
    let tie = store::find(connection, me, other).await?;
    let bond: Bond = match step {
        Step::Ask(children) => {
            let ends = store::ends(connection, (me, other), &children).await?;
            tie.bond.ask(ends, list::count_outgoing(connection, me).await?)?
        }
        Step::Accept(children) => tie.bond.accept(store::ends(connection, (me, other), &children).await?)?,
        Step::Decline => tie.bond.decline()?,
        Step::Withdraw => tie.bond.withdraw()?,
        Step::Part => tie.bond.part(),
        Step::Block => tie.bond.block(),
        Step::Unblock => tie.bond.unblock(),
    };
    store::write(connection, &tie, bond).await?;
    Ok(bond.standing)
}

#[tonic::async_trait]
impl FriendshipService for Api {
    async fn send_friend_request(
        &self,
        request: Request<pb::SendFriendRequestRequest>,
    ) -> Result<Response<pb::SendFriendRequestResponse>, Status> {
        let me = Caller::user(&request)?.id;
        let other = wire::other(&request.get_ref().user_id, me).map_err(Error::from)?;
        let children = family::children(&self.family, &[me, other]).await?;
        let standing = self.changed("send friend request", me, other, Step::Ask(children)).await?;
        Ok(Response::new(pb::SendFriendRequestResponse { status: wire::status(standing) }))
    }

    async fn accept_friend_request(
        &self,
        request: Request<pb::AcceptFriendRequestRequest>,
    ) -> Result<Response<pb::AcceptFriendRequestResponse>, Status> {
        let me = Caller::user(&request)?.id;
        let other = wire::other(&request.get_ref().user_id, me).map_err(Error::from)?;
        let children = family::children(&self.family, &[me, other]).await?;
        let standing = self.changed("accept friend request", me, other, Step::Accept(children)).await?;
        Ok(Response::new(pb::AcceptFriendRequestResponse { status: wire::status(standing) }))
    }

    async fn decline_friend_request(
        &self,
        request: Request<pb::DeclineFriendRequestRequest>,
    ) -> Result<Response<pb::DeclineFriendRequestResponse>, Status> {
        let me = Caller::user(&request)?.id;
        let other = wire::other(&request.get_ref().user_id, me).map_err(Error::from)?;
        self.changed("decline friend request", me, other, Step::Decline).await?;
        Ok(Response::new(pb::DeclineFriendRequestResponse {}))
    }

    async fn withdraw_friend_request(
        &self,
        request: Request<pb::WithdrawFriendRequestRequest>,
    ) -> Result<Response<pb::WithdrawFriendRequestResponse>, Status> {
        let me = Caller::user(&request)?.id;
        let other = wire::other(&request.get_ref().user_id, me).map_err(Error::from)?;
        self.changed("withdraw friend request", me, other, Step::Withdraw).await?;
        Ok(Response::new(pb::WithdrawFriendRequestResponse {}))
    }

    async fn remove_friend(
        &self,
        request: Request<pb::RemoveFriendRequest>,
    ) -> Result<Response<pb::RemoveFriendResponse>, Status> {
        let me = Caller::user(&request)?.id;
        let other = wire::other(&request.get_ref().user_id, me).map_err(Error::from)?;
        self.changed("remove friend", me, other, Step::Part).await?;
        Ok(Response::new(pb::RemoveFriendResponse {}))
    }

    async fn block_user(&self, request: Request<pb::BlockUserRequest>) -> Result<Response<pb::BlockUserResponse>, Status> {
        let me = Caller::user(&request)?.id;
        let other = wire::other(&request.get_ref().user_id, me).map_err(Error::from)?;
        self.changed("block user", me, other, Step::Block).await?;
        Ok(Response::new(pb::BlockUserResponse {}))
    }

    async fn unblock_user(&self, request: Request<pb::UnblockUserRequest>) -> Result<Response<pb::UnblockUserResponse>, Status> {
        let me = Caller::user(&request)?.id;
        let other = wire::other(&request.get_ref().user_id, me).map_err(Error::from)?;
        self.changed("unblock user", me, other, Step::Unblock).await?;
        Ok(Response::new(pb::UnblockUserResponse {}))
    }

    async fn list_friends(&self, request: Request<pb::ListFriendsRequest>) -> Result<Response<pb::ListFriendsResponse>, Status> {
        let me = Caller::user(&request)?.id;
        let request = request.into_inner();
        let asked = wire::page("ListFriends", me, request.page_size, &request.page_token).map_err(Error::from)?;
        let friends = self.friends(me, &asked).await?;
        let page = asked.page(friends, wire::Friend::id);
        Ok(Response::new(pb::ListFriendsResponse {
            friends: page.rows.into_iter().map(wire::friend).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn list_friend_requests(
        &self,
        request: Request<pb::ListFriendRequestsRequest>,
    ) -> Result<Response<pb::ListFriendRequestsResponse>, Status> {
        let me = Caller::user(&request)?.id;
        let (direction, asked) = wire::requests(request.get_ref(), me).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows = match direction {
            Direction::Incoming => {
                let rows = list::incoming(&connection, me, asked.after, asked.fetch()).await.map_err(Error::from)?;
                rows.into_iter().map(|(profile, since)| (profile.id, Some(profile), since)).collect()
            }
            Direction::Outgoing => list::outgoing(&connection, me, asked.after, asked.fetch()).await.map_err(Error::from)?,
        };
        let page = asked.page(rows, |(user, ..)| *user);
        Ok(Response::new(pb::ListFriendRequestsResponse {
            friend_requests: page.rows.into_iter().map(wire::request).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn list_blocked_users(
        &self,
        request: Request<pb::ListBlockedUsersRequest>,
    ) -> Result<Response<pb::ListBlockedUsersResponse>, Status> {
        let me = Caller::user(&request)?.id;
        let request = request.into_inner();
        let asked = wire::page("ListBlockedUsers", me, request.page_size, &request.page_token).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows = list::blocked(&connection, me, asked.after, asked.fetch()).await.map_err(Error::from)?;
        let page = asked.page(rows, |(user, _)| *user);
        Ok(Response::new(pb::ListBlockedUsersResponse {
            blocked_users: page.rows.into_iter().map(wire::blocked).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn count_friends(
        &self,
        request: Request<pb::CountFriendsRequest>,
    ) -> Result<Response<pb::CountFriendsResponse>, Status> {
        let me = Caller::user(&request)?.id;
        let connection = self.db.read().await.map_err(Error::from)?;
        let family = membership::store::fellows_of(&connection, me).await.map_err(Error::from)?;
        let friends = list::count_friends(&connection, me, &family).await.map_err(Error::from)?;
        let incoming = list::count_incoming(&connection, me).await.map_err(Error::from)?;
        let outgoing = list::count_outgoing(&connection, me).await.map_err(Error::from)?;
        let sent = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
        Ok(Response::new(pb::CountFriendsResponse {
            friends: sent(friends),
            incoming_requests: sent(incoming),
            outgoing_requests: sent(outgoing),
        }))
    }
}

impl Api {
    async fn friends(&self, me: Uuid, asked: &PageRequest<Uuid>) -> Result<Vec<wire::Friend>, Error> {
        let connection = self.db.read().await?;
        let family = membership::store::fellows_of(&connection, me).await?;
        let by_family = list::seen(&connection, me, &family, asked.after, asked.fetch()).await?;
        let by_request = list::friends(&connection, me, asked.after, asked.fetch()).await?;
        Ok(wire::merged(by_request, by_family, asked.size + 1))
    }
}
