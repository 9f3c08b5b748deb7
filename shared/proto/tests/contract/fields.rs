//! Fields: what their names promise of their types.

use prost_reflect::{FieldDescriptor, Kind};

use crate::contracts::{Contracts, is_snake_case};

/// Timestamps that no event has given its name.
const OTHER_TIMES: [&str; 1] = ["as_of"];
/// Numbers that only look like money.
pub const NOT_MONEY: [&str; 1] = ["orchard.social.v1.ProgressData.amount"];
/// Means, which have no exact value to lose.
pub const MEANS: [&str; 4] = [
    "orchard.consultation.v1.Professional.rating_average",
    "orchard.edge.v1.FamilyDashboard.avg_weekly_calories",
    "orchard.family.v1.FamilySummary.avg_weekly_calories",
    "orchard.family.v1.WeeklySummary.average_calories",
];
/// Last words of names that are about money.
const MONEY_WORDS: [&str; 7] = ["amount", "balance", "budget", "cost", "fee", "price", "rate"];

/// The fields that break a rule.
fn except(contracts: &Contracts, keeps: impl Fn(&FieldDescriptor) -> bool) -> Vec<String> {
    contracts.fields().filter(|field| !keeps(field)).map(|field| field.full_name().to_owned()).collect()
}

/// The last word of a field's name, in the singular.
fn noun(field: &FieldDescriptor) -> &str {
    let word = field.name().rsplit('_').next().unwrap_or_default();
    if field.is_list() { word.strip_suffix('s').unwrap_or(word) } else { word }
}

fn is_message(field: &FieldDescriptor, name: &str) -> bool {
    matches!(field.kind(), Kind::Message(message) if message.full_name() == name)
}

/// `lower_snake_case`, oneofs too.
pub fn names_are_snake_case(contracts: &Contracts) -> Vec<String> {
    let mut strays = except(contracts, |field| is_snake_case(field.name()));
    for message in contracts.messages() {
        let oneofs = message.oneofs().filter(|oneof| !oneof.is_synthetic() && !is_snake_case(oneof.name()));
        strays.extend(oneofs.map(|oneof| oneof.full_name().to_owned()));
    }
    strays
}

/// What holds many is named for many, and what holds one id is not.
pub fn lists_are_plural(contracts: &Contracts) -> Vec<String> {
    except(contracts, |field| match field.is_list() || field.is_map() {
        true => field.name().ends_with('s') && !field.name().ends_with("ss"),
        false => !field.name().ends_with("_ids"),
    })
}

/// Ids are UUIDs, as text.
pub fn ids_are_strings(contracts: &Contracts) -> Vec<String> {
    except(contracts, |field| {
        let is_id = field.name() == "id" || field.name().ends_with("_id") || field.name().ends_with("_ids");
        !is_id || field.kind() == Kind::String
    })
}

/// Moments are `google.protobuf.Timestamp` and end in `_time` (AIP-142).
pub fn times_are_timestamps(contracts: &Contracts) -> Vec<String> {
    except(contracts, |field| {
        let is_named_so = noun(field) == "time" || OTHER_TIMES.contains(&field.name());
        let is_named_otherwise = matches!(noun(field), "at" | "timestamp");
        is_named_so == is_message(field, "google.protobuf.Timestamp") && !is_named_otherwise
    })
}

/// Days are `google.type.Date` and end in `_date`.
pub fn dates_are_dates(contracts: &Contracts) -> Vec<String> {
    except(contracts, |field| (noun(field) == "date") == is_message(field, "google.type.Date"))
}

/// No integer of cents, no text, no float: a currency belongs to an amount.
pub fn money_is_money(contracts: &Contracts) -> Vec<String> {
    except(contracts, |field| {
        let is_about_money = MONEY_WORDS.contains(&noun(field)) && !NOT_MONEY.contains(&field.full_name());
        !is_about_money || is_message(field, "google.type.Money")
    })
}

/// Doubles for means, floats for nothing.
pub fn only_means_are_floats(contracts: &Contracts) -> Vec<String> {
    except(contracts, |field| match field.kind() {
        Kind::Float => false,
        Kind::Double => MEANS.contains(&field.full_name()),
        _ => true,
    })
}
