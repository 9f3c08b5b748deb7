//! Each view, to the field.

use std::time::SystemTime;

use orchard_proto::consultation::v1 as consultation;
use orchard_proto::edge::v1 as pb;
use orchard_proto::recipe::v1 as recipe;
use orchard_proto::social::v1 as social;
use orchard_testkit::keys::DevKeys;
use prost::Message;
use prost_reflect::ReflectMessage as _;

use crate::data::{self, ME, at, id, ids};
use crate::sections::timeless;
use crate::stub::Call;
use crate::world::{PLENTY, World, dynamic};

/// A status of a complete section, whose time is not compared.
fn ok() -> Option<pb::SectionStatus> {
    Some(pb::SectionStatus { state: pb::SectionState::Ok.into(), as_of: None })
}

fn ten<T>(one: impl Fn(usize) -> T) -> Vec<T> {
    (0..10).map(one).collect()
}

fn highlights() -> Vec<pb::Highlight> {
    ten(|n| {
        let achievement = data::achievement(n);
        pb::Highlight { profile: Some(data::profile(&achievement.user_id)), achievement: Some(achievement) }
    })
}

fn profile_section(user: &str) -> Option<pb::ProfileSection> {
    Some(pb::ProfileSection { status: ok(), profile: Some(data::profile(user)) })
}

fn recipes() -> Option<pb::RecipesSection> {
    Some(pb::RecipesSection { status: ok(), results: ten(data::recipe_result) })
}

fn standings() -> Option<pb::StandingsSection> {
    Some(pb::StandingsSection { status: ok(), standings: ten(data::challenge_standing) })
}

fn challenges() -> Option<pb::ChallengesSection> {
    Some(pb::ChallengesSection { status: ok(), challenges: ten(data::open_challenge) })
}

/// Checks a view against what is expected, but for the times of its sections. Returns the calls that were made for it.
async fn check<M: Message + prost::Name>(name: &str, expected: M) -> anyhow::Result<Vec<Call>> {
    let world = World::start(&DevKeys::ephemeral()?, 14).await?;
    let (expected, seen) = (dynamic(Some(expected)), timeless(world.view(name, PLENTY).await?));
    for field in seen.descriptor().fields() {
        assert_eq!(seen.get_field(&field), expected.get_field(&field), "{name}: {}", field.name());
    }
    Ok(world.calls())
}

/// Returns the request of a method among calls.
fn request<M: Message + Default>(calls: &[Call], method: &str) -> M {
    let call = calls.iter().find(|call| call.method == method).expect("a call");
    M::decode(call.request.as_slice()).expect("a request")
}

#[tokio::test]
async fn the_dashboard_has_the_familys_numbers_and_what_members_share() -> anyhow::Result<()> {
    let expected = pb::FamilyDashboard {
        family_plan_id: id(1).to_string(),
        family_name: "The Appletons".to_owned(),
        total_members: 9,
        active_members: 7,
        avg_weekly_calories: Some(650.5),
        wallet_balance: data::money(101),
        active_challenges: Some(3),
        wallet: ok(),
        nutrition: ok(),
        challenges: ok(),
        member_highlights: highlights(),
        highlights: ok(),
    };
    let calls = check("GetFamilyDashboard", expected).await?;
    let counted: social::CountActiveChallengesRequest = request(&calls, "ChallengeService/CountActiveChallenges");
    assert_eq!(counted.user_ids, ids(14, 14), "those who share challenges");
    let listed: social::ListHighlightsRequest = request(&calls, "AchievementService/ListHighlights");
    assert_eq!((listed.user_ids, listed.page_size), (ids(11, 14), 10), "those who share achievements");
    let profiles: social::BatchGetProfilesRequest = request(&calls, "ProfileService/BatchGetProfiles");
    assert_eq!(profiles.user_ids, ids(11, 14));
    Ok(())
}

#[tokio::test]
async fn sections_are_as_old_as_their_slices_say() -> anyhow::Result<()> {
    let world = World::start(&DevKeys::ephemeral()?, 1).await?;
    let before = SystemTime::now();
    let request = pb::GetFamilyDashboardRequest { family_plan_id: id(1).to_string() };
    let dashboard = world.client().get_family_dashboard(request).await?.into_inner().dashboard.expect("a dashboard");
    let as_of = |status: Option<pb::SectionStatus>| status.expect("a status").as_of;
    assert_eq!([as_of(dashboard.wallet), as_of(dashboard.nutrition)], [at(1_800_000_001); 2]);
    assert_eq!(as_of(dashboard.challenges), at(1_800_000_002));
    let asked = as_of(dashboard.highlights).expect("a time");
    let asked = SystemTime::try_from(asked)?;
    assert!(before <= asked && asked <= SystemTime::now());
    Ok(())
}

