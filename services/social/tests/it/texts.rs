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
    "DecideReferralCaseRequest.note",
    "EntryRequirements.badges",
    "GoalScoring.unit",
    "ListChallengesRequest.text",
    "NameChildRequest.display_name",
    "Profile.display_name",
    "ProgressRecord.notes",
    "RecordPurchaseRequest.order_id",
    "RecordRefundRequest.order_id",
    "RecordRefundRequest.refund_id",
    "RecordProgressRequest.notes",
    "RegisterProfileRequest.display_name",
    "Reward.badge",
];

/// Names of a list, codes, and what the service alone sets.
const OTHERS: &[&str] = &[
    "Challenge.join_code",
    "ClaimReferralRequest.referral_code",
    "FruitServings.fruit",
    "GetChallengeRequest.join_code",
    "JoinChallengeRequest.join_code",
    "Profile.time_zone",
    "RecordFingerprintsRequest.fingerprints",
    "RecordPurchaseRequest.payment_fingerprints",
    "RegisterProfileRequest.time_zone",
    "SeasonalScoring.fruits",
    "SpecialReward.special_access",
    "WatchLeaderboardRequest.resume_token",
];

#[tokio::test]
async fn texts_that_people_see_are_visible() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (user, operator) = (world.slice.user(id())?, world.slice.user_with(id(), &["moderator", "operator"])?);
    let (identity, commerce) = (world.slice.service("identity")?, world.slice.service("commerce")?);
    let client = |method: &orchard_testkit::matrix::Method| {
        Ok(match method.name.as_str() {
            "ProfileService/RegisterProfile" => identity.clone(),
            "FingerprintService/RecordFingerprints" => identity.clone(),
            "PurchaseService/RecordPurchase" | "PurchaseService/RecordRefund" => commerce.clone(),
            "AchievementService/AwardAchievement" | "ReferralModerationService/DecideReferralCase" => operator.clone(),
            _ => user.clone(),
        })
    };
    let found = findings(DESCRIPTORS, "orchard.social.v1", (TEXTS, OTHERS), client).await?;
    assert_eq!(found, Vec::<String>::new());
    Ok(())
}
