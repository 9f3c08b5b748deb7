//! Use cases of plans.

use orchard_db::Db;
use orchard_events::Outbox;
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::plan_service_server::PlanService;
use orchard_rpc::{Currency, Fields, read};
use orchard_server::Caller;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{Roster, store, wire};
use crate::error::Error;
use crate::member::{self, Role};
use crate::roll;

/// Serves `PlanService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
    currency: Currency,
    outbox: Outbox,
}

impl Api {
    /// Serves plans from `db`, and tells through `outbox` who joins them.
    pub fn new(db: Db, currency: Currency, outbox: Outbox) -> Self {
        Self { db, currency, outbox }
    }
}

#[tonic::async_trait]
impl PlanService for Api {
    async fn create_plan(&self, request: Request<pb::CreatePlanRequest>) -> Result<Response<pb::CreatePlanResponse>, Status> {
        let holder = Caller::user(&request)?.id;
        let new = wire::new_plan(request.get_ref(), holder).map_err(Error::from)?;
        let outbox = self.outbox.clone();
        let (plan, role) = self
            .db
            .write("create plan", async move |connection| {
                let (id, first) = new.key.claim_one(connection, Uuid::now_v7()).await?;
                if first {
                    roll::enrol(connection, holder).await?;
                    store::insert(connection, id, &new.family_name, new.time_zone.name(), holder).await?;
                    outbox.publish(connection, id, 1, &member::wire::joined(id, holder, Role::Admin)).await?;
                }
                store::seen_by(connection, id, holder).await?.ok_or(Error::PlanNotFound)
            })
            .await?;
        Ok(Response::new(pb::CreatePlanResponse { plan: Some(wire::plan(plan, role, &self.currency)) }))
    }

    async fn get_plan(&self, request: Request<pb::GetPlanRequest>) -> Result<Response<pb::GetPlanResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let id = Fields::one("family_plan_id", read::uuid(&request.get_ref().family_plan_id)).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let found = store::seen_by(&connection, id, viewer).await.map_err(Error::from)?;
        let (plan, role) = found.ok_or(Error::PlanNotFound)?;
        Ok(Response::new(pb::GetPlanResponse { plan: Some(wire::plan(plan, role, &self.currency)) }))
    }

    async fn get_family_summary(
        &self,
        request: Request<pb::GetFamilySummaryRequest>,
    ) -> Result<Response<pb::GetFamilySummaryResponse>, Status> {
        let caller = Caller::of(&request);
        let viewer = Caller::user(&request)?.id;
        let id = Fields::one("family_plan_id", read::uuid(&request.get_ref().family_plan_id)).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let found = store::roll_call(&connection, id).await.map_err(Error::from)?;
        let (plan, seats, read_at) = found.ok_or(Error::PlanNotFound)?;
        let roster = Roster::seen_by(viewer, &seats).ok_or(Error::PlanNotFound)?;
        let average = store::average_calories(&connection, &roster.nutrition, plan.week(read_at)).await;
        let summary = wire::Summary { plan, roster, average_calories: average.map_err(Error::from)?, read_at };
        let mut summary = wire::summary(summary, &self.currency);
        // A member who compared them with the roster would read others' settings; the edge needs them to count.
        if caller.service.as_deref() != Some("edge") {
            summary.challenge_member_ids.clear();
        }
        Ok(Response::new(pb::GetFamilySummaryResponse { summary: Some(summary) }))
    }
}
