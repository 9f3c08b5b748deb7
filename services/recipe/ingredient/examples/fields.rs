//! Reads ingredient lines from standard input and writes their fields, separated by tabs: quantity, upper end, unit, package, size, food, note.

use std::io::{self, BufRead as _, Write as _};

use orchard_ingredient::{Amount, Number, parse};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let parsed = parse(&line?);
        let quantity = parsed.amount.and_then(|amount| amount.quantity);
        let number = |number: Option<Number>| number.map(|number| number.to_string()).unwrap_or_default();
        let unit = |amount: Option<Amount>| amount.and_then(|amount| amount.unit).map(|unit| unit.name()).unwrap_or_default();
        let package = parsed.package.and_then(|amount| amount.quantity).map(|quantity| quantity.to_string()).unwrap_or_default();
        writeln!(
            out,
            "{}\t{}\t{}\t{} {}\t{}\t{}\t{}",
            number(quantity.map(|quantity| quantity.low())),
            number(quantity.and_then(|quantity| quantity.high())),
            unit(parsed.amount),
            package,
            unit(parsed.package),
            parsed.size,
            parsed.food,
            parsed.note
        )?;
    }
    Ok(())
}
