//! Use cases of plans.

use orchard_db::{Connection, Db};
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::plan_service_server::PlanService;
use orchard_rpc::{Answer, Page};
use orchard_server::Caller;
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Plan, PlanError, Roster, changes, store, wire};
use crate::error::Error;
use crate::rights::Rights;
use crate::wire::{own_page, plan_and_user, plan_id};
use crate::{Api, nutrition};

/// The service that composes the family dashboard.
const EDGE: &str = "edge";

impl Api {
    /// Converts a plan as `viewer` may see it.
    fn plan(&self, seen: (Plan, Rights), viewer: Uuid) -> Option<pb::FamilyPlan> {
        Some(wire::plan(seen, viewer, &self.currency))
    }
}

async fn get(db: &Db, id: Uuid, viewer: Uuid) -> Result<(Plan, Rights), Error> {
    let connection = db.read().await?;
    let (plan, rights) = store::seen_by(&connection, id, viewer).await?;
    Ok((store::without_blocked_offer(&connection, plan, viewer).await?, rights))
}

async fn list(db: &Db, request: &pb::ListPlansRequest, viewer: Uuid) -> Result<Page<(Plan, Rights)>, Error> {
    let page = own_page("ListPlans", viewer, request.page_size, &request.page_token)?;
    let connection = db.read().await?;
    let mut rows = Vec::new();
    for (plan, rights) in store::list(&connection, viewer, page.after, page.fetch()).await? {
        rows.push((store::without_blocked_offer(&connection, plan, viewer).await?, rights));
    }
    Ok(page.page(rows, |(plan, _)| (plan.created_at, plan.id)))
}

async fn summary(db: &Db, id: Uuid, viewer: Uuid) -> Result<wire::Summary, Error> {
    let connection = db.read().await?;
    let (plan, seats, read_at) = store::with_seats(&connection, id).await?.ok_or(PlanError::NotFound)?;
    let roster = Roster::seen_by(viewer, &seats).ok_or(PlanError::NotFound)?;
    let average_calories = nutrition::store::average_calories(&connection, &roster.nutrition, plan.week(read_at)).await?;
    Ok(wire::Summary { plan, roster, average_calories, read_at })
}

#[tonic::async_trait]
impl PlanService for Api {
    async fn create_plan(&self, request: Request<pb::CreatePlanRequest>) -> Answer<pb::CreatePlanResponse> {
        let holder = Caller::user(&request)?.id;
        let (key, new) = wire::new_plan(request.get_ref(), holder)?;
        let outbox = self.outbox.clone();
        let unit = async move |connection: &mut Connection| changes::create(connection, &outbox, &key, &new, holder).await;
        let plan = self.db.write("create plan", unit).await?;
        Ok(Response::new(pb::CreatePlanResponse { plan: self.plan(plan, holder) }))
    }

    async fn get_plan(&self, request: Request<pb::GetPlanRequest>) -> Answer<pb::GetPlanResponse> {
        let viewer = Caller::user(&request)?.id;
        let plan = get(&self.db, plan_id(&request.get_ref().family_plan_id)?, viewer).await?;
        Ok(Response::new(pb::GetPlanResponse { plan: self.plan(plan, viewer) }))
    }

    async fn list_plans(&self, request: Request<pb::ListPlansRequest>) -> Answer<pb::ListPlansResponse> {
        let viewer = Caller::user(&request)?.id;
        let Page { rows, next_page_token } = list(&self.db, request.get_ref(), viewer).await?;
        let plans = rows.into_iter().map(|plan| wire::plan(plan, viewer, &self.currency)).collect();
        Ok(Response::new(pb::ListPlansResponse { plans, next_page_token }))
    }

    async fn update_plan(&self, request: Request<pb::UpdatePlanRequest>) -> Answer<pb::UpdatePlanResponse> {
        let editor = Caller::user(&request)?.id;
        let (id, patch) = wire::update(request.into_inner(), editor)?;
        let unit = async move |connection: &mut Connection| changes::update(connection, id, patch, editor).await;
        let plan = self.db.write("update plan", unit).await?;
        Ok(Response::new(pb::UpdatePlanResponse { plan: self.plan(plan, editor) }))
    }

