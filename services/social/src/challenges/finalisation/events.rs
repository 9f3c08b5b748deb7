//! Events of finalised challenges and seats.

use orchard_proto::social::v1 as pb;
use uuid::Uuid;

use super::Step;
use super::store::{Candidate, Checkpoint};
use crate::error::Error;
use crate::notification::{self, Topic};

/// Sequence of the events: a challenge and a seat have one each.
const ONLY: i64 = 1;

impl Step<'_> {
    /// Publishes `ParticipantFinished` for participants whose results are final, with their ranks.
    pub(super) async fn publish_finished(&mut self, challenge: Uuid, finished: &[(Candidate, Option<i32>)]) -> Result<(), Error> {
        let users: Vec<Uuid> = finished.iter().map(|(candidate, _)| candidate.user_id).collect();
        let preferences = notification::store::get_all(self.connection, &users).await?;
        let events: Vec<(Uuid, pb::ParticipantFinished)> = finished
            .iter()
            .map(|(candidate, rank)| {
                let wanted = preferences.get(&candidate.user_id).cloned().unwrap_or_default();
                let event = pb::ParticipantFinished {
                    challenge_id: challenge.to_string(),
                    user_id: candidate.user_id.to_string(),
                    completion_status: candidate.completion_status.into(),
                    final_score: candidate.final_score,
                    rank_position: *rank,
                    notify: Some(notification::wire::notify(wanted.notify(Some(Topic::Challenges)))),
                };
                (candidate.id, event)
            })
            .collect();
        let events: Vec<_> = events.iter().map(|(id, event)| (*id, ONLY, event)).collect();
        self.outbox.publish_all(self.connection, &events).await?;
        Ok(())
    }

    /// Publishes `ChallengeFinalised`.
    pub(super) async fn publish_finalised(&mut self, challenge: Uuid, checkpoint: &Checkpoint) -> Result<(), Error> {
        let event = pb::ChallengeFinalised {
            challenge_id: challenge.to_string(),
            participant_count: checkpoint.ranked,
            completed: checkpoint.completed,
        };
        self.outbox.publish(self.connection, challenge, ONLY, &event).await?;
        Ok(())
    }
}
