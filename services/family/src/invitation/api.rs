//! Use cases of invitations.

use orchard_db::{Connection, Db, Failure};
use orchard_events::Outbox;
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::invitation_service_server::InvitationService;
use orchard_rpc::{Currency, Fields, read};
use orchard_server::Caller;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::store::{NewRow, Whose};
use super::token::Token;
use super::{Acceptance, Ending, Invitation, InvitationStatus, Name, store, wire, within_limit};
use crate::error::Error;
use crate::invitation::InvitationError;
use crate::member::seat::Comer;
use crate::member::wire::Viewer;
use crate::member::{Member, Role, Standing};
use crate::plan::PlanError;
use crate::{member, plan, roll};

/// Serves `InvitationService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
    currency: Currency,
    outbox: Outbox,
}

impl Api {
    /// Serves invitations from `db`, and tells through `outbox` who accepts them.
    pub fn new(db: Db, currency: Currency, outbox: Outbox) -> Self {
        Self { db, currency, outbox }
    }
}

#[tonic::async_trait]
impl InvitationService for Api {
    async fn create_invitation(
        &self,
        request: Request<pb::CreateInvitationRequest>,
    ) -> Result<Response<pb::CreateInvitationResponse>, Status> {
        let inviter = Caller::user(&request)?.id;
        let new = wire::new_invitation(request.get_ref(), inviter).map_err(Error::from)?;
        let token = Token::generate().map_err(|error| Error::from(Failure::Internal(error.to_string())))?;
        let sent = token.to_wire();
        let (invitation, first) = self
            .db
            .write("create invitation", async move |connection| {
                let (id, first) = new.key.claim_one(connection, Uuid::now_v7()).await?;
                if first {
                    create(connection, id, inviter, &new, &token).await?;
                } else {
                    // Who has lost their seat meanwhile learns no more of it.
                    plan::store::seen_by(connection, new.plan, inviter).await?.ok_or_else(|| Error::from(PlanError::NotFound))?;
                }
                // It goes with an invitee who is erased.
                let invitation = store::get(connection, id).await?.ok_or_else(|| Error::from(InvitationError::NotFound))?;
                Ok::<_, Error>((invitation, first))
            })
            .await?;
        // A repeated request gets no token: it was shown once, and is not kept.
        let open = first && invitation.invitee_user_id.is_none();
        let token = if open { sent } else { String::new() };
        Ok(Response::new(pb::CreateInvitationResponse { invitation: Some(wire::invitation(invitation)), token }))
    }

