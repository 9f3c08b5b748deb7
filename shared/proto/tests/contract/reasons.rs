//! Reasons of errors.

use std::collections::HashMap;

use crate::contracts::{Contracts, SHARED};
use crate::values::is_upper_snake_case;

/// Packages whose services hand on the reasons of others.
const HANDS_ON: [(&str, &[&str]); 1] = [("orchard.edge.v1", &["orchard.family.v1"])];

const CODES: [&str; 16] = [
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

fn handed_on(package: &str) -> &'static [&'static str] {
    HANDS_ON.iter().find(|(name, _)| *name == package).map_or(&[], |(_, others)| others)
}

/// The code that the comment of a reason begins with.
fn code(comment: &str) -> Option<&'static str> {
    let (word, _) = comment.split_once(": ")?;
    CODES.into_iter().find(|code| *code == word)
}

/// Reasons that a method's comment names in backticks after `Errors:`, each with the code before it.
fn named(comment: &str) -> Vec<(&'static str, &str)> {
    let errors = comment.split_once("Errors:").map_or("", |(_, errors)| errors).split("\n\n").next().unwrap_or_default();
    let mut current = "no code";
    let mut found = Vec::new();
    for (index, part) in errors.split('`').enumerate() {
        if index % 2 == 0 {
            let mut words = part.rsplit(|c: char| !c.is_ascii_uppercase() && c != '_');
            current = words.find_map(|word| CODES.into_iter().find(|code| *code == word)).unwrap_or(current);
        } else if is_upper_snake_case(part) {
            found.push((current, part));
        }
    }
    found
}

/// Every package with services documents its refusals.
pub fn packages_have_reasons(contracts: &Contracts) -> Vec<String> {
    let has_reasons = |package: &str| contracts.pool.get_enum_by_name(&format!("{package}.ErrorReason")).is_some();
    let packages = contracts.serving_packages().into_iter();
    packages.filter(|package| !has_reasons(package) && handed_on(package).is_empty()).collect()
}

/// `NOT_FOUND: no such plan`.
pub fn reasons_begin_with_their_code(contracts: &Contracts) -> Vec<String> {
    let packages = contracts.serving_packages().into_iter().chain([SHARED.to_owned()]);
    let without_code = |package: String| {
        let reasons = contracts.reasons(&package).into_iter().filter(|(_, comment)| code(comment).is_none());
        reasons.map(|(reason, _)| format!("{package}: {reason}")).collect::<Vec<_>>()
    };
    packages.flat_map(without_code).collect()
}

/// A reason says the same in every domain.
pub fn reasons_differ_from_shared_ones(contracts: &Contracts) -> Vec<String> {
    let shared = contracts.reasons(SHARED);
    let collisions = |package: String| {
        let reasons = contracts.reasons(&package).into_keys().filter(|reason| shared.contains_key(reason));
        reasons.map(|reason| format!("{package}: {reason}")).collect::<Vec<_>>()
    };
    contracts.serving_packages().into_iter().flat_map(collisions).collect()
}

/// What a method's comment promises exists, under the code that it says.
pub fn named_reasons_exist(contracts: &Contracts) -> Vec<String> {
    let mut slips = Vec::new();
    for method in contracts.methods() {
        let service = method.parent_service();
        let package = service.package_name();
        let mut known: HashMap<String, &str> = HashMap::new();
        for source in [package, SHARED].iter().chain(handed_on(package)) {
            known.extend(contracts.reasons(source));
        }
        let comment = contracts.comment(&method.parent_file(), method.path());
        let wrong = named(comment)
            .into_iter()
            .filter(|(said, reason)| known.get(*reason).and_then(|comment| code(comment)) != Some(*said));
        slips.extend(wrong.map(|(said, reason)| format!("{}: {said} {reason}", method.full_name())));
    }
    slips
}
