//! Joining a challenge.

use std::collections::BTreeSet;

use orchard_client::Upstream;
use orchard_db::{Connection, Db};
use orchard_server::Clock;
use uuid::Uuid;

use super::{CompletionStatus, Participant, store};
use crate::challenges::challenge::ChallengeError;
use crate::challenges::challenge::{self, Challenge, Entrant, EntryRequirements, JoinCode};
use crate::challenges::leaderboard;
use crate::clock::local_time;
use crate::error::Error;
use crate::people::family;
use crate::people::profile;
use crate::{board_copies, roll};

/// Which challenge is meant.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// By its id.
    Id(Uuid),
    /// By its code.
    Code(JoinCode),
}

/// Takes a seat for a user, or finds that they have it. What only the family service knows, it is asked before anything is locked.
pub(crate) async fn join(db: &Db, upstream: &Upstream, target: Target, user: Uuid, clock: &Clock) -> Result<Participant, Error> {
    let (id, asks_for_a_plan) = {
        let connection = db.read().await?;
        let id = challenge::store::id_of(&connection, &target).await?.ok_or_else(|| Error::from(ChallengeError::NotFound))?;
        (id, challenge::store::asks_for_a_plan(&connection, id, user).await?)
    };
    let family_plan = if asks_for_a_plan { Some(family::has_plan(upstream, user).await?) } else { None };
    let entry = Entry { user, has_code: matches!(target, Target::Code(_)), family_plan, clock: clock.clone() };
    db.write("join challenge", async move |connection| enter(connection, id, entry).await).await
}

/// Who joins.
#[derive(Debug, Clone)]
struct Entry {
    user: Uuid,
    has_code: bool,
    /// Whether they have a plan, if that was asked.
    family_plan: Option<bool>,
    clock: Clock,
}

async fn enter(connection: &mut Connection, id: Uuid, entry: Entry) -> Result<Participant, Error> {
    let user = entry.user;
    roll::enrol(connection, user).await?;
    // Whoever changes their profile finds the seat, or is found by it.
    roll::lock(connection, &BTreeSet::from([user])).await?;
    let challenge = challenge::store::lock(connection, id).await?.ok_or_else(|| Error::from(ChallengeError::NotFound))?;
    let seat = store::lock(connection, id, user).await?;
    match &seat {
        Some(seated) if seated.completion_status != CompletionStatus::Withdrawn => return Ok(seated.clone()),
        None if !challenge.may_be_entered(user, entry.has_code) => return Err(ChallengeError::NotFound.into()),
        Some(_) | None => (),
    }
    admit(connection, &challenge, &entry).await?;
    store::count_seats(connection, challenge.id, 1).await?;
    match seat {
        Some(left) => {
            let back = store::set_status(connection, left.id, CompletionStatus::Active).await?;
            leaderboard::moved(connection, &left, &back).await?;
            Ok(back)
        }
        None => {
            let time = local_time(connection, &entry.clock, user).await?;
            let seated = store::insert(connection, challenge.id, user, time.now, challenge.ends_at(time.today())).await?;
            board_copies::refresh(connection, &BTreeSet::from([user])).await?;
            Ok(seated)
        }
    }
}

async fn admit(connection: &Connection, challenge: &Challenge, entry: &Entry) -> Result<(), Error> {
    let time = local_time(connection, &entry.clock, entry.user).await?;
    challenge.admit(time.today())?;
    let Some(requirements) = &challenge.terms.entry_requirements else { return Ok(()) };
    requirements.admit(&entrant(connection, requirements, entry).await?, time.now)?;
    Ok(())
}

async fn entrant(connection: &Connection, asked: &EntryRequirements, entry: &Entry) -> Result<Entrant, Error> {
    Ok(Entrant {
        challenges_completed: store::count_completed(connection, entry.user).await?,
        badges: store::badges(connection, entry.user, &asked.badges).await?,
        family_plan: entry.family_plan,
        created_at: profile::store::known_since(connection, entry.user).await?,
    })
}
