//! Permissions, as they are stored.

use bigdecimal::BigDecimal;
use serde::{Deserialize, Serialize};

/// What an admin has left a member of what the role allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Permissions {
    /// Whether the member may spend.
    pub spend: bool,
    /// Maximum that the member may spend in a day; `None` for no limit.
    pub daily_spend_limit: Option<BigDecimal>,
    /// Whether the member may invite users and add children.
    pub invite: bool,
    /// Whether the member may see the nutrition of others.
    pub view_nutrition: bool,
}

impl Permissions {
    /// Permits nothing.
    pub const NONE: Self = Self { spend: false, daily_spend_limit: None, invite: false, view_nutrition: false };
}

impl Default for Permissions {
    fn default() -> Self {
        Self { spend: true, daily_spend_limit: None, invite: true, view_nutrition: true }
    }
}

/// Something that another service asks about whether a member may do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// To spend from the wallet.
    Spend,
    Invite,
    /// To see the nutrition that others share.
    ViewNutrition,
    /// To manage the plan and its members.
    Manage,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_permission_is_granted() {
        let parse = |text: &str| serde_json::from_str::<Permissions>(text).expect("permissions");
        assert_eq!(parse("{}"), Permissions::default());
        let limited = Permissions { daily_spend_limit: Some(BigDecimal::new(1250.into(), 2)), ..Permissions::default() };
        assert_eq!(parse(r#"{"daily_spend_limit": "12.50"}"#), limited);
        assert_eq!(parse(&serde_json::to_string(&limited).expect("text")), limited);
    }
}
