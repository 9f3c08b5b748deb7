//! What a challenge asks and gives, as sent.

use orchard_proto::social::v1 as pb;
use orchard_rpc::{Currency, Fields, Refused, read};

use crate::challenges::challenge::{EntryRequirements, RankBand, Reward, RewardStructure, SuccessCriteria};
use crate::rewards::award::wire::{read_special_reward, special_reward};
use crate::rewards::milestone::MilestoneType;

pub(super) fn read_requirements(
    fields: &mut Fields,
    sent: Option<pb::EntryRequirements>,
) -> Result<Option<EntryRequirements>, Refused> {
    let Some(sent) = sent else { return Ok(None) };
    fields.within("entry_requirements", |fields| {
        let completed = fields.read("challenges_completed", read::within(sent.challenges_completed, 0..=1_000));
        let badges = fields.values("badges", 0..=10, &sent.badges, |badge| read::text(badge, 1..=50));
        let age = fields.read("account_age_days", read::within(sent.account_age_days, 0..=3_650));
        Ok(Some(EntryRequirements {
            challenges_completed: completed?,
            badges: read::distinct(badges?),
            family_plan: sent.family_plan,
            account_age_days: age?,
        }))
    })
}

pub(super) fn read_criteria(fields: &mut Fields, sent: Option<pb::SuccessCriteria>) -> Result<Option<SuccessCriteria>, Refused> {
    let Some(sent) = sent else { return Ok(None) };
    fields.within("success_criteria", |fields| {
        let score = fields.read("min_score", read::within(sent.min_score, 0..=36_600_000));
        let days = fields.read("active_days", read::within(sent.active_days, 0..=366));
        let streak = fields.read("longest_streak", read::within(sent.longest_streak, 0..=366));
        let fruits = fields.read("distinct_fruits", read::within(sent.distinct_fruits, 0..=200));
        Ok(Some(SuccessCriteria { min_score: score?, active_days: days?, longest_streak: streak?, distinct_fruits: fruits? }))
    })
}

pub(super) fn read_rewards(
    fields: &mut Fields,
    sent: Option<pb::RewardStructure>,
    currency: &Currency,
) -> Result<Option<RewardStructure>, Refused> {
    let Some(sent) = sent else { return Ok(None) };
    fields.within("reward_structure", |fields| {
        let completion =
            sent.completion.map(|reward| fields.within("completion", |fields| read_reward(fields, reward, currency)));
        let bands = fields.each("rank_bands", 0..=20, sent.rank_bands, |fields, band| {
            // Whether they follow each other is a rule of all of them.
            let (from_rank, to_rank) = (band.from_rank, band.to_rank);
            let reward = fields.read("reward", read::required(band.reward));
            let reward = reward.and_then(|reward| fields.within("reward", |fields| read_reward(fields, reward, currency)));
            Ok(RankBand { from_rank, to_rank, reward: reward? })
        });
        Ok(Some(RewardStructure { completion: completion.transpose()?, rank_bands: bands? }))
    })
}

fn read_reward(fields: &mut Fields, sent: pb::Reward, currency: &Currency) -> Result<Reward, Refused> {
    let points = fields.read("points", read::within(sent.points, 0..=10_000));
    let badge = fields.read("badge", read_badge(&sent.badge));
    let special = sent.special_reward.map(|special| read_special_reward(fields, special, currency)).transpose();
    Ok(Reward { points: points?, badge: badge?, special_reward: special? })
}

fn read_badge(badge: &str) -> Result<Option<String>, String> {
    let badge = read::text(badge, 0..=50)?;
    if MilestoneType::has_badge(&badge) {
        return Err("must not be a milestone's".to_owned());
    }
    Ok((!badge.is_empty()).then_some(badge))
}

pub(super) fn requirements(requirements: EntryRequirements) -> pb::EntryRequirements {
    let EntryRequirements { challenges_completed, badges, family_plan, account_age_days } = requirements;
    pb::EntryRequirements { challenges_completed, badges, family_plan, account_age_days }
}

pub(super) fn criteria(criteria: &SuccessCriteria) -> pb::SuccessCriteria {
    let SuccessCriteria { min_score, active_days, longest_streak, distinct_fruits } = *criteria;
    pb::SuccessCriteria { min_score, active_days, longest_streak, distinct_fruits }
}

pub(super) fn rewards(rewards: RewardStructure, currency: &Currency) -> pb::RewardStructure {
    let bands = rewards.rank_bands.into_iter().map(|band| pb::RankBand {
        from_rank: band.from_rank,
        to_rank: band.to_rank,
        reward: Some(reward(band.reward, currency)),
    });
    pb::RewardStructure { completion: rewards.completion.map(|given| reward(given, currency)), rank_bands: bands.collect() }
}

/// What is given.
pub(crate) fn reward(reward: Reward, currency: &Currency) -> pb::Reward {
    pb::Reward {
        points: reward.points,
        badge: reward.badge.unwrap_or_default(),
        special_reward: reward.special_reward.map(|special| special_reward(special, currency)),
    }
}
