//! Referrals in numbers.

use std::time::Duration;

use bigdecimal::BigDecimal;
use diesel::QueryResult;
use diesel::data_types::PgInterval;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Interval, Nullable, Numeric, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::interval;
use orchard_proto::social::v1 as pb;
use orchard_rpc::Currency;
use uuid::Uuid;

use super::sharing::{Method, Source};

/// SQL: the numbers of a group of rows `r` of `rows!`. The same as in the view `referral_analytics`, whose clock does not move.
macro_rules! numbers {
    () => {
        "count(*), count(r.signed_up_at), count(r.first_purchase_at),
         avg(extract(EPOCH FROM r.first_purchase_at - r.signed_up_at) / 86400)::float8,
         coalesce(sum(r.reward_amount) FILTER (WHERE r.reward_status = 'earned' AND NOT r.is_due), 0),
         coalesce(sum(r.reward_amount) FILTER (
           WHERE r.reward_status = 'credited' OR r.reward_status = 'earned' AND r.is_due), 0),
         count(*) FILTER (WHERE r.reward_status = 'pending' AND r.first_purchase_at IS NULL AND NOT r.is_over),
         count(*) FILTER (WHERE r.reward_status = 'pending' AND r.first_purchase_at IS NOT NULL),
         count(*) FILTER (
           WHERE r.reward_status = 'expired' AND r.reversed_at IS NULL
              OR r.reward_status = 'pending' AND r.first_purchase_at IS NULL AND r.is_over),
         count(r.reversed_at)"
    };
}

/// SQL, before an interval: the time, which is that interval ahead.
macro_rules! rows {
    () => {
        " FROM (SELECT referrals.*, credit_due_at <= at AS is_due, expires_at <= at AS is_over
                FROM referrals, (SELECT now() + "
    };
}

/// SQL after the interval.
macro_rules! recent {
    () => {
        " AS at) clock WHERE invited_at >= clock.at - INTERVAL '2160 hours') r"
    };
}

orchard_db::prepared! {
    /// The numbers of one referrer.
    struct OfReferrer { ahead: PgInterval, referrer: Uuid } ->
        (BigInt, BigInt, BigInt, Nullable<Double>, Numeric, Numeric, BigInt, BigInt, BigInt, BigInt) =
        concat!("SELECT ", numbers!(), rows!()), ahead as Interval, concat!(recent!(), " WHERE r.referrer_id = "), referrer as SqlUuid, "";
}

orchard_db::prepared! {
    /// The numbers of all referrers, by method and source.
    struct BySharing { ahead: PgInterval } -> (
        Nullable<Text>, Nullable<Text>,
        BigInt, BigInt, BigInt, Nullable<Double>, Numeric, Numeric, BigInt, BigInt, BigInt, BigInt,
    ) =
        concat!("SELECT r.referral_method, r.referral_source, ", numbers!(), rows!()), ahead as Interval,
        concat!(recent!(), " GROUP BY r.referral_method, r.referral_source ORDER BY r.referral_method, r.referral_source");
}

/// Referrals of the last 90 days in numbers.
#[derive(Debug, Queryable)]
pub(super) struct Analytics {
    total: i64,
    signups: i64,
    purchases: i64,
    conversion_days: Option<f64>,
    earned: BigDecimal,
    credited: BigDecimal,
    pending: i64,
    withheld: i64,
    expired: i64,
    reversed: i64,
}

impl Analytics {
    pub(super) fn to_wire(&self, currency: &Currency) -> pb::ReferralAnalytics {
        pb::ReferralAnalytics {
            total_referrals: self.total,
            successful_signups: self.signups,
            converted_purchases: self.purchases,
            total_rewards_earned: Some(currency.to_wire(&(&self.earned + &self.credited))),
            avg_conversion_days: self.conversion_days,
            earned_rewards: Some(currency.to_wire(&self.earned)),
            credited_rewards: Some(currency.to_wire(&self.credited)),
            pending_referrals: self.pending,
            withheld_referrals: self.withheld,
            expired_referrals: self.expired,
            reversed_referrals: self.reversed,
        }
    }
}

/// The referrals that were shared in one way and place.
#[derive(Debug)]
pub(super) struct SharedRow {
    method: Option<Method>,
    source: Option<Source>,
    analytics: Analytics,
}

impl SharedRow {
    pub(super) fn to_wire(&self, currency: &Currency) -> pb::ReferralReportRow {
        pb::ReferralReportRow {
            referral_method: self.method.map(i32::from).unwrap_or_default(),
            referral_source: self.source.map(i32::from).unwrap_or_default(),
            analytics: Some(self.analytics.to_wire(currency)),
        }
    }
}

/// Returns the numbers of a referrer, at the time of a clock that is ahead.
pub(super) async fn of_referrer(mut connection: &AsyncPgConnection, referrer: Uuid, ahead: Duration) -> QueryResult<Analytics> {
    OfReferrer { ahead: interval(ahead), referrer }.get_result(&mut connection).await
}

/// Returns the numbers of all referrers, by method and source.
pub(super) async fn by_sharing(mut connection: &AsyncPgConnection, ahead: Duration) -> QueryResult<Vec<SharedRow>> {
    type Row = (Option<Method>, Option<Source>, i64, i64, i64, Option<f64>, BigDecimal, BigDecimal, i64, i64, i64, i64);
    let rows: Vec<Row> = BySharing { ahead: interval(ahead) }.load(&mut connection).await?;
    let row = |(
        method,
        source,
        total,
        signups,
        purchases,
        conversion_days,
        earned,
        credited,
        pending,
        withheld,
        expired,
        reversed,
    ): Row| {
        let analytics =
            Analytics { total, signups, purchases, conversion_days, earned, credited, pending, withheld, expired, reversed };
        SharedRow { method, source, analytics }
    };
    Ok(rows.into_iter().map(row).collect())
}
