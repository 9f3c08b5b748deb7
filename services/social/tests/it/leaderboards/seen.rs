//! Who is on a leaderboard, and under which name.

use std::collections::BTreeSet;

use orchard_proto::family::v1::MemberRole;
use orchard_proto::social::v1 as pb;
use pb::PrivacyLevel::{FriendsOnly, Private, Public};
use uuid::Uuid;

use super::ranking;
use crate::friends::{Act, left, released};
use crate::world::{World, days_ago, id, minutes, new_challenge};

/// Users with their ranks, the viewer's own rank, and the number of participants.
type Sees = (Vec<(Uuid, i32)>, i32, i32);

impl World {
    /// Returns the name of the entry with a score, and whether it is a pseudonym.
    async fn name_of(&self, viewer: Uuid, challenge: &str, score: i32) -> anyhow::Result<(String, bool)> {
        let (all, _) = self.board(viewer, challenge).all(0, 0).await?;
        let entry = all.into_iter().find(|entry| entry.final_score == score).expect("an entry with the score");
        assert_eq!(entry.is_pseudonym, entry.user_id.is_empty());
        Ok((entry.display_name, entry.is_pseudonym))
    }
}

#[tokio::test]
async fn users_who_hide_leave_or_become_private_disappear_at_once() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let request = pb::CreateChallengeRequest { scoring: minutes(1, 1_000), ..new_challenge() };
    let challenge = world.official(request).await?;
    let people: [Uuid; 4] = std::array::from_fn(|_| id());
    for (user, amount) in people.iter().zip([40, 30, 20, 10]) {
        world.settle(*user, Public).await?;
        world.join(*user, &challenge).await?;
        world.record(*user, &challenge, days_ago(0), &[], amount).await?;
    }
    let [first, second, third, last] = people;
    let sees = async || -> anyhow::Result<Sees> {
        let (all, participants) = world.board(last, &challenge).all(1, 0).await?;
        let (around, standing) = world.board(last, &challenge).around(10).await?;
        assert_eq!(ranking(&around), ranking(&all));
        assert_eq!(standing.participant_count, participants);
        let (from, _) = world.board(id(), &challenge).all(0, 1).await?;
        assert_eq!(ranking(&from), ranking(&all));
        Ok((ranking(&all).into_iter().map(|(user, _, rank)| (user, rank)).collect(), standing.rank, participants))
    };
    assert_eq!(sees().await?, (vec![(first, 1), (second, 2), (third, 3), (last, 4)], 4, 4));
    world.show(first, &challenge, false).await?;
    assert_eq!(sees().await?, (vec![(second, 1), (third, 2), (last, 3)], 3, 3));
    world.settle(second, Private).await?;
    assert_eq!(sees().await?, (vec![(third, 1), (last, 2)], 2, 2));
    world.withdraw(third, &challenge).await?;
    assert_eq!(sees().await?, (vec![(last, 1)], 1, 1));
    // They record scores meanwhile, and return with them.
    world.record(first, &challenge, days_ago(0), &[], 5).await?;
    world.record(second, &challenge, days_ago(0), &[], 50).await?;
    world.show(first, &challenge, true).await?;
    world.settle(second, Public).await?;
    world.join(third, &challenge).await?;
    assert_eq!(sees().await?, (vec![(second, 1), (third, 2), (last, 3), (first, 4)], 3, 4));
    world.erase(second).await?;
    assert_eq!(sees().await?, (vec![(third, 1), (last, 2), (first, 3)], 2, 3));
    Ok(())
}

