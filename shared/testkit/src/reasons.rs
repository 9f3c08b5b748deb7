//! The reasons that contracts have for refusals.

use anyhow::Context as _;
use prost_reflect::DescriptorPool;

/// The packages of reasons that more than one service may give.
const SHARED: [&str; 4] = ["orchard.rpc.v1", "orchard.events.v1", "orchard.intents.v1", "orchard.privacy.v1"];

/// A value of an `ErrorReason`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Who gives it, such as `orchard.family`; nothing for what any service may give.
    pub domain: Option<String>,
    /// Its name, as `ErrorInfo.reason` has it.
    pub name: String,
}

impl Reason {
    /// Whether this is what `domain` means by `reason`.
    pub fn is(&self, domain: &str, reason: &str) -> bool {
        self.name == reason && self.domain.as_deref().is_none_or(|own| own == domain)
    }
}

/// All reasons of a descriptor set, without those that are never sent.
pub fn reasons(descriptors: &[u8]) -> anyhow::Result<Vec<Reason>> {
    let pool = DescriptorPool::decode(descriptors)?;
    let mut reasons = Vec::new();
    for of_package in pool.all_enums().filter(|kind| kind.name() == "ErrorReason") {
        let package = of_package.package_name();
        let domain = package.strip_suffix(".v1").filter(|_| !SHARED.contains(&package)).map(str::to_owned);
        for value in of_package.values().filter(|value| value.number() != 0) {
            let name = value.name().strip_prefix("ERROR_REASON_").context("a reason without its prefix")?.to_owned();
            reasons.push(Reason { domain: domain.clone(), name });
        }
    }
    Ok(reasons)
}
