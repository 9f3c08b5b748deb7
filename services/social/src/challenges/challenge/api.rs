//! Use cases of challenges.

use orchard_client::Upstream;
use orchard_db::Db;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::challenge_service_server::ChallengeService;
use orchard_rpc::{Currency, Fields, read};
use orchard_server::{Caller, Clock, Role, User};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::updating::{self, Author};
use super::{Challenge, store, wire};
use crate::challenges::challenge::ChallengeError;
use crate::challenges::finalisation::Nudge;
use crate::challenges::participant::{self, Target};
use crate::clock::local_time;
use crate::error::Error;
use crate::people::family;

/// Serves `ChallengeService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
    family: Upstream,
    currency: Currency,
    clock: Clock,
    nudge: Nudge,
}

impl Api {
    /// Serves challenges from `db`, asks `family` who is a child and who has a family plan, and has those ended that are over by `nudge`.
    pub fn new(db: Db, family: Upstream, currency: Currency, clock: Clock, nudge: Nudge) -> Self {
        Self { db, family, currency, clock, nudge }
    }

    /// Who a caller is to challenges. Whoever speaks for the platform, or of what not everyone finds, need not be asked about.
    async fn author(&self, user: &User, is_public: bool) -> Result<Author, Error> {
        let is_operator = user.is(Role::Operator);
        let is_child = is_public && !is_operator && family::children(&self.family, &[user.id]).await?.contains(&user.id);
        Ok(Author { user: user.id, is_operator, is_child })
    }

    fn told(&self, (challenge, creator): (Challenge, Option<Uuid>), user: &User) -> Option<pb::Challenge> {
        let tells_code = challenge.is_of(user.id, user.is(Role::Operator)).is_ok();
        Some(wire::challenge(challenge, creator, tells_code, &self.currency))
    }

    /// Has a challenge be in use or not, and says how it is then.
    async fn set_active(&self, user: &User, challenge_id: &str, is_active: bool) -> Result<Option<pb::Challenge>, Error> {
        let id = Fields::one("challenge_id", read::uuid(challenge_id))?;
        let moderates = user.is(Role::Moderator) || user.is(Role::Operator);
        let author = Author { user: user.id, is_operator: moderates, is_child: false };
        let changed = self
            .db
            .write("set challenge active", async move |connection| {
                let before = updating::lock(connection, id, author).await?;
                if before.is_active != is_active {
                    store::set_active(connection, id, is_active).await?;
                }
                store::get(connection, id, author.user, moderates).await?.ok_or_else(|| Error::from(ChallengeError::NotFound))
            })
            .await?;
        Ok(self.told(changed, user))
    }
}

#[tonic::async_trait]
impl ChallengeService for Api {
    async fn create_challenge(
        &self,
        request: Request<pb::CreateChallengeRequest>,
    ) -> Result<Response<pb::CreateChallengeResponse>, Status> {
        let caller = Caller::user(&request)?;
        let (key, terms) = wire::new_challenge(request.get_ref(), caller.id, &self.currency).map_err(Error::from)?;
        updating::consistent(&terms, caller.is(Role::Operator), "").map_err(Error::from)?;
        let author = self.author(&caller, terms.is_public).await?;
        let ahead = self.clock.ahead();
        let made = self
            .db
            .write("create challenge", async move |connection| {
                let (id, first) = key.claim_one(connection, Uuid::now_v7()).await?;
                if first {
                    updating::create(connection, id, &terms, author, ahead).await?;
                }
                store::get(connection, id, author.user, author.is_operator)
                    .await?
                    .ok_or_else(|| Error::from(ChallengeError::NotFound))
            })
            .await?;
        Ok(Response::new(pb::CreateChallengeResponse { challenge: self.told(made, &caller) }))
    }

    async fn get_challenge(
        &self,
        request: Request<pb::GetChallengeRequest>,
    ) -> Result<Response<pb::GetChallengeResponse>, Status> {
        let caller = Caller::user(&request)?;
        let pb::GetChallengeRequest { challenge_id, join_code } = request.get_ref();
        let target = wire::target(challenge_id, join_code).map_err(Error::from)?;
        let all = caller.is(Role::Moderator) || caller.is(Role::Operator);
        let connection = self.db.read().await.map_err(Error::from)?;
        let id = store::id_of(&connection, &target)
            .await
            .map_err(Error::from)?
            .ok_or_else(|| Error::from(ChallengeError::NotFound))?;
        let all = all || matches!(target, Target::Code(_));
        let found = store::get(&connection, id, caller.id, all).await.map_err(Error::from)?;
        let found = found.ok_or_else(|| Error::from(ChallengeError::NotFound))?;
        Ok(Response::new(pb::GetChallengeResponse { challenge: self.told(found, &caller) }))
    }

