//! Seats as sent.

use chrono::{DateTime, Utc};
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Currency, Fields, PageRequest, Violations, timestamp_to_wire};
use uuid::Uuid;

use crate::challenges::challenge::wire::reward;

use super::{CompletionStatus, Participant};

/// What is asked of a user's seats: which, and which page.
pub(super) type List = (Option<CompletionStatus>, PageRequest<(DateTime<Utc>, Uuid)>);

pub(super) fn list(request: &pb::ListParticipantsRequest, user: Uuid) -> Result<List, Violations> {
    let mut fields = Fields::default();
    let status = fields.read("completion_status", read_status(request.completion_status));
    let query = format!("ListParticipants {user} {}", request.completion_status);
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    fields.finish(|| Ok((status?, page?)))
}

fn read_status(status: i32) -> Result<Option<CompletionStatus>, String> {
    match pb::CompletionStatus::try_from(status) {
        Ok(pb::CompletionStatus::Unspecified) => Ok(None),
        Ok(pb::CompletionStatus::Active) => Ok(Some(CompletionStatus::Active)),
        Ok(pb::CompletionStatus::Completed) => Ok(Some(CompletionStatus::Completed)),
        Ok(pb::CompletionStatus::Failed) => Ok(Some(CompletionStatus::Failed)),
        Ok(pb::CompletionStatus::Withdrawn) => Ok(Some(CompletionStatus::Withdrawn)),
        Err(_) => Err(format!("has no value {status}")),
    }
}

/// How far somebody got.
pub(crate) fn status(status: CompletionStatus) -> pb::CompletionStatus {
    match status {
        CompletionStatus::Active => pb::CompletionStatus::Active,
        CompletionStatus::Completed => pb::CompletionStatus::Completed,
        CompletionStatus::Failed => pb::CompletionStatus::Failed,
        CompletionStatus::Withdrawn => pb::CompletionStatus::Withdrawn,
    }
}

/// A seat as its user is told it.
pub(crate) fn participant(participant: Participant, currency: &Currency) -> pb::Participant {
    let earned = participant.rewards_earned.map(|earned| pb::RewardsEarned {
        completion: earned.completion.map(|given| reward(given, currency)),
        rank: earned.rank.map(|given| reward(given, currency)),
    });
    pb::Participant {
        challenge_id: participant.challenge_id.to_string(),
        user_id: participant.user_id.to_string(),
        completion_status: status(participant.completion_status).into(),
        final_score: participant.final_score,
        join_time: Some(timestamp_to_wire(participant.joined_at)),
        is_visible: participant.is_visible,
        completion_time: participant.completion_date.map(timestamp_to_wire),
        rank_position: participant.rank_position,
        rewards_earned: earned,
    }
}
