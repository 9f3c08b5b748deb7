//! Members as sent.

use chrono::{DateTime, Utc};
use orchard_proto::family::v1 as pb;
use orchard_rpc::{Fields, PageRequest, Violations, read, timestamp_to_wire};
use uuid::Uuid;

use super::{Member, Patch, Role};

/// Joined when, and who: the order of the list.
pub(super) type MemberKey = (DateTime<Utc>, Uuid);

pub(super) fn list(request: &pb::ListMembersRequest, viewer: Uuid) -> Result<(Uuid, PageRequest<MemberKey>), Violations> {
    let mut fields = Fields::default();
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let query = format!("ListMembers {} {viewer}", request.family_plan_id);
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    fields.finish(|| Ok((plan?, page?)))
}

/// A change to one member of a plan.
#[derive(Debug, Clone)]
pub(super) struct Update {
    pub(super) plan: Uuid,
    pub(super) user: Uuid,
    pub(super) patch: Patch,
}

const PATHS: [&str; 6] = [
    "display_name",
    "relationship",
    "privacy_settings",
    "privacy_settings.share_nutrition",
    "privacy_settings.share_challenges",
    "privacy_settings.share_achievements",
];

pub(super) fn update(request: pb::UpdateMemberRequest) -> Result<Update, Violations> {
    let mut fields = Fields::default();
    let paths = fields.read("update_mask", read::field_mask(request.update_mask, &PATHS));
    let member = fields.read("member", read::required(request.member));
    let target = member.map(|member| {
        fields.within("member", |fields| {
            let plan = fields.read("family_plan_id", read::uuid(&member.family_plan_id));
            let user = fields.read("user_id", read::uuid(&member.user_id));
            // What the mask does not name is not looked at: it may be what the caller has read before.
            let masked = |path: &str| paths.as_ref().is_ok_and(|paths| paths.contains(&path));
            let sent = |path: &str, text: &str, longest: usize| {
                if masked(path) { read::text(text, 0..=longest) } else { Ok(String::new()) }
            };
            let name = fields.read("display_name", sent("display_name", &member.display_name, 50));
            let relationship = fields.read("relationship", sent("relationship", &member.relationship, 30));
            (plan, user, name, relationship, member.privacy_settings.unwrap_or_default())
        })
    });
    fields.finish(|| {
        let (paths, (plan, user, name, relationship, privacy)) = (paths?, target?);
        let (name, relationship) = (some_text(name?), some_text(relationship?));
        let masked = |path: &str| paths.contains(&path);
        let shared = |path: &str, value: bool| (masked("privacy_settings") || masked(path)).then_some(value);
        let patch = Patch {
            display_name: masked("display_name").then_some(name),
            relationship: masked("relationship").then_some(relationship),
            share_nutrition: shared("privacy_settings.share_nutrition", privacy.share_nutrition),
            share_challenges: shared("privacy_settings.share_challenges", privacy.share_challenges),
            share_achievements: shared("privacy_settings.share_achievements", privacy.share_achievements),
        };
        Ok(Update { plan: plan?, user: user?, patch })
    })
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

/// A member as `viewer` may see them: settings are for the member's own eyes.
pub(crate) fn member(member: Member, viewer: Uuid) -> pb::Member {
    let privacy = (member.user_id == viewer).then_some(pb::PrivacySettings {
        share_nutrition: member.privacy.share_nutrition,
        share_challenges: member.privacy.share_challenges,
        share_achievements: member.privacy.share_achievements,
    });
    pb::Member {
        family_plan_id: member.family_plan_id.to_string(),
        user_id: member.user_id.to_string(),
        role: role(member.role).into(),
        display_name: member.display_name.unwrap_or_default(),
        relationship: member.relationship.unwrap_or_default(),
        privacy_settings: privacy,
        join_time: Some(timestamp_to_wire(member.joined_at)),
        is_active: member.is_active,
    }
}

/// What others are told of a user who has taken a seat.
pub(crate) fn joined(plan: Uuid, user: Uuid, in_role: Role) -> pb::MemberJoined {
    pb::MemberJoined { family_plan_id: plan.to_string(), user_id: user.to_string(), role: role(in_role).into() }
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

    #[test]
    fn only_masked_fields_change() {
        let patch = update(request(&["privacy_settings.share_challenges"])).expect("update").patch;
        assert_eq!(patch, Patch { share_challenges: Some(false), ..Patch::default() });
        let patch = update(request(&["display_name"])).expect("update").patch;
        assert_eq!(patch, Patch { display_name: Some(None), ..Patch::default() });
    }

    #[test]
    fn what_the_mask_does_not_name_is_not_looked_at() {
        let long = |paths: &[&str]| {
            let mut request = request(paths);
            request.member.as_mut().expect("a member").display_name = "x".repeat(51);
            update(request)
        };
        assert!(long(&["relationship"]).is_ok());
        assert!(long(&["relationship", "display_name"]).is_err());
    }

    #[test]
    fn unknown_and_output_only_paths_are_refused() {
        for path in ["role", "is_active", "join_time", "privacy_settings.nope", "*", ""] {
            assert!(update(request(&[path])).is_err(), "{path}");
        }
    }
}
