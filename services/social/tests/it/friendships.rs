//! Friend requests, answers and blocks.

mod declined;
mod races;
mod related;

use std::sync::Arc;

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{metadata, refused, violations};
use orchard_testkit::keys::DevKeys;
use pb::FriendRequestDirection::{Incoming, Outgoing};
use pb::FriendshipStatus::{Friends, RequestSent};
use pb::PrivacyLevel;
use tonic::Code;
use uuid::Uuid;

use crate::friends::Act::{Accept, Block, Decline, Remove, Send, Unblock, Withdraw};
use crate::friends::a_child;
use crate::world::{NOWHERE, World, id};

fn not_found(what: &str) -> (Code, String) {
    (Code::NotFound, format!("{what}_NOT_FOUND"))
}

/// The row of two users: its status, whether the first has blocked the second, and the reverse.
type PairRow = (String, bool, bool);

impl World {
    /// Registers users with the default privacy level.
    pub async fn people<const N: usize>(&self) -> anyhow::Result<[Uuid; N]> {
        let people: [Uuid; N] = std::array::from_fn(|_| id());
        for user in people {
            self.settle(user, PrivacyLevel::FriendsOnly).await?;
        }
        Ok(people)
    }

    /// Returns the row of two users.
    async fn pair(&self, one: Uuid, other: Uuid) -> anyhow::Result<Option<PairRow>> {
        let query = "SELECT status, blocked_by_first_at IS NOT NULL, blocked_by_second_at IS NOT NULL FROM friendships
            WHERE first_user_id = $1 AND second_user_id = $2";
        let client = self.slice.schema.connect().await?;
        let row = client.query_opt(query, &[&one.min(other), &one.max(other)]).await?;
        Ok(row.map(|row| if one < other { (row.get(0), row.get(1), row.get(2)) } else { (row.get(0), row.get(2), row.get(1)) }))
    }
}

#[tokio::test]
async fn a_request_is_sent_listed_and_accepted() -> anyhow::Result<()> {
    let (world, _family) = World::with_family().await?;
    orchard_testkit::schema::refuse_stale_updates(&world.slice.schema.connect().await?).await?;
    let [alice, bob] = world.people().await?;
    for _ in 0..2 {
        assert_eq!(world.act(Send, alice, bob).await?, Some(RequestSent));
    }
    let incoming = world.requests(bob, Incoming).await?;
    assert_eq!(incoming.len(), 1);
    let sender = incoming[0].profile.clone().expect("the sender of a request is visible");
    assert_eq!((sender.user_id, sender.display_name), (alice.to_string(), "Somebody".to_owned()));
    let outgoing = world.requests(alice, Outgoing).await?;
    assert_eq!((outgoing[0].user_id.as_str(), &outgoing[0].profile), (bob.to_string().as_str(), &None));
    assert!(world.sees(bob, alice).await? && !world.sees(alice, bob).await?);
    assert!(world.friends(bob).await?.is_empty());

    for _ in 0..2 {
        assert_eq!(world.act(Accept, bob, alice).await?, Some(Friends));
    }
    assert!(world.sees(bob, alice).await? && world.sees(alice, bob).await?);
    assert_eq!((world.friends(alice).await?, world.friends(bob).await?), (vec![(bob, false)], vec![(alice, false)]));
    assert!(world.requests(bob, Incoming).await?.is_empty() && world.requests(alice, Outgoing).await?.is_empty());
    assert_eq!(world.act(Send, bob, alice).await?, Some(Friends), "they are friends already");

    world.act(Remove, alice, bob).await?;
    world.act(Remove, alice, bob).await?;
    assert!(!world.sees(bob, alice).await? && !world.sees(alice, bob).await?);
    assert_eq!(world.pair(alice, bob).await?, None, "the row is deleted");
    Ok(())
}

