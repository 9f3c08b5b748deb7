//! Pages that stay stable while recipes change, and tokens that cannot be changed.

use std::collections::BTreeSet;
use std::time::Duration;

use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::SearchSort::{Newest, Rating, Relevance};
use orchard_testkit::answer::violations;
use prost::Message as _;

use super::indexing::{indexed, insert, start_beside};
use super::{named, names_of, text, values};
use crate::world::{World, id};

/// Recipes of all classes: the words in the name, among the foods, begun, and meant.
async fn plums(world: &World) -> anyhow::Result<Vec<String>> {
    let mut ids = Vec::new();
    for n in 0..12 {
        let mut request = named(&match n % 4 {
            0 => format!("Plum Cake {n}"),
            1 => format!("Cake with {n} Fruits"),
            2 => format!("Plumcot Cake {n}"),
            _ => format!("Cake, plain and simple, for {n}"),
        });
        if n % 4 == 1 {
            request.ingredients[0].food = "plums".to_owned();
        }
        if n % 4 == 3 {
            request.description = "Good with plums.".to_owned();
        }
        ids.push(world.create(id(), request).await?.recipe_id);
    }
    Ok(ids)
}

#[tokio::test]
async fn pages_of_any_size_have_each_recipe_once_in_one_order() -> anyhow::Result<()> {
    let world = World::start().await?;
    plums(&world).await?;
    for sort in [Relevance, Newest, Rating] {
        let request = pb::SearchRecipesRequest { sort: sort.into(), ..text("plum cake") };
        let whole = world.found(request.clone()).await?;
        assert_eq!(whole.iter().collect::<BTreeSet<_>>().len(), 12, "{whole:?}");
        for page_size in [1, 2, 5, 11, 12, 13] {
            assert_eq!(world.found(pb::SearchRecipesRequest { page_size, ..request.clone() }).await?, whole);
        }
    }
    let whole = world.found(text("plum cake")).await?;
    let class = |name: &String| {
        (name.starts_with("Plum "), name.ends_with("Fruits"), name.contains("plain"), name.starts_with("Plumcot"))
    };
    assert!(whole[..3].iter().all(|name| class(name).0) && whole[3..6].iter().all(|name| class(name).1), "{whole:?}");
    assert!(whole[6..9].iter().all(|name| class(name).2) && whole[9..].iter().all(|name| class(name).3), "{whole:?}");
    Ok(())
}

