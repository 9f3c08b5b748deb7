//! Loads sixty recipes with reviews, votes and favourites.

use anyhow::{Context as _, Result, ensure};
use orchard_proto::recipe::v1::favourite_service_client::FavouriteServiceClient;
use orchard_proto::recipe::v1::moderation_service_client::ModerationServiceClient;
use orchard_proto::recipe::v1::recipe_service_client::RecipeServiceClient;
use orchard_proto::recipe::v1::review_service_client::ReviewServiceClient;
use orchard_proto::recipe::v1::{
    AddFavouriteRequest, AddHelpfulVoteRequest, CreateRecipeRequest, CreateReviewRequest, FeatureRecipeRequest, Ingredient,
};

use super::calls::{Calls, answer, request_id};
use super::people::PEOPLE;
use super::state::State;

/// One paragraph for each recipe: name, tags, minutes, servings and difficulty; a description; ingredients as quantity, unit, food and note;
/// steps.
const TEXT: &str = include_str!("recipes.txt");

/// What reviewers say, by their rating.
const OPINIONS: [&str; 5] = [
    "It did not work for me, twice.",
    "Too sweet, and it takes longer than it says.",
    "Good, but I would not make it every week.",
    "Everybody asked for more. I took a little less sugar.",
    "The best that I have ever made of this fruit!",
];

/// Children publish nothing.
const CHILD: &str = "chloe";

/// Every seventh recipe is featured.
const FEATURED: usize = 7;

/// Publishes the recipes, and has the others review, keep and feature them.
pub async fn load(calls: &Calls<'_>, state: &mut State) -> Result<()> {
    let cooks: Vec<&str> = PEOPLE.into_iter().filter(|name| *name != CHILD).collect();
    let mut recipes = Vec::new();
    for (number, paragraph) in TEXT.split("\n\n").enumerate() {
        let author = number % cooks.len();
        let recipe_id = publish(calls, cooks[author], read(paragraph)?).await?;
        // From none to six reviews each.
        for reviewer in 1..=number % 7 {
            review(calls, (number, &recipe_id), &cooks, author + reviewer * 3).await?;
        }
        if number % FEATURED == 0 {
            feature(calls, &recipe_id).await?;
        }
        recipes.push(recipe_id);
    }
    state.recipes = recipes;
    state.save()
}

async fn publish(calls: &Calls<'_>, author: &str, mut request: CreateRecipeRequest) -> Result<String> {
    request.request_id = request_id(&format!("{} of {author}", request.recipe_name));
    request.is_public = Some(true);
    let mut recipes = RecipeServiceClient::new(calls.edge.clone());
    let response = answer("CreateRecipe", recipes.create_recipe(calls.user(author, request)?).await)?;
    Ok(response.recipe.context("CreateRecipe returned no recipe")?.recipe_id)
}

async fn review(calls: &Calls<'_>, (number, recipe_id): (usize, &str), cooks: &[&str], place: usize) -> Result<()> {
    let reviewer = cooks[place % cooks.len()];
    // Mostly 4 and 5.
    let rating = [5, 4, 5, 3, 4, 5, 2, 4, 5, 1][(number * 3 + place) % 10];
    let request = CreateReviewRequest {
        recipe_id: recipe_id.to_owned(),
        rating,
        review_text: OPINIONS[usize::try_from(rating - 1)?].to_owned(),
        request_id: request_id(&format!("review of {recipe_id} by {reviewer}")),
    };
    let mut reviews = ReviewServiceClient::new(calls.edge.clone());
    let response = answer("CreateReview", reviews.create_review(calls.user(reviewer, request)?).await)?;
    let review_id = response.review.context("CreateReview returned no review")?.review_id;
    let voter = cooks[(place + 1) % cooks.len()];
    if place.is_multiple_of(2) {
        let vote = calls.user(voter, AddHelpfulVoteRequest { review_id })?;
        answer("AddHelpfulVote", reviews.add_helpful_vote(vote).await)?;
    }
    if rating >= 4 {
        let keep = calls.user(reviewer, AddFavouriteRequest { recipe_id: recipe_id.to_owned() })?;
        answer("AddFavourite", FavouriteServiceClient::new(calls.edge.clone()).add_favourite(keep).await)?;
    }
    Ok(())
}

async fn feature(calls: &Calls<'_>, recipe_id: &str) -> Result<()> {
    let request = FeatureRecipeRequest { recipe_id: recipe_id.to_owned(), note: "Of the week".to_owned() };
    let mut moderation = ModerationServiceClient::new(calls.edge.clone());
    answer("FeatureRecipe", moderation.feature_recipe(calls.moderator(request)?).await).map(drop)
}

fn read(paragraph: &str) -> Result<CreateRecipeRequest> {
    let mut lines = paragraph.trim().lines();
    let heading: Vec<&str> = lines.next().unwrap_or_default().split(" | ").collect();
    let [name, tags, minutes, servings, difficulty] = heading[..] else { anyhow::bail!("{heading:?} is no heading") };
    let mut request = CreateRecipeRequest {
        recipe_name: name.to_owned(),
        tags: tags.split(", ").map(str::to_owned).collect(),
        prep_time_minutes: Some(minutes.parse()?),
        servings: servings.parse()?,
        difficulty_level: difficulty.parse()?,
        description: lines.next().unwrap_or_default().to_owned(),
        ..CreateRecipeRequest::default()
    };
    for line in lines {
        match line.split_at_checked(2) {
            Some(("- ", text)) => request.ingredients.push(ingredient(text)?),
            Some(("> ", step)) => request.instructions.push(step.to_owned()),
            Some(_) | None => anyhow::bail!("{line:?} of {name} is neither an ingredient nor a step"),
        }
    }
    ensure!(!request.ingredients.is_empty() && !request.instructions.is_empty(), "{name} is not complete");
    Ok(request)
}

fn ingredient(text: &str) -> Result<Ingredient> {
    let mut parts = text.splitn(4, ';');
    let mut part = || parts.next().unwrap_or_default().to_owned();
    let (quantity, unit, food, note) = (part(), part(), part(), part());
    ensure!(!food.is_empty(), "{text:?} is no ingredient");
    Ok(Ingredient { food, quantity, unit, note, ..Ingredient::default() })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_sixty_complete_recipes_with_different_names() {
        let recipes = TEXT.split("\n\n").map(read).collect::<Result<Vec<_>>>().unwrap();
        let names: BTreeSet<&str> = recipes.iter().map(|recipe| recipe.recipe_name.as_str()).collect();
        assert_eq!((recipes.len(), names.len()), (60, 60));
        assert!(recipes.iter().all(|recipe| (1..=5).contains(&recipe.difficulty_level) && !recipe.description.is_empty()));
    }
}