#[tokio::test]
async fn only_an_existing_request_of_the_other_user_can_be_answered() -> anyhow::Result<()> {
    let (world, _family) = World::with_family().await?;
    let [alice, bob] = world.people().await?;
    assert_eq!(refused(world.act(Accept, bob, alice).await), not_found("FRIEND_REQUEST"));
    world.act(Send, alice, bob).await?;
    assert_eq!(refused(world.act(Accept, alice, bob).await), not_found("FRIEND_REQUEST"), "the caller's own request");
    world.act(Decline, alice, bob).await?;
    assert_eq!(world.requests(bob, Incoming).await?.len(), 1, "the caller cannot decline their own request");
    world.act(Withdraw, bob, alice).await?;
    assert_eq!(world.requests(bob, Incoming).await?.len(), 1, "the caller cannot withdraw another user's request");
    world.act(Decline, bob, alice).await?;
    world.act(Decline, bob, alice).await?;
    world.act(Send, alice, bob).await?;
    world.act(Withdraw, alice, bob).await?;
    world.act(Withdraw, alice, bob).await?;
    assert_eq!(world.pair(alice, bob).await?, None);
    let [alice, bob] = world.people().await?;
    world.act(Send, alice, bob).await?;
    world.act(Accept, bob, alice).await?;
    assert_eq!(refused(world.act(Decline, bob, alice).await), not_found("FRIEND_REQUEST"));
    assert_eq!(refused(world.act(Withdraw, alice, bob).await), not_found("FRIEND_REQUEST"));
    assert_eq!(world.friends(alice).await?, [(bob, false)]);
    Ok(())
}

