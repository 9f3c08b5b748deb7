//! Creating and changing challenges.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use orchard_db::idempotency::Key;
use orchard_db::{Connection, Db};
use orchard_rpc::Violations;
use orchard_server::Clock;
use uuid::Uuid;

use super::{Challenge, ChallengeError, ChallengeView, JoinCode, MAX_IN_USE, MAX_PER_DAY, Patch, Terms, days, reading, store};
use crate::error::Error;
use crate::roll;

/// The user who creates or changes a challenge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Author {
    pub(super) user: Uuid,
    /// Whether they act for the platform.
    pub(super) is_operator: bool,
    /// Whether they are a child in a family, as far as the family service was asked.
    pub(super) is_child: bool,
}

/// Creates a challenge, unless the request is a repeated one.
pub(super) async fn create(db: &Db, clock: &Clock, key: Key, terms: Terms, author: Author) -> Result<ChallengeView, Error> {
    let clock = clock.clone();
    db.write("create challenge", async move |connection| {
        let (id, is_new) = key.claim_id(connection).await?;
        if is_new {
            insert(connection, &clock, id, terms, author).await?;
        }
        reading::view(connection, id, author.user, author.is_operator).await
    })
    .await
}

async fn insert(connection: &mut Connection, clock: &Clock, id: Uuid, terms: Terms, author: Author) -> Result<(), Error> {
    // Only checked here, so that a request that is repeated after midnight finds its challenge.
    check_start(connection, clock, &terms, "start_date").await?;
    check_child(&terms, author)?;
    let created_by = (!author.is_operator).then_some(author.user);
    let now = store::now_by(connection, clock).await?;
    if let Some(creator) = created_by {
        roll::enrol(connection, creator).await?;
        check_number(connection, creator, now).await?;
    }
    let code = (!terms.is_public).then(JoinCode::random);
    Ok(store::insert(connection, id, terms, code, created_by, now).await?)
}

/// Checks that a user may create one more challenge. The user is locked, so that the number is right.
async fn check_number(connection: &mut Connection, creator: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    roll::lock(connection, &BTreeSet::from([creator])).await?;
    let (today, in_use) = store::count_created(connection, creator, now - TimeDelta::days(1)).await?;
    if today >= MAX_PER_DAY || in_use >= MAX_IN_USE { Err(ChallengeError::TooMany.into()) } else { Ok(()) }
}

/// Changes the terms of a challenge.
pub(super) async fn update(db: &Db, clock: &Clock, id: Uuid, patch: Patch, author: Author) -> Result<ChallengeView, Error> {
    let clock = clock.clone();
    db.write("update challenge", async move |connection| {
        let challenge = lock(connection, id, author).await?;
        let now = store::now_by(connection, &clock).await?;
        let was_joined = store::was_joined(connection, id).await?;
        challenge.check_changeable(now, was_joined)?;
        change(connection, &clock, challenge, patch, (author, was_joined)).await?;
        reading::view(connection, id, author.user, author.is_operator).await
    })
    .await
}

async fn change(
    connection: &mut Connection,
    clock: &Clock,
    challenge: Challenge,
    patch: Patch,
    (author, was_joined): (Author, bool),
) -> Result<(), Error> {
    let days = (challenge.terms.start_date, challenge.terms.duration_days);
    let moves = patch.start_date.is_some();
    let is_platforms = challenge.created_by.is_none();
    let challenge_type = challenge.terms.scoring.challenge_type();
    let terms = challenge.terms.patched(patch);
    if terms.scoring.challenge_type() != challenge_type {
        return Err(Violations::of("challenge.scoring", "must be of the type that the challenge has").into());
    }
    terms.check(is_platforms, "challenge.")?;
    if was_joined && days != (terms.start_date, terms.duration_days) {
        return Err(ChallengeError::Started.into());
    }
    if moves {
        check_start(connection, clock, &terms, "challenge.start_date").await?;
    }
    check_child(&terms, author)?;
    if let Some(max_participants) = terms.max_participants.filter(|seats| *seats < challenge.participant_count) {
        return Err(ChallengeError::Full { max_participants }.into());
    }
    let code = (!terms.is_public).then(|| challenge.join_code.unwrap_or_else(JoinCode::random));
    Ok(store::update(connection, challenge.id, terms, code).await?)
}

/// Activates or deactivates a challenge.
pub(super) async fn set_active(
    db: &Db,
    clock: &Clock,
    id: Uuid,
    is_active: bool,
    author: Author,
) -> Result<ChallengeView, Error> {
    let clock = clock.clone();
    db.write("set challenge active", async move |connection| {
        let before = lock(connection, id, author).await?;
        if before.is_active != is_active {
            if !author.is_operator {
                let now = store::now_by(connection, &clock).await?;
                before.check_stoppable(now, store::has_ended_seats(connection, id, now).await?)?;
            }
            store::set_active(connection, id, is_active).await?;
        }
        reading::view(connection, id, author.user, author.is_operator).await
    })
    .await
}

/// Sets the priority of a public challenge in lists.
pub(super) async fn feature(db: &Db, id: Uuid, priority: i32, moderator: Uuid) -> Result<ChallengeView, Error> {
    db.write("feature challenge", async move |connection| {
        if !store::feature(connection, id, priority).await? {
            return Err(ChallengeError::NotFound.into());
        }
        reading::view(connection, id, moderator, true).await
    })
    .await
}

/// Locks a challenge that the author may change.
async fn lock(connection: &mut Connection, id: Uuid, author: Author) -> Result<Challenge, Error> {
    reading::view(connection, id, author.user, author.is_operator).await?;
    let challenge = store::lock(connection, id).await?.ok_or(ChallengeError::NotFound)?;
    challenge.check_editor(author.user, author.is_operator)?;
    Ok(challenge)
}

async fn check_start(connection: &Connection, clock: &Clock, terms: &Terms, path: &str) -> Result<(), Error> {
    if let Some(start) = terms.start_date {
        let today = store::now_by(connection, clock).await?.date_naive();
        days::check_start(start, today).map_err(|why| Violations::of(path, why))?;
    }
    Ok(())
}

fn check_child(terms: &Terms, author: Author) -> Result<(), ChallengeError> {
    if terms.is_public && author.is_child { Err(ChallengeError::Child) } else { Ok(()) }
}
