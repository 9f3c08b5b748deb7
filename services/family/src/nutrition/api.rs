//! Use cases of nutrition.

use chrono::{DateTime, Utc};
use orchard_db::idempotency::{Claim, Key};
use orchard_db::{Connection, Db, moment};
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::nutrition_service_server::NutritionService;
use orchard_rpc::{Answer, Page};
use orchard_server::Caller;
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Intake, NewIntake, WeeklySummary, store, week_ending, wire};
use crate::error::Error;
use crate::{Api, roll};

async fn list(db: &Db, request: &pb::ListIntakesRequest, user: Uuid) -> Result<Page<Intake>, Error> {
    let (range, page) = wire::list(request, user)?;
    let rows = store::list(&*db.read().await?, range, page.after, page.fetch()).await?;
    Ok(page.page(rows, |intake| (intake.intake.consumption_date, intake.id)))
}

async fn week(db: &Db, request: pb::GetWeeklySummaryRequest, user: Uuid) -> Result<WeeklySummary, Error> {
    let end = wire::week_end(request)?;
    let connection = db.read().await?;
    let end = match end {
        Some(date) => date,
        None => moment(&connection).await?.date_naive(),
    };
    let (first, last) = week_ending(end);
    Ok(WeeklySummary::new(first, &store::by_date(&connection, user, (first, last)).await?))
}

/// Returns the time by the database, which decides which dates have begun.
async fn now(db: &Db) -> Result<DateTime<Utc>, Error> {
    Ok(moment(&*db.read().await?).await?)
}

#[tonic::async_trait]
impl NutritionService for Api {
    async fn record_intake(&self, request: Request<pb::RecordIntakeRequest>) -> Answer<pb::RecordIntakeResponse> {
        let user = Caller::user(&request)?.id;
        let (key, new) = wire::record(request.get_ref(), user, now(&self.db).await?)?;
        let unit = async move |connection: &mut Connection| record(connection, &key, user, &new).await;
        let intakes = self.db.write("record intake", unit).await?;
        Ok(Response::new(pb::RecordIntakeResponse { intakes: intakes.into_iter().map(wire::intake).collect() }))
    }

    async fn update_intake(&self, request: Request<pb::UpdateIntakeRequest>) -> Answer<pb::UpdateIntakeResponse> {
        let user = Caller::user(&request)?.id;
        let (id, patch) = wire::update(request.into_inner(), now(&self.db).await?)?;
        let unit = async move |connection: &mut Connection| store::update(connection, user, id, patch).await;
        let intake = self.db.write("update intake", unit).await?;
        Ok(Response::new(pb::UpdateIntakeResponse { intake: Some(wire::intake(intake)) }))
    }

    async fn delete_intake(&self, request: Request<pb::DeleteIntakeRequest>) -> Answer<pb::DeleteIntakeResponse> {
        let user = Caller::user(&request)?.id;
        let id = wire::intake_id(&request.get_ref().intake_id)?;
        let unit = async move |connection: &mut Connection| store::delete(connection, user, id).await;
        self.db.write("delete intake", unit).await?;
        Ok(Response::new(pb::DeleteIntakeResponse {}))
    }

    async fn list_intakes(&self, request: Request<pb::ListIntakesRequest>) -> Answer<pb::ListIntakesResponse> {
        let user = Caller::user(&request)?.id;
        let Page { rows, next_page_token } = list(&self.db, request.get_ref(), user).await?;
        let intakes = rows.into_iter().map(wire::intake).collect();
        Ok(Response::new(pb::ListIntakesResponse { intakes, next_page_token }))
    }

    async fn get_weekly_summary(&self, request: Request<pb::GetWeeklySummaryRequest>) -> Answer<pb::GetWeeklySummaryResponse> {
        let user = Caller::user(&request)?.id;
        let summary = week(&self.db, request.into_inner(), user).await?;
        Ok(Response::new(pb::GetWeeklySummaryResponse { summary: Some(wire::week(&summary)) }))
    }
}

async fn record(connection: &mut Connection, key: &Key, user: Uuid, new: &[NewIntake]) -> Result<Vec<Intake>, Error> {
    let ids: Vec<Uuid> = new.iter().map(|_| Uuid::now_v7()).collect();
    let ids = match key.claim(connection, &ids).await? {
        Claim::First => {
            roll::enrol(connection, user).await?;
            store::insert(connection, user, &ids, new).await?;
            ids
        }
        Claim::Repeated(ids) => ids,
    };
    Ok(store::get(connection, user, &ids).await?)
}
