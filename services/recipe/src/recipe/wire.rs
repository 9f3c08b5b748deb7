//! Conversions of recipes from and to protobuf.

mod content;
mod document;
mod nutrition;

use orchard_db::idempotency::{Keep, Key};
use orchard_proto::recipe::v1 as pb;
use orchard_rpc::{Fields, read, timestamp_to_wire};
use prost::Message as _;
use uuid::Uuid;

use super::scaling::{Scale, Scaled};
use super::{Content, Counts, Facts, Patch, Recipe, Summary};
use crate::error::Error;
use crate::ingredient::{self, Ingredient};
use crate::people::Profiles;
pub(super) use document::{import, imported};
pub(super) use nutrition::nutrition;

use content::{nutrition_to_wire, read_content, read_patch};

/// The most recipes that one request may ask for.
const MAX_BATCH: usize = 20;
/// The most bytes of recipes in one response: clients accept 4 MiB.
const MAX_BYTES: usize = 3 * 1024 * 1024;

const PATHS: [&str; 11] = [
    "recipe_name",
    "description",
    "ingredients",
    "instructions",
    "prep_time_minutes",
    "servings",
    "difficulty_level",
    "tags",
    "image_url",
    "is_public",
    "nutritional_info",
];

/// Reads a recipe to create.
pub(super) fn new_recipe(request: &pb::CreateRecipeRequest, caller: Uuid) -> Result<(Key, Content), Error> {
    let mut fields = Fields::default();
    let content = read_content(&mut fields, request);
    let request_id = fields.read("request_id", read::uuid(&request.request_id));
    Ok(fields.finish(|| Ok((Key::new(caller, "CreateRecipe", request_id?, Keep::Days30, request), content?)))?)
}

pub(super) fn batch(request: &pb::BatchGetRecipesRequest) -> Result<Vec<Uuid>, Error> {
    let mut fields = Fields::default();
    let ids = fields.values("recipe_ids", 1..=MAX_BATCH, &request.recipe_ids, |id| read::uuid(id));
    Ok(fields.finish(|| ids)?)
}

/// Reads a change: the recipe, the version that the caller has read, and the new values.
pub(super) fn update(request: pb::UpdateRecipeRequest) -> Result<(Uuid, Option<i64>, Patch), Error> {
    let mut fields = Fields::default();
    let paths = fields.read("update_mask", read::field_mask(request.update_mask, &PATHS));
    let recipe = fields.read("recipe", read::required(request.recipe));
    let mask = paths.as_deref().unwrap_or_default();
    let read = recipe.map(|recipe| {
        fields.within("recipe", |fields| {
            let id = fields.read("recipe_id", read::uuid(&recipe.recipe_id));
            let version = fields.read("etag", read_etag(&recipe.etag));
            let patch = read_patch(fields, mask, recipe);
            Ok((id?, version?, patch?))
        })
    });
    Ok(fields.finish(|| {
        paths?;
        read?
    })?)
}

pub(super) fn delete(request: &pb::DeleteRecipeRequest) -> Result<(Uuid, Option<i64>), Error> {
    let mut fields = Fields::default();
    let id = fields.read("recipe_id", read::uuid(&request.recipe_id));
    let version = fields.read("etag", read_etag(&request.etag));
    Ok(fields.finish(|| Ok((id?, version?)))?)
}

/// Reads how much of which recipe is asked for.
pub(super) fn scale(request: &pb::ScaleRecipeRequest) -> Result<(Uuid, Scale), Error> {
    use pb::scale_recipe_request::Scale as Sent;

    let mut fields = Fields::default();
    let id = fields.read("recipe_id", read::uuid(&request.recipe_id));
    let scale = match &request.scale {
        Some(Sent::Servings(servings)) => fields.read("servings", read::within(*servings, 1..=1_000)).map(Scale::Servings),
        Some(Sent::Factor(factor)) => fields.read("factor", ingredient::wire::read_known_quantity(factor)).map(Scale::Factor),
        None => fields.read("scale", Err("is required: servings or factor".to_owned())),
    };
    Ok(fields.finish(|| Ok((id?, scale?)))?)
}

/// Converts a scaled recipe.
pub(super) fn scaled(facts: &Facts, scaled: Scaled) -> pb::ScaleRecipeResponse {
    pb::ScaleRecipeResponse {
        recipe_id: facts.id.to_string(),
        etag: facts.version.to_string(),
        factor: scaled.factor.to_string(),
        servings: scaled.servings.to_string(),
        lines: scaled.ingredients.iter().map(Ingredient::shown).collect(),
        ingredients: scaled.ingredients.into_iter().map(ingredient::wire::to_wire).collect(),
    }
}

