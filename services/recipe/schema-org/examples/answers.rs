//! Prints what is read of the documents whose paths are the arguments, one answer a line.

use std::io::{Write as _, stdout};

#[path = "../tests/it/answer.rs"]
mod answer;

fn main() -> std::io::Result<()> {
    for path in std::env::args().skip(1) {
        writeln!(stdout(), "{}", answer::answer(&std::fs::read_to_string(path)?))?;
    }
    Ok(())
}
