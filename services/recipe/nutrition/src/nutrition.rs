//! What a recipe and a serving contain.

use crate::ingredient::Ingredient;
use crate::matching::match_food;
use crate::table::{Food, Nutrient};
use crate::weighing::{Weight, weigh};

/// What a recipe contains.
#[derive(Debug, Clone, PartialEq)]
pub struct Nutrition {
    /// The lines, in the order of the ingredients.
    pub lines: Vec<Line>,
    /// Ingredients that are counted, in percent of all, rounded down; 100 for a recipe without ingredients.
    pub completeness_percent: u32,
    totals: [Total; Nutrient::ALL.len()],
    servings: f64,
}

/// What an ingredient adds.
pub type Line = Result<Counted, Uncounted>;

/// An ingredient that is counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counted {
    /// The food.
    pub food: &'static Food,
    /// What the ingredient weighs.
    pub weight: Weight,
}

impl Counted {
    /// Returns how much of a nutrient the ingredient contains, or none when the food's has not been measured.
    pub fn amount(&self, nutrient: Nutrient) -> Option<f64> {
        self.food.per_100_grams(nutrient).map(|amount| amount * self.weight.grams / 100.0)
    }
}

/// Why an ingredient is not counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Uncounted {
    /// The table has no such food.
    Unmatched,
    /// The table does not say what the quantity of the food weighs.
    NoGrams(&'static Food),
    /// The line states no quantity of the food.
    NoQuantity(&'static Food),
}

/// An amount of a nutrient, in its unit, not rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Total {
    /// The amount. All ingredients are counted, and the nutrient has been measured in each food.
    Exactly(f64),
    /// The amount in the ingredients of which it is known. The recipe contains that or more.
    AtLeast(f64),
    /// Of no ingredient is the amount known.
    Unknown,
}

impl Total {
    fn of(amounts: impl Iterator<Item = Option<f64>>) -> Self {
        let (mut sum, mut known, mut unknown) = (0.0, 0_usize, 0_usize);
        for amount in amounts {
            match amount {
                Some(amount) => (sum, known) = (sum + amount, known + 1),
                None => unknown += 1,
            }
        }
        match (known, unknown) {
            (_, 0) => Self::Exactly(sum),
            (0, _) => Self::Unknown,
            _ => Self::AtLeast(sum),
        }
    }

    fn divided(self, by: f64) -> Self {
        match self {
            Self::Exactly(amount) => Self::Exactly(amount / by),
            Self::AtLeast(amount) => Self::AtLeast(amount / by),
            Self::Unknown => Self::Unknown,
        }
    }
}

impl Nutrition {
    /// Returns how much of a nutrient the recipe contains.
    pub fn total(&self, nutrient: Nutrient) -> Total {
        self.totals.get(nutrient as usize).copied().unwrap_or(Total::Unknown)
    }

    /// Returns how much of a nutrient a serving contains.
    pub fn per_serving(&self, nutrient: Nutrient) -> Total {
        self.total(nutrient).divided(self.servings)
    }
}

/// Returns what a recipe for a number of people, at least 1, contains.
pub fn nutrition_of(ingredients: &[Ingredient], servings: u32) -> Nutrition {
    let lines: Vec<_> = ingredients.iter().map(line).collect();
    let amount = |line: &Line, nutrient| line.as_ref().ok().and_then(|counted| counted.amount(nutrient));
    let totals = Nutrient::ALL.map(|nutrient| Total::of(lines.iter().map(|line| amount(line, nutrient))));
    let counted = lines.iter().filter(|line| line.is_ok()).count();
    let percent = (counted * 100).checked_div(lines.len()).unwrap_or(100);
    Nutrition { lines, completeness_percent: u32::try_from(percent).unwrap_or(100), totals, servings: f64::from(servings.max(1)) }
}

fn line(ingredient: &Ingredient) -> Line {
    let food = match_food(ingredient).ok_or(Uncounted::Unmatched)?;
    if ingredient.quantity.is_none() {
        return Err(Uncounted::NoQuantity(food));
    }
    weigh(food, ingredient).map(|weight| Counted { food, weight }).ok_or(Uncounted::NoGrams(food))
}
