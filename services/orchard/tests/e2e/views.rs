//! The views of the edge over the real slices: what each kind of viewer sees of each user.

use std::collections::BTreeSet;
use std::time::Duration;

use edge::SectionState;
use orchard_proto::edge::v1 as edge;
use orchard_proto::edge::v1::edge_service_client::EdgeServiceClient;
use orchard_proto::social::v1 as social;
use orchard_testkit::answer::refused;
use orchard_testkit::client::insist;
use prost::Message as _;
use tonic::Code;
use uuid::Uuid;

use crate::people::{People, canary};
use crate::suite::{Suite, id};

impl Suite {
    /// Returns the bytes of all views that put others before a viewer unasked, and of the pages that the viewer asks for.
    async fn looked_at(&self, viewer: Uuid, people: &People) -> anyhow::Result<(Vec<Vec<u8>>, Vec<Vec<u8>>)> {
        let client = EdgeServiceClient::new(self.user(viewer)?);
        let home = insist(|| {
            let mut client = client.clone();
            async move { client.get_home(edge::GetHomeRequest {}).await }
        });
        let home = home.await?.into_inner();
        let discovered = insist(|| {
            let (mut client, text) = (client.clone(), "quince".to_owned());
            async move { client.discover(edge::DiscoverRequest { text }).await }
        });
        let mut unasked = vec![home.encode_to_vec(), discovered.await?.into_inner().encode_to_vec()];
        let dashboard = edge::GetFamilyDashboardRequest { family_plan_id: people.plan.clone() };
        if let Ok(answer) = client.clone().get_family_dashboard(dashboard).await {
            unasked.push(answer.into_inner().encode_to_vec());
        }
        let mut pages = Vec::new();
        for user in people.ids.values() {
            let request = edge::GetProfilePageRequest { user_id: user.to_string() };
            pages.extend(client.clone().get_profile_page(request).await.ok().map(|page| page.into_inner().encode_to_vec()));
        }
        for recipe_id in &people.recipes {
            let request = edge::GetRecipePageRequest { recipe_id: recipe_id.clone() };
            pages.push(client.clone().get_recipe_page(request).await?.into_inner().encode_to_vec());
        }
        for challenge_id in &people.challenges {
            let request = edge::GetChallengePageRequest { challenge_id: challenge_id.clone() };
            pages.push(client.clone().get_challenge_page(request).await?.into_inner().encode_to_vec());
        }
        Ok((unasked, pages))
    }
}

/// Returns the people whose names or ids are in some of these bytes.
fn found(people: &People, bytes: &[Vec<u8>]) -> BTreeSet<&'static str> {
    let has = |text: String| bytes.iter().any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()));
    let seen = people.ids.iter().filter(|(name, user)| has(canary(name)) || has(user.to_string()));
    seen.map(|(name, _)| *name).collect()
}

#[tokio::test]
async fn views_show_each_viewer_only_users_whom_they_see_and_nobody_unasked_who_does_not_share() -> anyhow::Result<()> {
    let suite = Suite::start().await?;
    let people = suite.people().await?;
    let sees: [(&str, &[&str]); 8] = [
        ("me", &["public", "silent", "friend", "relative"]),
        ("public", &["silent", "blocked"]),
        ("silent", &["public", "blocked"]),
        ("friend", &["me", "public", "silent", "blocked"]),
        ("blocked", &["public", "silent"]),
        ("relative", &["me", "public", "silent", "blocked"]),
        ("guest", &["public", "silent", "blocked"]),
        ("private", &["public", "silent", "blocked"]),
    ];
    for (viewer, others) in sees {
        let (unasked, pages) = suite.looked_at(people.of(viewer), &people).await?;
        let expected: BTreeSet<&str> = others.iter().copied().chain([viewer]).collect();
        assert_eq!(found(&people, &pages), expected, "pages of {viewer}");
        let mut shown = found(&people, &unasked);
        if viewer == "guest" {
            // The id of the plan's holder is part of the plan.
            shown.remove("me");
        }
        assert!(shown.is_subset(&expected), "{viewer} sees {shown:?} unasked");
        assert!(viewer == "silent" || !shown.contains("silent"), "{viewer} sees {shown:?} unasked");
    }
    let stranger = suite.looked_at(id(), &people).await?;
    assert_eq!(found(&people, &stranger.1), ["blocked", "public", "silent"].into());
    for request in [people.of("private"), id()] {
        let request = edge::GetProfilePageRequest { user_id: request.to_string() };
        let answer = EdgeServiceClient::new(suite.user(people.of("me"))?).get_profile_page(request).await;
        assert_eq!(refused(answer), (Code::NotFound, "PROFILE_NOT_FOUND".to_owned()));
    }
    Ok(())
}

