//! Who has a seat in a plan, and as what.

use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_testkit::answer::{refusal, refused, violations};
use pb::MemberRole;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{World, id, insist};

impl World {
    pub async fn leave(&self, plan: &str, user: Uuid) -> Result<(), Status> {
        let request = pb::LeavePlanRequest { family_plan_id: plan.to_owned() };
        self.members(user).expect("client").leave_plan(request).await.map(|_| ())
    }

    pub async fn set_role(&self, plan: &str, by: Uuid, user: Uuid, role: MemberRole) -> Result<pb::Member, Status> {
        let request =
            pb::ChangeMemberRoleRequest { family_plan_id: plan.to_owned(), user_id: user.to_string(), role: role.into() };
        let mut client = self.members(by).expect("client");
        Ok(client.change_member_role(request).await?.into_inner().member.expect("a member"))
    }

    pub async fn remove(&self, plan: &str, by: Uuid, user: Uuid) -> Result<pb::Member, Status> {
        let request = pb::RemoveMemberRequest { family_plan_id: plan.to_owned(), user_id: user.to_string() };
        Ok(self.members(by).expect("client").remove_member(request).await?.into_inner().member.expect("a member"))
    }

    pub async fn ban(&self, plan: &str, by: Uuid, user: Uuid) -> Result<pb::Member, Status> {
        let request = pb::BanMemberRequest { family_plan_id: plan.to_owned(), user_id: user.to_string() };
        Ok(self.members(by).expect("client").ban_member(request).await?.into_inner().member.expect("a member"))
    }

    pub async fn unban(&self, plan: &str, by: Uuid, user: Uuid) -> Result<pb::Member, Status> {
        let request = pb::UnbanMemberRequest { family_plan_id: plan.to_owned(), user_id: user.to_string() };
        Ok(self.members(by).expect("client").unban_member(request).await?.into_inner().member.expect("a member"))
    }

    pub async fn member(&self, plan: &str, by: Uuid, user: Uuid) -> Result<pb::Member, Status> {
        let request = pb::GetMemberRequest { family_plan_id: plan.to_owned(), user_id: user.to_string() };
        Ok(self.members(by).expect("client").get_member(request).await?.into_inner().member.expect("a member"))
    }

    pub async fn add_child(&self, plan: &str, by: Uuid, consent: bool, request: Uuid) -> Result<pb::Member, Status> {
        let request = pb::AddChildRequest {
            family_plan_id: plan.to_owned(),
            display_name: "Pip".to_owned(),
            relationship: "child".to_owned(),
            guardian_consent: consent,
            request_id: request.to_string(),
        };
        Ok(self.members(by).expect("client").add_child(request).await?.into_inner().member.expect("a member"))
    }

    pub async fn bill(&self, plan: &str, plan_type: pb::PlanType, max_members: i32) -> Result<pb::FamilyPlan, Status> {
        let request = pb::ChangePlanTypeRequest { family_plan_id: plan.to_owned(), plan_type: plan_type.into(), max_members };
        let mut client = PlanServiceClient::new(self.slice.service("billing").expect("client"));
        Ok(client.change_plan_type(request).await?.into_inner().plan.expect("a plan"))
    }

    async fn may(&self, plan: &str, user: Uuid, permission: pb::Permission) -> anyhow::Result<bool> {
        let request = pb::CheckPermissionRequest {
            family_plan_id: plan.to_owned(),
            user_id: user.to_string(),
            permission: permission.into(),
        };
        let mut client = MemberServiceClient::new(self.slice.service("consultation")?);
        Ok(client.check_permission(request).await?.into_inner().permitted)
    }

    /// Seats that are taken, by the counter and by the rows, which must agree and not exceed what there are.
    pub async fn seats(&self, plan: &str) -> anyhow::Result<i64> {
        let query = "SELECT p.active_members::bigint, p.max_members::bigint,
            (SELECT count(*) FROM family_members m WHERE m.family_plan_id = p.id AND m.is_active) FROM family_plans p WHERE p.id = $1";
        let row = self.slice.schema.connect().await?.query_one(query, &[&Uuid::parse_str(plan)?]).await?;
        let (counted, most, rows): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
        assert_eq!(counted, rows, "counter and rows");
        assert!(counted <= most, "{counted} of {most}");
        Ok(rows)
    }
}

const ROLE: (Code, &str) = (Code::PermissionDenied, "ROLE_NOT_PERMITTED");

fn told<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    refused(answer)
}

