//! Leaderboards: who is ahead in a challenge.

mod api;
mod folding;
mod ranks;
mod seek;
pub(crate) mod store;
mod watch;
mod wire;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use orchard_db::Rule;
use orchard_proto::social::v1::ErrorReason;
use orchard_rpc::Refusal;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tonic::Code;
use uuid::Uuid;

pub use api::Api;
pub use folding::Folder;
pub(crate) use store::{forget, moved};
pub use watch::Hub;

use crate::challenges::participant::CompletionStatus;

/// Why somebody is told no more.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaderboardError {
    /// They did not read what they were told.
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

/// A place on a board, as one viewer is told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Of the participant.
    pub id: Uuid,
    /// Points.
    pub score: i32,
    /// Since when.
    pub reached_at: DateTime<Utc>,
    /// How far they got.
    pub completion_status: CompletionStatus,
    /// Who, if the viewer may see their profile.
    pub shown: Option<Shown>,
}

/// What of a profile is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Whose.
    pub user: Uuid,
    /// Their name, if they have one.
    pub display_name: Option<String>,
}

/// Places that follow each other, with what it takes to rank them, all as it was at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stretch {
    /// In the order of the board.
    pub entries: Vec<Entry>,
    /// How many have a higher score than the first of them.
    pub above: i64,
    /// How many have the score of the first of them.
    pub alike: i64,
    /// How many are on the board.
    pub participants: i64,
}

impl Stretch {
    /// The rank of each: 1 + the number of those with a higher score. Behind those who are like the first, everyone is there.
    pub fn ranks(&self) -> Vec<i64> {
        let mut ranks: Vec<i64> = Vec::with_capacity(self.entries.len());
        let mut last: Option<(i32, i64)> = None;
        let mut place = self.above + self.alike;
        for entry in &self.entries {
            let rank = match last {
                None => self.above + 1,
                Some((score, rank)) if score == entry.score => rank,
                Some(_) => place + 1,
            };
            if rank > self.above + 1 {
                place += 1;
            }
            last = Some((entry.score, rank));
            ranks.push(rank);
        }
        ranks
    }
}

/// How many of those ahead are around somebody, and how many from there on, themselves included where they are on the board: of `limit` half
/// ahead, fewer behind when it is odd with them, and more on one side where there are too few on the other.
pub fn around(ahead: usize, from_here: usize, limit: usize) -> (usize, usize) {
    let first = ahead.min((limit / 2).max(limit.saturating_sub(from_here)));
    (first, from_here.min(limit - first))
}

/// Where somebody stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// 1 + the number of those on the board with a higher score.
    pub rank: i64,
    /// Points.
    pub score: i32,
    /// How many are on the board.
    pub participants: i64,
    /// Whether they are.
    pub on_board: bool,
    /// How far they got.
    pub completion_status: CompletionStatus,
}

/// A friend's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Friend {
    /// On the board.
    pub entry: Entry,
    /// Among friends: 1 + the number of those of them with a higher score.
    pub friend_rank: i64,
    /// On the whole board.
    pub rank: i64,
}

/// A place in the order of a board. It goes out and comes back as where a page ends, so it names nobody: of the participant it has an id
/// that says nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Points.
    pub score: i32,
    /// Since when.
    pub reached_at: DateTime<Utc>,
    /// Of the participant.
    pub participant: Uuid,
}

impl Place {
    /// The one behind which those are whose score is lower: nobody reaches it so late.
    pub fn below(score: i32) -> Self {
        let reached_at = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or_default().and_time(NaiveTime::MIN).and_utc();
        Self { score, reached_at, participant: Uuid::nil() }
    }
}

impl Entry {
    /// Whether it is before a place. Of those who reached the same score at the same time, the others are.
    pub fn is_ahead_of(&self, place: &Place) -> bool {
        self.score > place.score
            || self.score == place.score && self.reached_at <= place.reached_at && self.id != place.participant
    }

    /// Where it is.
    pub fn place(&self) -> Place {
        Place { score: self.score, reached_at: self.reached_at, participant: self.id }
    }
}

/// Words of pseudonyms. They stay: who was called by one is called so on.
const WORDS: [&str; 32] = [
    "Apple",
    "Apricot",
    "Banana",
    "Bilberry",
    "Blackberry",
    "Cherry",
    "Clementine",
    "Coconut",
    "Cranberry",
    "Currant",
    "Date",
    "Elderberry",
    "Fig",
    "Gooseberry",
    "Grape",
    "Guava",
    "Kiwi",
    "Kumquat",
    "Lemon",
    "Lime",
    "Lychee",
    "Mango",
    "Medlar",
    "Melon",
    "Nectarine",
    "Orange",
    "Papaya",
    "Peach",
    "Pear",
    "Plum",
    "Quince",
    "Raspberry",
];
const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// What a participant is called by those who may not see their profile: the same throughout a challenge, another in each. It comes of their
/// place's id, which is of chance alone and told to nobody.
pub fn pseudonym(participant: Uuid) -> String {
    let chance = Sha256::new().chain_update(b"pseudonym").chain_update(participant.as_bytes()).finalize();
    let word = WORDS[usize::from(chance[0]) % WORDS.len()];
    let letters = chance[1..6].iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]));
    format!("{word} {}", letters.collect::<String>())
}

#[cfg(test)]
mod tests;
