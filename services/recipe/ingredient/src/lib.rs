//! Reads ingredient lines of recipes: amount, unit, size, food and note. Pure: no input or output, and no panic on any text.

mod number;
mod parsed;
mod quantity;
mod unit;

pub use number::Number;
pub use parsed::{Amount, Parsed};
pub use quantity::{Quantity, ScaleError};
pub use unit::{Measure, Unit};
