//! Weighs ingredients.

use crate::ingredient::Ingredient;
use crate::measure::Wanted;
use crate::table::{Food, Portion};
use crate::unit::{CUP, Unit};

/// Volumes that the table measures by, with their millilitres.
const CUPS: (&str, f64) = ("cup", CUP);
const TABLESPOONS: (&str, f64) = ("tbsp", CUP / 16.0);
const TEASPOONS: (&str, f64) = ("tsp", CUP / 48.0);
const FLUID_OUNCES: (&str, f64) = ("fl oz", CUP / 8.0);
const PINTS: (&str, f64) = ("pint", CUP * 2.0);
const QUARTS: (&str, f64) = ("quart", CUP * 4.0);
const LITRES: (&str, f64) = ("liter", 1_000.0);

/// What an ingredient weighs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weight {
    /// Grams, greater than zero, not rounded.
    pub grams: f64,
    /// The measure by which it was weighed.
    pub measure: Measure,
}

/// A measure by which an ingredient was weighed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// The line states a mass.
    Mass,
    /// The food's own measure.
    Portion(&'static Portion),
    /// The food's own measure of another volume than the line's.
    Volume(&'static Portion),
}

/// Returns what a quantity of a food weighs, or none without a quantity and when neither the line nor the table says so. A mass is a mass;
/// otherwise the food's own measure counts whose qualifier the line names, or else the plain one; a piece without a size is the medium one;
/// a volume is converted by the food's cup, spoons or fluid ounce. Volumes are those of the United States.
pub fn weigh(food: &'static Food, ingredient: &Ingredient) -> Option<Weight> {
    let quantity = ingredient.quantity.filter(|quantity| quantity.is_finite() && *quantity > 0.0)?;
    let wanted = Wanted::read(ingredient.food, ingredient.note, &[ingredient.size, ingredient.unit]);
    let own = weigh_by(food, &wanted, quantity, Unit::read(ingredient.unit));
    let package = ingredient.package.filter(|package| package.quantity.is_finite() && package.quantity > 0.0);
    // "1 (400 g) tin" is 400 g; "2 cups (400 g)" is 2 cups.
    let packed = package.filter(|_| !matches!(Unit::read(ingredient.unit), Unit::Mass(_) | Unit::Volume(_)));
    let weight = match packed.map(|package| (package, Unit::read(package.unit))) {
        Some((package, unit @ (Unit::Mass(_) | Unit::Volume(_)))) => weigh_by(food, &wanted, quantity * package.quantity, unit),
        _ => own,
    };
    weight.filter(|weight| weight.grams.is_finite() && weight.grams > 0.0)
}

fn weigh_by(food: &'static Food, wanted: &Wanted, quantity: f64, unit: Unit) -> Option<Weight> {
    let by_portion = |portion: &'static Portion| Weight { grams: quantity * portion.grams, measure: Measure::Portion(portion) };
    match unit {
        Unit::Mass(grams) => Some(Weight { grams: quantity * grams, measure: Measure::Mass }),
        Unit::Volume(millilitres) => by_volume(food, wanted, quantity, millilitres),
        Unit::Noun(nouns) => nouns.iter().find_map(|noun| wanted.noun(food, noun)).map(by_portion),
        Unit::Piece => wanted.piece(food).map(by_portion),
    }
}

/// Weighs a volume by the food's own measure of it, else by one of another volume: spoons by spoons first, other volumes by the cup first.
fn by_volume(food: &'static Food, wanted: &Wanted, quantity: f64, millilitres: f64) -> Option<Weight> {
    let all = [CUPS, TABLESPOONS, FLUID_OUNCES, TEASPOONS, PINTS, QUARTS, LITRES];
    let same = all.into_iter().find(|(_, own)| (own - millilitres).abs() < 1e-6);
    if let Some(portion) = same.and_then(|(name, _)| wanted.volume(food, name)) {
        return Some(Weight { grams: quantity * portion.grams, measure: Measure::Portion(portion) });
    }
    let is_spoon = millilitres <= TABLESPOONS.1 && millilitres != 1.0;
    let order =
        if is_spoon { [TABLESPOONS, TEASPOONS, CUPS, FLUID_OUNCES] } else { [CUPS, TABLESPOONS, FLUID_OUNCES, TEASPOONS] };
    let (portion, own) = order.into_iter().find_map(|(name, own)| Some((wanted.volume(food, name)?, own)))?;
    Some(Weight { grams: quantity * millilitres / own * portion.grams, measure: Measure::Volume(portion) })
}
