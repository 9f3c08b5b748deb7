//! The page of a user.

use futures::{FutureExt as _, join, try_join};
use orchard_proto::edge::v1 as pb;
use orchard_proto::recipe::v1::search_service_client::SearchServiceClient;
use orchard_proto::recipe::v1::{SearchRecipesRequest, SearchSort};
use orchard_proto::social::v1::achievement_service_client::AchievementServiceClient;
use orchard_proto::social::v1::friendship_service_client::FriendshipServiceClient;
use orchard_proto::social::v1::profile_service_client::ProfileServiceClient;
use orchard_proto::social::v1::standing_service_client::StandingServiceClient;
use orchard_proto::social::v1::{
    GetAchievementSummaryRequest, GetFriendshipRequest, GetProfileRequest, ListAchievementsRequest, ListStandingsRequest,
};
use tonic::Status;

use crate::section::{PAGE_SIZE, Section};
use crate::upstream::unavailable;
use crate::view::View;

/// Composes the page of a user.
pub(crate) async fn profile_page(view: &View<'_>, user_id: String) -> Result<pb::ProfilePage, Status> {
    let social = &view.upstreams.social;
    let request = GetProfileRequest { user_id: user_id.clone() };
    let (heart, friendship, achievements, recipes, standings) = try_join!(
        view.heart(social, async |channel| ProfileServiceClient::new(channel).get_profile(request).await),
        friendship(view, &user_id).map(Ok),
        achievements(view, &user_id).map(Ok),
        recipes(view, &user_id).map(Ok),
        standings(view, &user_id).map(Ok),
    )?;
    Ok(pb::ProfilePage {
        profile: Some(heart.profile.ok_or_else(|| unavailable(social.name()))?),
        friendship: Some(friendship),
        achievements: Some(achievements),
        recipes: Some(recipes),
        active_challenges: Some(standings),
    })
}

async fn friendship(view: &View<'_>, user_id: &str) -> pb::FriendshipSection {
    let section = if user_id == view.user.to_string() {
        Section::known(None)
    } else {
        let request = GetFriendshipRequest { user_id: user_id.to_owned() };
        let call = async |channel| FriendshipServiceClient::new(channel).get_friendship(request).await;
        view.section(&view.upstreams.social, call).await.map(|answer| answer.friendship)
    };
    let (friendship, status) = section.parts_or_default();
    pb::FriendshipSection { status, friendship }
}

async fn achievements(view: &View<'_>, user_id: &str) -> pb::AchievementsSection {
    let social = &view.upstreams.social;
    let list = ListAchievementsRequest { user_id: user_id.to_owned(), page_size: PAGE_SIZE, ..Default::default() };
    let get = GetAchievementSummaryRequest { user_id: user_id.to_owned() };
    let (listed, summary) = join!(
        view.section(social, async |channel| AchievementServiceClient::new(channel).list_achievements(list).await),
        view.section(social, async |channel| AchievementServiceClient::new(channel).get_achievement_summary(get).await),
    );
    let both = listed.and(summary).map(|(listed, summary)| (listed.achievements, summary.summary));
    let ((achievements, summary), status) = both.parts_or_default();
    pb::AchievementsSection { status, summary, achievements }
}

async fn recipes(view: &View<'_>, user_id: &str) -> pb::RecipesSection {
    let request = SearchRecipesRequest {
        author_user_id: user_id.to_owned(),
        sort: SearchSort::Newest.into(),
        page_size: PAGE_SIZE,
        ..Default::default()
    };
    let call = async |channel| SearchServiceClient::new(channel).search_recipes(request).await;
    view.section(&view.upstreams.recipe, call).await.into()
}

async fn standings(view: &View<'_>, user_id: &str) -> pb::StandingsSection {
    let request = ListStandingsRequest { user_id: user_id.to_owned(), page_size: PAGE_SIZE, ..Default::default() };
    let call = async |channel| StandingServiceClient::new(channel).list_standings(request).await;
    view.section(&view.upstreams.social, call).await.into()
}