    async fn accept_invitation(
        &self,
        request: Request<pb::AcceptInvitationRequest>,
    ) -> Result<Response<pb::AcceptInvitationResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let name = wire::name(request.into_inner()).map_err(Error::from)?;
        let outbox = self.outbox.clone();
        let unit = async move |connection: &mut Connection| accept(connection, &outbox, &name, user).await;
        let member = self.db.write("accept invitation", unit).await?;
        let standing = Standing { role: member.role, permissions: member.permissions.clone() };
        let viewer = Viewer { id: user, standing: &standing };
        Ok(Response::new(pb::AcceptInvitationResponse { member: Some(member::wire::member(member, &viewer, &self.currency)) }))
    }

    async fn decline_invitation(
        &self,
        request: Request<pb::DeclineInvitationRequest>,
    ) -> Result<Response<pb::DeclineInvitationResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let id = Fields::one("invitation_id", read::uuid(&request.get_ref().invitation_id)).map_err(Error::from)?;
        let unit = async move |connection: &mut Connection| decline(connection, id, user).await;
        let invitation = self.db.write("decline invitation", unit).await?;
        Ok(Response::new(pb::DeclineInvitationResponse { invitation: Some(wire::invitation(invitation)) }))
    }

    async fn revoke_invitation(
        &self,
        request: Request<pb::RevokeInvitationRequest>,
    ) -> Result<Response<pb::RevokeInvitationResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let (plan, id) = wire::revoke(request.get_ref()).map_err(Error::from)?;
        let unit = async move |connection: &mut Connection| revoke(connection, plan, id, user).await;
        let invitation = self.db.write("revoke invitation", unit).await?;
        Ok(Response::new(pb::RevokeInvitationResponse { invitation: Some(wire::invitation(invitation)) }))
    }

    async fn list_invitations(
        &self,
        request: Request<pb::ListInvitationsRequest>,
    ) -> Result<Response<pb::ListInvitationsResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let (plan, asked) = wire::list(request.get_ref(), viewer).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let seen = plan::store::seen_by(&connection, plan, viewer).await.map_err(Error::from)?;
        let (_, standing) = seen.ok_or_else(|| Error::from(PlanError::NotFound))?;
        // Whoever may offer a seat may see what is offered.
        standing.may_offer(Role::Guest).map_err(Error::from)?;
        let rows = store::list(&connection, Whose::Plan(plan), asked.after, asked.fetch()).await.map_err(Error::from)?;
        let page = asked.page(rows, |(invitation, _)| (invitation.created_at, invitation.id));
        Ok(Response::new(pb::ListInvitationsResponse {
            invitations: page.rows.into_iter().map(|(invitation, _)| wire::invitation(invitation)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn list_my_invitations(
        &self,
        request: Request<pb::ListMyInvitationsRequest>,
    ) -> Result<Response<pb::ListMyInvitationsResponse>, Status> {
        let user = Caller::user(&request)?.id;
        let asked = wire::list_mine(request.get_ref(), user).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows = store::list(&connection, Whose::Invitee(user), asked.after, asked.fetch()).await.map_err(Error::from)?;
        let page = asked.page(rows, |(invitation, _)| (invitation.created_at, invitation.id));
        Ok(Response::new(pb::ListMyInvitationsResponse {
            invitations: page.rows.into_iter().map(wire::received).collect(),
            next_page_token: page.next_page_token,
        }))
    }
}

async fn create(
    connection: &mut Connection,
    id: Uuid,
    inviter: Uuid,
    new: &wire::NewInvitation,
    token: &Token,
) -> Result<(), Error> {
    let seen = plan::store::lock_for_member(connection, new.plan, inviter).await?;
    let (plan, standing) = seen.ok_or_else(|| Error::from(PlanError::NotFound))?;
    plan.in_use()?;
    standing.may_offer(new.role)?;
    within_limit(store::count_pending(connection, new.plan).await?)?;
    if let Some(invitee) = new.invitee {
        member::may_be_seated(member::store::find(connection, new.plan, invitee).await?.as_ref())?;
        roll::enrol(connection, invitee).await?;
        store::revoke_expired(connection, new.plan, invitee).await?;
    }
    let hash = new.invitee.is_none().then(|| token.hash());
    let row = NewRow {
        id,
        plan: new.plan,
        invited_by: inviter,
        invitee: new.invitee,
        token_hash: hash.as_deref(),
        role: new.role,
        relationship: new.relationship.as_deref(),
        ttl: new.ttl,
    };
    Ok(store::insert(connection, row).await?)
}

/// Locks the plan before the invitation, as every writer of a plan does, so that none waits for another in a circle.
async fn accept(connection: &mut Connection, outbox: &Outbox, name: &Name, user: Uuid) -> Result<Member, Error> {
    let (id, plan_id) = store::plan_of(connection, name, user).await?.ok_or_else(|| Error::from(InvitationError::NotFound))?;
    let plan = plan::store::lock(connection, plan_id).await?.ok_or_else(|| Error::from(InvitationError::NotFound))?;
    let (invitation, expired) =
        store::lock(connection, id, plan_id).await?.ok_or_else(|| Error::from(InvitationError::NotFound))?;
    if invitation.accept(user, expired)? == Acceptance::Take {
        let comer = Comer::Invited { role: invitation.role, relationship: invitation.relationship.as_deref() };
        member::seat::take(connection, outbox, &plan, user, comer).await?;
        store::accept(connection, id, user).await?;
    }
    let member = member::store::find(connection, plan_id, user).await?.filter(|member| member.is_active);
    Ok(member.ok_or(super::InvitationError::NotPending)?)
}

/// Declining changes nothing of the plan, so it does not wait for it.
async fn decline(connection: &mut Connection, id: Uuid, user: Uuid) -> Result<Invitation, Error> {
    let (id, plan) =
        store::plan_of(connection, &Name::Id(id), user).await?.ok_or_else(|| Error::from(InvitationError::NotFound))?;
    let (invitation, _) = store::lock(connection, id, plan).await?.ok_or_else(|| Error::from(InvitationError::NotFound))?;
    match invitation.decline()? {
        Ending::End => Ok(store::end(connection, id, InvitationStatus::Declined).await?),
        Ending::Ended => Ok(invitation),
    }
}

async fn revoke(connection: &mut Connection, plan_id: Uuid, id: Uuid, user: Uuid) -> Result<Invitation, Error> {
    let seen = plan::store::lock_for_member(connection, plan_id, user).await?;
    let (plan, standing) = seen.ok_or_else(|| Error::from(PlanError::NotFound))?;
    plan.in_use()?;
    let (invitation, _) = store::lock(connection, id, plan_id).await?.ok_or_else(|| Error::from(InvitationError::NotFound))?;
    invitation.revocable_by(user, standing.role)?;
    match invitation.revoke()? {
        Ending::End => Ok(store::end(connection, id, InvitationStatus::Revoked).await?),
        Ending::Ended => Ok(invitation),
    }
}
