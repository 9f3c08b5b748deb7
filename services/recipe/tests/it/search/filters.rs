//! Filters and orders, with and without a text.

use std::collections::BTreeSet;

use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::SearchSort::{Featured, Newest, Rating, Relevance};
use orchard_proto::social::v1::PrivacyLevel;
use orchard_testkit::answer::violations;
use pb::DecisionKind::Feature;

use super::{named, text, values};
use crate::world::{World, id};

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

fn foods(foods: &[&str]) -> Vec<pb::Ingredient> {
    foods.iter().map(|food| pb::Ingredient { food: food.to_string(), ..Default::default() }).collect()
}

/// Four cakes and a tart that differ in everything that filters ask for.
async fn cakes(world: &World) -> anyhow::Result<Vec<String>> {
    let mut ids = Vec::new();
    for (name, tags, ingredients, minutes, difficulty_level) in [
        ("Apple Cake", ["vegan", "autumn"], ["apples", "oat milk"], Some(20), 1),
        ("Pear Cake", ["vegan", "winter"], ["pears", "peanuts, salted"], Some(21), 2),
        ("Plum Cake", ["gluten-free", "autumn"], ["plums", "butter"], Some(45), 3),
        ("Kiwi Cake", ["Gluten-Free", "summer"], ["kiwi", "peanut butter"], None, 1),
        ("Fig Tart", ["vegan", "autumn"], ["figs", "oat milk"], Some(10), 1),
    ] {
        let request = pb::CreateRecipeRequest {
            tags: values(&tags),
            ingredients: foods(&ingredients),
            prep_time_minutes: minutes,
            difficulty_level,
            ..named(name)
        };
        ids.push(world.create(id(), request).await?.recipe_id);
    }
    Ok(ids)
}

#[tokio::test]
async fn each_filter_narrows_the_search_and_all_hold_together() -> anyhow::Result<()> {
    let world = World::start().await?;
    cakes(&world).await?;
    let cake = || text("cake");
    for (request, names) in [
        (cake(), vec!["Apple Cake", "Pear Cake", "Plum Cake", "Kiwi Cake"]),
        (pb::SearchRecipesRequest { all_tags: values(&["VEGAN"]), ..cake() }, vec!["Apple Cake", "Pear Cake"]),
        (pb::SearchRecipesRequest { all_tags: values(&["vegan", "autumn"]), ..text("") }, vec!["Apple Cake", "Fig Tart"]),
        (pb::SearchRecipesRequest { any_tags: values(&["winter", "summer"]), ..cake() }, vec!["Pear Cake", "Kiwi Cake"]),
        (pb::SearchRecipesRequest { no_tags: values(&["vegan", "summer"]), ..cake() }, vec!["Plum Cake"]),
        // A part of a tag is not the tag.
        (pb::SearchRecipesRequest { all_tags: values(&["gluten"]), ..cake() }, vec![]),
        (pb::SearchRecipesRequest { all_tags: values(&["gluten free"]), ..cake() }, vec!["Plum Cake", "Kiwi Cake"]),
        (pb::SearchRecipesRequest { with_foods: values(&["peanut"]), ..cake() }, vec!["Pear Cake", "Kiwi Cake"]),
        (pb::SearchRecipesRequest { with_foods: values(&["butter", "plum"]), ..text("") }, vec!["Plum Cake"]),
        (pb::SearchRecipesRequest { with_foods: values(&["salted peanuts"]), ..text("") }, vec!["Pear Cake"]),
        (pb::SearchRecipesRequest { without_foods: values(&["Peanuts"]), ..cake() }, vec!["Apple Cake", "Plum Cake"]),
        (
            pb::SearchRecipesRequest { without_foods: values(&["peanut butter", "apples"]), ..cake() },
            vec!["Pear Cake", "Plum Cake"],
        ),
        (pb::SearchRecipesRequest { max_prep_time_minutes: Some(20), ..cake() }, vec!["Apple Cake"]),
        (pb::SearchRecipesRequest { max_prep_time_minutes: Some(21), ..text("") }, vec!["Apple Cake", "Pear Cake", "Fig Tart"]),
        (pb::SearchRecipesRequest { max_prep_time_minutes: Some(22), ..cake() }, vec!["Apple Cake", "Pear Cake"]),
        (
            pb::SearchRecipesRequest { max_prep_time_minutes: Some(10_080), ..cake() },
            vec!["Apple Cake", "Pear Cake", "Plum Cake"],
        ),
        (pb::SearchRecipesRequest { difficulty_level: 1, ..cake() }, vec!["Apple Cake", "Kiwi Cake"]),
        (
            pb::SearchRecipesRequest {
                all_tags: values(&["vegan"]),
                any_tags: values(&["autumn", "winter"]),
                no_tags: values(&["winter"]),
                with_foods: values(&["oat milk"]),
                without_foods: values(&["peanut"]),
                max_prep_time_minutes: Some(30),
                difficulty_level: 1,
                ..cake()
            },
            vec!["Apple Cake"],
        ),
    ] {
        for sort in [Relevance, Newest, Rating] {
            let request = pb::SearchRecipesRequest { sort: sort.into(), ..request.clone() };
            assert_eq!(world.found_set(request.clone()).await?, set(&names), "{request:?}");
        }
        let featured = pb::SearchRecipesRequest { sort: Featured.into(), ..request };
        assert_eq!(world.found_set(featured).await?, set(&[]));
    }
    Ok(())
}

