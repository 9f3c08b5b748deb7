//! Reading leaderboards.

use orchard_db::Db;
use orchard_rpc::Page;
use uuid::Uuid;

use super::{Cursor, FriendEntry, LeaderboardEntry, Segment, Standing, around as sides, store, wire};
use crate::challenges::participant::ParticipantError;
use crate::error::Error;

/// Entries with their ranks.
pub(super) type Ranked = Vec<(LeaderboardEntry, i64)>;

/// Returns entries behind a position, or from a rank on.
pub(super) async fn segment(db: &Db, list: &wire::List) -> Result<Segment, Error> {
    let wire::List { challenge, viewer, start_rank, ref page } = *list;
    let count = page.fetch();
    let found = match page.after {
        None if start_rank > 1 => {
            db.snapshot(async move |connection| {
                let score = store::score_of_rank(connection, challenge, start_rank).await?;
                Ok::<_, Error>(store::page(connection, challenge, viewer, Cursor::below(score), count).await?)
            })
            .await?
        }
        after => {
            let connection = db.read().await?;
            store::page(&connection, challenge, viewer, after.unwrap_or(Cursor::top()), count).await?
        }
    };
    Ok(found.check()?)
}

/// Returns at most `limit` entries around the viewer, and the viewer's standing.
pub(super) async fn around(db: &Db, challenge: Uuid, viewer: Uuid, limit: usize) -> Result<(Ranked, Standing), Error> {
    let connection = db.read().await?;
    let count = i64::try_from(limit).unwrap_or_default();
    let (segment, mine) = store::around(&connection, challenge, viewer, count).await?.check()?;
    let (standing, me) = mine.ok_or(ParticipantError::NotParticipating)?;
    let ranks = segment.ranks();
    let ahead = segment.entries.iter().take_while(|entry| entry.is_ahead_of(&me)).count();
    let (first, rest) = sides(ahead, segment.entries.len() - ahead, limit);
    let entries = segment.entries.into_iter().zip(ranks).skip(ahead - first).take(first + rest);
    Ok((entries.collect(), standing))
}

/// Lists the entries of the viewer and their friends.
pub(super) async fn friends(db: &Db, list: &wire::FriendsList) -> Result<Page<FriendEntry>, Error> {
    let wire::FriendsList { challenge, viewer, page } = list;
    let connection = db.read().await?;
    let after = page.after.unwrap_or(Cursor::top());
    let friends = store::friends(&connection, *challenge, *viewer, after, page.fetch()).await?.check()?;
    Ok(page.page(friends, |friend| friend.entry.cursor()))
}

/// Returns the viewer's standing.
pub(super) async fn standing(db: &Db, challenge: Uuid, viewer: Uuid) -> Result<Standing, Error> {
    let connection = db.read().await?;
    let standing = store::standing(&connection, challenge, viewer).await?.check()?;
    Ok(standing.ok_or(ParticipantError::NotParticipating)?)
}