#[tokio::test]
async fn views_are_composed_of_what_the_slices_know() -> anyhow::Result<()> {
    let suite = Suite::start().await?;
    let people = suite.people().await?;
    let me = people.of("me");
    let mut client = EdgeServiceClient::new(suite.user(me)?);
    let state = |status: &Option<edge::SectionStatus>| status.as_ref().map(edge::SectionStatus::state).unwrap_or_default();
    let names = |highlights: &[edge::Highlight]| -> BTreeSet<String> {
        highlights.iter().filter_map(|one| Some(one.profile.as_ref()?.display_name.clone())).collect()
    };

    let home = client.get_home(edge::GetHomeRequest {}).await?.into_inner().home.expect("a home");
    assert_eq!(home.profile.expect("a section").profile.expect("a profile").display_name, "<me>");
    assert_eq!(home.families.expect("a section").plans[0].family_plan_id, people.plan);
    let friends = home.friends.expect("a section");
    assert_eq!((friends.friend_count, friends.incoming_request_count), (Some(2), Some(0)));
    let standings = home.active_challenges.expect("a section").standings;
    assert_eq!(standings.len(), 2);
    assert_eq!(standings[0].standing.as_ref().expect("a standing").participant_count, 7, "one of eight is private");
    assert_eq!(names(&home.highlights.expect("a section").highlights), ["<friend>", "<relative>"].map(str::to_owned).into());
    let challenges: Vec<String> =
        home.featured_challenges.expect("a section").challenges.into_iter().map(|one| one.challenge_id).collect();
    assert_eq!(challenges.len(), 6, "neither that of the silent one nor that of the blocked one");
    assert!(home.sessions.is_some_and(|section| state(&section.status) == SectionState::Ok && section.sessions.is_empty()));

    let dashboard = suite.dashboard(me, &people.plan).await?;
    assert_eq!(names(&dashboard.member_highlights), ["<me>", "<relative>"].map(str::to_owned).into());
    assert_eq!(dashboard.active_challenges, Some(2));

    let request = edge::GetProfilePageRequest { user_id: people.of("friend").to_string() };
    let page = client.get_profile_page(request).await?.into_inner().page.expect("a page");
    let friendship = page.friendship.expect("a section").friendship.expect("a friendship");
    assert_eq!((friendship.status(), friendship.is_family), (social::FriendshipStatus::Friends, false));
    assert_eq!(page.achievements.expect("a section").achievements[0].achievement_name, "Medal of friend");
    let found = page.recipes.expect("a section").results;
    assert_eq!(found[0].recipe.as_ref().expect("a recipe").recipe_name, "Quince of friend");
    assert_eq!(page.active_challenges.expect("a section").standings.len(), 2);

    let request = edge::GetRecipePageRequest { recipe_id: people.recipes[1].clone() };
    let page = client.get_recipe_page(request).await?.into_inner().page.expect("a page");
    assert_eq!(page.author.expect("a section").profile.expect("a profile").display_name, "<public>");
    assert_eq!(page.reviews.expect("a section").reviews.len(), 7);
    let own = page.own.expect("a section");
    assert_eq!((own.is_favourite, own.review.map(|review| review.rating)), (Some(false), Some(4)));
    assert!(page.nutrition.expect("a section").nutrition.is_some());

    let request = edge::GetChallengePageRequest { challenge_id: people.challenges[1].clone() };
    let page = client.get_challenge_page(request).await?.into_inner().page.expect("a page");
    assert_eq!(page.creator.expect("a section").profile.expect("a profile").display_name, "<public>");
    assert_eq!(page.participation.expect("a section").participant.expect("a seat").user_id, me.to_string());
    assert_eq!(page.leaderboard.expect("a section").participant_count, Some(7));
    assert_eq!(page.friends.expect("a section").entries.len(), 3, "the caller, a friend and a relative");

    let text = "quince".to_owned();
    let found = client.discover(edge::DiscoverRequest { text }).await?.into_inner().discovery.expect("what was found");
    assert_eq!(found.recipes.expect("a section").results.len(), 7, "not those of the silent one");
    assert_eq!(found.challenges.expect("a section").challenges.len(), 6);
    assert_eq!(state(&found.professionals.expect("a section").status), SectionState::Ok);
    tokio::time::timeout(Duration::from_secs(5), suite.edge.stop()).await?
}
