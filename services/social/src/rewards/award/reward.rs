//! Special rewards: entitlements that come with achievements. They move no money here.

use std::sync::LazyLock;

use bigdecimal::BigDecimal;
use serde::{Deserialize, Serialize};

/// The most credits of one achievement.
pub static MAX_CREDITS: LazyLock<BigDecimal> = LazyLock::new(|| BigDecimal::new(1_000_000.into(), 2));

/// An entitlement, stored with its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SpecialReward {
    /// Credits in the installation's currency.
    Credits {
        /// How many, without fractions of a cent.
        amount: BigDecimal,
    },
    /// A discount on the next purchase.
    Discount {
        /// The discount in percent.
        percent: i32,
    },
    /// Access to something that is not open to everyone.
    SpecialAccess {
        /// The name of what it opens.
        to: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rewards_are_stored_with_their_kind_and_money_as_text() {
        let credits = SpecialReward::Credits { amount: BigDecimal::new(1250.into(), 2) };
        for (reward, stored) in [
            (credits, json!({"kind": "credits", "amount": "12.50"})),
            (SpecialReward::Discount { percent: 15 }, json!({"kind": "discount", "percent": 15})),
            (SpecialReward::SpecialAccess { to: "tour".to_owned() }, json!({"kind": "special_access", "to": "tour"})),
        ] {
            assert_eq!(serde_json::to_value(&reward).expect("json"), stored);
            assert_eq!(serde_json::from_value::<SpecialReward>(stored).expect("a reward"), reward);
        }
    }
}
