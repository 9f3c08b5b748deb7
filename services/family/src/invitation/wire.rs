//! Invitations as sent.

use std::time::Duration;

use orchard_db::idempotency::{Keep, Key};
use orchard_proto::family::v1 as pb;
use orchard_rpc::{Fields, read, timestamp_to_wire};
use uuid::Uuid;

use super::token::Token;
use super::{Invitation, InvitationStatus, Locator, NewInvitation};
use crate::error::Error;
use crate::rights::Role;
use crate::wire::{id_text, some_text};

orchard_rpc::wire_enum!(InvitationStatus => pb::InvitationStatus: Pending, Accepted, Declined, Revoked, Expired);

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn new_invitation(request: &pb::CreateInvitationRequest, caller: Uuid) -> Result<(Key, NewInvitation), Error> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let invitee = read::optional_uuid(&request.invitee_user_id)
        .and_then(|invitee| if invitee == Some(caller) { Err("must not be oneself".to_owned()) } else { Ok(invitee) });
    let invitee = fields.read("invitee_user_id", invitee);
    let role = Role::try_from(request.role).and_then(|role| {
        let open = request.invitee_user_id.is_empty();
        if open && role == Role::Admin { Err("must not be admin without an invitee".to_owned()) } else { Ok(role) }
    });
    let role = fields.read("role", role);
    let relationship = fields.read("relationship", read::text(&request.relationship, 0..=30));
    let ttl = fields.read("ttl", read::duration(request.ttl, 7 * DAY, MINUTE..=30 * DAY));
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    Ok(fields.finish(|| {
        let key = Key::new(caller, "CreateInvitation", request_id?, Keep::Days30, request);
        let relationship = some_text(relationship?);
        Ok((key, NewInvitation { plan: plan?, invitee: invitee?, role: role?, relationship, ttl: ttl? }))
    })?)
}

pub(super) fn locator(request: pb::AcceptInvitationRequest) -> Result<Locator, Error> {
    use pb::accept_invitation_request::Invitation as Sent;

    let mut fields = Fields::default();
    let locator = match request.invitation {
        Some(Sent::InvitationId(id)) => fields.read("invitation_id", read::uuid(&id)).map(Locator::Id),
        Some(Sent::Token(token)) => fields.read("token", Token::read(&token)).map(|token| Locator::TokenHash(token.hash())),
        None => fields.read("invitation", Err("is required: invitation_id or token".to_owned())),
    };
    Ok(fields.finish(|| locator)?)
}

pub(super) fn decline(request: &pb::DeclineInvitationRequest) -> Result<Uuid, Error> {
    Ok(Fields::one("invitation_id", read::uuid(&request.invitation_id))?)
}

/// Reads the plan and the invitation to revoke.
pub(super) fn revoke(request: &pb::RevokeInvitationRequest) -> Result<(Uuid, Uuid), Error> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let id = fields.read("invitation_id", read::uuid(&request.invitation_id));
    Ok(fields.finish(|| Ok((plan?, id?)))?)
}

pub(super) fn received((received, family_name): (Invitation, String)) -> pb::ReceivedInvitation {
    pb::ReceivedInvitation { invitation: Some(invitation(received)), family_name }
}

/// Converts an invitation for its invitee. Others do not learn that it was declined.
pub(super) fn own(own: Invitation) -> pb::Invitation {
    let status = if own.declined_at.is_some() { InvitationStatus::Declined } else { own.status };
    pb::Invitation { status: status.into(), ..invitation(own) }
}

pub(super) fn invitation(invitation: Invitation) -> pb::Invitation {
    pb::Invitation {
        invitation_id: invitation.id.to_string(),
        family_plan_id: invitation.family_plan_id.to_string(),
        invitee_user_id: id_text(invitation.invitee_user_id),
        role: invitation.role.into(),
        relationship: invitation.relationship.unwrap_or_default(),
        status: invitation.status.into(),
        expire_time: Some(timestamp_to_wire(invitation.expires_at)),
        create_time: Some(timestamp_to_wire(invitation.created_at)),
        inviter_user_id: invitation.invited_by.to_string(),
    }
}
