//! All that a user can leave behind, and what of it is found after their erasure.

use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::refused;
use pb::MemberRole::{Admin, Guest, Member};
use tonic::Code;
use uuid::Uuid;

use super::spellings;
use crate::world::{World, euros, id, spend};

/// What the user writes, and what others write of them.
pub const CANARY: &str = "Canary-7";

impl World {
    async fn invite_as(
        &self,
        plan: &str,
        by: Uuid,
        invitee: Option<Uuid>,
        role: pb::MemberRole,
    ) -> anyhow::Result<pb::CreateInvitationResponse> {
        let request = pb::CreateInvitationRequest {
            family_plan_id: plan.to_owned(),
            invitee_user_id: invitee.map(|id| id.to_string()).unwrap_or_default(),
            role: role.into(),
            relationship: CANARY.to_owned(),
            ttl: None,
            request_id: id().to_string(),
        };
        Ok(self.invitations(by)?.create_invitation(request).await?.into_inner())
    }

    async fn be_called(&self, plan: &str, user: Uuid) -> anyhow::Result<()> {
        let (family_plan_id, user_id) = (plan.to_owned(), user.to_string());
        let name = || CANARY.to_owned();
        let member = pb::Member { family_plan_id, user_id, display_name: name(), relationship: name(), ..Default::default() };
        let update_mask = Some(prost_types::FieldMask { paths: vec!["display_name".to_owned(), "relationship".to_owned()] });
        self.members(user)?.update_member(pb::UpdateMemberRequest { member: Some(member), update_mask }).await?;
        Ok(())
    }

    /// Does all that leaves something of a user, in plans of all kinds.
    pub async fn live(&self, me: Uuid, other: Uuid) -> anyhow::Result<Vec<String>> {
        let mut plans = Vec::new();
        // Their own, with another, and alone.
        for with in [Some(other), None] {
            let plan = self.family(me).await?;
            if let Some(with) = with {
                self.join(&plan, me, with, Member).await?;
            }
            let mut named =
                pb::FamilyPlan { family_plan_id: plan.clone(), billing_account: me.to_string(), ..Default::default() };
            let mut paths = vec!["billing_account".to_owned()];
            if with.is_none() {
                named.family_name = CANARY.to_owned();
                paths.push("family_name".to_owned());
            }
            let update_mask = Some(prost_types::FieldMask { paths });
            self.plans(me)?.update_plan(pb::UpdatePlanRequest { plan: Some(named), update_mask }).await?;
            plans.push(plan);
        }
        // Another's: by an open invitation, as an admin who is offered it; one that they have left; one that only invites them.
        for step in 0..3 {
            let plan = self.family(other).await?;
            if step == 2 {
                self.invite_as(&plan, other, Some(me), Guest).await?;
                continue;
            }
            let open = self.invite_as(&plan, other, None, Member).await?;
            self.accept_token(me, &open.token).await?;
            self.be_called(&plan, me).await?;
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
            self.sell(plan, me, "s-1").await?;
            self.sell(plan, me, "s-2").await?;
            self.capture(plan, "s-1", Some(1)).await?;
            self.invite_as(plan, me, Some(id()), Guest).await?;
            self.invite_as(plan, me, None, Guest).await?;
        }
        self.eat(me, 0, &[100, 200]).await?;
        Ok(plans)
    }
}

impl World {
    /// Has a consultation hold a euro, with the canary for its reason.
    async fn sell(&self, plan: &str, user: Uuid, reference: &str) -> anyhow::Result<()> {
        let (family_plan_id, reference, reason) = (plan.to_owned(), reference.to_owned(), CANARY.to_owned());
        let hold = pb::CreateHoldRequest { family_plan_id, reference, amount: euros(100), reason };
        self.seller("consultation", Some(user)).create_hold(hold).await?;
        Ok(())
    }
}

#[tokio::test]
async fn nothing_that_names_a_user_is_left_anywhere() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (me, other) = (id(), id());
    let plans = world.live(me, other).await?;
    let texts = [spellings(me), vec![CANARY.to_owned()]].concat();
    let tables = ["family_invitations", "family_members", "family_plans", "idempotency_keys", "nutritional_intake"];
    let all = [tables.as_slice(), &["outbox", "users", "wallet_entries", "wallet_holds"]].concat();
    assert_eq!(world.places_of(&texts).await?, all, "it can be found");
    let lines = world.number("SELECT count(*) FROM wallet_entries").await?;
    let receipt = world.erase(me).await?;
    let erased: Vec<&str> = receipt.iter().map(|(table, ..)| table.as_str()).collect();
    let counted = [
        "idempotency_keys",
        "family_members",
        "family_invitations",
        "wallet_entries",
        "wallet_holds",
        "nutritional_intake",
        "users",
    ];
    assert_eq!(erased, counted);
    assert_eq!(world.places_of(&texts).await?, ["outbox"], "what is yet to be told");
    world.tell_all().await?;
    assert_eq!(world.places_of(&texts).await?, Vec::<String>::new());

    assert_eq!(world.number("SELECT count(*) FROM wallet_entries").await?, lines);
    for plan in &plans {
        assert_eq!(world.balance(plan).await?, (899, 3));
        world.seats(plan).await?;
    }
    // What was held is paid, if the plan is still in use, and paid back, though nobody is known to have asked for it.
    world.refund(&plans[0], "s-1", "r-1", 1).await?;
    world.capture(&plans[0], "s-2", None).await?;
    let references = "SELECT count(*) FROM wallet_entries WHERE reference LIKE 'pay-_'";
    assert_eq!(world.number(references).await?, 3, "services find their payments again");
    // Nothing that was written with the tombstone has its time but what is written with every change.
    let linked = "SELECT count(*) FROM erased_users e JOIN users u ON u.created_at >= e.erased_at
        WHERE u.id = (SELECT user_id FROM wallet_entries WHERE kind = 'spend' LIMIT 1)";
    assert_eq!(world.number(linked).await?, 0, "a pseudonym has no beginning");
    assert_eq!(world.number("SELECT count(*) FROM erased_users WHERE erased_at = date_trunc('day', erased_at, 'UTC')").await?, 1);
    assert_eq!(world.number("SELECT count(*) FROM family_members WHERE consent_at IS NOT NULL").await?, 1, "the child stays");
    Ok(())
}

#[tokio::test]
async fn a_child_that_was_added_is_erased_from_its_guardians_answers_too() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, request) = (id(), id());
    let plan = world.family(holder).await?;
    let child = Uuid::parse_str(&world.add_child(&plan, holder, true, request).await?.user_id)?;
    world.erase(child).await?;
    world.tell_all().await?;
    assert_eq!(world.places_of(&spellings(child)).await?, Vec::<String>::new());
    let again = world.add_child(&plan, holder, true, request).await;
    assert_eq!(refused(again), (Code::NotFound, "MEMBER_NOT_FOUND".to_owned()), "a request has its effect once");
    assert_eq!(world.seats(&plan).await?, 1);
    Ok(())
}
