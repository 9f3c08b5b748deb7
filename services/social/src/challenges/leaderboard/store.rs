//! What is kept for leaderboards: changes of scores.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::board_copies::change;
use crate::challenges::participant::Participant;
use crate::schema::{leaderboard_changes, leaderboard_counts};

/// Says what has become of a participant's place on the board.
pub(crate) async fn moved(connection: &mut AsyncPgConnection, before: &Participant, now: &Participant) -> QueryResult<()> {
    let place = |participant: &Participant| participant.on_board.then_some(participant.final_score);
    change(connection, now.challenge_id, place(before), place(now)).await
}

/// Deletes the boards of challenges that are gone.
pub(crate) async fn forget(connection: &mut AsyncPgConnection, challenges: &[Uuid]) -> QueryResult<()> {
    let changes = leaderboard_changes::table.filter(leaderboard_changes::challenge_id.eq_any(challenges));
    diesel::delete(changes).execute(connection).await?;
    let counts = leaderboard_counts::table.filter(leaderboard_counts::challenge_id.eq_any(challenges));
    diesel::delete(counts).execute(connection).await.map(|_| ())
}
