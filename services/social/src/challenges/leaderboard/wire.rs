//! Leaderboards as sent.

use chrono::Datelike as _;
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, PageKey, PageRequest, Violations, read};
use uuid::Uuid;

use super::{Entry, Friend, Place, Standing, pseudonym};
use crate::challenges::participant;

impl PageKey for Place {
    fn is_plausible(&self) -> bool {
        self.score >= 0 && (1970..=9999).contains(&self.reached_at.year())
    }
}

/// Which part of which board.
#[derive(Debug)]
pub(super) struct List {
    pub(super) challenge: Uuid,
    pub(super) page: PageRequest<Place>,
    /// 1 and more.
    pub(super) start_rank: i64,
}

pub(super) fn list(request: &pb::ListLeaderboardRequest, viewer: Uuid) -> Result<List, Violations> {
    let mut fields = Fields::default();
    let challenge = fields.read("challenge_id", read::uuid(&request.challenge_id));
    let start_rank = fields.read("start_rank", read::within(request.start_rank, 0..=i32::MAX));
    let query = format!("ListLeaderboard {viewer} {} {}", request.challenge_id, request.start_rank);
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    fields.finish(|| Ok(List { challenge: challenge?, page: page?, start_rank: i64::from(start_rank?).max(1) }))
}

pub(super) fn friends(
    request: &pb::ListFriendsLeaderboardRequest,
    viewer: Uuid,
) -> Result<(Uuid, PageRequest<Place>), Violations> {
    let mut fields = Fields::default();
    let challenge = fields.read("challenge_id", read::uuid(&request.challenge_id));
    let query = format!("ListFriendsLeaderboard {viewer} {}", request.challenge_id);
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    fields.finish(|| Ok((challenge?, page?)))
}

pub(super) fn around(request: &pb::GetLeaderboardAroundMeRequest) -> Result<(Uuid, usize), Violations> {
    let mut fields = Fields::default();
    let challenge = fields.read("challenge_id", read::uuid(&request.challenge_id));
    let limit = fields.read("limit", read::within_or(request.limit, 10, 1..=100));
    fields.finish(|| Ok((challenge?, usize::try_from(limit?).unwrap_or_default())))
}

/// A number of people, of whom there are fewer than would not fit.
pub(super) fn count(people: i64) -> i32 {
    i32::try_from(people).unwrap_or(i32::MAX)
}

pub(super) fn entry(entry: Entry, rank: i64, viewer: Uuid) -> pb::LeaderboardEntry {
    let is_pseudonym = entry.shown.is_none();
    let (user_id, display_name, is_me) = match entry.shown {
        Some(shown) => (shown.user.to_string(), shown.display_name.unwrap_or_default(), shown.user == viewer),
        None => (String::new(), pseudonym(entry.id), false),
    };
    pb::LeaderboardEntry {
        rank: count(rank),
        final_score: entry.score,
        user_id,
        display_name,
        is_pseudonym,
        is_me,
        completion_status: participant::wire::status(entry.completion_status).into(),
    }
}

pub(super) fn friend(friend: Friend, viewer: Uuid) -> pb::FriendEntry {
    pb::FriendEntry { friend_rank: count(friend.friend_rank), entry: Some(entry(friend.entry, friend.rank, viewer)) }
}

pub(super) fn standing(standing: Standing) -> pb::Standing {
    pb::Standing {
        rank: count(standing.rank),
        final_score: standing.score,
        participants: count(standing.participants),
        is_ranked: standing.on_board,
        completion_status: participant::wire::status(standing.completion_status).into(),
    }
}
