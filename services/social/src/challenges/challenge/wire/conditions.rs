//! Conversions of entry requirements and success criteria.

use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, Invalid, read};

use crate::challenges::challenge::{EntryRequirements, SuccessCriteria};

/// Badges of users' challenges have a prefix of 42 characters.
const MAX_BADGE: usize = 92;

pub(super) fn read_requirements(
    fields: &mut Fields,
    sent: Option<pb::EntryRequirements>,
) -> Result<Option<EntryRequirements>, Invalid> {
    let Some(sent) = sent else { return Ok(None) };
    fields.within("entry_requirements", |fields| {
        let completed = fields.read("challenges_completed", read::within(sent.challenges_completed, 0..=1_000));
        let badges = fields.values("badges", 0..=10, &sent.badges, |badge| read::text(badge, 1..=MAX_BADGE));
        let age = fields.read("account_age_days", read::within(sent.account_age_days, 0..=3_650));
        Ok(Some(EntryRequirements {
            challenges_completed: completed?,
            badges: read::distinct(badges?),
            family_plan: sent.family_plan,
            account_age_days: age?,
        }))
    })
}

pub(super) fn read_criteria(fields: &mut Fields, sent: Option<pb::SuccessCriteria>) -> Result<Option<SuccessCriteria>, Invalid> {
    let Some(sent) = sent else { return Ok(None) };
    fields.within("success_criteria", |fields| {
        let score = fields.read("min_score", read::within(sent.min_score, 0..=36_600_000));
        let days = fields.read("active_days", read::within(sent.active_days, 0..=366));
        let streak = fields.read("longest_streak", read::within(sent.longest_streak, 0..=366));
        let fruits = fields.read("distinct_fruits", read::within(sent.distinct_fruits, 0..=200));
        let criteria =
            SuccessCriteria { min_score: score?, active_days: days?, longest_streak: streak?, distinct_fruits: fruits? };
        if criteria == SuccessCriteria::default() {
            return fields.read("min_score", Err("or another criterion must be above 0, or there must be none".to_owned()));
        }
        Ok(Some(criteria))
    })
}

pub(super) fn requirements(requirements: EntryRequirements) -> pb::EntryRequirements {
    let EntryRequirements { challenges_completed, badges, family_plan, account_age_days } = requirements;
    pb::EntryRequirements { challenges_completed, badges, family_plan, account_age_days }
}

pub(super) fn criteria(criteria: &SuccessCriteria) -> pb::SuccessCriteria {
    let SuccessCriteria { min_score, active_days, longest_streak, distinct_fruits } = *criteria;
    pb::SuccessCriteria { min_score, active_days, longest_streak, distinct_fruits }
}
