//! Requests for erasures, and what becomes of them while other services are away.

use std::time::Duration;

use futures::future::try_join_all;
use orchard_proto::intents::v1::RetryIntentRequest;
use orchard_proto::intents::v1::intent_service_client::IntentServiceClient;
use orchard_proto::privacy::v1::EraseUserRequest;
use orchard_proto::privacy::v1::privacy_service_client::PrivacyServiceClient;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::erasure_service_client::ErasureServiceClient;
use orchard_social::Settings;
use orchard_testkit::answer::refused;
use orchard_testkit::client::Client;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{World, id, settings};

impl World {
    fn erasures(&self, user: Uuid, roles: &[&str]) -> ErasureServiceClient<Client> {
        ErasureServiceClient::new(self.slice.user_with(user, roles).expect("a client"))
    }

    pub async fn erase_me(&self, user: Uuid) -> Result<pb::Erasure, Status> {
        let answer = self.erasures(user, &[]).erase_me(pb::EraseMeRequest {}).await?;
        Ok(answer.into_inner().erasure.expect("an erasure"))
    }

    async fn erasure(&self, user: Uuid, roles: &[&str], erasure_id: &str) -> Result<pb::Erasure, Status> {
        let request = pb::GetErasureRequest { erasure_id: erasure_id.to_owned() };
        Ok(self.erasures(user, roles).get_erasure(request).await?.into_inner().erasure.expect("an erasure"))
    }

    async fn cancel_erasure(&self, user: Uuid, roles: &[&str], erasure_id: &str) -> Result<(), Status> {
        let request = pb::CancelErasureRequest { erasure_id: erasure_id.to_owned() };
        self.erasures(user, roles).cancel_erasure(request).await.map(drop)
    }
}

const OPERATOR: &[&str] = &["operator"];

fn not_found() -> (Code, String) {
    (Code::NotFound, "ERASURE_NOT_FOUND".to_owned())
}

#[tokio::test]
async fn an_erasure_is_asked_for_once_and_can_be_cancelled_until_it_begins() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (user, stranger) = (id(), id());
    assert_eq!(refused(world.erasure(user, &[], "").await), not_found());
    let asked = try_join_all((0..4).map(|_| world.erase_me(user))).await?;
    let first = &asked[0];
    assert!(asked.iter().all(|erasure| erasure == first), "four at once ask for one");
    assert_eq!((first.state(), first.requester()), (pb::ErasureState::Requested, pb::ErasureRequester::User));
    let seconds = |time: Option<prost_types::Timestamp>| time.expect("a time").seconds;
    assert_eq!(seconds(first.begin_time) - seconds(first.create_time), 24 * 60 * 60);
    assert_eq!(seconds(first.deadline_time) - seconds(first.create_time), 30 * 24 * 60 * 60);
    assert_eq!((first.waiting_services.len(), first.receipts.len(), first.end_time), (0, 0, None));
    assert!(!format!("{first:?}").contains(&user.to_string()), "an erasure does not name the user");

    let known = &first.erasure_id;
    assert_eq!(world.erasure(user, &[], "").await?, *first);
    assert_eq!(world.erasure(stranger, OPERATOR, known).await?, *first);
    for hidden in [world.erasure(stranger, &[], known).await.map(drop), world.cancel_erasure(stranger, &[], known).await] {
        assert_eq!(refused(hidden), not_found());
    }
    // An operator who retries the intent takes no time from the user.
    let retry = RetryIntentRequest { intent_id: known.clone() };
    let operator = world.slice.user_with(stranger, OPERATOR)?;
    IntentServiceClient::new(operator).retry_intent(retry).await?;
    world.slice.schema.until("SELECT count(*) FROM intents WHERE due_at > now() + INTERVAL '23 hours'", 1).await?;
    assert_eq!(world.erasure(user, &[], "").await?, *first);
    world.cancel_erasure(user, &[], "").await?;
    assert_eq!(refused(world.cancel_erasure(user, &[], known).await), not_found());
    assert_eq!(world.slice.schema.tables_with(&[user.to_string()]).await?, Vec::<String>::new());

    let request = pb::EraseAccountRequest { user_id: user.to_string() };
    let by_operator = world.erasures(stranger, OPERATOR).erase_account(request).await?.into_inner().erasure.expect("an erasure");
    assert_eq!(by_operator.requester(), pb::ErasureRequester::Operator);
    let requester = pb::ErasureRequester::User.into();
    assert_eq!(world.erase_me(user).await?, pb::Erasure { requester, ..by_operator.clone() }, "theirs now, too");
    world.cancel_erasure(stranger, OPERATOR, &by_operator.erasure_id).await?;
    Ok(())
}

