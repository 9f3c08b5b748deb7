//! A user's standings in all of their challenges.

use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::standing_service_client::StandingServiceClient;
use orchard_testkit::answer::{refused, violations};
use pb::PrivacyLevel::{FriendsOnly, Private, Public};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{World, days_ago, id, minutes, new_challenge};

impl World {
    async fn list_standings(&self, viewer: Uuid, request: pb::ListStandingsRequest) -> Result<pb::ListStandingsResponse, Status> {
        let mut client = StandingServiceClient::new(self.slice.user(viewer).expect("client"));
        Ok(client.list_standings(request).await?.into_inner())
    }

    async fn standings(&self, viewer: Uuid, user: Uuid) -> Result<Vec<(String, pb::Standing)>, Status> {
        let request = pb::ListStandingsRequest { user_id: user.to_string(), ..Default::default() };
        let listed = self.list_standings(viewer, request).await?.standings.into_iter();
        let one = |one: pb::ChallengeStanding| (one.challenge.expect("a challenge").challenge_id, one.standing.expect("one"));
        Ok(listed.map(one).collect())
    }

    async fn challenge_ids(&self, viewer: Uuid, user: Uuid) -> Result<Vec<String>, Status> {
        Ok(self.standings(viewer, user).await?.into_iter().map(|(challenge, _)| challenge).collect())
    }
}

fn contest() -> pb::CreateChallengeRequest {
    pb::CreateChallengeRequest { scoring: minutes(1, 100_000), ..new_challenge() }
}

#[tokio::test]
async fn each_standing_is_that_of_its_own_leaderboard() -> anyhow::Result<()> {
    let world = World::start().await?;
    let me = id();
    world.settle(me, Public).await?;
    let mut challenges = Vec::new();
    for (others, mine) in [(vec![9, 7, 5, 5], 5), (vec![1, 2], 3), (vec![4_000, 3_000_000], 0)] {
        let challenge = world.official(contest()).await?;
        world.seeded(&challenge, &others).await?;
        world.join(me, &challenge).await?;
        if mine > 0 {
            world.record(me, &challenge, days_ago(0), &[], mine).await?;
        }
        challenges.insert(0, challenge);
    }
    let listed = world.standings(me, me).await?;
    assert_eq!(listed.iter().map(|(challenge, _)| challenge).collect::<Vec<_>>(), challenges.iter().collect::<Vec<_>>());
    assert_eq!(
        listed.iter().map(|(_, standing)| (standing.rank, standing.participant_count)).collect::<Vec<_>>(),
        [(3, 3), (1, 3), (3, 5)]
    );
    for (challenge, standing) in &listed {
        assert_eq!(world.board(me, challenge).standing().await?, *standing);
    }
    assert_eq!(world.standings(id(), me).await?, listed, "a stranger sees the same of a public user");
    world.folded().await?;
    assert_eq!(world.standings(me, me).await?, listed);
    Ok(())
}

#[tokio::test]
async fn others_see_only_challenges_that_they_may_read_and_seats_that_are_shown() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (user, viewer) = (id(), id());
    world.settle(user, Public).await?;
    world.settle(viewer, Public).await?;
    let closed = pb::CreateChallengeRequest { is_public: Some(false), ..contest() };
    let closed = world.create(user, closed).await?;
    let [open, hidden, left, stopped] = [(); 4].map(|()| world.official(contest()));
    let (open, hidden, left, stopped) = (open.await?, hidden.await?, left.await?, stopped.await?);
    for challenge in [&closed.challenge_id, &open, &hidden, &left, &stopped] {
        world.join(user, challenge).await?;
    }
    world.show(user, &hidden, false).await?;
    world.withdraw(user, &left).await?;
    let stop = pb::DeactivateChallengeRequest { challenge_id: stopped.clone() };
    world.challenges_as(id(), &["operator"]).deactivate_challenge(stop).await?;

    let own = world.standings(user, user).await?;
    let expected = [&hidden, &open, &closed.challenge_id];
    assert_eq!(own.iter().map(|(challenge, _)| challenge).collect::<Vec<_>>(), expected);
    assert_eq!(own.iter().map(|(_, standing)| standing.is_ranked).collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(world.challenge_ids(viewer, user).await?, [open.as_str()]);
    let join = pb::JoinChallengeRequest { join_code: closed.join_code, ..Default::default() };
    world.challenges(viewer)?.join_challenge(join).await?;
    assert_eq!(world.challenge_ids(viewer, user).await?, [open, closed.challenge_id], "a fellow participant reads it");

    let not_found = (Code::NotFound, "PROFILE_NOT_FOUND".to_owned());
    for level in [FriendsOnly, Private] {
        world.settle(user, level).await?;
        assert_eq!(refused(world.standings(viewer, user).await), not_found, "{level:?}");
    }
    assert_eq!(refused(world.standings(viewer, id()).await), not_found);
    assert_eq!(world.standings(user, user).await?.len(), 3);
    Ok(())
}

#[tokio::test]
async fn pages_of_standings_continue_each_other() -> anyhow::Result<()> {
    let world = World::start().await?;
    let me = id();
    let mut joined = Vec::new();
    for _ in 0..5 {
        let challenge = world.official(contest()).await?;
        world.join(me, &challenge).await?;
        joined.insert(0, challenge);
    }
    let mut request = pb::ListStandingsRequest { user_id: me.to_string(), page_size: 2, ..Default::default() };
    let mut listed = Vec::new();
    loop {
        let page = world.list_standings(me, request.clone()).await?;
        listed.extend(page.standings.into_iter().map(|one| one.challenge.expect("a challenge").challenge_id));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
        assert_eq!(violations(world.list_standings(id(), request.clone()).await), ["page_token"]);
    }
    assert_eq!(listed, joined);
    Ok(())
}