/// An etag is the version of the content.
fn read_etag(etag: &str) -> Result<Option<i64>, String> {
    if etag.is_empty() {
        return Ok(None);
    }
    let version = etag.parse().ok().filter(|version: &i64| version.to_string() == etag && *version > 0);
    version.map(Some).ok_or_else(|| "must be the etag of a recipe, or empty".to_owned())
}

/// Converts a recipe for the viewer of the profiles.
pub(crate) fn recipe(recipe: Recipe, profiles: &Profiles) -> pb::Recipe {
    let Recipe { facts, content } = recipe;
    let Content { heading, ingredients, instructions, nutritional_info } = content;
    let author = profiles.person(facts.user_id);
    pb::Recipe {
        recipe_id: facts.id.to_string(),
        user_id: author.user_id,
        author_name: author.name,
        recipe_name: heading.recipe_name,
        description: heading.description.unwrap_or_default(),
        ingredients: ingredients.into_iter().map(ingredient::wire::to_wire).collect(),
        instructions,
        prep_time_minutes: heading.prep_time_minutes,
        servings: heading.servings,
        difficulty_level: heading.difficulty_level,
        tags: heading.tags,
        image_url: heading.image_url.unwrap_or_default(),
        is_public: heading.is_public,
        nutritional_info: nutritional_info.map(|info| nutrition_to_wire(info.estimate)),
        etag: facts.version.to_string(),
        rating: Some(rating(&facts.counts)),
        favourite_count: count(facts.counts.favourites),
        feature_time: facts.featured_at.map(timestamp_to_wire),
        hide_time: facts.hidden_at.map(timestamp_to_wire),
        create_time: Some(timestamp_to_wire(facts.created_at)),
        update_time: Some(timestamp_to_wire(facts.updated_at)),
        edit_time: Some(timestamp_to_wire(facts.edited_at)),
    }
}

/// Converts a recipe in a list for the viewer of the profiles.
pub(crate) fn summary(summary: Summary, profiles: &Profiles) -> pb::RecipeSummary {
    let Summary { facts, heading } = summary;
    let author = profiles.person(facts.user_id);
    pb::RecipeSummary {
        recipe_id: facts.id.to_string(),
        user_id: author.user_id,
        author_name: author.name,
        recipe_name: heading.recipe_name,
        description: heading.description.unwrap_or_default(),
        prep_time_minutes: heading.prep_time_minutes,
        servings: heading.servings,
        difficulty_level: heading.difficulty_level,
        tags: heading.tags,
        image_url: heading.image_url.unwrap_or_default(),
        is_public: heading.is_public,
        create_time: Some(timestamp_to_wire(facts.created_at)),
        edit_time: Some(timestamp_to_wire(facts.edited_at)),
        rating: Some(rating(&facts.counts)),
        favourite_count: count(facts.counts.favourites),
        feature_time: facts.featured_at.map(timestamp_to_wire),
        hide_time: facts.hidden_at.map(timestamp_to_wire),
    }
}

/// Answers with as many recipes as fit, and with the ids of the others.
pub(super) fn batch_answer(recipes: Vec<Recipe>, profiles: &Profiles) -> pb::BatchGetRecipesResponse {
    let mut answer = pb::BatchGetRecipesResponse { profiles_unavailable: profiles.is_unavailable, ..Default::default() };
    let mut room = MAX_BYTES;
    for found in recipes {
        let message = recipe(found, profiles);
        match room.checked_sub(message.encoded_len()) {
            Some(left) => {
                room = left;
                answer.recipes.push(message);
            }
            None => answer.remaining_recipe_ids.push(message.recipe_id),
        }
    }
    answer
}

fn rating(counts: &Counts) -> pb::RatingSummary {
    let [one, two, three, four, five] = counts.ratings.map(count);
    pb::RatingSummary {
        average: counts.average(),
        review_count: count(counts.reviews()),
        one_star_count: one,
        two_star_count: two,
        three_star_count: three,
        four_star_count: four,
        five_star_count: five,
    }
}

pub(crate) fn count(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_is_a_version_in_one_spelling() {
        assert_eq!(read_etag(""), Ok(None));
        assert_eq!(read_etag("7"), Ok(Some(7)));
        for bad in ["0", "-1", "+1", "01", " 1", "1.0", "x", "9223372036854775808"] {
            assert!(read_etag(bad).is_err(), "{bad}");
        }
    }
}
