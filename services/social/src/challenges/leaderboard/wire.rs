//! Conversions of leaderboards from and to protobuf.

pub(super) mod watch;

use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, PageRequest, read};
use uuid::Uuid;

use super::reading::Ranked;
use super::{Cursor, FriendEntry, LeaderboardEntry, Standing};
use crate::error::Error;
use crate::people::profile::pseudonym::pseudonym;

/// A page of a leaderboard.
#[derive(Debug)]
pub(super) struct List {
    pub(super) challenge: Uuid,
    pub(super) viewer: Uuid,
    pub(super) page: PageRequest<Cursor>,
    /// Rank of the first entry of the first page, 1 or more.
    pub(super) start_rank: i64,
}

pub(super) fn list(request: &pb::ListLeaderboardRequest, viewer: Uuid) -> Result<List, Error> {
    let mut fields = Fields::default();
    let challenge = fields.read("challenge_id", read::uuid(&request.challenge_id));
    let start_rank = fields.read("start_rank", read::within(request.start_rank, 0..=i32::MAX));
    let query = format!("ListLeaderboard {viewer} {} {}", request.challenge_id, request.start_rank);
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    Ok(fields.finish(|| Ok(List { challenge: challenge?, viewer, page: page?, start_rank: i64::from(start_rank?).max(1) }))?)
}

/// A page of the entries of the viewer and their friends.
#[derive(Debug)]
pub(super) struct FriendsList {
    pub(super) challenge: Uuid,
    pub(super) viewer: Uuid,
    pub(super) page: PageRequest<Cursor>,
}

pub(super) fn friends(request: &pb::ListFriendsLeaderboardRequest, viewer: Uuid) -> Result<FriendsList, Error> {
    let mut fields = Fields::default();
    let challenge = fields.read("challenge_id", read::uuid(&request.challenge_id));
    let query = format!("ListFriendsLeaderboard {viewer} {}", request.challenge_id);
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    Ok(fields.finish(|| Ok(FriendsList { challenge: challenge?, viewer, page: page? }))?)
}

pub(super) fn around(request: &pb::GetLeaderboardAroundMeRequest) -> Result<(Uuid, usize), Error> {
    let mut fields = Fields::default();
    let challenge = fields.read("challenge_id", read::uuid(&request.challenge_id));
    let limit = fields.read("limit", read::within_or(request.limit, 10, 1..=100));
    Ok(fields.finish(|| Ok((challenge?, usize::try_from(limit?).unwrap_or_default())))?)
}

/// Converts a number of participants, or a rank. No leaderboard has more than fit.
pub(super) fn count(participants: i64) -> i32 {
    i32::try_from(participants).unwrap_or(i32::MAX)
}

fn entry(entry: LeaderboardEntry, rank: i64, viewer: Uuid) -> pb::LeaderboardEntry {
    let is_pseudonym = entry.profile.is_none();
    let (user_id, display_name, is_me) = match entry.profile {
        Some(profile) => (profile.user_id.to_string(), profile.display_name.unwrap_or_default(), profile.user_id == viewer),
        None => (String::new(), pseudonym(entry.id), false),
    };
    pb::LeaderboardEntry {
        rank: count(rank),
        final_score: entry.score,
        user_id,
        display_name,
        is_pseudonym,
        is_me,
        completion_status: entry.completion_status.into(),
    }
}

pub(super) fn entries(entries: Ranked, viewer: Uuid) -> Vec<pb::LeaderboardEntry> {
    entries.into_iter().map(|(found, rank)| entry(found, rank, viewer)).collect()
}

pub(super) fn friend(friend: FriendEntry, viewer: Uuid) -> pb::FriendEntry {
    pb::FriendEntry { friend_rank: count(friend.friend_rank), entry: Some(entry(friend.entry, friend.rank, viewer)) }
}

pub(super) fn standing(standing: Standing) -> pb::Standing {
    pb::Standing {
        rank: count(standing.rank),
        final_score: standing.score,
        participant_count: count(standing.participants),
        is_ranked: standing.on_board,
        completion_status: standing.completion_status.into(),
    }
}
