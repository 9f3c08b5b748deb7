//! Checks that the tests have produced every error reason of the contracts.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use orchard_proto::DESCRIPTORS;
use orchard_testkit::reasons::{Reason, reasons};

/// Returns the emptied folder in which tests record the reasons they see.
pub fn folder(state: &Path) -> Result<PathBuf> {
    let folder = state.join("test-reasons");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/// Returns the reasons that no test has produced, each with its domain.
pub fn missing(folder: &Path) -> Result<Vec<String>> {
    let mut seen = Vec::new();
    for file in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        seen.push(file?.file_name().to_string_lossy().into_owned());
    }
    Ok(unseen(&reasons(DESCRIPTORS)?, &seen))
}

fn unseen(reasons: &[Reason], seen: &[String]) -> Vec<String> {
    // Tests that imitate a service use this domain.
    let seen: Vec<_> =
        seen.iter().filter_map(|file| file.split_once(' ')).filter(|(domain, _)| *domain != "orchard.test").collect();
    let missing = reasons.iter().filter(|known| !seen.iter().any(|(domain, reason)| known.is(domain, reason)));
    missing.map(|reason| format!("{} ({})", reason.name, reason.domain.as_deref().unwrap_or("any service"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_counts_if_its_own_service_produces_it() {
        let reason = |domain: Option<&str>, name: &str| Reason { domain: domain.map(str::to_owned), name: name.to_owned() };
        let known = [reason(None, "OVERLOADED"), reason(Some("orchard.family"), "PLAN_FULL"), reason(None, "INTERNAL")];
        let seen = ["orchard.probe OVERLOADED", "orchard.social PLAN_FULL", "orchard.test INTERNAL"].map(str::to_owned);
        assert_eq!(unseen(&known, &seen), ["PLAN_FULL (orchard.family)", "INTERNAL (any service)"]);
        assert_eq!(unseen(&known, &["orchard.family PLAN_FULL".to_owned()]).len(), 2);
    }

    #[test]
    fn the_contracts_have_reasons() {
        let all = reasons(DESCRIPTORS).expect("descriptors");
        assert!(all.iter().any(|reason| reason.is("orchard.family", "PLAN_FULL")), "{all:?}");
        assert!(all.iter().any(|reason| reason.is("orchard.edge", "UPSTREAM_UNAVAILABLE")), "{all:?}");
        assert!(!all.iter().any(|reason| reason.name == "UNSPECIFIED"), "{all:?}");
    }
}
