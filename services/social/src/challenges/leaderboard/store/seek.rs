//! Finding the score of a rank, without reading entries.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::schema::{leaderboard_changes, leaderboard_counts};

/// The highest level, which has the widest buckets.
const TOP: i16 = 4;
/// Bits of a score by which the buckets of two levels differ.
const BITS: i16 = 6;

/// Returns the number of participants in each bucket of a level, or in those within a bucket of the next level. `changes` are
/// scores that are not folded into the counts yet, each with the difference of participants.
async fn buckets(
    connection: &mut AsyncPgConnection,
    challenge: Uuid,
    changes: &[(i32, i64)],
    level: i16,
    within: Option<i32>,
) -> QueryResult<BTreeMap<i32, i64>> {
    let (first, last) = within.map_or((0, i32::MAX), |bucket| (bucket << BITS, (bucket << BITS) | 63));
    let counted: Vec<(i32, i32)> = leaderboard_counts::table
        .filter(leaderboard_counts::challenge_id.eq(challenge))
        .filter(leaderboard_counts::level.eq(level))
        .filter(leaderboard_counts::bucket.between(first, last))
        .select((leaderboard_counts::bucket, leaderboard_counts::participants))
        .load(connection)
        .await?;
    let mut all: BTreeMap<i32, i64> = counted.into_iter().map(|(bucket, count)| (bucket, count.into())).collect();
    for (score, difference) in changes {
        let bucket = score >> (BITS * level);
        if (first..=last).contains(&bucket) {
            *all.entry(bucket).or_default() += difference;
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

/// Returns the score below which participants have this rank or a later one. The transaction must see one moment.
pub(in crate::challenges::leaderboard) async fn score_of_rank(
    connection: &mut AsyncPgConnection,
    challenge: Uuid,
    rank: i64,
) -> QueryResult<i32> {
    let changes = changes(connection, challenge).await?;
    let (mut above, mut within) = (0, None);
    for level in (0..=TOP).rev() {
        let buckets = buckets(connection, challenge, &changes, level, within).await?;
        match pick(&buckets, rank - 1 - above) {
            Some((bucket, before)) => (above, within) = (above + before, Some(bucket)),
            // There are fewer participants.
            None => return Ok(0),
        }
    }
    let score = within.unwrap_or_default();
    // Those who share the score have an earlier rank, unless the first of them has this one.
    Ok(if above == rank - 1 { score.saturating_add(1) } else { score })
}

/// Returns the bucket of the participant who has `ahead` others ahead of them, and how many are in higher buckets.
fn pick(buckets: &BTreeMap<i32, i64>, ahead: i64) -> Option<(i32, i64)> {
    let mut before = 0;
    for (bucket, count) in buckets.iter().rev() {
        if ahead < before + count {
            return Some((*bucket, before));
        }
        before += count;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_counted_from_the_highest_down() {
        let buckets = BTreeMap::from([(0, 4), (3, 2), (7, 0), (9, 1)]);
        for (ahead, expected) in
            [(0, Some((9, 0))), (1, Some((3, 1))), (2, Some((3, 1))), (3, Some((0, 3))), (6, Some((0, 3))), (7, None)]
        {
            assert_eq!(pick(&buckets, ahead), expected, "{ahead}");
        }
    }
}
