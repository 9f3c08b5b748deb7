//! What leaderboards keep of users: copies of their profiles, and a log of the scores that they gain and lose.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::schema::{challenge_participants, leaderboard_changes};
use crate::visibility::audience;

orchard_db::prepared! {
    /// Updates the copies that differ from the profiles of these users. Returns each participant, and whether they are on the board now.
    struct UpdateCopies { users: Vec<Uuid> } -> (SqlUuid, Bool) = concat!("
        UPDATE challenge_participants cp
        SET display_name = u.display_name, shown_to = u.shown_to, updated_at = now()
        FROM (SELECT id, display_name, ", audience!(), " AS shown_to FROM users WHERE id = ANY("), users as Array<SqlUuid>, ")) u
        WHERE cp.user_id = u.id AND (cp.display_name, cp.shown_to) IS DISTINCT FROM (u.display_name, u.shown_to)
        RETURNING cp.id, cp.on_board";
}

orchard_db::prepared! {
    /// Selects those of these users whose profiles have a copy that differs.
    struct Outdated { users: Vec<Uuid> } -> (SqlUuid,) = concat!("
        SELECT u.id
        FROM (SELECT id, display_name, ", audience!(), " AS shown_to FROM users WHERE id = ANY("), users as Array<SqlUuid>, ")) u
        WHERE EXISTS (
          SELECT FROM challenge_participants cp
          WHERE cp.user_id = u.id AND (cp.display_name, cp.shown_to) IS DISTINCT FROM (u.display_name, u.shown_to)
        )";
}

/// Returns those of these users whose profiles have outdated copies.
pub(crate) async fn outdated(mut connection: &AsyncPgConnection, users: Vec<Uuid>) -> QueryResult<BTreeSet<Uuid>> {
    let rows: Vec<(Uuid,)> = Outdated { users }.load(&mut connection).await?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// Updates the copies of these users' profiles. The users must be locked.
pub(crate) async fn refresh(connection: &mut AsyncPgConnection, users: &BTreeSet<Uuid>) -> QueryResult<()> {
    if users.is_empty() {
        return Ok(());
    }
    let users: Vec<Uuid> = users.iter().copied().collect();
    let before: Vec<(Uuid, Uuid, i32, bool)> = challenge_participants::table
        .filter(challenge_participants::user_id.eq_any(&users))
        .select((
            challenge_participants::id,
            challenge_participants::challenge_id,
            challenge_participants::final_score,
            challenge_participants::on_board,
        ))
        .order(challenge_participants::id)
        .for_no_key_update()
        .load(connection)
        .await?;
    let updated: Vec<(Uuid, bool)> = UpdateCopies { users }.load(connection).await?;
    let on_board: BTreeMap<Uuid, bool> = updated.into_iter().collect();
    for (id, challenge, score, was_on) in before {
        if let Some(is_on) = on_board.get(&id) {
            change(connection, challenge, was_on.then_some(score), is_on.then_some(score)).await?;
        }
    }
    Ok(())
}

/// Logs that a participant's score changed. `old` is `None` for one who was not on the board before, `new` for one who no longer is.
pub(crate) async fn change(
    connection: &mut AsyncPgConnection,
    challenge: Uuid,
    old: Option<i32>,
    new: Option<i32>,
) -> QueryResult<()> {
    if old == new {
        return Ok(());
    }
    diesel::insert_into(leaderboard_changes::table)
        .values((
            leaderboard_changes::challenge_id.eq(challenge),
            leaderboard_changes::old_score.eq(old),
            leaderboard_changes::new_score.eq(new),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}
