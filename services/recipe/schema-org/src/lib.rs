//! Recipes as [schema.org](https://schema.org/Recipe) JSON-LD, both ways.
//!
//! [`import()`] reads the documents that pages carry, broken ones among them, and says what it dropped. [`export()`] writes a document that
//! [`import()`] reads as the same recipe.

mod amounts;
mod durations;
mod error;
mod export;
mod graph;
mod images;
mod import;
mod ingredients;
mod instructions;
mod json;
mod markup;
mod page;
mod recipe;
mod report;
mod tags;
mod text;
mod value;
mod yields;

pub use error::ImportError;
pub use export::export;
pub use import::{Imported, import};
pub use recipe::{NutritionFacts, Recipe};
