//! Use cases of plans.

use orchard_db::{Connection, Db};
use orchard_events::Outbox;
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::plan_service_server::PlanService;
use orchard_rpc::{Currency, Fields, read};
use orchard_server::Caller;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{Plan, Roster, store, wire};
use crate::error::Error;
use crate::member::MemberError;
use crate::member::{self, Role, Standing};
use crate::plan::PlanError;
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
        let (plan, standing) = self
            .db
            .write("create plan", async move |connection| {
                let (id, first) = new.key.claim_one(connection, Uuid::now_v7()).await?;
                if first {
                    roll::enrol(connection, holder).await?;
                    store::insert(connection, id, &new.family_name, new.time_zone.name(), holder).await?;
                    outbox.publish(connection, id, 1, &member::wire::joined(id, holder, Role::Admin)).await?;
                }
                store::seen_by(connection, id, holder).await?.ok_or_else(|| Error::from(PlanError::NotFound))
            })
            .await?;
        Ok(Response::new(pb::CreatePlanResponse { plan: Some(wire::plan(plan, holder, &standing, &self.currency)) }))
    }

    async fn get_plan(&self, request: Request<pb::GetPlanRequest>) -> Result<Response<pb::GetPlanResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let id = Fields::one("family_plan_id", read::uuid(&request.get_ref().family_plan_id)).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let found = store::seen_by(&connection, id, viewer).await.map_err(Error::from)?;
        let (plan, standing) = found.ok_or_else(|| Error::from(PlanError::NotFound))?;
        Ok(Response::new(pb::GetPlanResponse { plan: Some(wire::plan(plan, viewer, &standing, &self.currency)) }))
    }

    async fn list_plans(&self, request: Request<pb::ListPlansRequest>) -> Result<Response<pb::ListPlansResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let asked = wire::list(request.get_ref(), viewer).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows = store::list(&connection, viewer, asked.after, asked.fetch()).await.map_err(Error::from)?;
        let page = asked.page(rows, |(plan, _)| (plan.created_at, plan.id));
        let sent = |(plan, standing): (Plan, Standing)| wire::plan(plan, viewer, &standing, &self.currency);
        Ok(Response::new(pb::ListPlansResponse {
            plans: page.rows.into_iter().map(sent).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn update_plan(&self, request: Request<pb::UpdatePlanRequest>) -> Result<Response<pb::UpdatePlanResponse>, Status> {
        let editor = Caller::user(&request)?.id;
        let update = wire::update(request.into_inner(), editor).map_err(Error::from)?;
        let plan = self
            .changed("update plan", update.plan, editor, async move |_, plan, standing| {
                standing.may_manage()?;
                Ok(update.patch.apply(plan, &standing)?)
            })
            .await?;
        Ok(Response::new(pb::UpdatePlanResponse { plan: Some(plan) }))
    }

    async fn deactivate_plan(
        &self,
        request: Request<pb::DeactivatePlanRequest>,
    ) -> Result<Response<pb::DeactivatePlanResponse>, Status> {
        let holder = Caller::user(&request)?.id;
        let id = Fields::one("family_plan_id", read::uuid(&request.get_ref().family_plan_id)).map_err(Error::from)?;
        let outbox = self.outbox.clone();
        let plan = self
            .changed("deactivate plan", id, holder, async move |connection, plan, _| {
                plan.held_by(holder)?;
                if plan.is_active {
                    let sequence = store::next_events(connection, id, 1).await?;
                    outbox.publish(connection, id, sequence, &wire::closed(id)).await?;
                }
                Ok(Plan { is_active: false, proposed_holder: None, ..plan })
            })
            .await?;
        Ok(Response::new(pb::DeactivatePlanResponse { plan: Some(plan) }))
    }

    async fn reactivate_plan(
        &self,
        request: Request<pb::ReactivatePlanRequest>,
    ) -> Result<Response<pb::ReactivatePlanResponse>, Status> {
        let holder = Caller::user(&request)?.id;
        let id = Fields::one("family_plan_id", read::uuid(&request.get_ref().family_plan_id)).map_err(Error::from)?;
        let outbox = self.outbox.clone();
        let plan = self
            .changed("reactivate plan", id, holder, async move |connection, plan, _| {
                plan.held_by(holder)?;
                if !plan.is_active {
                    member::seat::announce(connection, &outbox, id).await?;
                }
                Ok(Plan { is_active: true, ..plan })
            })
            .await?;
        Ok(Response::new(pb::ReactivatePlanResponse { plan: Some(plan) }))
    }

    async fn offer_plan(&self, request: Request<pb::OfferPlanRequest>) -> Result<Response<pb::OfferPlanResponse>, Status> {
        let holder = Caller::user(&request)?.id;
        let request = request.into_inner();
        let (id, user) = member::wire::plan_and_user(&request.family_plan_id, &request.user_id).map_err(Error::from)?;
        let plan = self
            .changed("offer plan", id, holder, async move |connection, plan, _| {
                plan.held_by(holder)?;
                let member = member::store::find(connection, id, user).await?.filter(|member| member.is_active);
                plan.may_be_offered_to(&member.ok_or_else(|| Error::from(MemberError::NotFound))?)?;
                Ok(Plan { proposed_holder: Some(user), ..plan })
            })
            .await?;
        Ok(Response::new(pb::OfferPlanResponse { plan: Some(plan) }))
    }

    async fn accept_plan(&self, request: Request<pb::AcceptPlanRequest>) -> Result<Response<pb::AcceptPlanResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let id = Fields::one("family_plan_id", read::uuid(&request.get_ref().family_plan_id)).map_err(Error::from)?;
        let plan = self
            .changed("accept plan", id, user, async move |connection, plan, standing| {
                if plan.is_held_by(user) {
                    return Ok(plan);
                }
                plan.may_be_accepted_by(user, &standing)?;
                member::store::lift_limits(connection, id, user).await?;
                Ok(Plan { primary_account_holder: Some(user), proposed_holder: None, ..plan })
            })
            .await?;
        Ok(Response::new(pb::AcceptPlanResponse { plan: Some(plan) }))
    }

    async fn withdraw_plan_offer(
        &self,
        request: Request<pb::WithdrawPlanOfferRequest>,
    ) -> Result<Response<pb::WithdrawPlanOfferResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let id = Fields::one("family_plan_id", read::uuid(&request.get_ref().family_plan_id)).map_err(Error::from)?;
        let plan = self
            .changed("withdraw plan offer", id, user, async move |_, plan, _| {
                if plan.proposed_holder != Some(user) {
                    plan.held_by(user)?;
                }
                Ok(Plan { proposed_holder: None, ..plan })
            })
            .await?;
        Ok(Response::new(pb::WithdrawPlanOfferResponse { plan: Some(plan) }))
    }

    async fn change_plan_type(
        &self,
        request: Request<pb::ChangePlanTypeRequest>,
    ) -> Result<Response<pb::ChangePlanTypeResponse>, Status> {
        let new = wire::new_type(request.get_ref()).map_err(Error::from)?;
        let plan = self
            .db
            .write("change plan type", async move |connection| {
                let plan = store::lock(connection, new.plan).await?.ok_or_else(|| Error::from(PlanError::NotFound))?;
                let max_members = plan.fits(new.max_members)?;
                let changed = Plan { plan_type: new.plan_type, max_members, ..plan.clone() };
                Ok::<_, Error>(store::update(connection, &plan, &changed).await?)
            })
            .await?;
        Ok(Response::new(pb::ChangePlanTypeResponse { plan: Some(wire::plan_for_billing(plan, &self.currency)) }))
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
        let (plan, seats, read_at) = found.ok_or_else(|| Error::from(PlanError::NotFound))?;
        let roster = Roster::seen_by(viewer, &seats).ok_or_else(|| Error::from(PlanError::NotFound))?;
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

impl Api {
    /// Changes a plan for one of its active members: all of its writers take turns.
    async fn changed<F>(&self, name: &'static str, id: Uuid, caller: Uuid, change: F) -> Result<pb::FamilyPlan, Error>
    where
        for<'r> F: AsyncFnOnce(&'r mut Connection, Plan, Standing) -> Result<Plan, Error>
            + Change<&'r mut Connection, Fut: Send>
            + Clone
            + Send
            + 'static,
    {
        let unit = async move |connection: &mut Connection| {
            let found = store::lock_for_member(connection, id, caller).await?;
            let (plan, standing) = found.ok_or_else(|| Error::from(PlanError::NotFound))?;
            let changed = change(connection, plan.clone(), standing.clone()).await?;
            Ok::<_, Error>((store::update(connection, &plan, &changed).await?, standing))
        };
        let (plan, standing) = self.db.write(name, unit).await?;
        Ok(wire::plan(plan, caller, &standing, &self.currency))
    }
}

/// As [`orchard_db::Unit`], for what is done with a plan.
trait Change<C>: FnOnce(C, Plan, Standing) -> <Self as Change<C>>::Fut {
    type Fut: Future<Output = Result<Plan, Error>>;
}

impl<F, C, Fut> Change<C> for F
where
    F: FnOnce(C, Plan, Standing) -> Fut,
    Fut: Future<Output = Result<Plan, Error>>,
{
    type Fut = Fut;
}
