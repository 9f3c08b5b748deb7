//! The contracts keep the rules of the house, and each rule is shown to see the slip that it is for.
//!
//! A rule is a function from the descriptors to what breaks it, in words. What it lets pass on purpose is a list beside it.

#![expect(clippy::expect_used, reason = "a test that cannot go on says where")]

mod access;
mod comments;
mod contracts;
mod fields;
mod layout;
mod methods;
mod reasons;
mod slips;
mod values;

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
    layout::packages_are_folders,
    layout::files_are_named_for_what_they_hold,
    layout::google_types_are_whole,
    comments::all_is_commented,
    fields::names_are_snake_case,
    fields::lists_are_plural,
    fields::ids_are_strings,
    fields::times_are_timestamps,
    fields::dates_are_dates,
    fields::money_is_money,
    fields::only_means_are_floats,
    values::zero_is_unspecified,
    values::values_are_prefixed,
    methods::services_are_named_so,
    methods::methods_are_verb_and_noun,
    methods::messages_belong_to_one_method,
    methods::methods_say_whether_they_may_be_repeated,
    methods::reads_have_no_side_effects,
    methods::request_ids_make_idempotent,
    methods::lists_are_pages,
    access::methods_say_who_may_call,
    access::services_are_named_when_they_may_call,
    reasons::packages_have_reasons,
    reasons::reasons_begin_with_their_code,
    reasons::reasons_differ_from_shared_ones,
    reasons::named_reasons_exist,
];

/// The rules that the contracts break, each with where.
fn broken(contracts: &Contracts) -> Vec<(&'static str, Vec<String>)> {
    let findings = RULES.iter().map(|(name, rule)| (*name, rule(contracts)));
    findings.filter(|(_, places)| !places.is_empty()).collect()
}

#[test]
fn the_contracts_keep_every_rule() {
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
fn exceptions_are_of_what_exists() {
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
