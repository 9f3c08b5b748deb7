use orchard_proto::DESCRIPTORS;
use orchard_testkit::matrix::Actor::{self, Moderator, Operator, Service, ServiceForUser};
use orchard_testkit::matrix::Admits::{Hidden, Only};
use orchard_testkit::matrix::{Table, USERS, findings};

use crate::world::World;

const TABLE: &Table = &[
    ("RecipeService/CreateRecipe", Only(&[USERS])),
    ("RecipeService/GetRecipe", Only(&[USERS])),
    ("RecipeService/BatchGetRecipes", Only(&[USERS])),
    ("RecipeService/UpdateRecipe", Only(&[USERS])),
    ("RecipeService/DeleteRecipe", Only(&[USERS])),
    ("RecipeService/ListRecipes", Only(&[USERS])),
    ("RecipeService/ScaleRecipe", Only(&[USERS])),
    ("RecipeService/GetRecipeNutrition", Only(&[USERS])),
    ("RecipeService/ImportRecipe", Only(&[USERS])),
    ("RecipeService/ExportRecipe", Only(&[USERS])),
    ("IngredientService/ParseIngredients", Only(&[USERS])),
    ("ReviewService/CreateReview", Only(&[USERS])),
    ("ReviewService/GetReview", Only(&[USERS])),
    ("ReviewService/UpdateReview", Only(&[USERS])),
    ("ReviewService/DeleteReview", Only(&[USERS])),
    ("ReviewService/ListReviews", Only(&[USERS])),
    ("ReviewService/AddHelpfulVote", Only(&[USERS])),
    ("ReviewService/RemoveHelpfulVote", Only(&[USERS])),
    ("SearchService/SearchRecipes", Only(&[USERS])),
    ("FavouriteService/AddFavourite", Only(&[USERS])),
    ("FavouriteService/RemoveFavourite", Only(&[USERS])),
    ("FavouriteService/ListFavourites", Only(&[USERS])),
    ("FavouriteService/CountFavourites", Only(&[USERS])),
    ("FavouriteService/BatchGetFavourites", Only(&[USERS])),
    ("ModerationService/ReportRecipe", Only(&[USERS])),
    ("ModerationService/ListReportedRecipes", Only(&[&[Moderator]])),
    ("ModerationService/GetReportedRecipe", Only(&[&[Moderator]])),
    ("ModerationService/ListReports", Only(&[&[Moderator]])),
    ("ModerationService/HideRecipe", Only(&[&[Moderator]])),
    ("ModerationService/RestoreRecipe", Only(&[&[Moderator]])),
    ("ModerationService/DismissReports", Only(&[&[Moderator]])),
    ("ModerationService/FeatureRecipe", Only(&[&[Moderator]])),
    ("ModerationService/UnfeatureRecipe", Only(&[&[Moderator]])),
    ("ModerationService/ListDecisions", Only(&[&[Moderator]])),
];

const EVENTS: &Table = &[
    ("OutboxService/ListParkedEvents", Only(&[&[Operator]])),
    ("OutboxService/ReplayParkedEvent", Only(&[&[Operator]])),
    ("OutboxService/DiscardParkedEvent", Only(&[&[Operator]])),
    // This service consumes no events.
    ("InboxService/DeliverEvents", Hidden),
];

const SOCIAL: &[Actor] = &[Service("social"), ServiceForUser("social")];

const PRIVACY: &Table =
    &[("PrivacyService/EraseUser", Only(&[&[Operator], SOCIAL])), ("PrivacyService/ExportUser", Only(&[USERS, SOCIAL]))];

#[tokio::test]
async fn each_method_admits_only_its_callers() -> anyhow::Result<()> {
    let slice = World::start().await?.slice;
    for (package, table) in [("orchard.recipe.v1", TABLE), ("orchard.events.v1", EVENTS), ("orchard.privacy.v1", PRIVACY)] {
        let findings = findings(&slice.running.channel()?, &slice.keys, DESCRIPTORS, package, table).await?;
        assert_eq!(findings, Vec::<String>::new());
    }
    Ok(())
}
