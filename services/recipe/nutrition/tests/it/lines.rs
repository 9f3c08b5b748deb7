//! What lines are matched to, and what they weigh.

use std::collections::HashSet;

use orchard_nutrition::{Ingredient, Measure, Weight, match_food, weigh};

use super::split::split;

/// Line, number of the food, measure, and grams.
const WEIGHED: &str = include_str!("weighed.csv");

/// Line of a quantity that the table does not weigh, and number of the food.
const NOT_WEIGHED: &str = include_str!("not_weighed.csv");

/// Lines of foods that are not in the table, one a line.
const UNMATCHED: &str = include_str!("unmatched.txt");

fn records(text: &str) -> Vec<csv::StringRecord> {
    csv::Reader::from_reader(text.as_bytes()).into_records().filter_map(Result::ok).collect()
}

fn number(ingredient: &Ingredient) -> &'static str {
    match_food(ingredient).map_or("", |food| &food.ndb_no)
}

fn measure(weight: &Weight) -> &'static str {
    match weight.measure {
        Measure::Mass => "mass",
        Measure::Portion(portion) | Measure::Volume(portion) => &portion.measure,
    }
}

#[test]
fn lines_are_weighed() {
    let records = records(WEIGHED);
    assert!(records.len() >= 150);
    for record in &records {
        let ingredient = split(&record[0]);
        assert_eq!(number(&ingredient), &record[1], "{record:?}");
        let weight = match_food(&ingredient).and_then(|food| weigh(food, &ingredient)).unwrap_or_else(|| panic!("{record:?}"));
        let grams: f64 = record[3].parse().expect("grams");
        assert_eq!(measure(&weight), &record[2], "{record:?}");
        assert!((weight.grams - grams).abs() <= 1e-4, "{record:?}: {}", weight.grams);
    }
}

#[test]
fn twice_the_quantity_weighs_twice_as_much() {
    for record in records(WEIGHED) {
        let one = split(&record[0]);
        let twice = Ingredient { quantity: one.quantity.map(|quantity| quantity * 2.0), ..one };
        let grams = |ingredient| match_food(ingredient).and_then(|food| weigh(food, ingredient)).map(|weight| weight.grams);
        assert_eq!(grams(&twice), grams(&one).map(|grams| grams * 2.0), "{record:?}");
    }
}

#[test]
fn what_the_table_does_not_weigh_has_no_grams() {
    for record in records(NOT_WEIGHED) {
        let ingredient = split(&record[0]);
        assert_eq!(number(&ingredient), &record[1], "{record:?}");
        assert_eq!(match_food(&ingredient).and_then(|food| weigh(food, &ingredient)), None, "{record:?}");
    }
}

#[test]
fn what_the_table_does_not_have_is_not_guessed() {
    assert!(UNMATCHED.lines().count() >= 40);
    for line in UNMATCHED.lines() {
        assert_eq!(match_food(&split(line)), None, "{line}");
    }
}

#[test]
fn no_line_is_there_twice() {
    let first = |record: &csv::StringRecord| record[0].to_owned();
    let lines: Vec<_> = [WEIGHED, NOT_WEIGHED].iter().flat_map(|text| records(text)).map(|record| first(&record)).collect();
    let lines: Vec<_> = lines.into_iter().chain(UNMATCHED.lines().map(str::to_owned)).collect();
    let distinct: HashSet<_> = lines.iter().collect();
    assert_eq!(distinct.len(), lines.len());
}

#[test]
fn any_text_is_matched_or_not() {
    let seed = fastrand::u64(..);
    eprintln!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let words = [
        "1", "½", "cup", "(400 g)", "banana", "peppers", "or", ",", "juice", "of", "zest", "not", "é", "\u{301}", "%", "canned",
        "🍌", "\0",
    ];
    for _ in 0..2_000 {
        let text: Vec<_> = (0..random.usize(..12)).map(|_| words[random.usize(..words.len())]).collect();
        let (food, note) = (text.join(" "), text.concat());
        let (numbers, units) = ([0.0, -1.0, 1.0, f64::MAX, f64::NAN, f64::INFINITY], ["cup", "g", "", "clove", "tin", "T"]);
        let quantity = Some(numbers[random.usize(..numbers.len())]);
        let unit = units[random.usize(..units.len())];
        let ingredient = Ingredient { quantity, unit, food: &food, note: &note, ..Ingredient::default() };
        if let Some(weight) = match_food(&ingredient).and_then(|food| weigh(food, &ingredient)) {
            assert!(weight.grams.is_finite() && weight.grams > 0.0, "{ingredient:?}: {weight:?}");
        }
    }
}

#[test]
fn a_long_name_is_not_matched() {
    let name = "banana ".repeat(100_000);
    assert_eq!(match_food(&Ingredient { food: &name, note: &name, ..Ingredient::default() }), None);
}
