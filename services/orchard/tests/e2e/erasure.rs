//! The erasure of a user by all services.

use std::collections::BTreeMap;

use orchard_proto::consultation::v1::booking_service_client::BookingServiceClient;
use orchard_proto::consultation::v1::payment_service_client::PaymentServiceClient;
use orchard_proto::consultation::v1::{self as consultation};
use orchard_proto::family::v1 as family;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_proto::social::v1 as social;
use orchard_proto::social::v1::erasure_service_client::ErasureServiceClient;
use orchard_testkit::answer::refused;
use tonic::Code;
use uuid::Uuid;

use crate::payments::{booking, professional};
use crate::suite::{Stoppable, Suite, euros, family_settings, id};

impl Suite {
    async fn erase_me(&self, user: Uuid) -> anyhow::Result<String> {
        let mut client = ErasureServiceClient::new(self.user(user)?);
        Ok(client.erase_me(social::EraseMeRequest {}).await?.into_inner().erasure.expect("an erasure").erasure_id)
    }

    async fn erasure(&self, erasure_id: &str) -> anyhow::Result<social::Erasure> {
        let mut client = ErasureServiceClient::new(self.user_with(id(), &["operator"])?);
        let request = social::GetErasureRequest { erasure_id: erasure_id.to_owned() };
        Ok(client.get_erasure(request).await?.into_inner().erasure.expect("an erasure"))
    }

    /// Books and pays a session in two days.
    pub async fn consult(&self, client: Uuid, plan: &str) -> anyhow::Result<String> {
        let request = booking(professional(&self.consultation.schema).await?, 0);
        let booked = BookingServiceClient::new(self.user(client)?).book_session(request).await?.into_inner().session;
        let session_id = booked.expect("a session").session_id;
        let family_plan_id = plan.to_owned();
        let pay = consultation::PaySessionRequest { session_id: session_id.clone(), family_plan_id, price: euros(3) };
        PaymentServiceClient::new(self.user(client)?).pay_session(pay).await?;
        Ok(session_id)
    }

    pub fn slices(&self) -> [(&'static str, &Stoppable); 4] {
        [("consultation", &self.consultation), ("family", &self.family), ("recipe", &self.recipe), ("social", &self.social)]
    }
}

#[tokio::test]
async fn all_services_erase_a_user_whose_session_is_given_back_first() -> anyhow::Result<()> {
    let mut suite = Suite::start().await?;
    let people = suite.people().await?;
    let (me, heir) = (people.of("me"), people.of("relative"));
    suite.deposit(&people.plan, 100).await?;
    suite.consult(me, &people.plan).await?;

    // While the wallet cannot be asked, nothing leaves it.
    suite.family.stop().await?;
    let erasure = suite.erase_me(me).await?;
    suite.social.schema.until("SELECT count(*) FROM erasure_answers", 2).await?;
    suite.consultation.schema.until("SELECT count(*) FROM intents WHERE attempts > 0", 1).await?;
    let seen = suite.erasure(&erasure).await?;
    assert_eq!(
        (seen.state(), seen.waiting_services),
        (social::ErasureState::Running, vec!["consultation".to_owned(), "family".to_owned()])
    );
    let cancelled = "SELECT count(*) FROM consultation_sessions WHERE session_status = 'cancelled'";
    suite.consultation.schema.until(cancelled, 1).await?;

    let settings = family_settings(&suite.keys, suite.social.address());
    suite.family.start_again::<orchard_family::Service>(&settings).await?;
    suite.social.schema.until("SELECT count(*) FROM erasure_requests WHERE status = 'done'", 1).await?;
    let seen = suite.erasure(&erasure).await?;
    assert!(seen.waiting_services.is_empty() && seen.end_time.is_some(), "{seen:?}");
    let receipts: BTreeMap<&str, Vec<&str>> = seen
        .receipts
        .iter()
        .map(|receipt| (receipt.service.as_str(), receipt.table_counts.iter().map(|count| count.table.as_str()).collect()))
        .collect();
    for (service, table) in [
        ("consultation", "consultation_sessions"),
        ("family", "wallet_entries"),
        ("recipe", "user_recipes"),
        ("social", "social_achievements"),
    ] {
        assert!(receipts[service].contains(&table), "{service}: {receipts:?}");
    }
    let refund = "SELECT count(*) FROM wallet_entries WHERE kind = 'refund' AND amount = 3";
    suite.family.schema.until(refund, 1).await?;
    let wallet = family::GetWalletRequest { family_plan_id: people.plan.clone() };
    let wallet = WalletServiceClient::new(suite.user(heir)?).get_wallet(wallet).await?.into_inner().wallet.expect("a wallet");
    assert_eq!(wallet.balance, euros(100));

    let traces = [me.to_string(), "<me>".to_owned()];
    for (name, slice) in suite.slices() {
        // Events that are under way name the user until they have arrived.
        slice.schema.until("SELECT count(*) FROM outbox", 0).await?;
        assert_eq!(slice.schema.tables_with(&traces).await?, Vec::<String>::new(), "{name}");
    }
    let again = booking(professional(&suite.consultation.schema).await?, 1);
    let again = BookingServiceClient::new(suite.user(me)?).book_session(again).await;
    assert_eq!(refused(again), (Code::FailedPrecondition, "USER_ERASED".to_owned()));
    let gone = ErasureServiceClient::new(suite.user(me)?).get_erasure(social::GetErasureRequest::default()).await;
    assert_eq!(refused(gone.map(drop)), (Code::NotFound, "ERASURE_NOT_FOUND".to_owned()));
    Ok(())
}