#[tokio::test]
async fn pages_stay_stable_while_recipes_come_go_and_change() -> anyhow::Result<()> {
    let world = World::start().await?;
    let ids = plums(&world).await?;
    for sort in [Relevance, Newest, Rating] {
        let request = pb::SearchRecipesRequest { sort: sort.into(), page_size: 2, ..text("plum cake") };
        let stays: BTreeSet<String> =
            world.found_set(request.clone()).await?.into_iter().filter(|name| !name.ends_with(" 8")).collect();
        let (mut names, mut page, mut round) = (Vec::new(), request.clone(), 0);
        let mut added = Vec::new();
        loop {
            let answer = world.search(page.clone()).await?;
            names.extend(names_of(&answer));
            if answer.next_page_token.is_empty() {
                break;
            }
            page.page_token = answer.next_page_token;
            added.push(world.create(id(), named(&format!("Plum Cake new {round}"))).await?.recipe_id);
            world.review(id(), &ids[round % ids.len()], 3).await?;
            if round == 1 {
                let client = world.slice.schema.connect().await?;
                let hide = "UPDATE user_recipes SET hidden_at = now(), updated_at = now() WHERE recipe_name LIKE '% 8'";
                client.batch_execute(hide).await?;
            }
            round += 1;
        }
        let old: Vec<&String> = names.iter().filter(|name| !name.contains("new")).collect();
        // A review moves a recipe to another place in the order of ratings.
        if sort != Rating {
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
            assert!(stays.iter().all(|name| old.contains(&name)), "{stays:?} {names:?}");
        }
        let client = world.slice.schema.connect().await?;
        client.batch_execute("DELETE FROM user_recipes WHERE recipe_name LIKE '%new%'").await?;
        client.batch_execute("UPDATE user_recipes SET hidden_at = NULL, updated_at = now()").await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_word_that_most_recipes_have_is_paged_to_the_end() -> anyhow::Result<()> {
    // More than are ranked, and more than one window: by name, by food, and by a word that begins so.
    let scripts = [
        insert(1_500, "'Medlar ' || n", true),
        insert(2_600, "'Cake ' || n", true),
        insert(1_300, "'Medlarade ' || n", true),
        "UPDATE user_recipes SET ingredients = '[{\"food\":\"medlars\"}]', updated_at = now() WHERE recipe_name LIKE 'Cake%'"
            .to_owned(),
    ];
    let world = start_beside(&scripts, Duration::from_secs(600)).await?;
    indexed(&world, 5_400).await?;
    for sort in [Relevance, Newest] {
        let request = pb::SearchRecipesRequest { sort: sort.into(), page_size: 150, ..text("medlar") };
        let found = world.found(request).await?;
        assert_eq!(found.len(), 5_400);
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 5_400);
        if sort == Relevance {
            let of = |names: &[String], word: &str| names.iter().all(|name| name.starts_with(word));
            assert!(of(&found[..1_500], "Medlar ") && of(&found[1_500..4_100], "Cake ") && of(&found[4_100..], "Medlarade "));
        }
    }
    // Names come first also if the word is misspelt.
    let misspelt = names_of(&world.search(text("medler")).await?);
    assert!(misspelt.len() == 50 && misspelt.iter().all(|name| name.starts_with("Medlar ")), "{misspelt:?}");
    // Few of many: a page may be short, but each recipe is found.
    let few = "UPDATE user_recipes SET featured_at = now(), updated_at = now() WHERE recipe_name IN ('Cake 1', 'Cake 2600', 'Medlarade 7')";
    world.slice.schema.connect().await?.batch_execute(few).await?;
    for sort in [Relevance, Newest, Rating] {
        let request = pb::SearchRecipesRequest { sort: sort.into(), featured_only: true, ..text("medlar") };
        let names = ["Cake 1", "Cake 2600", "Medlarade 7"].map(str::to_owned);
        assert_eq!(world.found_set(request).await?, BTreeSet::from(names));
    }
    Ok(())
}

#[tokio::test]
async fn a_token_is_of_one_search_and_tells_nothing() -> anyhow::Result<()> {
    let world = World::start().await?;
    let ids = plums(&world).await?;
    let request = pb::SearchRecipesRequest { page_size: 2, ..text("plum cake") };
    let token = world.search(request.clone()).await?.next_page_token;
    let page = pb::SearchRecipesRequest { page_token: token.clone(), ..request.clone() };
    assert_eq!(world.search(page.clone()).await?.results.len(), 2);
    // The size is not part of the search.
    world.search(pb::SearchRecipesRequest { page_size: 3, ..page.clone() }).await?;
    for other in [
        pb::SearchRecipesRequest { text: "plum cakes".to_owned(), ..page.clone() },
        pb::SearchRecipesRequest { sort: Newest.into(), ..page.clone() },
        pb::SearchRecipesRequest { no_tags: values(&["vegan"]), ..page.clone() },
        pb::SearchRecipesRequest { max_prep_time_minutes: Some(9), ..page.clone() },
        pb::SearchRecipesRequest { featured_only: true, ..page.clone() },
    ] {
        assert_eq!(violations(world.search(other).await), ["page_token"]);
    }
    let stranger = world.searches(id()).search_recipes(page.clone()).await;
    assert_eq!(violations(stranger), ["page_token"]);
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).expect("ASCII");
        if changed != token {
            let request = pb::SearchRecipesRequest { page_token: changed, ..page.clone() };
            assert_eq!(violations(world.search(request).await), ["page_token"], "{at}");
        }
    }
    let readable = ids.iter().any(|id| token.contains(&id[..8]));
    assert!(!readable);
    Ok(())
}

#[tokio::test]
async fn pages_of_large_recipes_end_early() -> anyhow::Result<()> {
    let large = insert(200, "'Quince Paste ' || n", true)
        .replace("instructions, is_public)", "instructions, is_public, description)")
        .replace("'x', true", "'x', true, 'Of quinces.' || repeat('x', 20000)");
    let world = start_beside(&[large], Duration::from_secs(3_600)).await?;
    indexed(&world, 200).await?;
    for sort in [Relevance, Newest] {
        let request = pb::SearchRecipesRequest { sort: sort.into(), page_size: 200, ..text("quince") };
        let first = world.search(request.clone()).await?;
        assert!((100..200).contains(&first.results.len()) && first.encoded_len() < 4 << 20, "{}", first.results.len());
        let names = world.found(request).await?;
        assert_eq!((names.len(), names.iter().collect::<BTreeSet<_>>().len()), (200, 200));
    }
    Ok(())
}

#[tokio::test]
async fn a_few_featured_recipes_of_many_with_the_same_words_are_on_one_page() -> anyhow::Result<()> {
    let scripts = [
        insert(2_500, "'Medlar Jam ' || n", true),
        "UPDATE user_recipes SET featured_at = now(), ratings_5 = 2, updated_at = now() WHERE recipe_name LIKE '% 7'".to_owned(),
    ];
    let world = start_beside(&scripts, Duration::from_secs(3_600)).await?;
    indexed(&world, 2_500).await?;
    let featured = pb::SearchRecipesRequest { featured_only: true, ..text("medlar") };
    let rated = pb::SearchRecipesRequest { min_rating: "4.5".to_owned(), ..text("medlar") };
    for request in [featured, rated] {
        assert_eq!(names_of(&world.search(request).await?), ["Medlar Jam 7"]);
    }
    Ok(())
}
