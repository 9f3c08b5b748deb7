//! Prints how many lines a second one core reads: `cargo run --release -p orchard-ingredient --example lines_a_second`.

use std::hint::black_box;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use orchard_ingredient::parse;

const LINES: [&str; 20] = [
    "2 1/2 cups sliced bananas",
    "250 g/9 oz unsalted butter, softened, plus extra for greasing",
    "1 (14 ounce) can black beans, drained and rinsed",
    "2 x 400 g cans chickpeas",
    "3 to 4 large carrots, peeled and cut into 1-inch pieces",
    "salt and freshly ground black pepper, to taste",
    "½ tsp ground cinnamon",
    "1 tablespoon plus 1 teaspoon lemon juice",
    "handful of fresh mint leaves, torn",
    "bananas, 2 cups, sliced",
    "1 medium onion (about 6 ounces), finely chopped",
    "4 skinless, boneless chicken thighs",
    "1 bunch spring onions, white and light green parts only, thinly sliced",
    "1 1/2 pounds plum tomatoes or one 28-ounce can whole tomatoes",
    "juice of half a lemon",
    "3 sprigs each of thyme, rosemary and sage",
    "200ml/7fl oz crème fraîche",
    "1 ripe avocado",
    "6 eggs",
    "vegetable oil, for frying",
];

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for _ in 0..3 {
        let (start, mut lines) = (Instant::now(), 0_u32);
        while start.elapsed() < Duration::from_secs(1) {
            for line in LINES {
                black_box(parse(black_box(line)));
                lines += 1;
            }
        }
        writeln!(out, "{:.0} lines a second", f64::from(lines) / start.elapsed().as_secs_f64())?;
    }
    Ok(())
}
