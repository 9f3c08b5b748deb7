//! Ranks, compared with a plain recount.

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use tonic::Code;
use uuid::Uuid;

use super::ranking;
use crate::friends::Act;
use crate::world::{World, id, new_challenge};
use orchard_proto::family::v1::MemberRole;

/// Returns scores with many ties, of different magnitudes.
fn scores(random: &mut fastrand::Rng, count: usize) -> Vec<i32> {
    let most = [3, 60, 5_000, 36_600_000][random.usize(0..4)];
    (0..count).map(|_| if random.bool() { random.i32(0..=most) } else { random.i32(0..=most.min(9)) }).collect()
}

/// Pages of several sizes, pages from each rank, standings and surroundings, before and after changes are folded.
#[tokio::test]
async fn random_leaderboards_are_ranked_like_a_recount() -> anyhow::Result<()> {
    let world = World::start().await?;
    for _ in 0..4 {
        let seed = fastrand::u64(..);
        let mut random = fastrand::Rng::with_seed(seed);
        let challenge = world.official(new_challenge()).await?;
        let count = random.usize(1..160);
        let scores = scores(&mut random, count);
        let users = world.seeded(&challenge, &scores).await?;
        for user in users.iter().take(30).step_by(5) {
            match random.u8(0..3) {
                0 => drop(world.show(*user, &challenge, false).await?),
                1 => drop(world.withdraw(*user, &challenge).await?),
                _ => world.settle(*user, pb::PrivacyLevel::Private).await?,
            }
        }
        for turn in 0..2 {
            if turn == 1 {
                world.folded().await?;
            }
            let expected = world.recount(&challenge).await?;
            let mut stranger = world.board(id(), &challenge);
            let total = i32::try_from(expected.len())?;
            for page_size in [1, 7, 200] {
                let (entries, participants) = stranger.all(page_size, 0).await?;
                assert_eq!((ranking(&entries), participants), (expected.clone(), total), "seed {seed}, pages of {page_size}");
            }
            for start in 1..=total + 2 {
                let from: Vec<_> = expected.iter().copied().filter(|(.., rank)| *rank >= start).collect();
                let (entries, participants) = stranger.all(50, start).await?;
                assert_eq!((ranking(&entries), participants), (from, total), "seed {seed}, from {start}");
            }
            for (place, (user, score, rank)) in expected.iter().enumerate() {
                let standing = world.board(*user, &challenge).standing().await?;
                assert_eq!(
                    (standing.final_score, standing.rank, standing.participant_count),
                    (*score, *rank, total),
                    "seed {seed}"
                );
                let (entries, same) = world.board(*user, &challenge).around(6).await?;
                let first = place.saturating_sub(3).min(expected.len().saturating_sub(6));
                let last = (first + 6).min(expected.len());
                assert_eq!((ranking(&entries), same), (expected[first..last].to_vec(), standing), "seed {seed} at {place}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_tie_of_thousands_shares_one_rank() -> anyhow::Result<()> {
    let world = World::start().await?;
    let challenge = world.official(new_challenge()).await?;
    let scores: Vec<i32> = [vec![9; 2], vec![5; 3_000], vec![1; 2]].concat();
    let users = world.seeded(&challenge, &scores).await?;
    for _ in 0..2 {
        let mut viewer = world.board(users[2], &challenge);
        assert_eq!(viewer.standing().await?.rank, 3);
        let (from_the_middle, _) = viewer.all(200, 1_000).await?;
        assert_eq!(ranking(&from_the_middle).iter().map(|(.., rank)| *rank).collect::<Vec<_>>(), [3_003, 3_003]);
        let (all, participants) = viewer.all(200, 3).await?;
        assert_eq!((all.len(), participants), (3_002, 3_004));
        assert_eq!(all.iter().filter(|entry| entry.rank == 3).count(), 3_000);
        let once: std::collections::BTreeSet<_> = all.iter().map(|entry| &entry.user_id).collect();
        assert_eq!(once.len(), 3_002);
        world.folded().await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_entries_around_the_caller_have_the_requested_number() -> anyhow::Result<()> {
    let world = World::start().await?;
    let challenge = world.official(new_challenge()).await?;
    let users = world.seeded(&challenge, &[100, 90, 80, 70, 60, 50, 40, 30, 20, 10]).await?;
    let around = async |place: usize, limit| {
        let (entries, standing) = world.board(users[place - 1], &challenge).around(limit).await?;
        assert_eq!(entries.iter().filter(|entry| entry.is_me).count(), 1);
        assert!(standing.is_ranked && standing.rank == i32::try_from(place)?);
        Ok::<_, anyhow::Error>(entries.iter().map(|entry| entry.rank).collect::<Vec<_>>())
    };
    for (place, limit, expected) in [
        (1, 4, vec![1, 2, 3, 4]),
        (5, 4, vec![3, 4, 5, 6]),
        (10, 4, vec![7, 8, 9, 10]),
        (2, 4, vec![1, 2, 3, 4]),
        (9, 4, vec![7, 8, 9, 10]),
        (5, 1, vec![5]),
        (5, 5, vec![3, 4, 5, 6, 7]),
        (5, 0, (1..=10).collect()),
        (7, 100, (1..=10).collect()),
    ] {
        assert_eq!(around(place, limit).await?, expected, "{limit} around {place}");
    }
    for limit in [-1, 101] {
        assert_eq!(violations(world.board(users[0], &challenge).around(limit).await), ["limit"]);
    }
    // A hidden participant gets the rank that they would have, and the entries around it.
    world.show(users[4], &challenge, false).await?;
    let (entries, standing) = world.board(users[4], &challenge).around(4).await?;
    assert_eq!(
        ranking(&entries).iter().map(|(_, score, rank)| (*score, *rank)).collect::<Vec<_>>(),
        [(80, 3), (70, 4), (50, 5), (40, 6)]
    );
    assert_eq!((standing.rank, standing.is_ranked, standing.participant_count), (5, false, 9));
    assert!(entries.iter().all(|entry| !entry.is_me));
    let mut private = world.board(users[9], &challenge);
    world.settle(users[9], pb::PrivacyLevel::Private).await?;
    assert_eq!((private.standing().await?.rank, private.standing().await?.is_ranked), (9, false));
    assert_eq!(private.around(4).await?.0.len(), 4);
    world.withdraw(users[1], &challenge).await?;
    let not_participating = (Code::NotFound, "NOT_PARTICIPATING".to_owned());
    for user in [users[1], id()] {
        assert_eq!(refused(world.board(user, &challenge).around(4).await), not_participating);
        assert_eq!(refused(world.board(user, &challenge).standing().await), not_participating);
    }
    Ok(())
}

#[tokio::test]
async fn friends_have_a_rank_among_friends_and_one_on_the_leaderboard() -> anyhow::Result<()> {
    let world = World::start().await?;
    let challenge = world.official(new_challenge()).await?;
    let users = world.seeded(&challenge, &[90, 80, 80, 70, 60, 50, 40, 30, 20, 10]).await?;
    let [_, friend, fellow, me, guest, private, asked, blocked, last, _] = users[..] else { anyhow::bail!("ten") };
    for other in [friend, private, last] {
        world.befriend(me, other).await?;
    }
    world.request(me, asked).await?;
    let plan = id();
    for (sequence, (user, role)) in (1..).zip([
        (me, MemberRole::Admin),
        (fellow, MemberRole::Member),
        (guest, MemberRole::Guest),
        (blocked, MemberRole::Member),
    ]) {
        world.join_family(plan, sequence, user, role).await?;
    }
    world.act(Act::Block, blocked, me).await?;
    world.settle(private, pb::PrivacyLevel::Private).await?;
    world.settle(last, pb::PrivacyLevel::FriendsOnly).await?;
    for page_size in [0, 1, 2] {
        let friends = world.board(me, &challenge).friends(page_size).await?;
        let ranks: Vec<(i32, i32, Uuid)> = friends
            .iter()
            .map(|friend| (friend, friend.entry.clone().expect("an entry")))
            .map(|(friend, entry)| (friend.friend_rank, entry.rank, entry.user_id.parse().expect("a name is shown")))
            .collect();
        let mut pair = [friend, fellow];
        let order = world.recount(&challenge).await?;
        pair.sort_by_key(|user| order.iter().position(|(other, ..)| other == user));
        assert_eq!(ranks, [(1, 2, pair[0]), (1, 2, pair[1]), (3, 4, me), (4, 8, last)], "pages of {page_size}");
    }
    world.show(me, &challenge, false).await?;
    assert_eq!(world.board(me, &challenge).friends(0).await?.len(), 3, "a hidden participant has no entry");
    Ok(())
}

#[tokio::test]
async fn the_view_for_analysts_has_the_same_ranks() -> anyhow::Result<()> {
    let world = World::start().await?;
    let mut random = fastrand::Rng::new();
    let challenge = world.official(new_challenge()).await?;
    let users = world.seeded(&challenge, &scores(&mut random, 120)).await?;
    for (number, user) in users.iter().enumerate().take(12) {
        match number % 3 {
            0 => drop(world.show(*user, &challenge, false).await?),
            1 => drop(world.withdraw(*user, &challenge).await?),
            _ => world.settle(*user, pb::PrivacyLevel::Private).await?,
        }
    }
    let client = world.slice.schema.connect().await?;
    let view = "SELECT user_id, final_score, current_rank FROM challenge_leaderboards WHERE challenge_id = $1";
    let rows = client.query(view, &[&challenge.parse::<Uuid>()?]).await?;
    let mut view: Vec<(Uuid, i32, i32)> = rows
        .iter()
        .map(|row| Ok((row.get(0), row.get(1), i32::try_from(row.get::<_, i64>(2))?)))
        .collect::<anyhow::Result<_>>()?;
    let mut board = ranking(&world.board(id(), &challenge).all(50, 0).await?.0);
    // Equals stand in the order of their seats on the board, and of their users in the view.
    for listed in [&mut board, &mut view] {
        listed.sort_by_key(|(user, _, rank)| (*rank, *user));
    }
    assert_eq!(board, view);
    assert_eq!(view.len(), 108);
    Ok(())
}

#[tokio::test]
async fn inactive_challenges_and_unknown_ones_have_no_leaderboard() -> anyhow::Result<()> {
    let world = World::start().await?;
    let me = id();
    let made = world.create(me, pb::CreateChallengeRequest { is_public: Some(false), ..new_challenge() }).await?;
    let (seated, challenge) = (id(), made.challenge_id);
    let join = pb::JoinChallengeRequest { join_code: made.join_code, ..Default::default() };
    world.challenges(seated)?.join_challenge(join).await?;
    let not_found = (Code::NotFound, "CHALLENGE_NOT_FOUND".to_owned());
    for challenge in [challenge.clone(), id().to_string()] {
        let mut stranger = world.board(id(), &challenge);
        assert_eq!(refused(stranger.all(0, 0).await), not_found);
        assert_eq!(refused(stranger.all(0, 2).await), not_found);
        assert_eq!(refused(stranger.around(0).await), not_found);
        assert_eq!(refused(stranger.friends(0).await), not_found);
        assert_eq!(refused(stranger.standing().await), not_found);
    }
    for user in [me, seated] {
        assert_eq!(world.board(user, &challenge).all(0, 0).await?.1, 1);
    }
    world.challenges(me)?.deactivate_challenge(pb::DeactivateChallengeRequest { challenge_id: challenge.clone() }).await?;
    let inactive = (Code::FailedPrecondition, "CHALLENGE_INACTIVE".to_owned());
    let mut viewer = world.board(seated, &challenge);
    assert_eq!(refused(viewer.all(0, 0).await), inactive);
    assert_eq!(refused(viewer.all(0, 2).await), inactive);
    assert_eq!(refused(viewer.around(0).await), inactive);
    assert_eq!(refused(viewer.friends(0).await), inactive);
    assert_eq!(refused(viewer.standing().await), inactive);
    let empty = world.official(new_challenge()).await?;
    assert_eq!(world.board(id(), &empty).all(0, 0).await?, (vec![], 0));
    assert!(world.board(id(), &empty).friends(0).await?.is_empty());
    Ok(())
}
