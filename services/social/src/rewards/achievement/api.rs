//! Use cases of achievements and milestones.

use std::collections::BTreeSet;

use orchard_db::{Connection, Db};
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::achievement_service_server::AchievementService;
use orchard_rpc::{Currency, Fields, read};
use orchard_server::Caller;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{Achievement, Awards, give, store, wire};
use crate::error::Error;
use crate::people::friendship;
use crate::people::membership;
use crate::people::profile;
use crate::people::profile::ProfileError;
use crate::rewards::achievement::AchievementError;
use crate::rewards::milestone;
use crate::rewards::milestone::MilestoneError;
use crate::roll;

/// Serves `AchievementService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
    currency: Currency,
    awards: Awards,
}

impl Api {
    /// Serves achievements from `db`, and makes `awards`.
    pub fn new(db: Db, currency: Currency, awards: Awards) -> Self {
        Self { db, currency, awards }
    }
}

async fn by_hand(connection: &mut Connection, awards: &Awards, new: &wire::ByHand) -> Result<Achievement, Error> {
    let _ = new.key.claim(connection, &[]).await?;
    // Whoever is not known gets nothing: an operator may have mistaken an id.
    if roll::take_turns(connection, &BTreeSet::from([new.user])).await?.is_empty() {
        return Err(roll::missing(connection, new.user).await?);
    }
    give(connection, awards, new.user, &new.award).await?;
    store::awarded(connection, new.user, &new.award).await?.ok_or_else(|| Error::from(AchievementError::NotFound))
}

/// Lets nobody pass who may not see the user.
async fn seen(connection: &Connection, user: Uuid, viewer: Uuid) -> Result<(), Error> {
    // Who has never called sees themselves all the same, without having achieved anything.
    if user == viewer || profile::store::is_visible(connection, user, viewer).await? {
        Ok(())
    } else {
        Err(ProfileError::NotFound.into())
    }
}

#[tonic::async_trait]
impl AchievementService for Api {
    async fn award_achievement(
        &self,
        request: Request<pb::AwardAchievementRequest>,
    ) -> Result<Response<pb::AwardAchievementResponse>, Status> {
        let operator = Caller::user(&request)?.id;
        let new = wire::award(request.into_inner(), operator, &self.currency).map_err(Error::from)?;
        let awards = self.awards.clone();
        let unit = async move |connection: &mut Connection| by_hand(connection, &awards, &new).await;
        let awarded = self.db.write("award achievement", unit).await?;
        Ok(Response::new(pb::AwardAchievementResponse { achievement: Some(wire::own(awarded, &self.currency)) }))
    }

    async fn list_achievements(
        &self,
        request: Request<pb::ListAchievementsRequest>,
    ) -> Result<Response<pb::ListAchievementsResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let (user, asked) = wire::list(request.get_ref(), viewer).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        seen(&connection, user, viewer).await?;
        let rows = store::list(&connection, user, viewer, asked.after, asked.fetch()).await.map_err(Error::from)?;
        let page = asked.page(rows, |achievement| (achievement.achieved_at, achievement.id));
        let sent = |achievement| wire::achievement(achievement, viewer, &self.currency);
        Ok(Response::new(pb::ListAchievementsResponse {
            achievements: page.rows.into_iter().map(sent).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn get_achievement_summary(
        &self,
        request: Request<pb::GetAchievementSummaryRequest>,
    ) -> Result<Response<pb::GetAchievementSummaryResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let user = Fields::one("user_id", read::uuid(&request.get_ref().user_id)).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        seen(&connection, user, viewer).await?;
        let sums = store::sum_up(&connection, user, viewer).await.map_err(Error::from)?;
        Ok(Response::new(pb::GetAchievementSummaryResponse { summary: Some(wire::summary(user, sums)) }))
    }

    async fn list_highlights(
        &self,
        request: Request<pb::ListHighlightsRequest>,
    ) -> Result<Response<pb::ListHighlightsResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let asked = wire::highlights(request.get_ref(), viewer).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let mut friends = membership::store::fellows_of(&connection, viewer).await.map_err(Error::from)?;
        friends.extend(friendship::list::friend_ids(&connection, viewer).await.map_err(Error::from)?);
        let rows = store::highlights(&connection, viewer, &friends, asked.after, asked.fetch()).await.map_err(Error::from)?;
        let page = asked.page(rows, |achievement| (achievement.achieved_at, achievement.id));
        let sent = |achievement| wire::achievement(achievement, viewer, &self.currency);
        Ok(Response::new(pb::ListHighlightsResponse {
            achievements: page.rows.into_iter().map(sent).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn set_achievement_visibility(
        &self,
        request: Request<pb::SetAchievementVisibilityRequest>,
    ) -> Result<Response<pb::SetAchievementVisibilityResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let pb::SetAchievementVisibilityRequest { achievement_id, is_public } = request.into_inner();
        let id = Fields::one("achievement_id", read::uuid(&achievement_id)).map_err(Error::from)?;
        let changed = self
            .db
            .write("set achievement visibility", async move |connection| {
                store::set_public(connection, id, user, is_public).await?.ok_or_else(|| Error::from(AchievementError::NotFound))
            })
            .await?;
        Ok(Response::new(pb::SetAchievementVisibilityResponse { achievement: Some(wire::own(changed, &self.currency)) }))
    }

    async fn mark_celebration_shown(
        &self,
        request: Request<pb::MarkCelebrationShownRequest>,
    ) -> Result<Response<pb::MarkCelebrationShownResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let id = Fields::one("achievement_id", read::uuid(&request.get_ref().achievement_id)).map_err(Error::from)?;
        let is_first = self
            .db
            .write("mark celebration shown", async move |connection| {
                store::celebrate(connection, id, user).await?.ok_or_else(|| Error::from(AchievementError::NotFound))
            })
            .await?;
        Ok(Response::new(pb::MarkCelebrationShownResponse { is_first }))
    }

    async fn list_milestones(
        &self,
        request: Request<pb::ListMilestonesRequest>,
    ) -> Result<Response<pb::ListMilestonesResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let (user, asked) = milestone::wire::list(request.get_ref(), viewer).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        seen(&connection, user, viewer).await?;
        let rows = milestone::store::list(&connection, user, viewer, asked.after, asked.fetch()).await.map_err(Error::from)?;
        let page = asked.page(rows, milestone::Milestone::place);
        Ok(Response::new(pb::ListMilestonesResponse {
            milestones: page.rows.into_iter().map(|row| milestone::wire::milestone(row, viewer)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn set_milestone_sharing(
        &self,
        request: Request<pb::SetMilestoneSharingRequest>,
    ) -> Result<Response<pb::SetMilestoneSharingResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let pb::SetMilestoneSharingRequest { milestone_id, shared_publicly } = request.into_inner();
        let id = Fields::one("milestone_id", read::uuid(&milestone_id)).map_err(Error::from)?;
        let changed = self
            .db
            .write("set milestone sharing", async move |connection| {
                milestone::store::share(connection, id, user, shared_publicly)
                    .await?
                    .ok_or_else(|| Error::from(MilestoneError::NotFound))
            })
            .await?;
        Ok(Response::new(pb::SetMilestoneSharingResponse { milestone: Some(milestone::wire::milestone(changed, user)) }))
    }
}
