//! What is kept of sessions: the professional's notes, and the recording.

use orchard_db::{Connection, Db, moment};
use uuid::Uuid;

use super::ending::{find, lock};
use super::store::{Found, records};
use super::{SessionError, Verb};
use crate::error::Error;
use crate::professional::Viewer;

/// Replaces the professional's notes.
pub(super) async fn set_notes(db: &Db, id: Uuid, caller: Viewer, notes: Option<String>) -> Result<Found, Error> {
    db.write("set session notes", async move |connection: &mut Connection| {
        let Found { session, side, .. } = lock(connection, id, caller).await?;
        side.check_professional()?;
        if session.notes != notes {
            records::set_notes(connection, id, notes.as_deref()).await?;
        }
        find(connection, id, caller).await
    })
    .await
}

/// Gives or withdraws the client's consent to a recording, whose address goes with it.
pub(super) async fn set_consent(db: &Db, id: Uuid, caller: Viewer, consent: bool) -> Result<Found, Error> {
    db.write("set recording consent", async move |connection: &mut Connection| {
        let Found { session, side, .. } = lock(connection, id, caller).await?;
        side.check_client()?;
        if session.recording_consent != consent {
            records::set_consent(connection, id, consent).await?;
        }
        find(connection, id, caller).await
    })
    .await
}

/// Sets or removes the address of the recording.
pub(super) async fn set_recording(db: &Db, id: Uuid, caller: Viewer, url: Option<String>) -> Result<Found, Error> {
    db.write("set recording", async move |connection: &mut Connection| {
        let Found { session, side, .. } = lock(connection, id, caller).await?;
        side.check_professional()?;
        // An address is removed at any time.
        if url.is_some() {
            Verb::SetRecording.after(session.status, session.start, moment(connection).await?)?;
            if !session.recording_consent {
                return Err(SessionError::NoConsent.into());
            }
        }
        if session.recording_url != url {
            records::set_url(connection, id, url.as_deref()).await?;
        }
        find(connection, id, caller).await
    })
    .await
}
