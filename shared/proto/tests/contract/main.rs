//! Checks that the contracts follow our rules, and that each rule finds what it is for.
//!
//! A rule is a function that returns a description of each violation. Its exceptions are listed in a constant next to it.

#![expect(clippy::expect_used, reason = "tests panic where they cannot continue")]

mod access;
mod comments;
mod contracts;
mod fields;
mod layout;
mod methods;
mod readme;
mod reasons;
mod values;
mod violations;

use std::collections::HashSet;

use orchard_proto::DESCRIPTORS;
use prost::Message as _;
use prost_types::FileDescriptorSet;

use contracts::Contracts;

type Rule = fn(&Contracts) -> Vec<String>;

macro_rules! rules {
    ($($module:ident::$rule:ident),* $(,)?) => { [$((stringify!($rule), $module::$rule as Rule)),*] };
}

const RULES: &[(&str, Rule)] = &rules![
    layout::packages_match_their_folders,
    layout::files_are_named_for_their_service,
    layout::google_types_are_unchanged,
    comments::everything_has_a_comment,
    fields::names_are_snake_case,
    fields::repeated_fields_are_plural,
    fields::ids_are_strings,
    fields::time_fields_are_timestamps,
    fields::date_fields_are_dates,
    fields::money_fields_are_money,
    fields::only_means_are_doubles,
    values::zero_is_unspecified,
    values::values_are_prefixed,
    methods::services_end_in_service,
    methods::methods_are_verb_and_noun,
    methods::messages_belong_to_one_method,
    methods::methods_have_an_idempotency_level,
    methods::reads_have_no_side_effects,
    methods::methods_with_a_request_id_are_idempotent,
    methods::list_methods_are_paginated,
    access::methods_have_an_access_option,
    access::services_are_named_when_admitted,
    reasons::packages_have_reasons,
    reasons::reasons_start_with_their_code,
    reasons::reasons_differ_from_shared_ones,
    reasons::documented_reasons_exist,
];

/// Returns the rules that the contracts break, each with its violations.
fn broken(contracts: &Contracts) -> Vec<(&'static str, Vec<String>)> {
    let checked = RULES.iter().map(|(name, rule)| (*name, rule(contracts)));
    checked.filter(|(_, violations)| !violations.is_empty()).collect()
}

#[test]
fn the_contracts_follow_every_rule() {
    let contracts = Contracts::decode(DESCRIPTORS);
    assert!(contracts.methods().count() > 0 && contracts.fields().count() > 0, "nothing was read");
    let broken = broken(&contracts);
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn no_message_is_defined_twice() {
    fn defined_twice(set: &FileDescriptorSet) -> Vec<String> {
        let mut seen = HashSet::new();
        let names =
            set.file.iter().flat_map(|file| file.message_type.iter().map(|message| [file.package(), message.name()].join(".")));
        names.filter(|name| !seen.insert(name.clone())).collect()
    }
    let mut set = FileDescriptorSet::decode(DESCRIPTORS).expect("descriptors");
    assert_eq!(defined_twice(&set), Vec::<String>::new());
    let money = set.file.iter().find(|file| file.name() == "google/type/money.proto").expect("money").clone();
    set.file.push(money);
    assert_eq!(defined_twice(&set), ["google.type.Money"]);
}

#[test]
fn exceptions_name_existing_methods_and_fields() {
    let contracts = Contracts::decode(DESCRIPTORS);
    let methods: HashSet<String> = contracts.methods().map(|method| method.full_name().to_owned()).collect();
    let fields: HashSet<String> = contracts.fields().map(|field| field.full_name().to_owned()).collect();
    for method in methods::BARE_VERBS.iter().chain(&methods::NOT_REPEATABLE) {
        assert!(methods.contains(*method), "{method}");
    }
    for field in fields::NOT_MONEY.iter().chain(&fields::MEANS) {
        assert!(fields.contains(*field), "{field}");
    }
}
