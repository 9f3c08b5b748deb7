//! The modules of all crates.

use std::fs;
use std::path::Path;

use orchard_testkit::modules::circles;

#[test]
fn no_crate_has_modules_in_a_circle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let crates = ["shared", "services"].into_iter().flat_map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let sources: Vec<_> = crates.map(|entry| entry.unwrap().path().join("src")).filter(|src| src.is_dir()).collect();
    assert!(sources.len() > 10, "{sources:?}");
    for src in sources {
        assert_eq!(circles(&src).unwrap(), Vec::<String>::new(), "{}", src.display());
    }
}
