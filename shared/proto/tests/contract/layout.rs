//! Where things stand.

use prost_reflect::Kind;

use crate::contracts::{Contracts, is_snake_case, snake_case};

type Shape = &'static [(u32, &'static str, Kind)];

/// `orchard/family/v1/plan.proto` is of the package `orchard.family.v1`.
pub fn packages_are_folders(contracts: &Contracts) -> Vec<String> {
    let strays = contracts.files().filter(|file| {
        let folder = file.name().rsplit_once('/').map_or("", |(folder, _)| folder);
        let parts: Vec<&str> = file.package_name().split('.').collect();
        let is_versioned =
            |version: &str| version.strip_prefix('v').is_some_and(|number| number.parse::<u8>().is_ok_and(|n| n > 0));
        let is_named_well = matches!(parts[..], ["orchard", name, version] if is_snake_case(name) && is_versioned(version));
        !is_named_well || folder != parts.join("/")
    });
    strays.map(|file| format!("{} is of the package {}", file.name(), file.package_name())).collect()
}

/// A service has a file of its own, named for it; other files end otherwise.
pub fn files_are_named_for_what_they_hold(contracts: &Contracts) -> Vec<String> {
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

/// The types that we took from Google are what every other program takes them for.
pub fn google_types_are_whole(contracts: &Contracts) -> Vec<String> {
    const WHOLE: [(&str, Shape); 2] = [
        ("google.type.Date", &[(1, "year", Kind::Int32), (2, "month", Kind::Int32), (3, "day", Kind::Int32)]),
        ("google.type.Money", &[(1, "currency_code", Kind::String), (2, "units", Kind::Int64), (3, "nanos", Kind::Int32)]),
    ];
    let changed = WHOLE.into_iter().filter(|(name, whole)| {
        let Some(message) = contracts.pool.get_message_by_name(name) else { return true };
        let is_whole = message.fields().len() == whole.len()
            && message.fields().zip(*whole).all(|(field, (number, name, kind))| {
                field.number() == *number && field.name() == *name && field.kind() == *kind && !field.is_list()
            });
        !is_whole
    });
    changed.map(|(name, _)| name.to_owned()).collect()
}
