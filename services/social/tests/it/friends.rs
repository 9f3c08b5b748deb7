//! Friends and families, for tests of all resources.

use std::sync::Arc;
use std::time::Duration;

use orchard_events::RelayOptions;
use orchard_proto::events::v1::inbox_service_client::InboxServiceClient;
use orchard_proto::events::v1::{DeliverEventsRequest, Event};
use orchard_proto::family::v1 as family;
use orchard_proto::family::v1::invitation_service_client::InvitationServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::friendship_service_client::FriendshipServiceClient;
use orchard_testkit::client::{Client, insist};
use orchard_testkit::database::Schema;
use orchard_testkit::keys::DevKeys;
use orchard_testkit::service::{SliceUnderTest, calls};
use prost::Name;
use prost_types::{Any, Timestamp};
use tonic::Status;
use uuid::Uuid;

use crate::world::{NOWHERE, World, id};

/// What a user does to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Send,
    Accept,
    Decline,
    Withdraw,
    Remove,
    Block,
    Unblock,
}

/// Starts a family service that delivers no events. Tests deliver events themselves, in the order that they need.
pub async fn family_service(keys: Arc<DevKeys>) -> anyhow::Result<SliceUnderTest> {
    let settings = orchard_family::Settings {
        currency: "EUR".parse().expect("currency"),
        social_url: NOWHERE.parse()?,
        calls: calls(&keys, "family"),
        relay: RelayOptions { event_attempts: 10, event_retry_delay: Duration::from_secs(1) },
    };
    SliceUnderTest::start_in::<orchard_family::Service>(&settings, Schema::create().await?, keys).await
}

/// Creates a plan in the family service, in which the child has accepted an invitation.
pub async fn a_child(family: &SliceUnderTest, child: Uuid) -> anyhow::Result<()> {
    let holder = id();
    let request =
        family::CreatePlanRequest { family_name: "F".to_owned(), time_zone: "UTC".to_owned(), request_id: id().to_string() };
    let plan = PlanServiceClient::new(family.user(holder)?).create_plan(request).await?.into_inner().plan.expect("a plan");
    let request = family::CreateInvitationRequest {
        family_plan_id: plan.family_plan_id,
        invitee_user_id: child.to_string(),
        role: family::MemberRole::Child.into(),
        request_id: id().to_string(),
        ..Default::default()
    };
    let invited = InvitationServiceClient::new(family.user(holder)?).create_invitation(request).await?.into_inner();
    let invitation = family::accept_invitation_request::Invitation::InvitationId(invited.invitation.expect("one").invitation_id);
    let request = family::AcceptInvitationRequest { invitation: Some(invitation) };
    InvitationServiceClient::new(family.user(child)?).accept_invitation(request).await?;
    Ok(())
}

impl World {
    /// Starts the service and a family service.
    pub async fn with_family() -> anyhow::Result<(Self, SliceUnderTest)> {
        let keys = Arc::new(DevKeys::ephemeral()?);
        let family = family_service(Arc::clone(&keys)).await?;
        Ok((Self::asking(format!("http://{}", family.running.address).parse()?, keys).await?, family))
    }

    pub fn friendships(&self, user: Uuid) -> FriendshipServiceClient<Client> {
        FriendshipServiceClient::new(self.slice.user(user).expect("client"))
    }

    /// Takes an action, and returns the status in the response, if it has one.
    pub async fn act(&self, act: Act, me: Uuid, other: Uuid) -> Result<Option<pb::FriendshipStatus>, Status> {
        insist(|| async {
            let (mut client, user_id) = (self.friendships(me), other.to_string());
            match act {
                Act::Send => {
                    let answer = client.send_friend_request(pb::SendFriendRequestRequest { user_id }).await?;
                    return Ok(Some(answer.into_inner().status()));
                }
                Act::Accept => {
                    let answer = client.accept_friend_request(pb::AcceptFriendRequestRequest { user_id }).await?;
                    return Ok(Some(answer.into_inner().status()));
                }
                Act::Decline => drop(client.decline_friend_request(pb::DeclineFriendRequestRequest { user_id }).await?),
                Act::Withdraw => drop(client.withdraw_friend_request(pb::WithdrawFriendRequestRequest { user_id }).await?),
                Act::Remove => drop(client.remove_friend(pb::RemoveFriendRequest { user_id }).await?),
                Act::Block => drop(client.block_user(pb::BlockUserRequest { user_id }).await?),
                Act::Unblock => drop(client.unblock_user(pb::UnblockUserRequest { user_id }).await?),
            }
            Ok(None)
        })
        .await
    }

