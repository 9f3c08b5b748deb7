//! Members as sent.

use orchard_db::idempotency::{Keep, Key};
use orchard_proto::family::v1 as pb;
use orchard_rpc::{Currency, Fields, Invalid, read, timestamp_to_wire};
use uuid::Uuid;

use super::{Member, NewChild, Patch, PermissionsPatch};
use crate::error::Error;
use crate::plan::MAX_AMOUNT;
use crate::rights::wire::{permissions, privacy};
use crate::rights::{Permission, Permissions, PrivacySettings, Rights, Role};
use crate::wire::{id_text, some_text};

const PATHS: [&str; 11] = [
    "display_name",
    "relationship",
    "privacy_settings",
    "privacy_settings.share_nutrition",
    "privacy_settings.share_challenges",
    "privacy_settings.share_achievements",
    "permissions",
    "permissions.spend",
    "permissions.daily_spend_limit",
    "permissions.invite",
    "permissions.view_nutrition",
];

pub(super) fn update(request: pb::UpdateMemberRequest, currency: &Currency) -> Result<(Uuid, Uuid, Patch), Error> {
    let mut fields = Fields::default();
    let paths = fields.read("update_mask", read::field_mask(request.update_mask, &PATHS));
    let member = fields.read("member", read::required(request.member));
    let mask = paths.as_deref().unwrap_or_default();
    let update = member.map(|member| fields.within("member", |fields| read_update(fields, mask, &member, currency)));
    Ok(fields.finish(|| update?)?)
}

fn read_update(
    fields: &mut Fields,
    mask: &[&str],
    member: &pb::Member,
    currency: &Currency,
) -> Result<(Uuid, Uuid, Patch), Invalid> {
    let plan = fields.read("family_plan_id", read::uuid(&member.family_plan_id));
    let user = fields.read("user_id", read::uuid(&member.user_id));
    let name = fields.masked(mask, "display_name", || read::text(&member.display_name, 0..=50));
    let relationship = fields.masked(mask, "relationship", || read::text(&member.relationship, 0..=30));
    let (privacy, defaults) = (member.privacy_settings.unwrap_or_default(), PrivacySettings::default());
    let shared = |path: &str, value: Option<bool>, default: bool| {
        (mask.contains(&"privacy_settings") || mask.contains(&path)).then_some(value.unwrap_or(default))
    };
    let permissions = read_permissions(fields, mask, member.permissions.clone().unwrap_or_default(), currency);
    let patch = Patch {
        display_name: name?.map(some_text),
        relationship: relationship?.map(some_text),
        share_nutrition: shared("privacy_settings.share_nutrition", privacy.share_nutrition, defaults.share_nutrition),
        share_challenges: shared("privacy_settings.share_challenges", privacy.share_challenges, defaults.share_challenges),
        share_achievements: shared(
            "privacy_settings.share_achievements",
            privacy.share_achievements,
            defaults.share_achievements,
        ),
        permissions: permissions?,
    };
    Ok((plan?, user?, patch))
}

fn read_permissions(
    fields: &mut Fields,
    mask: &[&str],
    sent: pb::Permissions,
    currency: &Currency,
) -> Result<PermissionsPatch, Invalid> {
    let defaults = Permissions::default();
    let named = |path: &str| mask.contains(&"permissions") || mask.contains(&path);
    let limit = named("permissions.daily_spend_limit")
        .then(|| fields.read("permissions.daily_spend_limit", currency.optional(sent.daily_spend_limit, &MAX_AMOUNT)))
        .transpose();
    Ok(PermissionsPatch {
        spend: named("permissions.spend").then_some(sent.spend.unwrap_or(defaults.spend)),
        daily_spend_limit: limit?,
        invite: named("permissions.invite").then_some(sent.invite.unwrap_or(defaults.invite)),
        view_nutrition: named("permissions.view_nutrition").then_some(sent.view_nutrition.unwrap_or(defaults.view_nutrition)),
    })
}

/// Reads which child is released.
pub(super) fn child(request: &pb::ReleaseChildRequest) -> Result<Uuid, Error> {
    let mut fields = Fields::default();
    let user = fields.read("user_id", read::uuid(&request.user_id));
    Ok(fields.finish(|| user)?)
}

