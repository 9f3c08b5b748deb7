//! The order of a crate's modules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

/// Returns what is wrong with the order of the modules below `src`, where each may use only those that come before it in `order`.
///
/// A module is a path such as `plan` or `people::profile`, and stands for all that is below it. `lib.rs` may use everything, and so may
/// tests.
pub fn disorder(src: &Path, order: &[&str]) -> io::Result<Vec<String>> {
    let mut wrong = Vec::new();
    let mut files = BTreeMap::new();
    collect(src, "", &mut files)?;
    for (path, text) in &files {
        let Some(own) = place(order, path) else {
            wrong.push(format!("{path} has no place in the order"));
            continue;
        };
        for used in uses(path, text) {
            if let Some(other) = place(order, &used).filter(|other| *other > own) {
                wrong.push(format!("{path} uses {used}, but {} comes before {}", order[own], order[other]));
            }
        }
    }
    for name in order {
        if !files.keys().any(|path| is_within(path, name)) {
            wrong.push(format!("{name} is in the order and not in the crate"));
        }
    }
    Ok(wrong)
}

/// Returns the modules directly below `src` that are in a circle, or use one that is.
pub fn circles(src: &Path) -> io::Result<Vec<String>> {
    let mut files = BTreeMap::new();
    collect(src, "", &mut files)?;
    let top = |path: &str| path.split("::").next().unwrap_or_default().to_owned();
    let mut left: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in &files {
        let used = uses(path, text).into_iter().map(|used| top(&used)).filter(|used| *used != top(path));
        left.entry(top(path)).or_default().extend(used);
    }
    loop {
        let free: Vec<_> = left
            .iter()
            .filter(|(_, used)| used.iter().all(|used| !left.contains_key(used)))
            .map(|(name, _)| name.clone())
            .collect();
        if free.is_empty() {
            return Ok(left.into_keys().collect());
        }
        left.retain(|name, _| !free.contains(name));
    }
}

fn is_within(path: &str, module: &str) -> bool {
    path.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The place of the module that `path` is in: of several, such as `people` and `people::profile`, the longest.
fn place(order: &[&str], path: &str) -> Option<usize> {
    (0..order.len()).filter(|index| is_within(path, order[*index])).max_by_key(|index| order[*index].len())
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let module = if prefix.is_empty() { name.to_string() } else { format!("{prefix}::{name}") };
        if path.is_dir() {
            collect(&path, &module, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") && !["lib", "main", "tests"].contains(&&*name) {
            files.insert(module, fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// Paths of the crate that the file of `module` names, apart from its tests: `use crate::{a::{B, c}, d}` names `a::B`, `a::c` and `d`.
fn uses(module: &str, text: &str) -> Vec<String> {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    // How far an item is visible is no use of the module that is named.
    for (start, prefix) in code.match_indices("crate::").filter(|(start, _)| !code[..*start].ends_with("(in ")) {
        tree(&mut code[start + prefix.len()..].chars().peekable(), "", &mut found);
    }
    for (start, _) in code.match_indices("super::").filter(|(start, _)| !code[..*start].ends_with("super::")) {
        let (mut base, mut rest) = (module, &code[start..]);
        while let Some(after) = rest.strip_prefix("super::") {
            (base, rest) = (base.rsplit_once("::").map_or("", |(parent, _)| parent), after);
        }
        let prefix = if base.is_empty() { String::new() } else { format!("{base}::") };
        tree(&mut rest.chars().peekable(), &prefix, &mut found);
    }
    found
}

/// Reads one `use` tree.
fn tree(text: &mut std::iter::Peekable<std::str::Chars<'_>>, prefix: &str, found: &mut Vec<String>) {
    let mut path = prefix.to_owned();
    loop {
        match text.peek() {
            Some('{') => {
                text.next();
                loop {
                    while text.next_if(|next| next.is_whitespace() || *next == ',').is_some() {}
                    if text.next_if_eq(&'}').is_some() || text.peek().is_none() {
                        return;
                    }
                    tree(text, &path, found);
                    // What follows a path inside braces, such as ` as name`.
                    while text.next_if(|next| !matches!(next, ',' | '}')).is_some() {}
                }
            }
            Some(next) if next.is_alphanumeric() || matches!(next, '_' | ':') => {
                path.push(*next);
                text.next();
            }
            _ => break,
        }
    }
    found.push(path.trim_end_matches(':').to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_below_the_crate_are_found() {
        let text = "use crate::{a::{B, c::D as E}, f};\n// crate::comment\nfn g() { crate::h::i(1); }\n#[cfg(test)]\nmod tests {\nuse crate::j;";
        assert_eq!(uses("k::l", text), ["a::B", "a::c::D", "f", "h::i"]);
        assert_eq!(uses("k::l::m", "use super::n;\nuse super::super::p::Q;"), ["k::l::n", "k::p::Q"]);
    }

    #[test]
    fn an_upward_edge_and_a_missing_place_are_named() -> io::Result<()> {
        let folder = std::env::temp_dir().join(format!("orchard-modules-{}", std::process::id()));
        fs::create_dir_all(folder.join("room"))?;
        fs::write(folder.join("lib.rs"), "use crate::upper;")?;
        fs::write(folder.join("lower.rs"), "use crate::room::upper::Thing;")?;
        fs::write(folder.join("room/upper.rs"), "use crate::lower;")?;
        fs::write(folder.join("leaf.rs"), "use std::io;")?;
        let found = (disorder(&folder, &["lower", "room::upper", "leaf"])?, disorder(&folder, &["leaf", "room::upper", "gone"])?);
        let circles = circles(&folder)?;
        fs::remove_dir_all(&folder)?;
        assert_eq!(circles, ["lower", "room"]);
        assert_eq!(found.0, ["lower uses room::upper::Thing, but lower comes before room::upper"]);
        assert_eq!(found.1, ["lower has no place in the order", "gone is in the order and not in the crate"]);
        Ok(())
    }
}