#[tokio::test]
async fn services_that_are_away_delay_an_erasure_and_keep_no_other_waiting() -> anyhow::Result<()> {
    let (world, _family) = World::with_family().await?;
    let settings = Settings { erasure_delay: Duration::ZERO, ..settings(&world.slice.keys, world.settings.family_url.clone()) };
    let world = World::with(&settings, world.slice.keys.clone()).await?;
    let (user, operator) = (id(), id());
    world.settle(user, pb::PrivacyLevel::Public).await?;
    let asked = world.erase_me(user).await?;
    let failing = "SELECT count(*) FROM intents WHERE last_failure IS NOT NULL";
    world.slice.schema.until(failing, 1).await?;
    let seen = world.erasure(user, &[], "").await?;
    assert_eq!((seen.state(), seen.end_time), (pb::ErasureState::Running, None));
    assert_eq!(seen.waiting_services, ["consultation", "family", "recipe"], "family is told after consultation");
    assert_eq!(seen.receipts.iter().map(|receipt| receipt.service.as_str()).collect::<Vec<_>>(), ["social"]);
    assert_eq!(seen.receipts[0].table_counts.iter().map(|count| count.table.as_str()).collect::<Vec<_>>(), ["users"]);
    assert_eq!(seen.last_failure, "", "which service fails how is the operators' concern");
    let told = world.erasure(operator, OPERATOR, &asked.erasure_id).await?;
    assert_eq!(told.last_failure, "consultation: UNAVAILABLE UPSTREAM_UNAVAILABLE; recipe: UNAVAILABLE UPSTREAM_UNAVAILABLE");
    let begun = (Code::FailedPrecondition, "ERASURE_BEGUN".to_owned());
    assert_eq!(refused(world.cancel_erasure(user, &[], "").await), begun);
    let profile = pb::Profile { display_name: "Back".to_owned(), ..Default::default() };
    let erased = (Code::FailedPrecondition, "USER_ERASED".to_owned());
    assert_eq!(refused(world.change(user, profile, &["display_name"]).await), erased);

    let request = pb::ListErasuresRequest { open_only: true, ..Default::default() };
    let listed = world.erasures(operator, OPERATOR).list_erasures(request).await?.into_inner().erasures;
    assert_eq!(listed.iter().map(|erasure| &erasure.erasure_id).collect::<Vec<_>>(), [&asked.erasure_id]);
    Ok(())
}

#[tokio::test]
async fn an_erasure_waits_for_redeemed_credits_and_keeps_its_receipt() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (user, other) = (id(), id());
    world.live(user, other).await?;
    world.refer_and_redeem(user, other).await?;
    let request = EraseUserRequest { user_id: user.to_string(), request_id: id().to_string() };
    let erase = async || {
        let mut social = PrivacyServiceClient::new(world.slice.service("social").expect("a client"));
        social.erase_user(request.clone()).await.map(|answer| answer.into_inner().table_counts)
    };
    let waits = (Code::Aborted, "ERASURE_WAITS".to_owned());
    for _ in 0..2 {
        assert_eq!(refused(erase().await), waits);
    }
    let client = world.slice.schema.connect().await?;
    assert_eq!(world.number("SELECT count(*) FROM redemptions WHERE status = 'pending'").await?, 1, "nothing is erased yet");
    let erased = (Code::FailedPrecondition, "USER_ERASED".to_owned());
    assert_eq!(refused(world.redeem(user, id(), "1.00").await), erased, "nothing new begins");

    client.execute("UPDATE redemptions SET status = 'settled', ended_at = now(), updated_at = now()", &[]).await?;
    let receipt = erase().await?;
    assert!(receipt.iter().any(|count| count.table == "redemptions" && count.rows_pseudonymised == 1), "{receipt:?}");
    assert_eq!(erase().await?, receipt, "an answer that was lost is given again");
    assert_eq!(world.slice.schema.tables_with(&[user.to_string()]).await?, Vec::<String>::new());
    Ok(())
}

/// A discarded event leaves a redemption pending for ever. An operator then has the user erased at once, and the request comes to its end.
#[tokio::test]
async fn an_erasure_at_once_ends_a_wait() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (user, other) = (id(), id());
    world.live(user, other).await?;
    world.refer_and_redeem(user, other).await?;
    let mut social = PrivacyServiceClient::new(world.slice.service("social")?);
    let request = EraseUserRequest { user_id: user.to_string(), request_id: id().to_string() };
    assert_eq!(refused(social.erase_user(request.clone()).await).1, "ERASURE_WAITS");
    assert_ne!(world.erase(user).await?, []);
    assert_eq!(social.erase_user(request).await?.into_inner().table_counts, [], "what was erased is in the other receipt");
    Ok(())
}
