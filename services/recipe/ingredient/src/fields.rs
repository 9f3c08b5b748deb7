//! Lines of four fields, "AMOUNTS | SIZE | FOOD | NOTE", which say exactly what was read of any line.

use crate::number::Number;
use crate::parsed::{Amount, Parsed};
use crate::quantity::Quantity;
use crate::unit::Unit;

const SEPARATOR: &str = " | ";

/// Writes the fields. Amounts: "2 can; each 400 gram; or 14 ounce"; "some" is no number.
pub(crate) fn write(parsed: &Parsed) -> String {
    let first = parsed.amount.iter().map(|amount| text(*amount));
    let package = parsed.package.iter().map(|amount| format!("each {}", text(*amount)));
    let others = parsed.alternatives.iter().map(|amount| format!("or {}", text(*amount)));
    let amounts = first.chain(package).chain(others).collect::<Vec<_>>().join("; ");
    [&amounts, &parsed.size, &parsed.food, &parsed.note].map(String::as_str).join(SEPARATOR)
}

/// Reads the fields, if the line has just them.
pub(crate) fn read(line: &str) -> Option<Parsed> {
    let mut fields = line.split(SEPARATOR);
    let (amounts, size, food, note) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    if fields.next().is_some() {
        return None;
    }
    let mut parsed = Parsed {
        original: line.to_owned(),
        amount: None,
        alternatives: Vec::new(),
        package: None,
        size: size.to_owned(),
        food: food.to_owned(),
        note: note.to_owned(),
    };
    for item in amounts.split("; ").filter(|item| !item.is_empty()) {
        if let Some(package) = item.strip_prefix("each ") {
            parsed.package = Some(amount(package)?);
        } else if let Some(other) = item.strip_prefix("or ") {
            parsed.alternatives.push(amount(other)?);
        } else {
            parsed.amount = Some(amount(item)?);
        }
    }
    Some(parsed)
}

fn text(amount: Amount) -> String {
    let quantity = amount.quantity.map_or("some".to_owned(), |quantity| match quantity.high() {
        Some(high) => format!("{}-{high}", quantity.low()),
        None => quantity.low().to_string(),
    });
    let unit = amount.unit.map(Unit::name);
    [Some(quantity.as_str()), unit].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn amount(text: &str) -> Option<Amount> {
    let (number, unit) = text.split_once(' ').map_or((text, None), |(number, unit)| (number, Some(unit)));
    let unit = unit.map(|unit| Unit::find(unit).ok_or(())).transpose().ok()?;
    let one = |number: &str| number.parse::<Number>().ok();
    let quantity = match number.split_once('-') {
        _ if number == "some" => None,
        Some((low, high)) => Some(Quantity::new(one(low)?)?.up_to(one(high)?)?),
        None => Some(Quantity::new(one(number)?)?),
    };
    Some(Amount { quantity, unit })
}
