use orchard_proto::DESCRIPTORS;
use orchard_testkit::extremes::{Fixture, findings};

use crate::world::{World, id};

#[tokio::test]
async fn no_number_and_no_text_is_the_services_own_fault() -> anyhow::Result<()> {
    let world = World::start().await?;
    let fixture = async || {
        Ok(Fixture {
            clients: vec![world.slice.user_with(id(), &["operator"])?],
            known: vec![("profile_image_url", "https://example.org/a.jpg".to_owned())],
        })
    };
    assert_eq!(findings(DESCRIPTORS, "orchard.consultation.v1", fixture).await?, Vec::<String>::new());
    Ok(())
}
