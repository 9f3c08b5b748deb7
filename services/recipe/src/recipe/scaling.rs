//! Recipes for other numbers of servings.

use orchard_ingredient::Number;

use super::{Content, RecipeError};
use crate::ingredient::{Ingredient, Quantity};

/// How much of a recipe is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// So many servings, at least 1.
    Servings(i32),
    /// So many times the recipe.
    Factor(Quantity),
}

/// A scaled recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scaled {
    /// How many times the recipe this is.
    pub(super) factor: Quantity,
    pub(super) servings: Quantity,
    pub(super) ingredients: Vec<Ingredient>,
}

/// Scales a recipe exactly.
pub(super) fn scale(content: &Content, scale: Scale) -> Result<Scaled, RecipeError> {
    scaled(content, scale).ok_or(RecipeError::ScaleOutOfRange)
}

fn scaled(content: &Content, scale: Scale) -> Option<Scaled> {
    let own = Quantity::new(i64::from(content.heading.servings).into())?;
    let factor = match scale {
        Scale::Servings(servings) => Quantity::new(Number::from_integer(servings.into()) / own.number())?,
        Scale::Factor(factor) => factor,
    };
    let ingredients = content.ingredients.iter().map(|ingredient| ingredient.times(factor)).collect::<Option<_>>()?;
    Some(Scaled { factor, servings: own.times(factor)?, ingredients })
}
