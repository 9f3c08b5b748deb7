//! The metrics of all services.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Adds the names that `describe_*!` and other macros of metrics have in the sources of a folder.
fn collect(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, names);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let strings = source.split('"').skip(1).step_by(2);
            let is_name = |text: &&str| {
                ["orchard_", "rpc_", "db_client_connection_"].iter().any(|start| text.starts_with(start))
                    && [
                        "_total",
                        "_seconds",
                        "_active_calls",
                        "_events",
                        "_info",
                        "_ready",
                        "_count",
                        "_max",
                        "_requests",
                        "_due",
                        "_failing",
                    ]
                    .iter()
                    .any(|end| text.ends_with(end))
                    && text.chars().all(|one| one.is_ascii_lowercase() || one == '_')
            };
            names.extend(strings.filter(is_name).map(str::to_owned));
        }
    }
}

#[test]
fn the_page_for_operators_lists_every_metric() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let mut names = BTreeSet::new();
    for folder in ["shared", "services"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let src = entry.unwrap().path().join("src");
            if src.is_dir() && !src.starts_with(root.join("shared/testkit")) && !src.starts_with(root.join("shared/xtask")) {
                collect(&src, &mut names);
            }
        }
    }
    let page = fs::read_to_string(root.join("deploy/OPERATIONS.md")).unwrap();
    let missing: Vec<_> = names.iter().filter(|name| !page.contains(&format!("`{name}`"))).collect();
    assert!(names.len() > 20 && missing.is_empty(), "{missing:?}");
}
