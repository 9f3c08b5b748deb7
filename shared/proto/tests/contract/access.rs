//! Rules for the access option.

use orchard_proto::access::v1::Caller;

use crate::contracts::Contracts;

/// Checks that every method admits at least one known kind of caller: a server does not start otherwise.
pub fn methods_have_an_access_option(contracts: &Contracts) -> Vec<String> {
    let without = contracts.methods().filter(|method| {
        let callers = contracts.access(method).map(|access| access.callers).unwrap_or_default();
        let are_known = callers.iter().all(|caller| Caller::try_from(*caller).is_ok_and(|known| known != Caller::Unspecified));
        callers.is_empty() || !are_known
    });
    without.map(|method| method.full_name().to_owned()).collect()
}

/// Checks that services are named exactly when services may call, and that no name is empty.
pub fn services_are_named_when_admitted(contracts: &Contracts) -> Vec<String> {
    let wrong = contracts.methods().filter(|method| {
        contracts.access(method).is_some_and(|access| {
            let may_call = access.callers().any(|caller| matches!(caller, Caller::Service | Caller::ServiceForUser));
            may_call == access.services.is_empty() || access.services.iter().any(String::is_empty)
        })
    });
    wrong.map(|method| method.full_name().to_owned()).collect()
}
