use orchard_proto::DESCRIPTORS;
use orchard_proto::recipe::v1 as pb;
use orchard_testkit::extremes::{Fixture, findings};

use crate::world::{World, id};

#[tokio::test]
async fn no_number_and_no_text_is_the_services_own_fault() -> anyhow::Result<()> {
    let world = World::start().await?;
    let fixture = async || {
        let (user, other) = (id(), id());
        let own = world.publish(user).await?;
        let theirs = world.publish(other).await?;
        let review = world.review(id(), &theirs, 3).await?.review_id;
        world.review(user, &theirs, 3).await?;
        let report =
            pb::ReportRecipeRequest { recipe_id: theirs.clone(), reason: pb::ReportReason::Spam.into(), note: String::new() };
        world.moderation(id(), &[]).report_recipe(report).await?;
        Ok(Fixture {
            clients: vec![world.slice.user_with(user, &["operator", "moderator"])?],
            known: vec![
                ("image_url", "https://example.org/a.jpg".to_owned()),
                ("max_quantity", "2.5".to_owned()),
                ("quantity", "1".to_owned()),
                ("food", "apple".to_owned()),
                ("etag", String::new()),
                ("resume_token", String::new()),
                ("food_number", "09040".to_owned()),
                ("document", crate::documents::MINIMAL.to_owned()),
                ("factor", "1.5".to_owned()),
                ("min_rating", "3".to_owned()),
                ("Recipe.recipe_id", own.clone()),
                ("DeleteRecipeRequest.recipe_id", own),
                ("recipe_id", theirs.clone()),
                ("recipe_ids", theirs),
                ("review_id", review),
            ],
        })
    };
    for package in ["orchard.recipe.v1", "orchard.privacy.v1", "orchard.events.v1"] {
        assert_eq!(findings(DESCRIPTORS, package, fixture).await?, Vec::<String>::new());
    }
    Ok(())
}
