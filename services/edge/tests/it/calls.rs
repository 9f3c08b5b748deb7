//! The calls that views make.

use std::time::Duration;

use orchard_testkit::keys::DevKeys;

use crate::stub::Call;
use crate::world::{PLENTY, VIEWS, World};

/// The calls of each view, in the order of their names.
const CALLS: [(&str, &[&str]); 8] = [
    (
        "GetFamilyDashboard",
        &[
            "AchievementService/ListHighlights",
            "ChallengeService/CountActiveChallenges",
            "PlanService/GetFamilySummary",
            "ProfileService/BatchGetProfiles",
        ],
    ),
    (
        "GetHome",
        &[
            "AchievementService/ListHighlights",
            "ChallengeService/ListChallenges",
            "FriendshipService/CountFriends",
            "InvitationService/ListMyInvitations",
            "PlanService/ListPlans",
            "ProfessionalService/BatchGetProfessionals",
            "ProfileService/BatchGetProfiles",
            "ProfileService/GetProfile",
            "SearchService/SearchRecipes",
            "SessionService/ListMySessions",
            "StandingService/ListStandings",
        ],
    ),
    (
        "GetProfilePage",
        &[
            "AchievementService/GetAchievementSummary",
            "AchievementService/ListAchievements",
            "FriendshipService/GetFriendship",
            "ProfileService/GetProfile",
            "SearchService/SearchRecipes",
            "StandingService/ListStandings",
        ],
    ),
    (
        "GetRecipePage",
        &[
            "FavouriteService/BatchGetFavourites",
            "ProfileService/GetProfile",
            "RecipeService/GetRecipe",
            "RecipeService/GetRecipeNutrition",
            "ReviewService/GetReview",
            "ReviewService/ListReviews",
        ],
    ),
    (
        "GetProfessionalPage",
        &["AvailabilityService/ListAvailableSlots", "ProfessionalService/GetProfessional", "SessionService/ListMySessions"],
    ),
    (
        "GetChallengePage",
        &[
            "ChallengeService/GetChallenge",
            "LeaderboardService/GetStanding",
            "LeaderboardService/ListFriendsLeaderboard",
            "LeaderboardService/ListLeaderboard",
            "ParticipantService/GetParticipant",
            "ProfileService/GetProfile",
        ],
    ),
    (
        "GetReferralOverview",
        &["CreditService/GetCredits", "ReferralService/GetReferralAnalytics", "ReferralService/ListReferrals"],
    ),
    ("Discover", &["ChallengeService/ListChallenges", "DirectoryService/SearchProfessionals", "SearchService/SearchRecipes"]),
];

/// Returns how many waves the calls came in: a call is of the next wave if it began after another had ended.
fn waves(calls: &[Call]) -> usize {
    let mut waves: Vec<usize> = Vec::new();
    for call in calls {
        let before = calls.iter().zip(&waves).filter(|(earlier, _)| earlier.ended <= call.begun).map(|(_, wave)| *wave);
        waves.push(before.max().map_or(1, |wave| wave + 1));
    }
    waves.into_iter().max().unwrap_or_default()
}

#[tokio::test]
async fn views_make_the_same_calls_however_much_there_is_and_at_most_two_waves_of_them() -> anyhow::Result<()> {
    let keys = DevKeys::ephemeral()?;
    for entries in [1, 150] {
        let world = World::slowly(&keys, entries, Duration::from_millis(250)).await?;
        assert_eq!(CALLS.map(|(view, _)| view), VIEWS);
        for (view, expected) in CALLS {
            world.view(view, PLENTY).await?;
            let calls = world.calls();
            let mut methods: Vec<&str> = calls.iter().map(|call| call.method.as_str()).collect();
            methods.sort_unstable();
            assert_eq!(methods, expected, "{view} with {entries} entries");
            let is_one = ["GetProfilePage", "GetProfessionalPage", "GetReferralOverview", "Discover"].contains(&view);
            assert_eq!(waves(&calls), if is_one { 1 } else { 2 }, "{view} with {entries} entries");
        }
    }
    Ok(())
}

#[tokio::test]
async fn calls_are_made_for_the_caller_by_the_edge() -> anyhow::Result<()> {
    let world = World::start(&DevKeys::ephemeral()?, 1).await?;
    for view in VIEWS {
        world.view(view, PLENTY).await?;
        for call in world.calls() {
            let token = |name| call.headers.get(name).and_then(|token| token.to_str().ok()).unwrap_or_default().to_owned();
            assert!(token("x-orchard-user-token").ends_with(&world.token), "{}", call.method);
            assert!(token("authorization").starts_with("Bearer ") && !token("authorization").ends_with(&world.token));
            assert!(call.headers.contains_key("grpc-timeout"), "{} has a deadline", call.method);
        }
    }
    Ok(())
}