pub(super) fn new_child(request: &pb::AddChildRequest, caller: Uuid) -> Result<(Key, Uuid, NewChild), Error> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let name = fields.read("display_name", read::text(&request.display_name, 1..=50));
    let relationship = fields.read("relationship", read::text(&request.relationship, 0..=30));
    let consent = request.guardian_consent.then_some(());
    let consent = consent.ok_or_else(|| "must be true: a child's data is stored only with consent".to_owned());
    let consent = fields.read("guardian_consent", consent);
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    Ok(fields.finish(|| {
        consent?;
        let key = Key::new(caller, "AddChild", request_id?, Keep::Days30, request);
        Ok((key, plan?, NewChild { display_name: name?, relationship: some_text(relationship?) }))
    })?)
}

pub(super) fn new_role(request: &pb::ChangeMemberRoleRequest) -> Result<(Uuid, Uuid, Role), Error> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let user = fields.read("user_id", read::uuid(&request.user_id));
    let role = fields.read("role", Role::try_from(request.role));
    Ok(fields.finish(|| Ok((plan?, user?, role?)))?)
}

pub(super) fn check(request: &pb::CheckPermissionRequest) -> Result<(Uuid, Uuid, Permission), Error> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let user = fields.read("user_id", read::uuid(&request.user_id));
    let permission = fields.read("permission", Permission::try_from(request.permission));
    Ok(fields.finish(|| Ok((plan?, user?, permission?)))?)
}

pub(super) fn users(request: &pb::BatchGetMembershipsRequest) -> Result<Vec<Uuid>, Error> {
    let mut fields = Fields::default();
    let users = fields.values("user_ids", 1..=200, &request.user_ids, |id| read::uuid(id));
    Ok(fields.finish(|| users)?)
}

pub(super) fn membership((user, plan, role): (Uuid, Uuid, Role)) -> pb::Membership {
    pb::Membership { user_id: user.to_string(), family_plan_id: plan.to_string(), role: role.into() }
}

pub(super) fn guardianship(child: Uuid, guardian: Uuid) -> pb::Guardianship {
    pb::Guardianship { child_user_id: child.to_string(), guardian_user_id: guardian.to_string() }
}

/// Converts a member, without what a viewer with these rights may not see.
pub(crate) fn member(member: Member, viewer: Uuid, rights: &Rights, currency: &Currency) -> pb::Member {
    let (own, admin, guest) = (member.user_id == viewer, rights.role == Role::Admin, rights.role == Role::Guest);
    pb::Member {
        family_plan_id: member.family_plan_id.to_string(),
        user_id: member.user_id.to_string(),
        role: member.role.into(),
        display_name: member.display_name.unwrap_or_default(),
        relationship: member.relationship.unwrap_or_default(),
        privacy_settings: own.then(|| privacy(member.privacy)),
        join_time: Some(timestamp_to_wire(member.joined_at)),
        is_active: member.is_active,
        permissions: (own || admin)
            .then(|| permissions(&Rights { role: member.role, permissions: member.permissions }, currency)),
        guardian_user_id: id_text(member.guardian_user_id.filter(|_| !guest)),
        consent_time: member.consent_at.filter(|_| admin).map(timestamp_to_wire),
        is_banned: admin && member.banned_at.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_types::FieldMask;

    fn request(paths: &[&str]) -> pb::UpdateMemberRequest {
        let id = Uuid::from_u128(7).to_string();
        let member = pb::Member { family_plan_id: id.clone(), user_id: id, ..pb::Member::default() };
        let paths = paths.iter().map(ToString::to_string).collect();
        pb::UpdateMemberRequest { member: Some(member), update_mask: Some(FieldMask { paths }) }
    }

    fn patch(request: pb::UpdateMemberRequest) -> Result<Patch, Error> {
        Ok(update(request, &"EUR".parse().expect("a currency"))?.2)
    }

    #[test]
    fn only_fields_that_the_mask_names_change() {
        let sharing = patch(request(&["privacy_settings.share_challenges"])).expect("a patch");
        assert_eq!(sharing, Patch { share_challenges: Some(true), ..Patch::default() });
        let name = patch(request(&["display_name"])).expect("a patch");
        assert_eq!(name, Patch { display_name: Some(None), ..Patch::default() });
    }

    #[test]
    fn fields_that_the_mask_does_not_name_are_not_checked() {
        let long = |paths: &[&str]| {
            let mut request = request(paths);
            request.member.as_mut().expect("a member").display_name = "x".repeat(51);
            patch(request)
        };
        assert!(long(&["relationship"]).is_ok());
        assert!(long(&["relationship", "display_name"]).is_err());
    }

    #[test]
    fn unknown_and_output_only_paths_are_refused() {
        for path in ["role", "is_active", "join_time", "privacy_settings.nope", "*", ""] {
            assert!(patch(request(&[path])).is_err(), "{path}");
        }
    }
}
