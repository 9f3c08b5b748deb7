use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use pb::{InvitationStatus, MemberRole};
use tonic::Status;
use uuid::Uuid;

use super::named;
use crate::world::{World, denied, id, not_found};

impl World {
    async fn offered(&self, plan: &str, user: Uuid, size: i32, token: &str) -> Result<pb::ListInvitationsResponse, Status> {
        let (family_plan_id, page_token) = (plan.to_owned(), token.to_owned());
        let request = pb::ListInvitationsRequest { family_plan_id, page_size: size, page_token };
        Ok(self.invitations(user).expect("client").list_invitations(request).await?.into_inner())
    }

    async fn received(&self, user: Uuid, size: i32, token: &str) -> Result<pb::ListMyInvitationsResponse, Status> {
        let request = pb::ListMyInvitationsRequest { page_size: size, page_token: token.to_owned() };
        Ok(self.invitations(user).expect("client").list_my_invitations(request).await?.into_inner())
    }
}

fn ids(invitations: &[pb::Invitation]) -> Vec<&str> {
    invitations.iter().map(|invitation| invitation.invitation_id.as_str()).collect()
}

#[tokio::test]
async fn a_plan_lists_the_invitations_that_can_still_be_accepted() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, member, child, guest) = (id(), id(), id(), id());
    let plan = world.family(holder).await?;
    assert_eq!(world.offered(&plan, holder, 0, "").await?, pb::ListInvitationsResponse::default());
    for (user, role) in [(member, MemberRole::Member), (child, MemberRole::Child), (guest, MemberRole::Guest)] {
        world.join(&plan, holder, user, role).await?;
    }
    let others = world.family(id()).await?;
    let client = world.slice.schema.connect().await?;
    for end in ["status = 'declined'", "status = 'revoked'", "expires_at = now()"] {
        let ended = named(world.invite(&plan, holder, Some(id()), MemberRole::Member).await?);
        client.execute(&format!("UPDATE family_invitations SET {end} WHERE id = $1"), &[&Uuid::parse_str(&ended)?]).await?;
    }
    let open = world.invite(&plan, member, None, MemberRole::Guest).await?;
    let by_name = world.invite(&plan, holder, Some(id()), MemberRole::Admin).await?.invitation.expect("an invitation");
    let listed = world.offered(&plan, member, 0, "").await?;
    assert_eq!(listed.invitations, [by_name, open.invitation.expect("an invitation")], "newest first");
    assert_eq!(listed.invitations[1].inviter_user_id, member.to_string());
    assert!(!format!("{listed:?}").contains(&open.token), "no tokens");
    assert_eq!(world.offered(&plan, holder, 0, "").await?, listed);

    let not_permitted = denied("ROLE_NOT_PERMITTED");
    assert_eq!(refused(world.offered(&plan, child, 0, "").await), not_permitted);
    assert_eq!(refused(world.offered(&plan, guest, 0, "").await), not_permitted);
    assert_eq!(refused(world.offered(&others, holder, 0, "").await), not_found("PLAN_NOT_FOUND"));
    Ok(())
}

#[tokio::test]
async fn pages_neither_repeat_nor_skip_while_invitations_are_created() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, member) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.push(named(world.invite(&plan, holder, Some(id()), MemberRole::Guest).await?));
    }
    expected.reverse();
    // At equal times, the ids decide the order.
    let client = world.slice.schema.connect().await?;
    client.batch_execute("UPDATE family_invitations SET created_at = now() WHERE status = 'pending'").await?;

    let (mut seen, mut token, mut older) = (Vec::new(), String::new(), 0);
    loop {
        let page = world.offered(&plan, holder, 2, &token).await?;
        seen.extend(ids(&page.invitations).into_iter().map(str::to_owned));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
        assert_eq!(violations(world.offered(&plan, member, 2, &token).await), ["page_token"], "a token of another caller");
        world.invite(&plan, holder, Some(id()), MemberRole::Guest).await?;
        older += 1;
        let late = named(world.invite(&plan, holder, Some(id()), MemberRole::Guest).await?);
        let age = "UPDATE family_invitations SET created_at = now() - interval '1 hour' * $2 WHERE id = $1";
        client.execute(age, &[&Uuid::parse_str(&late)?, &f64::from(older)]).await?;
        expected.push(late);
    }
    assert_eq!(seen, expected);

    let token = world.offered(&plan, holder, 2, "").await?.next_page_token;
    let other = world.family(holder).await?;
    assert_eq!(violations(world.offered(&other, holder, 2, &token).await), ["page_token"], "a token of another plan");
    assert_eq!(violations(world.received(holder, 2, &token).await), ["page_token"], "a token of another list");
    assert_eq!(violations(world.offered("x", holder, -1, "y").await), ["family_plan_id", "page_size", "page_token"]);
    Ok(())
}

#[tokio::test]
async fn users_list_the_invitations_that_name_them() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, invitee) = (id(), id());
    assert_eq!(world.received(invitee, 0, "").await?, pb::ListMyInvitationsResponse::default(), "an empty list");
    let mut plans = Vec::new();
    let mut expected = Vec::new();
    for _ in 0..6 {
        let plan = world.family(holder).await?;
        let invited = world.invite(&plan, holder, Some(invitee), MemberRole::Child).await?;
        world.invite(&plan, holder, Some(id()), MemberRole::Child).await?;
        world.invite(&plan, holder, None, MemberRole::Child).await?;
        expected.push(invited.invitation.expect("an invitation"));
        plans.push(plan);
    }
    let of = |plan: usize| Uuid::parse_str(&plans[plan]).expect("an id");
    let client = world.slice.schema.connect().await?;
    client.execute("UPDATE family_plans SET is_active = false WHERE id = $1", &[&of(0)]).await?;
    client.execute("UPDATE family_invitations SET expires_at = now() WHERE family_plan_id = $1", &[&of(1)]).await?;
    client.execute("UPDATE family_invitations SET status = 'declined' WHERE family_plan_id = $1", &[&of(2)]).await?;
    client.execute("UPDATE family_plans SET family_name = 'The Berrys' WHERE id = $1", &[&of(4)]).await?;

    let mut expected = expected.split_off(3);
    expected.reverse();
    let first = world.received(invitee, 2, "").await?;
    let second = world.received(invitee, 2, &first.next_page_token).await?;
    assert_eq!(violations(world.received(holder, 2, &first.next_page_token).await), ["page_token"], "a token of another caller");
    let seen: Vec<_> = first.invitations.into_iter().chain(second.invitations).collect();
    let names: Vec<_> = seen.iter().map(|received| received.family_name.as_str()).collect();
    assert_eq!(names, ["The Appletons", "The Berrys", "The Appletons"]);
    let seen: Vec<_> = seen.into_iter().filter_map(|received| received.invitation).collect();
    assert_eq!((seen, second.next_page_token), (expected.clone(), String::new()));

    let answered = &expected[0];
    assert_eq!((answered.status(), &answered.inviter_user_id), (InvitationStatus::Pending, &holder.to_string()));
    world.accept(invitee, &answered.invitation_id).await?;
    assert_eq!(world.received(invitee, 0, "").await?.invitations.len(), 2);
    Ok(())
}
