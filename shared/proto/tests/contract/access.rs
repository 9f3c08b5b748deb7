//! Who may call.

use orchard_proto::access::v1::Caller;

use crate::contracts::Contracts;

/// Without callers the server would not start.
pub fn methods_say_who_may_call(contracts: &Contracts) -> Vec<String> {
    let open = contracts.methods().filter(|method| {
        let callers = contracts.access(method).map(|access| access.callers).unwrap_or_default();
        let are_known = callers.iter().all(|caller| Caller::try_from(*caller).is_ok_and(|known| known != Caller::Unspecified));
        callers.is_empty() || !are_known
    });
    open.map(|method| method.full_name().to_owned()).collect()
}

/// Anything else is a slip: a service that is named and not admitted, or the other way round.
pub fn services_are_named_when_they_may_call(contracts: &Contracts) -> Vec<String> {
    let slips = contracts.methods().filter(|method| {
        contracts.access(method).is_some_and(|access| {
            let may_call = access.callers().any(|caller| matches!(caller, Caller::Service | Caller::ServiceForUser));
            may_call == access.services.is_empty() || access.services.iter().any(String::is_empty)
        })
    });
    slips.map(|method| method.full_name().to_owned()).collect()
}
