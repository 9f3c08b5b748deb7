//! What holds for all texts.

use std::time::{Duration, Instant};

use fastrand::Rng;
use orchard_ingredient::{Number, Parsed, Quantity, Unit, parse, render};

/// Pieces that lines are made of, so that random ones reach the grammar.
const PIECES: &[&str] = &[
    "2",
    "1/2",
    "1 1/2",
    "½",
    "2½",
    "3,5",
    "1,000",
    "0.75",
    "999999999",
    "1/999",
    "0",
    "two",
    "half a",
    "a",
    "a dozen",
    "a few",
    "some",
    "cup",
    "cups",
    "g",
    "oz",
    "lb",
    "-pound",
    "inch",
    "\"",
    "tbsp.",
    "T",
    "t",
    "fl. oz.",
    "can",
    "cans",
    "cloves",
    "pinch",
    "sprigs",
    "bunch",
    "(s)",
    "x",
    "×",
    "-",
    "–",
    "—",
    "--",
    "to",
    "or",
    "and",
    "plus",
    "each",
    "of",
    "about",
    ",",
    ";",
    ":",
    ".",
    "/",
    "(",
    ")",
    "[",
    "]",
    "|",
    " | ",
    "*",
    "#",
    "&",
    "&amp;",
    "&amp;amp;",
    "&frac12;",
    "%",
    "large",
    "medium",
    "extra",
    "heaped",
    "finely",
    "chopped",
    "freshly",
    "ground",
    "frozen",
    "fresh",
    "onion",
    "garlic",
    "salt",
    "pepper",
    "flour",
    "crème fraîche",
    "e\u{301}",
    "\u{301}",
    "Jell-O®",
    "confectioners’",
    "for",
    "to taste",
    "optional",
    "juice of",
    "with skin",
    "\u{a0}",
    "\t",
    "\u{200b}",
    "日本",
    "🍌",
    "\u{202e}",
];

fn line(random: &mut Rng) -> String {
    let pieces = random.usize(0..14);
    let mut line = String::new();
    for _ in 0..pieces {
        if random.u8(..5) > 0 {
            line.push(' ');
        }
        line.push_str(PIECES[random.usize(..PIECES.len())]);
    }
    line
}

/// What was read, whatever the text was.
fn read(line: &str) -> Parsed {
    Parsed { original: String::new(), ..parse(line) }
}

fn reads_back(parsed: &Parsed, seed: u64) {
    let rendered = render(parsed);
    let expected = Parsed { original: String::new(), ..parsed.clone() };
    assert_eq!(read(&rendered), expected, "seed {seed}: {:?} was rendered as {rendered:?}", parsed.original);
}

#[test]
fn rendered_lines_are_read_as_the_same() {
    for seed in 0..5_000 {
        let mut random = Rng::with_seed(seed);
        let line = line(&mut random);
        let parsed = parse(&line);
        assert_eq!(parsed.original, line, "seed {seed}");
        reads_back(&parsed, seed);
        let factor = Number::new(random.i64(1..1_000), random.i64(1..1_000));
        if let Ok(scaled) = parsed.scale(factor) {
            reads_back(&scaled, seed);
        }
    }
}

#[test]
fn random_bytes_are_read() {
    for seed in 0..2_000 {
        let mut random = Rng::with_seed(seed);
        let bytes: Vec<u8> = (0..random.usize(0..200)).map(|_| random.u8(..)).collect();
        reads_back(&parse(&String::from_utf8_lossy(&bytes)), seed);
    }
}

#[test]
fn random_characters_are_read() {
    for seed in 0..2_000 {
        let mut random = Rng::with_seed(seed);
        let line: String = (0..random.usize(0..100)).map(|_| random.char(..)).collect();
        reads_back(&parse(&line), seed);
    }
}

#[test]
fn a_quantity_is_found_as_it_was_written() {
    for seed in 0..2_000 {
        let mut random = Rng::with_seed(seed);
        let (whole, below) = (random.i64(0..1_000), [2, 3, 4, 6, 8, 16][random.usize(..6)]);
        let above = random.i64(1..below);
        let number = Number::from_integer(whole) + Number::new(above, below);
        let text = if whole == 0 { format!("{above}/{below}") } else { format!("{whole} {above}/{below}") };
        let unit = ["cup", "gram", "tablespoon", "ounce"][random.usize(..4)];
        let amount = parse(&format!("{text} {unit} flour")).amount.expect("an amount");
        assert_eq!(amount.quantity, Quantity::new(number), "seed {seed}: {text}");
        assert_eq!(amount.unit, Unit::find(unit), "seed {seed}");
    }
}

/// Texts of 1,000 characters that repeat what a grammar may look at again and again.
#[test]
fn a_thousand_characters_of_anything_take_milliseconds() {
    let mut random = Rng::with_seed(1);
    let mut slowest = (Duration::ZERO, String::new());
    for round in 0..600 {
        let one = PIECES[round % PIECES.len()];
        let two = if round < PIECES.len() { "" } else { PIECES[random.usize(..PIECES.len())] };
        let prefix = ["", "1 ", "1 cup onion "][random.usize(..3)];
        let text: String = prefix.chars().chain([one, two, " "].concat().chars().cycle()).take(1_000).collect();
        let start = Instant::now();
        let parsed = parse(&text);
        let taken = start.elapsed();
        assert_eq!(parsed.original, text);
        slowest = slowest.max((taken, text));
    }
    // A debug build on a busy machine takes a tenth of this.
    assert!(slowest.0 < Duration::from_millis(250), "{slowest:?}");
}
