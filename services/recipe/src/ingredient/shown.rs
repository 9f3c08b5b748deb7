//! Ingredients for readers.

use super::{Amount, Ingredient, parser};

/// Shows an amount with the fractions of cooks, as in `2 1/2 cups`.
fn amount(amount: &Amount) -> [String; 2] {
    let quantity = amount.range().map(|quantity| quantity.to_string()).unwrap_or_default();
    let is_plural = amount.range().is_none_or(|quantity| quantity.high().unwrap_or(quantity.low()) > parser::Number::ONE);
    let unit = parser::Unit::find(&amount.unit).map(|unit| if is_plural { unit.plural() } else { unit.name() });
    [quantity, unit.unwrap_or(&amount.unit).to_owned()]
}

fn in_brackets(other: &Amount) -> String {
    format!("({})", amount(other).join(" ").trim())
}

impl Ingredient {
    /// Returns a line such as `2 1/2 cups bananas, sliced`.
    pub(crate) fn shown(&self) -> String {
        let [quantity, unit] = amount(&self.amount);
        let package = self.package.as_ref().map(in_brackets).unwrap_or_default();
        let parts = [quantity, package, self.size.clone(), unit];
        let others = self.alternatives.iter().map(in_brackets);
        let parts = parts.into_iter().chain(others).chain([self.food.clone()]).filter(|part| !part.is_empty());
        let line = parts.collect::<Vec<_>>().join(" ");
        if self.note.is_empty() { line } else { format!("{line}, {}", self.note) }
    }
}

#[cfg(test)]
mod tests {
    use crate::ingredient::line;

    #[test]
    fn lines_have_the_fractions_of_cooks() {
        for (text, shown) in [
            ("2.5 cup sliced bananas", "2 1/2 cups bananas, sliced"),
            ("0.333 cup milk", "0.333 cup milk"),
            ("1/3 c. milk", "1/3 cup milk"),
            ("2-3 large eggs", "2-3 large eggs"),
            ("2 x 400g tins tomatoes", "2 (400 grams) tins tomatoes"),
            ("250 g/9 oz butter", "250 grams (9 ounces) butter"),
            ("salt, to taste", "salt, to taste"),
        ] {
            assert_eq!(line::parse(text).map(|ingredient| ingredient.shown()).as_deref(), Some(shown));
        }
    }
}
