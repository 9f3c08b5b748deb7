//! Requests that were declined.

use super::*;

/// Lets the pause between a decline and the next request pass.
async fn pass(world: &World, days: i32) -> anyhow::Result<i64> {
    let pass =
        "UPDATE friendships SET shown_from = shown_from - make_interval(days => $1), updated_at = now() WHERE shown_from > now()";
    Ok(i64::try_from(world.slice.schema.connect().await?.execute(pass, &[&days]).await?)?)
}

#[tokio::test]
async fn a_decline_looks_like_waiting_and_the_next_request_waits() -> anyhow::Result<()> {
    let (world, _family) = World::with_family().await?;
    orchard_testkit::schema::refuse_stale_updates(&world.slice.schema.connect().await?).await?;
    let [alice, bob] = world.people().await?;
    let count = async || {
        let counted = world.friendships(alice).count_friends(pb::CountFriendsRequest {}).await?.into_inner();
        anyhow::Ok((counted.friends, counted.outgoing_requests))
    };
    for days in [1, 7, 30, 30] {
        world.act(Send, alice, bob).await?;
        pass(&world, days).await?;
        let sent = world.requests(alice, Outgoing).await?;
        assert!(world.sees(bob, alice).await? && world.requests(bob, Incoming).await?.len() == 1);
        world.act(Decline, bob, alice).await?;
        assert_eq!(
            (world.requests(alice, Outgoing).await?, count().await?),
            (sent, (0, 1)),
            "nothing has changed for the sender"
        );
        assert!(!world.sees(bob, alice).await? && world.requests(bob, Incoming).await?.is_empty());
        assert_eq!(refused(world.act(Accept, bob, alice).await), not_found("FRIEND_REQUEST"));
        for _ in 0..3 {
            assert_eq!(world.act(Send, alice, bob).await?, Some(RequestSent));
            assert!(world.requests(bob, Incoming).await?.is_empty());
        }
        world.act(Withdraw, alice, bob).await?;
        assert!(world.requests(alice, Outgoing).await?.is_empty());
        world.act(Send, alice, bob).await?;
        assert_eq!(pass(&world, days - 1).await?, 1);
        assert!(world.requests(bob, Incoming).await?.is_empty(), "not after {days} - 1 days");
        world.act(Withdraw, alice, bob).await?;
    }
    world.act(Send, alice, bob).await?;
    assert_eq!(world.act(Send, bob, alice).await?, Some(Friends), "whoever declined may ask");
    Ok(())
}

/// A block is told the family service, in the order in which blocks began and ended.
#[tokio::test]
async fn blocks_are_published() -> anyhow::Result<()> {
    let world = World::asking(NOWHERE.parse()?, Arc::new(DevKeys::ephemeral()?)).await?;
    let [alice, bob] = world.people().await?;
    for act in [Block, Block, Unblock, Unblock, Block] {
        world.act(act, alice, bob).await?;
    }
    world.act(Block, bob, alice).await?;
    let query = "SELECT sequence, event_type, count(*) OVER (PARTITION BY aggregate_id) FROM outbox ORDER BY sequence";
    let rows = world.slice.schema.connect().await?.query(query, &[]).await?;
    let told: Vec<(i64, String, i64)> = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let (blocked, unblocked) = ("orchard.social.v1.UserBlocked", "orchard.social.v1.UserUnblocked");
    let expected = [(1, blocked), (2, unblocked), (3, blocked), (4, blocked)];
    assert_eq!(told, expected.map(|(sequence, event_type)| (sequence, event_type.to_owned(), 4)));
    Ok(())
}
