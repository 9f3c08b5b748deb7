//! Conversions of rewards from and to protobuf.

use orchard_proto::social::v1 as pb;
use orchard_rpc::{Currency, Fields, Invalid, read};

use super::{RankBand, Reward, RewardStructure};
use crate::rewards::award::wire::{read_new_badge, read_special_reward, special_reward};
use crate::rewards::milestone::MilestoneType;

/// Reads the field `reward_structure`.
pub(crate) fn read_rewards(
    fields: &mut Fields,
    sent: Option<pb::RewardStructure>,
    currency: &Currency,
) -> Result<Option<RewardStructure>, Invalid> {
    let Some(sent) = sent else { return Ok(None) };
    fields.within("reward_structure", |fields| {
        let completion =
            sent.completion.map(|reward| fields.within("completion", |fields| read_reward(fields, reward, currency)));
        let bands = fields.each("rank_bands", 0..=20, sent.rank_bands, |fields, band| {
            // Whether bands have gaps is a rule about all of them.
            let (from_rank, to_rank) = (band.from_rank, band.to_rank);
            let reward = fields.read("reward", read::required(band.reward));
            let reward = reward.and_then(|reward| fields.within("reward", |fields| read_reward(fields, reward, currency)));
            Ok(RankBand { from_rank, to_rank, reward: reward? })
        });
        Ok(Some(RewardStructure { completion: completion.transpose()?, rank_bands: bands? }))
    })
}

fn read_reward(fields: &mut Fields, sent: pb::Reward, currency: &Currency) -> Result<Reward, Invalid> {
    let points = fields.read("points", read::within(sent.points, 0..=10_000));
    let badge = fields.read("badge", read_badge(&sent.badge));
    let special = sent.special_reward.map(|special| read_special_reward(fields, special, currency)).transpose();
    Ok(Reward { points: points?, badge: badge?, special_reward: special? })
}

fn read_badge(badge: &str) -> Result<Option<String>, String> {
    let badge = read_new_badge(badge)?;
    if MilestoneType::is_like_badge(&badge) {
        return Err("must not look like the badge of a milestone".to_owned());
    }
    Ok((!badge.is_empty()).then_some(badge))
}

/// Converts the rewards of a challenge.
pub(crate) fn rewards(rewards: RewardStructure, currency: &Currency) -> pb::RewardStructure {
    let bands = rewards.rank_bands.into_iter().map(|band| pb::RankBand {
        from_rank: band.from_rank,
        to_rank: band.to_rank,
        reward: Some(reward(band.reward, currency)),
    });
    pb::RewardStructure { completion: rewards.completion.map(|given| reward(given, currency)), rank_bands: bands.collect() }
}

/// Converts a reward.
pub(crate) fn reward(reward: Reward, currency: &Currency) -> pb::Reward {
    pb::Reward {
        points: reward.points,
        badge: reward.badge.unwrap_or_default(),
        special_reward: reward.special_reward.map(|special| special_reward(special, currency)),
    }
}
