//! Use cases of progress.

use std::time::Duration;

use orchard_db::{Connection, Db};
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::progress_service_server::ProgressService;
use orchard_rpc::Currency;
use orchard_server::{Caller, Clock};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{Day, open, score, store, wire};
use crate::error::Error;
use crate::participant::{self, Participant};
use crate::profile;

/// Serves `ProgressService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
    currency: Currency,
    clock: Clock,
}

impl Api {
    /// Serves progress from `db`.
    pub fn new(db: Db, currency: Currency, clock: Clock) -> Self {
        Self { db, currency, clock }
    }
}

#[tonic::async_trait]
impl ProgressService for Api {
    async fn record_progress(
        &self,
        request: Request<pb::RecordProgressRequest>,
    ) -> Result<Response<pb::RecordProgressResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let new = wire::record(request.into_inner()).map_err(Error::from)?;
        let ahead = self.clock.ahead();
        let (day, participant) =
            self.db.write("record progress", async move |connection| record(connection, new, user, ahead).await).await?;
        Ok(Response::new(pb::RecordProgressResponse {
            day: Some(wire::day(day)),
            participant: Some(participant::wire::participant(participant, &self.currency)),
        }))
    }

    async fn batch_record_progress(
        &self,
        _: Request<pb::BatchRecordProgressRequest>,
    ) -> Result<Response<pb::BatchRecordProgressResponse>, Status> {
        Err(Status::unimplemented("being built"))
    }

    async fn delete_progress(
        &self,
        _: Request<pb::DeleteProgressRequest>,
    ) -> Result<Response<pb::DeleteProgressResponse>, Status> {
        Err(Status::unimplemented("being built"))
    }

    async fn list_progress(&self, _: Request<pb::ListProgressRequest>) -> Result<Response<pb::ListProgressResponse>, Status> {
        Err(Status::unimplemented("being built"))
    }
}

async fn record(
    connection: &mut Connection,
    new: wire::Record,
    user: Uuid,
    ahead: Duration,
) -> Result<(Day, Participant), Error> {
    let challenge = store::challenge(connection, new.challenge, user).await?.ok_or(Error::ChallengeNotFound)?;
    let participant = store::lock(connection, new.challenge, user).await?.ok_or(Error::NotParticipating)?;
    challenge.in_use()?;
    let (time_zone, now) = profile::store::clock(connection, user, ahead).await?;
    let joined = profile::today(time_zone, participant.joined_at);
    open(new.date, challenge.days(joined), profile::today(time_zone, now))?;

    let (before, replaced) = store::scored(connection, participant.id, new.date).await?;
    let daily_score = score(&challenge.terms.scoring, &new.data);
    let cumulative_score = before + daily_score;
    let day = Day { date: new.date, data: new.data, daily_score, cumulative_score, notes: new.notes };
    store::record(connection, participant.id, &day).await?;
    let participant = match daily_score - replaced {
        // Nothing moves, and the score was reached when it was reached.
        0 => participant,
        difference => store::carry(connection, participant.id, new.date, difference).await?,
    };
    Ok((day, participant))
}
