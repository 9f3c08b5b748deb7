//! What the author of a recipe writes, and changes of it.

use serde::{Deserialize, Serialize};

use super::{RecipeError, fruit};
use crate::ingredient::Ingredient;

/// What the author of a recipe writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The part that lists show.
    pub heading: Heading,
    /// The ingredients, in the author's order.
    pub ingredients: Vec<Ingredient>,
    /// The steps, each of one line.
    pub instructions: Vec<String>,
    pub nutritional_info: Option<NutritionalInfo>,
}

/// The part of a recipe that lists show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    pub recipe_name: String,
    pub description: Option<String>,
    /// The time that preparation takes.
    pub prep_time_minutes: Option<i32>,
    pub servings: i32,
    /// From 1 (easy) to 5 (hard).
    pub difficulty_level: i32,
    /// Distinct tags in lower case.
    pub tags: Vec<String>,
    /// The address of a photo.
    pub image_url: Option<String>,
    /// Whether everyone may see the recipe.
    pub is_public: bool,
}

/// The JSON column with the nutrition of a recipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NutritionalInfo {
    /// The author's estimate of a serving.
    pub estimate: NutritionEstimate,
}

/// An estimate of what a serving contains. Unknown numbers are not stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NutritionEstimate {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy_kcal: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protein_grams: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carbohydrate_grams: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sugar_grams: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fat_grams: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fibre_grams: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sodium_milligrams: Option<i32>,
}

/// The greatest estimates: of energy, of what is given in grams, and of what is given in milligrams.
pub(crate) const MOST_ESTIMATES: [i32; 3] = [100_000, 10_000, 1_000_000];

/// New values of a content's fields; `None` for those that stay.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    pub recipe_name: Option<String>,
    pub description: Option<Option<String>>,
    pub ingredients: Option<Vec<Ingredient>>,
    pub instructions: Option<Vec<String>>,
    pub prep_time_minutes: Option<Option<i32>>,
    pub servings: Option<i32>,
    pub difficulty_level: Option<i32>,
    pub tags: Option<Vec<String>>,
    pub image_url: Option<Option<String>>,
    pub is_public: Option<bool>,
    pub nutritional_info: Option<Option<NutritionalInfo>>,
}

impl Content {
    /// Returns the content with the new values.
    pub fn patched(self, patch: Patch) -> Self {
        let heading = self.heading;
        Self {
            heading: Heading {
                recipe_name: patch.recipe_name.unwrap_or(heading.recipe_name),
                description: patch.description.unwrap_or(heading.description),
                prep_time_minutes: patch.prep_time_minutes.unwrap_or(heading.prep_time_minutes),
                servings: patch.servings.unwrap_or(heading.servings),
                difficulty_level: patch.difficulty_level.unwrap_or(heading.difficulty_level),
                tags: patch.tags.unwrap_or(heading.tags),
                image_url: patch.image_url.unwrap_or(heading.image_url),
                is_public: patch.is_public.unwrap_or(heading.is_public),
            },
            ingredients: patch.ingredients.unwrap_or(self.ingredients),
            instructions: patch.instructions.unwrap_or(self.instructions),
            nutritional_info: patch.nutritional_info.unwrap_or(self.nutritional_info),
        }
    }

    /// Checks that a public recipe has a fruit among its ingredients.
    pub fn check_fruit(&self) -> Result<(), RecipeError> {
        let has_fruit = || self.ingredients.iter().any(|ingredient| fruit::is_in(&ingredient.food));
        if self.heading.is_public && !has_fruit() { Err(RecipeError::NoFruit) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(food: &str) -> Ingredient {
        Ingredient { food: food.to_owned(), ..Ingredient::default() }
    }

    fn crumble() -> Content {
        Content {
            heading: Heading {
                recipe_name: "Crumble".to_owned(),
                description: Some("Warm".to_owned()),
                prep_time_minutes: Some(50),
                servings: 4,
                difficulty_level: 2,
                tags: vec!["autumn".to_owned()],
                image_url: None,
                is_public: true,
            },
            ingredients: vec![of("oats"), of("apples")],
            instructions: vec!["Bake.".to_owned()],
            nutritional_info: None,
        }
    }

    #[test]
    fn a_patch_changes_only_what_it_names() {
        assert_eq!(crumble().patched(Patch::default()), crumble());
        let patched = crumble().patched(Patch { description: Some(None), servings: Some(6), ..Patch::default() });
        let mut expected = crumble();
        (expected.heading.description, expected.heading.servings) = (None, 6);
        assert_eq!(patched, expected);
    }

    #[test]
    fn only_a_public_recipe_needs_a_fruit() {
        assert_eq!(crumble().check_fruit(), Ok(()));
        let oats = Content { ingredients: vec![of("oats")], ..crumble() };
        assert_eq!(oats.check_fruit(), Err(RecipeError::NoFruit));
        let is_private = Patch { is_public: Some(false), ..Patch::default() };
        assert_eq!(oats.patched(is_private).check_fruit(), Ok(()));
    }
}