    async fn update_challenge(
        &self,
        request: Request<pb::UpdateChallengeRequest>,
    ) -> Result<Response<pb::UpdateChallengeResponse>, Status> {
        let caller = Caller::user(&request)?;
        let (id, patch) = wire::update(request.into_inner(), &self.currency).map_err(Error::from)?;
        let author = self.author(&caller, true).await?;
        let ahead = self.clock.ahead();
        let changed = self
            .db
            .write("update challenge", async move |connection| {
                updating::update(connection, id, patch, author, ahead).await?;
                store::get(connection, id, author.user, author.is_operator)
                    .await?
                    .ok_or_else(|| Error::from(ChallengeError::NotFound))
            })
            .await?;
        Ok(Response::new(pb::UpdateChallengeResponse { challenge: self.told(changed, &caller) }))
    }

    async fn list_challenges(
        &self,
        request: Request<pb::ListChallengesRequest>,
    ) -> Result<Response<pb::ListChallengesResponse>, Status> {
        let caller = Caller::user(&request)?;
        let (filter, asked) = wire::list(request.get_ref(), caller.id).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let today = local_time(&connection, &self.clock, caller.id).await.map_err(Error::from)?.today();
        let rows = store::list(&connection, &filter, caller.id, today, asked.after, asked.fetch()).await.map_err(Error::from)?;
        let page = asked.page(rows, |(challenge, _)| wire::listed(challenge));
        Ok(Response::new(pb::ListChallengesResponse {
            challenges: page.rows.into_iter().filter_map(|found| self.told(found, &caller)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn feature_challenge(
        &self,
        request: Request<pb::FeatureChallengeRequest>,
    ) -> Result<Response<pb::FeatureChallengeResponse>, Status> {
        let caller = Caller::user(&request)?;
        let (id, priority) = wire::feature(request.get_ref()).map_err(Error::from)?;
        let viewer = caller.id;
        let featured = self
            .db
            .write("feature challenge", async move |connection| {
                if !store::feature(connection, id, priority).await? {
                    return Err(ChallengeError::NotFound.into());
                }
                store::get(connection, id, viewer, true).await?.ok_or_else(|| Error::from(ChallengeError::NotFound))
            })
            .await?;
        Ok(Response::new(pb::FeatureChallengeResponse { challenge: self.told(featured, &caller) }))
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
        let id = Fields::one("challenge_id", read::uuid(&request.get_ref().challenge_id)).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let moment = store::moment(&connection).await.map_err(Error::from)? + self.clock.ahead();
        let found = store::get(&connection, id, caller.id, true).await.map_err(Error::from)?;
        let found = found.ok_or_else(|| Error::from(ChallengeError::NotFound))?;
        if found.0.finalised_at.is_none() {
            found.0.is_due(moment).map_err(Error::from)?;
            self.nudge.now();
        }
        Ok(Response::new(pb::FinaliseChallengeResponse { challenge: self.told(found, &caller) }))
    }

    async fn join_challenge(
        &self,
        request: Request<pb::JoinChallengeRequest>,
    ) -> Result<Response<pb::JoinChallengeResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let pb::JoinChallengeRequest { challenge_id, join_code } = request.get_ref();
        let target = wire::target(challenge_id, join_code).map_err(Error::from)?;
        let participant = participant::join(&self.db, &self.family, target, user, &self.clock).await?;
        Ok(Response::new(pb::JoinChallengeResponse {
            participant: Some(participant::wire::participant(participant, &self.currency)),
        }))
    }

    async fn count_active_challenges(
        &self,
        request: Request<pb::CountActiveChallengesRequest>,
    ) -> Result<Response<pb::CountActiveChallengesResponse>, Status> {
        let users = wire::user_ids(request.get_ref()).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let count = store::count_active(&connection, &users).await.map_err(Error::from)?;
        let active_challenges = i32::try_from(count).unwrap_or(i32::MAX);
        Ok(Response::new(pb::CountActiveChallengesResponse { active_challenges }))
    }
}
