//! Judging: decides who has completed a challenge.

use std::collections::BTreeSet;

use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::store::{Candidate, Judge};
use super::{Step, Totals, award, store};
use crate::challenges::challenge::Challenge;
use crate::challenges::participant::{CompletionStatus, RewardsEarned};
use crate::error::Error;
use crate::rewards::award::{AchievementType, Entity, EntityType};
use crate::rewards::milestone::{self, MilestoneType};
use crate::roll;

/// Name of the achievement for completing a challenge.
const COMPLETED: &str = "Challenge completed";

impl Step<'_> {
    /// Judges those of `users` who are active in a challenge, and gives the completion reward to those who have completed it.
    pub(super) async fn judge(&mut self, challenge: &Challenge, users: &[Uuid]) -> Result<Vec<Candidate>, Error> {
        // Users are locked before their seats, as in all writes.
        roll::lock(self.connection, &users.iter().copied().collect::<BTreeSet<_>>()).await?;
        let mut candidates = store::lock_active(self.connection, challenge.id, users).await?;
        let ids: Vec<Uuid> = candidates.iter().map(|candidate| candidate.id).collect();
        let criteria = challenge.terms.success_criteria.as_ref();
        let mut days = if criteria.is_some() { store::days(self.connection, &ids).await? } else { Default::default() };
        let reward = challenge.terms.reward_structure.as_ref().and_then(|rewards| rewards.completion.as_ref());
        let allowance = self.allowance(challenge, users).await?;
        for candidate in &mut candidates {
            let totals = Totals::of(candidate.final_score, &days.remove(&candidate.id).unwrap_or_default());
            candidate.completion_status =
                if totals.meet(criteria) { CompletionStatus::Completed } else { CompletionStatus::Failed };
            let earned = reward.filter(|_| candidate.has_completed());
            let earned = earned.map(|reward| allowance.grant(challenge, candidate.user_id, reward));
            candidate.rewards_earned = earned.map(|completion| RewardsEarned { completion: Some(completion), rank: None });
        }
        self.write_judged(&candidates).await?;
        self.reward_completed(challenge, &candidates).await?;
        Ok(candidates)
    }

    async fn write_judged(&mut self, candidates: &[Candidate]) -> Result<(), Error> {
        let judge = Judge {
            ids: candidates.iter().map(|candidate| candidate.id).collect(),
            statuses: candidates.iter().map(|candidate| candidate.completion_status.into()).collect(),
            rewards: candidates.iter().map(|candidate| candidate.rewards_earned.clone()).collect(),
            now: self.now,
        };
        let _written: Vec<(Uuid,)> = judge.load(self.connection).await?;
        Ok(())
    }

    async fn reward_completed(&mut self, challenge: &Challenge, candidates: &[Candidate]) -> Result<(), Error> {
        let completed = || candidates.iter().filter(|candidate| candidate.has_completed());
        let award = |candidate: &Candidate| {
            let reward = candidate.rewards_earned.as_ref()?.completion.as_ref()?;
            Some((candidate.user_id, award(AchievementType::ChallengeCompleted, COMPLETED.to_owned(), challenge.id, reward)))
        };
        let awards: Vec<_> = completed().filter_map(award).collect();
        self.awards.give_all(self.connection, &awards).await?;
        // Users could complete as many challenges of their own as they like.
        if challenge.created_by.is_some() || completed().next().is_none() {
            return Ok(());
        }
        let users: Vec<Uuid> = completed().map(|candidate| candidate.user_id).collect();
        let counted = Entity { of: EntityType::Challenge, id: challenge.id };
        milestone::advance(self.connection, self.awards, &users, MilestoneType::ChallengesCompleted, counted).await
    }
}
