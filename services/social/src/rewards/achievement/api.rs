//! Use cases of achievements and milestones.

use std::collections::BTreeSet;

use orchard_db::{Connection, Reader};
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::achievement_service_server::AchievementService;
use orchard_rpc::{Answer, PageRequest};
use orchard_server::Caller;
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Achievement, AchievementError, LatestFirst, Summary, give, store, wire};
use crate::Api;
use crate::error::Error;
use crate::people::friendship::list::friend_ids;
use crate::people::membership::store::relatives_of;
use crate::people::profile::{self, ProfileError};
use crate::rewards::award::Awards;
use crate::rewards::milestone::{self, Milestone, MilestoneError};
use crate::{request, roll};

impl Api {
    /// Returns a connection to read what `viewer` may see of a user, or refuses if they may not see the user's profile.
    ///
    /// A caller who is not known yet sees themselves.
    async fn read_as(&self, viewer: Uuid, user: Uuid) -> Result<Reader, Error> {
        let connection = self.db.read().await?;
        if user == viewer || profile::store::is_visible(&connection, user, viewer).await? {
            Ok(connection)
        } else {
            Err(ProfileError::NotFound.into())
        }
    }

    async fn list_visible(&self, user: Uuid, viewer: Uuid, page: &PageRequest<LatestFirst>) -> Result<Vec<Achievement>, Error> {
        let connection = self.read_as(viewer, user).await?;
        Ok(store::list(&connection, user, viewer, page).await?)
    }

    async fn sum_up(&self, user: Uuid, viewer: Uuid) -> Result<Summary, Error> {
        let connection = self.read_as(viewer, user).await?;
        Ok(store::sum_up(&connection, user, viewer).await?)
    }

    /// Lists highlights of some users, or of friends of `viewer` if there are none.
    async fn list_highlights(
        &self,
        viewer: Uuid,
        mut of: Vec<Uuid>,
        page: &PageRequest<LatestFirst>,
    ) -> Result<Vec<Achievement>, Error> {
        let connection = self.db.read().await?;
        if of.is_empty() {
            of = relatives_of(&connection, viewer).await?;
            of.extend(friend_ids(&connection, viewer).await?);
        }
        Ok(store::highlights(&connection, viewer, &of, page).await?)
    }

    async fn list_milestones(&self, user: Uuid, viewer: Uuid, page: &PageRequest<i64>) -> Result<Vec<Milestone>, Error> {
        let connection = self.read_as(viewer, user).await?;
        Ok(milestone::store::list(&connection, user, viewer, page).await?)
    }
}

/// Gives an award at the request of an operator, and returns the user's achievement, which they may have had before. An unknown user is
/// refused, because the operator may have mistaken the id.
async fn award(connection: &mut Connection, awards: &Awards, new: &wire::NewAward) -> Result<Achievement, Error> {
    let _ = new.key.claim(connection, &[]).await?;
    let known = roll::lock(connection, &BTreeSet::from([new.user])).await?;
    if roll::is_erased(connection, new.user).await? {
        return Err(Error::user_erased());
    }
    if known.is_empty() {
        return Err(ProfileError::NotFound.into());
    }
    give(connection, awards, new.user, &new.award).await?;
    Ok(store::find(connection, new.user, &new.award).await?.ok_or(AchievementError::NotFound)?)
}

async fn set_public(connection: &mut Connection, id: Uuid, user: Uuid, is_public: bool) -> Result<Achievement, Error> {
    Ok(store::set_public(connection, id, user, is_public).await?.ok_or(AchievementError::NotFound)?)
}

async fn celebrate(connection: &mut Connection, id: Uuid, user: Uuid) -> Result<bool, Error> {
    Ok(store::celebrate(connection, id, user).await?.ok_or(AchievementError::NotFound)?)
}

async fn share(connection: &mut Connection, id: Uuid, user: Uuid, shared_publicly: bool) -> Result<Milestone, Error> {
    Ok(milestone::store::share(connection, id, user, shared_publicly).await?.ok_or(MilestoneError::NotFound)?)
}

#[tonic::async_trait]
impl AchievementService for Api {
    async fn award_achievement(&self, request: Request<pb::AwardAchievementRequest>) -> Answer<pb::AwardAchievementResponse> {
        let operator = Caller::user(&request)?.id;
        let new = wire::award(request.into_inner(), operator, &self.currency)?;
        let awards = self.awards.clone();
        let unit = async move |connection: &mut Connection| award(connection, &awards, &new).await;
        let achievement = self.db.write("award achievement", unit).await?;
        Ok(Response::new(pb::AwardAchievementResponse { achievement: Some(wire::own(achievement, &self.currency)) }))
    }

