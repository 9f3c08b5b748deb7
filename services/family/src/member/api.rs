//! Use cases of members.

use std::collections::BTreeMap;

use orchard_db::{Connection, Db};
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::member_service_server::MemberService;
use orchard_rpc::{Answer, Page, PageRequest};
use orchard_server::Caller;
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Member, changes, store, wire};
use crate::Api;
use crate::error::Error;
use crate::plan;
use crate::rights::{Rights, RightsError, Role, children};
use crate::wire::{Position, plan_and_user, plan_id, plan_page};

impl Api {
    /// Lists active members, or former members for admins.
    async fn list_seats(
        &self,
        (plan, page): (Uuid, PageRequest<Position>),
        viewer: Uuid,
        is_active: bool,
    ) -> Result<Page<pb::Member>, Error> {
        let connection = self.db.read().await?;
        let (_, rights) = plan::store::seen_by(&connection, plan, viewer).await?;
        if !is_active {
            rights.may_manage()?;
        }
        let rows = store::list(&connection, plan, is_active, page.after, page.fetch()).await?;
        let Page { rows, next_page_token } = page.page(rows, |member| (member.joined_at, member.user_id));
        let rows = rows.into_iter().map(|member| wire::member(member, viewer, &rights, &self.currency)).collect();
        Ok(Page { rows, next_page_token })
    }

    /// Converts a member as `viewer` may see them.
    fn member(&self, (member, rights): (Member, Rights), viewer: Uuid) -> Option<pb::Member> {
        Some(wire::member(member, viewer, &rights, &self.currency))
    }
}

async fn get(db: &Db, plan: Uuid, user: Uuid, viewer: Uuid) -> Result<(Member, Rights), Error> {
    let connection = db.read().await?;
    let (_, rights) = plan::store::seen_by(&connection, plan, viewer).await?;
    let member = store::get(&connection, plan, user).await?;
    let visible = member.is_active || rights.role == Role::Admin;
    if visible { Ok((member, rights)) } else { Err(RightsError::MemberNotFound.into()) }
}

async fn is_permitted(db: &Db, request: &pb::CheckPermissionRequest) -> Result<bool, Error> {
    let (plan, user, permission) = wire::check(request)?;
    let rights = store::rights(&*db.read().await?, plan, user).await?;
    Ok(rights.is_some_and(|rights| rights.may(permission)))
}

/// The seats of users, and those of the users who are children, with their guardians.
type Memberships = (Vec<(Uuid, Uuid, Role)>, BTreeMap<Uuid, Option<Uuid>>);

/// Returns what other services need to know of users.
async fn memberships(db: &Db, request: &pb::BatchGetMembershipsRequest) -> Result<Memberships, Error> {
    let users = wire::users(request)?;
    let connection = db.read().await?;
    Ok((store::memberships(&connection, &users).await?, children::among(&connection, &users).await?))
}

#[tonic::async_trait]
impl MemberService for Api {
    async fn list_members(&self, request: Request<pb::ListMembersRequest>) -> Answer<pb::ListMembersResponse> {
        let viewer = Caller::user(&request)?.id;
        let pb::ListMembersRequest { family_plan_id, page_size, page_token } = request.get_ref();
        let page = plan_page("ListMembers", family_plan_id, viewer, *page_size, page_token)?;
        let Page { rows, next_page_token } = self.list_seats(page, viewer, true).await?;
        Ok(Response::new(pb::ListMembersResponse { members: rows, next_page_token }))
    }

    async fn list_former_members(&self, request: Request<pb::ListFormerMembersRequest>) -> Answer<pb::ListFormerMembersResponse> {
        let viewer = Caller::user(&request)?.id;
        let pb::ListFormerMembersRequest { family_plan_id, page_size, page_token } = request.get_ref();
        let page = plan_page("ListFormerMembers", family_plan_id, viewer, *page_size, page_token)?;
        let Page { rows, next_page_token } = self.list_seats(page, viewer, false).await?;
        Ok(Response::new(pb::ListFormerMembersResponse { members: rows, next_page_token }))
    }

    async fn get_member(&self, request: Request<pb::GetMemberRequest>) -> Answer<pb::GetMemberResponse> {
        let viewer = Caller::user(&request)?.id;
        let (plan, user) = plan_and_user(&request.get_ref().family_plan_id, &request.get_ref().user_id)?;
        let member = get(&self.db, plan, user, viewer).await?;
        Ok(Response::new(pb::GetMemberResponse { member: self.member(member, viewer) }))
    }

    async fn update_member(&self, request: Request<pb::UpdateMemberRequest>) -> Answer<pb::UpdateMemberResponse> {
        let editor = Caller::user(&request)?.id;
        let (plan, user, patch) = wire::update(request.into_inner(), &self.currency)?;
        let unit = async move |connection: &mut Connection| changes::update(connection, plan, user, patch, editor).await;
        let member = self.db.write("update member", unit).await?;
        Ok(Response::new(pb::UpdateMemberResponse { member: self.member(member, editor) }))
    }

