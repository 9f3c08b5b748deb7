//! Prints how long the first line takes, which reads the table, and 10,000 recipes of 10 lines.

use std::io::{Write as _, stdout};
use std::time::Instant;

use orchard_nutrition::nutrition_of;

#[path = "../tests/it/split.rs"]
mod split;

fn main() -> std::io::Result<()> {
    let start = Instant::now();
    nutrition_of(&[split::split("1 banana")], 1);
    writeln!(stdout(), "first line: {:?}", start.elapsed())?;
    let lines: Vec<_> = include_str!("../tests/it/unmatched.txt").lines().collect();
    let weighed = include_str!("../tests/it/weighed.csv").lines().skip(1).filter_map(|line| line.split(',').next());
    let ingredients: Vec<_> = weighed.chain(lines).map(split::split).collect();
    let start = Instant::now();
    let counted: usize = (0..10_000)
        .map(|recipe| {
            let ten: Vec<_> =
                (0..10).filter_map(|line| ingredients.get((recipe * 10 + line) % ingredients.len()).copied()).collect();
            nutrition_of(&ten, 4).lines.iter().filter(|line| line.is_ok()).count()
        })
        .sum();
    writeln!(stdout(), "10,000 recipes of 10 lines: {:?}, {counted} lines counted", start.elapsed())
}
