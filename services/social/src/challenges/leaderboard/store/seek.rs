//! From a rank: where on the board it begins.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::schema::{leaderboard_changes, leaderboard_counts};

/// The highest level, whose ranges are the widest.
const TOP: i16 = 4;
/// Bits of a score that each level tells apart.
const BITS: i16 = 6;

/// How many are in each range of a level, or in those of one range of the level above it, those of the highest scores last. What is not counted
/// yet is among `changes`: scores, and by how many more there are of them.
async fn level(
    connection: &mut AsyncPgConnection,
    challenge: Uuid,
    changes: &[(i32, i64)],
    level: i16,
    within: Option<i32>,
) -> QueryResult<BTreeMap<i32, i64>> {
    let (first, last) = within.map_or((0, i32::MAX), |range| (range << BITS, (range << BITS) | 63));
    let counted: Vec<(i32, i32)> = leaderboard_counts::table
        .filter(leaderboard_counts::challenge_id.eq(challenge))
        .filter(leaderboard_counts::level.eq(level))
        .filter(leaderboard_counts::bucket.between(first, last))
        .select((leaderboard_counts::bucket, leaderboard_counts::participants))
        .load(connection)
        .await?;
    let mut all: BTreeMap<i32, i64> = counted.into_iter().map(|(range, count)| (range, count.into())).collect();
    for (score, more) in changes {
        let range = score >> (BITS * level);
        if (first..=last).contains(&range) {
            *all.entry(range).or_default() += more;
        }
    }
    Ok(all)
}

async fn changes(connection: &mut AsyncPgConnection, challenge: Uuid) -> QueryResult<Vec<(i32, i64)>> {
    let rows: Vec<(Option<i32>, Option<i32>)> = leaderboard_changes::table
        .filter(leaderboard_changes::challenge_id.eq(challenge))
        .select((leaderboard_changes::old_score, leaderboard_changes::new_score))
        .load(connection)
        .await?;
    let sides = rows.into_iter().flat_map(|(old, new)| [old.map(|score| (score, -1)), new.map(|score| (score, 1))]);
    Ok(sides.flatten().collect())
}

/// The score below which those are whose rank is `rank` or a later one; the transaction sees one moment.
pub(super) async fn below(connection: &mut AsyncPgConnection, challenge: Uuid, rank: i64) -> QueryResult<i32> {
    let changes = changes(connection, challenge).await?;
    let (mut above, mut within) = (0, None);
    for depth in (0..=TOP).rev() {
        let ranges = level(connection, challenge, &changes, depth, within).await?;
        match pick(&ranges, rank - 1 - above) {
            Some((range, before)) => (above, within) = (above + before, Some(range)),
            // There are not so many.
            None => return Ok(0),
        }
    }
    let score = within.unwrap_or_default();
    // Who is amid those with one score has a rank before it: it begins behind them.
    Ok(if above == rank - 1 { score.saturating_add(1) } else { score })
}

/// The range that the one is in who has `ahead` before them, and how many are in higher ones.
fn pick(ranges: &BTreeMap<i32, i64>, ahead: i64) -> Option<(i32, i64)> {
    let mut before = 0;
    for (range, count) in ranges.iter().rev() {
        if ahead < before + count {
            return Some((*range, before));
        }
        before += count;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_a_place_is_found_from_above() {
        let ranges = BTreeMap::from([(0, 4), (3, 2), (7, 0), (9, 1)]);
        for (ahead, expected) in
            [(0, Some((9, 0))), (1, Some((3, 1))), (2, Some((3, 1))), (3, Some((0, 3))), (6, Some((0, 3))), (7, None)]
        {
            assert_eq!(pick(&ranges, ahead), expected, "{ahead}");
        }
    }
}