#[tokio::test]
async fn orders_are_by_date_by_rating_and_by_feature() -> anyhow::Result<()> {
    let world = World::start().await?;
    let ids = cakes(&world).await?;
    // One review of five stars, five of five and five of four, and three of two.
    for (recipe, ratings) in [(0, vec![5]), (1, vec![5, 4, 5, 4, 5, 4, 5, 4, 5, 4]), (2, vec![2, 2, 2])] {
        for rating in ratings {
            world.review(id(), &ids[recipe], rating).await?;
        }
    }
    world.decide(id(), &ids[3], Feature).await?;
    world.decide(id(), &ids[0], Feature).await?;
    folded(&world).await?;
    let sorted = |sort: pb::SearchSort, text_: &str| pb::SearchRecipesRequest { sort: sort.into(), ..text(text_) };
    for asked in ["cake", ""] {
        let mut newest = vec!["Fig Tart", "Kiwi Cake", "Plum Cake", "Pear Cake", "Apple Cake"];
        let mut best = vec!["Pear Cake", "Apple Cake", "Fig Tart", "Kiwi Cake", "Plum Cake"];
        for names in [&mut newest, &mut best] {
            names.retain(|name| asked.is_empty() || name.contains("Cake"));
        }
        assert_eq!(world.found(sorted(Newest, asked)).await?, newest);
        assert_eq!(world.found(sorted(Rating, asked)).await?, best);
        assert_eq!(world.found(sorted(Featured, asked)).await?, ["Apple Cake", "Kiwi Cake"]);
        let featured = pb::SearchRecipesRequest { featured_only: true, ..text(asked) };
        assert_eq!(world.found_set(featured).await?, set(&["Apple Cake", "Kiwi Cake"]));
    }
    for (least, names) in [
        ("4.5", vec!["Apple Cake", "Pear Cake"]),
        ("4.6", vec!["Apple Cake"]),
        ("1", vec!["Apple Cake", "Pear Cake", "Plum Cake"]),
    ] {
        for (asked, sort) in [("cake", Relevance), ("", Newest), ("cake", Rating)] {
            let request = pb::SearchRecipesRequest { min_rating: least.to_owned(), ..sorted(sort, asked) };
            assert_eq!(world.found_set(request).await?, set(&names), "{least}");
        }
    }
    Ok(())
}

/// Waits until all reviews are in the columns of their recipes.
async fn folded(world: &World) -> anyhow::Result<()> {
    world.slice.schema.until("SELECT count(*) FROM recipe_counter_changes", 0).await
}

