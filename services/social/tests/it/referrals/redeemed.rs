//! Credits on their way into wallets, with the real family service: each step of the way cut, and all that wallets refuse.

use std::sync::Arc;
use std::time::Duration;

use orchard_events::RelayOptions;
use orchard_proto::family::v1 as family;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_proto::social::v1 as pb;
use orchard_social::{Service, Settings};
use orchard_testkit::client::insist;
use orchard_testkit::database::Schema;
use orchard_testkit::keys::DevKeys;
use orchard_testkit::scissors::{Scissors, Side, Wire};
use orchard_testkit::service::{SliceUnderTest, calls, free_address};
use pb::RedemptionStatus::{Restored, Settled};
use uuid::Uuid;

use super::{euros, text};
use crate::world::{DAY, World, id, settings};

/// Social and family services that know each other, over wires that can be cut.
struct Walk {
    world: World,
    family: SliceUnderTest,
    wires: Vec<(&'static str, Scissors)>,
}

impl Walk {
    async fn start() -> anyhow::Result<Self> {
        let keys = Arc::new(DevKeys::ephemeral()?);
        let (ours, theirs) = (Schema::create().await?, Schema::create().await?);
        let address = free_address();
        let to_social = Scissors::to(address, Wire::Calls).await?;
        let our_database = Scissors::to(ours.server()?, Wire::Commits).await?;
        let their_database = Scissors::to(theirs.server()?, Wire::Commits).await?;
        let family_settings = orchard_family::Settings {
            currency: "EUR".parse().expect("a currency"),
            social_url: format!("http://{}", to_social.address).parse()?,
            calls: calls(&keys, "family"),
            relay: RelayOptions { event_attempts: 10, event_retry_delay: Duration::from_millis(20) },
        };
        let cut = theirs.through(their_database.address)?;
        let mut family = SliceUnderTest::start_in::<orchard_family::Service>(&family_settings, cut, Arc::clone(&keys)).await?;
        family.schema = theirs;
        let to_family = Scissors::to(family.running.address, Wire::Calls).await?;
        let settings = Settings {
            relay: RelayOptions { event_attempts: 10, event_retry_delay: Duration::from_millis(20) },
            ..settings(&keys, format!("http://{}", to_family.address).parse()?)
        };
        let cut = ours.through(our_database.address)?;
        let mut slice = SliceUnderTest::start_at::<Service>(&settings, cut, keys, address).await?;
        slice.schema = ours;
        let world = World { slice, clock: settings.clock.clone(), settings, family: None };
        let wires = vec![
            ("our database", our_database),
            ("their database", their_database),
            ("calls to family", to_family),
            ("calls to social", to_social),
        ];
        Ok(Self { world, family, wires })
    }

    /// Returns a user who has 5.00 to redeem.
    async fn rich(&self) -> anyhow::Result<Uuid> {
        let (world, [referrer, referee]) = (&self.world, [id(), id()]);
        world.claim(referee, &world.code(referrer).await?).await?;
        world.buy(referee, &id().to_string(), &[]).await?;
        world.clock.advance(DAY * 14);
        Ok(referrer)
    }

    /// Creates a plan, and returns its id.
    async fn plan(&self, holder: Uuid) -> anyhow::Result<Uuid> {
        let request =
            family::CreatePlanRequest { family_name: "F".to_owned(), time_zone: "UTC".to_owned(), request_id: id().to_string() };
        let mut client = PlanServiceClient::new(self.family.user(holder)?);
        let plan = client.create_plan(request).await?.into_inner().plan.expect("a plan");
        Ok(plan.family_plan_id.parse()?)
    }

    async fn close(&self, plan: Uuid, holder: Uuid) -> anyhow::Result<()> {
        let request = family::DeactivatePlanRequest { family_plan_id: plan.to_string() };
        PlanServiceClient::new(self.family.user(holder)?).deactivate_plan(request).await?;
        Ok(())
    }

    /// Redeems 3.00 until the call is answered, and returns what became of it.
    async fn redeem(&self, user: Uuid, plan: Uuid) -> anyhow::Result<pb::Redemption> {
        let request =
            pb::RedeemCreditsRequest { family_plan_id: plan.to_string(), amount: euros("3.00"), request_id: id().to_string() };
        let redemption = loop {
            // What fails is what was cut. The request is repeated, as clients do.
            let redeemed = insist(|| async { self.world.credits_of(user).redeem_credits(request.clone()).await }).await;
            if let Ok(answer) = redeemed {
                break answer.into_inner().redemption.expect("a redemption");
            }
        };
        let is_open =
            format!("SELECT count(*) FROM redemptions WHERE id = '{}' AND status = 'pending'", redemption.redemption_id);
        self.world.until(async || Ok(self.world.number(&is_open).await? == 0)).await?;
        let request = pb::GetRedemptionRequest { redemption_id: redemption.redemption_id };
        loop {
            // A connection that was cut may still be in use.
            let got = insist(|| async { self.world.credits_of(user).get_redemption(request.clone()).await }).await;
            if let Ok(answer) = got {
                return Ok(answer.into_inner().redemption.expect("a redemption"));
            }
        }
    }

