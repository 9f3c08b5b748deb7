//! What a user is told of their relation to another.

use orchard_proto::family::v1::MemberRole;
use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use pb::FriendshipStatus::{Friends, None as Unrelated, RequestReceived, RequestSent};
use pb::PrivacyLevel::{FriendsOnly, Public};
use tonic::{Code, Status};
use uuid::Uuid;

use super::not_found;
use crate::friends::Act::{Block, Decline, Remove, Withdraw};
use crate::world::{World, id};

impl World {
    async fn relation(&self, viewer: Uuid, other: Uuid) -> Result<(pb::FriendshipStatus, bool), Status> {
        let request = pb::GetFriendshipRequest { user_id: other.to_string() };
        let answer = self.friendships(viewer).get_friendship(request).await?.into_inner();
        let friendship = answer.friendship.expect("a friendship");
        Ok((friendship.status(), friendship.is_family))
    }
}

#[tokio::test]
async fn both_sides_of_each_relation() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (me, other) = (id(), id());
    world.settle(me, Public).await?;
    world.settle(other, Public).await?;
    let both = async || anyhow::Ok((world.relation(me, other).await?.0, world.relation(other, me).await?.0));
    assert_eq!(both().await?, (Unrelated, Unrelated));
    world.request(me, other).await?;
    assert_eq!(both().await?, (RequestSent, RequestReceived));
    world.act(Decline, other, me).await?;
    assert_eq!(both().await?, (RequestSent, Unrelated), "a declined request looks as if it waited");
    world.act(Withdraw, me, other).await?;
    assert_eq!(both().await?, (Unrelated, Unrelated));
    world.befriend(me, other).await?;
    assert_eq!(both().await?, (Friends, Friends));
    world.act(Remove, me, other).await?;
    assert_eq!(both().await?, (Unrelated, Unrelated));
    world.act(Block, me, other).await?;
    for (viewer, user) in [(me, other), (other, me)] {
        assert_eq!(refused(world.relation(viewer, user).await), not_found("PROFILE"));
    }
    Ok(())
}

#[tokio::test]
async fn a_request_that_waits_to_be_shown_is_none_to_its_recipient() -> anyhow::Result<()> {
    let world = World::start().await?;
    let [me, sender] = world.people().await?;
    world.request(sender, me).await?;
    assert_eq!(world.relation(me, sender).await?, (RequestReceived, false));
    let later = "UPDATE friendships SET shown_from = now() + interval '1 day', updated_at = now()";
    world.slice.schema.connect().await?.execute(later, &[]).await?;
    assert_eq!(world.relation(me, sender).await?, (Unrelated, false));
    Ok(())
}

#[tokio::test]
async fn members_of_a_family_are_friends_and_guests_are_not() -> anyhow::Result<()> {
    let world = World::start().await?;
    let [me, relative, guest] = world.people().await?;
    world.settle(guest, Public).await?;
    let plan = id();
    for (sequence, (user, role)) in
        (1..).zip([(me, MemberRole::Admin), (relative, MemberRole::Member), (guest, MemberRole::Guest)])
    {
        world.join_family(plan, sequence, user, role).await?;
    }
    assert_eq!(world.relation(me, relative).await?, (Friends, true));
    assert_eq!(world.relation(me, guest).await?, (Unrelated, false));
    world.befriend(me, relative).await?;
    world.deliver("family", vec![crate::friends::left(plan, 4, relative)]).await?;
    assert_eq!(world.relation(me, relative).await?, (Friends, false));
    Ok(())
}

#[tokio::test]
async fn users_who_are_not_seen_have_no_relation() -> anyhow::Result<()> {
    let world = World::start().await?;
    let [me, closed] = world.people().await?;
    world.settle(closed, FriendsOnly).await?;
    for other in [closed, id()] {
        assert_eq!(refused(world.relation(me, other).await), (Code::NotFound, "PROFILE_NOT_FOUND".to_owned()));
    }
    assert_eq!(violations(world.relation(me, me).await), ["user_id"]);
    Ok(())
}