#[tokio::test]
async fn recipes_of_an_author_are_found_by_those_who_may_see_the_profile() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (open, closed) = (id(), id());
    world.register(open, "Olive", PrivacyLevel::Public).await?;
    world.register(closed, "Clementine", PrivacyLevel::Private).await?;
    for (author, name) in [(open, "Fig Jam"), (closed, "Fig Pie"), (id(), "Fig Tart")] {
        world.create(author, named(name)).await?;
    }
    let by = |author: uuid::Uuid| pb::SearchRecipesRequest { author_user_id: author.to_string(), ..text("fig") };
    assert_eq!(world.found(by(open)).await?, ["Fig Jam"]);
    assert_eq!(world.found(by(closed)).await?, Vec::<String>::new());
    assert_eq!(world.found(by(id())).await?, Vec::<String>::new());
    let own = world.searches(closed).search_recipes(by(closed)).await?.into_inner();
    assert_eq!(super::names_of(&own), ["Fig Pie"]);
    // Everyone finds the recipe itself, without its author.
    let all = world.search(text("fig pie")).await?;
    assert_eq!(all.results[0].recipe.as_ref().expect("a recipe").user_id, "");
    Ok(())
}

#[tokio::test]
async fn filters_that_cannot_be_read_are_refused_by_field() -> anyhow::Result<()> {
    let world = World::start().await?;
    let request = pb::SearchRecipesRequest {
        text: "x".repeat(101),
        all_tags: values(&["fine", ""]),
        any_tags: vec!["x".to_owned(); 21],
        no_tags: vec!["x".repeat(31)],
        with_foods: values(&["?!"]),
        without_foods: vec!["x".repeat(101)],
        max_prep_time_minutes: Some(0),
        difficulty_level: 6,
        min_rating: "5.1".to_owned(),
        author_user_id: "1".to_owned(),
        featured_only: true,
        sort: 9,
        page_size: -1,
        page_token: "x".to_owned(),
        sharing_only: true,
    };
    let paths = [
        "text",
        "all_tags[1]",
        "any_tags",
        "no_tags[0]",
        "with_foods[0]",
        "without_foods[0]",
        "max_prep_time_minutes",
        "difficulty_level",
        "min_rating",
        "author_user_id",
        "sort",
        "page_size",
        "page_token",
    ];
    assert_eq!(violations(world.search(request).await), paths);
    Ok(())
}

#[tokio::test]
async fn foods_have_a_bounded_number_of_words() -> anyhow::Result<()> {
    let world = World::start().await?;
    cakes(&world).await?;
    let letters = |count: u8| (0..count).map(|n| char::from(b'a' + n % 26).to_string()).collect::<Vec<_>>();
    let endless = vec![letters(50).join(" "); 10];
    let request = pb::SearchRecipesRequest { with_foods: endless.clone(), without_foods: endless, ..text("cake") };
    let paths = ["with_foods", "without_foods"].map(|name| (0..10).map(move |n| format!("{name}[{n}]")));
    assert_eq!(violations(world.search(request).await), paths.into_iter().flatten().collect::<Vec<_>>());

    // Five words of each of eight foods.
    let longest = "b c f g h".to_owned();
    let at_cap = |with, without| pb::SearchRecipesRequest {
        with_foods: vec![longest.clone(); with],
        without_foods: vec![longest.clone(); without],
        ..text("cake")
    };
    assert_eq!(violations(world.search(at_cap(9, 0)).await), ["with_foods"]);
    assert_eq!(violations(world.search(at_cap(4, 5)).await), ["without_foods"]);
    assert_eq!(world.found(at_cap(4, 4)).await?, Vec::<String>::new());
    for sort in [Relevance, Newest] {
        let request = pb::SearchRecipesRequest { sort: sort.into(), ..at_cap(0, 8) };
        assert_eq!(world.found_set(request).await?.len(), 4);
    }
    Ok(())
}
