use std::collections::BTreeMap;

use super::*;

fn held(n: u128, score: i32, shown_to: ShownTo) -> Held {
    Held {
        id: Uuid::from_u128(n),
        user: Uuid::from_u128(1_000 + n),
        display_name: Some(format!("U{n}")),
        shown_to,
        score,
        reached_at: DateTime::UNIX_EPOCH,
        completion_status: CompletionStatus::Active,
    }
}

fn board(scores: &[(u128, i32)]) -> Places {
    let held = scores.iter().map(|(n, score)| held(*n, *score, ShownTo::Everyone)).collect();
    Places { held, participants: scores.len() as i64, ..Places::default() }
}

const VIEWER: Uuid = Uuid::from_u128(7);

#[test]
fn each_viewer_is_told_the_names_that_they_may_see() {
    let shown = [ShownTo::Everyone, ShownTo::Everyone, ShownTo::Friends, ShownTo::Friends, ShownTo::Friends, ShownTo::Nobody];
    let held: Vec<Held> = (1..).zip(shown).map(|(n, shown_to)| held(n, 9, shown_to)).collect();
    let user = |n: u128| Uuid::from_u128(1_000 + n);
    let places = Places {
        held,
        participants: 6,
        shows: [(VIEWER, user(3)), (VIEWER, user(5)), (user(9), user(4)), (VIEWER, user(6))].into(),
        blocks: [(VIEWER, user(2)), (VIEWER, user(5))].into(),
    };
    let names = |viewer| -> Vec<bool> { places.told(viewer, 10).iter().map(|line| line.entry.shown.is_some()).collect() };
    assert_eq!(names(VIEWER), [true, false, true, false, false, false]);
    assert_eq!(names(user(6)), [true, true, false, false, false, true], "oneself");
}

#[test]
fn ranks_and_positions_are_those_of_the_first_places() {
    let places = board(&[(1, 9), (2, 9), (3, 7), (4, 5), (5, 5)]);
    let told = places.told(VIEWER, 4);
    let ranks: Vec<_> = told.iter().map(|line| (line.position, line.rank)).collect();
    assert_eq!(ranks, [(1, 1), (2, 1), (3, 3), (4, 4)]);
}

/// A client that applies what it is told has what there is, whatever happened meanwhile, and whether it was cut off.
#[test]
fn changes_lead_to_what_there_is() {
    for seed in 0..200 {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut scores: BTreeMap<u128, i32> = (0..chance.u128(1..12)).map(|n| (n, chance.i32(0..6))).collect();
        let (mut seen, mut client) = (None, BTreeMap::new());
        for _ in 0..20 {
            match chance.u8(0..4) {
                0 => drop(scores.remove(&chance.u128(0..12))),
                1 => {}
                _ => drop(scores.insert(chance.u128(0..12), chance.i32(0..6))),
            }
            let mut order: Vec<(u128, i32)> = scores.iter().map(|(n, score)| (*n, *score)).collect();
            order.sort_by_key(|(n, score)| (-score, *n));
            let places = board(&order);
            let now = places.told(VIEWER, 5);
            match Update::since(seen.as_ref(), now.clone(), places.participants) {
                Some(update) => {
                    if update.is_snapshot {
                        client.clear();
                    }
                    for key in &update.removed {
                        assert!(client.remove(key).is_some(), "seed {seed}: who is removed was there");
                    }
                    for line in &update.lines {
                        assert_ne!(client.insert(line.key(), line.clone()).as_ref(), Some(line), "seed {seed}: told again");
                    }
                    seen = Some(update.seen);
                }
                None => assert_eq!(seen.as_ref().map(|seen| seen.participants), Some(places.participants as i32)),
            }
            let mut shown: Vec<Line> = client.values().cloned().collect();
            shown.sort_by_key(|line| line.position);
            assert_eq!(shown, now, "seed {seed}");
        }
    }
}
