//! Use cases of nutrition.

use chrono::Utc;
use orchard_db::idempotency::Claim;
use orchard_db::{Connection, Db};
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::nutrition_service_server::NutritionService;
use orchard_rpc::{Fields, read};
use orchard_server::Caller;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{Week, store, week_ending, wire};
use crate::error::Error;
use crate::nutrition::NutritionError;
use crate::{plan, roll};

/// Serves `NutritionService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
}

impl Api {
    /// Serves nutrition from `db`.
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

#[tonic::async_trait]
impl NutritionService for Api {
    async fn record_intake(
        &self,
        request: Request<pb::RecordIntakeRequest>,
    ) -> Result<Response<pb::RecordIntakeResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let new = wire::record(request.get_ref(), user, Utc::now()).map_err(Error::from)?;
        let intakes = self
            .db
            .write("record intake", async move |connection| {
                let ids: Vec<Uuid> = new.intakes.iter().map(|_| Uuid::now_v7()).collect();
                let ids = match new.key.claim(connection, &ids).await? {
                    Claim::First => {
                        roll::enrol(connection, user).await?;
                        store::insert(connection, user, &ids, &new.intakes).await?;
                        ids
                    }
                    Claim::Repeated(ids) => ids,
                };
                Ok::<_, Error>(store::get(connection, user, &ids).await?)
            })
            .await?;
        Ok(Response::new(pb::RecordIntakeResponse { intakes: intakes.into_iter().map(wire::intake).collect() }))
    }

    async fn update_intake(
        &self,
        request: Request<pb::UpdateIntakeRequest>,
    ) -> Result<Response<pb::UpdateIntakeResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let (id, patch) = wire::update(request.into_inner(), Utc::now()).map_err(Error::from)?;
        let intake = self
            .db
            .write("update intake", async move |connection| {
                store::update(connection, user, id, patch).await?.ok_or_else(|| Error::from(NutritionError::IntakeNotFound))
            })
            .await?;
        Ok(Response::new(pb::UpdateIntakeResponse { intake: Some(wire::intake(intake)) }))
    }

    async fn delete_intake(
        &self,
        request: Request<pb::DeleteIntakeRequest>,
    ) -> Result<Response<pb::DeleteIntakeResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let id = Fields::one("intake_id", read::uuid(&request.get_ref().intake_id)).map_err(Error::from)?;
        let unit = async move |connection: &mut Connection| Ok::<_, Error>(store::delete(connection, user, id).await?);
        if self.db.write("delete intake", unit).await? {
            Ok(Response::new(pb::DeleteIntakeResponse {}))
        } else {
            Err(Error::from(NutritionError::IntakeNotFound).into())
        }
    }

    async fn list_intakes(&self, request: Request<pb::ListIntakesRequest>) -> Result<Response<pb::ListIntakesResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let (range, asked) = wire::list(request.get_ref(), user).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows = store::list(&connection, range, asked.after, asked.fetch()).await.map_err(Error::from)?;
        let page = asked.page(rows, |intake| (intake.intake.consumption_date, intake.id));
        Ok(Response::new(pb::ListIntakesResponse {
            intakes: page.rows.into_iter().map(wire::intake).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn get_weekly_summary(
        &self,
        request: Request<pb::GetWeeklySummaryRequest>,
    ) -> Result<Response<pb::GetWeeklySummaryResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let end = wire::week_end(request.into_inner()).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let end = match end {
            Some(date) => date,
            None => plan::store::moment(&connection).await.map_err(Error::from)?.date_naive(),
        };
        let (first, last) = week_ending(end);
        let eaten = store::by_date(&connection, user, (first, last)).await.map_err(Error::from)?;
        Ok(Response::new(pb::GetWeeklySummaryResponse { summary: Some(wire::week(&Week::from(first, &eaten))) }))
    }
}
