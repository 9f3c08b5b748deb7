//! The foods of the table, their nutrients and their household measures.

use std::collections::HashMap;
use std::sync::LazyLock;

use csv::{Reader, StringRecord};

/// One food per line: number, group, description, and the nutrients in the order of [`Nutrient::ALL`], per 100 g of the edible portion. An
/// empty cell has not been measured.
const FOODS: &str = include_str!("../data/foods.csv");

/// One measure per line: number of the food, sequence, amount, measure, and the grams of that amount of the measure.
const PORTIONS: &str = include_str!("../data/portions.csv");

/// The column of [`FOODS`] with the first nutrient.
const FIRST_NUTRIENT: usize = 3;

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(FOODS, PORTIONS));

/// A nutrient of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nutrient {
    /// Energy in kilocalories.
    Energy,
    /// Protein in grams.
    Protein,
    /// Fat in grams.
    Fat,
    /// Carbohydrates in grams, sugars and fibre included.
    Carbohydrate,
    /// Fibre in grams.
    Fibre,
    /// Sugars in grams.
    Sugars,
    /// Calcium in milligrams.
    Calcium,
    /// Iron in milligrams.
    Iron,
    /// Potassium in milligrams.
    Potassium,
    /// Sodium in milligrams.
    Sodium,
    /// Vitamin C in milligrams.
    VitaminC,
    /// Vitamin A in micrograms of retinol activity equivalents.
    VitaminA,
    /// Saturated fat in grams.
    SaturatedFat,
}

impl Nutrient {
    /// All nutrients, in the order of the table's columns.
    pub const ALL: [Self; 13] = [
        Self::Energy,
        Self::Protein,
        Self::Fat,
        Self::Carbohydrate,
        Self::Fibre,
        Self::Sugars,
        Self::Calcium,
        Self::Iron,
        Self::Potassium,
        Self::Sodium,
        Self::VitaminC,
        Self::VitaminA,
        Self::SaturatedFat,
    ];
}

/// A food of the table.
#[derive(Debug, PartialEq)]
pub struct Food {
    /// Number in the nutrient database, five digits, such as `09040`.
    pub ndb_no: Box<str>,
    /// Description, such as `Bananas, raw`.
    pub description: Box<str>,
    /// Household measures, in the order of the table.
    pub portions: Vec<Portion>,
    nutrients: [Option<f64>; Nutrient::ALL.len()],
}

impl Food {
    /// Returns how much of a nutrient 100 g contain, or none when it has not been measured.
    pub fn per_100_grams(&self, nutrient: Nutrient) -> Option<f64> {
        self.nutrients.get(nutrient as usize).copied().flatten()
    }

    fn read(record: &StringRecord) -> Option<Self> {
        let mut nutrients = [None; Nutrient::ALL.len()];
        for (value, cell) in nutrients.iter_mut().zip(record.iter().skip(FIRST_NUTRIENT)) {
            *value = cell.parse().ok();
        }
        Some(Self { ndb_no: record.get(0)?.into(), description: record.get(2)?.into(), portions: Vec::new(), nutrients })
    }
}

/// A household measure of a food.
#[derive(Debug, PartialEq)]
pub struct Portion {
    /// The measure, such as `cup, sliced`.
    pub measure: Box<str>,
    /// Grams of one of the measure, greater than zero. The table may state those of another amount, such as of two tablespoons.
    pub grams: f64,
}

impl Portion {
    fn read(record: &StringRecord) -> Option<Self> {
        let (amount, grams): (f64, f64) = (record.get(2)?.parse().ok()?, record.get(4)?.parse().ok()?);
        let measure = record.get(3)?;
        let (times, measure) = served(measure).unwrap_or((1.0, measure));
        Some(Self { measure: measure.into(), grams: grams / (amount * times) })
    }
}

