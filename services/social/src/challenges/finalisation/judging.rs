//! Judging: who has completed a challenge.

use std::collections::BTreeSet;

use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::store::{Candidate, Judge};
use super::{Done, Step, award, store};
use crate::challenges::challenge::Challenge;
use crate::challenges::participant::{CompletionStatus, RewardsEarned};
use crate::error::Error;
use crate::rewards::award::{AchievementType, Entity, EntityType};
use crate::rewards::milestone::{self, MilestoneType};
use crate::roll;

/// What those are called who have completed a challenge.
const COMPLETED: &str = "Challenge completed";

impl Step<'_> {
    /// Judges those of these users who still take part in a challenge: who has completed it is given what it gives for that.
    pub(super) async fn judge(&mut self, challenge: &Challenge, users: &[Uuid]) -> Result<Vec<Candidate>, Error> {
        // Users before their seats, as all writers lock them.
        roll::lock(self.connection, &users.iter().copied().collect::<BTreeSet<_>>()).await?;
        let mut candidates = store::lock_active(self.connection, challenge.id, users).await?;
        let ids: Vec<Uuid> = candidates.iter().map(|candidate| candidate.id).collect();
        let criteria = challenge.terms.success_criteria.as_ref();
        let mut days = if criteria.is_some() { store::days(self.connection, &ids).await? } else { Default::default() };
        let reward = challenge.terms.reward_structure.as_ref().and_then(|rewards| rewards.completion.clone());
        for candidate in &mut candidates {
            let done = Done::of(candidate.final_score, &days.remove(&candidate.id).unwrap_or_default());
            candidate.completion_status =
                if done.completes(criteria) { CompletionStatus::Completed } else { CompletionStatus::Failed };
            let earned = reward.clone().filter(|_| candidate.has_completed());
            candidate.rewards_earned = earned.map(|completion| RewardsEarned { completion: Some(completion), rank: None });
        }
        self.write_judged(&candidates).await?;
        self.reward_completed(challenge, &candidates).await?;
        Ok(candidates)
    }

    async fn write_judged(&mut self, candidates: &[Candidate]) -> Result<(), Error> {
        let judged = Judge {
            ids: candidates.iter().map(|candidate| candidate.id).collect(),
            statuses: candidates.iter().map(|candidate| candidate.completion_status.into()).collect(),
            rewards: candidates
                .iter()
                .map(|candidate| RewardsEarned::kept(candidate.rewards_earned.as_ref()))
                .collect::<Result<_, _>>()?,
            moment: self.moment,
        };
        let _written: Vec<(Uuid,)> = judged.load(self.connection).await?;
        Ok(())
    }

    async fn reward_completed(&mut self, challenge: &Challenge, candidates: &[Candidate]) -> Result<(), Error> {
        let completed = candidates.iter().filter(|candidate| candidate.has_completed());
        let users: Vec<Uuid> = completed.map(|candidate| candidate.user_id).collect();
        if users.is_empty() {
            return Ok(());
        }
        if let Some(reward) = challenge.terms.reward_structure.as_ref().and_then(|rewards| rewards.completion.as_ref()) {
            let award = award(AchievementType::ChallengeCompleted, COMPLETED.to_owned(), challenge.id, reward);
            let all: Vec<_> = users.iter().map(|user| (*user, award.clone())).collect();
            self.ending.awards.give_all(self.connection, &all).await?;
        }
        let counted = Entity { of: EntityType::Challenge, id: challenge.id };
        milestone::advance(self.connection, &self.ending.awards, &users, MilestoneType::ChallengesCompleted, counted).await
    }
}
