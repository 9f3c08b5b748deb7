//! The examples of the page are read as it says.

use orchard_ingredient::{Amount, parse};

/// Returns the cells of the rows of examples: kind, line, amount, other amounts, each, size, food, note.
fn examples() -> Vec<Vec<String>> {
    let page = include_str!("../../README.md");
    let (_, table) = page.split_once("| kind | line |").expect("the table");
    let rows = table.lines().skip(2).take_while(|row| row.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()).collect()
}

fn text(amount: &Amount) -> String {
    let quantity = amount.quantity.map_or("some".to_owned(), |quantity| quantity.to_string());
    amount.unit.map_or(quantity.clone(), |unit| format!("{quantity} {}", unit.name()))
}

fn texts(amounts: &[Amount]) -> String {
    amounts.iter().map(text).collect::<Vec<_>>().join("; ")
}

#[test]
fn examples_are_read_as_the_page_says() {
    let examples = examples();
    assert!(examples.len() >= 30, "{} examples", examples.len());
    for row in examples {
        let [_, line, cells @ ..] = row.as_slice() else { panic!("{row:?}") };
        let parsed = parse(line);
        let amount = parsed.amount.as_ref().map(text).unwrap_or_default();
        let each = parsed.package.as_ref().map(text).unwrap_or_default();
        let read = [amount, texts(&parsed.alternatives), each, parsed.size, parsed.food, parsed.note];
        assert_eq!(read.as_slice(), cells, "{line}");
    }
}
