//! Use cases of `ChallengeService`.

use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::challenge_service_server::ChallengeService;
use orchard_rpc::{Answer, timestamp_to_wire};
use orchard_server::{Caller, Role, User};
use tonic::{Request, Response};

use super::editing::{self, Author};
use super::joining::join;
use super::{ChallengeView, reading, wire};
use crate::Api;
use crate::error::Error;
use crate::people::family;
use crate::request;

impl Api {
    /// Asks the family service whether the author is a child, unless they are an operator or the challenge is not public.
    async fn author(&self, user: &User, is_public: bool) -> Result<Author, Error> {
        let is_operator = user.is(Role::Operator);
        let is_child = is_public && !is_operator && family::children(&self.family, &[user.id]).await?.contains(&user.id);
        Ok(Author { user: user.id, is_operator, is_child })
    }

    /// Converts a challenge as `user` may see it.
    pub(crate) fn challenge(&self, view: ChallengeView, user: &User) -> Option<pb::Challenge> {
        let shows_code = view.challenge.check_editor(user.id, user.is(Role::Operator)).is_ok();
        Some(wire::challenge(view, shows_code, &self.currency))
    }

    async fn set_active(&self, user: &User, challenge_id: &str, is_active: bool) -> Result<Option<pb::Challenge>, Error> {
        let id = request::id("challenge_id", challenge_id)?;
        let author = Author { user: user.id, is_operator: reads_all(user), is_child: false };
        let view = editing::set_active(&self.db, &self.clock, id, is_active, author).await?;
        Ok(self.challenge(view, user))
    }
}

/// Returns whether a user may read challenges that they do not know otherwise.
fn reads_all(user: &User) -> bool {
    user.is(Role::Moderator) || user.is(Role::Operator)
}

#[tonic::async_trait]
impl ChallengeService for Api {
    async fn create_challenge(&self, request: Request<pb::CreateChallengeRequest>) -> Answer<pb::CreateChallengeResponse> {
        let caller = Caller::user(&request)?;
        let (key, terms) = wire::new_challenge(request.get_ref(), &caller, &self.currency)?;
        let author = self.author(&caller, terms.is_public).await?;
        let view = editing::create(&self.db, &self.clock, key, terms, author).await?;
        Ok(Response::new(pb::CreateChallengeResponse { challenge: self.challenge(view, &caller) }))
    }

    async fn get_challenge(&self, request: Request<pb::GetChallengeRequest>) -> Answer<pb::GetChallengeResponse> {
        let caller = Caller::user(&request)?;
        let pb::GetChallengeRequest { challenge_id, join_code } = request.get_ref();
        let key = wire::challenge_key(challenge_id, join_code)?;
        let view = reading::find(&self.db, &key, caller.id, reads_all(&caller)).await?;
        Ok(Response::new(pb::GetChallengeResponse { challenge: self.challenge(view, &caller) }))
    }

    async fn update_challenge(&self, request: Request<pb::UpdateChallengeRequest>) -> Answer<pb::UpdateChallengeResponse> {
        let caller = Caller::user(&request)?;
        let (id, patch) = wire::update(request.into_inner(), &self.currency)?;
        let author = self.author(&caller, true).await?;
        let view = editing::update(&self.db, &self.clock, id, patch, author).await?;
        Ok(Response::new(pb::UpdateChallengeResponse { challenge: self.challenge(view, &caller) }))
    }

    async fn list_challenges(&self, request: Request<pb::ListChallengesRequest>) -> Answer<pb::ListChallengesResponse> {
        let caller = Caller::user(&request)?;
        let (filter, page) = wire::list(request.get_ref(), caller.id)?;
        let page = reading::list(&self.db, &self.clock, caller.id, &filter, &page).await?;
        Ok(Response::new(pb::ListChallengesResponse {
            challenges: page.rows.into_iter().filter_map(|view| self.challenge(view, &caller)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn feature_challenge(&self, request: Request<pb::FeatureChallengeRequest>) -> Answer<pb::FeatureChallengeResponse> {
        let caller = Caller::user(&request)?;
        let (id, priority) = wire::feature(request.get_ref())?;
        let view = editing::feature(&self.db, id, priority, caller.id).await?;
        Ok(Response::new(pb::FeatureChallengeResponse { challenge: self.challenge(view, &caller) }))
    }

    async fn deactivate_challenge(
        &self,
        request: Request<pb::DeactivateChallengeRequest>,
    ) -> Answer<pb::DeactivateChallengeResponse> {
        let caller = Caller::user(&request)?;
        let challenge = self.set_active(&caller, &request.get_ref().challenge_id, false).await?;
        Ok(Response::new(pb::DeactivateChallengeResponse { challenge }))
    }

    async fn reactivate_challenge(
        &self,
        request: Request<pb::ReactivateChallengeRequest>,
    ) -> Answer<pb::ReactivateChallengeResponse> {
        let caller = Caller::user(&request)?;
        let challenge = self.set_active(&caller, &request.get_ref().challenge_id, true).await?;
        Ok(Response::new(pb::ReactivateChallengeResponse { challenge }))
    }

    async fn finalise_challenge(&self, request: Request<pb::FinaliseChallengeRequest>) -> Answer<pb::FinaliseChallengeResponse> {
        let caller = Caller::user(&request)?;
        let id = request::id("challenge_id", &request.get_ref().challenge_id)?;
        let view = reading::due(&self.db, &self.clock, id, caller.id).await?;
        if view.challenge.finalised_at.is_none() {
            self.requests.add(id);
        }
        Ok(Response::new(pb::FinaliseChallengeResponse { challenge: self.challenge(view, &caller) }))
    }

    async fn join_challenge(&self, request: Request<pb::JoinChallengeRequest>) -> Answer<pb::JoinChallengeResponse> {
        let user = Caller::user(&request)?.id;
        let pb::JoinChallengeRequest { challenge_id, join_code } = request.get_ref();
        let key = wire::challenge_key(challenge_id, join_code)?;
        let participant = join(&self.db, &self.family, &self.clock, &key, user).await?;
        Ok(Response::new(pb::JoinChallengeResponse { participant: Some(self.seat(participant)) }))
    }

    async fn count_active_challenges(
        &self,
        request: Request<pb::CountActiveChallengesRequest>,
    ) -> Answer<pb::CountActiveChallengesResponse> {
        let users = wire::user_ids(request.get_ref())?;
        let (count, read_at) = reading::count_active(&self.db, &users).await?;
        let active_challenges = i32::try_from(count).unwrap_or(i32::MAX);
        let read_time = Some(timestamp_to_wire(read_at));
        Ok(Response::new(pb::CountActiveChallengesResponse { active_challenges, read_time }))
    }
}
