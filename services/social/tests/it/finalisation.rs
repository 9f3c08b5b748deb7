//! Finalising challenges: participants are judged, ranked and rewarded once.

mod during;
mod failing;
mod raced;

use std::time::Duration;

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{metadata, refused};
use tokio::time::{Instant, sleep};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{World, date, days_ago, id, minutes, new_challenge};

/// From now until a challenge of seven days that began yesterday is due: five more days, the last day and two late days in UTC,
/// and 12 hours until they end in UTC-12.
const UNTIL_DUE: Duration = Duration::from_hours((5 + 3) * 24 + 12);

pub fn points(points: i32) -> Option<pb::Reward> {
    Some(pb::Reward { points, ..Default::default() })
}

pub fn rewards(completion: i32, bands: &[(i32, i32, i32)]) -> Option<pb::RewardStructure> {
    let band = |(from_rank, to_rank, given): &(i32, i32, i32)| pb::RankBand {
        from_rank: *from_rank,
        to_rank: *to_rank,
        reward: points(*given),
    };
    Some(pb::RewardStructure { completion: points(completion), rank_bands: bands.iter().map(band).collect() })
}

impl World {
    /// Creates a challenge of the platform, and returns its id.
    pub async fn official(&self, request: pb::CreateChallengeRequest) -> anyhow::Result<String> {
        let made = self.challenges_as(id(), &["operator"]).create_challenge(request).await?.into_inner();
        Ok(made.challenge.expect("a challenge").challenge_id)
    }

    pub async fn finalise(&self, challenge: &str) -> Result<pb::Challenge, Status> {
        let request = pb::FinaliseChallengeRequest { challenge_id: challenge.to_owned() };
        let mut client = self.challenges_as(id(), &["operator"]);
        Ok(client.finalise_challenge(request).await?.into_inner().challenge.expect("a challenge"))
    }

    pub async fn is_final(&self, challenge: &str) -> anyhow::Result<bool> {
        let answer = self.challenges_as(id(), &["operator"]);
        let request = pb::GetChallengeRequest { challenge_id: challenge.to_owned(), ..Default::default() };
        let challenge = { answer }.get_challenge(request).await?.into_inner().challenge.expect("a challenge");
        Ok(challenge.finalise_time.is_some())
    }

    /// Waits until a challenge is finalised.
    pub async fn finalised(&self, challenge: &str) -> anyhow::Result<()> {
        self.until(async || self.is_final(challenge).await).await
    }

