//! No text makes the parser panic, and a rendered line is read as the same: `cargo +nightly fuzz run parse`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orchard_ingredient::{Number, Parsed, parse, render};

fuzz_target!(|line: &str| {
    let parsed = parse(line);
    assert_eq!(parsed.original, line);
    check(&parsed);
    if let Ok(scaled) = parsed.scale(Number::new(2, 3)) {
        check(&scaled);
    }
});

fn check(parsed: &Parsed) {
    let read = Parsed { original: parsed.original.clone(), ..parse(&render(parsed)) };
    assert_eq!(read, *parsed);
}