    async fn deactivate_plan(&self, request: Request<pb::DeactivatePlanRequest>) -> Answer<pb::DeactivatePlanResponse> {
        let holder = Caller::user(&request)?.id;
        let id = plan_id(&request.get_ref().family_plan_id)?;
        let outbox = self.outbox.clone();
        let unit = async move |connection: &mut Connection| changes::deactivate(connection, &outbox, id, holder).await;
        let plan = self.db.write("deactivate plan", unit).await?;
        Ok(Response::new(pb::DeactivatePlanResponse { plan: self.plan(plan, holder) }))
    }

    async fn reactivate_plan(&self, request: Request<pb::ReactivatePlanRequest>) -> Answer<pb::ReactivatePlanResponse> {
        let holder = Caller::user(&request)?.id;
        let id = plan_id(&request.get_ref().family_plan_id)?;
        let outbox = self.outbox.clone();
        let unit = async move |connection: &mut Connection| changes::reactivate(connection, &outbox, id, holder).await;
        let plan = self.db.write("reactivate plan", unit).await?;
        Ok(Response::new(pb::ReactivatePlanResponse { plan: self.plan(plan, holder) }))
    }

    async fn offer_plan(&self, request: Request<pb::OfferPlanRequest>) -> Answer<pb::OfferPlanResponse> {
        let holder = Caller::user(&request)?.id;
        let (id, user) = plan_and_user(&request.get_ref().family_plan_id, &request.get_ref().user_id)?;
        let unit = async move |connection: &mut Connection| changes::offer(connection, id, holder, user).await;
        let plan = self.db.write("offer plan", unit).await?;
        Ok(Response::new(pb::OfferPlanResponse { plan: self.plan(plan, holder) }))
    }

    async fn accept_plan(&self, request: Request<pb::AcceptPlanRequest>) -> Answer<pb::AcceptPlanResponse> {
        let user = Caller::user(&request)?.id;
        let id = plan_id(&request.get_ref().family_plan_id)?;
        let unit = async move |connection: &mut Connection| changes::accept(connection, id, user).await;
        let plan = self.db.write("accept plan", unit).await?;
        Ok(Response::new(pb::AcceptPlanResponse { plan: self.plan(plan, user) }))
    }

    async fn withdraw_plan_offer(&self, request: Request<pb::WithdrawPlanOfferRequest>) -> Answer<pb::WithdrawPlanOfferResponse> {
        let user = Caller::user(&request)?.id;
        let id = plan_id(&request.get_ref().family_plan_id)?;
        let unit = async move |connection: &mut Connection| changes::withdraw_offer(connection, id, user).await;
        let plan = self.db.write("withdraw plan offer", unit).await?;
        Ok(Response::new(pb::WithdrawPlanOfferResponse { plan: self.plan(plan, user) }))
    }

    async fn change_plan_type(&self, request: Request<pb::ChangePlanTypeRequest>) -> Answer<pb::ChangePlanTypeResponse> {
        let new = wire::new_type(request.get_ref())?;
        let unit = async move |connection: &mut Connection| changes::change_type(connection, new).await;
        let plan = self.db.write("change plan type", unit).await?;
        Ok(Response::new(pb::ChangePlanTypeResponse { plan: Some(wire::plan_for_billing(plan, &self.currency)) }))
    }

    async fn get_family_summary(&self, request: Request<pb::GetFamilySummaryRequest>) -> Answer<pb::GetFamilySummaryResponse> {
        let caller = Caller::of(&request);
        let viewer = Caller::user(&request)?.id;
        let summary = summary(&self.db, plan_id(&request.get_ref().family_plan_id)?, viewer).await?;
        let mut summary = wire::summary(summary, &self.currency);
        // A member could derive the settings of others from these ids. The edge needs them to count challenges and to list achievements.
        if caller.service.as_deref() != Some(EDGE) {
            summary.challenge_member_ids.clear();
            summary.achievement_member_ids.clear();
        }
        Ok(Response::new(pb::GetFamilySummaryResponse { summary: Some(summary) }))
    }
}
