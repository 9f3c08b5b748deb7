//! Ranking: assigns final ranks to all who stayed, hidden participants included.

use std::collections::BTreeSet;

use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::store::{Candidate, Checkpoint, NextToRank, Rank};
use super::{Step, award, store};
use crate::challenges::challenge::Challenge;
use crate::error::Error;
use crate::rewards::award::AchievementType;
use crate::roll;

impl Step<'_> {
    /// Ranks the next judged participants, from the highest score down, and gives them the rewards of their ranks. Returns none
    /// when all are ranked.
    pub(super) async fn rank(
        &mut self,
        challenge: &Challenge,
        checkpoint: &mut Checkpoint,
        count: i64,
    ) -> Result<Vec<(Candidate, i32)>, Error> {
        let (score, id) = (checkpoint.ranked_score.unwrap_or(i32::MAX), checkpoint.ranked_id.unwrap_or_default());
        let next: Vec<(Uuid, Uuid)> = NextToRank { challenge: challenge.id, score, id, count }.load(self.connection).await?;
        let users: BTreeSet<Uuid> = next.iter().map(|(_, user)| *user).collect();
        roll::lock(self.connection, &users).await?;
        let ids: Vec<Uuid> = next.iter().map(|(id, _)| *id).collect();
        let candidates = store::lock_judged(self.connection, &ids).await?;
        let mut ranks = checkpoint.ranks();
        let mut ranked: Vec<(Candidate, i32)> = candidates
            .into_iter()
            .map(|candidate| {
                let rank = ranks.next(candidate.final_score);
                (candidate, rank)
            })
            .collect();
        self.reward_ranked(challenge, &mut ranked).await?;
        self.write_ranked(&ranked).await?;
        if let Some((last, rank)) = ranked.last() {
            checkpoint.ranked = ranks.ranked;
            checkpoint.ranked_id = Some(last.id);
            (checkpoint.ranked_score, checkpoint.ranked_position) = (Some(last.final_score), Some(*rank));
        }
        Ok(ranked)
    }

    async fn reward_ranked(&mut self, challenge: &Challenge, ranked: &mut [(Candidate, i32)]) -> Result<(), Error> {
        let Some(rewards) = &challenge.terms.reward_structure else { return Ok(()) };
        let users: Vec<Uuid> = ranked.iter().map(|(candidate, _)| candidate.user_id).collect();
        let allowance = self.allowance(challenge, &users).await?;
        let mut awards = Vec::new();
        // Who only joined has a rank, and no reward for it.
        for (candidate, rank) in ranked.iter_mut().filter(|(candidate, _)| candidate.final_score > 0) {
            let Some(reward) = rewards.for_rank(*rank) else { continue };
            let reward = allowance.grant(challenge, candidate.user_id, reward);
            let earned = candidate.rewards_earned.get_or_insert_default();
            earned.rank = Some(reward.clone());
            let name = format!("Challenge: rank {rank}");
            awards.push((candidate.user_id, award(AchievementType::ChallengeWinner, name, challenge.id, &reward)));
        }
        self.awards.give_all(self.connection, &awards).await?;
        Ok(())
    }

    async fn write_ranked(&mut self, ranked: &[(Candidate, i32)]) -> Result<(), Error> {
        let rank = Rank {
            ids: ranked.iter().map(|(candidate, _)| candidate.id).collect(),
            positions: ranked.iter().map(|(_, rank)| *rank).collect(),
            rewards: ranked.iter().map(|(candidate, _)| candidate.rewards_earned.clone()).collect(),
        };
        let _written: Vec<(Uuid,)> = rank.load(self.connection).await?;
        Ok(())
    }
}
