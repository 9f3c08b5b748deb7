//! Actions of several users at the same time.

use std::sync::Arc;

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{metadata, refused};
use pb::FriendshipStatus::{Friends, RequestSent};
use tokio::task::JoinSet;
use tonic::Code;
use uuid::Uuid;

use super::PairRow;
use crate::friends::Act::{self, Accept, Block, Decline, Remove, Send, Withdraw};
use crate::world::World;

/// Actions that run at the same time, each with whether the sender of the request takes it, and the check of the row that they leave.
type Scene = (&'static [(Act, bool)], fn(&Option<PairRow>) -> bool);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crossing_requests_become_one_friendship() -> anyhow::Result<()> {
    let (world, _family) = World::with_family().await?;
    let world = Arc::new(world);
    for _ in 0..25 {
        let [alice, bob] = world.people().await?;
        let (one, other) = (Arc::clone(&world), Arc::clone(&world));
        let (first, second) = tokio::join!(one.act(Send, alice, bob), other.act(Send, bob, alice));
        let mut statuses = [first?, second?];
        statuses.sort();
        assert_eq!(statuses, [Some(RequestSent), Some(Friends)], "the second request accepts the first");
        assert_eq!(world.pair(alice, bob).await?, Some(("accepted".to_owned(), false, false)));
    }
    Ok(())
}

/// Concurrent actions leave what some order of them leaves. A user is never a friend of one whom they have blocked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_actions_leave_what_some_order_of_them_leaves() -> anyhow::Result<()> {
    let (world, _family) = World::with_family().await?;
    let world = Arc::new(world);
    let scenes: [Scene; 4] = [
        // No other action ends a block.
        (&[(Accept, false), (Block, true), (Remove, false), (Send, true), (Accept, false)], |pair| {
            *pair == Some(("none".to_owned(), true, false))
        }),
        (&[(Accept, false), (Block, true), (Block, false), (Remove, true)], |pair| {
            *pair == Some(("none".to_owned(), true, true))
        }),
        // Accepted and then removed, or accepted after removal had no effect.
        (&[(Accept, false), (Remove, true)], |pair| {
            matches!(pair, None | Some((_, false, false))) && pair.as_ref().is_none_or(|(status, ..)| status == "accepted")
        }),
        // The request is accepted, or it is declined or withdrawn.
        (&[(Accept, false), (Decline, false), (Withdraw, true)], |pair| {
            pair.is_none() || *pair == Some(("accepted".to_owned(), false, false))
        }),
    ];
    for round in 0..40 {
        let (steps, fits) = &scenes[round % scenes.len()];
        let [alice, bob] = world.people().await?;
        world.request(alice, bob).await?;
        let mut calls = JoinSet::new();
        for (act, is_sender) in steps.iter().copied() {
            let world = Arc::clone(&world);
            let (me, other) = if is_sender { (alice, bob) } else { (bob, alice) };
            calls.spawn(async move {
                tokio::time::sleep(std::time::Duration::from_micros(fastrand::u64(..3_000))).await;
                world.act(act, me, other).await
            });
        }
        for answer in calls.join_all().await {
            let code = answer.err().map(|status| status.code());
            assert!(matches!(code, None | Some(Code::NotFound | Code::FailedPrecondition)), "{code:?}");
        }
        let pair = world.pair(alice, bob).await?;
        assert!(fits(&pair), "{steps:?}: {pair:?}");
    }
    Ok(())
}

/// Requests of several pairs of the same users do not deadlock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_who_all_send_requests_to_each_other_become_friends() -> anyhow::Result<()> {
    let (world, _family) = World::with_family().await?;
    let world = Arc::new(world);
    let people: [Uuid; 6] = world.people().await?;
    let mut calls = JoinSet::new();
    for me in people {
        for other in people.into_iter().filter(|other| *other != me) {
            let world = Arc::clone(&world);
            calls.spawn(async move { world.act(Send, me, other).await });
        }
    }
    for answer in calls.join_all().await {
        answer?;
    }
    for me in people {
        assert_eq!(world.friends(me).await?.len(), people.len() - 1);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_number_of_unanswered_requests_is_limited() -> anyhow::Result<()> {
    let (world, _family) = World::with_family().await?;
    let world = Arc::new(world);
    let [alice] = world.people().await?;
    let client = world.slice.schema.connect().await?;
    let many = "INSERT INTO users (id) SELECT gen_random_uuid() FROM generate_series(1, 198)";
    client.batch_execute(many).await?;
    let asked = "INSERT INTO friendships (first_user_id, second_user_id, status, requested_by, requested_at)
        SELECT least(id, $1), greatest(id, $1), 'requested', $1, now() FROM users WHERE display_name IS NULL";
    client.execute(asked, &[&alice]).await?;
    let others: [Uuid; 8] = world.people().await?;
    let mut calls = JoinSet::new();
    for other in others {
        let world = Arc::clone(&world);
        calls.spawn(async move { world.act(Send, alice, other).await });
    }
    let answers = calls.join_all().await;
    let too_many: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    assert_eq!(too_many.len(), 6, "198 requests, and two of eight more");
    for status in too_many {
        assert_eq!(metadata(&status, "max_requests").as_deref(), Some("200"));
        assert_eq!(refused::<()>(Err(status)), (Code::FailedPrecondition, "TOO_MANY_REQUESTS".to_owned()));
    }
    let counted = world.friendships(alice).count_friends(pb::CountFriendsRequest {}).await?.into_inner();
    assert_eq!((counted.friends, counted.outgoing_requests), (0, 200));
    Ok(())
}
