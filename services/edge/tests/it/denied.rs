//! What slices refuse to the caller.

use orchard_proto::edge::v1 as pb;
use orchard_proto::edge::v1::SectionState::{Denied, Ok as Whole, Unavailable};
use orchard_proto::family::v1 as family;
use orchard_proto::recipe::v1 as recipe;
use orchard_proto::social::v1 as social;
use orchard_rpc::Refusal;
use orchard_testkit::answer::{refused, violations};
use orchard_testkit::keys::DevKeys;
use tonic::{Code, Status};

use crate::answers::{always, refuses};
use crate::data;
use crate::sections::states;
use crate::world::{PLENTY, World};

fn social_says(code: Code, reason: social::ErrorReason) -> impl Fn() -> Status + Send + Sync + Clone + 'static {
    move || Refusal::new(code, reason, "no").into_status("orchard.social")
}

#[tokio::test]
async fn the_refusal_of_a_heart_is_that_of_the_view() -> anyhow::Result<()> {
    let world = World::start(&DevKeys::ephemeral()?, 1).await?;
    let hearts = [
        ("GetFamilyDashboard", 0, "PlanService/GetFamilySummary"),
        ("GetProfilePage", 1, "ProfileService/GetProfile"),
        ("GetRecipePage", 2, "RecipeService/GetRecipe"),
        ("GetProfessionalPage", 3, "ProfessionalService/GetProfessional"),
        ("GetChallengePage", 1, "ChallengeService/GetChallenge"),
    ];
    for (view, slice, method) in hearts {
        for (code, reason) in [
            (Code::NotFound, social::ErrorReason::ProfileNotFound),
            (Code::PermissionDenied, social::ErrorReason::ChildNotPermitted),
            (Code::FailedPrecondition, social::ErrorReason::UserErased),
        ] {
            world.slices[slice].answer(method, refuses(social_says(code, reason)));
            let name = reason.as_str_name().trim_start_matches("ERROR_REASON_").to_owned();
            assert_eq!(refused(world.view(view, PLENTY).await), (code, name), "{view}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_a_slice_refuses_with_a_reason_is_denied() -> anyhow::Result<()> {
    let keys = DevKeys::ephemeral()?;
    for (view, section, slice, method) in [
        ("GetHome", "families", 0, "PlanService/ListPlans"),
        ("GetHome", "profile", 1, "ProfileService/GetProfile"),
        ("GetHome", "highlights", 1, "AchievementService/ListHighlights"),
        ("GetHome", "highlights", 1, "ProfileService/BatchGetProfiles"),
        ("GetHome", "sessions", 3, "ProfessionalService/BatchGetProfessionals"),
        ("GetProfilePage", "friendship", 1, "FriendshipService/GetFriendship"),
        ("GetProfilePage", "achievements", 1, "AchievementService/GetAchievementSummary"),
        ("GetRecipePage", "author", 1, "ProfileService/GetProfile"),
        ("GetRecipePage", "own", 2, "FavouriteService/BatchGetFavourites"),
        ("GetProfessionalPage", "slots", 3, "AvailabilityService/ListAvailableSlots"),
        ("GetChallengePage", "leaderboard", 1, "LeaderboardService/ListLeaderboard"),
        ("Discover", "challenges", 1, "ChallengeService/ListChallenges"),
    ] {
        let world = World::start(&keys, 1).await?;
        world.slices[slice].answer(method, refuses(social_says(Code::PermissionDenied, social::ErrorReason::ChildNotPermitted)));
        let states = states(&world.view(view, PLENTY).await?);
        assert_eq!(states[section], Denied, "{view} {section}");
        assert!(states.iter().all(|(name, state)| name == section || *state == Whole), "{view} {section}: {states:?}");
    }
    Ok(())
}

#[tokio::test]
async fn guests_are_denied_the_wallet_and_nutrition_of_a_family() -> anyhow::Result<()> {
    let world = World::start(&DevKeys::ephemeral()?, 1).await?;
    let summary = family::FamilySummary {
        wallet_balance: None,
        avg_weekly_calories: None,
        wallet_visible: false,
        nutrition_visible: false,
        ..data::summary(1)
    };
    let answer = family::GetFamilySummaryResponse { summary: Some(summary) };
    world.slices[0].answer("PlanService/GetFamilySummary", always(answer));
    let states = states(&world.view("GetFamilyDashboard", PLENTY).await?);
    let expected = [("challenges", Whole), ("highlights", Whole), ("nutrition", Denied), ("wallet", Denied)];
    assert_eq!(states, expected.map(|(name, state)| (name.to_owned(), state)).into());
    Ok(())
}

#[tokio::test]
async fn an_author_is_denied_or_unknown_as_the_recipe_says() -> anyhow::Result<()> {
    let world = World::start(&DevKeys::ephemeral()?, 1).await?;
    for (profiles_unavailable, expected) in [(false, Denied), (true, Unavailable)] {
        let anonymous = recipe::Recipe { user_id: String::new(), author_name: String::new(), ..data::whole_recipe() };
        let answer = recipe::GetRecipeResponse { recipe: Some(anonymous), profiles_unavailable };
        world.slices[2].answer("RecipeService/GetRecipe", always(answer));
        world.calls();
        assert_eq!(states(&world.view("GetRecipePage", PLENTY).await?)["author"], expected);
        assert!(world.calls().iter().all(|call| call.method != "ProfileService/GetProfile"), "nobody is asked for");
    }
    Ok(())
}

#[tokio::test]
async fn recipes_are_missing_when_nobody_says_whose_may_be_shown() -> anyhow::Result<()> {
    let world = World::start(&DevKeys::ephemeral()?, 1).await?;
    let answer = recipe::SearchRecipesResponse { profiles_unavailable: true, ..Default::default() };
    world.slices[2].answer("SearchService/SearchRecipes", always(answer));
    for (view, section) in [("GetHome", "featured_recipes"), ("GetProfilePage", "recipes"), ("Discover", "recipes")] {
        assert_eq!(states(&world.view(view, PLENTY).await?)[section], Unavailable, "{view}");
    }
    Ok(())
}

#[tokio::test]
async fn one_who_does_not_take_part_has_no_standing_and_a_stopped_challenge_no_leaderboard() -> anyhow::Result<()> {
    use social::ErrorReason::{ChallengeInactive, NotParticipating};

    let world = World::start(&DevKeys::ephemeral()?, 1).await?;
    let social = &world.slices[1];
    social.answer("ParticipantService/GetParticipant", refuses(social_says(Code::NotFound, NotParticipating)));
    social.answer("LeaderboardService/GetStanding", refuses(social_says(Code::NotFound, NotParticipating)));
    for method in ["LeaderboardService/ListLeaderboard", "LeaderboardService/ListFriendsLeaderboard"] {
        social.answer(method, refuses(social_says(Code::FailedPrecondition, ChallengeInactive)));
    }
    let request = pb::GetChallengePageRequest { challenge_id: data::id(5).to_string() };
    let page = world.client().get_challenge_page(request).await?.into_inner().page.expect("a page");
    let (participation, leaderboard) = (page.participation.expect("a section"), page.leaderboard.expect("a section"));
    assert_eq!((participation.participant, participation.standing), (None, None));
    assert_eq!((leaderboard.entries, leaderboard.participant_count), (vec![], None));
    let friends = page.friends.expect("a section");
    for status in [participation.status, leaderboard.status, friends.status] {
        assert_eq!(status.expect("a status").state(), Whole);
    }
    Ok(())
}

#[tokio::test]
async fn a_text_that_a_slice_would_refuse_is_refused_by_the_edge() -> anyhow::Result<()> {
    let world = World::start(&DevKeys::ephemeral()?, 1).await?;
    for text in ["x".repeat(101), "?!".to_owned(), "a.b.c.d.e.f.g.h.i.j.k".to_owned(), "plum\u{200b}".to_owned()] {
        assert_eq!(violations(world.client().discover(pb::DiscoverRequest { text }).await), ["text"]);
    }
    assert_eq!(world.calls().len(), 0, "no slice is asked");
    Ok(())
}
