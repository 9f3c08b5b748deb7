//! Units of ingredients.

use crate::words::words;

/// Millilitres of the United States' cup, by which the table measures.
pub(crate) const CUP: f64 = 236.588_236_5;

/// A unit, as far as weighing tells units apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Unit {
    /// A unit of mass, with its grams.
    Mass(f64),
    /// A unit of volume, with its millilitres.
    Volume(f64),
    /// A measure of the food, such as `clove`, by the words that the table may have for it, the best first.
    Noun(Vec<String>),
    /// Pieces.
    Piece,
}

/// Units of mass in grams.
const MASSES: [(f64, &[&str]); 5] = [
    (1.0, &["g", "gram", "gramme", "gm", "gr"]),
    (1_000.0, &["kg", "kilogram", "kilo", "kilogramme"]),
    (0.001, &["mg", "milligram"]),
    (28.349_523_125, &["oz", "ounce"]),
    (453.592_37, &["lb", "lbs", "pound"]),
];

/// Units of volume in millilitres.
const VOLUMES: [(f64, &[&str]); 12] = [
    (CUP, &["cup", "c"]),
    (CUP / 16.0, &["tbsp", "tablespoon", "tbs", "tbl"]),
    (CUP / 48.0, &["tsp", "teaspoon"]),
    (CUP / 24.0, &["dessertspoon", "dsp"]),
    (CUP / 8.0, &["fl oz", "fluid ounce", "fluid oz", "fl ounce"]),
    (CUP * 2.0, &["pint", "pt"]),
    (CUP * 4.0, &["quart", "qt"]),
    (CUP * 16.0, &["gallon", "gal"]),
    (1.0, &["ml", "milliliter", "millilitre", "mls"]),
    (10.0, &["cl", "centiliter", "centilitre"]),
    (100.0, &["dl", "deciliter", "decilitre"]),
    (1_000.0, &["l", "liter", "litre"]),
];

/// Words that count pieces.
const PIECES: [&str; 9] = ["piece", "whole", "each", "unit", "small", "medium", "large", "item", "pc"];

/// Words for the same measure of a food.
const NOUNS: [&[&str]; 9] = [
    &["stick", "stalk", "rib"],
    &["stalk", "stick", "rib"],
    &["packet", "sachet", "envelope"],
    &["package", "pack", "pkg"],
    &["can", "tin"],
    &["head", "bulb"],
    &["ear", "cob"],
    &["slice", "rasher"],
    &["floweret", "floret"],
];

impl Unit {
    /// Reads a unit. An unknown word is a measure of the food.
    pub(crate) fn read(text: &str) -> Self {
        match text.trim() {
            "T" => return Self::Volume(CUP / 16.0),
            "t" => return Self::Volume(CUP / 48.0),
            _ => {}
        }
        let name = words(text).join(" ");
        let sized = |units: &[(f64, &[&str])]| units.iter().find(|(_, names)| names.contains(&&*name)).map(|(size, _)| *size);
        if let Some(grams) = sized(&MASSES) {
            return Self::Mass(grams);
        }
        if let Some(millilitres) = sized(&VOLUMES) {
            return Self::Volume(millilitres);
        }
        if name.is_empty() || PIECES.contains(&&*name) {
            return Self::Piece;
        }
        let others = NOUNS
            .iter()
            .find(|nouns| nouns.first() == Some(&&*name))
            .or_else(|| NOUNS.iter().find(|nouns| nouns.contains(&&*name)));
        let others = others.into_iter().copied().flatten().filter(|noun| **noun != name).map(|noun| (*noun).to_owned());
        Self::Noun([name.clone()].into_iter().chain(others).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read() {
        let noun = |words: &[&str]| Unit::Noun(words.iter().map(|word| (*word).to_owned()).collect());
        let table = [
            ("grams", Unit::Mass(1.0)),
            ("lbs", Unit::Mass(453.592_37)),
            ("Cups", Unit::Volume(CUP)),
            ("fl. oz.", Unit::Volume(CUP / 8.0)),
            ("T", Unit::Volume(CUP / 16.0)),
            ("t", Unit::Volume(CUP / 48.0)),
            ("", Unit::Piece),
            ("medium", Unit::Piece),
            ("cloves", noun(&["clove"])),
            ("sticks", noun(&["stick", "stalk", "rib"])),
            ("sachet", noun(&["sachet", "packet", "envelope"])),
        ];
        for (text, expected) in table {
            assert_eq!(Unit::read(text), expected, "{text:?}");
        }
    }
}