    /// Inserts a friendship. A request would need a family service.
    pub async fn befriend(&self, one: Uuid, other: Uuid) -> anyhow::Result<()> {
        let (first, second) = (one.min(other), one.max(other));
        let insert =
            "INSERT INTO friendships (first_user_id, second_user_id, status, accepted_at) VALUES ($1, $2, 'accepted', now())";
        self.slice.schema.connect().await?.execute(insert, &[&first, &second]).await?;
        Ok(())
    }

    /// Inserts a request of `one` to `other`.
    pub async fn request(&self, one: Uuid, other: Uuid) -> anyhow::Result<()> {
        let (first, second) = (one.min(other), one.max(other));
        let insert = "INSERT INTO friendships (first_user_id, second_user_id, status, requested_by, requested_at)
            VALUES ($1, $2, 'requested', $3, now())";
        self.slice.schema.connect().await?.execute(insert, &[&first, &second, &one]).await?;
        Ok(())
    }

    /// Returns the friends of a user, and whether each is family.
    pub async fn friends(&self, user: Uuid) -> anyhow::Result<Vec<(Uuid, bool)>> {
        let answer = self.friendships(user).list_friends(pb::ListFriendsRequest::default()).await?.into_inner();
        let friend = |friend: pb::Friend| (friend.profile.expect("a profile").user_id.parse().expect("an id"), friend.is_family);
        Ok(answer.friends.into_iter().map(friend).collect())
    }

    /// Returns the requests in one direction.
    pub async fn requests(&self, user: Uuid, direction: pb::FriendRequestDirection) -> anyhow::Result<Vec<pb::FriendRequest>> {
        let request = pb::ListFriendRequestsRequest { direction: direction.into(), ..Default::default() };
        Ok(self.friendships(user).list_friend_requests(request).await?.into_inner().friend_requests)
    }

    /// Returns whether `viewer` sees a user's profile, and checks that all methods agree.
    pub async fn sees(&self, viewer: Uuid, user: Uuid) -> anyhow::Result<bool> {
        let mut client = self.profiles(viewer)?;
        let got = client.get_profile(pb::GetProfileRequest { user_id: user.to_string() }).await.is_ok();
        let batch = pb::BatchGetProfilesRequest { user_ids: vec![user.to_string()] };
        let listed = !client.batch_get_profiles(batch).await?.into_inner().profiles.is_empty();
        assert_eq!(got, listed, "get and batch get agree");
        Ok(got)
    }

    /// Delivers events as the service `source`.
    pub async fn deliver(&self, source: &str, events: Vec<Event>) -> Result<(), Status> {
        insist(|| async {
            let mut client = InboxServiceClient::new(self.slice.service(source).expect("client"));
            client.deliver_events(DeliverEventsRequest { events: events.clone() }).await.map(|_| ())
        })
        .await
    }

    /// Delivers that a user has joined a plan, with the sequence number of the event.
    pub async fn join_family(&self, plan: Uuid, sequence: i64, user: Uuid, role: family::MemberRole) -> anyhow::Result<()> {
        let mut events = vec![joined(plan, sequence, user, role)];
        if role == family::MemberRole::Child {
            events.push(protected(user, 1));
        }
        Ok(self.deliver("family", events).await?)
    }
}

/// An event of an aggregate, with its sequence number.
pub fn event<M: prost::Message + Name>(aggregate: Uuid, sequence: i64, payload: &M) -> Event {
    Event {
        event_id: id().to_string(),
        aggregate_id: aggregate.to_string(),
        sequence,
        occur_time: Some(Timestamp::from(std::time::SystemTime::now())),
        traceparent: String::new(),
        payload: Some(Any::from_msg(payload).expect("a payload")),
    }
}

pub fn joined(plan: Uuid, sequence: i64, user: Uuid, role: family::MemberRole) -> Event {
    let (family_plan_id, user_id) = (plan.to_string(), user.to_string());
    event(plan, sequence, &family::MemberJoined { family_plan_id, user_id, role: role.into(), ..Default::default() })
}

fn child_aggregate(user: Uuid) -> Uuid {
    Uuid::from_u128(!user.as_u128())
}

/// A child is protected and released by events of their own.
pub fn protected(user: Uuid, sequence: i64) -> Event {
    event(child_aggregate(user), sequence, &family::ChildProtected { user_id: user.to_string() })
}

pub fn released(user: Uuid, sequence: i64) -> Event {
    event(child_aggregate(user), sequence, &family::ChildReleased { user_id: user.to_string() })
}

pub fn left(plan: Uuid, sequence: i64, user: Uuid) -> Event {
    event(plan, sequence, &family::MemberLeft { family_plan_id: plan.to_string(), user_id: user.to_string() })
}

pub fn closed(plan: Uuid, sequence: i64) -> Event {
    event(plan, sequence, &family::PlanClosed { family_plan_id: plan.to_string() })
}
