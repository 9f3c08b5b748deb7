//! What operators do with payments and refunds that come to no end.

use orchard_proto::consultation::v1 as pb;
use orchard_proto::intents::v1 as intents;
use orchard_proto::intents::v1::intent_service_client::IntentServiceClient;
use orchard_testkit::answer::refused;
use orchard_testkit::scissors::Side;
use tonic::{Code, Status};

use super::walks::Walk;
use super::wallets::Moved;
use crate::practice::{PRICE, hours};
use crate::world::Someone::Operator;
use crate::world::{World, euros, id};

impl World {
    async fn intents(&self, failing_only: bool) -> Result<Vec<intents::Intent>, Status> {
        let request = intents::ListIntentsRequest { failing_only, ..Default::default() };
        let mut client = IntentServiceClient::new(self.client(Operator(id())).expect("client"));
        Ok(client.list_intents(request).await?.into_inner().intents)
    }

    async fn retry(&self, intent_id: &str) -> Result<(), Status> {
        let request = intents::RetryIntentRequest { intent_id: intent_id.to_owned() };
        IntentServiceClient::new(self.client(Operator(id())).expect("client")).retry_intent(request).await.map(drop)
    }

    async fn give_up(&self, intent_id: &str) -> Result<(), Status> {
        let request = intents::GiveUpIntentRequest { intent_id: intent_id.to_owned() };
        IntentServiceClient::new(self.client(Operator(id())).expect("client")).give_up_intent(request).await.map(drop)
    }
}

#[tokio::test]
async fn a_refund_that_fails_is_listed_and_given_up() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, client) = (world.practice().await?, id());
    let plan = world.plan(client, PRICE).await?;
    let session = world.book(client, &practice, hours(48)).await?;
    world.pay(client, &session, &plan).await?;
    assert_eq!(world.intents(false).await?, []);
    // The wallet is full.
    world.deposit(&plan, 9_999_999_999).await?;
    world.cancel(client, &session).await?;
    world.slice.schema.connect().await?.batch_execute("UPDATE intents SET due_at = now()").await?;
    world.slice.schema.until("SELECT count(*) FROM intents WHERE attempts > 0", 1).await?;
    let listed = world.intents(true).await?;
    let refund = listed.first().expect("an intent");
    assert_eq!((refund.kind.as_str(), refund.step.as_str()), ("refund", "refund"));
    assert_eq!(refund.subject_id, session.session_id);
    assert_eq!(refund.last_failure, "FAILED_PRECONDITION BALANCE_LIMIT_REACHED");
    world.retry(&refund.intent_id).await?;
    world.slice.schema.until("SELECT count(*) FROM intents WHERE attempts > 1", 1).await?;
    assert_eq!(world.session(client, &session.session_id).await?.pending_refund_amount, euros(PRICE));
    world.give_up(&refund.intent_id).await?;
    let unknown = (Code::NotFound, "INTENT_NOT_FOUND".to_owned());
    assert_eq!(refused(world.give_up(&refund.intent_id).await), unknown);
    assert_eq!(refused(world.retry(&refund.intent_id).await), unknown);
    let read = world.session(client, &session.session_id).await?;
    assert_eq!((read.payment_status(), read.pending_refund_amount), (pb::PaymentStatus::Paid, None));
    Ok(())
}

/// Gives up a payment whose decision is made, and whose capture does not arrive or is not answered.
async fn give_up_a_capture(side: Side) -> anyhow::Result<(Walk, pb::Session, String)> {
    let cut = Walk::start().await?;
    let world = &cut.world;
    let (practice, client) = (world.practice().await?, id());
    let plan = world.plan(client, 10_000).await?;
    let session = world.book(client, &practice, hours(48)).await?;
    cut.wallets.cut_after(1, side, true);
    let unanswered = (Code::Unavailable, "UPSTREAM_UNAVAILABLE".to_owned());
    assert_eq!(refused(world.pay(client, &session, &plan).await), unanswered);
    let listed = world.intents(false).await?;
    let payment = listed.first().expect("an intent");
    assert_eq!((payment.kind.as_str(), payment.step.as_str()), ("payment", "capture"));
    world.stop_workers().await?;
    world.give_up(&payment.intent_id).await?;
    // The wallet may have paid, so nobody pays again before it has said so.
    assert_eq!(refused(world.pay(client, &session, &plan).await), (Code::Aborted, "PAYMENT_IN_PROGRESS".to_owned()));
    Ok((cut, session, plan))
}

#[tokio::test]
async fn a_payment_that_is_given_up_is_released_and_the_session_can_be_paid() -> anyhow::Result<()> {
    let (cut, session, plan) = give_up_a_capture(Side::Before).await?;
    let (world, client) = (&cut.world, session.user_id.parse()?);
    assert!(cut.wallets.mend());
    world.start_workers().await?;
    world.settled().await?;
    assert_eq!(world.moved(&session.session_id).await?, Moved { captured: 0, refunded: 0, held: 0 });
    assert_eq!(world.pay(client, &session, &plan).await?.payment_status(), pb::PaymentStatus::Paid);
    assert_eq!(world.balance(&plan).await?, (10_000 - PRICE, 0));
    Ok(())
}

