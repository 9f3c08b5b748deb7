//! Services and methods.

use std::collections::HashMap;

use prost_reflect::{Kind, MessageDescriptor, MethodDescriptor};
use prost_types::method_options::IdempotencyLevel;

use crate::contracts::Contracts;

/// Verbs whose noun is the service's own.
pub const BARE_VERBS: [&str; 2] = ["orchard.family.v1.WalletService.Deposit", "orchard.family.v1.WalletService.Spend"];
/// Methods that must not be repeated without their caller's knowing.
pub const NOT_REPEATABLE: [&str; 1] = [
    // Of an invitation's token only a hash is kept: the answer to a repeated request has none, and the first is lost.
    "orchard.family.v1.InvitationService.CreateInvitation",
];
/// Beginnings of methods that change nothing.
const READS: [&str; 8] = ["BatchGet", "Check", "Count", "Export", "Get", "List", "Search", "Watch"];
/// Verbs that methods begin with: a new one is a choice, to be made once.
const VERBS: &str = "
    Accept Add Apply Award Ban BatchGet BatchRecord Block Book Cancel Capture Change Check Claim Close Complete Confirm Convert Count Create
    Deactivate Decline Delete Deliver Discard Enroll Erase Export Favorite Feature Finalise Forget Get Hide Hold Import Join Leave List Mark Move Name Offer
    Pause Publish Qualify Rate Reactivate Record Redeem Refund Register Reject Release Remove Renew Replay Report Reschedule Restore Resume
    Revoke Search Send Set Settle Start Submit Suspend Transfer Unban Unblock Update Upgrade Verify Vote Watch Withdraw
";

fn strays(contracts: &Contracts, keeps: impl Fn(&MethodDescriptor) -> bool) -> Vec<String> {
    contracts.methods().filter(|method| !keeps(method)).map(|method| method.full_name().to_owned()).collect()
}

/// Whether `name` is `verb` and then another word.
fn begins_with(name: &str, verb: &str) -> bool {
    name.strip_prefix(verb).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// `WalletService`.
pub fn services_are_named_so(contracts: &Contracts) -> Vec<String> {
    let misnamed = contracts.services().filter(|service| service.name().strip_suffix("Service").is_none_or(str::is_empty));
    misnamed.map(|service| service.full_name().to_owned()).collect()
}

/// `JoinChallenge`.
pub fn methods_are_verb_and_noun(contracts: &Contracts) -> Vec<String> {
    strays(contracts, |method| {
        BARE_VERBS.contains(&method.full_name()) || VERBS.split_whitespace().any(|verb| begins_with(method.name(), verb))
    })
}

/// `JoinChallengeRequest` and `JoinChallengeResponse`, so that each can grow without the others.
pub fn messages_belong_to_one_method(contracts: &Contracts) -> Vec<String> {
    let mut users: HashMap<String, usize> = HashMap::new();
    for method in contracts.methods() {
        for message in [method.input(), method.output()] {
            *users.entry(message.full_name().to_owned()).or_default() += 1;
        }
    }
    strays(contracts, |method| {
        let package = method.parent_service().package_name().to_owned();
        let fits = |message: &MessageDescriptor, suffix: &str| {
            let is_own = users.get(message.full_name()).is_some_and(|users| *users == 1);
            message.full_name() == format!("{package}.{}{suffix}", method.name()) && is_own
        };
        fits(&method.input(), "Request") && fits(&method.output(), "Response")
    })
}

fn idempotency_level(method: &MethodDescriptor) -> IdempotencyLevel {
    method.method_descriptor_proto().options.clone().unwrap_or_default().idempotency_level()
}

/// Clients repeat what may be repeated by what the contract says, so it says so of every method.
pub fn methods_say_whether_they_may_be_repeated(contracts: &Contracts) -> Vec<String> {
    strays(contracts, |method| {
        let says_nothing = idempotency_level(method) == IdempotencyLevel::IdempotencyUnknown;
        says_nothing == NOT_REPEATABLE.contains(&method.full_name())
    })
}

/// Reads say so, which lets clients repeat them; and nothing else does.
pub fn reads_have_no_side_effects(contracts: &Contracts) -> Vec<String> {
    strays(contracts, |method| {
        let has_none = idempotency_level(method) == IdempotencyLevel::NoSideEffects;
        has_none == READS.iter().any(|verb| begins_with(method.name(), verb))
    })
}

/// A `request_id` is there to make an effect happen once.
pub fn request_ids_make_idempotent(contracts: &Contracts) -> Vec<String> {
    strays(contracts, |method| {
        method.input().get_field_by_name("request_id").is_none()
            || idempotency_level(method) == IdempotencyLevel::Idempotent
            || NOT_REPEATABLE.contains(&method.full_name())
    })
}

/// Lists come in pages (AIP-158), with one kind of thing on them.
pub fn lists_are_pages(contracts: &Contracts) -> Vec<String> {
    strays(contracts, |method| {
        let (request, response) = (method.input(), method.output());
        let has = |message: &MessageDescriptor, name: &str, kind: Kind| {
            message.get_field_by_name(name).is_some_and(|field| field.kind() == kind && !field.is_list())
        };
        let is_page = has(&request, "page_size", Kind::Int32)
            && has(&request, "page_token", Kind::String)
            && has(&response, "next_page_token", Kind::String)
            && response.fields().filter(|field| field.is_list()).count() == 1;
        is_page || !begins_with(method.name(), "List")
    })
}
