//! What others are told of the end of a challenge.

use orchard_proto::social::v1 as pb;
use uuid::Uuid;

use super::Step;
use super::store::{Candidate, State};
use crate::challenges::participant;
use crate::error::Error;
use crate::notification::{self, Topic};

/// Nothing else happens to a challenge that others are told, nor to a seat.
const ONLY: i64 = 1;

impl Step<'_> {
    /// Has others told of participants whose results are final, and of their ranks.
    pub(super) async fn tell_finished(&mut self, challenge: Uuid, finished: &[(Candidate, Option<i32>)]) -> Result<(), Error> {
        let users: Vec<Uuid> = finished.iter().map(|(candidate, _)| candidate.user_id).collect();
        let preferences = notification::store::get_all(self.connection, &users).await?;
        let events: Vec<(Uuid, pb::ParticipantFinished)> = finished
            .iter()
            .map(|(candidate, rank)| {
                let wanted = preferences.get(&candidate.user_id).cloned().unwrap_or_default();
                let event = pb::ParticipantFinished {
                    challenge_id: challenge.to_string(),
                    user_id: candidate.user_id.to_string(),
                    completion_status: participant::wire::status(candidate.completion_status).into(),
                    final_score: candidate.final_score,
                    rank_position: *rank,
                    notify: Some(notification::wire::notify(wanted.notify(Some(Topic::Challenges)))),
                };
                (candidate.id, event)
            })
            .collect();
        let events: Vec<_> = events.iter().map(|(id, event)| (*id, ONLY, event)).collect();
        self.ending.outbox.publish_all(self.connection, &events).await?;
        Ok(())
    }

    /// Has others told that a challenge is final.
    pub(super) async fn tell_finalised(&mut self, challenge: Uuid, state: &State) -> Result<(), Error> {
        let event = pb::ChallengeFinalised {
            challenge_id: challenge.to_string(),
            participants: state.ranked,
            completed: state.completed,
        };
        self.ending.outbox.publish(self.connection, challenge, ONLY, &event).await?;
        Ok(())
    }
}