#[tokio::test]
async fn a_payment_that_is_given_up_after_the_wallet_has_paid_is_paid_and_can_be_given_back() -> anyhow::Result<()> {
    for cancels in [false, true] {
        let (cut, session, plan) = give_up_a_capture(Side::After).await?;
        let (world, client) = (&cut.world, session.user_id.parse()?);
        if cancels {
            let cancelled = world.cancel(client, &session).await?;
            assert_eq!((cancelled.payment_status(), cancelled.pending_refund_amount), (pb::PaymentStatus::Pending, euros(PRICE)));
        }
        assert!(cut.wallets.mend());
        world.start_workers().await?;
        world.settled().await?;
        let status = if cancels { pb::PaymentStatus::Refunded } else { pb::PaymentStatus::Paid };
        assert_eq!(world.session(client, &session.session_id).await?.payment_status(), status);
        let left = if cancels { 10_000 } else { 10_000 - PRICE };
        assert_eq!(world.balance(&plan).await?, (left, 0));
    }
    Ok(())
}

#[tokio::test]
async fn a_payment_whose_hold_has_expired_fails_and_another_one_can_be_made() -> anyhow::Result<()> {
    let cut = Walk::start().await?;
    let world = &cut.world;
    let (practice, client) = (world.practice().await?, id());
    let plan = world.plan(client, 10_000).await?;
    let session = world.book(client, &practice, hours(48)).await?;
    cut.wallets.cut_after(1, Side::Before, true);
    world.pay(client, &session, &plan).await.expect_err("the money is held and not taken");
    world.stop_workers().await?;
    assert!(cut.wallets.mend());
    let over = "UPDATE wallet_holds SET expires_at = now(), updated_at = now()";
    world.family().schema.connect().await?.batch_execute(over).await?;
    let failed = (Code::FailedPrecondition, "PAYMENT_FAILED".to_owned());
    assert_eq!(refused(world.pay(client, &session, &plan).await), failed);
    assert_eq!(world.moved(&session.session_id).await?, Moved { captured: 0, refunded: 0, held: 0 });
    assert_eq!(world.pay(client, &session, &plan).await?.payment_status(), pb::PaymentStatus::Paid);
    assert_eq!(world.balance(&plan).await?, (10_000 - PRICE, 0));
    Ok(())
}

#[tokio::test]
async fn a_plan_that_is_closed_before_the_capture_gets_its_money_back() -> anyhow::Result<()> {
    for releases_at_once in [true, false] {
        let cut = Walk::start().await?;
        let world = &cut.world;
        let (practice, client) = (world.practice().await?, id());
        let [closed, other] = [world.plan(client, 10_000).await?, world.plan(client, 10_000).await?];
        let session = world.book(client, &practice, hours(48)).await?;
        cut.wallets.cut_after(1, Side::Before, true);
        world.pay(client, &session, &closed).await.expect_err("the money is held and not taken");
        world.stop_workers().await?;
        assert!(cut.wallets.mend());
        world.close(&closed, client).await?;
        if !releases_at_once {
            // The refusal arrives, and the release does not.
            cut.wallets.cut_after(1, Side::Before, true);
        }
        let inactive = (Code::FailedPrecondition, "PLAN_INACTIVE".to_owned());
        assert_eq!(refused(world.pay(client, &session, &closed).await), inactive);
        if !releases_at_once {
            assert!(cut.wallets.mend());
            assert_eq!(world.balance(&closed).await?, (10_000, PRICE));
            world.start_workers().await?;
            world.settled().await?;
        }
        assert_eq!(world.balance(&closed).await?, (10_000, 0), "nothing is held any more");
        assert_eq!(world.pay(client, &session, &other).await?.payment_status(), pb::PaymentStatus::Paid);
    }
    Ok(())
}

#[tokio::test]
async fn a_refund_that_is_given_up_after_the_wallet_has_it_is_a_refund() -> anyhow::Result<()> {
    let cut = Walk::start().await?;
    let world = &cut.world;
    let (practice, client) = (world.practice().await?, id());
    let plan = world.plan(client, 10_000).await?;
    let session = world.book(client, &practice, hours(48)).await?;
    world.pay(client, &session, &plan).await?;
    world.stop_workers().await?;
    cut.wallets.cut_after(0, Side::After, true);
    assert_eq!(world.cancel(client, &session).await?.payment_status(), pb::PaymentStatus::Paid);
    let listed = world.intents(false).await?;
    let refund = listed.first().expect("an intent");
    let unanswered = (Code::Unavailable, "UPSTREAM_UNAVAILABLE".to_owned());
    assert_eq!(refused(world.give_up(&refund.intent_id).await), unanswered, "the wallet must say first");
    assert!(cut.wallets.mend());
    world.give_up(&refund.intent_id).await?;
    let read = world.session(client, &session.session_id).await?;
    assert_eq!((read.payment_status(), read.refunded_amount), (pb::PaymentStatus::Refunded, euros(PRICE)));
    assert_eq!(world.balance(&plan).await?, (10_000, 0));
    Ok(())
}

impl World {
    /// Keeps workers from intents, as if all replicas that have any were stopped.
    pub async fn stop_workers(&self) -> anyhow::Result<()> {
        let stop = "CREATE FUNCTION keep_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                NEW.due_at := now() + INTERVAL '1 hour'; RETURN NEW; END $$;
            CREATE TRIGGER keep_off BEFORE INSERT OR UPDATE ON intents FOR EACH ROW EXECUTE FUNCTION keep_off();
            UPDATE intents SET due_at = due_at;";
        Ok(self.slice.schema.connect().await?.batch_execute(stop).await?)
    }

    pub async fn start_workers(&self) -> anyhow::Result<()> {
        let start = "DROP TRIGGER keep_off ON intents; DROP FUNCTION keep_off; UPDATE intents SET due_at = now();";
        Ok(self.slice.schema.connect().await?.batch_execute(start).await?)
    }
}
