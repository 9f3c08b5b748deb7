//! Interim.

pub use crate::rewards::achievement::{AchievementType, Award, Awards, Entity, EntityType, MOST_CREDITS, SpecialReward};

pub(crate) mod wire {
    pub(crate) use crate::rewards::achievement::wire::{read_special_reward, special_reward};
}
