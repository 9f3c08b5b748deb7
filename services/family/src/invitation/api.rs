//! Use cases of invitations.

use orchard_db::idempotency::Key;
use orchard_db::{Connection, Db, Failure};
use orchard_events::Outbox;
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::invitation_service_server::InvitationService;
use orchard_rpc::{Answer, Page};
use orchard_server::Caller;
use tonic::{Request, Response};
use uuid::Uuid;

use super::store::Filter;
use super::token::Token;
use super::{Invitation, InvitationError, InvitationStatus, Locator, NewInvitation, store, wire, within_limit};
use crate::error::Error;
use crate::member::Member;
use crate::member::seat::{self, NewMember};
use crate::plan::store::{lock_for_member, seen_by};
use crate::rights::{self, Role};
use crate::transition::Transition;
use crate::wire::{own_page, plan_page};
use crate::{Api, member, plan, roll};

async fn list(db: &Db, request: &pb::ListInvitationsRequest, viewer: Uuid) -> Result<Page<(Invitation, String)>, Error> {
    let pb::ListInvitationsRequest { family_plan_id, page_size, page_token } = request;
    let (plan, page) = plan_page("ListInvitations", family_plan_id, viewer, *page_size, page_token)?;
    let connection = db.read().await?;
    let (_, rights) = seen_by(&connection, plan, viewer).await?;
    // Any member who may offer a seat may see what is offered.
    rights.may_offer(Role::Guest)?;
    let rows = store::list(&connection, Filter::Plan(plan), page.after, page.fetch()).await?;
    Ok(page.page(rows, |(invitation, _)| (invitation.created_at, invitation.id)))
}

async fn list_mine(db: &Db, request: &pb::ListMyInvitationsRequest, user: Uuid) -> Result<Page<(Invitation, String)>, Error> {
    let page = own_page("ListMyInvitations", user, request.page_size, &request.page_token)?;
    let rows = store::list(&*db.read().await?, Filter::Invitee(user), page.after, page.fetch()).await?;
    Ok(page.page(rows, |(invitation, _)| (invitation.created_at, invitation.id)))
}

#[tonic::async_trait]
impl InvitationService for Api {
    async fn create_invitation(&self, request: Request<pb::CreateInvitationRequest>) -> Answer<pb::CreateInvitationResponse> {
        let inviter = Caller::user(&request)?.id;
        let (key, new) = wire::new_invitation(request.get_ref(), inviter)?;
        let token = Token::generate().map_err(|error| Error::from(Failure::Internal(error.to_string())))?;
        let sent = token.to_wire();
        let unit = async move |connection: &mut Connection| create(connection, &key, inviter, &new, &token).await;
        let (invitation, first) = self.db.write("create invitation", unit).await?;
        // A repeated request gets no token, because the token is not stored.
        let token = if first && invitation.invitee_user_id.is_none() { sent } else { String::new() };
        Ok(Response::new(pb::CreateInvitationResponse { invitation: Some(wire::invitation(invitation)), token }))
    }

    async fn accept_invitation(&self, request: Request<pb::AcceptInvitationRequest>) -> Answer<pb::AcceptInvitationResponse> {
        let user = Caller::user(&request)?.id;
        let locator = wire::locator(request.into_inner())?;
        let outbox = self.outbox.clone();
        let unit = async move |connection: &mut Connection| accept(connection, &outbox, &locator, user).await;
        let member = self.db.write("accept invitation", unit).await?;
        let rights = member.rights();
        let member = member::wire::member(member, user, &rights, &self.currency);
        Ok(Response::new(pb::AcceptInvitationResponse { member: Some(member) }))
    }

    async fn decline_invitation(&self, request: Request<pb::DeclineInvitationRequest>) -> Answer<pb::DeclineInvitationResponse> {
        let user = Caller::user(&request)?.id;
        let id = wire::decline(request.get_ref())?;
        let unit = async move |connection: &mut Connection| decline(connection, id, user).await;
        let invitation = self.db.write("decline invitation", unit).await?;
        Ok(Response::new(pb::DeclineInvitationResponse { invitation: Some(wire::own(invitation)) }))
    }

