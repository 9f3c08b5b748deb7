//! Rules for services and methods.

use std::collections::HashMap;

use prost_reflect::{Kind, MessageDescriptor, MethodDescriptor};
use prost_types::method_options::IdempotencyLevel;

use crate::contracts::Contracts;

/// Methods that are a verb only: the noun is that of the service.
pub const BARE_VERBS: [&str; 3] =
    ["orchard.edge.v1.EdgeService.Discover", "orchard.family.v1.WalletService.Deposit", "orchard.family.v1.WalletService.Spend"];
/// Methods that a proxy must not repeat.
pub const NOT_REPEATABLE: [&str; 13] = [
    // A repeated request names the start of before.
    "orchard.consultation.v1.BookingService.RescheduleSession",
    // Only a hash of an invitation's token is stored, so the response to a repeated request has no token.
    "orchard.family.v1.InvitationService.CreateInvitation",
    // A caller who changes their own seat may not do so again.
    "orchard.family.v1.MemberService.BanMember",
    "orchard.family.v1.MemberService.ChangeMemberRole",
    "orchard.family.v1.MemberService.LeavePlan",
    "orchard.family.v1.MemberService.RemoveMember",
    // No trace is kept of what has come to an end.
    "orchard.intents.v1.IntentService.GiveUpIntent",
    "orchard.intents.v1.IntentService.RetryIntent",
    // No trace is kept of what was deleted.
    "orchard.family.v1.NutritionService.DeleteIntake",
    "orchard.recipe.v1.RecipeService.DeleteRecipe",
    "orchard.social.v1.ErasureService.CancelErasure",
    "orchard.social.v1.ProgressService.DeleteProgress",
    // Only the first call is told that it was.
    "orchard.social.v1.AchievementService.MarkCelebrationShown",
];
/// Verbs of methods that change nothing.
const READS: [&str; 11] =
    ["BatchGet", "Check", "Count", "Discover", "Export", "Get", "List", "Parse", "Scale", "Search", "Watch"];
/// Verbs that methods may start with. A new verb is a deliberate choice.
const VERBS: &str = "
    Accept Add Apply Award Ban BatchGet BatchRecord Block Book Cancel Capture Change Check Claim Close Complete Confirm Convert Count Create
    Deactivate Decide Decline Delete Deliver Discard Dismiss Enroll Erase Export Favorite Feature Finalise Forget Get GiveUp Hide Hold Import Join Leave List Mark Move Name Offer
    Parse Pause Pay Publish Qualify Rate Reactivate Record Redeem Refund Register Reject Release Remove Renew Replay Report Reschedule Restore Resume Retry
    Revoke Scale Schedule Search Send Set Settle Start Submit Suspend Transfer Unban Unblock Unfeature Update Upgrade Verify Vote Watch Withdraw
";

fn except(contracts: &Contracts, keeps: impl Fn(&MethodDescriptor) -> bool) -> Vec<String> {
    contracts.methods().filter(|method| !keeps(method)).map(|method| method.full_name().to_owned()).collect()
}

/// Returns whether `name` is `verb` followed by another word.
fn begins_with(name: &str, verb: &str) -> bool {
    name.strip_prefix(verb).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// Checks that services are named like `WalletService`.
pub fn services_end_in_service(contracts: &Contracts) -> Vec<String> {
    let misnamed = contracts.services().filter(|service| service.name().strip_suffix("Service").is_none_or(str::is_empty));
    misnamed.map(|service| service.full_name().to_owned()).collect()
}

/// Checks that methods are named like `JoinChallenge`.
pub fn methods_are_verb_and_noun(contracts: &Contracts) -> Vec<String> {
    except(contracts, |method| {
        BARE_VERBS.contains(&method.full_name()) || VERBS.split_whitespace().any(|verb| begins_with(method.name(), verb))
    })
}

/// Checks that each method has its own request and response, such as `JoinChallengeRequest` and `JoinChallengeResponse`, so that
/// each can get new fields without the others.
pub fn messages_belong_to_one_method(contracts: &Contracts) -> Vec<String> {
    let mut users: HashMap<String, usize> = HashMap::new();
    for method in contracts.methods() {
        for message in [method.input(), method.output()] {
            *users.entry(message.full_name().to_owned()).or_default() += 1;
        }
    }
    except(contracts, |method| {
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

/// Checks that every method has an `idempotency_level`, by which clients decide whether to repeat a call.
pub fn methods_have_an_idempotency_level(contracts: &Contracts) -> Vec<String> {
    except(contracts, |method| {
        let has_none = idempotency_level(method) == IdempotencyLevel::IdempotencyUnknown;
        has_none == NOT_REPEATABLE.contains(&method.full_name())
    })
}

/// Checks that methods have `NO_SIDE_EFFECTS` exactly when their verb is one of `READS`.
pub fn reads_have_no_side_effects(contracts: &Contracts) -> Vec<String> {
    except(contracts, |method| {
        let has_none = idempotency_level(method) == IdempotencyLevel::NoSideEffects;
        has_none == READS.iter().any(|verb| method.name() == *verb || begins_with(method.name(), verb))
    })
}

/// Checks that methods with a `request_id` are idempotent.
pub fn methods_with_a_request_id_are_idempotent(contracts: &Contracts) -> Vec<String> {
    except(contracts, |method| {
        method.input().get_field_by_name("request_id").is_none()
            || idempotency_level(method) == IdempotencyLevel::Idempotent
            || NOT_REPEATABLE.contains(&method.full_name())
    })
}

/// Checks that list methods return pages (AIP-158) with a single repeated field.
pub fn list_methods_are_paginated(contracts: &Contracts) -> Vec<String> {
    except(contracts, |method| {
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
