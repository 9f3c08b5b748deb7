//! Texts that people see, in every request.

use orchard_proto::DESCRIPTORS;
use orchard_proto::recipe::v1 as pb;
use orchard_testkit::texts::findings;

use crate::world::{World, id, public, strings};

const TEXTS: &[&str] = &[
    "CreateRecipeRequest.description",
    "CreateRecipeRequest.instructions",
    "CreateRecipeRequest.recipe_name",
    "CreateRecipeRequest.tags",
    "CreateReviewRequest.review_text",
    "DismissReportsRequest.note",
    "FeatureRecipeRequest.note",
    "HideRecipeRequest.note",
    "Ingredient.food",
    "Ingredient.note",
    "Ingredient.original_text",
    "Ingredient.size",
    "Ingredient.unit",
    "IngredientAmount.unit",
    "ParseIngredientsRequest.lines",
    "Recipe.description",
    "Recipe.instructions",
    "Recipe.recipe_name",
    "Recipe.tags",
    "ReportRecipeRequest.note",
    "RestoreRecipeRequest.note",
    "Review.review_text",
    "SearchRecipesRequest.all_tags",
    "SearchRecipesRequest.any_tags",
    "SearchRecipesRequest.no_tags",
    "SearchRecipesRequest.text",
    "SearchRecipesRequest.with_foods",
    "SearchRecipesRequest.without_foods",
    "UnfeatureRecipeRequest.note",
];

/// Addresses, numbers, and what the service alone sets.
const OTHERS: &[&str] = &[
    "CreateRecipeRequest.image_url",
    "DeleteRecipeRequest.etag",
    "ImportRecipeRequest.document",
    "Ingredient.food_number",
    "Ingredient.max_quantity",
    "Ingredient.quantity",
    "IngredientAmount.max_quantity",
    "IngredientAmount.quantity",
    "RatingSummary.average",
    "Recipe.author_name",
    "Recipe.etag",
    "Recipe.image_url",
    "Review.reviewer_name",
    "ScaleRecipeRequest.factor",
    "SearchRecipesRequest.min_rating",
];

#[tokio::test]
async fn texts_that_people_see_are_visible() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = world.slice.user_with(id(), &["moderator"])?;
    let found = findings(DESCRIPTORS, "orchard.recipe.v1", (TEXTS, OTHERS), |_| Ok(user.clone())).await?;
    assert_eq!(found, Vec::<String>::new());
    Ok(())
}

/// Texts are kept as they are. A page that shows them must escape them.
#[tokio::test]
async fn script_is_kept_and_served_as_text() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let script = "<script>alert('x')</script> & \"'; DROP TABLE user_recipes; --";
    let request = pb::CreateRecipeRequest {
        recipe_name: script.to_owned(),
        description: format!("{script}\n{script}"),
        ingredients: vec![pb::Ingredient { note: script.to_owned(), food: "apple <b>".to_owned(), ..Default::default() }],
        instructions: strings(&[script]),
        tags: strings(&["<b>"]),
        ..public()
    };
    let recipe = world.create(author, request.clone()).await?;
    let served = world.get(id(), &recipe.recipe_id).await?;
    assert_eq!((&served.recipe_name, &served.description), (&request.recipe_name, &request.description));
    assert_eq!((&served.ingredients, &served.instructions), (&request.ingredients, &request.instructions));
    assert_eq!(served.tags, request.tags);
    let mut review = pb::CreateReviewRequest {
        recipe_id: recipe.recipe_id.clone(),
        rating: 1,
        review_text: script.to_owned(),
        request_id: id().to_string(),
    };
    world.reviews(id()).create_review(review.clone()).await?;
    review.review_text = "山田 👨\u{200D}👩\u{200D}👧 שָׁלוֹם".to_owned();
    review.request_id = id().to_string();
    world.reviews(id()).create_review(review.clone()).await?;
    let mut texts: Vec<_> = world.list_reviews(author, &recipe.recipe_id).await?.into_iter().map(|r| r.review_text).collect();
    texts.sort();
    assert_eq!(texts, [script.to_owned(), review.review_text]);
    Ok(())
}
