//! Traces that a user leaves, and what is found of them after the erasure.

use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::refused;
use pb::MemberRole::{Admin, Guest, Member};
use uuid::Uuid;

use super::spellings;
use crate::world::{World, euros, id, mask, not_found, spend};

/// The text that is written by the user and about them.
pub const CANARY: &str = "Canary-7";

impl World {
    async fn set_names(&self, plan: &str, user: Uuid) -> anyhow::Result<()> {
        let (family_plan_id, user_id) = (plan.to_owned(), user.to_string());
        let name = || CANARY.to_owned();
        let member = pb::Member { family_plan_id, user_id, display_name: name(), relationship: name(), ..Default::default() };
        let update_mask = mask(&["display_name", "relationship"]);
        self.members(user)?.update_member(pb::UpdateMemberRequest { member: Some(member), update_mask }).await?;
        Ok(())
    }

    /// Leaves a trace of a user in every table, in plans of all kinds, and returns the plans that the user is an active member of.
    pub async fn leave_traces(&self, me: Uuid, other: Uuid) -> anyhow::Result<Vec<String>> {
        let mut plans = Vec::new();
        // Two plans of the user: one with another member, one without.
        for with in [Some(other), None] {
            let plan = self.family(me).await?;
            if let Some(with) = with {
                self.join(&plan, me, with, Member).await?;
            }
            let mut named =
                pb::FamilyPlan { family_plan_id: plan.clone(), billing_user_id: me.to_string(), ..Default::default() };
            let mut paths = vec!["billing_user_id"];
            if with.is_none() {
                named.family_name = CANARY.to_owned();
                paths.push("family_name");
            }
            self.change(named, me, &paths).await?;
            plans.push(plan);
        }
        // Three plans of the other: one is offered to the user, one has banned them, one invites them.
        for step in 0..3 {
            let plan = self.family(other).await?;
            if step == 2 {
                self.invite_as(&plan, other, Some(me), Guest, CANARY).await?;
                continue;
            }
            let open = self.invite_as(&plan, other, None, Member, CANARY).await?;
            self.accept_token(me, &open.token).await?;
            self.set_names(&plan, me).await?;
            if step == 0 {
                self.set_role(&plan, other, me, Admin).await?;
                let offer = pb::OfferPlanRequest { family_plan_id: plan.clone(), user_id: me.to_string() };
                self.plans(other)?.offer_plan(offer).await?;
                self.add_child(&plan, me, true, id()).await?;
                plans.push(plan);
            } else {
                self.ban(&plan, other, me).await?;
            }
        }
        for (number, plan) in plans.iter().enumerate() {
            self.deposit(plan, 1_000, &format!("pay-{number}")).await?;
            let request = pb::SpendRequest { reason: CANARY.to_owned(), ..spend(plan, 100, id()) };
            self.wallet(me)?.spend(request).await?;
            self.hold_euro(plan, me, "s-1").await?;
            self.hold_euro(plan, me, "s-2").await?;
            self.capture(plan, "s-1", Some(1)).await?;
            self.invite_as(plan, me, Some(id()), Guest, CANARY).await?;
            self.invite_as(plan, me, None, Guest, CANARY).await?;
        }
        self.eat(me, 0, &[100, 200]).await?;
        Ok(plans)
    }

    /// Holds a euro for a consultation, with the canary as the reason.
    async fn hold_euro(&self, plan: &str, user: Uuid, reference: &str) -> anyhow::Result<()> {
        let (family_plan_id, reference, reason) = (plan.to_owned(), reference.to_owned(), CANARY.to_owned());
        let hold = pb::CreateHoldRequest { family_plan_id, reference, amount: euros(100), reason };
        self.seller("consultation", Some(user)).create_hold(hold).await?;
        Ok(())
    }
}

#[tokio::test]
async fn no_row_names_an_erased_user() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (me, other) = (id(), id());
    let plans = world.leave_traces(me, other).await?;
    let texts = [spellings(me), vec![CANARY.to_owned()]].concat();
    let tables = ["children", "family_invitations", "family_members", "family_plans", "idempotency_keys", "nutritional_intake"];
    let all = [tables.as_slice(), &["outbox", "users", "wallet_entries", "wallet_holds"]].concat();
    assert_eq!(world.tables_with(&texts).await?, all, "the search finds traces");
    let entries = world.number("SELECT count(*) FROM wallet_entries").await?;
    let receipt = world.erase(me).await?;
    let erased: Vec<&str> = receipt.iter().map(|(table, ..)| table.as_str()).collect();
    let counted = [
        "children",
        "idempotency_keys",
        "family_members",
        "family_invitations",
        "wallet_entries",
        "wallet_holds",
        "nutritional_intake",
        "users",
    ];
    assert_eq!(erased, counted);
    assert_eq!(world.tables_with(&texts).await?, ["outbox"], "events that were not delivered yet");
    world.clear_outbox().await?;
    assert_eq!(world.tables_with(&texts).await?, Vec::<String>::new());

    assert_eq!(world.number("SELECT count(*) FROM wallet_entries").await?, entries);
    for plan in &plans {
        assert_eq!(world.balance(plan).await?, (899, 3));
        world.seats(plan).await?;
    }
    // In an active plan, a hold of the erased user can still be captured and refunded.
    world.refund(&plans[0], "s-1", "r-1", 1).await?;
    world.capture(&plans[0], "s-2", None).await?;
    let references = "SELECT count(*) FROM wallet_entries WHERE reference LIKE 'pay-_'";
    assert_eq!(world.number(references).await?, 3, "services find their payments by reference");
    // The time of the tombstone does not lead to the pseudonym.
    let linked = "SELECT count(*) FROM erased_users e JOIN users u ON u.created_at >= e.erased_at
        WHERE u.id = (SELECT user_id FROM wallet_entries WHERE kind = 'spend' LIMIT 1)";
    assert_eq!(world.number(linked).await?, 0, "a pseudonym has no time of creation");
    assert_eq!(world.number("SELECT count(*) FROM erased_users WHERE erased_at = date_trunc('day', erased_at, 'UTC')").await?, 1);
    assert_eq!(world.number("SELECT count(*) FROM family_members WHERE consent_at IS NOT NULL").await?, 1, "the child stays");
    Ok(())
}

#[tokio::test]
async fn an_erased_child_is_removed_from_the_keys_of_its_guardian() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, request) = (id(), id());
    let plan = world.family(holder).await?;
    let child = Uuid::parse_str(&world.add_child(&plan, holder, true, request).await?.user_id)?;
    world.erase(child).await?;
    world.clear_outbox().await?;
    assert_eq!(world.tables_with(&spellings(child)).await?, Vec::<String>::new());
    let again = world.add_child(&plan, holder, true, request).await;
    assert_eq!(refused(again), not_found("MEMBER_NOT_FOUND"), "a repeated request does not create another child");
    assert_eq!(world.seats(&plan).await?, 1);
    Ok(())
}
