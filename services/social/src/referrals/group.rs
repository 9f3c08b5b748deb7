//! Groups of users who hang together by claims.
//!
//! A group is found by following `parent_id` to the top. The smaller of two groups is merged into the larger, so a path has at most
//! log2(users) steps, however long the chain of claims is. Groups are never split: a claim is for ever.

mod store;

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use store::Top;
pub(super) use store::of_users;

/// The groups at the top of others, by those for which they were looked up.
pub(super) type Tops = BTreeMap<Uuid, Uuid>;

/// Two users who may come to hang together, and their groups at the top, which are locked.
#[derive(Debug)]
pub(super) struct Pair {
    claimant: (Uuid, Option<Top>),
    referrer: (Uuid, Option<Top>),
}

impl Pair {
    /// Locks the groups of two users, who must be locked themselves, so that no other transaction merges them.
    pub(super) async fn lock(connection: &mut AsyncPgConnection, claimant: Uuid, referrer: Uuid) -> QueryResult<Self> {
        let groups = of_users(connection, &[claimant, referrer]).await?;
        let ids: BTreeSet<Uuid> = groups.values().copied().collect();
        let (tops, locked) = loop {
            let tops = store::tops(connection, &ids).await?;
            let wanted: BTreeSet<Uuid> = tops.values().copied().collect();
            let locked = store::lock(connection, &wanted).await?;
            // Another transaction may have merged one while this one waited for it.
            if locked.len() == wanted.len() {
                break (tops, locked);
            }
        };
        let top = |user: Uuid| {
            let group = groups.get(&user)?;
            let top = tops.get(group)?;
            locked.get(top).copied()
        };
        Ok(Self { claimant: (claimant, top(claimant)), referrer: (referrer, top(referrer)) })
    }

    /// Returns whether the two hang together already.
    pub(super) fn is_one(&self) -> bool {
        self.claimant.0 == self.referrer.0
            || matches!((&self.claimant.1, &self.referrer.1), (Some(one), Some(other)) if one.id == other.id)
    }

    /// Returns whether a user, whose group at the top this is, hangs together with either.
    pub(super) fn includes(&self, user: Uuid, top: Option<Uuid>) -> bool {
        let is = |(own, group): &(Uuid, Option<Top>)| *own == user || top.is_some() && group.map(|group| group.id) == top;
        is(&self.claimant) || is(&self.referrer)
    }

    /// Makes the two hang together.
    pub(super) async fn join(&self, connection: &mut AsyncPgConnection) -> QueryResult<()> {
        let users = [self.claimant.0, self.referrer.0];
        let top = match (self.claimant.1, self.referrer.1) {
            (Some(one), Some(other)) if one.id == other.id => return Ok(()),
            (Some(one), Some(other)) => {
                let (large, small) = if one.size >= other.size { (one, other) } else { (other, one) };
                store::merge(connection, small.id, large.id).await?;
                store::grow(connection, large.id, small.size).await?;
                large.id
            }
            (Some(one), None) | (None, Some(one)) => {
                store::grow(connection, one.id, 1).await?;
                one.id
            }
            (None, None) => store::insert(connection, 2).await?,
        };
        // The paths of the two are short from now on.
        store::set(connection, &users, top).await
    }
}

impl Pair {
    /// Sends as many statements as [`join`](Self::join), which change nothing but when the two were changed: a refused claim must not be
    /// told from an accepted one by what its claimant can read, and its time should tell little.
    pub(super) async fn leave_apart(&self, connection: &mut AsyncPgConnection) -> QueryResult<()> {
        match (self.claimant.1, self.referrer.1) {
            (Some(one), Some(other)) => {
                store::grow(connection, one.id, 0).await?;
                store::grow(connection, other.id, 0).await?;
            }
            (Some(one), None) | (None, Some(one)) => store::grow(connection, one.id, 0).await?,
            (None, None) => store::grow(connection, self.claimant.0, 0).await?,
        }
        store::touch(connection, &[self.claimant.0, self.referrer.0]).await
    }
}

/// Returns the groups at the top of these groups.
pub(super) async fn tops(connection: &AsyncPgConnection, groups: impl IntoIterator<Item = Uuid>) -> QueryResult<Tops> {
    store::tops(connection, &groups.into_iter().collect()).await
}
