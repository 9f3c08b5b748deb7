//! What comes with an achievement beside points: an entitlement, which moves no money here.

use std::sync::LazyLock;

use bigdecimal::BigDecimal;
use serde::{Deserialize, Serialize};

/// Most credits that an achievement may bring.
pub static MOST_CREDITS: LazyLock<BigDecimal> = LazyLock::new(|| BigDecimal::new(1_000_000.into(), 2));

/// An entitlement, kept by its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SpecialReward {
    /// Credits of the installation's currency.
    Credits {
        /// How many, in whole cents.
        amount: BigDecimal,
    },
    /// Something off the next purchase.
    Discount {
        /// How much of it.
        percent: i32,
    },
    /// Something is opened.
    SpecialAccess {
        /// What.
        to: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rewards_are_kept_by_kind_and_money_as_text() {
        let credits = SpecialReward::Credits { amount: BigDecimal::new(1250.into(), 2) };
        for (reward, kept) in [
            (credits, json!({"kind": "credits", "amount": "12.50"})),
            (SpecialReward::Discount { percent: 15 }, json!({"kind": "discount", "percent": 15})),
            (SpecialReward::SpecialAccess { to: "tour".to_owned() }, json!({"kind": "special_access", "to": "tour"})),
        ] {
            assert_eq!(serde_json::to_value(&reward).expect("json"), kept);
            assert_eq!(serde_json::from_value::<SpecialReward>(kept).expect("a reward"), reward);
        }
    }
}
