//! Who holds a plan.

use std::sync::Arc;

use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::refused;
use pb::MemberRole;
use tokio::task::JoinSet;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{World, id};

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

/// Plans in use whose holder is not exactly one active admin, as one statement sees them.
pub async fn without_holder(client: &tokio_postgres::Client) -> anyhow::Result<i64> {
    let query = "SELECT count(*) FROM family_plans p WHERE p.is_active AND 1 <>
        (SELECT count(*) FROM family_members m WHERE m.family_plan_id = p.id AND m.user_id = p.primary_account_holder
         AND m.is_active AND m.role = 'admin')";
    Ok(client.query_one(query, &[]).await?.get(0))
}

#[tokio::test]
async fn a_plan_goes_over_by_consent_of_both() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (plan, [holder, admin, other]) = world.with_admins().await?;
    let member = id();
    world.join(&plan, holder, member, MemberRole::Member).await?;
    assert_eq!(refused(world.offer(&plan, admin, other).await), (Code::PermissionDenied, "ROLE_NOT_PERMITTED".to_owned()));
    for to in [member, holder] {
        assert_eq!(refused(world.offer(&plan, holder, to).await), (Code::FailedPrecondition, "NOT_AN_ADMIN".to_owned()));
    }
    assert_eq!(refused(world.offer(&plan, holder, id()).await), (Code::NotFound, "MEMBER_NOT_FOUND".to_owned()));
    let not_offered = (Code::FailedPrecondition, "PLAN_NOT_OFFERED".to_owned());
    assert_eq!(refused(world.take_over(&plan, admin).await), not_offered);

    let offered = world.offer(&plan, holder, admin).await?;
    assert_eq!((offered.primary_account_holder, offered.proposed_holder), (holder.to_string(), admin.to_string()));
    assert_eq!(world.read(&plan, admin).await?.proposed_holder, admin.to_string());
    assert_eq!(world.read(&plan, other).await?.proposed_holder, "", "it is between those two");
    assert_eq!(refused(world.withdraw(&plan, other).await), (Code::PermissionDenied, "ROLE_NOT_PERMITTED".to_owned()));
    assert_eq!(world.withdraw(&plan, admin).await?.proposed_holder, "", "declined");
    assert_eq!(refused(world.take_over(&plan, admin).await), not_offered);
    world.offer(&plan, holder, admin).await?;
    world.offer(&plan, holder, other).await?;
    assert_eq!(refused(world.take_over(&plan, admin).await), not_offered, "it was offered to another instead");
    let taken = world.take_over(&plan, other).await?;
    assert_eq!((taken.primary_account_holder, taken.proposed_holder.as_str()), (other.to_string(), ""));
    assert_eq!(world.take_over(&plan, other).await?.primary_account_holder, other.to_string(), "again");
    assert_eq!(world.read(&plan, holder).await?.viewer_role, i32::from(MemberRole::Admin), "the former holder stays an admin");
    Ok(())
}

#[tokio::test]
async fn who_is_demoted_or_gone_is_offered_nothing_any_more() -> anyhow::Result<()> {
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
        assert_eq!(refused(answer), (Code::FailedPrecondition, "PLAN_NOT_OFFERED".to_owned()));
    }
    Ok(())
}

/// Whoever is in the plan offers it, takes it over, promotes and demotes at random, and one looks on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_one_holder_at_every_instant() -> anyhow::Result<()> {
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
        assert_eq!(without_holder(&client).await?, 0, "a plan without its holder");
        looks += 1;
        while let Some(ended) = clients.try_join_next() {
            done += ended?;
        }
    }
    assert!(looks > 50 && done > 50, "{looks} looks, {done} calls that did something");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_and_its_replacement_cross() -> anyhow::Result<()> {
    let world = World::start().await?;
    for _ in 0..15 {
        let (plan, [holder, first, second]) = world.with_admins().await?;
        world.offer(&plan, holder, first).await?;
        let (taken, replaced) = tokio::join!(world.take_over(&plan, first), world.offer(&plan, holder, second));
        // Whichever came first refuses the other.
        assert_ne!(taken.is_ok(), replaced.is_ok(), "{taken:?} {replaced:?}");
        let expected = if taken.is_ok() { first } else { holder };
        assert_eq!(world.read(&plan, second).await?.primary_account_holder, expected.to_string());
        assert_eq!(without_holder(&world.slice.schema.connect().await?).await?, 0);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_last_two_admins_one_stays() -> anyhow::Result<()> {
    let world = World::start().await?;
    for _ in 0..15 {
        let (plan, [holder, admin]) = world.with_admins().await?;
        let (first, second) = tokio::join!(world.leave(&plan, holder), world.leave(&plan, admin));
        assert_eq!(refused(first), (Code::FailedPrecondition, "HOLDER_MUST_TRANSFER".to_owned()));
        second?;

        // The same while the plan goes over: one of the two holds it, and stays.
        let (plan, [holder, admin]) = world.with_admins().await?;
        world.offer(&plan, holder, admin).await?;
        let (taken, left, gone) =
            tokio::join!(world.take_over(&plan, admin), world.leave(&plan, holder), world.leave(&plan, admin));
        assert!(left.is_err() || gone.is_err(), "{taken:?}");
        assert_eq!(without_holder(&world.slice.schema.connect().await?).await?, 0);
    }
    Ok(())
}
