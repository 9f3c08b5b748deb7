use orchard_proto::DESCRIPTORS;
use orchard_testkit::matrix::Actor::{self, Moderator, Operator, Service, ServiceForUser};
use orchard_testkit::matrix::Admits::Only;
use orchard_testkit::matrix::{Table, USERS, findings};

use crate::world::World;

const TABLE: &Table = &[
    ("ProfileService/RegisterProfile", Only(&[&[Service("identity"), ServiceForUser("identity")]])),
    ("ProfileService/GetProfile", Only(&[USERS])),
    ("ProfileService/BatchGetProfiles", Only(&[USERS])),
    ("ProfileService/UpdateProfile", Only(&[USERS])),
    ("ProfileService/NameChild", Only(&[USERS])),
    ("FriendshipService/SendFriendRequest", Only(&[USERS])),
    ("FriendshipService/AcceptFriendRequest", Only(&[USERS])),
    ("FriendshipService/DeclineFriendRequest", Only(&[USERS])),
    ("FriendshipService/WithdrawFriendRequest", Only(&[USERS])),
    ("FriendshipService/RemoveFriend", Only(&[USERS])),
    ("FriendshipService/BlockUser", Only(&[USERS])),
    ("FriendshipService/UnblockUser", Only(&[USERS])),
    ("FriendshipService/ListFriends", Only(&[USERS])),
    ("FriendshipService/ListFriendRequests", Only(&[USERS])),
    ("FriendshipService/ListBlockedUsers", Only(&[USERS])),
    ("FriendshipService/CountFriends", Only(&[USERS])),
    ("FriendshipService/GetFriendship", Only(&[USERS])),
    ("AchievementService/AwardAchievement", Only(&[&[Operator]])),
    ("AchievementService/ListAchievements", Only(&[USERS])),
    ("AchievementService/GetAchievementSummary", Only(&[USERS])),
    ("AchievementService/ListHighlights", Only(&[USERS])),
    ("AchievementService/SetAchievementVisibility", Only(&[USERS])),
    ("AchievementService/MarkCelebrationShown", Only(&[USERS])),
    ("AchievementService/ListMilestones", Only(&[USERS])),
    ("AchievementService/SetMilestoneVisibility", Only(&[USERS])),
    ("NotificationService/GetNotificationPreferences", Only(&[USERS])),
    ("NotificationService/UpdateNotificationPreferences", Only(&[USERS])),
    ("ChallengeService/CreateChallenge", Only(&[USERS])),
    ("ChallengeService/GetChallenge", Only(&[USERS])),
    ("ChallengeService/UpdateChallenge", Only(&[USERS])),
    ("ChallengeService/ListChallenges", Only(&[USERS])),
    ("ChallengeService/FeatureChallenge", Only(&[&[Moderator, Operator]])),
    ("ChallengeService/DeactivateChallenge", Only(&[USERS])),
    ("ChallengeService/ReactivateChallenge", Only(&[&[Moderator, Operator]])),
    ("ChallengeService/FinaliseChallenge", Only(&[&[Operator]])),
    ("ChallengeService/JoinChallenge", Only(&[USERS])),
    ("ChallengeService/CountActiveChallenges", Only(&[&[Service("edge"), ServiceForUser("edge")]])),
    ("ParticipantService/GetParticipant", Only(&[USERS])),
    ("ParticipantService/ListParticipants", Only(&[USERS])),
    ("ParticipantService/WithdrawParticipant", Only(&[USERS])),
    ("ParticipantService/SetParticipantVisibility", Only(&[USERS])),
    ("StandingService/ListStandings", Only(&[USERS])),
    ("FruitService/ListFruits", Only(&[USERS])),
    ("LeaderboardService/ListLeaderboard", Only(&[USERS])),
    ("LeaderboardService/GetLeaderboardAroundMe", Only(&[USERS])),
    ("LeaderboardService/ListFriendsLeaderboard", Only(&[USERS])),
    ("LeaderboardService/WatchLeaderboard", Only(&[USERS])),
    ("LeaderboardService/GetStanding", Only(&[USERS])),
    ("ProgressService/RecordProgress", Only(&[USERS])),
    ("ProgressService/BatchRecordProgress", Only(&[USERS])),
    ("ProgressService/DeleteProgress", Only(&[USERS])),
    ("ProgressService/ListProgress", Only(&[USERS])),
    ("ErasureService/EraseMe", Only(&[USERS])),
    ("ErasureService/EraseAccount", Only(&[&[Operator]])),
    ("ErasureService/GetErasure", Only(&[USERS])),
    ("ErasureService/CancelErasure", Only(&[USERS])),
    ("ErasureService/ListErasures", Only(&[&[Operator]])),
    ("ReferralService/CreateReferralCode", Only(&[USERS])),
    ("ReferralService/CreateReferral", Only(&[USERS])),
    ("ReferralService/ClaimReferral", Only(&[USERS])),
    ("ReferralService/ListReferrals", Only(&[USERS])),
    ("ReferralService/GetReferralAnalytics", Only(&[USERS])),
    ("CreditService/GetCredits", Only(&[USERS])),
    ("CreditService/ListCreditEntries", Only(&[USERS])),
    ("CreditService/RedeemCredits", Only(&[USERS])),
    ("CreditService/GetRedemption", Only(&[USERS])),
    ("PurchaseService/RecordPurchase", Only(&[&[Service("commerce"), ServiceForUser("commerce")]])),
    ("PurchaseService/RecordRefund", Only(&[&[Service("commerce"), ServiceForUser("commerce")]])),
    (
        "FingerprintService/RecordFingerprints",
        Only(&[&[Service("identity"), Service("commerce")], &[ServiceForUser("identity"), ServiceForUser("commerce")]]),
    ),
    ("ReferralModerationService/ListReferralCases", Only(&[&[Moderator]])),
    ("ReferralModerationService/DecideReferralCase", Only(&[&[Moderator]])),
    ("ReferralModerationService/ListLateRefunds", Only(&[&[Operator]])),
    ("ReferralModerationService/GetReferralReport", Only(&[&[Operator]])),
];

