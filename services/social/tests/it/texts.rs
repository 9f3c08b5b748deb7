//! Texts that people see, in every request.

use orchard_proto::DESCRIPTORS;
use orchard_testkit::texts::findings;

use crate::world::{World, id};

const TEXTS: &[&str] = &[
    "AwardAchievementRequest.achievement_name",
    "AwardAchievementRequest.badge_awarded",
    "AwardAchievementRequest.description",
    "Challenge.challenge_name",
    "Challenge.description",
    "CreateChallengeRequest.challenge_name",
    "CreateChallengeRequest.description",
    "EntryRequirements.badges",
    "GoalScoring.unit",
    "ListChallengesRequest.text",
    "NameChildRequest.display_name",
    "Profile.display_name",
    "ProgressRecord.notes",
    "RecordProgressRequest.notes",
    "RegisterProfileRequest.display_name",
    "Reward.badge",
];

/// Names of a list, codes, and what the service alone sets.
const OTHERS: &[&str] = &[
    "Challenge.join_code",
    "FruitServings.fruit",
    "GetChallengeRequest.join_code",
    "JoinChallengeRequest.join_code",
    "Profile.time_zone",
    "RegisterProfileRequest.time_zone",
    "SeasonalScoring.fruits",
    "SpecialReward.special_access",
    "WatchLeaderboardRequest.resume_token",
];

#[tokio::test]
async fn texts_that_people_see_are_visible() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (user, operator) = (world.slice.user(id())?, world.slice.user_with(id(), &["operator"])?);
    let identity = world.slice.service("identity")?;
    let client = |method: &orchard_testkit::matrix::Method| {
        Ok(match method.name.as_str() {
            "ProfileService/RegisterProfile" => identity.clone(),
            "AchievementService/AwardAchievement" => operator.clone(),
            _ => user.clone(),
        })
    };
    let found = findings(DESCRIPTORS, "orchard.social.v1", (TEXTS, OTHERS), client).await?;
    assert_eq!(found, Vec::<String>::new());
    Ok(())
}
