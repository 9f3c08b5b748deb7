//! Foods, weights and nutrients of ingredients, by release 28 of the USDA National Nutrient Database for Standard Reference (SR28).
//!
//! [`match_food`] finds the food of an ingredient, [`weigh`] its grams, [`nutrition_of`] what a recipe and a serving contain. A food, a weight
//! or a nutrient that the table does not have stays unknown: nothing is guessed, and unknown is not zero.

mod form;
mod ingredient;
mod matching;
mod measure;
mod names;
mod nutrition;
mod table;
mod unit;
mod weighing;
mod words;

pub use ingredient::{Ingredient, Package};
pub use matching::match_food;
pub use nutrition::{Counted, Line, Nutrition, Total, Uncounted, nutrition_of};
pub use table::{Food, Nutrient, Portion, food};
pub use weighing::{Measure, Weight, weigh};
