use orchard_proto::DESCRIPTORS;
use orchard_testkit::matrix::Admits::Only;
use orchard_testkit::matrix::{Table, USERS, findings};

use crate::world::World;

const TABLE: &Table = &[("RecipeService/CreateRecipe", Only(&[USERS])), ("RecipeService/GetRecipe", Only(&[USERS]))];

#[tokio::test]
async fn each_method_admits_those_it_is_for() -> anyhow::Result<()> {
    let slice = World::start().await?.slice;
    let findings = findings(&slice.running.channel()?, &slice.keys, DESCRIPTORS, "orchard.recipe.v1", TABLE).await?;
    assert_eq!(findings, Vec::<String>::new());
    Ok(())
}
