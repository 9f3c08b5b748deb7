//! How the slices of a test answer.

use std::sync::Arc;

use orchard_proto::consultation::v1 as consultation;
use orchard_proto::family::v1 as family;
use orchard_proto::recipe::v1 as recipe;
use orchard_proto::social::v1 as social;
use prost::Message;
use tonic::Status;

use crate::data;
use crate::stub::{Answer, Answers};

/// Always the same answer.
pub fn always(message: impl Message) -> Answer {
    let bytes = message.encode_to_vec();
    Arc::new(move |_| Ok(bytes.clone()))
}

/// An answer that is made from the request.
pub fn made<Q: Message + Default, A: Message>(answer: impl Fn(Q) -> A + Send + Sync + 'static) -> Answer {
    Arc::new(move |request| {
        let request = Q::decode(request).map_err(|error| Status::internal(error.to_string()))?;
        Ok(answer(request).encode_to_vec())
    })
}

/// A refusal with a reason, as slices give it.
pub fn refuses(status: impl Fn() -> Status + Send + Sync + 'static) -> Answer {
    Arc::new(move |_| Err(status()))
}

/// Cuts a list to the size of the page that is asked for.
fn page<T>(entries: usize, page_size: i32, one: impl Fn(usize) -> T) -> Vec<T> {
    (0..entries.min(usize::try_from(page_size).unwrap_or_default())).map(one).collect()
}

/// The answers of all slices, with so many entries in each list.
pub fn answers(entries: usize) -> [Answers; 4] {
    [of_family(entries), of_social(entries), of_recipe(entries), of_consultation(entries)]
}

fn of_family(entries: usize) -> Answers {
    let plans = move |asked: family::ListPlansRequest| family::ListPlansResponse {
        plans: page(entries, asked.page_size, data::plan),
        ..Default::default()
    };
    let invitations = move |asked: family::ListMyInvitationsRequest| family::ListMyInvitationsResponse {
        invitations: page(entries, asked.page_size, data::invitation),
        ..Default::default()
    };
    Answers::from([
        ("PlanService/GetFamilySummary", always(family::GetFamilySummaryResponse { summary: Some(data::summary(entries)) })),
        ("PlanService/ListPlans", made(plans)),
        ("InvitationService/ListMyInvitations", made(invitations)),
    ])
}

fn of_social(entries: usize) -> Answers {
    let profile = |asked: social::GetProfileRequest| social::GetProfileResponse { profile: Some(data::profile(&asked.user_id)) };
    let profiles = |asked: social::BatchGetProfilesRequest| social::BatchGetProfilesResponse {
        profiles: asked.user_ids.iter().map(|id| data::profile(id)).collect(),
        ..Default::default()
    };
    let friendship = social::Friendship { status: social::FriendshipStatus::RequestReceived.into(), is_family: false };
    let counts = social::CountFriendsResponse { friends: 5, incoming_requests: 2, outgoing_requests: 1 };
    let mut answers = Answers::from([
        ("ProfileService/GetProfile", made(profile)),
        ("ProfileService/BatchGetProfiles", made(profiles)),
        ("FriendshipService/GetFriendship", always(social::GetFriendshipResponse { friendship: Some(friendship) })),
        ("FriendshipService/CountFriends", always(counts)),
    ]);
    answers.extend(of_achievements(entries));
    answers.extend(of_challenges(entries));
    answers
}

fn of_achievements(entries: usize) -> Answers {
    let highlights = move |asked: social::ListHighlightsRequest| social::ListHighlightsResponse {
        achievements: page(entries, asked.page_size, data::achievement),
        ..Default::default()
    };
    let achievements = move |asked: social::ListAchievementsRequest| social::ListAchievementsResponse {
        achievements: page(entries, asked.page_size, data::achievement),
        ..Default::default()
    };
    let referrals = move |asked: social::ListReferralsRequest| social::ListReferralsResponse {
        referrals: page(entries, asked.page_size, data::referral),
        ..Default::default()
    };
    let analytics = social::GetReferralAnalyticsResponse { analytics: Some(data::referral_analytics()) };
    let summary = social::GetAchievementSummaryResponse { summary: Some(data::achievement_summary()) };
    Answers::from([
        ("AchievementService/ListHighlights", made(highlights)),
        ("AchievementService/ListAchievements", made(achievements)),
        ("AchievementService/GetAchievementSummary", always(summary)),
        ("ReferralService/ListReferrals", made(referrals)),
        ("ReferralService/GetReferralAnalytics", always(analytics)),
        ("CreditService/GetCredits", always(social::GetCreditsResponse { credits: Some(data::credits()) })),
    ])
}

