//! Invitations as sent.

use std::time::Duration;

use chrono::{DateTime, Utc};
use orchard_db::idempotency::{Keep, Key};
use orchard_proto::family::v1 as pb;
use orchard_rpc::{Fields, PageRequest, Violations, read, timestamp_to_wire};
use uuid::Uuid;

use super::token::Token;
use super::{Invitation, InvitationStatus, Name};
use crate::member::Role;
use crate::member::wire::{read_role, role, some_text};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An invitation to create.
#[derive(Clone)]
pub(super) struct NewInvitation {
    pub(super) key: Key,
    pub(super) plan: Uuid,
    pub(super) invitee: Option<Uuid>,
    pub(super) role: Role,
    pub(super) relationship: Option<String>,
    pub(super) ttl: Duration,
}

pub(super) fn new_invitation(request: &pb::CreateInvitationRequest, caller: Uuid) -> Result<NewInvitation, Violations> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let invitee = read::optional_uuid(&request.invitee_user_id)
        .and_then(|invitee| if invitee == Some(caller) { Err("must not be oneself".to_owned()) } else { Ok(invitee) });
    let invitee = fields.read("invitee_user_id", invitee);
    let role = read_role(request.role).and_then(|role| {
        let open = request.invitee_user_id.is_empty();
        if open && role == Role::Admin { Err("must not be admin without an invitee".to_owned()) } else { Ok(role) }
    });
    let role = fields.read("role", role);
    let relationship = fields.read("relationship", read::text(&request.relationship, 0..=30));
    let ttl = fields.read("ttl", read::duration(request.ttl, 7 * DAY, MINUTE..=30 * DAY));
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    fields.finish(|| {
        let key = Key::new(caller, "CreateInvitation", request_id?, Keep::Days30, request);
        let relationship = some_text(relationship?);
        Ok(NewInvitation { key, plan: plan?, invitee: invitee?, role: role?, relationship, ttl: ttl? })
    })
}

pub(super) fn name(request: pb::AcceptInvitationRequest) -> Result<Name, Violations> {
    use pb::accept_invitation_request::Invitation as Named;

    let mut fields = Fields::default();
    let name = match request.invitation {
        Some(Named::InvitationId(id)) => fields.read("invitation_id", read::uuid(&id)).map(Name::Id),
        Some(Named::Token(token)) => fields.read("token", Token::read(&token)).map(|token| Name::TokenHash(token.hash())),
        None => fields.read("invitation", Err("is required: invitation_id or token".to_owned())),
    };
    fields.finish(|| name)
}

/// An invitation of a plan: which of which.
pub(super) fn revoke(request: &pb::RevokeInvitationRequest) -> Result<(Uuid, Uuid), Violations> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let id = fields.read("invitation_id", read::uuid(&request.invitation_id));
    fields.finish(|| Ok((plan?, id?)))
}

/// Created when, and which: the order of both lists, newest first.
pub(super) type InvitationKey = (DateTime<Utc>, Uuid);

pub(super) fn list(request: &pb::ListInvitationsRequest, viewer: Uuid) -> Result<(Uuid, PageRequest<InvitationKey>), Violations> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let query = format!("ListInvitations {} {viewer}", request.family_plan_id);
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    fields.finish(|| Ok((plan?, page?)))
}

pub(super) fn list_mine(request: &pb::ListMyInvitationsRequest, user: Uuid) -> Result<PageRequest<InvitationKey>, Violations> {
    let mut fields = Fields::default();
    let page = PageRequest::read(&mut fields, format!("ListMyInvitations {user}"), request.page_size, &request.page_token);
    fields.finish(|| page)
}

pub(super) fn received((received, family_name): (Invitation, String)) -> pb::ReceivedInvitation {
    pb::ReceivedInvitation { invitation: Some(invitation(received)), family_name }
}

pub(super) fn invitation(invitation: Invitation) -> pb::Invitation {
    let status = match invitation.status {
        InvitationStatus::Pending => pb::InvitationStatus::Pending,
        InvitationStatus::Accepted => pb::InvitationStatus::Accepted,
        InvitationStatus::Declined => pb::InvitationStatus::Declined,
        InvitationStatus::Revoked => pb::InvitationStatus::Revoked,
    };
    pb::Invitation {
        invitation_id: invitation.id.to_string(),
        family_plan_id: invitation.family_plan_id.to_string(),
        invitee_user_id: invitation.invitee_user_id.map(|id| id.to_string()).unwrap_or_default(),
        role: role(invitation.role).into(),
        relationship: invitation.relationship.unwrap_or_default(),
        status: status.into(),
        expire_time: Some(timestamp_to_wire(invitation.expires_at)),
        create_time: Some(timestamp_to_wire(invitation.created_at)),
        invited_by: invitation.invited_by.to_string(),
    }
}
