//! Rules for the reasons of errors.

use std::collections::HashMap;

use crate::contracts::{Contracts, SHARED};
use crate::values::is_upper_snake_case;

/// Packages whose services pass on the reasons of other packages.
const PASSED_ON: [(&str, &[&str]); 1] =
    [("orchard.edge.v1", &["orchard.family.v1", "orchard.social.v1", "orchard.recipe.v1", "orchard.consultation.v1"])];

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

fn passed_on(package: &str) -> &'static [&'static str] {
    PASSED_ON.iter().find(|(name, _)| *name == package).map_or(&[], |(_, others)| others)
}

/// Returns the code with which the comment of a reason starts.
fn code(comment: &str) -> Option<&'static str> {
    let (word, _) = comment.split_once(": ")?;
    CODES.into_iter().find(|code| *code == word)
}

/// Returns the reasons in backticks in the `Errors:` paragraph of a method's comment, each with the code before it.
fn documented(comment: &str) -> Vec<(&'static str, &str)> {
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

/// Checks that every package with services has an `ErrorReason` enum.
pub fn packages_have_reasons(contracts: &Contracts) -> Vec<String> {
    let has_reasons = |package: &str| contracts.pool.get_enum_by_name(&format!("{package}.ErrorReason")).is_some();
    let packages = contracts.serving_packages().into_iter();
    packages.filter(|package| !has_reasons(package) && passed_on(package).is_empty()).collect()
}

/// Checks that comments of reasons start with a code, such as `NOT_FOUND: the plan does not exist`.
pub fn reasons_start_with_their_code(contracts: &Contracts) -> Vec<String> {
    let packages = contracts.serving_packages().into_iter().chain([SHARED.to_owned()]);
    let without_code = |package: String| {
        let reasons = contracts.reasons(&package).into_iter().filter(|(_, comment)| code(comment).is_none());
        reasons.map(|(reason, _)| format!("{package}: {reason}")).collect::<Vec<_>>()
    };
    packages.flat_map(without_code).collect()
}

/// Checks that no package redefines a shared reason, so that a reason means the same in every domain.
pub fn reasons_differ_from_shared_ones(contracts: &Contracts) -> Vec<String> {
    let shared = contracts.reasons(SHARED);
    let collisions = |package: String| {
        let reasons = contracts.reasons(&package).into_keys().filter(|reason| shared.contains_key(reason));
        reasons.map(|reason| format!("{package}: {reason}")).collect::<Vec<_>>()
    };
    contracts.serving_packages().into_iter().flat_map(collisions).collect()
}

/// Checks that the reasons in a method's comment exist, with the code that the comment gives.
pub fn documented_reasons_exist(contracts: &Contracts) -> Vec<String> {
    let mut undocumented = Vec::new();
    for method in contracts.methods() {
        let service = method.parent_service();
        let package = service.package_name();
        let mut known: HashMap<String, &str> = HashMap::new();
        for source in [package, SHARED].iter().chain(passed_on(package)) {
            known.extend(contracts.reasons(source));
        }
        let comment = contracts.comment(&method.parent_file(), method.path());
        let wrong = documented(comment)
            .into_iter()
            .filter(|(stated, reason)| known.get(*reason).and_then(|comment| code(comment)) != Some(*stated));
        undocumented.extend(wrong.map(|(stated, reason)| format!("{}: {stated} {reason}", method.full_name())));
    }
    undocumented
}
