//! Watching leaderboards: what all watchers of one share, and what each of them is sent.

mod board;
mod poller;
mod stream;

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

pub use poller::Poller;
pub(super) use stream::{Watch, updates};

use super::{LeaderboardEntry, Segment};
use crate::visibility::Audience;

/// Maximum number of watched entries.
pub(super) const MAX_ENTRIES: usize = 100;

/// An entry with its profile, and who may see the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BoardRow {
    pub(super) user: Uuid,
    pub(super) audience: Audience,
    pub(super) entry: LeaderboardEntry,
}

/// The first entries of a leaderboard at one moment, and how the watchers are related to the users in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Snapshot {
    pub(super) rows: Vec<BoardRow>,
    pub(super) participants: i64,
    /// Pairs of a viewer and a user who shows them what contacts may see.
    pub(super) contacts: HashSet<(Uuid, Uuid)>,
    /// Pairs of a viewer and a user, one of whom has blocked the other.
    pub(super) blocked: HashSet<(Uuid, Uuid)>,
}

impl Snapshot {
    fn shows(&self, viewer: Uuid, row: &BoardRow) -> bool {
        let pair = (viewer, row.user);
        viewer == row.user || row.audience.admits(self.blocked.contains(&pair), self.contacts.contains(&pair))
    }

    /// Returns the first `limit` entries as a viewer sees them.
    fn entries_for(&self, viewer: Uuid, limit: usize) -> Vec<WatchedEntry> {
        let entry = |row: &BoardRow| {
            let mut entry = row.entry.clone();
            entry.profile = entry.profile.filter(|_| self.shows(viewer, row));
            entry
        };
        let entries: Vec<LeaderboardEntry> = self.rows.iter().take(limit).map(entry).collect();
        let alike = entries.iter().take_while(|entry| entries.first().is_some_and(|first| first.score == entry.score)).count();
        let alike = i64::try_from(alike).unwrap_or_default();
        let segment = Segment { alike, above: 0, participants: self.participants, entries };
        let ranks = segment.ranks();
        let ranked = segment.entries.into_iter().zip(ranks).zip(1..);
        ranked.map(|((entry, rank), position)| WatchedEntry { entry, rank, position }).collect()
    }
}

/// A watched entry as one viewer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WatchedEntry {
    pub(super) entry: LeaderboardEntry,
    pub(super) rank: i64,
    pub(super) position: i32,
}

/// Identifies a participant to one watcher, without revealing who it is. It is another one when the name is shown or hidden: a name that
/// was shown must not stick to the pseudonym after it.
pub(super) type EntryKey = [u8; 8];

/// Distinguishes the states of one entry.
pub(super) type EntryDigest = [u8; 4];

impl WatchedEntry {
    pub(super) fn key(&self, watch: Uuid) -> EntryKey {
        let shown = [u8::from(self.entry.profile.is_some())];
        let hash = Sha256::new().chain_update(watch).chain_update(self.entry.id).chain_update(shown).finalize();
        std::array::from_fn(|index| hash[index])
    }

    fn digest(&self) -> EntryDigest {
        let (entry, profile) = (&self.entry, self.entry.profile.as_ref());
        let state = (
            self.rank,
            self.position,
            entry.score,
            entry.completion_status,
            profile.map(|profile| (profile.user_id, &profile.display_name)),
        );
        let hash = Sha256::digest(format!("{state:?}"));
        std::array::from_fn(|index| hash[index])
    }
}

/// What a viewer was sent last, by any replica: enough to compute what has changed since.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LastSent {
    /// Random, and known to no client: the keys of entries are made with it.
    pub(super) watch: Uuid,
    pub(super) participants: i32,
    pub(super) entries: Vec<(EntryKey, EntryDigest)>,
}

/// What a viewer is sent next.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Update {
    pub(super) is_snapshot: bool,
    pub(super) entries: Vec<WatchedEntry>,
    pub(super) removed: Vec<EntryKey>,
    /// What the viewer has been sent with this update.
    pub(super) sent: LastSent,
}

impl Update {
    /// Returns what has changed since `before`, all entries if nothing was sent before, or `None` if nothing has changed.
    fn since(before: Option<&LastSent>, entries: Vec<WatchedEntry>, participants: i64) -> Option<Self> {
        let participants = i32::try_from(participants).unwrap_or(i32::MAX);
        let watch = before.map_or_else(Uuid::new_v4, |before| before.watch);
        let digests = entries.iter().map(|entry| (entry.key(watch), entry.digest())).collect();
        let sent = LastSent { watch, participants, entries: digests };
        let Some(before) = before else { return Some(Self { is_snapshot: true, entries, removed: Vec::new(), sent }) };
        if *before == sent {
            return None;
        }
        let known: HashSet<_> = before.entries.iter().collect();
        let keys: HashSet<EntryKey> = sent.entries.iter().map(|(key, _)| *key).collect();
        let removed = before.entries.iter().map(|(key, _)| *key).filter(|key| !keys.contains(key)).collect();
        let changed = entries.into_iter().zip(&sent.entries).filter(|(_, sent)| !known.contains(sent));
        Some(Self { is_snapshot: false, entries: changed.map(|(entry, _)| entry).collect(), removed, sent })
    }
}

#[cfg(test)]
mod tests;
