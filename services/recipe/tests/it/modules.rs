//! The order of the crate's modules.

use std::path::Path;

use orchard_testkit::modules::disorder;

/// Each module uses only those before it.
const ORDER: &[&str] = &[
    "schema",
    "error",
    "request",
    "people",
    "family",
    "counters",
    "search_words",
    "search_index",
    "ingredient",
    "recipe",
    "search",
    "review",
    "favourite",
    "moderation",
    "privacy",
];

#[test]
fn modules_use_only_modules_before_them() -> anyhow::Result<()> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    assert_eq!(disorder(&src, ORDER)?, Vec::<String>::new());
    Ok(())
}
