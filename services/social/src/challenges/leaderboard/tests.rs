use super::*;

fn entry(score: i32) -> LeaderboardEntry {
    let (id, reached_at) = (Uuid::nil(), DateTime::UNIX_EPOCH);
    LeaderboardEntry { id, score, reached_at, completion_status: CompletionStatus::Active, profile: None }
}

/// Leaderboards full of ties, compared with a plain count.
#[test]
fn any_segment_of_a_leaderboard_is_ranked() {
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut board: Vec<i32> = (0..random.usize(1..40)).map(|_| random.i32(0..8)).collect();
        board.sort_unstable_by(|one, other| other.cmp(one));
        let higher = |score: i32| board.iter().filter(|other| **other > score).count() as i64;
        let (first, last) = (random.usize(0..board.len()), random.usize(0..=board.len()));
        let part = board.get(first..last).unwrap_or_default();
        let Some(score) = part.first() else { continue };
        let alike = board.iter().filter(|other| *other == score).count() as i64;
        let entries = part.iter().map(|score| entry(*score)).collect();
        let segment = Segment { entries, above: higher(*score), alike, participants: board.len() as i64 };
        let expected: Vec<i64> = part.iter().map(|score| 1 + higher(*score)).collect();
        assert_eq!(segment.ranks(), expected, "seed {seed}: {board:?} {first}..{last}");
    }
}

#[test]
fn entries_around_a_participant_are_on_both_sides() {
    // Others ahead, others behind, limit; entries shown, by their distance from the participant.
    for (ahead, behind, limit, expected) in [
        (0, 9, 4, 0..=3),
        (4, 5, 4, -2..=1),
        (9, 0, 4, -3..=0),
        (8, 1, 4, -2..=1),
        (1, 8, 4, -1..=2),
        (4, 5, 5, -2..=2),
        (4, 5, 1, 0..=0),
        (4, 5, 100, -4..=5),
        (0, 0, 10, 0..=0),
    ] {
        let (first, from_here) = around(ahead, behind + 1, limit);
        assert_eq!(-(first as i64)..=from_here as i64 - 1, expected, "{ahead} {behind} {limit}");
    }
    assert_eq!(around(4, 5, 4), (2, 2), "a participant who is not on the leaderboard");
    assert_eq!(around(0, 5, 4), (0, 4));
    assert_eq!(around(5, 0, 4), (4, 0));
}
