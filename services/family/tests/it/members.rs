use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use pb::MemberRole;
use prost_types::FieldMask;
use tonic::Code;
use uuid::Uuid;

use crate::world::{World, id};

fn update(plan: &str, user: Uuid, name: &str, paths: &[&str]) -> pb::UpdateMemberRequest {
    let member = pb::Member {
        family_plan_id: plan.to_owned(),
        user_id: user.to_string(),
        display_name: name.to_owned(),
        ..pb::Member::default()
    };
    let paths = paths.iter().map(ToString::to_string).collect();
    pb::UpdateMemberRequest { member: Some(member), update_mask: Some(FieldMask { paths }) }
}

#[tokio::test]
async fn pages_follow_the_order_of_joining() -> anyhow::Result<()> {
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
    assert_eq!(violations(list(2, &token, &other).await), ["page_token"], "a token is good for its own list");
    assert_eq!(violations(list(-1, "x", "y").await), ["family_plan_id", "page_size", "page_token"]);
    Ok(())
}

#[tokio::test]
async fn members_change_themselves_and_admins_change_names() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, member) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    let mut as_holder = world.members(holder)?;
    let mut as_member = world.members(member)?;

    let renamed = as_holder.update_member(update(&plan, member, "Bob", &["display_name"])).await?.into_inner().member;
    let renamed = renamed.expect("a member");
    assert_eq!(renamed.display_name, "Bob");
    assert_eq!(renamed.privacy_settings, None, "settings are for the member's own eyes");
    let own = as_member.update_member(update(&plan, member, "", &["privacy_settings"])).await?.into_inner().member;
    let own = own.expect("a member");
    assert_eq!(own.display_name, "Bob", "what is not in the mask stays");
    assert_eq!(own.privacy_settings, Some(pb::PrivacySettings::default()), "an absent message is all off");

    let not_permitted = (Code::PermissionDenied, "ROLE_NOT_PERMITTED".to_owned());
    let by_member = as_member.update_member(update(&plan, holder, "Boss", &["display_name"])).await;
    assert_eq!(refused(by_member), not_permitted);
    let by_admin = as_holder.update_member(update(&plan, member, "", &["privacy_settings.share_nutrition"])).await;
    assert_eq!(refused(by_admin), not_permitted);
    let nobody = as_holder.update_member(update(&plan, id(), "X", &["display_name"])).await;
    assert_eq!(refused(nobody), (Code::NotFound, "MEMBER_NOT_FOUND".to_owned()));
    let output_only = as_holder.update_member(update(&plan, holder, "", &["display_name", "role"])).await;
    assert_eq!(violations(output_only), ["update_mask"]);
    Ok(())
}
