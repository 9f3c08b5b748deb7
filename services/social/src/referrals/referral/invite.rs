//! The codes of a user: the standing one, and those of invitations.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::idempotency::Key;
use orchard_db::{Connection, moment};
use orchard_server::Clock;
use uuid::Uuid;

use super::store::{self, New};
use super::{MAX_OPEN, Referral, ReferralError};
use crate::error::Error;
use crate::referrals::code::Code;
use crate::referrals::sharing::Sharing;
use crate::referrals::terms::Terms;
use crate::roll;
use crate::schema::{children, referral_codes};

/// A code that can be claimed.
#[derive(Debug, Clone, Copy, Queryable)]
pub(in crate::referrals) struct Claimable {
    pub(in crate::referrals) owner: Uuid,
    /// The invitation; `None` for a standing code.
    pub(in crate::referrals) invitation: Option<Uuid>,
}

/// Returns whose a code is. Children have no codes, also those who had one before they were children.
pub(in crate::referrals) async fn find(mut connection: &AsyncPgConnection, code: &Code) -> QueryResult<Option<Claimable>> {
    let is_childs = diesel::dsl::exists(children::table.filter(children::user_id.eq(referral_codes::user_id)));
    referral_codes::table
        .filter(referral_codes::code.eq(code.as_str()))
        .filter(diesel::dsl::not(is_childs))
        .select((referral_codes::user_id, referral_codes::referral_id))
        .first(&mut connection)
        .await
        .optional()
}

/// Deletes the code of an invitation that was claimed or has expired, or of several.
pub(in crate::referrals) async fn use_up(connection: &mut AsyncPgConnection, invitations: &[Uuid]) -> QueryResult<()> {
    let used = referral_codes::table.filter(referral_codes::referral_id.eq_any(invitations));
    diesel::delete(used).execute(connection).await.map(|_| ())
}

/// Returns a user's standing code, and creates it at first.
pub(in crate::referrals) async fn standing(connection: &mut Connection, user: Uuid) -> Result<Code, Error> {
    roll::enrol(connection, user).await?;
    roll::lock(connection, &BTreeSet::from([user])).await?;
    let own = referral_codes::table.filter(referral_codes::user_id.eq(user)).filter(referral_codes::referral_id.is_null());
    if let Some(code) = own.select(referral_codes::code).first::<String>(connection).await.optional()? {
        return Ok(code.into());
    }
    loop {
        let code = Code::random();
        if add(connection, &code, user, None).await? {
            return Ok(code);
        }
    }
}

/// Adds a code, unless it is taken.
async fn add(connection: &mut AsyncPgConnection, code: &Code, user: Uuid, invitation: Option<Uuid>) -> QueryResult<bool> {
    let row =
        (referral_codes::code.eq(code.as_str()), referral_codes::user_id.eq(user), referral_codes::referral_id.eq(invitation));
    let added = diesel::insert_into(referral_codes::table).values(row).on_conflict(referral_codes::code).do_nothing();
    added.execute(connection).await.map(|added| added == 1)
}

/// An invitation to create.
#[derive(Debug, Clone)]
pub(in crate::referrals) struct Invite {
    pub(in crate::referrals) referrer: Uuid,
    pub(in crate::referrals) sharing: Sharing,
    pub(in crate::referrals) key: Key,
    pub(in crate::referrals) terms: Terms,
    pub(in crate::referrals) clock: Clock,
}

impl Invite {
    /// Creates the invitation, unless the request is a repeated one.
    pub(in crate::referrals) async fn create(&self, connection: &mut Connection) -> Result<(Referral, DateTime<Utc>), Error> {
        let (id, is_new) = self.key.claim_id(connection).await?;
        let now = self.clock.at(moment(connection).await?);
        if is_new {
            roll::enrol(connection, self.referrer).await?;
            // Locked, so that the number of open invitations is right.
            roll::lock(connection, &BTreeSet::from([self.referrer])).await?;
            if store::count_open(connection, self.referrer).await? >= MAX_OPEN {
                return Err(ReferralError::TooMany.into());
            }
            self.insert(connection, id, now).await?;
        }
        Ok((store::get(connection, id).await?, now))
    }

    async fn insert(&self, connection: &mut Connection, id: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
        loop {
            let code = Code::random();
            let new = New {
                id,
                referrer: self.referrer,
                claim: None,
                code: code.as_str(),
                sharing: &self.sharing,
                invited_at: now,
                expires_at: now + self.terms.window(),
            };
            if store::insert(connection, &new).await? {
                if add(connection, &code, self.referrer, Some(id)).await? {
                    return Ok(());
                }
                // Somebody has the same standing code.
                store::delete(connection, id).await?;
            }
        }
    }
}
