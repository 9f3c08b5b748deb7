//! Joining a challenge.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use orchard_client::Upstream;
use orchard_db::{Connection, Db};
use orchard_server::Clock;
use uuid::Uuid;

use super::store::entrant;
use super::{Challenge, ChallengeError, ChallengeKey, Entrant, EntryRequirements, store};
use crate::board_copies;
use crate::challenges::participant::{self, CompletionStatus, Participant};
use crate::clock::{LocalTime, local_time};
use crate::error::Error;
use crate::people::{family, profile};
use crate::roll;

/// A user who wants to join.
#[derive(Debug, Clone)]
struct Join {
    user: Uuid,
    /// Whether they know the code of the challenge.
    has_code: bool,
    /// Whether they have a family plan; `None` if the family service was not asked.
    family_plan: Option<bool>,
    clock: Clock,
}

/// Takes a seat for a user, or returns the one that they have. Asks the family service before anything is locked.
pub(super) async fn join(
    db: &Db,
    upstream: &Upstream,
    clock: &Clock,
    key: &ChallengeKey,
    user: Uuid,
) -> Result<Participant, Error> {
    let (id, requires_family_plan, is_known) = {
        let connection = db.read().await?;
        let id = store::id_of(&connection, key).await?.ok_or(ChallengeError::NotFound)?;
        (id, store::requires_family_plan(&connection, id, user).await?, roll::is_known(&connection, user).await?)
    };
    let family_plan = if requires_family_plan { Some(family::has_plan(upstream, user).await?) } else { None };
    if !is_known {
        // Apart from the rest: who is refused for their account's age is known from then on.
        db.write("enrol entrant", async move |connection| roll::enrol(connection, user).await).await?;
    }
    let join = Join { user, has_code: matches!(key, ChallengeKey::Code(_)), family_plan, clock: clock.clone() };
    db.write("join challenge", async move |connection| join.take_seat(connection, id).await).await
}

impl Join {
    async fn take_seat(&self, connection: &mut Connection, id: Uuid) -> Result<Participant, Error> {
        let user = self.user;
        roll::enrol(connection, user).await?;
        // Locks the user, because a change of the profile must reach the seat, or the seat must copy the changed profile.
        roll::lock(connection, &BTreeSet::from([user])).await?;
        let challenge = store::lock(connection, id).await?.ok_or(ChallengeError::NotFound)?;
        let seat = participant::store::lock(connection, id, user).await?;
        match &seat {
            Some(seat) if seat.completion_status != CompletionStatus::Withdrawn => return Ok(seat.clone()),
            None if !challenge.is_open_to(user, self.has_code) => return Err(ChallengeError::NotFound.into()),
            Some(_) | None => (),
        }
        let time = local_time(connection, &self.clock, user).await?;
        let last_day = seat.as_ref().map_or(challenge.terms.end_date(), |left| challenge.last_day_of(left));
        challenge.admit(time.today(), last_day)?;
        if seat.is_none() {
            self.check_requirements(connection, &challenge, time.now).await?;
        }
        participant::store::count_seats(connection, challenge.id, 1).await?;
        match seat {
            Some(left) => Ok(participant::store::set_status(connection, &left, CompletionStatus::Active).await?),
            None => self.insert(connection, &challenge, time).await,
        }
    }

    async fn insert(&self, connection: &mut Connection, challenge: &Challenge, time: LocalTime) -> Result<Participant, Error> {
        let ends_at = challenge.ends_at(time.today());
        let seat = participant::store::insert(connection, challenge.id, self.user, time.now, ends_at).await?;
        board_copies::refresh(connection, &BTreeSet::from([self.user])).await?;
        Ok(seat)
    }

    async fn check_requirements(&self, connection: &Connection, challenge: &Challenge, now: DateTime<Utc>) -> Result<(), Error> {
        let Some(requirements) = &challenge.terms.entry_requirements else { return Ok(()) };
        requirements.admit(&self.entrant(connection, requirements).await?, now)?;
        Ok(())
    }

    async fn entrant(&self, connection: &Connection, requirements: &EntryRequirements) -> Result<Entrant, Error> {
        Ok(Entrant {
            challenges_completed: entrant::count_completed(connection, self.user).await?,
            badges: entrant::badges(connection, self.user, &requirements.badges).await?,
            family_plan: self.family_plan,
            created_at: profile::store::known_since(connection, self.user).await?,
        })
    }
}
