use super::*;

fn entry(score: i32) -> Entry {
    let (id, reached_at) = (Uuid::nil(), DateTime::UNIX_EPOCH);
    Entry { id, score, reached_at, completion_status: CompletionStatus::Active, shown: None }
}

/// A board full of ties, any part of which is ranked as a plain count ranks it.
#[test]
fn any_stretch_of_a_board_is_ranked() {
    for seed in 0..200 {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut board: Vec<i32> = (0..chance.usize(1..40)).map(|_| chance.i32(0..8)).collect();
        board.sort_unstable_by(|one, other| other.cmp(one));
        let higher = |score: i32| board.iter().filter(|other| **other > score).count() as i64;
        let (first, last) = (chance.usize(0..board.len()), chance.usize(0..=board.len()));
        let part = board.get(first..last).unwrap_or_default();
        let Some(score) = part.first() else { continue };
        let alike = board.iter().filter(|other| *other == score).count() as i64;
        let entries = part.iter().map(|score| entry(*score)).collect();
        let stretch = Stretch { entries, above: higher(*score), alike, participants: board.len() as i64 };
        let expected: Vec<i64> = part.iter().map(|score| 1 + higher(*score)).collect();
        assert_eq!(stretch.ranks(), expected, "seed {seed}: {board:?} {first}..{last}");
    }
}

#[test]
fn as_many_are_around_somebody_as_there_are() {
    // Ahead, behind and limit; which of them, the first being the one furthest ahead, and oneself 0.
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
    assert_eq!(around(4, 5, 4), (2, 2), "those between whom one would be");
    assert_eq!(around(0, 5, 4), (0, 4));
    assert_eq!(around(5, 0, 4), (4, 0));
}

#[test]
fn pseudonyms_differ_and_stay() {
    let id = Uuid::from_u128(0x1234_5678_9abc_def0_1234_5678_9abc_def0);
    assert_eq!(pseudonym(id), pseudonym(id));
    let all: std::collections::BTreeSet<String> = (0..10_000).map(|n| pseudonym(Uuid::from_u128(n))).collect();
    assert!(all.len() > 9_990, "{}", all.len());
    assert!(all.iter().all(|name| !name.contains("0000")));
}
