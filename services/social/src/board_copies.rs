//! Interim: what is kept for leaderboards: copies of profiles, and changes of scores.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::schema::{challenge_participants, leaderboard_changes};

/// Says that somebody on a board has another score, or is on it from now on (`old` is nothing), or no longer (`new` is).
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

orchard_db::prepared! {
    /// Copies of profiles where they are not what the profiles say; whose, and whether they are on the board now.
    struct Copy { users: Vec<Uuid> } -> (SqlUuid, Bool) = "
        UPDATE challenge_participants cp
        SET display_name = u.display_name, shown_to = u.shown_to, updated_at = now()
        FROM (
          SELECT id, display_name, CASE
            WHEN privacy_level = 'private' THEN 'nobody'
            WHEN privacy_level = 'public' AND NOT EXISTS (
              SELECT FROM family_memberships m WHERE m.user_id = users.id AND m.role = 'child'
            ) THEN 'everyone'
            ELSE 'friends'
          END AS shown_to
          FROM users WHERE id = ANY(", users as Array<SqlUuid>, ")
        ) u
        WHERE cp.user_id = u.id AND (cp.display_name, cp.shown_to) IS DISTINCT FROM (u.display_name, u.shown_to)
        RETURNING cp.id, cp.on_board";
}

/// Has the leaderboards show these users, who are locked, as their profiles are now.
pub(crate) async fn refresh(connection: &mut AsyncPgConnection, users: &BTreeSet<Uuid>) -> QueryResult<()> {
    if users.is_empty() {
        return Ok(());
    }
    let before: Vec<(Uuid, Uuid, i32, bool)> = challenge_participants::table
        .filter(challenge_participants::user_id.eq_any(users.iter().copied().collect::<Vec<_>>()))
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
    let copied: Vec<(Uuid, bool)> = Copy { users: users.iter().copied().collect() }.load(connection).await?;
    let now_on: BTreeMap<Uuid, bool> = copied.into_iter().collect();
    for (id, challenge, score, was_on) in before {
        if let Some(is_on) = now_on.get(&id) {
            change(connection, challenge, was_on.then_some(score), is_on.then_some(score)).await?;
        }
    }
    Ok(())
}
