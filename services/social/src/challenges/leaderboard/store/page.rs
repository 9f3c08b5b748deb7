//! Queries of consecutive entries.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::sql::{behind, behind_cursor, challenge, counts, me, page, ties};
use super::standing::{MyColumns, MyRow};
use super::{EntryColumns, EntryRow, Found};
use crate::challenges::leaderboard::{Cursor, Segment, Standing};

/// SQL types of [`Row`].
type Columns = (Nullable<Bool>, BigInt, BigInt, BigInt, EntryColumns);

/// A row of the part `page!`.
#[derive(Debug, Queryable)]
struct Row {
    is_active: Option<bool>,
    above: i64,
    alike: i64,
    participants: i64,
    entry: EntryRow,
}

behind_cursor! {
    /// Entries behind a position.
    struct Page -> (Columns) = concat!(
        "page AS (",
        behind!("(SELECT score FROM asked)", "(SELECT reached_at FROM asked)", "(SELECT participant FROM asked)"),
        ")",
        page!("", "")
    );
}

orchard_db::prepared! {
    /// Entries around the viewer: `count` ahead, the viewer's own if they are on the leaderboard, and `count` behind.
    struct Around { challenge: Uuid, viewer: Uuid, count: i64 } -> (Columns, MyColumns) = "
        WITH asked AS (SELECT ", challenge as SqlUuid, "::uuid AS challenge_id, ", viewer as SqlUuid, "::uuid AS viewer, ",
        count as BigInt, concat!("::bigint AS count), ", challenge!(), ", ", ties!(), ", ", me!(), ",
        ahead AS (SELECT * FROM (
          (SELECT p.* FROM challenge_participants p
           WHERE p.challenge_id = (SELECT challenge_id FROM asked) AND p.on_board AND (SELECT is_active FROM challenge)
             AND p.final_score = (SELECT final_score FROM me)
             AND (p.score_reached_at, p.id) < ((SELECT score_reached_at FROM me), (SELECT id FROM me))
           ORDER BY p.score_reached_at DESC, p.id DESC LIMIT (SELECT count FROM asked))
          UNION ALL
          (SELECT p.* FROM challenge_participants p
           WHERE p.challenge_id = (SELECT challenge_id FROM asked) AND p.on_board AND (SELECT is_active FROM challenge)
             AND p.final_score > (SELECT final_score FROM me)
           ORDER BY p.final_score, p.score_reached_at DESC, p.id DESC LIMIT (SELECT count FROM asked))
        ) p LIMIT (SELECT count FROM asked)),
        behind AS (",
        behind!("(SELECT final_score FROM me)", "(SELECT score_reached_at FROM me)", "(SELECT id FROM me)"), "),
        page AS (
          SELECT * FROM ahead
          UNION ALL SELECT * FROM me WHERE on_board AND (SELECT is_active FROM challenge)
          UNION ALL SELECT * FROM behind
        )", page!(
          ", mine.above, mine.participants, me.final_score, me.on_board, me.completion_status, me.score_reached_at, me.id",
          concat!(" LEFT JOIN me ON true LEFT JOIN LATERAL (", counts!("me.final_score"), ") mine ON me.id IS NOT NULL")
        ));
}

fn segment(rows: Vec<Row>) -> Found<Segment> {
    let is_active = rows.iter().find_map(|row| row.is_active);
    let mut segment = Segment::default();
    for row in rows {
        (segment.above, segment.alike, segment.participants) = (row.above, row.alike, row.participants);
        segment.entries.extend(row.entry.entry());
    }
    Found { is_active, content: segment }
}

/// Returns entries behind a position.
pub(in crate::challenges::leaderboard) async fn page(
    mut connection: &AsyncPgConnection,
    challenge: Uuid,
    viewer: Uuid,
    cursor: Cursor,
    count: i64,
) -> QueryResult<Found<Segment>> {
    let rows: Vec<(Row,)> = Page::new(challenge, viewer, cursor, count).load(&mut connection).await?;
    Ok(segment(rows.into_iter().map(|(row,)| row).collect()))
}

/// Returns up to `count` entries on each side of the viewer, and the viewer's standing and position if they take part.
pub(in crate::challenges::leaderboard) async fn around(
    mut connection: &AsyncPgConnection,
    challenge: Uuid,
    viewer: Uuid,
    count: i64,
) -> QueryResult<Found<(Segment, Option<(Standing, Cursor)>)>> {
    let rows: Vec<(Row, MyRow)> = Around { challenge, viewer, count }.load(&mut connection).await?;
    let (rows, mine): (Vec<Row>, Vec<MyRow>) = rows.into_iter().unzip();
    let Found { is_active, content } = segment(rows);
    Ok(Found { is_active, content: (content, mine.into_iter().next().and_then(MyRow::standing)) })
}
