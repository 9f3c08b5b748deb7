//! The holder of a plan, and its transfer.

use std::sync::Arc;

use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::refused;
use pb::MemberRole;
use tokio::task::JoinSet;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{World, denied, failed, id, not_found};

impl World {
    async fn offer(&self, plan: &str, by: Uuid, to: Uuid) -> Result<pb::FamilyPlan, Status> {
        let request = pb::OfferPlanRequest { family_plan_id: plan.to_owned(), user_id: to.to_string() };
        Ok(self.plans(by).expect("client").offer_plan(request).await?.into_inner().plan.expect("a plan"))
    }

    async fn take_over(&self, plan: &str, by: Uuid) -> Result<pb::FamilyPlan, Status> {
        let request = pb::AcceptPlanRequest { family_plan_id: plan.to_owned() };
        Ok(self.plans(by).expect("client").accept_plan(request).await?.into_inner().plan.expect("a plan"))
    }

    async fn withdraw(&self, plan: &str, by: Uuid) -> Result<pb::FamilyPlan, Status> {
        let request = pb::WithdrawPlanOfferRequest { family_plan_id: plan.to_owned() };
        Ok(self.plans(by).expect("client").withdraw_plan_offer(request).await?.into_inner().plan.expect("a plan"))
    }

    async fn with_admins<const N: usize>(&self) -> anyhow::Result<(String, [Uuid; N])> {
        let people: [Uuid; N] = std::array::from_fn(|_| id());
        let plan = self.family(people[0]).await?;
        for admin in &people[1..] {
            self.join(&plan, people[0], *admin, MemberRole::Admin).await?;
        }
        Ok((plan, people))
    }
}

/// Counts the active plans whose holder is not exactly one active admin, in one statement.
pub async fn plans_without_holder(client: &tokio_postgres::Client) -> anyhow::Result<i64> {
    let query = "SELECT count(*) FROM family_plans p WHERE p.is_active AND 1 <>
        (SELECT count(*) FROM family_members m WHERE m.family_plan_id = p.id AND m.user_id = p.primary_account_holder
         AND m.is_active AND m.role = 'admin')";
    Ok(client.query_one(query, &[]).await?.get(0))
}

#[tokio::test]
async fn a_plan_is_transferred_with_the_consent_of_both() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (plan, [holder, admin, other]) = world.with_admins().await?;
    let member = id();
    world.join(&plan, holder, member, MemberRole::Member).await?;
    assert_eq!(refused(world.offer(&plan, admin, other).await), denied("ROLE_NOT_PERMITTED"));
    for to in [member, holder] {
        assert_eq!(refused(world.offer(&plan, holder, to).await), failed("NOT_AN_ADMIN"));
    }
    assert_eq!(refused(world.offer(&plan, holder, id()).await), not_found("MEMBER_NOT_FOUND"));
    let not_offered = failed("PLAN_NOT_OFFERED");
    assert_eq!(refused(world.take_over(&plan, admin).await), not_offered);

    let offered = world.offer(&plan, holder, admin).await?;
    assert_eq!((offered.holder_user_id, offered.proposed_holder_user_id), (holder.to_string(), admin.to_string()));
    assert_eq!(world.read(&plan, admin).await?.proposed_holder_user_id, admin.to_string());
    assert_eq!(world.read(&plan, other).await?.proposed_holder_user_id, "", "only the holder and the admin see the offer");
    assert_eq!(refused(world.withdraw(&plan, other).await), denied("ROLE_NOT_PERMITTED"));
    assert_eq!(world.withdraw(&plan, admin).await?.proposed_holder_user_id, "", "declined");
    assert_eq!(refused(world.take_over(&plan, admin).await), not_offered);
    world.offer(&plan, holder, admin).await?;
    world.offer(&plan, holder, other).await?;
    assert_eq!(refused(world.take_over(&plan, admin).await), not_offered, "the offer was replaced");
    let taken = world.take_over(&plan, other).await?;
    assert_eq!((taken.holder_user_id, taken.proposed_holder_user_id.as_str()), (other.to_string(), ""));
    assert_eq!(world.take_over(&plan, other).await?.holder_user_id, other.to_string(), "repeated");
    assert_eq!(world.read(&plan, holder).await?.viewer_role, i32::from(MemberRole::Admin), "the former holder stays an admin");
    Ok(())
}

