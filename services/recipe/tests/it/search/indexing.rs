//! Recipes that search does not know yet.

use std::sync::Arc;
use std::time::Duration;

use orchard_recipe::{Service, Settings};
use orchard_server::Slice as _;
use orchard_testkit::database::Schema;
use orchard_testkit::keys::DevKeys;
use orchard_testkit::service::SliceUnderTest;

use super::text;
use crate::world::{NOWHERE, World, settings};

/// Recipes as a release without search writes them.
const WRITE: &str = "INSERT INTO users (id) VALUES ('00000000-0000-0000-0000-00000000000a') ON CONFLICT DO NOTHING";

pub fn insert(count: u32, name: &str, is_public: bool) -> String {
    format!(
        r#"INSERT INTO user_recipes (id, user_id, recipe_name, ingredients, instructions, is_public)
           SELECT gen_random_uuid(), '00000000-0000-0000-0000-00000000000a', {name}, '[{{"food":"durian"}}]', 'x', {is_public}
           FROM generate_series(1, {count}) n"#
    )
}

/// Starts the service beside recipes that are written already.
pub async fn start_beside(scripts: &[String], index_period: Duration) -> anyhow::Result<World> {
    let (keys, schema) = (Arc::new(DevKeys::ephemeral()?), Schema::create().await?);
    schema.migrate(Service::migrations()).await?;
    let client = schema.connect().await?;
    client.batch_execute(WRITE).await?;
    for script in scripts {
        client.batch_execute(script).await?;
    }
    let settings = Settings { index_period, ..settings(&keys, NOWHERE, NOWHERE) };
    Ok(World { slice: SliceUnderTest::start_in::<Service>(&settings, schema, keys).await?, family: None, social: None })
}

/// Waits until so many recipes are indexed.
pub async fn indexed(world: &World, count: i64) -> anyhow::Result<()> {
    let indexed = format!("SELECT least(count(*), {count}) FROM recipe_search_names");
    world.slice.schema.until(&indexed, count).await
}

#[tokio::test]
async fn recipes_of_an_earlier_release_are_found_and_so_are_those_that_it_still_writes() -> anyhow::Result<()> {
    let many = insert(1_200, "'Fig ' || n", true);
    let world = start_beside(&[many, insert(1, "'Private Fig'", false)], Duration::from_millis(50)).await?;
    indexed(&world, 1_200).await?;
    assert_eq!(world.found(text("figs")).await?.len(), 1_200);
    let client = world.slice.schema.connect().await?;
    client.batch_execute(&insert(3, "'Medlar Jelly'", true)).await?;
    indexed(&world, 1_203).await?;
    assert_eq!(world.found(text("medler jelly")).await?.len(), 3);
    // A change that another release makes without the index is noticed by its version.
    let change = "UPDATE user_recipes SET recipe_name = 'Loquat Jelly', version = version + 1, updated_at = now()
        WHERE recipe_name = 'Medlar Jelly'";
    client.batch_execute(change).await?;
    let wait = async {
        while world.found(text("loquat")).await?.len() < 3 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await??;
    assert_eq!(world.found(text("medlar")).await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn two_replicas_index_side_by_side() -> anyhow::Result<()> {
    let world = start_beside(&[insert(3_000, "'Fig ' || n", true)], Duration::from_millis(20)).await?;
    let settings = Settings { index_period: Duration::from_millis(20), ..settings(&world.slice.keys, NOWHERE, NOWHERE) };
    let schema = world.slice.schema.clone();
    let second = SliceUnderTest::start_in::<Service>(&settings, schema, Arc::clone(&world.slice.keys)).await?;
    indexed(&world, 3_000).await?;
    assert_eq!(world.found(text("fig 2999")).await?.first().map(String::as_str), Some("Fig 2999"));
    second.running.stop().await
}

#[tokio::test]
async fn words_that_no_recipe_has_any_more_are_forgotten() -> anyhow::Result<()> {
    let old = "INSERT INTO search_words (word, stem, fragments, used_on) VALUES
        ('zwetschge', 8, '{1}', '2026-01-01'), ('yesterdays', 16, '{1}', current_date)";
    let world = start_beside(&[insert(1, "'Fig Jam'", true), old.to_owned()], Duration::from_millis(20)).await?;
    indexed(&world, 1).await?;
    let client = world.slice.schema.connect().await?;
    let wait = async {
        let words = || client.query("SELECT word FROM search_words ORDER BY 1", &[]);
        while words().await?.len() > 4 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::Ok(words().await?.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>())
    };
    let words = tokio::time::timeout(Duration::from_secs(30), wait).await??;
    assert_eq!(words, ["durian", "fig", "jam", "yesterdays"]);
    Ok(())
}

#[tokio::test]
async fn a_recipe_that_cannot_be_indexed_keeps_no_other_waiting() -> anyhow::Result<()> {
    // In the middle of the others, which are more than are written at once; and a word to forget after them.
    let bad = insert(1, "'Refused Fig'", true).replace("gen_random_uuid()", "'80000000-0000-4000-8000-000000000000'");
    let refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON recipe_search
         FOR EACH ROW WHEN (new.recipe_id = '80000000-0000-4000-8000-000000000000') EXECUTE FUNCTION refuse()";
    let old = "INSERT INTO search_words (word, stem, fragments, used_on) VALUES ('zwetschge', 8, '{1}', '2026-01-01')";
    let scripts = [insert(600, "'Fig ' || n", true), bad, refuse.to_owned(), old.to_owned()];
    let world = start_beside(&scripts, Duration::from_millis(50)).await?;
    indexed(&world, 600).await?;
    let found = world.found(text("fig")).await?;
    assert_eq!((found.len(), found.iter().any(|name| name == "Refused Fig")), (600, false));
    world.slice.schema.until("SELECT count(*) FROM search_words WHERE word = 'zwetschge'", 0).await?;
    let client = world.slice.schema.connect().await?;
    // It is tried again.
    client.batch_execute("DROP TRIGGER refuse ON recipe_search").await?;
    indexed(&world, 601).await?;
    assert_eq!(world.found(text("refused fig")).await?, ["Refused Fig"]);
    Ok(())
}

#[tokio::test]
async fn made_up_words_of_one_recipe_hide_no_word_of_several() -> anyhow::Result<()> {
    let made_up: Vec<String> = ('a'..='z').flat_map(|one| ['x', 'z'].map(|other| format!("strawb{one}{other}"))).collect();
    let made_up = insert(1, "'Nonsense'", true).replace(r#""durian""#, &format!("\"{}\"", made_up.join(" ")));
    let world = start_beside(&[insert(3, "'Strawberry Jam ' || n", true), made_up], Duration::from_millis(50)).await?;
    indexed(&world, 4).await?;
    world.slice.schema.until("SELECT count(*) FROM search_words WHERE word = 'strawberry' AND recipes = 3", 1).await?;
    assert_eq!(world.found(text("strawb")).await?.len(), 4);
    assert_eq!(world.found(text("strawbary jam")).await?.len(), 3);
    Ok(())
}
