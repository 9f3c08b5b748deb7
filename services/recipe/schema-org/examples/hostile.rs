//! Prints how long hostile documents take, and the memory that reading them adds at most (Linux).

use std::io::{Write as _, stdout};
use std::time::Instant;

use orchard_schema_org::import;

/// Returns a recipe with a property.
fn with(property: &str, value: &str) -> String {
    format!(r#"{{"@type":"Recipe","name":"Pears","{property}":{value}}}"#)
}

/// Returns a part, as often as fits into a number of bytes.
fn filled(part: &str, bytes: usize) -> String {
    part.repeat(bytes / part.len())
}

fn main() -> std::io::Result<()> {
    let mut out = stdout().lock();
    for (name, document) in documents() {
        // Resets the peak of the resident memory.
        std::fs::write("/proc/self/clear_refs", "5")?;
        let (before, start) = (resident("VmRSS"), Instant::now());
        let answer = import(&document).map(|imported| (imported.recipe.steps.len(), imported.dropped.len()));
        let (time, peak) = (start.elapsed().as_secs_f64() * 1e3, resident("VmHWM").saturating_sub(before) / 1_024);
        writeln!(out, "{time:>8.1} ms {peak:>4} MB  {name}: {answer:?}")?;
    }
    Ok(())
}

/// Returns a line of the memory of the process, in KiB.
fn resident(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|found| found.strip_prefix(line)?.trim_matches([':', ' ', '\t', 'k', 'B']).parse().ok())
        .unwrap_or_default()
}

fn documents() -> Vec<(&'static str, String)> {
    const MOST: usize = 500_000;
    let text = |part: &str| with("description", &format!("\"{}\"", filled(part, MOST)));
    let list = |part: &str| with("recipeInstructions", &format!("[{}\"a\"]", filled(part, MOST)));
    let page = |part: &str| format!("<html>{}", filled(part, 2_000_000));
    let numbers = |part: &str| (1..MOST / 16).map(|number| format!("{number}{part}")).collect::<String>();
    vec![
        ("10 MB", " ".repeat(10 << 20)),
        ("10 MB of a page", format!("<html>{}", filled("<p>a</p>", 10 << 20))),
        ("page of tags", page("<p>a</p>")),
        ("page of open tags", page("<script")),
        ("page of scripts", page("<script type=\"application/ld+json\">{\"@type\":\"Recipe\",\"name\":\"a\"}</script>")),
        ("page of empty scripts", page("<script type=\"application/ld+json\"></script>")),
        ("3,000 levels", with("recipeInstructions", &"[".repeat(3_000))),
        ("levels", filled("{\"a\":[", MOST)),
        ("lists", list("[],")),
        ("steps", list("{\"text\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"},")),
        ("strings", list("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",")),
        ("text", text("pear ")),
        ("tags", text("<b>a</b>")),
        ("open tags", text("<a")),
        ("comments", text("<!--")),
        ("quotes in tags", text("<a '>")),
        ("scripts", text("<script>a")),
        ("ends", text("<script></")),
        ("entities", text("&amp;")),
        ("nested entities", text("&amp;amp;amp;amp;lt;b&gt;")),
        ("accents", text("e\u{301}\u{323}")),
        ("accents of one letter", text("\u{301}")),
        ("quotes", text("\" ")),
        ("commas and quotes", text("\",")),
        ("numbered steps", with("recipeInstructions", &format!("\"{}\"", numbers(". a ")))),
        ("lines", with("recipeInstructions", &format!("\"{}\"", filled("a\\n", MOST)))),
        ("tags of a recipe", with("keywords", &format!("\"{}\"", numbers(",")))),
        (
            "properties",
            format!("{{\"@type\":\"Recipe\",\"name\":\"a\"{}}}", (1..19_000).map(|n| format!(",\"p{n}\":1")).collect::<String>()),
        ),
        (
            "circles",
            with(
                "recipeInstructions",
                &format!("{{\"@id\":\"#a\",\"itemListElement\":[{}\"a\"]}}", filled("{\"@id\":\"#a\"},", 100_000)),
            ),
        ),
        (
            "repeated texts",
            format!(
                "{{\"@id\":\"#t\",\"text\":\"{}\"}}{}",
                filled("<b>", 400_000),
                with("recipeInstructions", &format!("[{}1]", filled("{\"@id\":\"#t\"},", 80_000)))
            ),
        ),
    ]
}
