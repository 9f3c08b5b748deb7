//! Rules for fields: names and types must fit together.

use prost_reflect::{FieldDescriptor, Kind};

use crate::contracts::{Contracts, is_snake_case};

/// Timestamps that are not named for an event.
const OTHER_TIMES: [&str; 1] = ["as_of"];
/// Numbers whose names look like money but are not.
pub const NOT_MONEY: [&str; 1] = ["orchard.social.v1.ProgressData.amount"];
/// Means, which need no exact value.
pub const MEANS: [&str; 6] = [
    "orchard.consultation.v1.Professional.rating_average",
    "orchard.consultation.v1.ProfessionalSummary.rating_average",
    "orchard.edge.v1.FamilyDashboard.avg_weekly_calories",
    "orchard.family.v1.FamilySummary.avg_weekly_calories",
    "orchard.family.v1.WeeklySummary.average_calories",
    "orchard.social.v1.ReferralAnalytics.avg_conversion_days",
];
/// Last words of the names of money fields.
const MONEY_WORDS: [&str; 7] = ["amount", "balance", "budget", "cost", "fee", "price", "rate"];

/// Returns the names of the fields that do not satisfy `keeps`.
fn except(contracts: &Contracts, keeps: impl Fn(&FieldDescriptor) -> bool) -> Vec<String> {
    contracts.fields().filter(|field| !keeps(field)).map(|field| field.full_name().to_owned()).collect()
}

/// Returns the last word of a field's name, in the singular.
fn noun(field: &FieldDescriptor) -> &str {
    let word = field.name().rsplit('_').next().unwrap_or_default();
    if field.is_list() { word.strip_suffix('s').unwrap_or(word) } else { word }
}

fn is_message(field: &FieldDescriptor, name: &str) -> bool {
    matches!(field.kind(), Kind::Message(message) if message.full_name() == name)
}

/// Checks that fields and oneofs are named in `lower_snake_case`.
pub fn names_are_snake_case(contracts: &Contracts) -> Vec<String> {
    let mut misnamed = except(contracts, |field| is_snake_case(field.name()));
    for message in contracts.messages() {
        let oneofs = message.oneofs().filter(|oneof| !oneof.is_synthetic() && !is_snake_case(oneof.name()));
        misnamed.extend(oneofs.map(|oneof| oneof.full_name().to_owned()));
    }
    misnamed
}

/// Checks that repeated fields and maps have plural names, and that a single id does not.
pub fn repeated_fields_are_plural(contracts: &Contracts) -> Vec<String> {
    except(contracts, |field| match field.is_list() || field.is_map() {
        true => field.name().ends_with('s') && !field.name().ends_with("ss"),
        false => !field.name().ends_with("_ids"),
    })
}

/// Checks that ids are strings, which hold UUIDs.
pub fn ids_are_strings(contracts: &Contracts) -> Vec<String> {
    except(contracts, |field| {
        let is_id = field.name() == "id" || field.name().ends_with("_id") || field.name().ends_with("_ids");
        !is_id || field.kind() == Kind::String
    })
}

/// Checks that fields are of type `google.protobuf.Timestamp` exactly when their names end in `_time` (AIP-142).
pub fn time_fields_are_timestamps(contracts: &Contracts) -> Vec<String> {
    except(contracts, |field| {
        let is_named_so = noun(field) == "time" || OTHER_TIMES.contains(&field.name());
        let is_named_otherwise = matches!(noun(field), "at" | "timestamp");
        is_named_so == is_message(field, "google.protobuf.Timestamp") && !is_named_otherwise
    })
}

/// Checks that fields are of type `google.type.Date` exactly when their names end in `_date`.
pub fn date_fields_are_dates(contracts: &Contracts) -> Vec<String> {
    except(contracts, |field| (noun(field) == "date") == is_message(field, "google.type.Date"))
}

/// Checks that money is `google.type.Money`: not cents, text or a float, because an amount needs a currency.
pub fn money_fields_are_money(contracts: &Contracts) -> Vec<String> {
    except(contracts, |field| {
        let is_about_money = MONEY_WORDS.contains(&noun(field)) && !NOT_MONEY.contains(&field.full_name());
        !is_about_money || is_message(field, "google.type.Money")
    })
}

/// Checks that only means are doubles, and that nothing is a float.
pub fn only_means_are_doubles(contracts: &Contracts) -> Vec<String> {
    except(contracts, |field| match field.kind() {
        Kind::Float => false,
        Kind::Double => MEANS.contains(&field.full_name()),
        _ => true,
    })
}
