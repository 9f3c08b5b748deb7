//! Use cases of `ChallengeService`.

use std::sync::Arc;

use orchard_client::Upstream;
use orchard_db::Db;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::challenge_service_server::ChallengeService;
use orchard_rpc::Currency;
use orchard_server::{Caller, Clock, Role, User};
use tokio::sync::Notify;
use tonic::{Request, Response, Status};

use super::editing::{self, Author};
use super::joining::join;
use super::{ChallengeView, reading, wire};
use crate::challenges::participant;
use crate::error::Error;
use crate::people::family;
use crate::request;

/// Serves `ChallengeService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
    family: Upstream,
    currency: Currency,
    clock: Clock,
    wake_finaliser: Arc<Notify>,
}

impl Api {
    /// Serves challenges from `db`. Asks `family` who is a child and who has a family plan. Notifies `wake_finaliser` when a
    /// challenge is to be finalised now.
    pub fn new(db: Db, family: Upstream, currency: Currency, clock: Clock, wake_finaliser: Arc<Notify>) -> Self {
        Self { db, family, currency, clock, wake_finaliser }
    }

    /// Asks the family service whether the author is a child, unless they are an operator or the challenge is not public.
    async fn author(&self, user: &User, is_public: bool) -> Result<Author, Error> {
        let is_operator = user.is(Role::Operator);
        let is_child = is_public && !is_operator && family::children(&self.family, &[user.id]).await?.contains(&user.id);
        Ok(Author { user: user.id, is_operator, is_child })
    }

    fn answer(&self, view: ChallengeView, user: &User) -> Option<pb::Challenge> {
        let shows_code = view.challenge.check_editor(user.id, user.is(Role::Operator)).is_ok();
        Some(wire::challenge(view, shows_code, &self.currency))
    }

    async fn set_active(&self, user: &User, challenge_id: &str, is_active: bool) -> Result<Option<pb::Challenge>, Error> {
        let id = request::id("challenge_id", challenge_id)?;
        let author = Author { user: user.id, is_operator: reads_all(user), is_child: false };
        let view = editing::set_active(&self.db, &self.clock, id, is_active, author).await?;
        Ok(self.answer(view, user))
    }
}

/// Returns whether a user may read challenges that they do not know otherwise.
fn reads_all(user: &User) -> bool {
    user.is(Role::Moderator) || user.is(Role::Operator)
}

#[tonic::async_trait]
impl ChallengeService for Api {
    async fn create_challenge(
        &self,
        request: Request<pb::CreateChallengeRequest>,
    ) -> Result<Response<pb::CreateChallengeResponse>, Status> {
        let caller = Caller::user(&request)?;
        let (key, terms) = wire::new_challenge(request.get_ref(), &caller, &self.currency)?;
        let author = self.author(&caller, terms.is_public).await?;
        let view = editing::create(&self.db, &self.clock, key, terms, author).await?;
        Ok(Response::new(pb::CreateChallengeResponse { challenge: self.answer(view, &caller) }))
    }

    async fn get_challenge(
        &self,
        request: Request<pb::GetChallengeRequest>,
    ) -> Result<Response<pb::GetChallengeResponse>, Status> {
        let caller = Caller::user(&request)?;
        let pb::GetChallengeRequest { challenge_id, join_code } = request.get_ref();
        let key = wire::challenge_key(challenge_id, join_code)?;
        let view = reading::find(&self.db, &key, caller.id, reads_all(&caller)).await?;
        Ok(Response::new(pb::GetChallengeResponse { challenge: self.answer(view, &caller) }))
    }

    async fn update_challenge(
        &self,
        request: Request<pb::UpdateChallengeRequest>,
    ) -> Result<Response<pb::UpdateChallengeResponse>, Status> {
        let caller = Caller::user(&request)?;
        let (id, patch) = wire::update(request.into_inner(), &self.currency)?;
        let author = self.author(&caller, true).await?;
        let view = editing::update(&self.db, &self.clock, id, patch, author).await?;
        Ok(Response::new(pb::UpdateChallengeResponse { challenge: self.answer(view, &caller) }))
    }

    async fn list_challenges(
        &self,
        request: Request<pb::ListChallengesRequest>,
    ) -> Result<Response<pb::ListChallengesResponse>, Status> {
        let caller = Caller::user(&request)?;
        let (filter, page) = wire::list(request.get_ref(), caller.id)?;
        let page = reading::list(&self.db, &self.clock, caller.id, &filter, &page).await?;
        Ok(Response::new(pb::ListChallengesResponse {
            challenges: page.rows.into_iter().filter_map(|view| self.answer(view, &caller)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn feature_challenge(
        &self,
        request: Request<pb::FeatureChallengeRequest>,
    ) -> Result<Response<pb::FeatureChallengeResponse>, Status> {
        let caller = Caller::user(&request)?;
        let (id, priority) = wire::feature(request.get_ref())?;
        let view = editing::feature(&self.db, id, priority, caller.id).await?;
        Ok(Response::new(pb::FeatureChallengeResponse { challenge: self.answer(view, &caller) }))
    }

    async fn deactivate_challenge(
        &self,
        request: Request<pb::DeactivateChallengeRequest>,
    ) -> Result<Response<pb::DeactivateChallengeResponse>, Status> {
        let caller = Caller::user(&request)?;
        let challenge = self.set_active(&caller, &request.get_ref().challenge_id, false).await?;
        Ok(Response::new(pb::DeactivateChallengeResponse { challenge }))
    }

    async fn reactivate_challenge(
        &self,
        request: Request<pb::ReactivateChallengeRequest>,
    ) -> Result<Response<pb::ReactivateChallengeResponse>, Status> {
        let caller = Caller::user(&request)?;
        let challenge = self.set_active(&caller, &request.get_ref().challenge_id, true).await?;
        Ok(Response::new(pb::ReactivateChallengeResponse { challenge }))
    }

    async fn finalise_challenge(
        &self,
        request: Request<pb::FinaliseChallengeRequest>,
    ) -> Result<Response<pb::FinaliseChallengeResponse>, Status> {
        let caller = Caller::user(&request)?;
        let id = request::id("challenge_id", &request.get_ref().challenge_id)?;
        let view = reading::due(&self.db, &self.clock, id, caller.id).await?;
        if view.challenge.finalised_at.is_none() {
            self.wake_finaliser.notify_one();
        }
        Ok(Response::new(pb::FinaliseChallengeResponse { challenge: self.answer(view, &caller) }))
    }

    async fn join_challenge(
        &self,
        request: Request<pb::JoinChallengeRequest>,
    ) -> Result<Response<pb::JoinChallengeResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let pb::JoinChallengeRequest { challenge_id, join_code } = request.get_ref();
        let key = wire::challenge_key(challenge_id, join_code)?;
        let participant = join(&self.db, &self.family, &self.clock, &key, user).await?;
        Ok(Response::new(pb::JoinChallengeResponse {
            participant: Some(participant::wire::participant(participant, &self.currency)),
        }))
    }

    async fn count_active_challenges(
        &self,
        request: Request<pb::CountActiveChallengesRequest>,
    ) -> Result<Response<pb::CountActiveChallengesResponse>, Status> {
        let users = wire::user_ids(request.get_ref())?;
        let count = reading::count_active(&self.db, &users).await?;
        let active_challenges = i32::try_from(count).unwrap_or(i32::MAX);
        Ok(Response::new(pb::CountActiveChallengesResponse { active_challenges }))
    }
}
