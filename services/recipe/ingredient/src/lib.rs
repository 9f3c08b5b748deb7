//! Reads ingredient lines of recipes: amount, unit, size, food and note. Pure: no input or output, and no panic on any text.

mod clean;
mod cursor;
mod fields;
mod lex;
mod lexicon;
mod number;
mod parsed;
mod quantity;
mod read;
mod render;
mod token;
mod unit;

pub use number::Number;
pub use parsed::{Amount, Parsed};
pub use quantity::{Quantity, ScaleError};
pub use read::parse;
pub use render::render;
pub use unit::{Measure, Unit};
