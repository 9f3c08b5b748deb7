//! Rules for files and packages.

use prost_reflect::Kind;

use crate::contracts::{Contracts, is_snake_case, snake_case};

type Shape = &'static [(u32, &'static str, Kind)];

/// Checks that packages match folders: `orchard/family/v1/plan.proto` has the package `orchard.family.v1`.
pub fn packages_match_their_folders(contracts: &Contracts) -> Vec<String> {
    let misnamed = contracts.files().filter(|file| {
        let folder = file.name().rsplit_once('/').map_or("", |(folder, _)| folder);
        let parts: Vec<&str> = file.package_name().split('.').collect();
        let is_versioned =
            |version: &str| version.strip_prefix('v').is_some_and(|number| number.parse::<u8>().is_ok_and(|n| n > 0));
        let is_named_well = matches!(parts[..], ["orchard", name, version] if is_snake_case(name) && is_versioned(version));
        !is_named_well || folder != parts.join("/")
    });
    misnamed.map(|file| format!("{} has the package {}", file.name(), file.package_name())).collect()
}

/// Checks that each service has its own file, named for it, and that no other file name ends in `_service`.
pub fn files_are_named_for_their_service(contracts: &Contracts) -> Vec<String> {
    let misnamed = contracts.files().filter(|file| {
        let name = file.name().rsplit('/').next().unwrap_or_default();
        let stem = name.strip_suffix(".proto").unwrap_or_default();
        let services: Vec<String> = file.services().map(|service| snake_case(service.name())).collect();
        let fits = match services.as_slice() {
            [] => !stem.ends_with("_service"),
            [only] => stem == only,
            _ => false,
        };
        !fits || !is_snake_case(stem)
    });
    misnamed.map(|file| file.name().to_owned()).collect()
}

/// Checks that the types copied from Google have the fields that other programs expect.
pub fn google_types_are_unchanged(contracts: &Contracts) -> Vec<String> {
    const UNCHANGED: [(&str, Shape); 2] = [
        ("google.type.Date", &[(1, "year", Kind::Int32), (2, "month", Kind::Int32), (3, "day", Kind::Int32)]),
        ("google.type.Money", &[(1, "currency_code", Kind::String), (2, "units", Kind::Int64), (3, "nanos", Kind::Int32)]),
    ];
    let changed = UNCHANGED.into_iter().filter(|(name, shape)| {
        let Some(message) = contracts.pool.get_message_by_name(name) else { return true };
        let is_unchanged = message.fields().len() == shape.len()
            && message.fields().zip(*shape).all(|(field, (number, name, kind))| {
                field.number() == *number && field.name() == *name && field.kind() == *kind && !field.is_list()
            });
        !is_unchanged
    });
    changed.map(|(name, _)| name.to_owned()).collect()
}