/// Returns the number and the measure of a serving, such as `serving 1/2 cup`.
fn served(measure: &str) -> Option<(f64, &str)> {
    let (number, measure) = measure.strip_prefix("serving ")?.split_once(' ')?;
    let times = match number.split_once('/') {
        Some((above, below)) => above.parse::<f64>().ok()? / below.parse::<f64>().ok()?,
        None => number.parse().ok()?,
    };
    Some((times, measure)).filter(|(times, _)| times.is_finite() && *times > 0.0)
}

struct Table {
    foods: Vec<Food>,
    by_number: HashMap<Box<str>, usize>,
}

impl Table {
    fn read(foods: &str, portions: &str) -> Self {
        let mut foods: Vec<_> = records(foods).filter_map(|record| Food::read(&record)).collect();
        let by_number: HashMap<_, _> = foods.iter().enumerate().map(|(index, food)| (food.ndb_no.clone(), index)).collect();
        for record in records(portions) {
            let food = record.get(0).and_then(|number| by_number.get(number)).and_then(|index| foods.get_mut(*index));
            if let (Some(food), Some(portion)) = (food, Portion::read(&record)) {
                food.portions.push(portion);
            }
        }
        Self { foods, by_number }
    }
}

/// Returns the records of a CSV text with a line of headings.
pub(crate) fn records(text: &str) -> impl Iterator<Item = StringRecord> {
    Reader::from_reader(text.as_bytes()).into_records().filter_map(Result::ok)
}

/// Returns the food of a number in the nutrient database, such as `09040`.
pub fn food(ndb_no: &str) -> Option<&'static Food> {
    TABLE.by_number.get(ndb_no).and_then(|index| TABLE.foods.get(*index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        assert_eq!((TABLE.foods.len(), TABLE.by_number.len()), (5_894, 5_894));
        assert_eq!(TABLE.foods.iter().map(|food| food.portions.len()).sum::<usize>(), 10_406);
        let portions = TABLE.foods.iter().flat_map(|food| &food.portions);
        assert!(portions.clone().all(|portion| portion.grams.is_finite() && portion.grams > 0.0));
    }

    #[test]
    fn columns_are_the_nutrients() {
        let heading = "ndb_no,food_group,description,energy_kcal,protein_g,fat_g,carbohydrate_g,fiber_g,sugars_g,calcium_mg,iron_mg,potassium_mg,sodium_mg,vitamin_c_mg,vitamin_a_rae_ug,saturated_fat_g";
        assert_eq!(FOODS.lines().next(), Some(heading));
        let butter = food("01001").expect("butter");
        let amounts: Vec<_> = Nutrient::ALL.iter().map(|nutrient| butter.per_100_grams(*nutrient)).collect();
        let expected = [717.0, 0.85, 81.11, 0.06, 0.0, 0.06, 24.0, 0.02, 24.0, 643.0, 0.0, 684.0, 51.368];
        assert_eq!(amounts, expected.map(Some));
    }

    #[test]
    fn an_empty_cell_is_unknown() {
        let oats = food("20038").expect("oats");
        assert_eq!((oats.per_100_grams(Nutrient::Sugars), oats.per_100_grams(Nutrient::VitaminC)), (None, Some(0.0)));
    }

    #[test]
    fn a_portion_is_one_of_its_measure() {
        let grams = |number, measure: &str| {
            let portions = &food(number).expect("a food").portions;
            portions.iter().find(|portion| &*portion.measure == measure).map(|portion| portion.grams)
        };
        assert_eq!(grams("16098", "tbsp"), Some(16.0));
        assert_eq!(grams("09111", "medium (approx 4\" dia)"), Some(256.0));
        assert_eq!(grams("09040", "cup, sliced"), Some(150.0));
        assert_eq!(grams("19095", "cup"), Some(132.0), "of a serving of 1/2 cup");
    }

    #[test]
    fn other_numbers_are_no_food() {
        for number in ["", "9040", "00000", "banana"] {
            assert_eq!(food(number), None, "{number}");
        }
    }
}
