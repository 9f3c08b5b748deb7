//! The family dashboard: the family's part, then what those do who share it.

use futures::join;
use orchard_proto::edge::v1 as pb;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::{FamilySummary, GetFamilySummaryRequest};
use orchard_proto::social::v1::achievement_service_client::AchievementServiceClient;
use orchard_proto::social::v1::challenge_service_client::ChallengeServiceClient;
use orchard_proto::social::v1::profile_service_client::ProfileServiceClient;
use orchard_proto::social::v1::{BatchGetProfilesRequest, CountActiveChallengesRequest, ListHighlightsRequest};
use tonic::Status;

use crate::section::{PAGE_SIZE, Section, highlights};
use crate::upstream::unavailable;
use crate::view::View;

/// Composes the dashboard of a plan.
pub(crate) async fn dashboard(view: &View<'_>, family_plan_id: String) -> Result<pb::FamilyDashboard, Status> {
    let family = &view.upstreams.family;
    let request = GetFamilySummaryRequest { family_plan_id };
    // Money and membership are never guessed: without the family service there is no view.
    let answer = view.heart(family, async |channel| PlanServiceClient::new(channel).get_family_summary(request).await).await?;
    let mut summary = answer.summary.ok_or_else(|| unavailable(family.name()))?;
    let (sharing_challenges, sharing_achievements) =
        (std::mem::take(&mut summary.challenge_member_ids), std::mem::take(&mut summary.achievement_member_ids));
    let (challenges, highlights) =
        join!(active_challenges(view, sharing_challenges), member_highlights(view, sharing_achievements));
    Ok(compose(summary, challenges, highlights))
}

/// Counts the challenges that the users take part in.
async fn active_challenges(view: &View<'_>, user_ids: Vec<String>) -> Section<i32> {
    let request = CountActiveChallengesRequest { user_ids };
    let call = async |channel| ChallengeServiceClient::new(channel).count_active_challenges(request).await;
    let answer = view.section(&view.upstreams.social, call).await;
    answer.then(|answer, asked| Section::Whole(answer.active_challenges, answer.read_time.unwrap_or(asked)))
}

/// Lists highlights of the users.
async fn member_highlights(view: &View<'_>, user_ids: Vec<String>) -> Section<Vec<pb::Highlight>> {
    // The slice takes an empty list for the caller's friends.
    if user_ids.is_empty() {
        return Section::known(Vec::new());
    }
    let social = &view.upstreams.social;
    let list = ListHighlightsRequest { page_size: PAGE_SIZE, user_ids: user_ids.clone(), ..Default::default() };
    let get = BatchGetProfilesRequest { user_ids };
    let (achievements, profiles) = join!(
        view.section(social, async |channel| AchievementServiceClient::new(channel).list_highlights(list).await),
        view.section(social, async |channel| ProfileServiceClient::new(channel).batch_get_profiles(get).await),
    );
    achievements.and(profiles).map(|(listed, found)| highlights(listed.achievements, found.profiles))
}

fn compose(summary: FamilySummary, challenges: Section<i32>, highlights: Section<Vec<pb::Highlight>>) -> pb::FamilyDashboard {
    let of_family = |is_visible| match (is_visible, summary.read_time) {
        (true, Some(read_time)) => Section::Whole((), read_time),
        (true, None) => Section::known(()),
        (false, _) => Section::Denied,
    };
    let (_, wallet) = of_family(summary.wallet_visible).parts();
    let (_, nutrition) = of_family(summary.nutrition_visible).parts();
    let (active_challenges, challenges) = challenges.parts();
    let (member_highlights, highlights) = highlights.parts_or_default();
    pb::FamilyDashboard {
        family_plan_id: summary.family_plan_id,
        family_name: summary.family_name,
        total_members: summary.total_members,
        active_members: summary.active_members,
        avg_weekly_calories: summary.avg_weekly_calories,
        wallet_balance: summary.wallet_balance,
        active_challenges,
        wallet,
        nutrition,
        challenges,
        member_highlights,
        highlights,
    }
}
