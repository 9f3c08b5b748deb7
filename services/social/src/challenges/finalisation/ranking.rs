//! Ranking: who ends where, hidden ones included, and what for.

use std::collections::BTreeSet;

use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::store::{Candidate, Rank, State, ToRank};
use super::{Step, award, store};
use crate::challenges::challenge::Challenge;
use crate::challenges::participant::RewardsEarned;
use crate::error::Error;
use crate::rewards::award::AchievementType;
use crate::roll;

impl Step<'_> {
    /// Ranks the next of those who were judged, from the highest score down, and gives what their ranks are given; nobody when all are.
    pub(super) async fn rank(
        &mut self,
        challenge: &Challenge,
        state: &mut State,
        count: i64,
    ) -> Result<Vec<(Candidate, i32)>, Error> {
        let (score, id) = (state.ranked_score.unwrap_or(i32::MAX), state.ranked_id.unwrap_or_default());
        let next: Vec<(Uuid, Uuid)> = ToRank { challenge: challenge.id, score, id, count }.load(self.connection).await?;
        let users: BTreeSet<Uuid> = next.iter().map(|(_, user)| *user).collect();
        roll::lock(self.connection, &users).await?;
        let ids: Vec<Uuid> = next.iter().map(|(id, _)| *id).collect();
        let candidates = store::lock_judged(self.connection, &ids).await?;
        let mut ranks = state.ranks();
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
            state.ranked = ranks.ranked;
            (state.ranked_id, state.ranked_score, state.ranked_position) = (Some(last.id), Some(last.final_score), Some(*rank));
        }
        Ok(ranked)
    }

    async fn reward_ranked(&mut self, challenge: &Challenge, ranked: &mut [(Candidate, i32)]) -> Result<(), Error> {
        let Some(rewards) = &challenge.terms.reward_structure else { return Ok(()) };
        let mut awards = Vec::new();
        for (candidate, rank) in ranked {
            let Some(reward) = rewards.of_rank(*rank) else { continue };
            let earned = candidate.rewards_earned.get_or_insert_default();
            earned.rank = Some(reward.clone());
            let name = format!("Challenge: rank {rank}");
            awards.push((candidate.user_id, award(AchievementType::ChallengeWinner, name, challenge.id, reward)));
        }
        self.ending.awards.give_all(self.connection, &awards).await?;
        Ok(())
    }

    async fn write_ranked(&mut self, ranked: &[(Candidate, i32)]) -> Result<(), Error> {
        let rows = Rank {
            ids: ranked.iter().map(|(candidate, _)| candidate.id).collect(),
            positions: ranked.iter().map(|(_, rank)| *rank).collect(),
            rewards: ranked
                .iter()
                .map(|(candidate, _)| RewardsEarned::kept(candidate.rewards_earned.as_ref()))
                .collect::<Result<_, _>>()?,
        };
        let _written: Vec<(Uuid,)> = rows.load(self.connection).await?;
        Ok(())
    }
}
