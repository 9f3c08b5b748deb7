//! Leaderboards of challenges.

mod api;
mod fold_worker;
mod reading;
mod standings;
mod store;
mod watch;
mod wire;

use std::cmp::Reverse;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use orchard_db::Rule;
use orchard_proto::social::v1::ErrorReason;
use orchard_rpc::Refusal;
use serde::{Deserialize, Serialize};
use tonic::Code;
use uuid::Uuid;

pub use fold_worker::FoldWorker;
pub(crate) use store::{forget, recount};
pub use watch::Poller;

use crate::challenges::participant::CompletionStatus;

/// Why a call about a leaderboard is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaderboardError {
    /// The client does not read its stream.
    #[error("the stream was not read for 10 seconds in which the leaderboard changed")]
    TooSlow,
}

impl Rule for LeaderboardError {
    fn refusal(&self) -> Refusal {
        let refuse = |code, reason: ErrorReason| Refusal::new(code, reason, self);
        match self {
            Self::TooSlow => refuse(Code::ResourceExhausted, ErrorReason::WatcherTooSlow),
        }
    }
}

/// An entry of a leaderboard, as one viewer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaderboardEntry {
    /// Id of the seat.
    pub id: Uuid,
    /// Sum of the daily scores.
    pub score: i32,
    /// When the score was reached.
    pub reached_at: DateTime<Utc>,
    /// Status of the participant.
    pub completion_status: CompletionStatus,
    /// Profile of the participant, if the viewer may see it.
    pub profile: Option<EntryProfile>,
}

/// The part of a profile that entries show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryProfile {
    pub user_id: Uuid,
    pub display_name: Option<String>,
}

/// Consecutive entries of a leaderboard, with the counts that their ranks need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Segment {
    /// The entries, in the order of the leaderboard.
    pub entries: Vec<LeaderboardEntry>,
    /// Number of participants with a higher score than the first entry.
    pub above: i64,
    /// Number of participants with the score of the first entry.
    pub alike: i64,
    pub participants: i64,
}

impl Segment {
    /// Returns the rank of each entry: 1 + the number of participants with a higher score. The segment has all participants
    /// between two of its entries, so counting suffices behind those who share the score of the first entry.
    pub fn ranks(&self) -> Vec<i64> {
        let mut ranks: Vec<i64> = Vec::with_capacity(self.entries.len());
        let mut last: Option<(i32, i64)> = None;
        let mut counted = self.above + self.alike;
        for entry in &self.entries {
            let rank = match last {
                None => self.above + 1,
                Some((score, rank)) if score == entry.score => rank,
                Some(_) => counted + 1,
            };
            if rank > self.above + 1 {
                counted += 1;
            }
            last = Some((entry.score, rank));
            ranks.push(rank);
        }
        ranks
    }
}

/// Returns how many entries to show of those `ahead` of a participant, and how many of those from the participant on. Half of
/// `limit` is ahead; there is one fewer behind when `limit` is even, and more on one side when there are too few on the other.
pub fn around(ahead: usize, from_here: usize, limit: usize) -> (usize, usize) {
    let first = ahead.min((limit / 2).max(limit.saturating_sub(from_here)));
    (first, from_here.min(limit - first))
}

/// The standing of a participant on a leaderboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Rank of the participant, or the rank that they would have.
    pub rank: i64,
    /// Sum of the daily scores.
    pub score: i32,
    pub participants: i64,
    /// Whether the participant is on the leaderboard.
    pub on_board: bool,
    /// Status of the participant.
    pub completion_status: CompletionStatus,
}

/// A seat of a user, with their standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    pub id: Uuid,
    pub challenge: Uuid,
    /// When the user first joined.
    pub joined_at: DateTime<Utc>,
    pub standing: Standing,
}

/// The leaderboard entry of a friend, or of the viewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FriendEntry {
    pub entry: LeaderboardEntry,
    /// Rank among the viewer and their friends.
    pub friend_rank: i64,
    /// Rank on the whole leaderboard.
    pub rank: i64,
}

/// A position in the order of a leaderboard. Equal scores that were reached at the same time are ordered by the ids of their seats,
/// which are random: the order says nothing about users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Sum of the daily scores.
    pub score: i32,
    /// When the score was reached.
    pub reached_at: DateTime<Utc>,
    /// Id of the seat.
    pub participant: Uuid,
}

impl Cursor {
    /// Returns the position behind all entries with this or a higher score, because no score is reached as late.
    pub fn below(score: i32) -> Self {
        let reached_at = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or_default().and_time(NaiveTime::MIN).and_utc();
        Self { score, reached_at, participant: Uuid::nil() }
    }

    /// Returns the position before all entries.
    pub fn top() -> Self {
        Self::below(i32::MAX)
    }
}

impl LeaderboardEntry {
    /// Returns whether the entry is ahead of a position.
    pub fn is_ahead_of(&self, cursor: &Cursor) -> bool {
        let order = |at: &Cursor| (Reverse(at.score), at.reached_at, at.participant);
        order(&self.cursor()) < order(cursor)
    }

    /// Returns the position of the entry.
    pub fn cursor(&self) -> Cursor {
        Cursor { score: self.score, reached_at: self.reached_at, participant: self.id }
    }
}

#[cfg(test)]
mod tests;