#[tokio::test]
async fn home_has_all_that_is_the_callers_and_what_is_new() -> anyhow::Result<()> {
    // The slice lists the latest session first; the next ten come first here.
    let upcoming = |n: usize| {
        let session = data::session(13 - n);
        let professional = Some(data::professional(&session.professional_id));
        pb::UpcomingSession { session: Some(session), professional }
    };
    let expected = pb::Home {
        profile: profile_section(&ME.to_string()),
        families: Some(pb::FamiliesSection { status: ok(), plans: ten(data::plan) }),
        invitations: Some(pb::InvitationsSection { status: ok(), invitations: ten(data::invitation) }),
        friends: Some(pb::FriendsSection { status: ok(), friend_count: Some(5), incoming_request_count: Some(2) }),
        active_challenges: standings(),
        sessions: Some(pb::UpcomingSessionsSection { status: ok(), sessions: ten(upcoming) }),
        highlights: Some(pb::HighlightsSection { status: ok(), highlights: highlights() }),
        featured_recipes: recipes(),
        featured_challenges: challenges(),
    };
    let calls = check("GetHome", expected).await?;
    let listed: social::ListStandingsRequest = request(&calls, "StandingService/ListStandings");
    assert_eq!(listed.user_id, ME.to_string());
    let sessions: consultation::ListMySessionsRequest = request(&calls, "SessionService/ListMySessions");
    assert_eq!((sessions.session_status(), sessions.page_size), (consultation::SessionStatus::Scheduled, 200));
    let professionals: consultation::BatchGetProfessionalsRequest = request(&calls, "ProfessionalService/BatchGetProfessionals");
    assert_eq!(professionals.professional_ids, [4, 5, 6].map(|n| id(n).to_string()), "each once");
    let recipes: recipe::SearchRecipesRequest = request(&calls, "SearchService/SearchRecipes");
    assert_eq!((recipes.sort(), recipes.sharing_only), (recipe::SearchSort::Featured, true));
    Ok(())
}

#[tokio::test]
async fn the_overview_of_referrals_has_numbers_credits_and_the_latest() -> anyhow::Result<()> {
    let expected = pb::ReferralOverview {
        analytics: Some(pb::ReferralAnalyticsSection { status: ok(), analytics: Some(data::referral_analytics()) }),
        credits: Some(pb::CreditsSection { status: ok(), credits: Some(data::credits()) }),
        referrals: Some(pb::ReferralsSection { status: ok(), referrals: ten(data::referral) }),
    };
    check("GetReferralOverview", expected).await?;
    Ok(())
}

#[tokio::test]
async fn a_profile_page_has_what_the_user_shows_to_the_caller() -> anyhow::Result<()> {
    let user = id(2).to_string();
    let friendship = social::Friendship { status: social::FriendshipStatus::RequestReceived.into(), is_family: false };
    let expected = pb::ProfilePage {
        profile: Some(data::profile(&user)),
        friendship: Some(pb::FriendshipSection { status: ok(), friendship: Some(friendship) }),
        achievements: Some(pb::AchievementsSection {
            status: ok(),
            summary: Some(data::achievement_summary()),
            achievements: ten(data::achievement),
        }),
        recipes: recipes(),
        active_challenges: standings(),
    };
    let calls = check("GetProfilePage", expected).await?;
    let recipes: recipe::SearchRecipesRequest = request(&calls, "SearchService/SearchRecipes");
    assert_eq!((recipes.author_user_id, recipes.sharing_only), (user.clone(), false), "the user was asked for");
    let listed: social::ListStandingsRequest = request(&calls, "StandingService/ListStandings");
    assert_eq!(listed.user_id, user);
    Ok(())
}

