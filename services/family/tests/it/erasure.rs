//! What is left of a user who is erased: what others need, and nobody's name.

mod late;
mod races;

use orchard_proto::family::v1 as pb;
use orchard_proto::privacy::v1::privacy_service_client::PrivacyServiceClient;
use orchard_proto::privacy::v1::{EraseUserRequest, TableCount};
use orchard_testkit::answer::refused;
use orchard_testkit::client::{Client, insist};
use pb::MemberRole::{Admin, Child, Guest, Member};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{World, id, spend};

impl World {
    pub fn coordinator(&self) -> anyhow::Result<Client> {
        self.slice.service("social")
    }

    pub async fn erase(&self, user: Uuid) -> Result<Vec<(String, i64, i64)>, Status> {
        self.erase_as(&self.coordinator().expect("client"), user).await
    }

    pub async fn erase_as(&self, client: &Client, user: Uuid) -> Result<Vec<(String, i64, i64)>, Status> {
        let request = EraseUserRequest { user_id: user.to_string() };
        let erase = || {
            let (mut client, request) = (PrivacyServiceClient::new(client.clone()), request.clone());
            async move { client.erase_user(request).await }
        };
        let row = |count: TableCount| (count.table, count.rows_deleted, count.rows_pseudonymised);
        Ok(insist(erase).await?.into_inner().table_counts.into_iter().map(row).collect())
    }

    /// The tables in which one of these is, in whatever column and spelling.
    pub async fn places_of(&self, texts: &[String]) -> anyhow::Result<Vec<String>> {
        let client = self.slice.schema.connect().await?;
        let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1";
        let hex = |text: &String| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        let patterns: Vec<String> =
            texts.iter().flat_map(|text| [text.clone(), hex(text)]).map(|text| format!("%{text}%")).collect();
        let mut places = Vec::new();
        for table in client.query(tables, &[]).await? {
            let table: String = table.get(0);
            // A row as text has bytes in hexadecimal.
            let found = format!("SELECT count(*) FROM {table} AS t WHERE t::text ILIKE ANY ($1)");
            if client.query_one(&found, &[&patterns]).await?.get::<_, i64>(0) > 0 {
                places.push(table);
            }
        }
        Ok(places)
    }

    /// As if everybody had been told of everything.
    pub async fn tell_all(&self) -> anyhow::Result<()> {
        Ok(self.slice.schema.connect().await?.batch_execute("DELETE FROM outbox").await?)
    }

    /// What others are told of a plan, in its order, without the packages, from that position on.
    async fn events_of(&self, plan: &str, from: i64) -> anyhow::Result<Vec<String>> {
        let events = "SELECT sequence, event_type FROM outbox WHERE aggregate_id = $1 AND sequence >= $2 ORDER BY position";
        let rows = self.slice.schema.connect().await?.query(events, &[&Uuid::parse_str(plan)?, &from]).await?;
        let sequences: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(sequences, (from..).take(rows.len()).collect::<Vec<_>>());
        Ok(rows.iter().map(|row| row.get::<_, String>(1).replace("orchard.family.v1.", "")).collect())
    }

    /// A number of the schema.
    pub async fn number(&self, query: &str) -> anyhow::Result<i64> {
        Ok(self.slice.schema.connect().await?.query_one(query, &[]).await?.get(0))
    }
}

/// An id as it may be written.
pub fn spellings(user: Uuid) -> Vec<String> {
    vec![user.to_string(), user.simple().to_string()]
}

#[tokio::test]
async fn a_plan_passes_to_the_admin_who_joined_first() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, member, first, second) = (id(), id(), id(), id());
    let plan = world.family(holder).await?;
    for (user, role) in [(member, Member), (first, Admin), (second, Admin)] {
        world.join(&plan, holder, user, role).await?;
    }
    world.deposit(&plan, 1_000, "pay-1").await?;
    world.spend(&plan, holder, 300, id()).await?;
    let offer = pb::OfferPlanRequest { family_plan_id: plan.clone(), user_id: second.to_string() };
    world.plans(holder)?.offer_plan(offer).await?;

    let receipt = world.erase(holder).await?;
    let count = |table: &str, deleted, pseudonymised| (table.to_owned(), deleted, pseudonymised);
    // The plan, its three invitations, and the spending.
    let expected = [
        count("idempotency_keys", 5, 0),
        count("family_members", 1, 0),
        count("family_invitations", 0, 3),
        count("wallet_entries", 0, 1),
        count("users", 1, 0),
    ];
    assert_eq!(receipt, expected);
    assert_eq!(world.erase(holder).await?, [], "again");

    let passed = world.read(&plan, first).await?;
    assert_eq!((passed.primary_account_holder, passed.proposed_holder.as_str()), (first.to_string(), ""));
    assert_eq!(world.events_of(&plan, 5).await?, ["MemberLeft"]);
    assert_eq!(world.balance(&plan).await?, (700, 2));
    assert_eq!(world.seats(&plan).await?, 3);
    world.spend(&plan, first, 200, id()).await?;
    assert_eq!(world.balance(&plan).await?, (500, 3));
    let lines = pb::ListEntriesRequest { family_plan_id: plan.clone(), ..Default::default() };
    let lines = world.wallet(member)?.list_entries(lines).await?.into_inner().entries;
    let spent = &lines[1];
    assert!(spent.user_id != holder.to_string() && !spent.user_id.is_empty() && spent.reason.is_empty(), "{spent:?}");
    assert_eq!(lines[2].reason, "Top-up", "what a service wrote");
    Ok(())
}

