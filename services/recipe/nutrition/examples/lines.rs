//! Prints the food, the measure and the grams of the ingredient lines that it reads.

use std::io::{BufRead as _, Write as _, stdin, stdout};

use orchard_nutrition::{Nutrient, match_food, nutrition_of};

#[path = "../tests/it/split.rs"]
mod split;

fn main() -> std::io::Result<()> {
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let line = line?;
        let ingredient = split::split(&line);
        let nutrition = nutrition_of(&[ingredient], 1);
        let food = match_food(&ingredient).map_or_else(String::new, |food| format!("{}\t{}", food.ndb_no, food.description));
        let weight = nutrition.lines.first().and_then(|line| line.as_ref().ok()).map(|counted| counted.weight);
        writeln!(out, "{line}\t{food}\t{weight:?}\t{:?}", nutrition.total(Nutrient::Energy))?;
    }
    Ok(())
}
