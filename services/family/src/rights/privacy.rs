//! Privacy settings, as they are stored.

use serde::{Deserialize, Serialize};

/// What the other members of a plan may see of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PrivacySettings {
    /// Whether the member's intakes count in averages that others see.
    pub share_nutrition: bool,
    /// Whether the member's challenges count in what others see.
    pub share_challenges: bool,
    /// Whether the member's achievements are shown to others.
    pub share_achievements: bool,
}

impl PrivacySettings {
    /// Shares nothing.
    pub const NONE: Self = Self { share_nutrition: false, share_challenges: false, share_achievements: false };
}

impl Default for PrivacySettings {
    fn default() -> Self {
        Self { share_nutrition: false, share_challenges: true, share_achievements: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_setting_is_the_default() {
        let parse = |text: &str| serde_json::from_str::<PrivacySettings>(text).expect("privacy settings");
        assert_eq!(parse("{}"), PrivacySettings::default());
        assert!(parse(r#"{"share_nutrition": true}"#).share_nutrition);
    }
}
