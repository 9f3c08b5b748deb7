//! Units of amounts.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::number::Number;

/// One unit per line: name, plural, kind with the size of one, other spellings.
const TEXT: &str = include_str!("../data/units.txt");

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(TEXT));

/// A unit of the table in `data/units.txt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit(&'static Entry);

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Mass: grams of one unit.
    Grams(Number),
    /// Volume: millilitres of one unit. Cups, spoons and pints are those of the United States.
    Millilitres(Number),
    /// Length: millimetres of one unit.
    Millimetres(Number),
    /// A container: can, packet, bottle.
    Pack,
    /// A part or a group of pieces: clove, slice, bunch.
    Piece,
    /// As much as a hand or a movement gives: pinch, handful, splash.
    Vague,
}

impl Unit {
    /// Returns the unit of a name, plural or abbreviation in any case. "T" is a tablespoon and "t" a teaspoon.
    pub fn find(text: &str) -> Option<Self> {
        let folded = match text {
            "T" => "tbsp",
            "t" => "tsp",
            _ => text,
        };
        TABLE.find(folded).or_else(|| folded.contains(char::is_uppercase).then(|| TABLE.find(&folded.to_lowercase()))?)
    }

    /// Its name in the singular, in lower case: "tablespoon".
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Its name in the plural: "tablespoons".
    pub fn plural(self) -> &'static str {
        self.0.plural
    }

    /// What it measures.
    pub fn measure(self) -> Measure {
        self.0.measure
    }

    /// Returns whether it measures mass, volume or length, so that its size is known.
    pub fn is_sized(self) -> bool {
        self.size().is_some()
    }

    /// Returns whether it measures length.
    pub(crate) fn is_length(self) -> bool {
        matches!(self.measure(), Measure::Millimetres(_))
    }

    /// Returns how many `other` units one unit is, if both measure the same.
    pub fn in_units_of(self, other: Self) -> Option<Number> {
        let same = std::mem::discriminant(&self.measure()) == std::mem::discriminant(&other.measure());
        let (one, other) = (self.size()?, other.size()?);
        same.then(|| num_traits::CheckedDiv::checked_div(&one, &other))?
    }

    fn size(self) -> Option<Number> {
        match self.measure() {
            Measure::Grams(size) | Measure::Millilitres(size) | Measure::Millimetres(size) => Some(size),
            Measure::Pack | Measure::Piece | Measure::Vague => None,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Entry {
    name: &'static str,
    plural: &'static str,
    measure: Measure,
}

struct Table {
    entries: Vec<Entry>,
    by_word: HashMap<&'static str, usize>,
}

impl Table {
    fn read(text: &'static str) -> Self {
        let mut table = Self { entries: Vec::new(), by_word: HashMap::new() };
        for line in text.lines().filter(|line| !line.starts_with("# ")) {
            let mut fields = line.split(';').map(str::trim);
            let (Some(name), Some(plural), Some(measure)) = (fields.next(), fields.next(), fields.next()) else { continue };
            let Some(measure) = read_measure(measure) else { continue };
            let spellings = fields.next().unwrap_or_default().split_whitespace();
            table.by_word.extend(spellings.chain([name, plural]).map(|word| (word, table.entries.len())));
            table.entries.push(Entry { name, plural, measure });
        }
        table
    }

    fn find(&'static self, word: &str) -> Option<Unit> {
        self.by_word.get(word).and_then(|index| self.entries.get(*index)).map(Unit)
    }
}

fn read_measure(text: &str) -> Option<Measure> {
    let (kind, size) = text.split_once(' ').unwrap_or((text, ""));
    Some(match kind {
        "mass" => Measure::Grams(size.parse().ok()?),
        "volume" => Measure::Millilitres(size.parse().ok()?),
        "length" => Measure::Millimetres(size.parse().ok()?),
        "pack" => Measure::Pack,
        "piece" => Measure::Piece,
        "vague" => Measure::Vague,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(text: &str) -> Unit {
        Unit::find(text).expect(text)
    }

    #[test]
    fn each_line_is_a_unit_and_each_spelling_one_unit() {
        let lines = TEXT.lines().filter(|line| !line.starts_with("# "));
        let spellings = lines.clone().flat_map(|line| {
            let mut fields = line.split(';').map(str::trim);
            let (name, plural) = (fields.next().expect(line), fields.next().expect(line));
            fields.nth(1).unwrap_or_default().split_whitespace().chain([name, plural]).collect::<Vec<_>>()
        });
        assert_eq!(TABLE.entries.len(), lines.count());
        assert_eq!(TABLE.by_word.len(), spellings.count());
    }

    #[test]
    fn spellings_are_found_in_any_case_except_t() {
        let table = [
            ("Cups", "cup"),
            ("TBSP", "tablespoon"),
            ("T", "tablespoon"),
            ("t", "teaspoon"),
            ("mL", "milliliter"),
            ("#", "pound"),
            ("litres", "liter"),
            ("loaves", "loaf"),
        ];
        for (text, name) in table {
            assert_eq!(unit(text).name(), name, "{text}");
        }
        assert_eq!(Unit::find("bananas"), None);
        assert_eq!(Unit::find(""), None);
    }

    #[test]
    fn measures_are_exact() {
        let table = [
            ("cup", "tablespoon", Number::from_integer(16)),
            ("tablespoon", "teaspoon", Number::from_integer(3)),
            ("cup", "fluid ounce", Number::from_integer(8)),
            ("gallon", "quart", Number::from_integer(4)),
            ("pound", "ounce", Number::from_integer(16)),
            ("kilogram", "gram", Number::from_integer(1_000)),
            ("ounce", "gram", Number::new(45_359_237, 1_600_000)),
            ("inch", "centimeter", Number::new(254, 100)),
        ];
        for (one, other, times) in table {
            assert_eq!(unit(one).in_units_of(unit(other)), Some(times), "{one}");
        }
        for (one, other) in [("cup", "gram"), ("can", "can"), ("clove", "gram"), ("pinch", "teaspoon")] {
            assert_eq!(unit(one).in_units_of(unit(other)), None, "{one}");
        }
    }
}
