//! The order of the crate's modules.

use std::path::Path;

use orchard_testkit::modules::disorder;

/// Each module uses only those before it.
const ORDER: &[&str] = &[
    "schema",
    "error",
    "request",
    "family",
    "wallet",
    "professional",
    "directory",
    "availability",
    "claim",
    "payment",
    "session",
    "booking",
    "paying",
    "verification",
    "privacy",
];

#[test]
fn modules_use_only_modules_before_them() -> anyhow::Result<()> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    assert_eq!(disorder(&src, ORDER)?, Vec::<String>::new());
    Ok(())
}
