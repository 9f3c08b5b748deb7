//! The stream of one who watches: it goes on when it is read, and not before.

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use orchard_db::Failure;

use super::board::{Gone, Place};
use super::store::Look;
use super::{Hub, Seen, Update};
use crate::challenges::challenge;
use crate::challenges::challenge::ChallengeError;
use crate::challenges::leaderboard;
use crate::error::Error;
use uuid::Uuid;

/// Who watches what.
#[derive(Debug)]
pub(in crate::challenges::leaderboard) struct Watch {
    pub(super) challenge: Uuid,
    pub(super) viewer: Uuid,
    pub(super) limit: usize,
    /// What they were told last, by another stream.
    pub(super) seen: Option<Seen>,
}

/// What has changed, each time, until there is a reason to end.
pub(in crate::challenges::leaderboard) fn watch(hub: &Hub, watch: Watch) -> BoxStream<'static, Result<Update, Error>> {
    let place = hub.watch(watch.challenge, watch.viewer);
    stream::unfold(Some((place, watch)), |watching| async move {
        let (mut place, mut watch) = watching?;
        match next(&mut place, &watch).await {
            Ok(update) => {
                watch.seen = Some(update.seen.clone());
                Some((Ok(update), Some((place, watch))))
            }
            Err(refused) => Some((Err(refused), None)),
        }
    })
    .boxed()
}

async fn next(place: &mut Place, watch: &Watch) -> Result<Update, Error> {
    loop {
        let seen = place.next().await.map_err(|gone| match gone {
            Gone::TooSlow => Error::from(leaderboard::LeaderboardError::TooSlow),
            Gone::Away => Failure::Unavailable("a leaderboard cannot be read".to_owned()).into(),
        })?;
        let places = match &seen.look {
            Look::Nowhere => return Err(ChallengeError::NotFound.into()),
            Look::Inactive => return Err(challenge::ChallengeError::Inactive.into()),
            Look::Places { admitted, .. } if !admitted.contains(&watch.viewer) => return Err(ChallengeError::NotFound.into()),
            Look::Places { places, .. } => places,
        };
        let lines = places.told(watch.viewer, watch.limit);
        if let Some(update) = Update::since(watch.seen.as_ref(), lines, places.participants) {
            return Ok(update);
        }
    }
}
