use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use pb::MemberRole;
use uuid::Uuid;

use crate::world::{World, denied, euros, id, mask, not_found};

fn update(plan: &str, user: Uuid, name: &str, paths: &[&str]) -> pb::UpdateMemberRequest {
    let member = pb::Member {
        family_plan_id: plan.to_owned(),
        user_id: user.to_string(),
        display_name: name.to_owned(),
        ..pb::Member::default()
    };
    pb::UpdateMemberRequest { member: Some(member), update_mask: mask(paths) }
}

#[tokio::test]
async fn pages_are_ordered_by_join_time() -> anyhow::Result<()> {
    let world = World::start().await?;
    let users: Vec<Uuid> = (0..5).map(|_| id()).collect();
    let plan = world.family(users[0]).await?;
    for user in &users[1..] {
        world.join(&plan, users[0], *user, MemberRole::Guest).await?;
    }
    let list = async |page_size, page_token: &str, plan: &str| {
        let request = pb::ListMembersRequest { family_plan_id: plan.to_owned(), page_size, page_token: page_token.to_owned() };
        world.members(users[4]).expect("client").list_members(request).await
    };
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let page = list(2, &token, &plan).await?.into_inner();
        assert!(page.members.len() <= 2);
        seen.extend(page.members.into_iter().map(|member| member.user_id));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, users.iter().map(Uuid::to_string).collect::<Vec<_>>());

    let token = list(2, "", &plan).await?.into_inner().next_page_token;
    let other = world.family(users[4]).await?;
    assert_eq!(violations(list(2, &token, &other).await), ["page_token"], "a token of another list");
    assert_eq!(violations(list(-1, "x", "y").await), ["family_plan_id", "page_size", "page_token"]);
    Ok(())
}

#[tokio::test]
async fn members_change_their_own_settings_and_admins_change_names() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, member) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    let mut as_holder = world.members(holder)?;
    let mut as_member = world.members(member)?;

    let renamed = as_holder.update_member(update(&plan, member, "Bob", &["display_name"])).await?.into_inner().member;
    let renamed = renamed.expect("a member");
    assert_eq!(renamed.display_name, "Bob");
    assert_eq!(renamed.privacy_settings, None, "only the member sees their settings");
    let own = as_member.update_member(update(&plan, member, "", &["privacy_settings"])).await?.into_inner().member;
    let own = own.expect("a member");
    assert_eq!(own.display_name, "Bob", "fields that the mask does not name stay");
    let defaults =
        pb::PrivacySettings { share_nutrition: Some(false), share_challenges: Some(true), share_achievements: Some(true) };
    assert_eq!(own.privacy_settings, Some(defaults), "settings that are absent return to their defaults");

    let not_permitted = denied("ROLE_NOT_PERMITTED");
    let by_member = as_member.update_member(update(&plan, holder, "Boss", &["display_name"])).await;
    assert_eq!(refused(by_member), not_permitted);
    let by_admin = as_holder.update_member(update(&plan, member, "", &["privacy_settings.share_nutrition"])).await;
    assert_eq!(refused(by_admin), not_permitted);
    let stranger = as_holder.update_member(update(&plan, id(), "X", &["display_name"])).await;
    assert_eq!(refused(stranger), not_found("MEMBER_NOT_FOUND"));
    let output_only = as_holder.update_member(update(&plan, holder, "", &["display_name", "role"])).await;
    assert_eq!(violations(output_only), ["update_mask"]);
    Ok(())
}

#[tokio::test]
async fn admins_list_former_members() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, left, banned, stays) = (id(), id(), id(), id());
    let plan = world.family(holder).await?;
    for user in [left, banned, stays] {
        world.join(&plan, holder, user, MemberRole::Member).await?;
    }
    world.leave(&plan, left).await?;
    world.ban(&plan, holder, banned).await?;
    let mut seen = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListFormerMembersRequest { family_plan_id: plan.clone(), page_size: 1, page_token };
        let page = world.members(holder)?.list_former_members(request).await?.into_inner();
        seen.extend(page.members.into_iter().map(|member| (member.user_id, member.is_banned)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, [(left.to_string(), false), (banned.to_string(), true)]);
    let of_others = pb::ListMembersRequest { family_plan_id: plan.clone(), page_size: 1, page_token: String::new() };
    let token = world.members(holder)?.list_members(of_others).await?.into_inner().next_page_token;
    let request = pb::ListFormerMembersRequest { family_plan_id: plan, page_size: 1, page_token: token };
    assert_eq!(violations(world.members(holder)?.list_former_members(request).await), ["page_token"], "a token of another list");
    Ok(())
}

#[tokio::test]
async fn every_field_of_a_member_is_written_and_read_back() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, member) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    let (family_plan_id, user_id) = (plan.clone(), member.to_string());
    let sent = pb::Member {
        family_plan_id,
        user_id,
        display_name: "Bo".to_owned(),
        relationship: "sibling".to_owned(),
        privacy_settings: Some(pb::PrivacySettings {
            share_nutrition: Some(true),
            share_challenges: Some(false),
            share_achievements: Some(false),
        }),
        permissions: Some(pb::Permissions {
            spend: Some(false),
            daily_spend_limit: euros(1_250),
            invite: Some(false),
            view_nutrition: Some(false),
        }),
        ..Default::default()
    };
    let change = async |by, paths: &[&str]| {
        let request = pb::UpdateMemberRequest { member: Some(sent.clone()), update_mask: mask(paths) };
        world.members(by)?.update_member(request).await.map_err(anyhow::Error::from)
    };
    change(member, &["display_name", "relationship", "privacy_settings"]).await?;
    change(holder, &["permissions"]).await?;
    let read = world.member(&plan, member, member).await?;
    let before = read.clone();
    assert_eq!(read, pb::Member { role: before.role, join_time: before.join_time, is_active: true, ..sent.clone() });
    // Restrictions take effect at once.
    let role = denied("ROLE_NOT_PERMITTED");
    assert_eq!(refused(world.invite(&plan, member, None, MemberRole::Guest).await), role);
    assert!(!world.summary(&plan, member).await?.nutrition_visible);
    let limit = pb::Permissions { daily_spend_limit: euros(100), ..Default::default() };
    let limited = pb::Member { permissions: Some(limit.clone()), ..sent.clone() };
    let request = pb::UpdateMemberRequest { member: Some(limited), update_mask: mask(&["permissions"]) };
    world.members(holder)?.update_member(request).await?;
    let read = world.member(&plan, member, member).await?.permissions.expect("permissions");
    let all = pb::Permissions { spend: Some(true), invite: Some(true), view_nutrition: Some(true), ..limit };
    assert_eq!(read, all, "a permission that is absent returns to its default");
    Ok(())
}