fn of_challenges(entries: usize) -> Answers {
    let standings = move |asked: social::ListStandingsRequest| social::ListStandingsResponse {
        standings: page(entries, asked.page_size, data::challenge_standing),
        ..Default::default()
    };
    let challenges = move |asked: social::ListChallengesRequest| social::ListChallengesResponse {
        challenges: page(entries, asked.page_size, data::open_challenge),
        ..Default::default()
    };
    let challenge = |asked: social::GetChallengeRequest| social::GetChallengeResponse {
        challenge: Some(data::challenge(&asked.challenge_id)),
    };
    let board = move |asked: social::ListLeaderboardRequest| social::ListLeaderboardResponse {
        entries: page(entries, asked.page_size, data::entry),
        participant_count: 12,
        ..Default::default()
    };
    let friends = move |asked: social::ListFriendsLeaderboardRequest| social::ListFriendsLeaderboardResponse {
        entries: page(entries, asked.page_size, data::friend_entry),
        ..Default::default()
    };
    let count = social::CountActiveChallengesResponse { active_challenges: 3, read_time: data::at(1_800_000_002) };
    Answers::from([
        ("StandingService/ListStandings", made(standings)),
        ("ChallengeService/ListChallenges", made(challenges)),
        ("ChallengeService/GetChallenge", made(challenge)),
        ("ChallengeService/CountActiveChallenges", always(count)),
        ("ParticipantService/GetParticipant", always(social::GetParticipantResponse { participant: Some(data::participant()) })),
        ("LeaderboardService/GetStanding", always(social::GetStandingResponse { standing: Some(data::standing(3)) })),
        ("LeaderboardService/ListLeaderboard", made(board)),
        ("LeaderboardService/ListFriendsLeaderboard", made(friends)),
    ])
}

fn of_recipe(entries: usize) -> Answers {
    let found = move |asked: recipe::SearchRecipesRequest| recipe::SearchRecipesResponse {
        results: page(entries, asked.page_size, data::recipe_result),
        ..Default::default()
    };
    let reviews = move |asked: recipe::ListReviewsRequest| recipe::ListReviewsResponse {
        reviews: page(entries, asked.page_size, data::review),
        ..Default::default()
    };
    let favourites =
        |asked: recipe::BatchGetFavouritesRequest| recipe::BatchGetFavouritesResponse { recipe_ids: asked.recipe_ids };
    let whole = recipe::GetRecipeResponse { recipe: Some(data::whole_recipe()), profiles_unavailable: false };
    Answers::from([
        ("SearchService/SearchRecipes", made(found)),
        ("RecipeService/GetRecipe", always(whole)),
        ("RecipeService/GetRecipeNutrition", always(data::nutrition())),
        ("ReviewService/ListReviews", made(reviews)),
        ("ReviewService/GetReview", always(recipe::GetReviewResponse { review: Some(data::review(99)) })),
        ("FavouriteService/BatchGetFavourites", made(favourites)),
    ])
}

fn of_consultation(entries: usize) -> Answers {
    let sessions = move |asked: consultation::ListMySessionsRequest| consultation::ListMySessionsResponse {
        sessions: page(entries, asked.page_size, data::session),
        ..Default::default()
    };
    let professional = |asked: consultation::GetProfessionalRequest| consultation::GetProfessionalResponse {
        professional: Some(data::professional(&asked.professional_id)),
    };
    let professionals = |asked: consultation::BatchGetProfessionalsRequest| consultation::BatchGetProfessionalsResponse {
        professionals: asked.professional_ids.iter().map(|id| data::professional(id)).collect(),
    };
    let slots = move |asked: consultation::ListAvailableSlotsRequest| consultation::ListAvailableSlotsResponse {
        slots: page(entries, asked.page_size, data::slot),
        time_zone: "Europe/Berlin".to_owned(),
        ..Default::default()
    };
    let found = move |asked: consultation::SearchProfessionalsRequest| consultation::SearchProfessionalsResponse {
        professionals: page(entries, asked.page_size, data::found_professional),
        ..Default::default()
    };
    Answers::from([
        ("SessionService/ListMySessions", made(sessions)),
        ("ProfessionalService/GetProfessional", made(professional)),
        ("ProfessionalService/BatchGetProfessionals", made(professionals)),
        ("AvailabilityService/ListAvailableSlots", made(slots)),
        ("DirectoryService/SearchProfessionals", made(found)),
    ])
}
