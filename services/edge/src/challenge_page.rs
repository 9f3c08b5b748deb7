//! The page of a challenge: the challenge and its leaderboard, then its creator.

use futures::{FutureExt as _, join, try_join};
use orchard_proto::edge::v1 as pb;
use orchard_proto::social::v1::challenge_service_client::ChallengeServiceClient;
use orchard_proto::social::v1::leaderboard_service_client::LeaderboardServiceClient;
use orchard_proto::social::v1::participant_service_client::ParticipantServiceClient;
use orchard_proto::social::v1::{
    GetChallengeRequest, GetParticipantRequest, GetStandingRequest, ListFriendsLeaderboardRequest, ListLeaderboardRequest,
};
use tonic::Status;

use crate::section::PAGE_SIZE;
use crate::upstream::unavailable;
use crate::view::View;

/// The reason of a challenge that has no leaderboard now.
const INACTIVE: &str = "CHALLENGE_INACTIVE";
/// The reason of a caller who has no seat.
const NOT_PARTICIPATING: &str = "NOT_PARTICIPATING";

/// Composes the page of a challenge.
pub(crate) async fn challenge_page(view: &View<'_>, challenge_id: String) -> Result<pb::ChallengePage, Status> {
    let social = &view.upstreams.social;
    let request = GetChallengeRequest { challenge_id: challenge_id.clone(), join_code: String::new() };
    let (heart, participation, leaderboard, friends) = try_join!(
        view.heart(social, async |channel| ChallengeServiceClient::new(channel).get_challenge(request).await),
        participation(view, &challenge_id).map(Ok),
        leaderboard(view, &challenge_id).map(Ok),
        friends(view, &challenge_id).map(Ok),
    )?;
    let challenge = heart.challenge.ok_or_else(|| unavailable(social.name()))?;
    let creator = view.profile(&challenge.creator_user_id).await;
    Ok(pb::ChallengePage {
        challenge: Some(challenge),
        creator: Some(creator.into()),
        participation: Some(participation),
        leaderboard: Some(leaderboard),
        friends: Some(friends),
    })
}

async fn participation(view: &View<'_>, challenge_id: &str) -> pb::ParticipationSection {
    let social = &view.upstreams.social;
    let seat = GetParticipantRequest { challenge_id: challenge_id.to_owned() };
    let standing = GetStandingRequest { challenge_id: challenge_id.to_owned() };
    let (seat, standing) = join!(
        view.optional(social, &[NOT_PARTICIPATING], async |channel| {
            ParticipantServiceClient::new(channel).get_participant(seat).await
        }),
        view.optional(social, &[NOT_PARTICIPATING, INACTIVE], async |channel| {
            LeaderboardServiceClient::new(channel).get_standing(standing).await
        }),
    );
    let ((seat, standing), status) = seat.and(standing).parts_or_default();
    pb::ParticipationSection {
        status,
        participant: seat.and_then(|answer| answer.participant),
        standing: standing.and_then(|answer| answer.standing),
    }
}

async fn leaderboard(view: &View<'_>, challenge_id: &str) -> pb::LeaderboardSection {
    let request = ListLeaderboardRequest { challenge_id: challenge_id.to_owned(), page_size: PAGE_SIZE, ..Default::default() };
    let call = async |channel| LeaderboardServiceClient::new(channel).list_leaderboard(request).await;
    let (answer, status) = view.optional(&view.upstreams.social, &[INACTIVE], call).await.parts_or_default();
    let participant_count = answer.as_ref().map(|answer| answer.participant_count);
    pb::LeaderboardSection { status, entries: answer.map(|answer| answer.entries).unwrap_or_default(), participant_count }
}

async fn friends(view: &View<'_>, challenge_id: &str) -> pb::FriendEntriesSection {
    let request =
        ListFriendsLeaderboardRequest { challenge_id: challenge_id.to_owned(), page_size: PAGE_SIZE, ..Default::default() };
    let call = async |channel| LeaderboardServiceClient::new(channel).list_friends_leaderboard(request).await;
    let (answer, status) = view.optional(&view.upstreams.social, &[INACTIVE], call).await.parts_or_default();
    pb::FriendEntriesSection { status, entries: answer.map(|answer| answer.entries).unwrap_or_default() }
}
