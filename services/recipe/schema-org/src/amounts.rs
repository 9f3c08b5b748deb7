//! Amounts of nutrients.

use bigdecimal::{BigDecimal, RoundingMode};

use crate::graph::Graph;
use crate::recipe::NutritionFacts;
use crate::report::Report;
use crate::text::line;
use crate::value::Value;

const PROPERTY: &str = "nutrition";

/// The most digits before the point, and after it.
const MOST_DIGITS: (usize, usize) = (6, 6);

/// The lowest amount that has more digits before the point.
const MOST: u32 = 1_000_000;

/// Digits after the point of a converted amount.
const PLACES: i64 = 3;

/// Units of energy, with the number of them in a kilocalorie.
const ENERGY: [(&str, &[&str]); 2] = [
    ("1", &["", "kcal", "kcals", "cal", "cals", "calories", "calorie", "kilocalories", "kilocalorie"]),
    ("4.184", &["kj", "kilojoule", "kilojoules"]),
];

/// Units of mass, with the number of them in a gram.
const GRAMS: [(&str, &[&str]); 3] = [
    ("1", &["", "g", "gr", "gram", "grams", "gramm", "grammes"]),
    ("1000", &["mg", "milligram", "milligrams"]),
    ("1000000", &["mcg", "µg", "μg", "ug", "microgram", "micrograms"]),
];

/// Units of mass, with the number of them in a milligram.
const MILLIGRAMS: [(&str, &[&str]); 3] = [
    ("1", &["", "mg", "milligram", "milligrams"]),
    ("0.001", &["g", "gr", "gram", "grams", "gramm", "grammes"]),
    ("1000", &["mcg", "µg", "μg", "ug", "microgram", "micrograms"]),
];

/// Returns the amounts that are carried.
pub(crate) fn nutrition(graph: &Graph, value: &Value, report: &mut Report) -> NutritionFacts {
    let mut facts = NutritionFacts::default();
    let values = graph.values(value);
    if values.iter().skip(1).any(|value| value.says_something()) || values.iter().any(|value| value.text().is_some()) {
        report.drop(PROPERTY);
    }
    let Some(first) = values.into_iter().next() else { return facts };
    for (name, value) in first.members().iter().filter(|(name, value)| !name.starts_with('@') && value.says_something()) {
        let (amount, units): (_, &[_]) = match name.as_str() {
            "calories" => (&mut facts.energy_kcal, &ENERGY),
            "proteinContent" => (&mut facts.protein_g, &GRAMS),
            "fatContent" => (&mut facts.fat_g, &GRAMS),
            "carbohydrateContent" => (&mut facts.carbohydrate_g, &GRAMS),
            "fiberContent" => (&mut facts.fiber_g, &GRAMS),
            "sugarContent" => (&mut facts.sugars_g, &GRAMS),
            "sodiumContent" => (&mut facts.sodium_mg, &MILLIGRAMS),
            "type" | "id" => continue,
            _ => {
                report.drop_inner(PROPERTY, name);
                continue;
            }
        };
        *amount = read(graph, value, units);
        if amount.is_none() {
            report.drop_inner(PROPERTY, name);
        }
    }
    facts
}

/// Reads an amount such as `3,5 g`, in the first of the units.
fn read(graph: &Graph, value: &Value, units: &[(&str, &[&str])]) -> Option<BigDecimal> {
    let texts = graph.texts(Some(value));
    let of_object = || ["value", "unitText"].iter().filter_map(|name| value.get(name)?.text()).collect::<Vec<_>>().join(" ");
    let text = line(&texts.first().map_or_else(of_object, |text| (*text).to_owned())).to_lowercase();
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ','))).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let unit = unit.trim().trim_end_matches('.');
    let (of_one, _) = units.iter().find(|(_, names)| names.contains(&unit))?;
    let amount = decimal(number)?;
    if *of_one == "1" {
        return Some(amount);
    }
    let converted = amount / of_one.parse::<BigDecimal>().ok()?;
    let rounded = converted.with_scale_round(PLACES, RoundingMode::HalfUp).normalized();
    let most = BigDecimal::from(MOST);
    Some(rounded).filter(|amount| *amount < most)
}

/// Reads a number with a point or a comma before the fraction, or with commas between the thousands.
fn decimal(text: &str) -> Option<BigDecimal> {
    let is_thousands = text
        .split_once(',')
        .is_some_and(|(whole, rest)| whole.len() <= 3 && whole != "0" && rest.len() == 3 && !rest.contains(['.', ',']));
    let plain = if is_thousands { text.replace(',', "") } else { text.replace(',', ".") };
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let is_digits = |part: &str, most| part.len() <= most && part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole, MOST_DIGITS.0) || !is_digits(fraction, MOST_DIGITS.1) {
        return None;
    }
    format!("{whole}.{fraction}0").parse::<BigDecimal>().ok().map(|number| number.normalized())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read as read_json;

    fn amount(document: &str, units: &[(&str, &[&str])]) -> Option<String> {
        let documents = read_json(&format!("[{document}]")).ok()?;
        read(&Graph::of(&documents), documents.first()?, units).map(|amount| amount.to_plain_string())
    }

    #[test]
    fn amounts_are_read() {
        let table: [(&str, &[_], _); 15] = [
            (r#""240 kcal""#, &ENERGY, Some("240")),
            (r#""240 Calories""#, &ENERGY, Some("240")),
            (r#""1004.16 kJ""#, &ENERGY, Some("240")),
            ("240", &ENERGY, Some("240")),
            (r#""1,250 kcal""#, &ENERGY, Some("1250")),
            (r#""3,5 g""#, &GRAMS, Some("3.5")),
            (r#""2g""#, &GRAMS, Some("2")),
            (r#""500 mg""#, &GRAMS, Some("0.5")),
            (r#""0.12 g""#, &MILLIGRAMS, Some("120")),
            (r#""1000 g""#, &MILLIGRAMS, None),
            (r#""0 g""#, &GRAMS, Some("0")),
            (r#""a lot""#, &GRAMS, None),
            (r#""-1 g""#, &GRAMS, None),
            (r#""1 cup""#, &GRAMS, None),
            (r#""99999999 g""#, &GRAMS, None),
        ];
        for (document, units, expected) in table {
            assert_eq!(amount(document, units).as_deref(), expected, "{document}");
        }
    }
}