    /// Returns what wallets have received under redemptions.
    async fn received(&self, plan: Uuid) -> anyhow::Result<String> {
        let query = "SELECT coalesce(sum(amount), 0.00)::text || ' of ' || count(*) FROM wallet_entries
            WHERE service = 'social' AND family_plan_id = $1";
        Ok(self.family.schema.connect().await?.query_one(query, &[&plan]).await?.get(0))
    }
}

/// Cuts each wire at the first step, the second and so on, until the work is done without a cut.
async fn walk(is_open: bool) -> anyhow::Result<()> {
    let walk = Walk::start().await?;
    for (name, scissors) in &walk.wires {
        for side in [Side::Before, Side::After] {
            for step in 0.. {
                let user = walk.rich().await?;
                let plan = walk.plan(user).await?;
                if !is_open {
                    walk.close(plan, user).await?;
                }
                scissors.cut_after(step, side, false);
                let ended = walk.redeem(user, plan).await?;
                let was_cut = scissors.mend();
                let what = format!("{name}, step {step} {side:?}");
                let (status, received, available) =
                    if is_open { (Settled, "3.00 of 1", "2.00") } else { (Restored, "0.00 of 0", "5.00") };
                assert_eq!(ended.status(), status, "{what}");
                assert_eq!(walk.received(plan).await?, received, "{what}");
                assert_eq!(text(walk.world.credits(user).await?.available), available, "{what}");
                walk.world.check_books().await?;
                if !was_cut {
                    assert!(step > 0, "{name} has steps");
                    break;
                }
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credits_arrive_once_whichever_step_is_cut() -> anyhow::Result<()> {
    walk(true).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credits_come_back_once_whichever_step_is_cut() -> anyhow::Result<()> {
    walk(false).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wallets_refuse_with_a_reason() -> anyhow::Result<()> {
    let walk = Walk::start().await?;
    let user = walk.rich().await?;
    let (own, others, closed) = (walk.plan(user).await?, walk.plan(id()).await?, walk.plan(user).await?);
    walk.close(closed, user).await?;
    for (plan, reason) in [(others, "PLAN_NOT_FOUND"), (id(), "PLAN_NOT_FOUND"), (closed, "PLAN_INACTIVE")] {
        let ended = walk.redeem(user, plan).await?;
        assert_eq!((ended.status(), ended.refusal_reason.as_str()), (Restored, reason));
    }
    let fill = family::DepositRequest {
        family_plan_id: own.to_string(),
        amount: euros("99999998.00"),
        reference: "fill".to_owned(),
        reason: "Fill".to_owned(),
    };
    WalletServiceClient::new(walk.family.service("billing")?).deposit(fill).await?;
    let ended = walk.redeem(user, own).await?;
    assert_eq!((ended.status(), ended.refusal_reason.as_str()), (Restored, "BALANCE_LIMIT_REACHED"));
    let entries = walk.world.credits_of(user).list_credit_entries(pb::ListCreditEntriesRequest::default()).await?.into_inner();
    let told: Vec<(pb::CreditEntryKind, String)> =
        entries.credit_entries.iter().map(|entry| (entry.kind(), text(entry.available.clone()))).collect();
    use pb::CreditEntryKind::{Redemption, Referral, Restoration};
    let back = |available: &str| [(Restoration, available.to_owned()), (Redemption, "2.00".to_owned())];
    let expected: Vec<_> = (0..4).flat_map(|_| back("5.00")).chain([(Referral, "5.00".to_owned())]).collect();
    assert_eq!(told, expected);
    // The deposit is shown to the members with who has redeemed.
    let home = walk.plan(user).await?;
    assert_eq!(walk.redeem(user, home).await?.status(), Settled);
    let request = family::ListEntriesRequest { family_plan_id: home.to_string(), ..Default::default() };
    let entries = WalletServiceClient::new(walk.family.user(user)?).list_entries(request).await?.into_inner().entries;
    let [entry] = entries.as_slice() else { anyhow::bail!("{entries:?}") };
    assert_eq!((entry.kind(), entry.service.as_str()), (family::EntryKind::Deposit, "social"));
    assert_eq!((entry.user_id.clone(), entry.reason.as_str()), (user.to_string(), "Referral credits"));
    Ok(())
}