    async fn add_child(&self, request: Request<pb::AddChildRequest>) -> Answer<pb::AddChildResponse> {
        let guardian = Caller::user(&request)?.id;
        let (key, plan, new) = wire::new_child(request.get_ref(), guardian)?;
        let outbox = self.outbox.clone();
        let unit =
            async move |connection: &mut Connection| changes::add_child(connection, &outbox, &key, plan, &new, guardian).await;
        let member = self.db.write("add child", unit).await?;
        Ok(Response::new(pb::AddChildResponse { member: self.member(member, guardian) }))
    }

    async fn change_member_role(&self, request: Request<pb::ChangeMemberRoleRequest>) -> Answer<pb::ChangeMemberRoleResponse> {
        let admin = Caller::user(&request)?.id;
        let (plan, user, role) = wire::new_role(request.get_ref())?;
        let outbox = self.outbox.clone();
        let unit =
            async move |connection: &mut Connection| changes::change_role(connection, &outbox, plan, admin, user, role).await;
        let member = self.db.write("change member role", unit).await?;
        Ok(Response::new(pb::ChangeMemberRoleResponse { member: self.member(member, admin) }))
    }

    async fn release_child(&self, request: Request<pb::ReleaseChildRequest>) -> Answer<pb::ReleaseChildResponse> {
        let caller = Caller::user(&request)?;
        let (adult, is_operator) = (caller.id, caller.is(orchard_server::Role::Operator));
        let child = wire::child(request.get_ref())?;
        let outbox = self.outbox.clone();
        let unit =
            async move |connection: &mut Connection| changes::release_child(connection, &outbox, child, adult, is_operator).await;
        self.db.write("release child", unit).await?;
        Ok(Response::new(pb::ReleaseChildResponse {}))
    }

    async fn leave_plan(&self, request: Request<pb::LeavePlanRequest>) -> Answer<pb::LeavePlanResponse> {
        let user = Caller::user(&request)?.id;
        let plan = plan_id(&request.get_ref().family_plan_id)?;
        let outbox = self.outbox.clone();
        let unit = async move |connection: &mut Connection| changes::leave(connection, &outbox, plan, user).await;
        self.db.write("leave plan", unit).await?;
        Ok(Response::new(pb::LeavePlanResponse {}))
    }

    async fn remove_member(&self, request: Request<pb::RemoveMemberRequest>) -> Answer<pb::RemoveMemberResponse> {
        let admin = Caller::user(&request)?.id;
        let (plan, user) = plan_and_user(&request.get_ref().family_plan_id, &request.get_ref().user_id)?;
        let outbox = self.outbox.clone();
        let unit = async move |connection: &mut Connection| changes::remove(connection, &outbox, plan, admin, user).await;
        let member = self.db.write("remove member", unit).await?;
        Ok(Response::new(pb::RemoveMemberResponse { member: self.member(member, admin) }))
    }

    async fn ban_member(&self, request: Request<pb::BanMemberRequest>) -> Answer<pb::BanMemberResponse> {
        let admin = Caller::user(&request)?.id;
        let (plan, user) = plan_and_user(&request.get_ref().family_plan_id, &request.get_ref().user_id)?;
        let outbox = self.outbox.clone();
        let unit = async move |connection: &mut Connection| changes::ban(connection, &outbox, plan, admin, user).await;
        let member = self.db.write("ban member", unit).await?;
        Ok(Response::new(pb::BanMemberResponse { member: self.member(member, admin) }))
    }

    async fn unban_member(&self, request: Request<pb::UnbanMemberRequest>) -> Answer<pb::UnbanMemberResponse> {
        let admin = Caller::user(&request)?.id;
        let (plan, user) = plan_and_user(&request.get_ref().family_plan_id, &request.get_ref().user_id)?;
        let unit = async move |connection: &mut Connection| changes::unban(connection, plan, admin, user).await;
        let member = self.db.write("unban member", unit).await?;
        Ok(Response::new(pb::UnbanMemberResponse { member: self.member(member, admin) }))
    }

    async fn check_permission(&self, request: Request<pb::CheckPermissionRequest>) -> Answer<pb::CheckPermissionResponse> {
        let permitted = is_permitted(&self.db, request.get_ref()).await?;
        Ok(Response::new(pb::CheckPermissionResponse { permitted }))
    }

    async fn batch_get_memberships(
        &self,
        request: Request<pb::BatchGetMembershipsRequest>,
    ) -> Answer<pb::BatchGetMembershipsResponse> {
        let (memberships, children) = memberships(&self.db, request.get_ref()).await?;
        let memberships = memberships.into_iter().map(wire::membership).collect();
        let child_user_ids = children.keys().map(Uuid::to_string).collect();
        let guardianships =
            children.into_iter().filter_map(|(child, guardian)| Some(wire::guardianship(child, guardian?))).collect();
        Ok(Response::new(pb::BatchGetMembershipsResponse { memberships, child_user_ids, guardianships }))
    }
}
