//! Lines of what was read.

use crate::fields;
use crate::number::{self, Number};
use crate::parsed::{Amount, Parsed};
use crate::quantity::Quantity;
use crate::read::parse;

/// Returns a line that [`parse`] reads as the same, apart from [`Parsed::original`]: "2 1/2 cups bananas, sliced".
///
/// Quantities are exact, with cooking fractions where they fit. What no ordinary line says is written in four fields,
/// "2 can; each 400 gram | | beans, white | ", as are numbers such as 7/1000000000.
pub fn render(parsed: &Parsed) -> String {
    let line = ordinary(parsed);
    let read = parse(&line);
    let same = Parsed { original: parsed.original.clone(), ..read } == *parsed;
    if same { line } else { fields::write(parsed) }
}

fn ordinary(parsed: &Parsed) -> String {
    let quantity = parsed.amount.map(|amount| amount.quantity.map_or("some".to_owned(), exact));
    let package = parsed.package.map(|package| format!("({})", amount(package)));
    let unit = parsed.amount.and_then(|amount| Some(unit(amount, amount.quantity?.high().unwrap_or(amount.quantity?.low()))));
    let unit = unit.flatten().or_else(|| parsed.amount?.unit.map(crate::unit::Unit::plural));
    let others = parsed.alternatives.iter().map(|other| format!("/{}", amount(*other))).collect::<String>();
    let unit = unit.map(|unit| format!("{unit}{others}"));
    let parts = [quantity, package, Some(parsed.size.clone()), unit, Some(parsed.food.clone())];
    let line = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    if parsed.note.is_empty() { line } else { format!("{line}, {}", parsed.note) }
}

fn amount(amount: Amount) -> String {
    let quantity = amount.quantity.map(exact).unwrap_or_default();
    let count = amount.quantity.map_or(Number::ONE, |quantity| quantity.high().unwrap_or(quantity.low()));
    [Some(quantity.as_str()), unit(amount, count)].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn unit(amount: Amount, count: Number) -> Option<&'static str> {
    amount.unit.map(|unit| if count > Number::ONE { unit.plural() } else { unit.name() })
}

fn exact(quantity: Quantity) -> String {
    let low = number::exact(quantity.low());
    quantity.high().map_or(low.clone(), |high| format!("{low}-{}", number::exact(high)))
}