    async fn list_achievements(&self, request: Request<pb::ListAchievementsRequest>) -> Answer<pb::ListAchievementsResponse> {
        let viewer = Caller::user(&request)?.id;
        let pb::ListAchievementsRequest { user_id, page_size, page_token } = request.into_inner();
        let (user, page) = request::user_and_page("ListAchievements", viewer, &user_id, (page_size, &page_token))?;
        let page = page.page(self.list_visible(user, viewer, &page).await?, Achievement::position);
        Ok(Response::new(pb::ListAchievementsResponse {
            achievements: wire::achievements(page.rows, viewer, &self.currency),
            next_page_token: page.next_page_token,
        }))
    }

    async fn get_achievement_summary(
        &self,
        request: Request<pb::GetAchievementSummaryRequest>,
    ) -> Answer<pb::GetAchievementSummaryResponse> {
        let viewer = Caller::user(&request)?.id;
        let user = request::id("user_id", &request.get_ref().user_id)?;
        let summary = self.sum_up(user, viewer).await?;
        Ok(Response::new(pb::GetAchievementSummaryResponse { summary: Some(wire::summary(user, summary)) }))
    }

    async fn list_highlights(&self, request: Request<pb::ListHighlightsRequest>) -> Answer<pb::ListHighlightsResponse> {
        let viewer = Caller::user(&request)?.id;
        let (of, page) = wire::highlights(request.get_ref(), viewer)?;
        let page = page.page(self.list_highlights(viewer, of, &page).await?, Achievement::position);
        Ok(Response::new(pb::ListHighlightsResponse {
            achievements: wire::achievements(page.rows, viewer, &self.currency),
            next_page_token: page.next_page_token,
        }))
    }

    async fn set_achievement_visibility(
        &self,
        request: Request<pb::SetAchievementVisibilityRequest>,
    ) -> Answer<pb::SetAchievementVisibilityResponse> {
        let user = Caller::user(&request)?.id;
        let pb::SetAchievementVisibilityRequest { achievement_id, is_public } = request.into_inner();
        let id = request::id("achievement_id", &achievement_id)?;
        let unit = async move |connection: &mut Connection| set_public(connection, id, user, is_public).await;
        let achievement = self.db.write("set achievement visibility", unit).await?;
        Ok(Response::new(pb::SetAchievementVisibilityResponse { achievement: Some(wire::own(achievement, &self.currency)) }))
    }

    async fn mark_celebration_shown(
        &self,
        request: Request<pb::MarkCelebrationShownRequest>,
    ) -> Answer<pb::MarkCelebrationShownResponse> {
        let user = Caller::user(&request)?.id;
        let id = request::id("achievement_id", &request.get_ref().achievement_id)?;
        let unit = async move |connection: &mut Connection| celebrate(connection, id, user).await;
        let is_first = self.db.write("mark celebration shown", unit).await?;
        Ok(Response::new(pb::MarkCelebrationShownResponse { is_first }))
    }

    async fn list_milestones(&self, request: Request<pb::ListMilestonesRequest>) -> Answer<pb::ListMilestonesResponse> {
        let viewer = Caller::user(&request)?.id;
        let pb::ListMilestonesRequest { user_id, page_size, page_token } = request.into_inner();
        let (user, page) = request::user_and_page("ListMilestones", viewer, &user_id, (page_size, &page_token))?;
        let page = page.page(self.list_milestones(user, viewer, &page).await?, Milestone::position);
        Ok(Response::new(pb::ListMilestonesResponse {
            milestones: page.rows.into_iter().map(|row| milestone::wire::milestone(row, viewer)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn set_milestone_visibility(
        &self,
        request: Request<pb::SetMilestoneVisibilityRequest>,
    ) -> Answer<pb::SetMilestoneVisibilityResponse> {
        let user = Caller::user(&request)?.id;
        let pb::SetMilestoneVisibilityRequest { milestone_id, is_public } = request.into_inner();
        let id = request::id("milestone_id", &milestone_id)?;
        let unit = async move |connection: &mut Connection| share(connection, id, user, is_public).await;
        let milestone = self.db.write("set milestone sharing", unit).await?;
        Ok(Response::new(pb::SetMilestoneVisibilityResponse { milestone: Some(milestone::wire::milestone(milestone, user)) }))
    }
}