#[tokio::test]
async fn nobody_is_their_own_friend() -> anyhow::Result<()> {
    let world = World::start(&DevKeys::ephemeral()?, 1).await?;
    let request = pb::GetProfilePageRequest { user_id: ME.to_string() };
    let page = world.client().get_profile_page(request).await?.into_inner().page.expect("a page");
    let friendship = page.friendship.expect("a section");
    assert_eq!((friendship.status.expect("a status").state(), friendship.friendship), (pb::SectionState::Ok, None));
    assert!(world.calls().iter().all(|call| call.method != "FriendshipService/GetFriendship"));
    Ok(())
}

#[tokio::test]
async fn a_recipe_page_has_the_recipe_its_author_and_opinions() -> anyhow::Result<()> {
    let expected = pb::RecipePage {
        recipe: Some(data::whole_recipe()),
        author: profile_section(&id(30).to_string()),
        nutrition: Some(pb::NutritionSection { status: ok(), nutrition: Some(data::nutrition()) }),
        reviews: Some(pb::ReviewsSection { status: ok(), reviews: ten(data::review), reviewers_unavailable: false }),
        own: Some(pb::OwnOpinionSection { status: ok(), is_favourite: Some(true), review: Some(data::review(99)) }),
    };
    let calls = check("GetRecipePage", expected).await?;
    let reviews: recipe::ListReviewsRequest = request(&calls, "ReviewService/ListReviews");
    assert_eq!(
        (reviews.recipe_id, reviews.order, reviews.page_size),
        (id(3).to_string(), recipe::ReviewOrder::Helpful.into(), 10)
    );
    let kept: recipe::BatchGetFavouritesRequest = request(&calls, "FavouriteService/BatchGetFavourites");
    assert_eq!(kept.recipe_ids, [id(3).to_string()]);
    Ok(())
}

#[tokio::test]
async fn a_professional_page_has_the_next_slots_and_the_callers_sessions() -> anyhow::Result<()> {
    let professional = id(4).to_string();
    let expected = pb::ProfessionalPage {
        professional: Some(data::professional(&professional)),
        slots: Some(pb::SlotsSection { status: ok(), slots: ten(data::slot), time_zone: "Europe/Berlin".to_owned() }),
        sessions: Some(pb::SessionsSection { status: ok(), sessions: ten(data::session) }),
    };
    let calls = check("GetProfessionalPage", expected).await?;
    let slots: consultation::ListAvailableSlotsRequest = request(&calls, "AvailabilityService/ListAvailableSlots");
    let (from, to) = (slots.from_time.expect("a time").seconds, slots.to_time.expect("a time").seconds);
    assert_eq!((slots.professional_id, to - from), (professional.clone(), 62 * 24 * 3_600));
    let sessions: consultation::ListMySessionsRequest = request(&calls, "SessionService/ListMySessions");
    assert_eq!(sessions.professional_id, professional);
    Ok(())
}

#[tokio::test]
async fn a_challenge_page_has_the_callers_part_and_the_leaderboard() -> anyhow::Result<()> {
    let expected = pb::ChallengePage {
        challenge: Some(data::challenge(&id(5).to_string())),
        creator: profile_section(&id(20).to_string()),
        participation: Some(pb::ParticipationSection {
            status: ok(),
            participant: Some(data::participant()),
            standing: Some(data::standing(3)),
        }),
        leaderboard: Some(pb::LeaderboardSection { status: ok(), entries: ten(data::entry), participant_count: Some(12) }),
        friends: Some(pb::FriendEntriesSection { status: ok(), entries: ten(data::friend_entry) }),
    };
    check("GetChallengePage", expected).await.map(drop)
}

#[tokio::test]
async fn one_text_finds_recipes_challenges_and_professionals() -> anyhow::Result<()> {
    let professionals = pb::ProfessionalsSection { status: ok(), professionals: ten(data::found_professional) };
    let expected = pb::Discovery { recipes: recipes(), challenges: challenges(), professionals: Some(professionals) };
    let calls = check("Discover", expected).await?;
    let recipes: recipe::SearchRecipesRequest = request(&calls, "SearchService/SearchRecipes");
    assert_eq!((recipes.text.as_str(), recipes.sharing_only), ("plum tart", true));
    let challenges: social::ListChallengesRequest = request(&calls, "ChallengeService/ListChallenges");
    let professionals: consultation::SearchProfessionalsRequest = request(&calls, "DirectoryService/SearchProfessionals");
    assert_eq!((challenges.text.as_str(), professionals.text.as_str()), ("plum tart", "plum tart"));
    Ok(())
}
