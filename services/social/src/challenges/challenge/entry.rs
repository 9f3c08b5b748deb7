//! Entry requirements of challenges.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ChallengeError;

/// What a user must meet to join. All of it must be met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EntryRequirements {
    pub challenges_completed: i32,
    pub badges: Vec<String>,
    /// Whether the user must be a member of an active family plan.
    pub family_plan: bool,
    /// Whole days since the service first knew the user.
    pub account_age_days: i32,
}

/// Facts about a user who wants to join, as far as a challenge requires them.
#[derive(Debug, Clone)]
pub struct Entrant {
    pub challenges_completed: i64,
    /// Which of the required badges the user has.
    pub badges: Vec<String>,
    /// Whether the user is a member of an active family plan; `None` if the family service was not asked.
    pub family_plan: Option<bool>,
    /// When the service first knew the user.
    pub created_at: DateTime<Utc>,
}

impl EntryRequirements {
    /// Checks that a user meets all requirements at `now`. A fact that is not known does not meet one.
    pub fn admit(&self, entrant: &Entrant, now: DateTime<Utc>) -> Result<(), ChallengeError> {
        let unmet = |requirement, required: String, actual: String| Err(ChallengeError::Unmet { requirement, required, actual });
        if entrant.challenges_completed < i64::from(self.challenges_completed) {
            let (required, actual) = (self.challenges_completed.to_string(), entrant.challenges_completed.to_string());
            return unmet("challenges_completed", required, actual);
        }
        if self.badges.iter().any(|badge| !entrant.badges.contains(badge)) {
            return unmet("badges", self.badges.join(", "), entrant.badges.join(", "));
        }
        if self.family_plan && entrant.family_plan != Some(true) {
            return unmet("family_plan", true.to_string(), false.to_string());
        }
        let age = (now - entrant.created_at).num_days();
        if age < i64::from(self.account_age_days) {
            return unmet("account_age_days", self.account_age_days.to_string(), age.to_string());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> DateTime<Utc> {
        text.parse().expect("a moment")
    }

    #[test]
    fn an_unmet_requirement_is_named() {
        let now = moment("2026-07-10T00:00:00Z");
        let entrant = Entrant {
            challenges_completed: 2,
            badges: vec!["early".to_owned()],
            family_plan: Some(true),
            created_at: moment("2026-07-01T12:00:00Z"),
        };
        let check = |require: fn(&mut EntryRequirements)| {
            let mut requirements = EntryRequirements::default();
            require(&mut requirements);
            match requirements.admit(&entrant, now) {
                Ok(()) => None,
                Err(ChallengeError::Unmet { requirement, required, actual }) => Some((requirement, required, actual)),
                Err(other) => panic!("{other}"),
            }
        };
        let unmet =
            |requirement: &'static str, required: &str, actual: &str| Some((requirement, required.to_owned(), actual.to_owned()));
        assert_eq!(check(|_| ()), None);
        assert_eq!(check(|all| all.challenges_completed = 2), None);
        assert_eq!(check(|all| all.challenges_completed = 3), unmet("challenges_completed", "3", "2"));
        assert_eq!(check(|all| all.badges = vec!["early".to_owned()]), None);
        assert_eq!(check(|all| all.badges = vec!["early".to_owned(), "b".to_owned()]), unmet("badges", "early, b", "early"));
        assert_eq!(check(|all| all.family_plan = true), None);
        assert_eq!(check(|all| all.account_age_days = 8), None, "the account is eight and a half days old");
        assert_eq!(check(|all| all.account_age_days = 9), unmet("account_age_days", "9", "8"));
        let requires_a_plan = EntryRequirements { family_plan: true, ..EntryRequirements::default() };
        for family_plan in [Some(false), None] {
            let without = Entrant { family_plan, ..entrant.clone() };
            assert!(requires_a_plan.admit(&without, now).is_err(), "{family_plan:?}");
        }
    }

    #[test]
    fn stored_requirements_may_lack_fields() {
        let requirements: EntryRequirements = serde_json::from_value(serde_json::json!({})).expect("requirements");
        assert_eq!(requirements, EntryRequirements::default());
    }
}
