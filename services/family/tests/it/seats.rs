//! Seats in a plan, and the roles of their members.

mod restrictions;

use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_testkit::answer::{refusal, refused, violations};
use pb::MemberRole;
use uuid::Uuid;

use crate::world::{World, denied, failed, id, insist, not_found};

#[tokio::test]
async fn admins_change_roles_and_make_no_user_a_child() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, member, child) = (id(), id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    world.join(&plan, holder, child, MemberRole::Child).await?;
    for by in [member, child] {
        for role in [MemberRole::Admin, MemberRole::Guest] {
            assert_eq!(refused(world.set_role(&plan, by, by, role).await), denied("ROLE_NOT_PERMITTED"), "a member, themselves");
        }
    }
    let consent = failed("CONSENT_REQUIRED");
    assert_eq!(refused(world.set_role(&plan, holder, member, MemberRole::Child).await), consent);
    let must_transfer = failed("HOLDER_MUST_TRANSFER");
    assert_eq!(refused(world.set_role(&plan, holder, holder, MemberRole::Member).await), must_transfer);
    let not_released = failed("CHILD_NOT_RELEASED");
    assert_eq!(refused(world.set_role(&plan, holder, child, MemberRole::Member).await), not_released);
    world.set_role(&plan, holder, member, MemberRole::Admin).await?;
    assert_eq!(refused(world.set_role(&plan, member, holder, MemberRole::Guest).await), must_transfer);
    let own = world.set_role(&plan, member, member, MemberRole::Guest).await?;
    assert_eq!((own.role, own.is_banned), (i32::from(MemberRole::Guest), false), "an admin may step down");
    assert_eq!(refused(world.set_role(&plan, member, child, MemberRole::Guest).await), denied("ROLE_NOT_PERMITTED"));
    Ok(())
}

#[tokio::test]
async fn a_seat_given_up_is_free_and_can_be_taken_again() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, member) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    world.share_nutrition(&plan, member).await?;
    let offered = world.invite(&plan, member, None, MemberRole::Guest).await?;
    world.leave(&plan, member).await?;
    assert_eq!(world.seats(&plan).await?, 1);
    assert_eq!(refused(world.leave(&plan, member).await), not_found("PLAN_NOT_FOUND"));
    assert_eq!(refused(world.read(&plan, member).await), not_found("PLAN_NOT_FOUND"));
    let answer = world.accept_token(member, &offered.token).await;
    assert_eq!(refused(answer), failed("INVITATION_NOT_PENDING"), "a former member cannot use their own invitation");
    assert!(!world.member(&plan, holder, member).await?.is_active, "admins see former members");

    world.join(&plan, holder, member, MemberRole::Child).await?;
    let back = world.member(&plan, member, member).await?;
    assert!(
        back.is_active && back.privacy_settings.is_some_and(|privacy| privacy.share_nutrition == Some(true)),
        "with the settings they had"
    );
    assert_eq!(back.role, i32::from(MemberRole::Child), "a role that they accepted");
    assert_eq!(world.seats(&plan).await?, 2);
    let removed = world.remove(&plan, holder, member).await?;
    assert!(!removed.is_active && !world.remove(&plan, holder, member).await?.is_active, "repeated");
    assert_eq!(world.seats(&plan).await?, 1);
    let must_transfer = failed("HOLDER_MUST_TRANSFER");
    assert_eq!(refused(world.remove(&plan, holder, holder).await), must_transfer);
    assert_eq!(refused(world.remove(&plan, holder, id()).await), not_found("MEMBER_NOT_FOUND"));
    Ok(())
}

#[tokio::test]
async fn a_banned_user_gets_no_seat_until_unbanned() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, member) = (id(), id());
    let plan = world.family(holder).await?;
    let open = world.invite(&plan, holder, None, MemberRole::Member).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    assert!(world.ban(&plan, holder, member).await?.is_banned);
    assert!(world.ban(&plan, holder, member).await?.is_banned, "repeated");
    let banned = failed("MEMBER_BANNED");
    assert_eq!(refused(world.accept_token(member, &open.token).await), banned);
    assert_eq!(refused(world.invite(&plan, holder, Some(member), MemberRole::Member).await), banned);
    assert_eq!(world.seats(&plan).await?, 1);
    assert!(!world.unban(&plan, holder, member).await?.is_active, "the end of a ban gives no seat");
    world.accept_token(member, &open.token).await?;
    let must_transfer = failed("HOLDER_MUST_TRANSFER");
    assert_eq!(refused(world.ban(&plan, holder, holder).await), must_transfer);
    assert_eq!(refused(world.ban(&plan, holder, id()).await), not_found("MEMBER_NOT_FOUND"));
    Ok(())
}

