//! Takes the lines of the cases apart: a quantity first, the note after the first comma.

use orchard_nutrition::{Ingredient, Package};

const UNITS: [&str; 68] = [
    "g",
    "kg",
    "mg",
    "oz",
    "ounce",
    "ounces",
    "lb",
    "lbs",
    "pound",
    "pounds",
    "ml",
    "cl",
    "dl",
    "l",
    "litre",
    "litres",
    "liter",
    "cup",
    "cups",
    "tbsp",
    "tablespoon",
    "tablespoons",
    "tsp",
    "teaspoon",
    "teaspoons",
    "pint",
    "pints",
    "quart",
    "clove",
    "cloves",
    "can",
    "cans",
    "tin",
    "tins",
    "jar",
    "slice",
    "slices",
    "stalk",
    "stalks",
    "stick",
    "sticks",
    "head",
    "heads",
    "bulb",
    "bulbs",
    "sprig",
    "sprigs",
    "bunch",
    "leaf",
    "leaves",
    "ear",
    "ears",
    "packet",
    "packets",
    "sachet",
    "envelope",
    "pinch",
    "fillet",
    "fillets",
    "sheet",
    "sheets",
    "handful",
    "handfuls",
    "pack",
    "jars",
    "bag",
    "wedge",
    "wedges",
];

/// Returns the ingredient of a line.
pub fn split(line: &str) -> Ingredient<'_> {
    if let Some((part, rest)) =
        line.split_once(" of ").filter(|(part, _)| ["juice", "zest"].iter().any(|word| part.ends_with(word)))
    {
        return Ingredient { note: part, ..split(rest) };
    }
    let (quantity, rest) = quantity(line);
    let (before, rest) = package(rest);
    let (unit, rest) = unit(rest);
    let (after, rest) = package(rest);
    let (food, note) = rest.split_once(',').unwrap_or((rest, ""));
    Ingredient { quantity, unit, package: before.or(after), food: food.trim(), note: note.trim(), ..Ingredient::default() }
}

fn quantity(line: &str) -> (Option<f64>, &str) {
    let mut sum = None;
    let mut rest = line.trim_start();
    loop {
        let (word, others) = rest.split_once(' ').unwrap_or((rest, ""));
        let number = match word.split_once('/') {
            Some((above, below)) => above.parse::<f64>().ok().zip(below.parse::<f64>().ok()).map(|(above, below)| above / below),
            None => word.parse().ok(),
        };
        let Some(number) = number else { return (sum, rest) };
        (sum, rest) = (Some(sum.unwrap_or(0.0) + number), others.trim_start());
    }
}

fn package(rest: &str) -> (Option<Package<'_>>, &str) {
    let inside = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let Some((inside, others)) = inside else { return (None, rest) };
    let (quantity, unit) = quantity(inside);
    (quantity.map(|quantity| Package { quantity, unit }), others.trim_start())
}

fn unit(rest: &str) -> (&str, &str) {
    if let Some(others) = rest.strip_prefix("fl oz ") {
        return ("fl oz", others);
    }
    let (word, others) = rest.split_once(' ').unwrap_or((rest, ""));
    if UNITS.contains(&word) { (word, others.strip_prefix("of ").unwrap_or(others)) } else { ("", rest) }
}
