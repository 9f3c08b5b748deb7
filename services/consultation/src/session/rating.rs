//! What clients say about sessions.

use orchard_db::{Connection, Db, moment};
use uuid::Uuid;

use super::store::{Found, ratings};
use super::{SessionError, Verb, ending};
use crate::error::Error;
use crate::professional::Viewer;

/// What a client says about a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Feedback {
    /// 1 to 5.
    pub(super) rating: i32,
    pub(super) text: Option<String>,
}

/// Rates a completed session, once.
pub(super) async fn rate(db: &Db, id: Uuid, caller: Viewer, feedback: Feedback) -> Result<Found, Error> {
    db.write("rate session", async move |connection: &mut Connection| {
        let Found { session, side, .. } = ending::lock(connection, id, caller).await?;
        side.check_client()?;
        Verb::Rate.after(session.status, session.start, moment(connection).await?)?;
        let given = session.rating.map(|rating| Feedback { rating, text: session.feedback_text });
        match given {
            Some(given) if given == feedback => {}
            Some(_) => return Err(SessionError::FeedbackGiven.into()),
            None => {
                ratings::add(connection, id, &feedback).await?;
                ratings::count(connection, session.professional, feedback.rating).await?;
            }
        }
        ending::find(connection, id, caller).await
    })
    .await
}
