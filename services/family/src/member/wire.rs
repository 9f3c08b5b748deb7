//! Members as sent.

use chrono::{DateTime, Utc};
use orchard_db::idempotency::{Keep, Key};
use orchard_proto::family::v1 as pb;
use orchard_rpc::{Currency, Fields, Invalid, PageRequest, Violations, read, timestamp_to_wire};
use uuid::Uuid;

use super::{Member, Patch, Permission, Permissions, PermissionsPatch, Role, Standing};
use crate::wallet::MOST;

/// Joined when, and who: the order of the list.
pub(super) type MemberKey = (DateTime<Utc>, Uuid);

pub(super) fn list(request: &pb::ListMembersRequest, viewer: Uuid) -> Result<(Uuid, PageRequest<MemberKey>), Violations> {
    page("ListMembers", &request.family_plan_id, viewer, request.page_size, &request.page_token)
}

pub(super) fn list_former(
    request: &pb::ListFormerMembersRequest,
    viewer: Uuid,
) -> Result<(Uuid, PageRequest<MemberKey>), Violations> {
    page("ListFormerMembers", &request.family_plan_id, viewer, request.page_size, &request.page_token)
}

fn page(
    method: &str,
    plan: &str,
    viewer: Uuid,
    page_size: i32,
    page_token: &str,
) -> Result<(Uuid, PageRequest<MemberKey>), Violations> {
    let mut fields = Fields::default();
    let id = fields.read("family_plan_id", read::uuid(plan));
    let page = PageRequest::read(&mut fields, format!("{method} {plan} {viewer}"), page_size, page_token);
    fields.finish(|| Ok((id?, page?)))
}

/// A change to one member of a plan.
#[derive(Debug, Clone)]
pub(super) struct Update {
    pub(super) plan: Uuid,
    pub(super) user: Uuid,
    pub(super) patch: Patch,
}

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

pub(super) fn update(request: pb::UpdateMemberRequest, currency: &Currency) -> Result<Update, Violations> {
    let mut fields = Fields::default();
    let paths = fields.read("update_mask", read::field_mask(request.update_mask, &PATHS));
    let member = fields.read("member", read::required(request.member));
    let mask = paths.as_deref().unwrap_or_default();
    let update = member.map(|member| fields.within("member", |fields| read_update(fields, mask, &member, currency)));
    fields.finish(|| {
        paths?;
        update?
    })
}

fn read_update(fields: &mut Fields, mask: &[&str], member: &pb::Member, currency: &Currency) -> Result<Update, Invalid> {
    let plan = fields.read("family_plan_id", read::uuid(&member.family_plan_id));
    let user = fields.read("user_id", read::uuid(&member.user_id));
    let name = fields.masked(mask, "display_name", || read::text(&member.display_name, 0..=50));
    let relationship = fields.masked(mask, "relationship", || read::text(&member.relationship, 0..=30));
    let privacy = member.privacy_settings.unwrap_or_default();
    let shared = |path: &str, value: bool| (mask.contains(&"privacy_settings") || mask.contains(&path)).then_some(value);
    let permissions = read_permissions(fields, mask, member.permissions.clone().unwrap_or_default(), currency);
    let patch = Patch {
        display_name: name?.map(some_text),
        relationship: relationship?.map(some_text),
        share_nutrition: shared("privacy_settings.share_nutrition", privacy.share_nutrition),
        share_challenges: shared("privacy_settings.share_challenges", privacy.share_challenges),
        share_achievements: shared("privacy_settings.share_achievements", privacy.share_achievements),
        permissions: permissions?,
    };
    Ok(Update { plan: plan?, user: user?, patch })
}

fn read_permissions(
    fields: &mut Fields,
    mask: &[&str],
    sent: pb::Permissions,
    currency: &Currency,
) -> Result<PermissionsPatch, Invalid> {
    let named = |path: &str| mask.contains(&"permissions") || mask.contains(&path);
    let limit = named("permissions.daily_spend_limit")
        .then(|| fields.read("permissions.daily_spend_limit", currency.optional(sent.daily_spend_limit, &MOST)))
        .transpose();
    Ok(PermissionsPatch {
        spend: named("permissions.spend").then_some(sent.spend),
        daily_spend_limit: limit?,
        invite: named("permissions.invite").then_some(sent.invite),
        view_nutrition: named("permissions.view_nutrition").then_some(sent.view_nutrition),
    })
}

