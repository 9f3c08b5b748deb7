//! The two users of a claim.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use orchard_db::Connection;
use uuid::Uuid;

use super::code::Code;
use super::fingerprint::{self, FingerprintKind};
use super::group::{self, Pair};
use super::referral::store::{self as referrals, New};
use super::sharing::Sharing;
use super::terms::Terms;
use crate::error::Error;
use crate::roll;

/// Who has claimed whose code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parties {
    pub(super) claimant: Uuid,
    pub(super) referrer: Uuid,
}

impl Parties {
    /// Locks a user who has bought something, who must be known, and their referrer. Returns the referral, if there is one. A claim that is
    /// made after that finds a customer.
    pub(super) async fn of_buyer(connection: &mut Connection, user: Uuid) -> Result<(Option<Uuid>, Self), Error> {
        loop {
            let referral = referrals::of_referee(connection, user).await?;
            let parties = Self { claimant: user, referrer: referral.map_or(user, |(_, referrer)| referrer) };
            // While this waited, a claim may have been accepted, or the referrer been erased.
            if parties.lock(connection).await? && referrals::of_referee(connection, user).await? == referral {
                return Ok((referral.map(|(id, _)| id), parties));
            }
        }
    }

    /// Locks the two users, and returns whether both are known.
    pub(super) async fn lock(&self, connection: &mut Connection) -> Result<bool, Error> {
        let both = BTreeSet::from([self.claimant, self.referrer]);
        Ok(roll::lock(connection, &both).await?.len() == both.len())
    }

    /// Returns what the claimant shares with other users who hang together with either.
    pub(super) async fn shared(
        &self,
        connection: &Connection,
        groups: &Pair,
        now: DateTime<Utc>,
    ) -> Result<Vec<FingerprintKind>, Error> {
        let since = now - TimeDelta::days(fingerprint::KEPT_DAYS);
        let holders = fingerprint::store::holders(connection, self.claimant, self.referrer, since).await?;
        let tops = group::tops(connection, holders.iter().filter_map(|holder| holder.group)).await?;
        let top = |group: Option<Uuid>| group.and_then(|group| tops.get(&group).copied());
        let are_in = holders.iter().filter(|holder| groups.includes(holder.user, top(holder.group)));
        Ok(are_in.map(|holder| holder.kind).collect())
    }

    /// Returns whether a means of payment of the claimant is that of another user of their group.
    pub(super) async fn share_payment(&self, connection: &mut Connection, now: DateTime<Utc>) -> Result<bool, Error> {
        let groups = self.lock_groups(connection).await?;
        Ok(self.shared(connection, &groups, now).await?.contains(&FingerprintKind::Payment))
    }

    /// Accepts a claim that was made at a time, and returns the referral.
    pub(super) async fn accept(
        &self,
        connection: &mut Connection,
        groups: &Pair,
        invitation: Option<Uuid>,
        (sharing, at): (&Sharing, DateTime<Utc>),
        terms: &Terms,
    ) -> Result<Uuid, Error> {
        groups.join(connection).await?;
        let expires_at = at + terms.window();
        if let Some(id) = invitation {
            referrals::set_referee(connection, id, (self.claimant, at), expires_at).await?;
            return Ok(id);
        }
        let id = Uuid::now_v7();
        loop {
            let code = Code::random();
            let claim = Some((self.claimant, at));
            let new = New { id, referrer: self.referrer, claim, code: code.as_str(), sharing, invited_at: at, expires_at };
            if referrals::insert(connection, &new).await? {
                return Ok(id);
            }
        }
    }

    /// Locks the groups of the two.
    pub(super) async fn lock_groups(&self, connection: &mut Connection) -> Result<Pair, Error> {
        Ok(Pair::lock(connection, self.claimant, self.referrer).await?)
    }
}