    async fn revoke_invitation(&self, request: Request<pb::RevokeInvitationRequest>) -> Answer<pb::RevokeInvitationResponse> {
        let user = Caller::user(&request)?.id;
        let (plan, id) = wire::revoke(request.get_ref())?;
        let unit = async move |connection: &mut Connection| revoke(connection, plan, id, user).await;
        let invitation = self.db.write("revoke invitation", unit).await?;
        Ok(Response::new(pb::RevokeInvitationResponse { invitation: Some(wire::invitation(invitation)) }))
    }

    async fn list_invitations(&self, request: Request<pb::ListInvitationsRequest>) -> Answer<pb::ListInvitationsResponse> {
        let viewer = Caller::user(&request)?.id;
        let Page { rows, next_page_token } = list(&self.db, request.get_ref(), viewer).await?;
        let invitations = rows.into_iter().map(|(invitation, _)| wire::invitation(invitation)).collect();
        Ok(Response::new(pb::ListInvitationsResponse { invitations, next_page_token }))
    }

    async fn list_my_invitations(&self, request: Request<pb::ListMyInvitationsRequest>) -> Answer<pb::ListMyInvitationsResponse> {
        let user = Caller::user(&request)?.id;
        let Page { rows, next_page_token } = list_mine(&self.db, request.get_ref(), user).await?;
        let invitations = rows.into_iter().map(wire::received).collect();
        Ok(Response::new(pb::ListMyInvitationsResponse { invitations, next_page_token }))
    }
}

/// Returns the invitation, and whether this request created it.
async fn create(
    connection: &mut Connection,
    key: &Key,
    inviter: Uuid,
    new: &NewInvitation,
    token: &Token,
) -> Result<(Invitation, bool), Error> {
    let (id, first) = key.claim_id(connection).await?;
    if first {
        let (plan, rights) = lock_for_member(connection, new.plan, inviter).await?;
        plan.check_active()?;
        rights.may_offer(new.role)?;
        rights::children::check_adult(connection, inviter).await?;
        within_limit(store::count_pending(connection, new.plan).await?)?;
        if let Some(invitee) = new.invitee {
            member::may_be_seated(member::store::find(connection, new.plan, invitee).await?.as_ref())?;
            roll::enrol(connection, invitee).await?;
            store::revoke_expired(connection, new.plan, invitee).await?;
        }
        let hash = new.invitee.is_none().then(|| token.hash());
        store::insert(connection, id, inviter, new, hash.as_deref()).await?;
    } else {
        // A caller who has lost their seat since may not see the invitation.
        seen_by(connection, new.plan, inviter).await?;
    }
    // Not found when the invitee was erased since.
    Ok((store::get(connection, id).await?, first))
}

/// Locks the plan before the invitation, as all writers do, so that no two of them deadlock.
async fn accept(connection: &mut Connection, outbox: &Outbox, locator: &Locator, user: Uuid) -> Result<Member, Error> {
    let (id, plan) = store::locate(connection, locator, user).await?;
    let plan = plan::store::lock(connection, plan).await?.ok_or(InvitationError::NotFound)?;
    let invitation = store::lock(connection, id, plan.id).await?;
    if invitation.accept(user)? == Transition::Due {
        let new = NewMember::Invited { role: invitation.role, relationship: invitation.relationship.as_deref() };
        seat::take(connection, outbox, &plan, user, new).await?;
        store::accept(connection, id, user).await?;
    }
    let member = member::store::find(connection, plan.id, user).await?.filter(|member| member.is_active);
    Ok(member.ok_or(InvitationError::NotPending)?)
}

/// Does not lock the plan, because declining does not change it.
async fn decline(connection: &mut Connection, id: Uuid, user: Uuid) -> Result<Invitation, Error> {
    let (id, plan) = store::locate(connection, &Locator::Id(id), user).await?;
    let invitation = store::lock(connection, id, plan).await?;
    match invitation.decline()? {
        Transition::Due => Ok(store::decline(connection, &invitation, user).await?),
        Transition::Done => Ok(invitation),
    }
}

async fn revoke(connection: &mut Connection, plan: Uuid, id: Uuid, user: Uuid) -> Result<Invitation, Error> {
    let (plan, rights) = lock_for_member(connection, plan, user).await?;
    plan.check_active()?;
    let invitation = store::lock(connection, id, plan.id).await?;
    invitation.revocable_by(user, rights.role)?;
    match invitation.revoke()? {
        Transition::Due => Ok(store::end(connection, id, InvitationStatus::Revoked).await?),
        Transition::Done => Ok(invitation),
    }
}
