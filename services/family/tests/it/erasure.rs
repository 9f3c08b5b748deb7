//! Erasure of users, and what happens to their plans.

mod late;
pub mod left;
mod races;

use orchard_proto::family::v1 as pb;
use orchard_proto::privacy::v1::privacy_service_client::PrivacyServiceClient;
use orchard_proto::privacy::v1::{EraseUserRequest, TableCount};
use orchard_testkit::answer::refused;
use orchard_testkit::client::{Client, insist};
use pb::MemberRole::{Admin, Child, Guest, Member};
use tonic::Status;
use uuid::Uuid;

use crate::world::{World, failed, id, not_found};

impl World {
    pub fn coordinator(&self) -> anyhow::Result<Client> {
        self.slice.service("social")
    }

    pub async fn erase(&self, user: Uuid) -> Result<Vec<(String, i64, i64)>, Status> {
        self.erase_as(&self.coordinator().expect("client"), user).await
    }

    pub async fn erase_as(&self, client: &Client, user: Uuid) -> Result<Vec<(String, i64, i64)>, Status> {
        let request = EraseUserRequest { user_id: user.to_string(), ..Default::default() };
        let erase = || {
            let (mut client, request) = (PrivacyServiceClient::new(client.clone()), request.clone());
            async move { client.erase_user(request).await }
        };
        let row = |count: TableCount| (count.table, count.rows_deleted, count.rows_pseudonymised);
        Ok(insist(erase).await?.into_inner().table_counts.into_iter().map(row).collect())
    }

    /// Returns the tables in which one of these texts occurs, in any column, also as bytes.
    pub async fn tables_with(&self, texts: &[String]) -> anyhow::Result<Vec<String>> {
        self.slice.schema.tables_with(texts).await
    }

    /// Removes all events, as if they had been delivered.
    pub async fn clear_outbox(&self) -> anyhow::Result<()> {
        Ok(self.slice.schema.connect().await?.batch_execute("DELETE FROM outbox").await?)
    }

    /// Returns the names of a plan's events from this sequence on, without the package.
    async fn events_of(&self, plan: &str, from: i64) -> anyhow::Result<Vec<String>> {
        let events = "SELECT sequence, event_type FROM outbox WHERE aggregate_id = $1 AND sequence >= $2 ORDER BY position";
        let rows = self.slice.schema.connect().await?.query(events, &[&Uuid::parse_str(plan)?, &from]).await?;
        let sequences: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(sequences, (from..).take(rows.len()).collect::<Vec<_>>());
        Ok(rows.iter().map(|row| row.get::<_, String>(1).replace("orchard.family.v1.", "")).collect())
    }

    /// Returns the number that a query selects.
    pub async fn number(&self, query: &str) -> anyhow::Result<i64> {
        Ok(self.slice.schema.connect().await?.query_one(query, &[]).await?.get(0))
    }
}

/// Returns the spellings of an id.
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
    // The keys are of the plan, its three invitations and the spending.
    let expected = [
        count("idempotency_keys", 5, 0),
        count("family_members", 1, 0),
        count("family_invitations", 0, 3),
        count("wallet_entries", 0, 1),
        count("users", 1, 0),
    ];
    assert_eq!(receipt, expected);
    assert_eq!(world.erase(holder).await?, [], "repeated");

    let passed = world.read(&plan, first).await?;
    assert_eq!((passed.holder_user_id, passed.proposed_holder_user_id.as_str()), (first.to_string(), ""));
    assert_eq!(world.events_of(&plan, 5).await?, ["MemberLeft"]);
    assert_eq!(world.balance(&plan).await?, (700, 2));
    assert_eq!(world.seats(&plan).await?, 3);
    world.spend(&plan, first, 200, id()).await?;
    assert_eq!(world.balance(&plan).await?, (500, 3));
    let request = pb::ListEntriesRequest { family_plan_id: plan.clone(), ..Default::default() };
    let entries = world.wallet(member)?.list_entries(request).await?.into_inner().entries;
    let spent = &entries[1];
    assert!(spent.user_id != holder.to_string() && !spent.user_id.is_empty() && spent.reason.is_empty(), "{spent:?}");
    assert_eq!(entries[2].reason, "Top-up", "the text of a service stays");
    Ok(())
}

#[tokio::test]
async fn without_another_admin_the_first_member_becomes_admin_and_holder() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, child, first, second) = (id(), id(), id(), id());
    let plan = world.family(holder).await?;
    for (user, role) in [(child, Child), (first, Member), (second, Member)] {
        world.join(&plan, holder, user, role).await?;
    }
    world.deposit(&plan, 1_000, "pay-1").await?;
    world.erase(holder).await?;
    let passed = world.read(&plan, first).await?;
    assert_eq!((passed.holder_user_id, passed.viewer_role), (first.to_string(), Admin.into()));
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
        assert_eq!(refused(world.read(&plan, user).await), not_found("PLAN_NOT_FOUND"));
    }
    let answer = world.accept_token(id(), &open.token).await;
    assert_eq!(refused(answer), failed("INVITATION_NOT_PENDING"));
    let closed =
        "SELECT count(*) FROM family_plans WHERE NOT is_active AND primary_account_holder IS NULL AND family_name <> 'Closed'";
    assert_eq!(world.number(closed).await?, 1, "a plan with members keeps its name");
    Ok(())
}

#[tokio::test]
async fn a_promotion_in_an_inactive_plan_publishes_no_event() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, member) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, Member).await?;
    world.deactivate(&plan, holder).await?;
    world.erase(holder).await?;
    assert_eq!(world.events_of(&plan, 3).await?, ["PlanClosed", "MemberLeft"], "no RoleChanged");
    assert_eq!(world.reactivate(&plan, member).await?.active_members, 1);
    Ok(())
}
