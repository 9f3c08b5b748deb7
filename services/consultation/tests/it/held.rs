//! Sessions that are booked, and what becomes of them.

mod achievements;
mod calendar;
mod endings;
mod erasures;
mod events;
mod lists;
mod ratings;
mod secrets;

use crate::practice::Practice;
use crate::world::{World, id};
use orchard_proto::consultation::v1 as pb;
use uuid::Uuid;

/// A session and the two who have it.
pub struct Case {
    pub practice: Practice,
    pub client: Uuid,
    pub session: pb::Session,
}

impl World {
    /// Books a session of a new client that has begun.
    pub async fn case(&self) -> anyhow::Result<Case> {
        let (practice, client) = (self.practice().await?, id());
        let session = self.begun(client, &practice).await?;
        Ok(Case { practice, client, session })
    }
}
