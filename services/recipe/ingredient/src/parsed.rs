//! What is known of an ingredient line.

use crate::number::Number;
use crate::quantity::{Quantity, ScaleError};
use crate::unit::Unit;

/// An ingredient line, taken apart. Its words are in the size, the food or the note, except amounts and words that link them ("2 cups of").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The line as it was given.
    pub original: String,
    /// How much of the food. `None` if the line does not say it: "salt", "oil for frying".
    pub amount: Option<Amount>,
    /// The same amount in other units, in the order of the line: 9 oz of "250 g/9 oz".
    pub alternatives: Vec<Amount>,
    /// What one container or piece holds or measures: 400 g of "2 x 400 g cans", 4 oz of "12 (4 ounce) steaks".
    pub package: Option<Amount>,
    /// The size of the pieces, in the words of the line: "large", "extra-large". Empty if none.
    pub size: String,
    /// The food as it is bought, in the words of the line: "dried red chilli". Empty if the line names none.
    pub food: String,
    /// Preparation, purpose and comments in the words of the line, separated by ", ": "finely chopped, plus extra to serve".
    pub note: String,
}

/// A quantity of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// How many units. `None` if the line leaves it open: "a few sprigs".
    pub quantity: Option<Quantity>,
    /// The unit. `None` if the food itself is counted: "3 eggs".
    pub unit: Option<Unit>,
}

impl Amount {
    /// Returns the amount times `factor`.
    ///
    /// # Errors
    ///
    /// Those of [`Quantity::scale`].
    pub fn scale(self, factor: Number) -> Result<Self, ScaleError> {
        Ok(Self { quantity: self.quantity.map(|quantity| quantity.scale(factor)).transpose()?, ..self })
    }
}

impl Parsed {
    /// Returns the line for `factor` times as many servings. What one package holds stays the same, and so do numbers in the note.
    ///
    /// # Errors
    ///
    /// Those of [`Quantity::scale`]. A factor that is not greater than zero is refused for lines without an amount, too.
    pub fn scale(&self, factor: Number) -> Result<Self, ScaleError> {
        if factor <= Number::ZERO {
            return Err(ScaleError::Factor);
        }
        let amount = self.amount.map(|amount| amount.scale(factor)).transpose()?;
        let alternatives = self.alternatives.iter().map(|amount| amount.scale(factor)).collect::<Result<_, _>>()?;
        Ok(Self { amount, alternatives, ..self.clone() })
    }
}
