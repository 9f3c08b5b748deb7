use orchard_proto::DESCRIPTORS;
use orchard_testkit::extremes::{Fixture, findings};

use crate::world::Someone::User;
use crate::world::{World, flora, id};

#[tokio::test]
async fn no_number_and_no_text_is_the_services_own_fault() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let fixture = async || {
        let user = id();
        let own = world.create(User(user), flora()).await?.professional_id;
        let session = world.begun(user, &world.practice().await?).await?.session_id;
        Ok(Fixture {
            clients: vec![world.slice.user_with(user, &["operator"])?],
            known: vec![
                ("profile_image_url", "https://example.org/a.jpg".to_owned()),
                ("url", "https://example.org/a.pdf".to_owned()),
                ("sha256", "0f".repeat(32)),
                ("VerifyProfessionalRequest.etag", "1".to_owned()),
                ("etag", String::new()),
                ("resume_token", String::new()),
                ("slot_minutes", "30".to_owned()),
                ("step_minutes", "30".to_owned()),
                ("from_time", "1790000000".to_owned()),
                ("to_time", "1790100000".to_owned()),
                ("next_slot_before_time", "1790100000".to_owned()),
                ("time_zone", "Europe/Berlin".to_owned()),
                ("start", "09:00".to_owned()),
                ("end", "17:00".to_owned()),
                ("min_rating", "3".to_owned()),
                ("professional_id", own.clone()),
                ("professional_ids", own),
                ("session_id", session),
                ("user_id", user.to_string()),
                ("recording_url", "https://example.org/recording".to_owned()),
                ("rating", "5".to_owned()),
                ("start_time", "1790000000".to_owned()),
                ("current_start_time", "1790000000".to_owned()),
                ("new_start_time", "1790001800".to_owned()),
            ],
        })
    };
    for package in ["orchard.consultation.v1", "orchard.events.v1", "orchard.intents.v1", "orchard.privacy.v1"] {
        assert_eq!(findings(DESCRIPTORS, package, fixture).await?, Vec::<String>::new());
    }
    Ok(())
}