/// Services that exchange events.
const EVENTS: &Table = &[
    (
        "InboxService/DeliverEvents",
        Only(&[
            &[Service("consultation"), Service("family"), Service("recipe"), Service("social")],
            &[ServiceForUser("consultation"), ServiceForUser("family"), ServiceForUser("recipe"), ServiceForUser("social")],
        ]),
    ),
    ("OutboxService/ListParkedEvents", Only(&[&[Operator]])),
    ("OutboxService/ReplayParkedEvent", Only(&[&[Operator]])),
    ("OutboxService/DiscardParkedEvent", Only(&[&[Operator]])),
];

const INTENTS: &Table = &[
    ("IntentService/ListIntents", Only(&[&[Operator]])),
    ("IntentService/RetryIntent", Only(&[&[Operator]])),
    ("IntentService/GiveUpIntent", Only(&[&[Operator]])),
];

const SOCIAL: &[Actor] = &[Service("social"), ServiceForUser("social")];

const PRIVACY: &Table =
    &[("PrivacyService/EraseUser", Only(&[&[Operator], SOCIAL])), ("PrivacyService/ExportUser", Only(&[USERS, SOCIAL]))];

#[tokio::test]
async fn each_method_admits_only_its_callers() -> anyhow::Result<()> {
    let slice = World::start().await?.slice;
    for (package, table) in [
        ("orchard.social.v1", TABLE),
        ("orchard.events.v1", EVENTS),
        ("orchard.intents.v1", INTENTS),
        ("orchard.privacy.v1", PRIVACY),
    ] {
        let findings = findings(&slice.running.channel()?, &slice.keys, DESCRIPTORS, package, table).await?;
        assert_eq!(findings, Vec::<String>::new());
    }
    Ok(())
}
