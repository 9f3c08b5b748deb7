//! Creating and changing challenges, in the transaction of a caller.

use std::time::Duration;

use orchard_db::Connection;
use orchard_rpc::Violations;
use uuid::Uuid;

use super::{Challenge, ChallengeError, JoinCode, Patch, Terms, may_start, store};
use crate::error::Error;
use crate::roll;

/// Who says so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Author {
    pub(super) user: Uuid,
    /// They speak for the platform.
    pub(super) is_operator: bool,
    /// They are a child in a family, as far as that was asked.
    pub(super) is_child: bool,
}

pub(super) async fn create(
    connection: &mut Connection,
    id: Uuid,
    terms: &Terms,
    author: Author,
    ahead: Duration,
) -> Result<(), Error> {
    // Only now: a request that is repeated after midnight has its challenge.
    check_start(connection, terms, "start_date", ahead).await?;
    check_child(terms, author)?;
    let created_by = (!author.is_operator).then_some(author.user);
    if let Some(creator) = created_by {
        roll::enrol(connection, creator).await?;
    }
    let code = (!terms.is_public).then(JoinCode::random);
    Ok(store::insert(connection, id, terms, code.as_ref(), created_by).await?)
}

pub(super) async fn update(
    connection: &mut Connection,
    id: Uuid,
    patch: Patch,
    author: Author,
    ahead: Duration,
) -> Result<(), Error> {
    let challenge = lock(connection, id, author).await?;
    let now = store::moment(connection).await? + ahead;
    challenge.can_change(now, store::was_joined(connection, id).await?)?;
    let moves = patch.start_date.is_some();
    let is_platforms = challenge.created_by.is_none();
    let Challenge { terms: before, join_code, participant_count, .. } = challenge;
    let of = before.scoring.challenge_type();
    let terms = before.patched(patch);
    if terms.scoring.challenge_type() != of {
        return Err(Violations::of("challenge.scoring", "must be of the type that the challenge has").into());
    }
    consistent(&terms, is_platforms, "challenge.")?;
    if moves {
        check_start(connection, &terms, "challenge.start_date", ahead).await?;
    }
    check_child(&terms, author)?;
    if let Some(max_participants) = terms.max_participants.filter(|seats| *seats < participant_count) {
        return Err(ChallengeError::Full { max_participants }.into());
    }
    let code = (!terms.is_public).then(|| join_code.unwrap_or_else(JoinCode::random));
    Ok(store::update(connection, id, &terms, code.as_ref()).await?)
}

/// Locks a challenge that a user may change, if they may know of it.
pub(super) async fn lock(connection: &mut Connection, id: Uuid, author: Author) -> Result<Challenge, Error> {
    if store::get(connection, id, author.user, author.is_operator).await?.is_none() {
        return Err(ChallengeError::NotFound.into());
    }
    let challenge = store::lock(connection, id).await?.ok_or_else(|| Error::from(ChallengeError::NotFound))?;
    challenge.is_of(author.user, author.is_operator)?;
    Ok(challenge)
}

/// Refuses terms that do not go together; `prefix` is where they are in the request.
pub(super) fn consistent(terms: &Terms, is_platforms: bool, prefix: &str) -> Result<(), Violations> {
    let wrong = terms.contradictions(is_platforms);
    if wrong.is_empty() {
        return Ok(());
    }
    let mut violations = Violations::default();
    for (path, why) in wrong {
        violations.add(format!("{prefix}{path}"), why);
    }
    Err(violations)
}

async fn check_start(connection: &Connection, terms: &Terms, path: &str, ahead: Duration) -> Result<(), Error> {
    if let Some(start) = terms.start_date {
        let today = (store::moment(connection).await? + ahead).date_naive();
        may_start(start, today).map_err(|refused| Violations::of(path, refused))?;
    }
    Ok(())
}

fn check_child(terms: &Terms, author: Author) -> Result<(), ChallengeError> {
    if terms.is_public && author.is_child { Err(ChallengeError::Child) } else { Ok(()) }
}
