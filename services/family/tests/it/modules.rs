//! The order of the modules, each of which may use only those before it.

use std::path::Path;

use orchard_testkit::modules::disorder;

const ORDER: [&str; 17] = [
    "error",
    "schema",
    "transition",
    "wire",
    "roll",
    "blocks",
    "rights",
    "nutrition",
    "plan",
    "member",
    "invitation",
    "ledger",
    "hold",
    "wallet",
    "credits",
    "events",
    "privacy",
];

#[test]
fn modules_use_only_modules_before_them() -> anyhow::Result<()> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    assert_eq!(disorder(&source, &ORDER)?, Vec::<String>::new());
    Ok(())
}
