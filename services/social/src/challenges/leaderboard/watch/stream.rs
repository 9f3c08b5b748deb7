//! The stream of one watcher. It makes progress only when the client reads it.

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use orchard_db::Failure;
use uuid::Uuid;

use super::board::{Subscription, SubscriptionEnd};
use super::{LastSent, Poller, Update};
use crate::challenges::challenge::ChallengeError;
use crate::challenges::leaderboard::LeaderboardError;
use crate::challenges::leaderboard::store::BoardState;
use crate::error::Error;

/// What a viewer watches.
#[derive(Debug)]
pub(in crate::challenges::leaderboard) struct Watch {
    pub(in crate::challenges::leaderboard) challenge: Uuid,
    pub(in crate::challenges::leaderboard) viewer: Uuid,
    /// Maximum number of entries.
    pub(in crate::challenges::leaderboard) limit: usize,
    /// What an earlier stream sent last.
    pub(in crate::challenges::leaderboard) sent: Option<LastSent>,
}

/// Returns updates until the first error.
pub(in crate::challenges::leaderboard) fn updates(poller: &Poller, watch: Watch) -> BoxStream<'static, Result<Update, Error>> {
    let subscription = poller.subscribe(watch.challenge, watch.viewer);
    stream::unfold(Some((subscription, watch)), |watching| async move {
        let (mut subscription, mut watch) = watching?;
        match next(&mut subscription, &watch).await {
            Ok(update) => {
                watch.sent = Some(update.sent.clone());
                Some((Ok(update), Some((subscription, watch))))
            }
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}

async fn next(subscription: &mut Subscription, watch: &Watch) -> Result<Update, Error> {
    loop {
        let reading = subscription.next().await.map_err(|end| match end {
            SubscriptionEnd::TooSlow => Error::from(LeaderboardError::TooSlow),
            SubscriptionEnd::Unreadable => Failure::Unavailable("a leaderboard cannot be read".to_owned()).into(),
        })?;
        let snapshot = match &reading.state {
            BoardState::Found { admitted, snapshot } if admitted.contains(&watch.viewer) => snapshot,
            BoardState::Found { .. } | BoardState::NotFound => return Err(ChallengeError::NotFound.into()),
        };
        let snapshot = snapshot.as_ref().ok_or(ChallengeError::Inactive)?;
        let entries = snapshot.entries_for(watch.viewer, watch.limit);
        if let Some(update) = Update::since(watch.sent.as_ref(), entries, snapshot.participants) {
            return Ok(update);
        }
    }
}
