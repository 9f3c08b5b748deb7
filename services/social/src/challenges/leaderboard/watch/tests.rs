use std::collections::BTreeMap;

use chrono::DateTime;

use super::*;
use crate::challenges::leaderboard::EntryProfile;
use crate::challenges::participant::CompletionStatus;

fn row(n: u128, score: i32, audience: Audience) -> BoardRow {
    let user = Uuid::from_u128(1_000 + n);
    let profile = Some(EntryProfile { user_id: user, display_name: Some(format!("U{n}")) });
    let (id, reached_at) = (Uuid::from_u128(n), DateTime::UNIX_EPOCH);
    let entry = LeaderboardEntry { id, score, reached_at, completion_status: CompletionStatus::Active, profile };
    BoardRow { user, audience, entry }
}

fn snapshot(scores: &[(u128, i32)]) -> Snapshot {
    let rows = scores.iter().map(|(n, score)| row(*n, *score, Audience::Everyone)).collect();
    Snapshot { rows, participants: scores.len() as i64, ..Snapshot::default() }
}

const VIEWER: Uuid = Uuid::from_u128(7);

#[test]
fn each_viewer_sees_the_names_that_they_may_see() {
    use Audience::{Everyone, Friends, Nobody};

    let audiences = [Everyone, Everyone, Friends, Friends, Friends, Nobody];
    let user = |n: u128| Uuid::from_u128(1_000 + n);
    let snapshot = Snapshot {
        rows: (1..).zip(audiences).map(|(n, audience)| row(n, 9, audience)).collect(),
        participants: 6,
        contacts: [(VIEWER, user(3)), (VIEWER, user(5)), (user(9), user(4)), (VIEWER, user(6))].into(),
        blocked: [(VIEWER, user(2)), (VIEWER, user(5))].into(),
    };
    let names = |viewer| -> Vec<bool> {
        snapshot.entries_for(viewer, 10).iter().map(|watched| watched.entry.profile.is_some()).collect()
    };
    assert_eq!(names(VIEWER), [true, false, true, false, false, false]);
    assert_eq!(names(user(6)), [true, true, false, false, false, true], "users see themselves");
}

#[test]
fn ranks_have_ties_and_positions_do_not() {
    let snapshot = snapshot(&[(1, 9), (2, 9), (3, 7), (4, 5), (5, 5)]);
    let entries = snapshot.entries_for(VIEWER, 4);
    let ranks: Vec<_> = entries.iter().map(|watched| (watched.position, watched.rank)).collect();
    assert_eq!(ranks, [(1, 1), (2, 1), (3, 3), (4, 4)]);
}

/// Random changes, some of which are not sent. The entries are keyed as a client keys them.
#[test]
fn a_client_that_applies_all_updates_has_the_leaderboard() {
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut scores: BTreeMap<u128, i32> = (0..random.u128(1..12)).map(|n| (n, random.i32(0..6))).collect();
        let (mut sent, mut client) = (None, BTreeMap::new());
        for _ in 0..20 {
            match random.u8(0..4) {
                0 => drop(scores.remove(&random.u128(0..12))),
                1 => {}
                _ => drop(scores.insert(random.u128(0..12), random.i32(0..6))),
            }
            let mut order: Vec<(u128, i32)> = scores.iter().map(|(n, score)| (*n, *score)).collect();
            order.sort_by_key(|(n, score)| (-score, *n));
            let snapshot = snapshot(&order);
            let now = snapshot.entries_for(VIEWER, 5);
            match Update::since(sent.as_ref(), now.clone(), snapshot.participants) {
                Some(update) => {
                    if update.is_snapshot {
                        client.clear();
                    }
                    for key in &update.removed {
                        assert!(client.remove(key).is_some(), "seed {seed}: a removed entry was there");
                    }
                    for watched in &update.entries {
                        let before = client.insert(watched.key(update.sent.watch), watched.clone());
                        assert_ne!(before.as_ref(), Some(watched), "seed {seed}: an unchanged entry was sent");
                    }
                    sent = Some(update.sent);
                }
                None => assert_eq!(sent.as_ref().map(|sent| sent.participants), Some(snapshot.participants as i32)),
            }
            let mut shown: Vec<WatchedEntry> = client.values().cloned().collect();
            shown.sort_by_key(|watched| watched.position);
            assert_eq!(shown, now, "seed {seed}");
        }
    }
}

#[test]
fn a_key_is_one_watchers_and_changes_when_a_name_is_hidden() {
    let watched = snapshot(&[(1, 9)]).entries_for(VIEWER, 1).remove(0);
    let (watch, other) = (Uuid::new_v4(), Uuid::new_v4());
    assert_eq!(watched.key(watch), WatchedEntry { position: 2, ..watched.clone() }.key(watch));
    assert_ne!(watched.key(watch), watched.key(other));
    let entry = LeaderboardEntry { profile: None, ..watched.entry.clone() };
    assert_ne!(watched.key(watch), WatchedEntry { entry, ..watched.clone() }.key(watch));
}
