//! Use cases of challenges.

use std::collections::BTreeSet;
use std::time::Duration;

use orchard_client::Upstream;
use orchard_db::{Connection, Db};
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::challenge_service_server::ChallengeService;
use orchard_rpc::{Fields, Violations, read};
use orchard_server::{Caller, Clock, Role};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::store::NewRow;
use super::{Participant, last_day, may_start, store, wire};
use crate::error::Error;
use crate::{leaderboard, profile, roll};

/// Serves `ChallengeService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
    family: Upstream,
    clock: Clock,
}

impl Api {
    /// Serves challenges from `db`, and asks `family` who is a child and who has a family plan.
    pub fn new(db: Db, family: Upstream, clock: Clock) -> Self {
        Self { db, family, clock }
    }
}

#[tonic::async_trait]
impl ChallengeService for Api {
    async fn create_challenge(
        &self,
        request: Request<pb::CreateChallengeRequest>,
    ) -> Result<Response<pb::CreateChallengeResponse>, Status> {
        let caller = Caller::user(&request)?;
        let new = wire::new_challenge(request.get_ref(), caller.id).map_err(Error::from)?;
        let created_by = (!caller.is(Role::Operator)).then_some(caller.id);
        let (challenge, creator) = self
            .db
            .write("create challenge", async move |connection| {
                let (id, first) = new.key.claim_one(connection, Uuid::now_v7()).await?;
                if first {
                    create(connection, id, &new, created_by).await?;
                }
                store::get(connection, id, caller.id).await?.ok_or(Error::ChallengeNotFound)
            })
            .await?;
        Ok(Response::new(pb::CreateChallengeResponse { challenge: Some(wire::challenge(challenge, creator)) }))
    }

    async fn get_challenge(
        &self,
        request: Request<pb::GetChallengeRequest>,
    ) -> Result<Response<pb::GetChallengeResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let id = Fields::one("challenge_id", read::uuid(&request.get_ref().challenge_id)).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let found = store::get(&connection, id, viewer).await.map_err(Error::from)?;
        let (challenge, creator) = found.ok_or(Error::ChallengeNotFound)?;
        Ok(Response::new(pb::GetChallengeResponse { challenge: Some(wire::challenge(challenge, creator)) }))
    }

    async fn update_challenge(
        &self,
        _: Request<pb::UpdateChallengeRequest>,
    ) -> Result<Response<pb::UpdateChallengeResponse>, Status> {
        Err(Status::unimplemented("being built"))
    }

    async fn list_challenges(
        &self,
        _: Request<pb::ListChallengesRequest>,
    ) -> Result<Response<pb::ListChallengesResponse>, Status> {
        Err(Status::unimplemented("being built"))
    }

    async fn feature_challenge(
        &self,
        _: Request<pb::FeatureChallengeRequest>,
    ) -> Result<Response<pb::FeatureChallengeResponse>, Status> {
        Err(Status::unimplemented("being built"))
    }

    async fn deactivate_challenge(
        &self,
        _: Request<pb::DeactivateChallengeRequest>,
    ) -> Result<Response<pb::DeactivateChallengeResponse>, Status> {
        Err(Status::unimplemented("being built"))
    }

    async fn reactivate_challenge(
        &self,
        _: Request<pb::ReactivateChallengeRequest>,
    ) -> Result<Response<pb::ReactivateChallengeResponse>, Status> {
        Err(Status::unimplemented("being built"))
    }

    async fn join_challenge(
        &self,
        request: Request<pb::JoinChallengeRequest>,
    ) -> Result<Response<pb::JoinChallengeResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let id = Fields::one("challenge_id", read::uuid(&request.get_ref().challenge_id)).map_err(Error::from)?;
        let ahead = self.clock.ahead();
        let participant =
            self.db.write("join challenge", async move |connection| join(connection, id, user, ahead).await).await?;
        Ok(Response::new(pb::JoinChallengeResponse { participant: Some(wire::participant(participant)) }))
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

async fn create(connection: &mut Connection, id: Uuid, new: &wire::NewChallenge, created_by: Option<Uuid>) -> Result<(), Error> {
    // Only now: a request that is repeated after midnight has its challenge.
    if let Some(start) = new.start_date {
        let today = store::today(connection).await?;
        may_start(start, today).map_err(|refused| Violations::of("start_date", refused))?;
    }
    if let Some(creator) = created_by {
        roll::enrol(connection, creator).await?;
    }
    let row = NewRow {
        id,
        challenge_name: &new.challenge_name,
        description: &new.description,
        difficulty_level: new.difficulty_level,
        duration_days: new.duration_days,
        max_participants: new.max_participants,
        start_date: new.start_date,
        end_date: new.start_date.map(|first| last_day(first, new.duration_days)),
        scoring: &new.scoring,
        created_by,
    };
    Ok(store::insert(connection, row).await?)
}

async fn join(connection: &mut Connection, id: Uuid, user: Uuid, ahead: Duration) -> Result<Participant, Error> {
    roll::enrol(connection, user).await?;
    // Whoever changes their profile finds the seat, or is found by it.
    roll::take_turns(connection, &BTreeSet::from([user])).await?;
    let challenge = store::lock(connection, id).await?.ok_or(Error::ChallengeNotFound)?;
    if let Some(seated) = store::participant(connection, id, user).await? {
        return Ok(seated);
    }
    let (time_zone, now) = profile::store::clock(connection, user, ahead).await?;
    challenge.admit(profile::today(time_zone, now))?;
    let participant = store::take_seat(connection, id, user, now).await?;
    leaderboard::reflect(connection, &BTreeSet::from([user])).await?;
    Ok(participant)
}
