use orchard_proto::DESCRIPTORS;
use orchard_testkit::client::Headers;
use orchard_testkit::extremes::{Fixture, findings};
use std::time::Duration;

use crate::world::{World, id};

const TTL: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn no_number_and_no_text_is_the_services_own_fault() -> anyhow::Result<()> {
    let world = World::start().await?;
    let slice = &world.slice;
    let fixture = async || {
        let holder = id();
        let plan = world.family(holder).await?;
        world.deposit(&plan, 100_000, &id().to_string()).await?;
        world.hold(&plan, holder, 500, "session").await?;
        let for_holder = |service| {
            let token = slice.keys.user_token(holder, &[], TTL)?;
            let headers = Headers::bearer(&slice.keys.workload_token(service, TTL)?)?;
            anyhow::Ok(slice.with(headers.with("x-orchard-user-token", &token)?))
        };
        let mut clients = vec![slice.user_with(holder, &["operator"])?];
        for service in ["billing", "consultation", "social", "family", "edge"] {
            clients.push(for_holder(service)?);
        }
        Ok(Fixture {
            clients,
            known: vec![
                ("family_plan_id", plan),
                ("user_id", holder.to_string()),
                ("reference", "session".to_owned()),
                ("resume_token", String::new()),
            ],
        })
    };
    for package in ["orchard.family.v1", "orchard.privacy.v1", "orchard.events.v1"] {
        assert_eq!(findings(DESCRIPTORS, package, fixture).await?, Vec::<String>::new());
    }
    Ok(())
}
