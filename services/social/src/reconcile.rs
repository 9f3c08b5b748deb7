//! Mends what is derived from other rows where it differs from them, as after writes of a release that did not know of it.

use std::fmt;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::Db;
use uuid::Uuid;

use crate::board_copies;
use crate::challenges::{leaderboard, participant};
use crate::error::Error;
use crate::roll;
use crate::schema::{community_challenges, users};

/// Users or challenges that are looked at together.
const BATCH: i64 = 500;

/// How much differed, and does no longer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mended {
    /// Users whose profiles leaderboards had outdated copies of.
    pub profiles: usize,
    /// Challenges whose number of taken seats was wrong.
    pub seats: usize,
    /// Challenges whose leaderboard counted wrongly.
    pub leaderboards: usize,
}

impl fmt::Display for Mended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { profiles, seats, leaderboards } = self;
        write!(f, "mended copies of {profiles} profiles, seats of {seats} challenges, counts of {leaderboards} leaderboards")
    }
}

/// Mends all users' copies, and all challenges' seats and leaderboards. Each batch is a transaction of its own.
pub async fn reconcile(db: &Db) -> Result<Mended, Error> {
    let mut mended = Mended::default();
    let mut after = Uuid::nil();
    while let Some((batch, last)) = users_after(db, after).await? {
        mended.profiles += copy_profiles(db, batch).await?;
        after = last;
    }
    let mut after = Uuid::nil();
    while let Some((batch, last)) = challenges_after(db, after).await? {
        mended.seats += count_seats(db, batch.clone()).await?;
        mended.leaderboards += count_leaderboards(db, batch).await?;
        after = last;
    }
    Ok(mended)
}

async fn users_after(db: &Db, after: Uuid) -> Result<Option<(Vec<Uuid>, Uuid)>, Error> {
    let reader = db.read().await?;
    let mut connection: &AsyncPgConnection = &reader;
    let page = users::table.filter(users::id.gt(after)).order(users::id).limit(BATCH).select(users::id);
    Ok(with_last(page.load(&mut connection).await?))
}

async fn challenges_after(db: &Db, after: Uuid) -> Result<Option<(Vec<Uuid>, Uuid)>, Error> {
    let reader = db.read().await?;
    let mut connection: &AsyncPgConnection = &reader;
    let page = community_challenges::table.filter(community_challenges::id.gt(after)).order(community_challenges::id);
    Ok(with_last(page.limit(BATCH).select(community_challenges::id).load(&mut connection).await?))
}

fn with_last(batch: Vec<Uuid>) -> Option<(Vec<Uuid>, Uuid)> {
    batch.last().copied().map(|last| (batch, last))
}

async fn copy_profiles(db: &Db, batch: Vec<Uuid>) -> Result<usize, Error> {
    let outdated = board_copies::outdated(&*db.read().await?, batch).await?;
    if outdated.is_empty() {
        return Ok(0);
    }
    db.write("reconcile copies of profiles", async move |connection| {
        roll::lock(connection, &outdated).await?;
        board_copies::refresh(connection, &outdated).await?;
        Ok(outdated.len())
    })
    .await
}

async fn count_seats(db: &Db, batch: Vec<Uuid>) -> Result<usize, Error> {
    let miscounted = participant::store::miscounted(&*db.read().await?, batch).await?;
    let mut mended = 0;
    for challenge in miscounted {
        let recount = async move |connection: &mut AsyncPgConnection| {
            Ok::<_, Error>(participant::store::recount_seats(connection, challenge).await?)
        };
        mended += usize::from(db.write("reconcile seats", recount).await? != 0);
    }
    Ok(mended)
}

async fn count_leaderboards(db: &Db, batch: Vec<Uuid>) -> Result<usize, Error> {
    db.write("reconcile leaderboards", async move |connection| Ok(leaderboard::recount(connection, batch.clone()).await?.len()))
        .await
}