#[tokio::test]
async fn adults_who_consent_add_children() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, member, guest) = (id(), id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    world.join(&plan, holder, guest, MemberRole::Guest).await?;
    assert_eq!(violations(world.add_child(&plan, member, false, id()).await), ["guardian_consent"]);
    let request = id();
    let child = world.add_child(&plan, member, true, request).await?;
    assert_eq!(world.add_child(&plan, member, true, request).await?, child, "repeated");
    assert_eq!(child.guardian_user_id, member.to_string());
    assert_eq!(refused(world.add_child(&plan, guest, true, id()).await), denied("ROLE_NOT_PERMITTED"));
    let user: Uuid = child.user_id.parse()?;
    let seen = world.member(&plan, holder, user).await?;
    assert!(seen.consent_time.is_some() && seen.role == i32::from(MemberRole::Child), "{seen:?}");
    let seen = world.member(&plan, guest, user).await?;
    assert_eq!((seen.consent_time, seen.guardian_user_id.as_str(), seen.permissions), (None, "", None));
    assert_eq!(world.seats(&plan).await?, 4);
    Ok(())
}

#[tokio::test]
async fn services_check_permissions_and_memberships() -> anyhow::Result<()> {
    use pb::Permission::{Invite, Manage, Spend, ViewNutrition};
    let world = World::start().await?;
    let (holder, child, stranger) = (id(), id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, child, MemberRole::Child).await?;
    let all = [Spend, Invite, ViewNutrition, Manage];
    for (user, expected) in [(holder, [true; 4]), (child, [false, false, true, false]), (stranger, [false; 4])] {
        for (permission, expected) in all.into_iter().zip(expected) {
            assert_eq!(world.may(&plan, user, permission).await?, expected, "{permission:?}");
        }
    }
    let mut client = MemberServiceClient::new(world.slice.service("social")?);
    let user_ids = [child, holder, stranger].map(|id| id.to_string()).to_vec();
    let answer = client.batch_get_memberships(pb::BatchGetMembershipsRequest { user_ids: user_ids.clone() }).await?.into_inner();
    let mut seats: Vec<_> = answer.memberships.iter().map(|seat| (seat.user_id.clone(), seat.role)).collect();
    let mut expected =
        vec![(holder.to_string(), i32::from(MemberRole::Admin)), (child.to_string(), i32::from(MemberRole::Child))];
    seats.sort();
    expected.sort();
    assert_eq!(seats, expected);
    world.deactivate(&plan, holder).await?;
    let answer = client.batch_get_memberships(pb::BatchGetMembershipsRequest { user_ids }).await?.into_inner();
    assert_eq!(answer.memberships, []);
    assert!(!world.may(&plan, holder, Manage).await?, "an inactive plan permits nothing");
    let none = client.batch_get_memberships(pb::BatchGetMembershipsRequest { user_ids: vec![] }).await;
    assert_eq!(violations(none), ["user_ids"]);
    Ok(())
}

/// 24 users accept invitations while members are banned, the number of seats is lowered, and the plan is deactivated and reactivated.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_changes_keep_the_number_of_seats_right() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (world, holder) = (&world, id());
    let plan = world.family(holder).await?;
    let plan = plan.as_str();
    world.bill(plan, pb::PlanType::Premium, 0).await?;
    let mut tokens = Vec::new();
    for _ in 0..24 {
        tokens.push(world.invite(plan, holder, None, MemberRole::Member).await?.token);
    }
    let joins = futures::future::join_all(tokens.iter().map(async |token| {
        let user = id();
        let joined = insist(|| world.accept_token(user, token)).await.is_ok();
        if joined && fastrand::bool() {
            insist(|| world.ban(plan, holder, user)).await.expect("banned");
        }
        joined
    }));
    let lowers = async {
        for seats in [9, 8, 7, 6] {
            if let Err(status) = insist(|| world.lower(plan, holder, seats)).await {
                let reason = refusal(&status).reason;
                assert!(["SEATS_TAKEN", "PLAN_INACTIVE"].contains(&reason.as_str()), "{status:?}");
            }
        }
    };
    let closes = async {
        for _ in 0..5 {
            insist(|| world.deactivate(plan, holder)).await.expect("closed");
            insist(|| world.reactivate(plan, holder)).await.expect("open");
        }
    };
    let looks = async {
        for _ in 0..40 {
            world.seats(plan).await.expect("seats");
        }
    };
    let (joined, (), (), ()) = tokio::join!(joins, lowers, closes, looks);
    world.seats(plan).await?;
    assert!(joined.iter().filter(|joined| **joined).count() >= 2, "{joined:?}");
    Ok(())
}

#[tokio::test]
async fn a_demoted_admin_no_longer_pays_for_the_plan() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, admin) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, admin, MemberRole::Admin).await?;
    let paid = pb::FamilyPlan { family_plan_id: plan.clone(), billing_user_id: admin.to_string(), ..Default::default() };
    world.change(paid, admin, &["billing_user_id"]).await?;
    world.set_role(&plan, holder, admin, MemberRole::Guest).await?;
    assert_eq!(world.read(&plan, holder).await?.billing_user_id, "");
    Ok(())
}
