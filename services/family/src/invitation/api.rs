//! Use cases of invitations.

use orchard_db::{Connection, Db, Failure};
use orchard_events::Outbox;
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::invitation_service_server::InvitationService;
use orchard_rpc::Currency;
use orchard_server::Caller;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::store::NewRow;
use super::token::Token;
use super::{Acceptance, Name, store, wire, within_limit};
use crate::error::Error;
use crate::member::seat::Comer;
use crate::member::wire::Viewer;
use crate::member::{Member, Standing};
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
                }
                Ok::<_, Error>((store::get(connection, id).await?, first))
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
}

async fn create(
    connection: &mut Connection,
    id: Uuid,
    inviter: Uuid,
    new: &wire::NewInvitation,
    token: &Token,
) -> Result<(), Error> {
    let seen = plan::store::lock_for_member(connection, new.plan, inviter).await?;
    let (plan, standing) = seen.ok_or(Error::PlanNotFound)?;
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
    let (id, plan_id) = store::plan_of(connection, name, user).await?.ok_or(Error::InvitationNotFound)?;
    let plan = plan::store::lock(connection, plan_id).await?.ok_or(Error::InvitationNotFound)?;
    let (invitation, expired) = store::lock(connection, id).await?;
    if invitation.accept(user, expired)? == Acceptance::Take {
        let comer = Comer::Invited { role: invitation.role, relationship: invitation.relationship.as_deref() };
        member::seat::take(connection, outbox, &plan, user, comer).await?;
        store::accept(connection, id, user).await?;
    }
    member::store::find(connection, plan_id, user).await?.ok_or(Error::MemberNotFound)
}