#[tokio::test]
async fn without_another_admin_the_member_who_joined_first_is_made_one() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, child, first, second) = (id(), id(), id(), id());
    let plan = world.family(holder).await?;
    for (user, role) in [(child, Child), (first, Member), (second, Member)] {
        world.join(&plan, holder, user, role).await?;
    }
    world.deposit(&plan, 1_000, "pay-1").await?;
    world.erase(holder).await?;
    let passed = world.read(&plan, first).await?;
    assert_eq!((passed.primary_account_holder, passed.viewer_role), (first.to_string(), Admin.into()));
    assert_eq!(world.events_of(&plan, 5).await?, ["RoleChanged", "MemberLeft"]);
    world.spend(&plan, first, 1_000, id()).await?;
    assert_eq!((world.balance(&plan).await?, world.seats(&plan).await?), ((0, 2), 3));
    Ok(())
}

#[tokio::test]
async fn without_an_adult_the_plan_closes_and_keeps_its_money() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, child, guest) = (id(), id(), id());
    let plan = world.family(holder).await?;
    for (user, role) in [(child, Child), (guest, Guest)] {
        world.join(&plan, holder, user, role).await?;
    }
    world.deposit(&plan, 1_000, "pay-1").await?;
    world.spend(&plan, holder, 300, id()).await?;
    let open = world.invite(&plan, holder, None, Guest).await?;
    world.erase(holder).await?;
    assert_eq!(world.events_of(&plan, 4).await?, ["PlanClosed", "MemberLeft"]);
    assert_eq!((world.balance(&plan).await?, world.seats(&plan).await?), ((700, 2), 2));
    for user in [holder, child, guest] {
        assert_eq!(refused(world.read(&plan, user).await), (Code::NotFound, "PLAN_NOT_FOUND".to_owned()));
    }
    let answer = world.accept_token(id(), &open.token).await;
    assert_eq!(refused(answer), (Code::FailedPrecondition, "INVITATION_NOT_PENDING".to_owned()));
    let closed =
        "SELECT count(*) FROM family_plans WHERE NOT is_active AND primary_account_holder IS NULL AND family_name <> 'Closed'";
    assert_eq!(world.number(closed).await?, 1, "a family that is still there keeps its name");
    Ok(())
}

#[tokio::test]
async fn a_plan_that_is_not_in_use_passes_on_unheard() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, member) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, Member).await?;
    world.deactivate(&plan, holder).await?;
    world.erase(holder).await?;
    assert_eq!(
        world.events_of(&plan, 3).await?,
        ["PlanClosed", "MemberLeft"],
        "nobody is told of members of a plan that is closed"
    );
    assert_eq!(world.reactivate(&plan, member).await?.active_members, 1);
    Ok(())
}

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
            self.invite_as(plan, me, Some(id()), Guest).await?;
            self.invite_as(plan, me, None, Guest).await?;
        }
        self.eat(me, 0, &[100, 200]).await?;
        Ok(plans)
    }
}

#[tokio::test]
async fn nothing_that_names_a_user_is_left_anywhere() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (me, other) = (id(), id());
    let plans = world.live(me, other).await?;
    let texts = [spellings(me), vec![CANARY.to_owned()]].concat();
    let tables = ["family_invitations", "family_members", "family_plans", "idempotency_keys", "nutritional_intake"];
    let all = [tables.as_slice(), &["outbox", "users", "wallet_entries"]].concat();
    assert_eq!(world.places_of(&texts).await?, all, "it can be found");
    let lines = world.number("SELECT count(*) FROM wallet_entries").await?;
    let receipt = world.erase(me).await?;
    let erased: Vec<&str> = receipt.iter().map(|(table, ..)| table.as_str()).collect();
    let counted = ["idempotency_keys", "family_members", "family_invitations", "wallet_entries", "nutritional_intake", "users"];
    assert_eq!(erased, counted);
    assert_eq!(world.places_of(&texts).await?, ["outbox"], "what is yet to be told");
    world.tell_all().await?;
    assert_eq!(world.places_of(&texts).await?, Vec::<String>::new());

    assert_eq!(world.number("SELECT count(*) FROM wallet_entries").await?, lines);
    for plan in &plans {
        assert_eq!(world.balance(plan).await?, (900, 2));
        world.seats(plan).await?;
    }
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
