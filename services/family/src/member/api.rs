//! Use cases of members.

use orchard_db::{Connection, Db};
use orchard_events::Outbox;
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::member_service_server::MemberService;
use orchard_rpc::{Currency, Fields, read};
use orchard_server::Caller;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::seat::Comer;
use super::store::NewChild;
use super::wire::Viewer;
use super::{Member, Permissions, Role, Standing, seat, store, wire};
use crate::error::Error;
use crate::invitation;
use crate::member::MemberError;
use crate::plan::PlanError;
use crate::plan::{self, Plan};

/// Serves `MemberService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
    currency: Currency,
    outbox: Outbox,
}

impl Api {
    /// Serves members from `db`, and tells through `outbox` what becomes of them.
    pub fn new(db: Db, currency: Currency, outbox: Outbox) -> Self {
        Self { db, currency, outbox }
    }

    fn sent(&self, member: Member, viewer: Uuid, standing: &Standing) -> Option<pb::Member> {
        Some(wire::member(member, &Viewer { id: viewer, standing }, &self.currency))
    }
}

#[tonic::async_trait]
impl MemberService for Api {
    async fn list_members(&self, request: Request<pb::ListMembersRequest>) -> Result<Response<pb::ListMembersResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let (plan, asked) = wire::list(request.get_ref(), viewer).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let seen = plan::store::seen_by(&connection, plan, viewer).await.map_err(Error::from)?;
        let (_, standing) = seen.ok_or_else(|| Error::from(PlanError::NotFound))?;
        let rows = store::list(&connection, plan, true, asked.after, asked.fetch()).await.map_err(Error::from)?;
        let page = asked.page(rows, |member| (member.joined_at, member.user_id));
        let viewer = Viewer { id: viewer, standing: &standing };
        Ok(Response::new(pb::ListMembersResponse {
            members: page.rows.into_iter().map(|member| wire::member(member, &viewer, &self.currency)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn list_former_members(
        &self,
        request: Request<pb::ListFormerMembersRequest>,
    ) -> Result<Response<pb::ListFormerMembersResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let (plan, asked) = wire::list_former(request.get_ref(), viewer).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let seen = plan::store::seen_by(&connection, plan, viewer).await.map_err(Error::from)?;
        let (_, standing) = seen.ok_or_else(|| Error::from(PlanError::NotFound))?;
        standing.may_manage().map_err(Error::from)?;
        let rows = store::list(&connection, plan, false, asked.after, asked.fetch()).await.map_err(Error::from)?;
        let page = asked.page(rows, |member| (member.joined_at, member.user_id));
        let viewer = Viewer { id: viewer, standing: &standing };
        Ok(Response::new(pb::ListFormerMembersResponse {
            members: page.rows.into_iter().map(|member| wire::member(member, &viewer, &self.currency)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn get_member(&self, request: Request<pb::GetMemberRequest>) -> Result<Response<pb::GetMemberResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let request = request.into_inner();
        let (plan, user) = wire::plan_and_user(&request.family_plan_id, &request.user_id).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let seen = plan::store::seen_by(&connection, plan, viewer).await.map_err(Error::from)?;
        let (_, standing) = seen.ok_or_else(|| Error::from(PlanError::NotFound))?;
        let found = store::find(&connection, plan, user).await.map_err(Error::from)?;
        let member = found
            .filter(|member| member.is_active || standing.role == Role::Admin)
            .ok_or_else(|| Error::from(MemberError::NotFound))?;
        Ok(Response::new(pb::GetMemberResponse { member: self.sent(member, viewer, &standing) }))
    }

    async fn update_member(
        &self,
        request: Request<pb::UpdateMemberRequest>,
    ) -> Result<Response<pb::UpdateMemberResponse>, Status> {
        let editor = Caller::user(&request)?.id;
        let update = wire::update(request.into_inner(), &self.currency).map_err(Error::from)?;
        let (member, standing) = self
            .db
            .write("update member", async move |connection| {
                let (plan, standing) = lock(connection, update.plan, editor).await?;
                plan.in_use()?;
                let member = store::find(connection, plan.id, update.user).await?.filter(|member| member.is_active);
                let before = member.ok_or_else(|| Error::from(MemberError::NotFound))?;
                let member = update.patch.apply(before.clone(), &plan, editor, &standing)?;
                store::update(connection, &before, &member).await?;
                if member.permissions != before.permissions && member.permissions != Permissions::default() {
                    // They may have offered what they may not any more.
                    invitation::store::revoke_of(connection, plan.id, member.user_id).await?;
                }
                Ok::<_, Error>((member, standing))
            })
            .await?;
        Ok(Response::new(pb::UpdateMemberResponse { member: self.sent(member, editor, &standing) }))
    }

    async fn add_child(&self, request: Request<pb::AddChildRequest>) -> Result<Response<pb::AddChildResponse>, Status> {
        let guardian = Caller::user(&request)?.id;
        let new = wire::new_child(request.get_ref(), guardian).map_err(Error::from)?;
        let outbox = self.outbox.clone();
        let (member, standing) = self
            .db
            .write("add child", async move |connection| {
                let (child, first) = new.key.claim_one(connection, Uuid::now_v7()).await?;
                let (plan, standing) = lock(connection, new.plan, guardian).await?;
                if first {
                    standing.may_offer(Role::Child)?;
                    let relationship = new.relationship.as_deref();
                    let child_of = NewChild { display_name: &new.display_name, relationship, guardian };
                    seat::take(connection, &outbox, &plan, child, Comer::Child(child_of)).await?;
                }
                let member = store::find(connection, plan.id, child).await?.ok_or_else(|| Error::from(MemberError::NotFound))?;
                Ok::<_, Error>((member, standing))
            })
            .await?;
        Ok(Response::new(pb::AddChildResponse { member: self.sent(member, guardian, &standing) }))
    }

    async fn change_member_role(
        &self,
        request: Request<pb::ChangeMemberRoleRequest>,
    ) -> Result<Response<pb::ChangeMemberRoleResponse>, Status> {
        let admin = Caller::user(&request)?.id;
        let (id, user, role) = wire::new_role(request.get_ref()).map_err(Error::from)?;
        let outbox = self.outbox.clone();
        let (member, standing) = self
            .db
            .write("change member role", async move |connection| {
                let (plan, standing, member) = managed(connection, id, admin, user).await?;
                plan.in_use()?;
                if !member.is_active {
                    return Err(MemberError::NotFound.into());
                }
                member.may_become(role, &plan)?;
                if member.role != role {
                    standing.may_grant(role)?;
                    seat::change_role(connection, &outbox, &plan, &member, role).await?;
                }
                answer(connection, id, admin, user, standing).await
            })
            .await?;
        Ok(Response::new(pb::ChangeMemberRoleResponse { member: self.sent(member, admin, &standing) }))
    }

    async fn leave_plan(&self, request: Request<pb::LeavePlanRequest>) -> Result<Response<pb::LeavePlanResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let id = Fields::one("family_plan_id", read::uuid(&request.get_ref().family_plan_id)).map_err(Error::from)?;
        let outbox = self.outbox.clone();
        self.db
            .write("leave plan", async move |connection| {
                // Not as those who look at it find it: who is no admin may leave a plan that is not in use as well.
                let plan = plan::store::lock(connection, id).await?.ok_or_else(|| Error::from(PlanError::NotFound))?;
                let member = store::find(connection, id, user).await?.filter(|member| member.is_active);
                member.ok_or_else(|| Error::from(PlanError::NotFound))?.may_go(&plan)?;
                Ok::<_, Error>(seat::give_up(connection, &outbox, &plan, user).await?)
            })
            .await?;
        Ok(Response::new(pb::LeavePlanResponse {}))
    }

    async fn remove_member(
        &self,
        request: Request<pb::RemoveMemberRequest>,
    ) -> Result<Response<pb::RemoveMemberResponse>, Status> {
        let admin = Caller::user(&request)?.id;
        let request = request.into_inner();
        let (id, user) = wire::plan_and_user(&request.family_plan_id, &request.user_id).map_err(Error::from)?;
        let outbox = self.outbox.clone();
        let (member, standing) = self
            .db
            .write("remove member", async move |connection| {
                let (plan, standing, member) = managed(connection, id, admin, user).await?;
                take_seat_away(connection, &outbox, &plan, &member).await?;
                answer(connection, id, admin, user, standing).await
            })
            .await?;
        Ok(Response::new(pb::RemoveMemberResponse { member: self.sent(member, admin, &standing) }))
    }

    async fn ban_member(&self, request: Request<pb::BanMemberRequest>) -> Result<Response<pb::BanMemberResponse>, Status> {
        let admin = Caller::user(&request)?.id;
        let request = request.into_inner();
        let (id, user) = wire::plan_and_user(&request.family_plan_id, &request.user_id).map_err(Error::from)?;
        let outbox = self.outbox.clone();
        let (member, standing) = self
            .db
            .write("ban member", async move |connection| {
                let (plan, standing, member) = managed(connection, id, admin, user).await?;
                take_seat_away(connection, &outbox, &plan, &member).await?;
                if member.banned_at.is_none() {
                    store::ban(connection, id, user).await?;
                }
                answer(connection, id, admin, user, standing).await
            })
            .await?;
        Ok(Response::new(pb::BanMemberResponse { member: self.sent(member, admin, &standing) }))
    }

    async fn unban_member(&self, request: Request<pb::UnbanMemberRequest>) -> Result<Response<pb::UnbanMemberResponse>, Status> {
        let admin = Caller::user(&request)?.id;
        let request = request.into_inner();
        let (id, user) = wire::plan_and_user(&request.family_plan_id, &request.user_id).map_err(Error::from)?;
        let (member, standing) = self
            .db
            .write("unban member", async move |connection| {
                let (_, standing, member) = managed(connection, id, admin, user).await?;
                if member.banned_at.is_some() {
                    store::unban(connection, id, user).await?;
                }
                answer(connection, id, admin, user, standing).await
            })
            .await?;
        Ok(Response::new(pb::UnbanMemberResponse { member: self.sent(member, admin, &standing) }))
    }

    async fn check_permission(
        &self,
        request: Request<pb::CheckPermissionRequest>,
    ) -> Result<Response<pb::CheckPermissionResponse>, Status> {
        let (plan, user, permission) = wire::check(request.get_ref()).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let standing = store::standing_of(&connection, plan, user).await.map_err(Error::from)?;
        let permitted = standing.is_some_and(|standing| standing.may(permission));
        Ok(Response::new(pb::CheckPermissionResponse { permitted }))
    }

    async fn batch_get_memberships(
        &self,
        request: Request<pb::BatchGetMembershipsRequest>,
    ) -> Result<Response<pb::BatchGetMembershipsResponse>, Status> {
        let users = wire::users(request.get_ref()).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows = store::memberships(&connection, &users).await.map_err(Error::from)?;
        Ok(Response::new(pb::BatchGetMembershipsResponse { memberships: rows.into_iter().map(wire::membership).collect() }))
    }
}

/// Locks the plan as one of its members, for whom it must be there.
async fn lock(connection: &mut Connection, plan: Uuid, member: Uuid) -> Result<(Plan, Standing), Error> {
    plan::store::lock_for_member(connection, plan, member).await?.ok_or_else(|| Error::from(PlanError::NotFound))
}

/// Locks the plan as one of its admins, for the sake of another who is or was a member.
async fn managed(connection: &mut Connection, plan: Uuid, admin: Uuid, user: Uuid) -> Result<(Plan, Standing, Member), Error> {
    let (plan, standing) = lock(connection, plan, admin).await?;
    standing.may_manage()?;
    let member = store::find(connection, plan.id, user).await?.ok_or_else(|| Error::from(MemberError::NotFound))?;
    Ok((plan, standing, member))
}

/// Takes a member's seat away, if they have one.
async fn take_seat_away(connection: &mut Connection, outbox: &Outbox, plan: &Plan, member: &Member) -> Result<(), Error> {
    if member.is_active {
        member.may_go(plan)?;
        seat::give_up(connection, outbox, plan, member.user_id).await?;
    }
    Ok(())
}

/// The member as they are now, and how the caller stands, who may have changed themselves.
async fn answer(
    connection: &mut Connection,
    plan: Uuid,
    caller: Uuid,
    user: Uuid,
    standing: Standing,
) -> Result<(Member, Standing), Error> {
    let member = store::find(connection, plan, user).await?.ok_or_else(|| Error::from(MemberError::NotFound))?;
    let standing = if caller == user { Standing { role: member.role, ..standing } } else { standing };
    Ok((member, standing))
}
