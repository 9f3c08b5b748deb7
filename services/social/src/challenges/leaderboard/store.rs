//! Queries of leaderboards.

mod fold;
mod friends;
mod page;
mod recount;
mod seek;
mod sql;
mod standing;
mod standings;
mod watched;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{EntryProfile, LeaderboardEntry};
use crate::challenges::challenge::ChallengeError;
use crate::challenges::participant::CompletionStatus;
use crate::schema::{leaderboard_changes, leaderboard_counts};

pub(super) use fold::fold;
pub(super) use friends::friends;
pub(super) use page::{around, page};
pub(crate) use recount::recount;
pub(super) use seek::score_of_rank;
pub(super) use standing::standing;
pub(super) use standings::standings;
pub(super) use watched::{BoardState, board_state};

/// What a query of a leaderboard found.
#[derive(Debug)]
pub(super) struct Found<T> {
    /// Whether the challenge is active; `None` if the viewer may not know of it.
    is_active: Option<bool>,
    content: T,
}

impl<T> Found<T> {
    /// Returns what was found, unless the challenge has no leaderboard for the viewer.
    pub(super) fn check(self) -> Result<T, ChallengeError> {
        match self.is_active {
            Some(true) => Ok(self.content),
            Some(false) => Err(ChallengeError::Inactive),
            None => Err(ChallengeError::NotFound),
        }
    }
}

/// SQL types of [`EntryRow`].
type EntryColumns =
    (Nullable<SqlUuid>, Nullable<SqlUuid>, Nullable<Text>, Nullable<Integer>, Nullable<Timestamptz>, Nullable<Text>);

/// An entry; all columns are NULL in a row without one.
#[derive(Debug, Queryable)]
struct EntryRow {
    id: Option<Uuid>,
    user_id: Option<Uuid>,
    display_name: Option<String>,
    score: Option<i32>,
    reached_at: Option<DateTime<Utc>>,
    completion_status: Option<CompletionStatus>,
}

impl EntryRow {
    fn entry(self) -> Option<LeaderboardEntry> {
        Some(LeaderboardEntry {
            id: self.id?,
            score: self.score?,
            reached_at: self.reached_at?,
            completion_status: self.completion_status?,
            profile: self.user_id.map(|user_id| EntryProfile { user_id, display_name: self.display_name }),
        })
    }
}

/// Deletes the leaderboards of deleted challenges.
pub(crate) async fn forget(connection: &mut AsyncPgConnection, challenges: &[Uuid]) -> QueryResult<()> {
    let changes = leaderboard_changes::table.filter(leaderboard_changes::challenge_id.eq_any(challenges));
    diesel::delete(changes).execute(connection).await?;
    let counts = leaderboard_counts::table.filter(leaderboard_counts::challenge_id.eq_any(challenges));
    diesel::delete(counts).execute(connection).await.map(|_| ())
}
