//! Watching a board: what one who watches is told, of what all who watch share.

mod board;
mod hub;
mod store;
mod stream;
mod wire;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

pub use hub::Hub;
pub(super) use stream::watch;
pub(super) use wire::{asked, response};

use super::{Entry, Shown, Stretch};
use crate::challenges::participant::CompletionStatus;

/// Most places that are watched.
const MOST: usize = 100;

/// Who may see a profile at most, as it is kept with the participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum ShownTo {
    Everyone,
    Friends,
    Nobody,
}

/// A place as it is kept, whoever looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    id: Uuid,
    user: Uuid,
    display_name: Option<String>,
    shown_to: ShownTo,
    score: i32,
    reached_at: DateTime<Utc>,
    completion_status: CompletionStatus,
}

/// The first places of a board, and what those who watch are to their holders.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    held: Vec<Held>,
    participants: i64,
    /// Pairs of a viewer and a holder.
    shows: HashSet<(Uuid, Uuid)>,
    blocks: HashSet<(Uuid, Uuid)>,
}

impl Places {
    /// Whether a viewer may see a holder's profile: what `profile::visibility::visible_to` says, of what is kept with the places.
    fn shows(&self, viewer: Uuid, held: &Held) -> bool {
        let pair = (viewer, held.user);
        let open = match held.shown_to {
            ShownTo::Everyone => true,
            ShownTo::Friends => self.shows.contains(&pair),
            ShownTo::Nobody => false,
        };
        viewer == held.user || open && !self.blocks.contains(&pair)
    }

    /// The first `limit` of them, as a viewer is told them.
    fn told(&self, viewer: Uuid, limit: usize) -> Vec<Line> {
        let entry = |held: &Held| {
            let shown = self.shows(viewer, held);
            Entry {
                id: held.id,
                score: held.score,
                reached_at: held.reached_at,
                completion_status: held.completion_status,
                shown: shown.then(|| Shown { user: held.user, display_name: held.display_name.clone() }),
            }
        };
        let entries: Vec<Entry> = self.held.iter().take(limit).map(entry).collect();
        let alike = entries.iter().take_while(|entry| entries.first().is_some_and(|first| first.score == entry.score)).count();
        let first =
            Stretch { alike: i64::try_from(alike).unwrap_or_default(), above: 0, participants: self.participants, entries };
        let ranks = first.ranks();
        let lines = first.entries.into_iter().zip(ranks).zip(1..);
        lines.map(|((entry, rank), position)| Line { entry, rank, position }).collect()
    }
}

/// A place as one viewer is told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    entry: Entry,
    rank: i64,
    position: i32,
}

/// Names a participant to those who watch, and says nothing else.
type Key = [u8; 8];

impl Line {
    fn key(&self) -> Key {
        let hash = Sha256::new().chain_update(b"watched").chain_update(self.entry.id.as_bytes()).finalize();
        std::array::from_fn(|index| hash[index])
    }

    /// Tells one state of it from another.
    fn digest(&self) -> [u8; 4] {
        let (entry, shown) = (&self.entry, self.entry.shown.as_ref());
        let said = (
            self.rank,
            self.position,
            entry.score,
            entry.completion_status,
            shown.map(|shown| (shown.user, &shown.display_name)),
        );
        let hash = Sha256::digest(format!("{said:?}"));
        std::array::from_fn(|index| hash[index])
    }
}

/// What a viewer was told last: enough to say what has changed since, whoever told them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Seen {
    participants: i32,
    lines: Vec<(Key, [u8; 4])>,
}

/// What a viewer is told next.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Update {
    is_snapshot: bool,
    lines: Vec<Line>,
    removed: Vec<Key>,
    seen: Seen,
}

impl Update {
    /// What has changed since `before`, or all of it if nothing was told before; nothing if nothing has.
    fn since(before: Option<&Seen>, lines: Vec<Line>, participants: i64) -> Option<Self> {
        let participants = i32::try_from(participants).unwrap_or(i32::MAX);
        let told = lines.iter().map(|line| (line.key(), line.digest())).collect();
        let seen = Seen { participants, lines: told };
        let Some(before) = before else { return Some(Self { is_snapshot: true, lines, removed: Vec::new(), seen }) };
        if *before == seen {
            return None;
        }
        let known: HashSet<_> = before.lines.iter().collect();
        let here: HashSet<Key> = seen.lines.iter().map(|(key, _)| *key).collect();
        let removed = before.lines.iter().map(|(key, _)| *key).filter(|key| !here.contains(key)).collect();
        let changed =
            lines.into_iter().zip(&seen.lines).filter(|(_, told)| !known.contains(told)).map(|(line, _)| line).collect();
        Some(Self { is_snapshot: false, lines: changed, removed, seen })
    }
}

#[cfg(test)]
mod tests;