/// A child to add.
#[derive(Debug, Clone)]
pub(super) struct NewChild {
    pub(super) key: Key,
    pub(super) plan: Uuid,
    pub(super) display_name: String,
    pub(super) relationship: Option<String>,
}

pub(super) fn new_child(request: &pb::AddChildRequest, caller: Uuid) -> Result<NewChild, Violations> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let name = fields.read("display_name", read::text(&request.display_name, 1..=50));
    let relationship = fields.read("relationship", read::text(&request.relationship, 0..=30));
    let consent =
        request.guardian_consent.then_some(()).ok_or_else(|| "must be true: a child's data is kept by consent".to_owned());
    let consent = fields.read("guardian_consent", consent);
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    fields.finish(|| {
        consent?;
        let key = Key::new(caller, "AddChild", request_id?, Keep::Days30, request);
        Ok(NewChild { key, plan: plan?, display_name: name?, relationship: some_text(relationship?) })
    })
}

/// The plan and the member whom a request names.
pub(crate) fn plan_and_user(plan: &str, user: &str) -> Result<(Uuid, Uuid), Violations> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(plan));
    let user = fields.read("user_id", read::uuid(user));
    fields.finish(|| Ok((plan?, user?)))
}

pub(super) fn new_role(request: &pb::ChangeMemberRoleRequest) -> Result<(Uuid, Uuid, Role), Violations> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let user = fields.read("user_id", read::uuid(&request.user_id));
    let role = fields.read("role", read_role(request.role));
    fields.finish(|| Ok((plan?, user?, role?)))
}

pub(super) fn check(request: &pb::CheckPermissionRequest) -> Result<(Uuid, Uuid, Permission), Violations> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let user = fields.read("user_id", read::uuid(&request.user_id));
    let permission = read::enumeration(request.permission).and_then(|permission| match permission {
        pb::Permission::Spend => Ok(Permission::Spend),
        pb::Permission::Invite => Ok(Permission::Invite),
        pb::Permission::ViewNutrition => Ok(Permission::ViewNutrition),
        pb::Permission::Manage => Ok(Permission::Manage),
        pb::Permission::Unspecified => Err("is required".to_owned()),
    });
    let permission = fields.read("permission", permission);
    fields.finish(|| Ok((plan?, user?, permission?)))
}

pub(super) fn users(request: &pb::BatchGetMembershipsRequest) -> Result<Vec<Uuid>, Violations> {
    let mut fields = Fields::default();
    let users = fields.values("user_ids", 1..=200, &request.user_ids, |id| read::uuid(id));
    fields.finish(|| users)
}

pub(super) fn membership((user, plan, in_role): (Uuid, Uuid, Role)) -> pb::Membership {
    pb::Membership { user_id: user.to_string(), family_plan_id: plan.to_string(), role: role(in_role).into() }
}

/// Empty text as the absence that it is.
pub(crate) fn some_text(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

pub(crate) fn read_role(value: i32) -> Result<Role, String> {
    match read::enumeration(value)? {
        pb::MemberRole::Admin => Ok(Role::Admin),
        pb::MemberRole::Member => Ok(Role::Member),
        pb::MemberRole::Child => Ok(Role::Child),
        pb::MemberRole::Guest => Ok(Role::Guest),
        pb::MemberRole::Unspecified => Err("is required".to_owned()),
    }
}

pub(crate) fn role(role: Role) -> pb::MemberRole {
    match role {
        Role::Admin => pb::MemberRole::Admin,
        Role::Member => pb::MemberRole::Member,
        Role::Child => pb::MemberRole::Child,
        Role::Guest => pb::MemberRole::Guest,
    }
}

/// Who looks at a member, and as what.
pub(crate) struct Viewer<'a> {
    pub(crate) id: Uuid,
    pub(crate) standing: &'a Standing,
}

