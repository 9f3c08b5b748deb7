use std::collections::BTreeSet;

use orchard_proto::DESCRIPTORS;
use orchard_testkit::matrix::Actor::{Moderator, Operator};
use orchard_testkit::matrix::Admits::{Hidden, Only};
use orchard_testkit::matrix::{Table, USERS, findings, packages};

use crate::suite::Suite;

/// Methods for services only are hidden from every caller.
const TABLES: &[(&str, &Table)] = &[
    ("orchard.edge.v1", &[("EdgeService/GetFamilyDashboard", Only(&[USERS]))]),
    // Operators call them at each slice.
    (
        "orchard.events.v1",
        &[
            ("InboxService/DeliverEvents", Hidden),
            ("OutboxService/ListParkedEvents", Hidden),
            ("OutboxService/ReplayParkedEvent", Hidden),
            ("OutboxService/DiscardParkedEvent", Hidden),
        ],
    ),
    (
        "orchard.family.v1",
        &[
            ("PlanService/CreatePlan", Only(&[USERS])),
            ("PlanService/GetPlan", Only(&[USERS])),
            ("PlanService/GetFamilySummary", Only(&[USERS])),
            ("PlanService/ListPlans", Only(&[USERS])),
            ("PlanService/UpdatePlan", Only(&[USERS])),
            ("PlanService/DeactivatePlan", Only(&[USERS])),
            ("PlanService/ReactivatePlan", Only(&[USERS])),
            ("PlanService/OfferPlan", Only(&[USERS])),
            ("PlanService/AcceptPlan", Only(&[USERS])),
            ("PlanService/WithdrawPlanOffer", Only(&[USERS])),
            ("PlanService/ChangePlanType", Hidden),
            ("MemberService/GetMember", Only(&[USERS])),
            ("MemberService/AddChild", Only(&[USERS])),
            ("MemberService/ChangeMemberRole", Only(&[USERS])),
            ("MemberService/LeavePlan", Only(&[USERS])),
            ("MemberService/RemoveMember", Only(&[USERS])),
            ("MemberService/BanMember", Only(&[USERS])),
            ("MemberService/UnbanMember", Only(&[USERS])),
            ("MemberService/CheckPermission", Hidden),
            ("MemberService/BatchGetMemberships", Hidden),
            ("MemberService/ListFormerMembers", Only(&[USERS])),
            ("MemberService/ListMembers", Only(&[USERS])),
            ("MemberService/UpdateMember", Only(&[USERS])),
            ("InvitationService/CreateInvitation", Only(&[USERS])),
            ("InvitationService/AcceptInvitation", Only(&[USERS])),
            ("InvitationService/DeclineInvitation", Only(&[USERS])),
            ("InvitationService/RevokeInvitation", Only(&[USERS])),
            ("InvitationService/ListInvitations", Only(&[USERS])),
            ("InvitationService/ListMyInvitations", Only(&[USERS])),
            ("WalletService/Deposit", Hidden),
            ("WalletService/Spend", Only(&[USERS])),
            ("WalletService/ListEntries", Only(&[USERS])),
            ("WalletService/GetWallet", Only(&[USERS])),
            ("HoldService/CreateHold", Hidden),
            ("HoldService/GetHold", Hidden),
            ("HoldService/CaptureHold", Hidden),
            ("HoldService/ReleaseHold", Hidden),
            ("HoldService/RefundHold", Hidden),
            ("NutritionService/RecordIntake", Only(&[USERS])),
            ("NutritionService/UpdateIntake", Only(&[USERS])),
            ("NutritionService/DeleteIntake", Only(&[USERS])),
            ("NutritionService/ListIntakes", Only(&[USERS])),
            ("NutritionService/GetWeeklySummary", Only(&[USERS])),
        ],
    ),
    ("orchard.privacy.v1", &[("PrivacyService/EraseUser", Hidden), ("PrivacyService/ExportUser", Hidden)]),
    (
        "orchard.social.v1",
        &[
            ("ProfileService/RegisterProfile", Hidden),
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
            ("ChallengeService/CountActiveChallenges", Hidden),
            ("ParticipantService/GetParticipant", Only(&[USERS])),
            ("ParticipantService/ListParticipants", Only(&[USERS])),
            ("ParticipantService/WithdrawParticipant", Only(&[USERS])),
            ("ParticipantService/SetParticipantVisibility", Only(&[USERS])),
            ("ProgressService/RecordProgress", Only(&[USERS])),
            ("ProgressService/BatchRecordProgress", Only(&[USERS])),
            ("ProgressService/DeleteProgress", Only(&[USERS])),
            ("ProgressService/ListProgress", Only(&[USERS])),
            ("LeaderboardService/ListLeaderboard", Only(&[USERS])),
            ("LeaderboardService/GetLeaderboardAroundMe", Only(&[USERS])),
            ("LeaderboardService/ListFriendsLeaderboard", Only(&[USERS])),
            ("LeaderboardService/GetStanding", Only(&[USERS])),
            ("FruitService/ListFruits", Only(&[USERS])),
            ("LeaderboardService/WatchLeaderboard", Only(&[USERS])),
        ],
    ),
    ("orchard.recipe.v1", &[("RecipeService/CreateRecipe", Only(&[USERS])), ("RecipeService/GetRecipe", Only(&[USERS]))]),
    (
        "orchard.consultation.v1",
        &[("ProfessionalService/CreateProfessional", Only(&[USERS])), ("ProfessionalService/GetProfessional", Only(&[USERS]))],
    ),
];

#[tokio::test]
async fn the_edge_admits_the_same_callers_as_the_slice_and_hides_methods_for_services() -> anyhow::Result<()> {
    let suite = Suite::start().await?;
    let listed: BTreeSet<String> = TABLES.iter().map(|(package, _)| (*package).to_owned()).collect();
    assert_eq!(listed, packages(DESCRIPTORS)?);
    for (package, table) in TABLES {
        let findings = findings(&suite.edge.channel()?, &suite.keys, DESCRIPTORS, package, table).await?;
        assert_eq!(findings, Vec::<String>::new());
    }
    Ok(())
}
