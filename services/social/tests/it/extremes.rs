use std::time::Duration;

use orchard_proto::DESCRIPTORS;
use orchard_proto::social::v1::PrivacyLevel;
use orchard_testkit::client::Headers;
use orchard_testkit::extremes::{Fixture, findings};

use crate::referrals::fingerprint;
use crate::world::{World, days_ago, id, new_challenge};

const TTL: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn no_number_and_no_text_is_the_services_own_fault() -> anyhow::Result<()> {
    let world = World::start().await?;
    let slice = &world.slice;
    let fixture = async || {
        let (user, friend) = (id(), id());
        world.settle(user, PrivacyLevel::Public).await?;
        world.settle(friend, PrivacyLevel::Public).await?;
        let challenge = world.create(user, new_challenge()).await?.challenge_id;
        world.join(user, &challenge).await?;
        world.record(user, &challenge, days_ago(0), &[("apple", 1)], 0).await?;
        let for_user = |service| {
            let token = slice.keys.user_token(user, &[], TTL)?;
            let headers = Headers::bearer(&slice.keys.workload_token(service, TTL)?)?;
            anyhow::Ok(slice.with(headers.with("x-orchard-user-token", &token)?))
        };
        let mut clients = vec![slice.user_with(user, &["operator", "moderator"])?];
        for service in ["identity", "commerce", "family", "social", "edge"] {
            clients.push(for_user(service)?);
        }
        let known = vec![
            ("challenge_id", challenge),
            ("erasure_id", String::new()),
            ("fingerprints", fingerprint("extreme")),
            ("join_code", String::new()),
            ("metadata", String::new()),
            ("payment_fingerprints", fingerprint("extreme")),
            ("referral_code", world.code(friend).await?),
            ("resume_token", String::new()),
            ("Profile.user_id", user.to_string()),
            ("user_id", friend.to_string()),
            ("user_ids", friend.to_string()),
        ];
        Ok(Fixture { clients, known })
    };
    for package in ["orchard.social.v1", "orchard.privacy.v1", "orchard.events.v1", "orchard.intents.v1"] {
        assert_eq!(findings(DESCRIPTORS, package, fixture).await?, Vec::<String>::new());
    }
    Ok(())
}