/// A member as the viewer may see them: what they share is for their own eyes, what they may for theirs and admins'.
pub(crate) fn member(member: Member, viewer: &Viewer<'_>, currency: &Currency) -> pb::Member {
    let (own, admin) = (member.user_id == viewer.id, viewer.standing.role == Role::Admin);
    let privacy = own.then_some(pb::PrivacySettings {
        share_nutrition: member.privacy.share_nutrition,
        share_challenges: member.privacy.share_challenges,
        share_achievements: member.privacy.share_achievements,
    });
    let guardian = member.guardian_user_id.filter(|_| viewer.standing.role != Role::Guest);
    pb::Member {
        family_plan_id: member.family_plan_id.to_string(),
        user_id: member.user_id.to_string(),
        role: role(member.role).into(),
        display_name: member.display_name.unwrap_or_default(),
        relationship: member.relationship.unwrap_or_default(),
        privacy_settings: privacy,
        join_time: Some(timestamp_to_wire(member.joined_at)),
        is_active: member.is_active,
        permissions: (own || admin).then(|| permissions(&member.permissions, currency)),
        guardian_user_id: guardian.map(|id| id.to_string()).unwrap_or_default(),
        consent_time: member.consent_at.filter(|_| admin).map(timestamp_to_wire),
        is_banned: admin && member.banned_at.is_some(),
    }
}

fn permissions(permissions: &Permissions, currency: &Currency) -> pb::Permissions {
    pb::Permissions {
        spend: permissions.spend,
        daily_spend_limit: permissions.daily_spend_limit.as_ref().map(|limit| currency.to_wire(limit)),
        invite: permissions.invite,
        view_nutrition: permissions.view_nutrition,
    }
}

/// What others are told of a user who has taken a seat.
pub(crate) fn joined(plan: Uuid, user: Uuid, in_role: Role) -> pb::MemberJoined {
    let (family_plan_id, user_id) = (plan.to_string(), user.to_string());
    pb::MemberJoined { family_plan_id, user_id, role: role(in_role).into(), ..pb::MemberJoined::default() }
}

/// The same of a child that was added, and of who answers for it, if anybody still does.
pub(crate) fn child_joined(plan: Uuid, child: Uuid, in_role: Role, guardian: Option<Uuid>) -> pb::MemberJoined {
    let guardian_user_id = guardian.map(|guardian| guardian.to_string()).unwrap_or_default();
    pb::MemberJoined { guardian_user_id, was_added: true, ..joined(plan, child, in_role) }
}

/// What others are told of a user who has no seat any more.
pub(crate) fn left(plan: Uuid, user: Uuid) -> pb::MemberLeft {
    pb::MemberLeft { family_plan_id: plan.to_string(), user_id: user.to_string() }
}

/// What others are told of a member who is something else now.
pub(crate) fn role_changed(plan: Uuid, user: Uuid, to: Role) -> pb::RoleChanged {
    pb::RoleChanged { family_plan_id: plan.to_string(), user_id: user.to_string(), role: role(to).into() }
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

    fn euro() -> Currency {
        "EUR".parse().expect("a currency")
    }

    #[test]
    fn only_masked_fields_change() {
        let patch = update(request(&["privacy_settings.share_challenges"]), &euro()).expect("update").patch;
        assert_eq!(patch, Patch { share_challenges: Some(false), ..Patch::default() });
        let patch = update(request(&["display_name"]), &euro()).expect("update").patch;
        assert_eq!(patch, Patch { display_name: Some(None), ..Patch::default() });
    }

    #[test]
    fn what_the_mask_does_not_name_is_not_looked_at() {
        let long = |paths: &[&str]| {
            let mut request = request(paths);
            request.member.as_mut().expect("a member").display_name = "x".repeat(51);
            update(request, &euro())
        };
        assert!(long(&["relationship"]).is_ok());
        assert!(long(&["relationship", "display_name"]).is_err());
    }

    #[test]
    fn unknown_and_output_only_paths_are_refused() {
        for path in ["role", "is_active", "join_time", "privacy_settings.nope", "*", ""] {
            assert!(update(request(&[path]), &euro()).is_err(), "{path}");
        }
    }
}