#[tokio::test]
async fn requests_do_not_reach_private_users_and_children() -> anyhow::Result<()> {
    let (world, family) = World::with_family().await?;
    let [alice, hermit, child] = world.people().await?;
    world.settle(hermit, PrivacyLevel::Private).await?;
    assert_eq!(refused(world.act(Send, alice, id()).await), not_found("PROFILE"));
    assert_eq!(refused(world.act(Send, alice, hermit).await), not_found("PROFILE"));
    assert_eq!(refused(world.act(Send, hermit, alice).await), (Code::FailedPrecondition, "PROFILE_PRIVATE".to_owned()));
    assert_eq!(violations(world.act(Send, alice, alice).await), ["user_id"]);

    // A request that was sent before the recipient became a child.
    world.act(Send, alice, child).await?;
    a_child(&family, child).await?;
    let not_permitted = (Code::PermissionDenied, "CHILD_NOT_PERMITTED".to_owned());
    assert_eq!(refused(world.act(Accept, child, alice).await), not_permitted);
    assert_eq!(refused(world.act(Send, child, alice).await), not_permitted);
    assert!(world.act(Send, alice, child).await.is_ok(), "the sender does not learn that the recipient is a child");
    let [other] = world.people().await?;
    world.request(child, other).await?;
    assert_eq!(refused(world.act(Accept, other, child).await), not_found("FRIEND_REQUEST"));
    world.act(Decline, other, child).await?;
    // The order of the checks does not reveal it either.
    for unreachable in [child, hermit, id()] {
        assert_eq!(refused(world.act(Send, other, unreachable).await), not_found("PROFILE"));
        assert_eq!(
            refused(world.act(Send, hermit, unreachable).await).1,
            if unreachable == hermit { "FIELDS_INVALID" } else { "PROFILE_PRIVATE" }
        );
    }
    for blocked in [child, hermit] {
        world.act(Block, other, blocked).await?;
        assert_eq!(refused(world.act(Send, other, blocked).await), (Code::FailedPrecondition, "USER_BLOCKED".to_owned()));
    }
    // A request cannot be accepted after its sender has become private.
    let [shy] = world.people().await?;
    world.act(Send, shy, other).await?;
    world.settle(shy, PrivacyLevel::Private).await?;
    assert_eq!(refused(world.act(Accept, other, shy).await), not_found("FRIEND_REQUEST"));
    assert_eq!(refused(world.act(Send, other, shy).await), not_found("PROFILE"));
    world.act(Block, child, alice).await?;
    assert!(world.friends(child).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn without_the_family_service_requests_are_neither_sent_nor_accepted() -> anyhow::Result<()> {
    let world = World::asking(NOWHERE.parse()?, Arc::new(DevKeys::ephemeral()?)).await?;
    let [alice, bob] = world.people().await?;
    let answer = world.act(Send, alice, bob).await;
    assert_eq!(answer.as_ref().err().and_then(|status| metadata(status, "upstream")).as_deref(), Some("family"));
    assert_eq!(refused(answer), (Code::Unavailable, "UPSTREAM_UNAVAILABLE".to_owned()));
    world.request(bob, alice).await?;
    assert_eq!(refused(world.act(Accept, alice, bob).await), (Code::Unavailable, "UPSTREAM_UNAVAILABLE".to_owned()));
    assert!(world.friends(alice).await?.is_empty());
    // Other actions do not ask the family service.
    world.act(Decline, alice, bob).await?;
    world.act(Block, alice, bob).await?;
    world.act(Unblock, alice, bob).await?;
    Ok(())
}

#[tokio::test]
async fn a_block_ends_the_friendship_and_stays_secret() -> anyhow::Result<()> {
    let (world, _family) = World::with_family().await?;
    let [alice, bob] = world.people().await?;
    world.act(Send, alice, bob).await?;
    world.act(Accept, bob, alice).await?;
    world.settle(bob, PrivacyLevel::Public).await?;
    world.act(Block, bob, alice).await?;
    assert!(!world.sees(alice, bob).await? && !world.sees(bob, alice).await?, "neither sees the other, though one is public");
    assert_eq!(refused(world.act(Send, alice, bob).await), not_found("PROFILE"));
    let blocked_by_caller = (Code::FailedPrecondition, "USER_BLOCKED".to_owned());
    assert_eq!(refused(world.act(Send, bob, alice).await), blocked_by_caller);
    world.act(Block, alice, bob).await?;
    assert_eq!(refused(world.act(Send, alice, bob).await), blocked_by_caller, "does not reveal the other block");
    for user in [alice, bob] {
        assert!(world.friends(user).await?.is_empty());
        let blocked = world.friendships(user).list_blocked_users(pb::ListBlockedUsersRequest::default()).await?.into_inner();
        let other = if user == alice { bob } else { alice };
        assert_eq!(blocked.blocked_users.iter().map(|row| row.user_id.clone()).collect::<Vec<_>>(), [other.to_string()]);
    }
    world.act(Unblock, alice, bob).await?;
    assert!(!world.sees(alice, bob).await?, "the other block still holds");
    world.act(Unblock, bob, alice).await?;
    world.act(Unblock, bob, alice).await?;
    assert!(world.sees(alice, bob).await? && !world.sees(bob, alice).await?);
    assert!(world.friends(alice).await?.is_empty(), "the friendship does not come back");
    assert_eq!(refused(world.act(Block, alice, id()).await), not_found("PROFILE"));
    Ok(())
}

#[tokio::test]
async fn lists_have_pages_and_agree_with_the_counts() -> anyhow::Result<()> {
    let world = World::start().await?;
    let [alice] = world.people().await?;
    let friends: [Uuid; 3] = world.people().await?;
    let senders: [Uuid; 3] = world.people().await?;
    let recipients: [Uuid; 3] = world.people().await?;
    for user in friends {
        world.befriend(alice, user).await?;
    }
    for user in senders {
        world.request(user, alice).await?;
    }
    for user in recipients {
        world.request(alice, user).await?;
    }
    // One of each kind is not visible.
    for user in [friends[0], senders[0], recipients[0]] {
        world.settle(user, PrivacyLevel::Private).await?;
    }
    let mut pages = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListFriendsRequest { page_size: 1, page_token };
        let page = world.friendships(alice).list_friends(request).await?.into_inner();
        assert!(page.friends.len() <= 1);
        pages.extend(page.friends.into_iter().map(|friend| friend.profile.expect("a profile").user_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let mut expected = friends[1..].to_vec();
    expected.sort_unstable();
    assert_eq!(pages, expected.iter().map(Uuid::to_string).collect::<Vec<_>>());
    let incoming = world.requests(alice, Incoming).await?;
    assert_eq!(incoming.len(), 2);
    assert_eq!(world.requests(alice, Outgoing).await?.len(), 3, "the caller's own requests, visible or not");
    let counted = world.friendships(alice).count_friends(pb::CountFriendsRequest {}).await?.into_inner();
    assert_eq!((counted.friends, counted.incoming_requests, counted.outgoing_requests), (2, 2, 3));

    let first = pb::ListFriendRequestsRequest { direction: Incoming.into(), page_size: 1, page_token: String::new() };
    let token = world.friendships(alice).list_friend_requests(first).await?.into_inner().next_page_token;
    let other_direction = pb::ListFriendRequestsRequest { direction: Outgoing.into(), page_size: 1, page_token: token.clone() };
    assert_eq!(violations(world.friendships(alice).list_friend_requests(other_direction).await), ["page_token"]);
    let of_another_user = pb::ListFriendRequestsRequest { direction: Incoming.into(), page_size: -1, page_token: token };
    let answer = world.friendships(friends[1]).list_friend_requests(of_another_user).await;
    assert_eq!(violations(answer), ["page_size", "page_token"]);
    let none = pb::ListFriendRequestsRequest::default();
    assert_eq!(violations(world.friendships(alice).list_friend_requests(none).await), ["direction"]);
    Ok(())
}