#[tokio::test]
async fn roles_are_changed_by_admins_and_nobody_is_made_a_child() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, member, child) = (id(), id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    world.join(&plan, holder, child, MemberRole::Child).await?;
    for by in [member, child] {
        for role in [MemberRole::Admin, MemberRole::Guest] {
            assert_eq!(told(world.set_role(&plan, by, by, role).await), (ROLE.0, ROLE.1.to_owned()), "oneself");
        }
    }
    let consent = (Code::FailedPrecondition, "CONSENT_REQUIRED".to_owned());
    assert_eq!(told(world.set_role(&plan, holder, member, MemberRole::Child).await), consent);
    let holds = (Code::FailedPrecondition, "HOLDER_MUST_TRANSFER".to_owned());
    assert_eq!(told(world.set_role(&plan, holder, holder, MemberRole::Member).await), holds);
    assert_eq!(world.set_role(&plan, holder, child, MemberRole::Member).await?.role, i32::from(MemberRole::Member), "grown up");
    world.set_role(&plan, holder, member, MemberRole::Admin).await?;
    assert_eq!(told(world.set_role(&plan, member, holder, MemberRole::Guest).await), holds);
    let own = world.set_role(&plan, member, member, MemberRole::Guest).await?;
    assert_eq!((own.role, own.is_banned), (i32::from(MemberRole::Guest), false), "an admin may step down");
    assert_eq!(told(world.set_role(&plan, member, child, MemberRole::Guest).await), (ROLE.0, ROLE.1.to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_seat_that_is_given_up_is_free_and_can_be_taken_again() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, member) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    world.share_nutrition(&plan, member).await?;
    let offered = world.invite(&plan, member, None, MemberRole::Guest).await?;
    world.leave(&plan, member).await?;
    assert_eq!(world.seats(&plan).await?, 1);
    assert_eq!(told(world.leave(&plan, member).await), (Code::NotFound, "PLAN_NOT_FOUND".to_owned()));
    assert_eq!(told(world.read(&plan, member).await), (Code::NotFound, "PLAN_NOT_FOUND".to_owned()));
    let answer = world.accept_token(member, &offered.token).await;
    assert_eq!(told(answer), (Code::FailedPrecondition, "INVITATION_NOT_PENDING".to_owned()), "nobody lets themselves in again");
    assert!(!world.member(&plan, holder, member).await?.is_active, "admins see who was there");

    world.join(&plan, holder, member, MemberRole::Child).await?;
    let back = world.member(&plan, member, member).await?;
    assert!(back.is_active && back.privacy_settings.is_some_and(|privacy| privacy.share_nutrition), "as they left it");
    assert_eq!(back.role, i32::from(MemberRole::Child), "by their own consent");
    assert_eq!(world.seats(&plan).await?, 2);
    let removed = world.remove(&plan, holder, member).await?;
    assert!(!removed.is_active && !world.remove(&plan, holder, member).await?.is_active, "again");
    assert_eq!(world.seats(&plan).await?, 1);
    let holds = (Code::FailedPrecondition, "HOLDER_MUST_TRANSFER".to_owned());
    assert_eq!(told(world.remove(&plan, holder, holder).await), holds);
    assert_eq!(told(world.remove(&plan, holder, id()).await), (Code::NotFound, "MEMBER_NOT_FOUND".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_ban_outlives_the_seat() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, member) = (id(), id());
    let plan = world.family(holder).await?;
    let open = world.invite(&plan, holder, None, MemberRole::Member).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    assert!(world.ban(&plan, holder, member).await?.is_banned);
    assert!(world.ban(&plan, holder, member).await?.is_banned, "again");
    let banned = (Code::FailedPrecondition, "MEMBER_BANNED".to_owned());
    assert_eq!(told(world.accept_token(member, &open.token).await), banned);
    assert_eq!(told(world.invite(&plan, holder, Some(member), MemberRole::Member).await), banned);
    assert_eq!(world.seats(&plan).await?, 1);
    assert!(!world.unban(&plan, holder, member).await?.is_active, "the seat does not come back with it");
    world.accept_token(member, &open.token).await?;
    let holds = (Code::FailedPrecondition, "HOLDER_MUST_TRANSFER".to_owned());
    assert_eq!(told(world.ban(&plan, holder, holder).await), holds);
    assert_eq!(told(world.ban(&plan, holder, id()).await), (Code::NotFound, "MEMBER_NOT_FOUND".to_owned()));
    Ok(())
}

#[tokio::test]
async fn children_are_added_by_adults_who_consent() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, member, guest) = (id(), id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    world.join(&plan, holder, guest, MemberRole::Guest).await?;
    assert_eq!(violations(world.add_child(&plan, member, false, id()).await), ["guardian_consent"]);
    let request = id();
    let child = world.add_child(&plan, member, true, request).await?;
    assert_eq!(world.add_child(&plan, member, true, request).await?, child, "again");
    assert_eq!(child.guardian_user_id, member.to_string());
    assert_eq!(told(world.add_child(&plan, guest, true, id()).await), (ROLE.0, ROLE.1.to_owned()));
    let user: Uuid = child.user_id.parse()?;
    let seen = world.member(&plan, holder, user).await?;
    assert!(seen.consent_time.is_some() && seen.role == i32::from(MemberRole::Child), "{seen:?}");
    let seen = world.member(&plan, guest, user).await?;
    assert_eq!((seen.consent_time, seen.guardian_user_id.as_str(), seen.permissions), (None, "", None));
    assert_eq!(world.seats(&plan).await?, 4);
    Ok(())
}

#[tokio::test]
async fn services_are_told_who_may_what() -> anyhow::Result<()> {
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
    assert!(!world.may(&plan, holder, Manage).await?, "nothing is permitted in a plan that is not in use");
    let none = client.batch_get_memberships(pb::BatchGetMembershipsRequest { user_ids: vec![] }).await;
    assert_eq!(violations(none), ["user_ids"]);
    Ok(())
}

/// Ten join for as many seats, while the number is lowered, members are banned, and the plan is taken out of use and back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seats_hold_while_everything_about_them_changes() -> anyhow::Result<()> {
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

/// Who is limited could otherwise free themselves: by a seat for a second account, or by an admin whom they free in turn.
#[tokio::test]
async fn limits_are_not_escaped() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, member, admin, other) = (id(), id(), id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    world.join(&plan, holder, admin, MemberRole::Admin).await?;
    world.join(&plan, holder, other, MemberRole::Member).await?;
    let before = world.invite(&plan, member, None, MemberRole::Member).await?;
    world.limit(&plan, holder, member, Some(1_000)).await?;
    world.limit(&plan, holder, admin, Some(1_000)).await?;
    world.limit(&plan, holder, other, Some(1_000)).await?;
    let role = (ROLE.0, ROLE.1.to_owned());
    let not_pending = (Code::FailedPrecondition, "INVITATION_NOT_PENDING".to_owned());
    assert_eq!(told(world.accept_token(id(), &before.token).await), not_pending, "what was offered before");
    for by in [member, admin] {
        assert_eq!(told(world.invite(&plan, by, None, MemberRole::Member).await), role);
        world.invite(&plan, by, None, MemberRole::Guest).await?;
    }
    assert_eq!(told(world.invite(&plan, admin, Some(id()), MemberRole::Admin).await), role);
    assert_eq!(told(world.set_role(&plan, admin, other, MemberRole::Admin).await), role);
    world.set_role(&plan, admin, other, MemberRole::Guest).await?;
    assert!(world.limit(&plan, admin, member, None).await.is_err(), "another's limit");
    let zone = pb::FamilyPlan { family_plan_id: plan.clone(), time_zone: "Pacific/Apia".to_owned(), ..Default::default() };
    assert_eq!(told(world.change(zone.clone(), admin, &["time_zone"]).await), role, "their day begins when it does");
    world.change(zone, holder, &["time_zone"]).await?;
    Ok(())
}

