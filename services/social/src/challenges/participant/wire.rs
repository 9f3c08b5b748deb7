//! Conversions of seats from and to protobuf.

use chrono::{DateTime, Utc};
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Currency, Fields, PageRequest, read, timestamp_to_wire};
use uuid::Uuid;

use super::{CompletionStatus, Participant};
use crate::challenges::reward::wire::reward;
use crate::error::Error;

orchard_rpc::wire_enum!(CompletionStatus <=> pb::CompletionStatus: Active, Completed, Failed, Withdrawn);

/// The status and the page of a list of seats.
type List = (Option<CompletionStatus>, PageRequest<(DateTime<Utc>, Uuid)>);

pub(super) fn list(request: &pb::ListParticipantsRequest, user: Uuid) -> Result<List, Error> {
    let mut fields = Fields::default();
    let status = fields.read("completion_status", read::optional_enumeration(request.completion_status));
    let query = format!("ListParticipants {user} {}", request.completion_status);
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    Ok(fields.finish(|| Ok((status?, page?)))?)
}

/// Converts a seat for its user.
pub(crate) fn participant(participant: Participant, currency: &Currency) -> pb::Participant {
    let earned = participant.rewards_earned.map(|earned| pb::RewardsEarned {
        completion: earned.completion.map(|given| reward(given, currency)),
        rank: earned.rank.map(|given| reward(given, currency)),
    });
    pb::Participant {
        challenge_id: participant.challenge_id.to_string(),
        user_id: participant.user_id.to_string(),
        completion_status: participant.completion_status.into(),
        final_score: participant.final_score,
        join_time: Some(timestamp_to_wire(participant.joined_at)),
        is_public: participant.is_visible,
        completion_time: participant.completion_date.map(timestamp_to_wire),
        rank_position: participant.rank_position,
        rewards_earned: earned,
    }
}
