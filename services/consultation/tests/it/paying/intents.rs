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
    let [refund] = listed.as_slice() else { panic!("{listed:?}") };
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

#[tokio::test]
async fn a_payment_that_is_given_up_is_released_and_the_session_can_be_paid() -> anyhow::Result<()> {
    let cut = Walk::start().await?;
    let world = &cut.world;
    let (practice, client) = (world.practice().await?, id());
    let plan = world.plan(client, 10_000).await?;
    let session = world.book(client, &practice, hours(48)).await?;
    // The money is held, and the decision to take it does not arrive.
    cut.wallets.cut_after(1, Side::Before, true);
    assert_eq!(refused(world.pay(client, &session, &plan).await), (Code::Unavailable, "UPSTREAM_UNAVAILABLE".to_owned()));
    let listed = world.intents(false).await?;
    let [payment] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!((payment.kind.as_str(), payment.step.as_str()), ("payment", "capture"));
    world.give_up(&payment.intent_id).await?;
    assert!(cut.wallets.mend());
    world.settled().await?;
    assert_eq!(world.moved(&session.session_id).await?, Moved { captured: 0, refunded: 0, held: 0 });
    assert_eq!(world.pay(client, &session, &plan).await?.payment_status(), pb::PaymentStatus::Paid);
    assert_eq!(world.balance(&plan).await?, (10_000 - PRICE, 0));
    Ok(())
}