#[tokio::test]
async fn who_comes_to_hold_a_plan_is_limited_no_more() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, heir, last) = (id(), id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, heir, MemberRole::Admin).await?;
    world.join(&plan, holder, last, MemberRole::Member).await?;
    world.deposit(&plan, 5_000, "pay-1").await?;
    world.limit(&plan, holder, heir, Some(0)).await?;
    world.limit(&plan, holder, last, Some(0)).await?;
    let offer = pb::OfferPlanRequest { family_plan_id: plan.clone(), user_id: heir.to_string() };
    world.plans(holder)?.offer_plan(offer).await?;
    world.plans(heir)?.accept_plan(pb::AcceptPlanRequest { family_plan_id: plan.clone() }).await?;
    world.spend(&plan, heir, 100, id()).await?;
    world.leave(&plan, holder).await?;
    world.erase(heir).await?;
    assert_eq!(world.read(&plan, last).await?.primary_account_holder, last.to_string());
    world.spend(&plan, last, 100, id()).await?;
    Ok(())
}

#[tokio::test]
async fn who_is_no_admin_any_more_pays_for_nothing() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, admin) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, admin, MemberRole::Admin).await?;
    let paid = pb::FamilyPlan { family_plan_id: plan.clone(), billing_account: admin.to_string(), ..Default::default() };
    world.change(paid, admin, &["billing_account"]).await?;
    world.set_role(&plan, holder, admin, MemberRole::Guest).await?;
    assert_eq!(world.read(&plan, holder).await?.billing_account, "");
    Ok(())
}