#[tokio::test]
async fn an_offer_ends_when_the_admin_is_demoted_or_leaves() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (plan, [holder, demoted, gone]) = world.with_admins().await?;
    for user in [demoted, gone] {
        world.offer(&plan, holder, user).await?;
        if user == gone {
            world.leave(&plan, user).await?;
            world.join(&plan, holder, user, MemberRole::Admin).await?;
        } else {
            world.set_role(&plan, holder, user, MemberRole::Member).await?;
            world.set_role(&plan, holder, user, MemberRole::Admin).await?;
        }
        let answer = world.take_over(&plan, user).await;
        assert_eq!(refused(answer), failed("PLAN_NOT_OFFERED"));
    }
    Ok(())
}

/// Five members offer the plan, accept it, promote and demote at random, while the holder is checked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_has_one_holder_at_every_instant() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let (plan, people) = world.with_admins::<5>().await?;
    let mut clients = JoinSet::new();
    for me in people {
        let (world, plan) = (Arc::clone(&world), plan.clone());
        clients.spawn(async move {
            let mut done = 0;
            for _ in 0..60 {
                let other = people[fastrand::usize(..people.len())];
                let result = match fastrand::u8(..6) {
                    0 | 1 => world.offer(&plan, me, other).await.map(|_| ()),
                    2 | 3 => world.take_over(&plan, me).await.map(|_| ()),
                    4 => world.set_role(&plan, me, other, MemberRole::Member).await.map(|_| ()),
                    _ => world.set_role(&plan, me, other, MemberRole::Admin).await.map(|_| ()),
                };
                match result {
                    Ok(()) => done += 1,
                    Err(status) => {
                        assert!([Code::PermissionDenied, Code::FailedPrecondition].contains(&status.code()), "{status:?}")
                    }
                }
            }
            done
        });
    }
    let client = world.slice.schema.connect().await?;
    let (mut done, mut looks) = (0, 0);
    while !clients.is_empty() {
        assert_eq!(plans_without_holder(&client).await?, 0, "a plan without a holder");
        looks += 1;
        while let Some(ended) = clients.try_join_next() {
            done += ended?;
        }
    }
    assert!(looks > 50 && done > 50, "{looks} checks, {done} successful calls");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accepting_an_offer_and_replacing_it_exclude_each_other() -> anyhow::Result<()> {
    let world = World::start().await?;
    for _ in 0..15 {
        let (plan, [holder, first, second]) = world.with_admins().await?;
        world.offer(&plan, holder, first).await?;
        let (taken, replaced) = tokio::join!(world.take_over(&plan, first), world.offer(&plan, holder, second));
        // The first of the two makes the other fail.
        assert_ne!(taken.is_ok(), replaced.is_ok(), "{taken:?} {replaced:?}");
        let expected = if taken.is_ok() { first } else { holder };
        assert_eq!(world.read(&plan, second).await?.holder_user_id, expected.to_string());
        assert_eq!(plans_without_holder(&world.slice.schema.connect().await?).await?, 0);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_the_last_two_admins_stays() -> anyhow::Result<()> {
    let world = World::start().await?;
    for _ in 0..15 {
        let (plan, [holder, admin]) = world.with_admins().await?;
        let (first, second) = tokio::join!(world.leave(&plan, holder), world.leave(&plan, admin));
        assert_eq!(refused(first), failed("HOLDER_MUST_TRANSFER"));
        second?;

        // While the plan is transferred, one of the two holds it and stays.
        let (plan, [holder, admin]) = world.with_admins().await?;
        world.offer(&plan, holder, admin).await?;
        let (taken, left, gone) =
            tokio::join!(world.take_over(&plan, admin), world.leave(&plan, holder), world.leave(&plan, admin));
        assert!(left.is_err() || gone.is_err(), "{taken:?}");
        assert_eq!(plans_without_holder(&world.slice.schema.connect().await?).await?, 0);
    }
    Ok(())
}
