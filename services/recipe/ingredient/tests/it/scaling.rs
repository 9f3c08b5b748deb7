//! Recipes for more or fewer servings.

use orchard_ingredient::{Number, Quantity, ScaleError, parse, render};

fn scaled(line: &str, numerator: i64, denominator: i64) -> String {
    render(&parse(line).scale(Number::new(numerator, denominator)).expect("a factor"))
}

#[test]
fn quantities_are_multiplied_exactly() {
    let table = [
        ("1.5 cups flour", (9, 1), "13.5 cups flour"),
        ("1/3 cup sugar", (2, 1), "2/3 cup sugar"),
        ("1/3 cup sugar", (3, 1), "1 cup sugar"),
        ("2-3 eggs", (1, 2), "1-1 1/2 eggs"),
        ("1 cup/240 ml milk", (1, 2), "1/2 cup/120 milliliters milk"),
        ("2 x 400 g cans beans", (3, 1), "6 (400 grams) cans beans"),
        ("1 dozen eggs", (1, 8), "1 1/2 eggs"),
        ("pinch of salt", (2, 1), "2 pinches salt"),
        ("salt, to taste", (2, 1), "salt, to taste"),
    ];
    for (line, (numerator, denominator), expected) in table {
        let amount = |text: &str| Parsed::of(text);
        assert_eq!(amount(&scaled(line, numerator, denominator)), amount(expected), "{line}");
    }
}

/// What a line says, whatever its text.
#[derive(Debug, PartialEq)]
struct Parsed(String);

impl Parsed {
    fn of(line: &str) -> Self {
        let parsed = orchard_ingredient::Parsed { original: String::new(), ..parse(line) };
        Self(format!("{parsed:?}"))
    }
}

#[test]
fn thirds_stay_thirds_over_a_thousand_round_trips() {
    let line = parse("1/3 to 2/3 cup sugar");
    let mut parsed = line.clone();
    for _ in 0..1_000 {
        parsed = parsed.scale(Number::new(7, 3)).and_then(|more| more.scale(Number::new(3, 7))).expect("a factor");
    }
    assert_eq!(parsed, line);
}

#[test]
fn factors_that_are_not_greater_than_zero_are_refused() {
    for line in ["2 cups flour", "salt"] {
        for factor in [Number::ZERO, Number::new(-1, 2)] {
            assert_eq!(parse(line).scale(factor), Err(ScaleError::Factor), "{line}");
        }
    }
}

#[test]
fn an_overflow_is_an_error() {
    let line = parse("1,5 l/3 pints milk");
    assert_eq!(line.scale(Number::from_integer(i64::MAX)), Err(ScaleError::Overflow));
    assert_eq!(line.scale(Number::new(1, i64::MAX)), Err(ScaleError::Overflow));
    let most = Quantity::new(Number::from_integer(i64::MAX)).expect("a quantity");
    assert_eq!(most.scale(Number::from_integer(2)), Err(ScaleError::Overflow));
    assert_eq!(most.scale(Number::ONE), Ok(most));
}

#[test]
fn quantities_are_shown_with_cooking_fractions_or_decimals() {
    let table = [
        ((1, 2), "1/2"),
        ((1, 3), "1/3"),
        ((5, 3), "1 2/3"),
        ((1, 4), "1/4"),
        ((11, 4), "2 3/4"),
        ((1, 8), "1/8"),
        ((1, 16), "1/16"),
        ((5, 6), "5/6"),
        ((27, 2), "13 1/2"),
        ((3, 20), "0.15"),
        ((33, 5), "6.6"),
        ((1, 7), "0.14"),
        ((15, 7), "2.14"),
        ((2, 1001), "0.01"),
        ((1999, 1001), "2"),
        ((12, 1), "12"),
    ];
    for ((numerator, denominator), shown) in table {
        let quantity = Quantity::new(Number::new(numerator, denominator)).expect("a quantity");
        assert_eq!(quantity.to_string(), shown, "{numerator}/{denominator}");
    }
    let range = Quantity::new(Number::new(3, 2)).and_then(|low| low.up_to(Number::from_integer(2)));
    assert_eq!(range.map(|range| range.to_string()).as_deref(), Some("1 1/2-2"));
}

#[test]
fn any_quantity_is_shown() {
    let mut random = fastrand::Rng::with_seed(1);
    let extremes = [1, 2, 7, 99, 1_000_003, i64::MAX / 2, i64::MAX - 1, i64::MAX];
    for _ in 0..10_000 {
        let mut pick = || if random.bool() { extremes[random.usize(..extremes.len())] } else { random.i64(1..=i64::MAX) };
        let (above, below) = (pick(), pick());
        let shown = Quantity::new(Number::new(above, below)).map(|quantity| quantity.to_string()).unwrap_or_default();
        assert!(!shown.is_empty() && shown != "0", "{above}/{below}");
    }
}

#[test]
fn quantities_are_greater_than_zero_and_ranges_go_up() {
    assert_eq!(Quantity::new(Number::ZERO), None);
    assert_eq!(Quantity::new(Number::new(-1, 2)), None);
    let two = Quantity::new(Number::from_integer(2)).expect("a quantity");
    assert_eq!(two.up_to(Number::from_integer(2)), None);
    assert_eq!(two.up_to(Number::ONE), None);
    assert_eq!(two.up_to(Number::from_integer(3)).and_then(Quantity::high), Some(Number::from_integer(3)));
}
