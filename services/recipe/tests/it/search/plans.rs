//! Each kind of search reads its indexes and no whole table.

use std::collections::BTreeMap;
use std::time::Duration;

use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::SearchSort::{Featured, Newest, Rating, Relevance};
use tokio_postgres::Client;
use tonic::Code;

use super::indexing::{indexed, insert, start_beside};
use super::{text, values};
use crate::world::World;

const TABLES: &str = "('user_recipes', 'recipe_search', 'recipe_search_names', 'search_words')";

/// Returns how often each index and each whole table was read so far.
async fn reads(client: &Client) -> anyhow::Result<BTreeMap<String, i64>> {
    let query = format!(
        "SELECT indexrelname::text, idx_scan FROM pg_stat_user_indexes WHERE schemaname = current_schema() AND relname IN {TABLES}
         UNION ALL
         SELECT relname::text, seq_scan FROM pg_stat_user_tables WHERE schemaname = current_schema() AND relname IN {TABLES}"
    );
    // Each answer is of this moment, not of the first in the session.
    client.batch_execute("SELECT pg_stat_clear_snapshot()").await?;
    let rows = client.query(&query, &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get::<_, Option<i64>>(1).unwrap_or_default())).collect())
}

/// Ends the sessions of the service, which report at their end what they have read, and otherwise only after a second or ten.
async fn end_sessions(client: &Client) -> anyhow::Result<()> {
    let end = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
        WHERE application_name = current_setting('application_name') AND pid <> pg_backend_pid()";
    client.batch_execute(end).await?;
    Ok(())
}

/// Searches as often as PostgreSQL needs to plan without the values. The session may have ended before.
async fn search(world: &World, request: &pb::SearchRecipesRequest) -> anyhow::Result<()> {
    let mut answers = 0;
    let wait = async {
        while answers < 8 {
            match world.search(request.clone()).await {
                Ok(answer) => {
                    anyhow::ensure!(!answer.results.is_empty(), "nothing is found: {request:?}");
                    answers += 1;
                }
                Err(status) if status.code() == Code::Unavailable => tokio::time::sleep(Duration::from_millis(5)).await,
                Err(status) => return Err(status.into()),
            }
        }
        Ok(())
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await?
}

#[tokio::test]
async fn each_kind_of_search_reads_its_indexes_and_no_whole_table() -> anyhow::Result<()> {
    // A word of many names, one of a few, and many words of which a few begin or look alike.
    let scripts = [
        insert(700, "'Medlar Jam ' || n", true),
        insert(7_000, "'W' || translate(md5(n::text), '0123456789', 'ghijklmnop') || ' Cake'", true),
        insert(30, "'Quince Paste ' || n", true),
        "UPDATE user_recipes SET tags = '{vegan}', prep_time_minutes = 10, ratings_5 = 1, updated_at = now() WHERE recipe_name LIKE 'Quince%'"
            .to_owned(),
        "UPDATE user_recipes SET featured_at = now(), updated_at = now() WHERE recipe_name LIKE '% 7'".to_owned(),
        // The last word, which the worker forgets when it has looked at all others.
        "INSERT INTO search_words (word, stem, fragments, used_on) VALUES ('zzz', 8, '{1}', '2026-01-01')".to_owned(),
        "UPDATE user_recipes SET ratings_4 = 2, updated_at = now() WHERE recipe_name LIKE '% 1%'".to_owned(),
    ];
    let world = start_beside(&scripts, Duration::from_secs(3_600)).await?;
    indexed(&world, 7_730).await?;
    world.slice.schema.until("SELECT count(*) FROM search_words WHERE word = 'zzz'", 0).await?;
    let client = world.slice.schema.connect().await?;
    client
        .batch_execute("ANALYZE user_recipes; ANALYZE recipe_search; ANALYZE recipe_search_names; ANALYZE search_words")
        .await?;
    end_sessions(&client).await?;
    let (names, tokens) = ("recipe_search_names_tokens_idx", "recipe_search_tokens_idx");
    let sorted = |sort: pb::SearchSort, asked: &str| pb::SearchRecipesRequest { sort: sort.into(), ..text(asked) };
    for (kind, request, indexes) in [
        ("a few names", text("quince"), vec![names, tokens, "search_words_stem_idx", "user_recipes_pkey"]),
        ("many names", text("medlar jam"), vec![names, "user_recipes_pkey"]),
        ("a misspelt word", text("quinze paste"), vec![tokens, "search_words_fragments_idx"]),
        ("an unfinished word", text("quin"), vec![tokens, "search_words_pkey"]),
        ("a word of all foods", text("durian"), vec![tokens, "recipe_search_brevity_idx"]),
        ("no text", sorted(Newest, ""), vec!["user_recipes_newest_idx"]),
        ("by rating", sorted(Rating, ""), vec!["user_recipes_rating_idx"]),
        ("featured", sorted(Featured, ""), vec!["user_recipes_featured_idx"]),
        ("a few by date", sorted(Newest, "quince"), vec![tokens, "user_recipes_pkey"]),
        ("many by date", sorted(Newest, "durian"), vec![tokens, "user_recipes_newest_idx", "recipe_search_pkey"]),
        ("many by rating", sorted(Rating, "durian"), vec![tokens, "user_recipes_rating_idx", "recipe_search_pkey"]),
        ("tags", pb::SearchRecipesRequest { all_tags: values(&["vegan"]), ..sorted(Relevance, "") }, vec![tokens]),
        ("a time", pb::SearchRecipesRequest { max_prep_time_minutes: Some(10), ..text("paste") }, vec![tokens]),
        ("without a food", pb::SearchRecipesRequest { without_foods: values(&["fig"]), ..text("quince") }, vec![tokens]),
        (
            "a rating",
            pb::SearchRecipesRequest { min_rating: "4".to_owned(), ..sorted(Rating, "medlar") },
            vec![tokens, "user_recipes_pkey"],
        ),
        (
            "ratings of many",
            pb::SearchRecipesRequest { min_rating: "4".to_owned(), ..sorted(Rating, "durian") },
            vec!["user_recipes_rating_idx"],
        ),
    ] {
        let before = reads(&client).await?;
        search(&world, &request).await?;
        end_sessions(&client).await?;
        let after = reads(&client).await?;
        let more: BTreeMap<&str, i64> =
            after.iter().map(|(name, reads)| (name.as_str(), reads - before[name])).filter(|(_, reads)| *reads > 0).collect();
        for index in indexes {
            assert!(more.contains_key(index), "{kind} does not read {index}: {more:?}");
        }
        let tables: Vec<_> = more.iter().filter(|(name, _)| TABLES.contains(&format!("'{name}'"))).collect();
        assert!(tables.is_empty(), "{kind} reads whole tables: {more:?}");
    }
    Ok(())
}