#[tokio::test]
async fn names_follow_the_profile_and_pseudonyms_stay() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (challenge, other) = (world.official(new_challenge()).await?, world.official(new_challenge()).await?);
    let (ann, stranger) = (id(), id());
    world.settle(stranger, Public).await?;
    world.settle(ann, FriendsOnly).await?;
    world.rename(ann, "ann").await?;
    for challenge in [&challenge, &other] {
        world.join(ann, challenge).await?;
    }
    let (pseudonym, hidden) = world.name_of(stranger, &challenge, 0).await?;
    assert!(hidden && pseudonym != "ann" && !pseudonym.is_empty() && !pseudonym.contains(&ann.to_string()[..8]), "{pseudonym}");
    assert_eq!(world.name_of(id(), &challenge, 0).await?, (pseudonym.clone(), true), "the same for all viewers");
    assert_ne!(world.name_of(stranger, &other, 0).await?.0, pseudonym, "different in each challenge");
    assert_eq!(world.name_of(ann, &challenge, 0).await?, ("ann".to_owned(), false), "users see their own name");
    world.settle(ann, Public).await?;
    assert_eq!(world.name_of(stranger, &challenge, 0).await?, ("ann".to_owned(), false));
    world.rename(ann, "anna").await?;
    assert_eq!(world.name_of(stranger, &challenge, 0).await?, ("anna".to_owned(), false));
    world.settle(ann, FriendsOnly).await?;
    assert_eq!(world.name_of(stranger, &challenge, 0).await?, (pseudonym.clone(), true));
    world.settle(ann, Public).await?;
    // Only friends see the name of a child, until an adult releases it.
    let plan = id();
    world.join_family(plan, 1, ann, MemberRole::Child).await?;
    assert_eq!(world.name_of(stranger, &challenge, 0).await?, (pseudonym.clone(), true));
    world.deliver("family", vec![left(plan, 2, ann)]).await?;
    assert_eq!(world.name_of(stranger, &challenge, 0).await?, (pseudonym.clone(), true));
    world.deliver("family", vec![released(ann, 2)]).await?;
    assert_eq!(world.name_of(stranger, &challenge, 0).await?, ("anna".to_owned(), false));
    world.act(Act::Block, ann, stranger).await?;
    assert_eq!(world.name_of(stranger, &challenge, 0).await?, (pseudonym.clone(), true));
    world.withdraw(ann, &challenge).await?;
    world.join(ann, &challenge).await?;
    assert_eq!(world.name_of(stranger, &challenge, 0).await?, (pseudonym, true), "the pseudonym is the same after joining again");
    Ok(())
}

/// Leaderboards decide from copies of profiles in SQL, `BatchGetProfiles` from the profiles.
#[tokio::test]
async fn a_leaderboard_shows_the_names_that_profiles_show() -> anyhow::Result<()> {
    let world = World::start().await?;
    let seed = fastrand::u64(..);
    fastrand::seed(seed);
    let challenge = world.official(new_challenge()).await?;
    let people: Vec<Uuid> = (0..24).map(|_| id()).collect();
    for user in &people {
        world.settle(*user, Public).await?;
        world.rename(*user, &format!("N{}", &user.simple().to_string()[..12])).await?;
        world.join(*user, &challenge).await?;
    }
    for _ in 0..40 {
        let (one, other) = (people[fastrand::usize(..24)], people[fastrand::usize(..24)]);
        if one != other {
            let act = [Act::Send, Act::Accept, Act::Send, Act::Accept, Act::Block, Act::Unblock][fastrand::usize(..6)];
            // Whether the act is refused does not matter.
            let _ = world.act(act, one, other).await;
            if fastrand::bool() {
                let _ = world.act(Act::Accept, other, one).await;
            }
        }
    }
    let plans: Vec<Uuid> = (0..4).map(|_| id()).collect();
    for plan in &plans {
        let mut members = people.clone();
        fastrand::shuffle(&mut members);
        for (sequence, user) in (1..).zip(members.into_iter().take(5)) {
            let role = [MemberRole::Admin, MemberRole::Member, MemberRole::Child, MemberRole::Guest][fastrand::usize(..4)];
            world.join_family(*plan, sequence, user, role).await?;
        }
    }
    for user in people.iter().step_by(2) {
        world.settle(*user, [Public, FriendsOnly, Private][fastrand::usize(..3)]).await?;
    }
    let on_board: BTreeSet<Uuid> = world.recount(&challenge).await?.into_iter().map(|(user, ..)| user).collect();
    let stranger = id();
    for viewer in people.iter().chain([&stranger]) {
        let user_ids = people.iter().map(Uuid::to_string).collect();
        let profiles = world.profiles(*viewer)?.batch_get_profiles(pb::BatchGetProfilesRequest { user_ids }).await?.into_inner();
        let shown = profiles.profiles.iter().map(|profile| Ok((profile.user_id.parse()?, profile.display_name.clone())));
        let mut shown: BTreeSet<(Uuid, String)> = shown.collect::<anyhow::Result<_>>()?;
        shown.retain(|(user, _)| on_board.contains(user));
        let (all, participants) = world.board(*viewer, &challenge).all(0, 0).await?;
        assert_eq!(usize::try_from(participants)?, on_board.len());
        let named = all.iter().filter(|entry| !entry.is_pseudonym);
        let named: BTreeSet<(Uuid, String)> =
            named.map(|entry| Ok((entry.user_id.parse()?, entry.display_name.clone()))).collect::<anyhow::Result<_>>()?;
        assert_eq!(named, shown, "seed {seed}, for {viewer}");
    }
    Ok(())
}
