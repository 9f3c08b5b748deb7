use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::HighlightField::{Description, Food, RecipeName, Tag};

use super::{named, text, values};
use crate::world::{World, id};

/// Returns where a text has met a recipe, and the words that it has met.
fn met(answer: &pb::SearchRecipesResponse) -> Vec<(pb::HighlightField, i32, Vec<String>)> {
    let words = |highlight: &pb::Highlight| {
        let text: Vec<char> = highlight.text.chars().collect();
        let at = |n: i32| usize::try_from(n).expect("not negative");
        highlight.ranges.iter().map(|range| text[at(range.start)..at(range.end)].iter().collect()).collect()
    };
    let highlights = &answer.results[0].highlights;
    highlights.iter().map(|highlight| (highlight.field(), highlight.index, words(highlight))).collect()
}

#[tokio::test]
async fn what_has_met_the_text_is_shown_with_its_place() -> anyhow::Result<()> {
    let world = World::start().await?;
    let food = |food: &str| pb::Ingredient { food: food.to_owned(), note: "fig".to_owned(), ..Default::default() };
    let request = pb::CreateRecipeRequest {
        description: format!("{}Serve with Pfläumchen-Eis & ripe PLUMS 🍑.", "So many words. ".repeat(20)),
        tags: values(&["autumn", "plum season"]),
        ingredients: vec![food("sugar"), food("plums, or a plum jam")],
        ..named("Plúm  Blue Berry Pie")
    };
    world.create(id(), request).await?;
    let answer = world.search(text("plumb blueberry")).await?;
    let name = (RecipeName, 0, values(&["Plúm", "Blue", "Berry"]));
    let all = [name, (Tag, 1, values(&["plum"])), (Food, 1, values(&["plums", "plum"])), (Description, 0, values(&["PLUMS"]))];
    assert_eq!(met(&answer), all);
    assert!(answer.results[0].highlights[3].text.chars().count() <= 200);
    assert!(world.search(text("")).await?.results[0].highlights.is_empty());
    // Notes are not searched.
    assert!(world.found(text("fig")).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn at_most_ten_texts_are_shown_of_a_recipe() -> anyhow::Result<()> {
    let world = World::start().await?;
    let food = |n: i32| pb::Ingredient { food: format!("plums of sort {n}"), ..Default::default() };
    let request = pb::CreateRecipeRequest {
        description: "With plums.".to_owned(),
        tags: values(&["plum season"]),
        ingredients: (0..30).map(food).collect(),
        ..named("Plum Pie")
    };
    world.create(id(), request).await?;
    let answer = world.search(text("plums")).await?;
    let fields = met(&answer).into_iter().map(|(field, ..)| field).collect::<Vec<_>>();
    assert_eq!(fields, [&[RecipeName, Tag][..], &[Food; 7], &[Description]].concat());
    Ok(())
}