    /// Waits until a condition holds.
    pub async fn until(&self, mut holds: impl AsyncFnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
        let limit = Instant::now() + Duration::from_secs(120);
        while !holds().await? {
            anyhow::ensure!(Instant::now() < limit, "the condition does not hold in time");
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

/// Returns the status, the rank, and the points for completing and for the rank.
fn result(seat: &pb::Participant) -> (pb::CompletionStatus, Option<i32>, Option<i32>, Option<i32>) {
    let earned = seat.rewards_earned.clone().unwrap_or_default();
    let points = |reward: Option<pb::Reward>| reward.map(|reward| reward.points);
    (seat.completion_status(), seat.rank_position, points(earned.completion), points(earned.rank))
}

#[tokio::test]
async fn a_due_challenge_is_finalised_without_a_call() -> anyhow::Result<()> {
    use pb::CompletionStatus::{Active, Completed, Failed, Withdrawn};
    let world = World::strict().await?;
    let challenge = world
        .official(pb::CreateChallengeRequest {
            scoring: minutes(1, 100),
            success_criteria: Some(pb::SuccessCriteria { min_score: 20, ..Default::default() }),
            reward_structure: rewards(10, &[(1, 1, 100), (2, 3, 50)]),
            ..new_challenge()
        })
        .await?;
    let [first, hidden, tied, private, last, gone] = [(); 6].map(|()| id());
    for (user, amount) in [(first, 30), (hidden, 25), (tied, 25), (private, 20), (last, 5), (gone, 99)] {
        world.join(user, &challenge).await?;
        world.record(user, &challenge, days_ago(0), &[], amount).await?;
    }
    world.show(hidden, &challenge, false).await?;
    world.settle(private, pb::PrivacyLevel::Private).await?;
    world.withdraw(gone, &challenge).await?;
    world.clock.advance(UNTIL_DUE - Duration::from_hours(25));
    let early = world.finalise(&challenge).await.expect_err("too early");
    let due = metadata(&early, "due_time").expect("when");
    assert_eq!(due, format!("{}T12:00:00Z", days_ago(-8)));
    assert_eq!(refused::<()>(Err(early)), (Code::FailedPrecondition, "CHALLENGE_NOT_DUE".to_owned()));
    assert_eq!(result(&world.seat(first, &challenge).await?), (Active, None, None, None));
    world.clock.advance(Duration::from_hours(25));
    world.finalised(&challenge).await?;
    for (user, expected) in [
        (first, (Completed, Some(1), Some(10), Some(100))),
        (hidden, (Completed, Some(2), Some(10), Some(50))),
        (tied, (Completed, Some(2), Some(10), Some(50))),
        (private, (Completed, Some(4), Some(10), None)),
        (last, (Failed, Some(5), None, None)),
        (gone, (Withdrawn, None, None, None)),
    ] {
        let seat = world.seat(user, &challenge).await?;
        assert_eq!(result(&seat), expected);
        assert_eq!(seat.completion_time.is_some(), user != gone);
    }
    let achieved = world.achieved(first, first).await?;
    let mut achieved: Vec<_> = achieved.iter().map(|one| (one.achievement_name.as_str(), one.points_awarded)).collect();
    achieved.sort_unstable();
    assert_eq!(achieved, [("1 challenge completed", 10), ("Challenge completed", 10), ("Challenge: rank 1", 100)]);
    assert!(world.achieved(last, last).await?.is_empty());
    // Finalising again changes nothing, and nobody can change their result.
    assert!(world.finalise(&challenge).await?.finalise_time.is_some());
    let late = world.record(first, &challenge, days_ago(0), &[], 100).await;
    assert_eq!(refused(late).0, Code::FailedPrecondition);
    assert_eq!(refused(world.withdraw(first, &challenge).await).1, "PARTICIPATION_ENDED");
    assert_eq!(refused(world.join(id(), &challenge).await).1, "CHALLENGE_ENDED");
    assert_eq!(refused(world.join(gone, &challenge).await).1, "CHALLENGE_ENDED");
    Ok(())
}

#[tokio::test]
async fn all_success_criteria_must_be_met() -> anyhow::Result<()> {
    let world = World::start().await?;
    let criteria = pb::SuccessCriteria { min_score: 2, active_days: 2, longest_streak: 2, distinct_fruits: 3 };
    let challenge = world.official(pb::CreateChallengeRequest { success_criteria: Some(criteria), ..new_challenge() }).await?;
    let [whole, gap, few] = [(); 3].map(|()| id());
    for user in [whole, gap, few] {
        world.join(user, &challenge).await?;
        world.record(user, &challenge, days_ago(0), &[("apple", 4), ("fig", 1)], 0).await?;
    }
    world.record(whole, &challenge, days_ago(1), &[("kiwi", 5)], 0).await?;
    world.record(few, &challenge, days_ago(1), &[("fig", 5)], 0).await?;
    world.record(gap, &challenge, days_ago(1), &[("kiwi", 4)], 0).await?;
    world.clock.advance(UNTIL_DUE);
    world.finalised(&challenge).await?;
    for (user, status) in
        [(whole, pb::CompletionStatus::Completed), (gap, pb::CompletionStatus::Failed), (few, pb::CompletionStatus::Failed)]
    {
        assert_eq!(world.seat(user, &challenge).await?.completion_status(), status);
    }
    Ok(())
}

#[tokio::test]
async fn without_dates_each_seat_is_finalised_after_its_own_days() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let request = pb::CreateChallengeRequest {
        start_date: None,
        duration_days: 3,
        scoring: minutes(1, 100),
        reward_structure: rewards(7, &[]),
        ..new_challenge()
    };
    let challenge = world.official(request).await?;
    let [early, late, idle] = [(); 3].map(|()| id());
    for user in [early, idle] {
        world.join(user, &challenge).await?;
    }
    world.record(early, &challenge, days_ago(0), &[], 5).await?;
    world.clock.advance(Duration::from_hours(48));
    world.join(late, &challenge).await?;
    world.record(late, &challenge, days_ago(-2), &[], 9).await?;
    // The seats of the first two participants are due, two days after they joined.
    world.clock.advance(Duration::from_hours((3 + 2 - 2) * 24 + 12));
    world.until(async || Ok(world.seat(early, &challenge).await?.completion_time.is_some())).await?;
    use pb::CompletionStatus::{Active, Completed, Failed};
    assert_eq!(result(&world.seat(early, &challenge).await?), (Completed, None, Some(7), None));
    world.until(async || Ok(world.seat(idle, &challenge).await?.completion_time.is_some())).await?;
    assert_eq!(result(&world.seat(idle, &challenge).await?), (Failed, None, None, None));
    assert_eq!(result(&world.seat(late, &challenge).await?), (Active, None, None, None));
    assert_eq!(refused(world.finalise(&challenge).await), (Code::FailedPrecondition, "CHALLENGE_NOT_DUE".to_owned()));
    world.clock.advance(Duration::from_hours(48));
    world.until(async || Ok(world.seat(late, &challenge).await?.completion_time.is_some())).await?;
    let names: Vec<_> = world.achieved(late, late).await?.into_iter().map(|one| one.achievement_name).collect();
    assert!(names.contains(&"Challenge completed".to_owned()) && !names.iter().any(|name| name.contains("rank")), "{names:?}");
    Ok(())
}

#[tokio::test]
async fn an_operator_finalises_a_due_challenge_at_once() -> anyhow::Result<()> {
    // The worker alone would do it in an hour.
    let world = World::finalising_every(Duration::from_hours(1)).await?;
    let challenge = world.official(new_challenge()).await?;
    let user = id();
    world.join(user, &challenge).await?;
    world.clock.advance(UNTIL_DUE);
    assert!(!world.is_final(&challenge).await?);
    world.finalise(&challenge).await?;
    world.finalised(&challenge).await?;
    assert_eq!(world.seat(user, &challenge).await?.rank_position, Some(1));
    assert_eq!(refused(world.finalise(&id().to_string()).await), (Code::NotFound, "CHALLENGE_NOT_FOUND".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_service_that_starts_late_finalises_what_is_due() -> anyhow::Result<()> {
    let world = World::finalising_every(Duration::from_hours(1)).await?;
    let challenge = world.official(pb::CreateChallengeRequest { start_date: date(days_ago(0)), ..new_challenge() }).await?;
    world.join(id(), &challenge).await?;
    let other = world.replica(Duration::from_hours(1)).await?;
    other.running.stop().await?;
    world.clock.advance(UNTIL_DUE + Duration::from_hours(500));
    let late = world.replica(Duration::from_hours(1)).await?;
    world.finalised(&challenge).await?;
    late.running.stop().await?;
    Ok(())
}

/// Returns the number that a query about a challenge selects.
pub async fn number(world: &World, query: &str, challenge: &str) -> anyhow::Result<i64> {
    let client = world.slice.schema.connect().await?;
    Ok(client.query_one(query, &[&challenge.parse::<Uuid>()?]).await?.get(0))
}
